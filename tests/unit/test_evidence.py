import numpy as np
import pandas as pd
import pytest
from posteriors import drawn_evidence, fitted
from simulated import NAMES, draw_correct, draw_study, purchases_of

from elicitation.analysis.evidence import (
    average_evidence,
    evidence_by_task,
    evidence_on,
    evidence_rows,
    score_configuration,
    score_labels,
)
from elicitation.analysis.intervals import wilson
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.names import ABSTAINED, ASKING, AVERAGE, COMMONER, LABELS, NOT_ASKED, PURCHASE
from elicitation.analysis.posterior import Posterior
from elicitation.errors import InputError

PURCHASES = purchases_of((16, 64), (0, 0.5, 1))
ALIKE = np.full(len(PURCHASES), 0.8)


def study(seed=0, **more):
    return draw_study(PURCHASES, ALIKE, np.random.default_rng(seed), **more)


def test_rows_hold_every_purchase_and_what_costs_nothing():
    table = study()
    assert table.kind.value_counts().to_dict() == {PURCHASE: len(PURCHASES), ASKING: 1, COMMONER: 1, LABELS: 1}
    assert (table[list(NAMES)] == list(NAMES.values())).all(axis=None)
    assert table.examples.map(np.mean).to_numpy() == pytest.approx(table.score, abs=1e-6)
    assert table.set_index("kind").score[COMMONER] == 0.5
    assert table[table.kind == PURCHASE].n_seeds.eq(4).all() and table.n_test.eq(400).all()


def test_texts_without_a_weak_label_are_half_right_by_the_weak_labels():
    test = pd.DataFrame({"id": range(4), "gold": [1, 0, 1, 0], "p_weak": [0.9, 0.2, np.nan, np.nan]})
    runs = pd.DataFrame({"seed": 0, "n_weak": 0, "n_gold": 4, "id": range(4), "log_odds": [1.0, -1, -1, 1]})
    table = evidence_rows(NAMES, test, runs, "accuracy").set_index("kind")
    assert table.score.to_dict() == {PURCHASE: 0.5, COMMONER: 0.5, LABELS: 0.75}


def test_what_says_nothing_costs_nothing_unless_it_is_a_label():
    """A missing label is not paid for, one of 0.5 is; and who was not asked is still to be asked."""
    test = pd.DataFrame({"id": range(40), "gold": [1, 0] * 20, "p_weak": [0.9, 0.2, 0.5, np.nan] * 10})
    runs = pd.DataFrame({"seed": 0, "n_weak": 0, "n_gold": 4, "id": range(40), "log_odds": [1.0, -1] * 20})
    for gaps, coverage, paid in ((ABSTAINED, 0.5, 0.75), (NOT_ASKED, 0.75, 1)):
        table = evidence_rows(NAMES, test, runs, "accuracy", gaps)
        assert table.coverage.eq(coverage).all() and table.paid.eq(paid).all()


def test_the_interval_of_labels_as_they_are_is_that_of_the_table_of_their_quality():
    """Wilson's, which has a width where all are right too; also through the posterior."""
    gold = np.arange(60) % 2
    for wrong in (0, 6):
        p_weak = np.where(np.arange(60) < wrong, 1 - gold, gold)
        row = score_labels("accuracy", gold, p_weak, ABSTAINED)
        assert (row["low"], row["high"]) == wilson(60 - wrong, 60)
    silent = np.where(np.arange(60) < 20, np.nan, gold)
    row = score_labels("accuracy", gold, silent, ABSTAINED)
    assert (row["low"], row["high"]) == wilson(50, 60, halves=20) and row["low"] > wilson(50, 60)[0]
    assert np.isnan(score_labels("balanced_accuracy", gold, gold, ABSTAINED)["low"])
    table = drawn_evidence(lambda weak, gold: 0.7, [(0, 16), (0, 64)], seed=1, asking=0.6)
    table.loc[table.kind == LABELS, ["low", "high"]] = (0.61, 0.88)
    [block] = Posterior(fitted(table)).blocks
    ends = {free.kind: free.scores.interval[:, 0] for free in block.free}
    assert ends[LABELS].tolist() == [0.61, 0.88] and ends[ASKING][0] < block.free[0].scores.mean[0] < ends[ASKING][1]


def further_texts():
    """Test texts with the runs on them, and texts with gold labels that students may be trained on."""
    rng = np.random.default_rng(2)
    gold = rng.integers(0, 2, 500).astype(float)
    p_weak = np.where(rng.random(500) < 0.8, gold, 1 - gold)
    every = pd.DataFrame({"id": range(500), "gold": gold, "p_weak": p_weak})
    log_odds = np.where(rng.random((2, 200)) < 0.7, 2 * gold[:200] - 1, 1 - 2 * gold[:200])
    runs = [
        pd.DataFrame({"seed": s, "n_weak": 9, "n_gold": 0, "id": range(200), "log_odds": log_odds[s]}) for s in (0, 1)
    ]
    return every[:200], every[200:], pd.concat(runs)


def test_gold_labels_that_test_no_student_score_what_needs_none():
    test, further, runs = further_texts()
    alone = evidence_rows(NAMES, test, runs, "accuracy").set_index("kind")
    more = evidence_rows(NAMES, test, runs, "accuracy", further=further).set_index("kind")
    every = pd.concat([test, further])
    assert more.score[LABELS] == pytest.approx(((every.p_weak > 0.5) == every.gold).mean())
    assert more.score[PURCHASE] == alone.score[PURCHASE]
    assert more.n_test.to_dict() == {PURCHASE: 200, COMMONER: 500, LABELS: 500}
    # The student's score is as unsure as before; the labels' is surer, and shares fewer texts with it.
    few, many = (evidence_on(table.reset_index()).covariance for table in (alone, more))
    assert many[0, 0] == pytest.approx(few[0, 0], rel=0.01)
    assert many[2, 2] == pytest.approx(np.var((every.p_weak > 0.5) == every.gold) / 500, rel=0.01)
    assert many[0, 2] == pytest.approx(few[0, 2] * 200 / 500, rel=0.01)


def test_gold_labels_that_may_have_chosen_a_threshold_do_not_score_its_labels():
    test, further, runs = further_texts()
    alone = evidence_rows(NAMES, test, runs, "accuracy").set_index("kind")
    tuned = evidence_rows(NAMES, test, runs, "accuracy", further=further, tuned=True).set_index("kind")
    assert tuned.score[LABELS] == alone.score[LABELS] and tuned.n_test[LABELS] == 200
    few, many = (evidence_on(table.reset_index()).covariance for table in (alone, tuned))
    assert many[2, 2] == pytest.approx(few[2, 2], rel=0.01) and many[0, 2] == pytest.approx(few[0, 2], rel=0.01)


def test_texts_that_a_source_was_not_asked_for_do_not_count():
    """The score, and what it may be off by, are those on the texts with a label."""
    rng, gold = np.random.default_rng(0), np.arange(300) % 2
    p_weak = np.where(rng.random(300) < 0.8, gold, 1 - gold).astype(float)
    given = np.arange(300) < 100
    for measure in MEASURES:
        row = score_labels(measure, gold, np.where(given, p_weak, np.nan), NOT_ASKED)
        alone = score_labels(measure, gold[given], p_weak[given], ABSTAINED)
        assert row["score"] == alone["score"] == pytest.approx(row["examples"].mean(), abs=1e-5)
        assert row["examples"].var() / 300 == pytest.approx(alone["examples"].var() / 100, rel=1e-4)
        whole = (score_labels(measure, gold, p_weak, gaps)["score"] for gaps in (NOT_ASKED, ABSTAINED))
        assert len({*whole}) == 1
    half = score_labels("accuracy", gold, np.where(given, p_weak, np.nan), ABSTAINED)
    assert half["score"] == pytest.approx((p_weak == gold)[given].mean() / 3 + 1 / 3)


def test_weak_labels_say_how_many_of_either_label_they_find():
    gold = np.array([1, 1, 1, 1, 0, 0, np.nan])
    p_weak = np.array([0.9, 0.6, 0.2, np.nan, 0.1, 0.8, 0.9])
    row = score_labels("accuracy", gold, p_weak, ABSTAINED)
    assert (row["ones_found"], row["zeros_found"]) == (2.5 / 4, 0.5), "who abstains is half right"
    gold, p_weak = np.tile([1.0, 1, 0], 20), np.tile([0.9, np.nan, 0.1], 20)
    row = score_labels("balanced_accuracy", gold, p_weak, NOT_ASKED)
    assert (row["ones_found"], row["zeros_found"]) == (1, 1), "only texts that were asked for count"


def test_what_weak_labels_find_comes_through_the_posterior():
    found = {"ones_found": 0.9, "zeros_found": 0.6}
    first = drawn_evidence(lambda weak, gold: 0.7, [(0, 16), (0, 64)], seed=1, asking=0.6)
    first.loc[first.kind == LABELS, list(found)] = list(found.values())
    second = first.assign(task="u")
    second.loc[second.kind == LABELS, list(found)] = [0.7, 0.8]
    blocks = {block.task: block for block in Posterior(fitted(pd.concat([first, second]), ["t", "u"])).blocks}
    assert blocks["t"].labels_of("v").found == (0.9, 0.6)
    assert blocks[AVERAGE].labels_of("v").found == pytest.approx((0.8, 0.7))
    [old] = Posterior(fitted(first.drop(columns=[*found]))).blocks
    assert old.labels_of("v").found is None


@pytest.mark.parametrize(("measure", "given"), [("accuracy", slice(0, 19)), ("auroc", slice(0, 80, 2))])
def test_too_few_labels_are_not_scored_alone(measure, given):
    gold, p_weak = np.arange(100) % 2, np.full(100, np.nan)
    p_weak[given] = 0.9
    with pytest.raises(InputError, match=r"too few to score them alone by .*; write `gaps: abstained`"):
        score_labels(measure, gold, p_weak, NOT_ASKED)


def test_the_seed_variance_is_what_seeds_add_to_the_examples():
    """Their true variance, on average, whether seeds differ or not; one seed has none."""
    rng, gold = np.random.default_rng(1), np.arange(400) % 2
    for spread in (0.0, 0.04):
        found = []
        for _ in range(200):
            [correct] = draw_correct(np.array([0.8]), 4, 400, spread, rng)
            found.append(score_configuration("accuracy", (2 * correct - 1) * (2 * gold - 1), gold)["seed_variance"])
        # Variances below 0 are cut, which leaves a little where there are none.
        assert np.mean(found) == pytest.approx(spread**2 / 4, abs=0.25 * spread**2 / 4 + 3e-5)
    assert np.isnan(score_configuration("accuracy", np.ones((1, 400)), gold)["seed_variance"])


def test_scores_and_their_covariance_have_the_spread_of_new_studies():
    drawn = [evidence_on(study(seed)) for seed in range(60)]
    rows = (drawn[0].points.kind == PURCHASE).to_numpy()
    scores = np.array([one.points.score[rows] for one in drawn])
    claimed = np.mean([one.covariance[np.ix_(rows, rows)] for one in drawn], axis=0)
    of_seeds = np.mean([one.points.seed_variance[rows].mean() for one in drawn])
    centred = scores - 0.8
    assert centred.var() == pytest.approx(np.diag(claimed).mean() + of_seeds, rel=0.15)
    assert centred.mean(axis=1).var() == pytest.approx(claimed.mean() + of_seeds / len(PURCHASES), rel=0.45)


def test_gold_runs_asking_and_the_commoner_label_are_shared_by_supervisors():
    one = study()
    table = pd.concat([one, one.assign(supervisor="w")], ignore_index=True)
    points = evidence_on(table).points
    shared = points.kind.isin([ASKING, COMMONER]) | ((points.kind == PURCHASE) & (points.n_weak == 0))
    assert (points.supervisor[shared] == "").all() and (points.supervisor[~shared] != "").all()
    assert shared.sum() == 4 and (~shared).sum() == 2 * 5


def test_an_average_has_the_mean_score_and_half_the_variance_of_two_alike():
    parts = [evidence_on(study(seed)) for seed in (0, 1)]
    mean = average_evidence(parts)
    assert mean.points.score.to_numpy() == pytest.approx((parts[0].points.score + parts[1].points.score) / 2)
    assert mean.covariance == pytest.approx((parts[0].covariance + parts[1].covariance) / 4)
    assert mean.points.n_tasks.eq(2).all() and mean.points.n_test.eq(800).all()
    variances = [part.points.seed_variance.to_numpy() for part in parts]
    assert mean.points.seed_variance.to_numpy() == pytest.approx(sum(variances) / 4)


def test_a_task_with_one_seed_is_taken_to_vary_as_the_others():
    parts = [evidence_on(study(0)), evidence_on(study(1, seeds=1))]
    mean, rows = average_evidence(parts).points, parts[0].points.kind == PURCHASE
    assert mean.seed_variance[rows].to_numpy() == pytest.approx(parts[0].points.seed_variance[rows] / 2)


def test_an_average_holds_what_all_tasks_have_or_what_is_wanted_of_any():
    whole, some = evidence_on(study(0)), evidence_on(study(1))
    some = some.on((some.points.n_gold != 64).to_numpy())
    assert len(average_evidence([whole, some]).points) == len(some.points)
    wanted = average_evidence([whole, some], whole.points).points
    assert len(wanted) == len(whole.points)
    assert wanted.set_index(["n_weak", "n_gold"]).n_tasks[0, 64] == 1
    nothing = whole.points.assign(method="another")
    assert average_evidence([whole, some], nothing) is None


def test_a_student_gets_an_average_before_its_tasks():
    table = pd.concat([study(i, task=task) for i, task in enumerate("ab")])
    assert [(student, task) for student, task, _ in evidence_by_task(table, "ab")] == [
        ("s", AVERAGE),
        ("s", "a"),
        ("s", "b"),
    ]
    assert [task for _, task, _ in evidence_by_task(table, "a")] == ["a", "b"]
