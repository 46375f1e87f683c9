import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from elicitation.analysis.error_parts import PART_SCORES
from elicitation.analysis.intervals import (
    auroc_interval,
    mean_accuracy,
    seed_half_width,
    wilson,
)
from elicitation.analysis.label_quality import expected_calibration_error, label_quality, reliability
from elicitation.analysis.measures import right_answers
from elicitation.analysis.scoring import matched_accuracy, performance_gap_recovered, score_run, summarise


@pytest.mark.parametrize(("correct", "n"), [(0, 10), (8, 10), (10, 10), (712, 1000)])
def test_wilson_agrees_with_scipy(correct, n):
    expected = stats.binomtest(correct, n).proportion_ci(method="wilson")
    assert wilson(correct, n) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("gold", "log_odds", "expected"),
    [
        pytest.param([1, 1, 0, 0], [9, 8, 7, 6], 1, id="all called 1, but in the right order"),
        pytest.param([1, 0, 0, 0], [-1, -2, -3, -4], 1, id="base rate of a quarter"),
        pytest.param([1, 1, 0, 0], [4, 1, 3, 2], 0.5, id="one of each wrong"),
        pytest.param([0, 0, 1, 1], [2, 1, 0, -1], 0, id="reversed"),
        pytest.param([1, 1, 0, 0], [0, 0, 0, 0], 0.5, id="all tied, whatever their order"),
        pytest.param([1, 0, 1, 0], [3, 2, 2, 1], 0.75, id="a tie at the threshold"),
    ],
)
def test_matched_accuracy_calls_as_many_1_as_there_are(gold, log_odds, expected):
    assert matched_accuracy(np.array(gold), np.array(log_odds)) == expected


def noisy_scores(n=80):
    rng = np.random.default_rng(0)
    gold = np.repeat([0, 1], n // 2)
    # Rounded, so that there are ties.
    return gold, np.round(gold + rng.normal(0, 1.2, n), 1)


def test_halves_make_an_interval_as_narrow_as_their_spread():
    values = np.array([1.0] * 80 + [0.5] * 16 + [0.0] * 4)
    low, high = wilson(values.sum(), len(values), 16)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 10, rel=0.03)
    assert wilson(8, 16, 16) == wilson(8, 16)


def test_auroc_interval_agrees_with_a_plain_bootstrap():
    gold, score = noisy_scores()
    rng = np.random.default_rng(1)
    negative, positive = np.flatnonzero(gold == 0), np.flatnonzero(gold == 1)
    resamples = [np.concatenate([rng.choice(negative, 40), rng.choice(positive, 40)]) for _ in range(400)]
    plain = np.quantile([roc_auc_score(gold[drawn], score[drawn]) for drawn in resamples], [0.025, 0.975])
    assert auroc_interval(gold, score, np.random.default_rng(2)) == pytest.approx(plain, abs=0.02)


def test_auroc_interval_of_perfect_scores_is_a_point():
    gold = np.array([0, 0, 1, 1])
    assert auroc_interval(gold, gold.astype(float), np.random.default_rng(0)) == (1, 1)


@pytest.mark.parametrize(
    ("gold", "p", "expected"),
    [
        pytest.param([0, 1], [0.0, 1.0], 0, id="certain and right"),
        pytest.param([1, 0], [0.0, 1.0], 1, id="certain and wrong"),
        pytest.param([1, 1, 0, 0], [0.55] * 4, 0.05, id="one bin"),
        pytest.param([0, 1, 1, 0], [0.05, 0.95, 0.95, 0.95], 0.05 / 4 + (0.95 - 2 / 3) * 3 / 4, id="two bins"),
    ],
)
def test_calibration_error_of_hand_worked_cases(gold, p, expected):
    assert expected_calibration_error(np.array(gold), np.array(p)) == pytest.approx(expected)


def test_reliability_counts_the_gold_labels_of_each_bin_that_is_not_empty():
    bins = reliability(np.array([0, 1, 1, 1, 0]), np.array([0.06, 0.02, 0.55, 1.0, 0.94]))
    assert bins.p.tolist() == pytest.approx([0.04, 0.55, 0.97])
    assert bins.share.tolist() == [0.5, 1, 0.5] and bins.n.tolist() == [2, 1, 2]
    assert bins.loc[0, ["share_low", "share_high"]].tolist() == pytest.approx(wilson(1, 2))


def test_label_quality_of_four_labels():
    quality = label_quality(np.array([0, 0, 1, 1]), np.array([0.25, 0.75, 0.5, 0.75]))
    # 0.5 is half right; of the four pairs of a 1 and a 0, two are in order, one is tied, and one is not in order.
    assert quality["accuracy"] == 0.625
    assert quality["auroc"] == pytest.approx(2.5 / 4)
    assert quality["log_loss"] == pytest.approx(-np.log([0.75, 0.25, 0.5, 0.75]).mean())
    assert quality["n"] == 4


def test_scores_of_a_run_of_four_examples():
    test = pd.DataFrame({"id": list("abcd"), "gold": [1, 0, 1, 0], "p_weak": [0.9, 0.9, 0.1, 0.2]})
    scores = score_run(test, np.array([2.0, -1.0, 1.0, 3.0]), np.random.default_rng(0))
    assert scores["accuracy"] == 0.75
    assert scores["auroc"] == 0.5
    assert scores["matched_accuracy"] == 0.5
    assert scores["weak_accuracy"] == 0.5
    assert scores["weak_agreement"] == 0.25
    assert scores["commoner_accuracy"] == 0.5
    assert (scores["accuracy_low"], scores["accuracy_high"]) == wilson(3, 4)
    assert scores["auroc_low"] <= scores["auroc"] <= scores["auroc_high"]


def test_examples_without_a_weak_label_say_nothing_of_the_weak_labels():
    test = pd.DataFrame({"id": list("abcd"), "gold": [1, 0, 1, 0], "p_weak": [0.9, None, 0.1, None]})
    scores = score_run(test, np.array([2.0, -1.0, 1.0, 3.0]), np.random.default_rng(0))
    assert (scores["weak_accuracy"], scores["weak_agreement"]) == (0.5, 0.5)
    assert (scores["n_test"], scores["n_voted"]) == (4, 2)


def metrics_table(rows):
    columns = ["task", "n_weak", "n_gold", "seed", "accuracy", "weak_accuracy"]
    table = pd.DataFrame(rows, columns=columns).assign(supervisor="v", student="s", method="m", n_test=100, n_voted=40)
    table["commoner_accuracy"] = 0.6
    table = table.assign(shots=0, shot_quality="", n_tasks=2)
    for name in ("matched_accuracy", "auroc", "weak_agreement"):
        table[name] = table.accuracy
    table = table.assign(n_wrong=10, n_right=30)
    for name in PART_SCORES:
        table = table.assign(**{name: table.accuracy, f"{name}_low": table.accuracy - 0.1, f"{name}_high": 1.0})
    return table.assign(pgr=performance_gap_recovered(table))


def test_performance_gap_recovered_is_the_share_of_the_way_from_weak_labels_to_the_ceiling():
    rows = [
        ("t", 0, 100, 0, 0.88, 0.7),
        ("t", 0, 100, 1, 0.92, 0.7),
        ("t", 0, 10, 0, 0.6, 0.7),
        ("t", 50, 0, 0, 0.8, 0.7),
    ]
    assert metrics_table(rows).pgr.tolist() == pytest.approx([0.9, 1.1, -0.5, 0.5])


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("t", 0, 100, 0, 0.6, 0.7), ("t", 50, 0, 0, 0.8, 0.7)], id="ceiling below the weak labels"),
        pytest.param([("t", 50, 0, 0, 0.8, 0.7), ("t", 50, 9, 0, 0.8, 0.7)], id="no gold-only runs"),
    ],
)
def test_performance_gap_recovered_is_missing_without_a_gap(rows):
    assert metrics_table(rows).pgr.isna().all()


def test_spread_over_seeds_is_that_of_students_t():
    per_seed = np.array([0.70, 0.74, 0.81])
    low, high = stats.t.interval(0.95, 2, loc=per_seed.mean(), scale=stats.sem(per_seed))
    assert seed_half_width(per_seed) == pytest.approx((high - low) / 2)


def test_spread_over_one_seed_is_unknown():
    assert seed_half_width(np.array([0.7])) == math.inf


@pytest.mark.parametrize("per_seed", [[0.8], [0.8, 0.8, 0.8]])
def test_interval_without_spread_over_seeds_is_that_of_the_examples(per_seed):
    assert mean_accuracy(np.array(per_seed), 50) == pytest.approx((0.8, *wilson(40, 50)))


def test_interval_on_very_many_examples_is_that_of_the_seeds():
    per_seed = np.array([0.70, 0.74, 0.81])
    mean, low, high = mean_accuracy(per_seed, 10**9)
    half = seed_half_width(per_seed)
    assert (low, mean, high) == pytest.approx((0.75 - half, 0.75, 0.75 + half), abs=1e-4)


def test_errors_of_seeds_and_examples_add_in_quadrature():
    per_seed = np.array([0.5, 0.54, 0.46])
    mean, low, high = mean_accuracy(per_seed, 100)
    examples, seeds = 0.5 - wilson(50, 100)[0], seed_half_width(per_seed)
    assert high - mean == pytest.approx(math.sqrt(examples**2 + seeds**2))
    assert mean - low == pytest.approx(high - mean)


def test_interval_stays_between_0_and_1():
    assert mean_accuracy(np.array([0.9, 1.0]), 10)[2] == 1
    assert mean_accuracy(np.array([0.1, 0.0]), 10)[1] == 0


def test_summary_averages_seeds_and_keeps_configurations_apart():
    rows = [("t", 10, 0, 0, 0.69, 0.5), ("t", 10, 0, 1, 0.71, 0.5), ("t", 0, 5, 0, 0.9, 0.5)]
    summary = summarise(metrics_table(rows)).set_index(["n_weak", "n_gold"])
    assert summary.accuracy.to_dict() == pytest.approx({(10, 0): 0.7, (0, 5): 0.9})
    assert summary.n_seeds.to_dict() == {(10, 0): 2, (0, 5): 1}
    row = summary.loc[(10, 0)]
    assert (row.accuracy, row.accuracy_low, row.accuracy_high) == pytest.approx(
        mean_accuracy(np.array([0.69, 0.71]), 100)
    )
    assert (row.weak_accuracy, row.weak_accuracy_low, row.weak_accuracy_high) == pytest.approx((0.5, *wilson(20, 40)))
    assert (row.shots, row.shot_quality, row.n_tasks) == (0, "", 2)
    for name in ("matched_accuracy", "weak_agreement", "auroc", "pgr"):
        assert f"{name}_low" in summary and f"{name}_high" in summary
    off = seed_half_width(np.array([0.1, 0.3]))
    runs = metrics_table(rows[:2]).assign(pgr=[0.1, 0.3])
    assert summarise(runs).iloc[0][["pgr", "pgr_low", "pgr_high"]].tolist() == pytest.approx(
        [0.2, 0.2 - off, 0.2 + off]
    )
    assert summary.pgr_low.isna()[(0, 5)], "one seed has no spread"


def test_the_commoner_label_is_right_as_often_as_it_occurs():
    test = pd.DataFrame({"id": list("abcd"), "gold": [0, 0, 1, 0], "p_weak": 0.9})
    scores = score_run(test, np.array([2.0, -1.0, 1.0, 3.0]), np.random.default_rng(0))
    assert scores["commoner_accuracy"] == 0.75


def test_asking_without_labels_is_no_ceiling():
    rows = [("t", 0, 0, 0, 0.88, 0.7), ("t", 50, 0, 0, 0.8, 0.7)]
    assert metrics_table(rows).pgr.isna().all()


def test_an_answer_of_even_odds_is_half_right():
    assert right_answers(np.array([2.0, -1.0, 0.0, 0.0]), np.array([1, 1, 1, 0])).tolist() == [1, 0, 0.5, 0.5]
