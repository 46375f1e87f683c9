import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.analysis.derived_labels import compose_labels, draw_tiers, shuffle_errors
from elicitation.analysis.label_quality import quality_by_set


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=50))
def test_shuffled_errors_are_the_same_errors_on_other_examples(labels):
    gold, p = np.array([g for g, _ in labels]), np.array([q for _, q in labels])
    shuffled = shuffle_errors(gold, p, "task", "test")
    assert sorted(np.abs(shuffled - gold)) == pytest.approx(sorted(np.abs(p - gold)))
    assert ((shuffled >= 0) & (shuffled <= 1)).all()


def test_shuffled_errors_have_lost_their_pattern():
    rng = np.random.default_rng(0)
    gold, hard = rng.integers(2, size=4000), rng.integers(2, size=4000)
    shuffled = shuffle_errors(gold, np.where(hard, 1 - gold, gold), "task", "pool")
    wrong = (shuffled > 0.5) != gold
    assert wrong.mean() == hard.mean() and abs(np.corrcoef(wrong, hard)[0, 1]) < 0.06


def test_quality_is_by_set():
    labels = pd.DataFrame({"id": list("abcd"), "p_weak": [0.9, 0.1, 0.8, 0.3]})
    halves = {"pool": ["a", "b"], "test": ["d", "c"]}
    sets = {name: pd.DataFrame({"id": ids, "gold": [1, 0]}) for name, ids in halves.items()}
    quality = quality_by_set(labels, sets)
    assert quality["pool"]["accuracy"] == 1 and quality["test"]["accuracy"] == 0


SHARES = {"small": 0.7, "rater": 0.2, "panel": 0.1}
IDS = [f"text{i}" for i in range(2000)]


def test_tiers_label_their_shares_of_the_texts_and_a_text_keeps_its_tier():
    tiers = draw_tiers(IDS, SHARES, "tiers")
    for name, share in SHARES.items():
        assert abs((tiers == name).mean() - share) < 0.03
    backwards = dict(reversed(SHARES.items()))
    assert draw_tiers(IDS[:5][::-1], backwards, "tiers").tolist() == tiers[:5][::-1].tolist()
    # Those of another supervisor are drawn independently.
    other = draw_tiers(IDS, SHARES, "other") == "small"
    assert abs(other[tiers == "small"].mean() - 0.7) < 0.04


def composed(**settings) -> tuple[pd.DataFrame, pd.Series]:
    """Three sources' labels of half of the texts each, with a gap; and the labels that are composed from them."""
    rng = np.random.default_rng(0)
    labels = pd.DataFrame(rng.integers(2, size=(len(IDS), 3)).astype(float), IDS, list(SHARES))
    labels.loc["text7", "rater"] = np.nan
    halves = {"pool": IDS[::2], "test": IDS[1::2]}
    sets = {part: pd.DataFrame({"id": ids, "gold": labels.small[ids].to_numpy()}) for part, ids in halves.items()}
    made = compose_labels(labels, {"name": "made", **settings}, sets)
    assert made.quality["pool"]["n"] == 1000 and made.quality["test"]["n"] == 999
    assert [row["column"] for row in made.sources] == [*SHARES, "small + rater + panel"]
    assert made.sources[0]["accuracy"] == 1 and made.sources[-1]["coverage"] == 1 - 1 / len(IDS)
    return labels, made.labels.set_index("id").p_weak[IDS]


def test_joined_labels_are_surest_where_all_sources_agree():
    labels, p = composed(joined=list(SHARES), aggregate="mean")
    assert np.isnan(p["text7"]) and p.drop("text7").equals(labels.drop("text7").mean(axis=1))
    _, majority = composed(joined=list(SHARES), aggregate="majority")
    assert majority.drop("text7").equals((p.drop("text7") > 0.5).astype(float))


def test_a_label_of_tiers_is_that_of_the_texts_tier():
    labels, p = composed(shares=SHARES)
    tiers = draw_tiers(IDS, SHARES, "made")
    expected = [labels.loc[text, tier] for text, tier in zip(IDS, tiers, strict=True)]
    assert np.isnan(p["text7"]) and p.drop("text7").tolist() == pd.Series(expected, IDS).drop("text7").tolist()
