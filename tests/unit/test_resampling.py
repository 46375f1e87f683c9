import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from elicitation.analysis.evidence import Evidence, asked_accuracies, interval, read_evidence, with_interval
from elicitation.analysis.resampling import (
    both_ways,
    draw_halves,
    half_deviations,
    resample,
    seed_weights,
    t_factors,
    with_averaged_resamples,
    with_weak_accuracy,
)
from elicitation.files import write_table

REPLICATES = 20_000


@pytest.mark.parametrize(("n", "choosing"), [(10, 5), (11, 5)])
def test_halves_are_halves_and_the_same_for_every_configuration_of_a_task(n, choosing):
    halves = draw_halves(n, 50, "a")
    assert ((halves == -1).sum(axis=0) == choosing).all() and set(np.unique(halves)) == {-1, 1}
    assert (halves == draw_halves(n, 50, "a")).all() and (halves != draw_halves(n, 50, "b")).any()
    assert len(np.unique(halves, axis=1).T) > 40


def test_the_halves_of_the_examples_are_the_means_of_those_examples():
    correct = np.array([[1.0, 0, 1, 1, 0, 1]])
    halves = draw_halves(6, 200, "a")
    deviations = half_deviations(correct, [0], halves, "a")
    for r in range(200):
        assert correct.mean() + deviations[r] == pytest.approx(correct[0, halves[:, r] == 1].mean())
        assert correct.mean() - deviations[r] == pytest.approx(correct[0, halves[:, r] == -1].mean())


def test_examples_deviate_as_their_mean_errs():
    correct = (np.arange(500) < 400).astype(float)[None]
    deviations = half_deviations(correct, [0], draw_halves(500, REPLICATES, "a"), "a")
    assert deviations.std() == pytest.approx(np.sqrt(0.8 * 0.2 / 500), rel=0.03)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_seeds_alone_have_the_interval_of_students_t(seeds):
    share = np.linspace(0.6, 0.9, seeds)
    # Every seed is as right on all examples, so that these differ in nothing.
    correct = np.tile(share[:, None], 10)
    low, high = interval(half_deviations(correct, list(range(seeds)), draw_halves(10, REPLICATES, "a"), "a"))
    expected = stats.t.ppf(0.975, seeds - 1) * share.std(ddof=1) / np.sqrt(seeds)
    assert (-low, high) == pytest.approx((expected, expected), rel=0.08)


def test_configurations_of_a_task_are_paired():
    rng = np.random.default_rng(0)
    correct = (rng.random((4, 300)) < 0.7).astype(float)
    halves = draw_halves(300, 100, "a")
    same = [half_deviations(correct, [0, 1, 2, 3], halves, "a") for _ in range(2)]
    assert (same[0] == same[1]).all()
    better = np.maximum(correct, np.arange(300) < 30)
    assert np.std(half_deviations(better, [0, 1, 2, 3], halves, "a") - same[0]) < np.std(same[0]) / 2


@given(st.integers(1, 5), st.integers(2, 30), st.integers(0, 2**31))
def test_a_sure_result_does_not_deviate(seeds, n, entropy):
    halves = draw_halves(n, 20, str(entropy))
    assert np.allclose(half_deviations(np.ones((seeds, n)), list(range(seeds)), halves, "a"), 0)


def test_every_halving_is_used_both_ways_and_none_is_off_by_more_than_accuracies_can_be():
    assert both_ways(np.array([0.1, -40.0])).tolist() == pytest.approx([0.1, -0.1, -0.5, 0.5])


def test_one_row_a_purchase_with_its_seeds():
    gold = pd.Series({"x": 1, "y": 0, "z": 1, "w": 0})
    runs = [
        (s, *pair, i, odds)
        for pair in ((8, 0), (0, 2))
        for s in (0, 1)
        for i, odds in zip("wzyx", (1, 1, -1, 1), strict=True)
    ]
    runs += [(7, 0, 2, i, -1.0) for i in "xyzw"]
    predictions = pd.DataFrame(runs, columns=["seed", "n_weak", "n_gold", "id", "log_odds"])
    table = resample(predictions, gold, 100, "a").set_index(["n_weak", "n_gold"])
    assert table.n_seeds.to_dict() == {(8, 0): 2, (0, 2): 3} and (table.n_test == 4).all()
    assert table.accuracy[8, 0] == 0.75 and table.accuracy[0, 2] == pytest.approx((0.75 + 0.75 + 0.5) / 3)
    assert all(len(deviations) == 100 for deviations in table.deviations)


@pytest.mark.parametrize(("spread", "low", "high"), [(0.0, 0.0, 0.35), (0.3, 0.9, 1.0)])
def test_what_seeds_and_what_examples_account_for_is_told_apart(spread, low, high):
    rng = np.random.default_rng(0)
    p = rng.beta(2, 1, 200) + spread * rng.choice([-1, 1], (4, 1))
    odds = pd.DataFrame(np.where(rng.random((4, 200)) < p, 1.0, -1.0)).stack().rename("log_odds").reset_index()
    predictions = odds.set_axis(["seed", "id", "log_odds"], axis=1).assign(n_weak=0, n_gold=2)
    share = resample(predictions, pd.Series(1, index=range(200)), 1000, "a").seed_share[0]
    assert low <= share <= high


def test_shares_are_averaged_by_variance():
    table = rows(("a", 1, 0.6, 3), ("b", 1, 0.8, 3)).assign(seed_share=[1.0, 0.0])
    table["deviations"] = [np.array([0.1, -0.1]), np.array([0.2, -0.2])]
    assert with_averaged_resamples(table, ["a", "b"]).seed_share[0] == pytest.approx(0.2)


def rows(*entries):
    """Given as (task, n_weak, accuracy, n_seeds)."""
    table = pd.DataFrame(entries, columns=["task", "n_weak", "accuracy", "n_seeds"])
    drawn = [np.full(5, accuracy / 10, np.float32) for accuracy in table.accuracy]
    common = {"supervisor": "v", "student": "s", "method": "m", "n_gold": 0, "n_test": 50, "n_tasks": 1}
    return table.assign(**common, weak_accuracy=0.6, commoner_accuracy=0.5, deviations=drawn, seed_share=0.5)


def test_averages_are_those_of_configurations_that_all_tasks_have():
    table = with_averaged_resamples(
        rows(("a", 1, 0.6, 3), ("b", 1, 0.8, 2), ("a", 2, 0.9, 3), ("c", 1, 0.1, 3)), ["a", "b"]
    )
    assert table.task.tolist() == ["average", "a", "b", "a", "c"]
    row = table.iloc[0]
    assert (row.n_weak, row.n_seeds, row.n_test, row.n_tasks) == (1, 2, 100, 2)
    assert row.accuracy == pytest.approx(0.7) and row.deviations == pytest.approx(np.full(5, 0.07))


def test_one_task_has_no_average():
    table = rows(("a", 1, 0.6, 3))
    assert with_averaged_resamples(table, ["a"]) is table


def test_resamples_are_read_as_points_and_deviations(tmp_path):
    write_table(tmp_path / "r.parquet", rows(("a", 1, 0.6, 3), ("a", 2, 0.8, 3)))
    evidence = read_evidence(tmp_path / "r.parquet")
    assert "deviations" not in evidence.points and evidence.deviations.shape == (2, 5)
    assert evidence.deviations[1] == pytest.approx(np.full(5, 0.08))


def test_what_a_half_chooses_the_other_reports():
    points = pd.DataFrame({"accuracy": [0.7, 0.7, 0.5]})
    evidence = Evidence(points, np.array([[0.1, -0.1], [-0.1, 0.1], [0.0, 0.0]]))
    chosen = evidence.best_by_half()
    assert chosen.tolist() == [1, 0]
    assert evidence.reported(chosen) == pytest.approx([0.6, 0.6])
    assert evidence.best_by_half(np.array([2, 0])).tolist() == [0, 0]


def test_columns_of_an_interval_are_named_after_their_quantity():
    found = with_interval("lead", np.linspace(0, 1, 1001))
    assert found == pytest.approx({"lead": 0.5, "lead_low": 0.025, "lead_high": 0.975})


def test_points_keep_their_order_when_they_learn_the_weak_labels_interval():
    points = rows(("a", 2, 0.6, 3), ("a", 1, 0.8, 3))
    summary = points.iloc[::-1].assign(weak_accuracy_low=[0.1, 0.2], weak_accuracy_high=0.9)
    joined = with_weak_accuracy(Evidence(points, np.zeros((2, 4))), summary).points
    assert joined.n_weak.tolist() == [2, 1] and joined.weak_accuracy_low.tolist() == [0.2, 0.1]


@pytest.mark.parametrize("n_seeds", [2, 4, 30])
def test_factors_make_normal_deviations_those_of_students_t(n_seeds):
    normal, factors = seed_weights(1, REPLICATES, "a"), t_factors(n_seeds, REPLICATES, "a")
    assert stats.kstest(normal, "norm").pvalue > 0.01
    assert stats.kstest(normal * factors, "t", (n_seeds - 1,)).pvalue > 0.01
    assert (factors != t_factors(n_seeds, REPLICATES, "b")).all()


def test_asking_without_labels_is_told_for_every_task_and_student():
    points = pd.DataFrame({"task": ["a", "a", "b"], "student": "s", "n_weak": 0, "n_gold": [0, 4, 0]})
    points = points.assign(method="m", accuracy=[0.7, 0.9, 0.6])
    points = pd.concat([points, points.assign(method="n")], ignore_index=True)
    evidence = Evidence(points, np.tile([-0.1, 0.1], (6, 20)))
    found = asked_accuracies(evidence)
    assert found.task.tolist() == ["a", "b"] and found.asked_accuracy.tolist() == [0.7, 0.6]
    assert found.asked_accuracy_low.tolist() == pytest.approx([0.6, 0.5])
    assert asked_accuracies(evidence.bought).empty
