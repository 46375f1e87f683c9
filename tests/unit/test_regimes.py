import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from elicitation.regimes import correctness, join_tasks, paired_difference, regime_at

WEAK, MIXED, GOLD = (100, 0), (50, 5), (0, 10)
"""Purchases that cost 10 at the price 0.1."""
HALF = np.arange(400) % 2 == 0


def right(share, seeds=3):
    """(seeds, 400): the same share of examples is right in both halves and for every seed."""
    return np.tile(np.arange(400) // 2 < 200 * share, (seeds, 1))


@pytest.mark.parametrize(
    ("weak", "mixed", "gold", "regime", "winner"),
    [
        (0.9, 0.7, 0.6, "quantity-dominant", "weak only"),
        (0.7, 0.9, 0.6, "mixed", "mixed"),
        (0.7, 0.6, 0.9, "quality-dominant", "gold only"),
        pytest.param(0.9, 0.6, 0.9, "undetermined", "weak only", id="level with one rival"),
        pytest.param(0.9, 0.6, 0.895, "undetermined", "weak only", id="ahead by one example"),
    ],
)
def test_the_winner_must_beat_both_rivals_beyond_the_interval(weak, mixed, gold, regime, winner):
    row = regime_at({WEAK: right(weak), MIXED: right(mixed), GOLD: right(gold)}, HALF, 10, 0.1)
    assert (row["regime"], row["winner"]) == (regime, winner)
    assert (row["weak only"], row["mixed"], row["gold only"]) == pytest.approx((weak, mixed, gold), abs=0.006)
    assert (row["lead_low"] > 0) == (regime != "undetermined")


def test_the_lead_is_the_one_over_the_closest_rival():
    row = regime_at({WEAK: right(0.9), MIXED: right(0.8), GOLD: right(0.5)}, HALF, 10, 0.1)
    assert row["lead"] == pytest.approx(0.1)
    assert (row["n_weak"], row["n_gold"]) == WEAK


def test_one_seed_decides_nothing():
    row = regime_at({WEAK: right(0.9, 1), MIXED: right(0.5, 1), GOLD: right(0.5, 1)}, HALF, 10, 0.1)
    assert (row["regime"], row["n_seeds"]) == ("undetermined", 1)


@pytest.mark.parametrize("missing", [WEAK, MIXED, GOLD])
def test_a_strategy_without_purchase_leaves_the_regime_undetermined_and_says_why(missing):
    correct = {purchase: right(0.9) for purchase in (WEAK, MIXED, GOLD) if purchase != missing}
    row = regime_at(correct, HALF, 10, 0.1)
    assert row["regime"] == "undetermined"
    assert "strategy" in row["reason"]


def test_only_affordable_purchases_count():
    correct = {WEAK: right(0.6), MIXED: right(0.9), GOLD: right(0.5), (0, 1000): right(1.0)}
    assert regime_at(correct, HALF, 10, 0.1)["regime"] == "mixed"
    assert regime_at(correct, HALF, 1000, 0.1)["regime"] == "quality-dominant"


def test_the_price_of_a_weak_label_decides_what_is_affordable():
    correct = {WEAK: right(0.9), (10, 0): right(0.5), (2, 5): right(0.7), GOLD: right(0.6)}
    assert regime_at(correct, HALF, 10, 0.1)["regime"] == "quantity-dominant"
    assert regime_at(correct, HALF, 10, 1.0)["regime"] == "mixed"


def test_what_won_on_the_choosing_half_only_is_undetermined():
    lucky = right(0.5)
    lucky[:, HALF] = True
    row = regime_at({WEAK: lucky, MIXED: right(0.8), GOLD: right(0.4)}, HALF, 10, 0.1)
    assert (row["winner"], row["regime"]) == ("weak only", "undetermined")
    assert row["lead"] == pytest.approx(-0.3)


def test_equal_runs_differ_by_nothing():
    assert paired_difference(right(0.7), right(0.7)) == (0, 0, 0)


def test_paired_difference_adds_errors_of_seeds_and_examples_in_quadrature():
    a = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], dtype=bool)
    b = np.array([[0, 1, 0, 0], [0, 1, 0, 0]], dtype=bool)
    # Differences: [1, 0, 1, 0] and [1, 0, 0, 0]; means of rows 1/2 and 1/4, of columns 1, 0, 1/2 and 0.
    mean, low, high = paired_difference(a, b)
    seeds = stats.t.ppf(0.975, 1) * np.std([1 / 2, 1 / 4], ddof=1) / math.sqrt(2)
    examples = 1.96 * np.std([1, 0, 1 / 2, 0], ddof=1) / math.sqrt(4)
    assert mean == pytest.approx(3 / 8)
    assert high - mean == pytest.approx(math.hypot(seeds, examples))
    assert mean - low == pytest.approx(high - mean)


def test_pairing_cancels_what_both_runs_share():
    rng = np.random.default_rng(0)
    a = rng.random((3, 400)) < 0.7
    b = a.copy()
    b[:, :40] = False
    paired, unpaired = paired_difference(a, b), paired_difference(a, b[:, ::-1])
    assert paired[2] - paired[1] < unpaired[2] - unpaired[1]


def test_correctness_is_sorted_by_seed_and_in_the_order_of_the_gold_labels():
    gold = pd.Series([1, 0], index=["y", "x"])
    rows = [
        (1, 4, 0, "x", 2.0),
        (0, 4, 0, "y", 3.0),
        (1, 4, 0, "y", 1.0),
        (0, 4, 0, "x", -1.0),
        (0, 0, 2, "x", -9.0),
        (0, 0, 2, "y", -9.0),
    ]
    predictions = pd.DataFrame(rows, columns=["seed", "n_weak", "n_gold", "id", "log_odds"])
    correct = correctness(predictions.sample(frac=1, random_state=0), gold)
    assert correct[4, 0].tolist() == [[True, True], [True, False]]
    assert correct[0, 2].tolist() == [[False, True]]


def test_tasks_are_joined_on_the_purchases_and_seeds_that_all_have():
    first = {(0, 4): np.ones((2, 3)), (40, 0): np.ones((2, 3)), (9, 9): np.ones((2, 3))}
    second = {(0, 4): np.zeros((2, 5)), (40, 0): np.zeros((1, 5))}
    joined = join_tasks([first, second])
    assert list(joined) == [(0, 4)]
    assert joined[0, 4].tolist() == [[1, 1, 1, 0, 0, 0, 0, 0]] * 2
