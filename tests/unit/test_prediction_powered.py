"""Accuracies of few gold test labels and many weak ones: their formulas, and how often intervals hold the truth."""

import numpy as np
import pandas as pd
import pytest
from random_configs import MINI

from elicitation.analysis.averages import with_averaged_runs
from elicitation.analysis.evidence import evidence_on, score_configuration
from elicitation.analysis.gold_test_plan import plan_labels, squared_correlation
from elicitation.analysis.intervals import wilson
from elicitation.analysis.names import CLASSICAL, POWERED
from elicitation.analysis.prediction_powered import effective_size, powered_contributions
from elicitation.analysis.scoring import evaluate_runs, score_run, summarise
from elicitation.errors import InputError
from elicitation.study.validation import validate

NAN = np.nan


def draw(n, texts, accuracy, weak_accuracy, rng, imitated=0.0):
    """log_odds, gold (of the first n texts) and p_weak: a student that copies a share of the labels it learned from."""
    weak_right = rng.random(texts) < weak_accuracy
    copied = rng.random(texts) < imitated
    right = np.where(copied, weak_right, rng.random(texts) < accuracy)
    truth = rng.integers(0, 2, texts)
    gold = np.where(np.arange(texts) < n, truth, NAN)
    return (2.0 * right - 1) * (2 * truth - 1), gold, np.where(weak_right, truth, 1 - truth).astype(float)


def interval(log_odds, gold, p_weak):
    """The ends of the 95 % interval of a run's accuracy."""
    known = ~np.isnan(gold)
    each = powered_contributions(log_odds, gold, p_weak)
    size = effective_size(each, (log_odds[known] > 0) == (gold[known] == 1))
    return wilson(min(each.mean(), 1.0) * size, size)


def test_the_accuracy_is_that_of_power_tuned_prediction_powered_inference():
    """Against the estimate and variance as Angelopoulos, Duchi & Zrnic (2023) write them, examples 1 and 6.1."""
    log_odds, gold, p_weak = draw(80, 300, 0.75, 0.85, np.random.default_rng(1))
    p_weak = 0.2 + 0.6 * p_weak
    known = ~np.isnan(gold)
    right = (log_odds[known] > 0) == (gold[known] == 1)
    said = np.where(log_odds > 0, p_weak, 1 - p_weak)
    own, rest = said[known], said[~known]
    weight = np.cov(right, own)[0, 1] / ((1 + len(own) / len(rest)) * said.var(ddof=1))
    each = powered_contributions(log_odds, gold, p_weak)
    assert each.mean() == pytest.approx(right.mean() + weight * (rest.mean() - own.mean()))
    variance = (right - weight * own).var(ddof=2) / len(own) + weight**2 * rest.var() / len(rest)
    assert each.var() / len(each) == pytest.approx(variance)
    assert effective_size(each, right) == pytest.approx(right.var(ddof=1) / variance)


def test_weak_labels_that_say_nothing_leave_the_accuracy_by_gold_alone():
    log_odds, gold, p_weak = draw(80, 300, 0.75, 0.85, np.random.default_rng(1))
    right = (log_odds > 0) == (gold == 1)
    by_gold = right[:80].mean()
    for nothing in (np.full(300, 0.5), np.full(300, NAN), np.where(np.isnan(gold), NAN, p_weak)):
        each = powered_contributions(log_odds, gold, nothing)
        assert each.mean() == pytest.approx(by_gold)
        assert effective_size(each, right[:80]) == pytest.approx(80, abs=1.1)
    always = powered_contributions(np.where(np.isnan(gold), log_odds, 2 * gold - 1), gold, p_weak)
    assert (always == 1).all() and effective_size(always, np.ones(80)) == 80


def test_gaps_among_weak_labels_bias_nothing_even_if_texts_with_gold_have_fewer():
    """Texts without gold that lack a weak label say nothing; the label is not taken for an undecided one."""
    found, rng = [], np.random.default_rng(2)
    for _ in range(300):
        log_odds, gold, p_weak = draw(100, 500, 0.7, 0.95, rng)
        p_weak[rng.random(500) < np.where(np.isnan(gold), 0.6, 0.1)] = NAN
        each = powered_contributions(log_odds, gold, p_weak)
        found.append((each.mean(), each.std() / np.sqrt(500)))
    scores, errors = np.transpose(found)
    assert scores.mean() == pytest.approx(0.7, abs=0.006)
    assert scores.std() == pytest.approx(errors.mean(), rel=0.12)


@pytest.mark.parametrize(
    ("n", "accuracy", "weak_accuracy", "imitated", "narrower"),
    [
        pytest.param(100, 0.75, 0.9, 0.0, 0.85, id="good weak labels"),
        pytest.param(100, 0.9, 0.95, 0.0, 0.85, id="a good student"),
        pytest.param(100, 0.6, 0.9, 0.7, 1.0, id="a student that imitates"),
        pytest.param(100, 0.75, 0.5, 0.0, 1.02, id="useless weak labels"),
        pytest.param(60, 0.7, 0.8, 0.0, 0.95, id="the fewest gold labels"),
    ],
)
def test_intervals_hold_the_truth_and_are_never_much_wider(n, accuracy, weak_accuracy, imitated, narrower):
    """95 % intervals hold it in 92 to 97 % of 1,000 tests; the long form is benchmarks/prediction_powered.py."""
    rng, held, widths = np.random.default_rng(3), [], []
    truth = imitated * weak_accuracy + (1 - imitated) * accuracy
    for _ in range(1000):
        log_odds, gold, p_weak = draw(n, 600, accuracy, weak_accuracy, rng, imitated)
        low, high = interval(log_odds, gold, p_weak)
        held.append(low <= truth <= high)
        by_gold = wilson(((log_odds[:n] > 0) == (gold[:n] == 1)).sum(), n)
        widths.append((high - low, by_gold[1] - by_gold[0]))
    assert 0.92 <= np.mean(held) <= 0.97
    powered, classical = np.mean(widths, axis=0)
    assert powered / classical < narrower


def test_scores_of_a_run_say_how_they_were_estimated_and_all_others_are_by_gold_alone():
    log_odds, gold, p_weak = draw(100, 500, 0.8, 0.9, np.random.default_rng(4))
    test = pd.DataFrame({"id": np.arange(500), "gold": gold, "p_weak": p_weak})
    scores = score_run(test, log_odds, np.random.default_rng(0))
    by_gold = score_run(test[:100], log_odds[:100], np.random.default_rng(0))
    own = {"accuracy", "accuracy_low", "accuracy_high"}
    assert {name: scores[name] for name in by_gold if name not in own} == {
        name: by_gold[name] for name in by_gold if name not in own
    }
    assert [scores[f"accuracy_classical{end}"] for end in ("", "_low", "_high")] == [
        by_gold[f"accuracy{end}"] for end in ("", "_low", "_high")
    ]
    assert (scores["estimator"], scores["n_test"], scores["n_test_texts"]) == (POWERED, 100, 500)
    assert scores["n_effective"] > 110 and scores["accuracy"] != by_gold["accuracy"]
    assert scores["accuracy_high"] - scores["accuracy_low"] < by_gold["accuracy_high"] - by_gold["accuracy_low"]
    assert "estimator" not in by_gold


def evaluated(n, rng, task="t"):
    """metrics and evidence of two purchases with two seeds each, on 400 texts of which n have a gold label."""
    runs = []
    log_odds, gold, p_weak = draw(n, 400, 0.8, 0.9, rng)
    test = pd.DataFrame({"id": np.arange(400), "gold": gold, "p_weak": p_weak})
    for n_gold in (8, 16):
        for seed in (0, 1):
            flipped = np.where(rng.random(400) < 0.05, -log_odds, log_odds)
            runs.append(pd.DataFrame({"n_weak": 0, "n_gold": n_gold, "seed": seed, "id": test.id, "log_odds": flipped}))
    predictions = pd.concat(runs).assign(precision="float32")
    names = {"task": task, "supervisor": "v", "student": "s", "method": "m"}
    purchases = [(0, n_gold, seed) for n_gold in (8, 16) for seed in (0, 1)]
    return evaluate_runs(names, None, test, predictions, purchases, "accuracy", 0.02)


def test_metrics_evidence_and_summary_have_the_same_accuracy():
    metrics, evidence = evaluated(100, np.random.default_rng(5))
    summary = summarise(with_averaged_runs(metrics, []))
    scores = evidence[evidence.kind == "purchase"].set_index("n_gold")
    for row in summary.itertuples():
        assert row.accuracy == pytest.approx(scores.score[row.n_gold])
        assert row.accuracy_low < row.accuracy_classical < row.accuracy_high
    powered, classical = (
        metrics[f"{name}_high"] - metrics[f"{name}_low"] for name in ("accuracy", "accuracy_classical")
    )
    assert (powered < classical).all()
    assert evidence.n_test.eq(100).all() and evidence.examples.map(len).eq(400).all()
    assert evidence.gold_shift.eq(0.02).all() and metrics.accuracy_shift.eq(0.02).all()


def test_differences_of_purchases_that_share_texts_are_surer_than_their_scores():
    _, evidence = evaluated(100, np.random.default_rng(5))
    covariance = evidence_on(evidence).covariance
    variances = np.diag(covariance)[:2]
    assert 0 < variances.sum() - 2 * covariance[0, 1] < 0.3 * variances.sum()


def test_scores_and_their_covariance_have_the_spread_of_new_tests():
    rng, found = np.random.default_rng(6), []
    for _ in range(400):
        log_odds, gold, p_weak = draw(100, 500, 0.8, 0.9, rng)
        other = np.where(rng.random(500) < 0.2, -log_odds, log_odds)
        rows = pd.DataFrame([score_configuration("accuracy", one[None], gold, p_weak) for one in (log_odds, other)])
        each = np.stack(rows.examples)
        found.append([*rows.score, *(np.cov(each) / 500).ravel()])
    found = np.array(found)
    assert np.cov(found[:, :2].T).ravel() == pytest.approx(found[:, 2:].mean(axis=0), rel=0.2)


def test_tasks_with_and_without_gaps_are_averaged_together():
    rng = np.random.default_rng(7)
    few, all_gold = evaluated(100, rng, "few")[0], evaluated(400, rng, "all")[0]
    assert "estimator" not in all_gold
    found = with_averaged_runs(pd.concat([few, all_gold], ignore_index=True), ["few", "all"]).set_index("task")
    assert set(found.estimator["all"]) == {CLASSICAL} and set(found.estimator["few"]) == {POWERED}
    size = found.n_effective["few"].iloc[0]
    assert found.n_effective["average"].iloc[0] == pytest.approx(4 / (1 / size + 1 / 400))
    assert summarise(found.reset_index()).accuracy_classical.notna().all()


def test_other_measures_want_all_gold_labels():
    task = MINI["tasks"][0] | {"test_size": 100, "test_gold": 60}
    study = MINI | {"tasks": [task]}
    assert validate(study).tasks[0].plain["test_gold"] == 60
    for measure in ("auroc", "balanced_accuracy"):
        with pytest.raises(InputError, match=f"inference.measure: {measure} needs the gold label of every test text"):
            validate(study | {"inference": {"measure": measure}})


def test_the_correlation_follows_from_accuracies_and_agreement():
    rng = np.random.default_rng(8)
    log_odds, gold, p_weak = draw(5000, 5000, 0.8, 0.9, rng, 0.4)
    right, agreed = (log_odds > 0) == gold, (log_odds > 0) == p_weak
    found = squared_correlation(right.mean(), (p_weak == gold).mean(), agreed.mean())
    assert found == pytest.approx(np.corrcoef(right, agreed)[0, 1] ** 2)
    assert squared_correlation(1.0, 0.9, 0.9) == squared_correlation(0.8, 0.8, 1.0) == 0


def test_planned_gold_test_labels_give_the_wished_width_at_least_cost():
    r2 = squared_correlation(0.8, 0.9, 0.8 * 0.9 + 0.2 * 0.1)
    plan = plan_labels("v", 0.08, 0.8, r2, 0.05)
    rng, widths = np.random.default_rng(9), []
    for _ in range(100):
        low, high = interval(*draw(plan.gold, plan.texts, 0.8, 0.9, rng))
        widths.append(high - low)
    assert np.mean(widths) == pytest.approx(0.08, rel=0.03)
    assert plan.gold_alone == pytest.approx(4 * 1.96**2 * 0.16 / 0.08**2, abs=1)
    assert plan.saved == pytest.approx(1 - (plan.gold + 0.05 * plan.texts) / plan.gold_alone) and plan.saved > 0.1

    # The cost of the same width with other numbers of gold labels.
    gold = np.arange(int((1 - r2) * plan.gold_alone) + 1, plan.gold_alone)
    costs = gold + 0.05 * r2 / (1 / plan.gold_alone - (1 - r2) / gold)
    assert plan.gold + 0.05 * plan.texts == pytest.approx(costs.min(), rel=0.01)


def test_weak_labels_that_save_nothing_are_not_planned():
    for r2, price in ((0.0, 0.01), (0.05, 0.3), (0.3, 1.0)):
        plan = plan_labels("v", 0.08, 0.8, r2, price)
        assert plan.gold == plan.texts == plan.gold_alone and plan.saved == 0
    free = plan_labels("v", 0.08, 0.8, 0.3, 0.0)
    assert free.gold < free.gold_alone < free.texts < 10**5
    assert plan_labels("v", 0.5, 0.9, 0.3, 0.1).gold == 60, "fewer are not enough for an interval"
