"""Simulations with known truth: intervals cover as they say, the naive way does not, verdicts are seldom wrong."""

import numpy as np
import pytest
from scipy.special import expit
from simulated import draw_study

from elicitation.analysis.findings import Findings, Question
from elicitation.analysis.frontier import on_frontier, score_points
from elicitation.analysis.method_comparison import best_purchases
from elicitation.analysis.production import Fit
from elicitation.analysis.production_fitting import fit_group
from elicitation.analysis.recommendation import Recommendation, recommend
from elicitation.analysis.regimes import regime_at
from elicitation.buying.prices import cost

PRICE = 0.1
PURCHASES = [
    (160, 0),
    (80, 8),
    (40, 12),
    (0, 16),
    (640, 0),
    (320, 32),
    (160, 48),
    (0, 64),
    (2560, 0),
    (1280, 128),
    (0, 256),
]
BUDGETS = [16, 64, 256]
COSTS = np.array([cost(*purchase, PRICE) for purchase in PURCHASES])
# All purchases are equally good: the best of many is nothing but lucky.
ALIKE = [0.8] * len(PURCHASES)
RISING = [0.7] * 4 + [0.75] * 4 + [0.8] * 3


def cover(ends, truth) -> np.ndarray:
    low, high = ends
    return (low <= truth) & (truth <= high)


def coverages(accuracies, studies: int, seed: int) -> dict[str, float]:
    """How often 95 % intervals hold the truth, for points on the frontier and for the best purchase within a budget.

    `honest` is this project's way; `naive` takes the points that are best on all the evidence, with their score on it.
    """
    truth, rng = np.array(accuracies), np.random.default_rng(seed)
    found = {"honest points": [], "naive points": [], "honest best": [], "naive best": []}
    for _ in range(studies):
        evidence = draw_study(PURCHASES, accuracies, rng)
        accuracy = evidence.accuracy
        plain = accuracy + evidence.interval()
        scores = score_points(evidence, COSTS)
        shown = scores.on_frontier.to_numpy()
        found["honest points"] += cover(
            (scores.accuracy_low[shown], scores.accuracy_high[shown]), truth[shown]
        ).tolist()
        naive = on_frontier(COSTS, accuracy)
        found["naive points"] += cover(plain[:, naive], truth[naive]).tolist()
        best = best_purchases(evidence.on(evidence.points.assign(weak_price=PRICE)), [256], ["task"]).iloc[0]
        found["honest best"].append(cover((best.accuracy_low, best.accuracy_high), truth.max()))
        found["naive best"].append(cover(plain[:, accuracy.argmax()], truth[accuracy.argmax()]))
    return {name: float(np.mean(covered)) for name, covered in found.items()}


def test_honest_intervals_cover_the_truth_and_naive_ones_do_not():
    found = coverages(ALIKE, studies=400, seed=0)
    assert 0.92 <= found["honest points"] <= 0.97, found
    assert 0.92 <= found["honest best"] <= 0.99, found
    assert found["naive points"] < 0.92 and found["naive best"] < 0.92, found


def test_honest_intervals_cover_too_where_the_frontier_is_clear():
    found = coverages(RISING, studies=250, seed=1)
    assert 0.92 <= found["honest points"] <= 0.97, found


def recommend_by_runs(evidence) -> Recommendation:
    """What is recommended for a budget of 256 where the production function is bad."""
    fit = Fit(
        task="t", supervisor="v", student="s", method="m", form="capped", verdict="bad", reason="", error=0.1,
        noise=0.01, parameters={}, replicates=np.empty((0, 0)), purchases=np.array(PURCHASES), accuracy=np.array(ALIKE),
        weak_price=PRICE, cheapest=16.0, dearest=256.0,
    )  # fmt: skip
    return recommend(Findings(evidence, [fit], {"v": [PRICE]}, {}, verdict=0.95), Question(256))


def test_a_recommended_purchase_that_no_function_smooths_is_not_praised_for_its_luck():
    rng, expected, naive = np.random.default_rng(2), [], []
    for _ in range(200):
        evidence = draw_study(PURCHASES, ALIKE, rng)
        expected.append(recommend_by_runs(evidence).accuracy)
        naive.append(evidence.accuracy.max())
    means = np.array([answer.mean for answer in expected])
    assert abs(means.mean() - 0.8) < 0.5 * (np.mean(naive) - 0.8)
    assert 0.92 <= np.mean([answer.low <= 0.8 <= answer.high for answer in expected]) <= 0.98


def test_no_other_purchase_is_better_by_more_than_a_recommendation_says():
    rng, lost, said = np.random.default_rng(4), [], []
    for _ in range(200):
        truth = np.clip(0.8 + 0.02 * rng.standard_normal(len(PURCHASES)), 0, 1)
        answer = recommend_by_runs(draw_study(PURCHASES, truth.tolist(), rng))
        bought = answer.recommended.n_weak, answer.recommended.n_gold
        lost.append(truth.max() - truth[PURCHASES.index(bought)])
        said.append(answer.loss_at_most)
    assert np.mean(np.array(lost) <= said) >= 0.95
    assert np.median(said) < 0.1, "the bound says something"


def two_sigmoids(n_weak, n_gold):
    """An accuracy that rises in either quality, by none of the production functions' forms."""
    weak, gold = np.log1p([n_weak, n_gold])
    return 0.55 + 0.15 * expit(weak - 4.5) + 0.22 * expit(1.2 * (gold - 3))


def test_a_recommendation_by_a_production_function_of_another_form_holds_its_promises():
    rng, covered, kept = np.random.default_rng(0), [], []
    for _ in range(10):
        evidence = draw_study(PURCHASES, two_sigmoids(*np.array(PURCHASES).T).tolist(), rng)
        [fit] = fit_group(evidence, BUDGETS, PRICE).fits
        if fit.verdict != "good":
            continue
        findings = Findings(evidence, [fit], {"v": [PRICE]}, {}, verdict=0.95)
        for budget in (40, 100, 256):
            answer = recommend(findings, Question(budget))
            bought, accuracy = answer.recommended, answer.accuracy
            truth = two_sigmoids(bought.n_weak, bought.n_gold)
            gold = np.linspace(0, budget, 21)
            best = two_sigmoids((budget - gold) / PRICE, gold).max()
            covered.append(accuracy.low <= truth <= accuracy.high)
            kept.append(best - truth <= answer.loss_at_most)
    assert len(covered) >= 20, "most fits are good"
    assert np.mean(covered) >= 0.95 and np.mean(kept) >= 0.95


@pytest.mark.parametrize("share_right", [ALIKE, [0.8 if 0 in purchase else 0.7 for purchase in PURCHASES]])
def test_without_a_difference_at_most_one_verdict_in_twenty_is_given(share_right):
    """Every verdict is wrong where all three strategies, or both pure ones, are equally good."""
    rng = np.random.default_rng(2)
    verdicts = [regime_at(draw_study(PURCHASES, share_right, rng), 256, PRICE, 0.95)["regime"] for _ in range(300)]
    assert np.mean([verdict != "undetermined" for verdict in verdicts]) <= 0.05


@pytest.mark.parametrize(
    ("best", "regime"), [((2560, 0), "quantity-dominant"), ((1280, 128), "mixed"), ((0, 256), "quality-dominant")]
)
def test_a_real_difference_is_found(best, regime):
    rng = np.random.default_rng(3)
    accuracies = [0.88 if purchase == best else 0.75 for purchase in PURCHASES]
    verdicts = [regime_at(draw_study(PURCHASES, accuracies, rng), 256, PRICE, 0.95)["regime"] for _ in range(40)]
    assert np.mean([verdict == regime for verdict in verdicts]) > 0.9
    assert set(verdicts) <= {regime, "undetermined"}
