import numpy as np
import pytest

from elicitation.analysis.thresholds import best_threshold, choose_threshold, weights_of
from elicitation.data.own_labels import stretch, stretch_vote
from elicitation.seeds import stream


def scores(n=400, parting=0.9, ones=0.5, spread=0.03):
    """Scores that rank texts well, but whose labels part elsewhere than at one half."""
    draw = stream(0, "scores", n)
    gold = (draw.random(n) < ones).astype(int)
    return np.clip(parting + np.where(gold == 1, 1, -1) * 0.05 + spread * draw.standard_normal(n), 0, 1), gold


def brute_force(p, gold, weights):
    """The highest weighted share of right labels of any value between two scores."""
    values = np.unique(p)
    return max(weights @ ((p > value) == (gold == 1)) for value in (values[1:] + values[:-1]) / 2)


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("ones", [0.5, 0.1])
def test_the_threshold_parts_the_labels_as_well_as_any(balanced, ones):
    p, gold = scores(ones=ones)
    # Scores as people write them, so that many are the same.
    p, weights = np.round(p, 2), weights_of(gold, balanced)
    assert weights.sum() == pytest.approx(1)
    value = best_threshold(p, gold, weights)
    assert 0.85 < value < 0.95 and value not in p
    assert weights @ ((p > value) == (gold == 1)) == pytest.approx(brute_force(p, gold, weights))


def test_probabilities_and_votes_keep_one_half():
    p, gold = scores(parting=0.5)
    assert best_threshold(p, gold, weights_of(gold, balanced=False)) is None
    votes = np.where(np.arange(len(gold)) % 4 == 0, 1 - gold, gold).astype(float)
    for said in (votes, np.full(len(gold), 0.5)):
        assert best_threshold(said, gold, weights_of(gold, balanced=False)) is None


def test_scores_without_any_relation_to_the_labels_get_no_threshold():
    draw = stream(0, "no relation")
    found = [
        best_threshold(draw.random(100), gold := draw.integers(0, 2, 100), weights_of(gold, balanced=False))
        for _ in range(200)
    ]
    assert sum(value is not None for value in found) <= 10


def test_a_source_that_says_only_how_sure_it_is_gets_no_threshold_as_if_it_always_said_0():
    draw = stream(0, "sure")
    gold, sure = (draw.random(300) < 0.3).astype(int), np.round(0.5 + draw.random(300) / 2, 2)
    assert best_threshold(sure, gold, weights_of(gold, balanced=False)) is None


def test_a_threshold_is_chosen_on_some_texts_and_tried_on_others():
    p, gold = scores()
    tested = np.arange(len(p)) % 2 == 0
    found = choose_threshold(p, gold, tested, balanced=False)
    assert (found.n_chosen, found.n_tried) == (200, 200)
    own = p[tested] > found.value
    assert found.score == pytest.approx((own == (gold[tested] == 1)).mean())
    assert found.score_by_half == pytest.approx(gold[tested].mean()) and found.score > 0.9
    # The labels on which it is tried have no part in the choice.
    turned = np.where(tested, 1 - gold, gold)
    assert choose_threshold(p, turned, tested, balanced=False).value == found.value
    assert choose_threshold(p, np.where(tested, 1, gold), tested, balanced=False) is None


def test_stretched_probabilities_have_the_threshold_at_one_half_and_keep_their_order():
    p = np.linspace(0, 1, 101)
    stretched = [stretch(value, 0.9) for value in p]
    assert stretched == sorted(stretched) and (stretched[0], stretched[-1]) == (0, 1)
    assert stretch(0.9, 0.9) == 0.5 and stretch(0.95, 0.9) == pytest.approx(0.75)
    assert all((value > 0.9) == (after > 0.5) for value, after in zip(p, stretched, strict=True))
    assert stretch_vote(None, 0.9) is None and stretch_vote((0.9, 0.45), 0.9) == (0.5, 0.25)
    assert stretch_vote({"ann": 0.9}, 0.9) == {"ann": 0.5}
