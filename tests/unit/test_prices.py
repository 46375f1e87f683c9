from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.buying.prices import affords, ceiling, cost, exact, exact_cost, labels_for

# Prices as people write them.
prices = st.builds(lambda n, digits: n / 10**digits, st.integers(1, 9999), st.integers(0, 4))
labels = st.integers(0, 10**6)


def test_cost_is_in_gold_labels():
    assert cost(100, 5, 0.01) == pytest.approx(6)
    assert cost(np.array([0, 10]), np.array([3, 0]), 0.5).tolist() == [3, 5]


def test_numbers_are_what_their_text_says():
    assert exact(0.1) == exact(np.float64(0.1)) == exact("0.1") == Fraction(1, 10)
    assert exact(Fraction(1, 3)) == Fraction(1, 3) and exact(np.int64(4)) == 4


@pytest.mark.parametrize(
    ("budget", "n_weak", "n_gold", "price"),
    [
        # In binary numbers 0.1 * 3 is more than 0.3, 0.07 * 100 more than 7, and 5.1 - 5 less than 0.1.
        (0.3, 3, 0, 0.1),
        (7, 100, 0, 0.07),
        (5.1, 1, 5, 0.1),
        (1, 18, 0, Fraction(1, 18)),
        (100_000, 1_000_000, 0, 0.1),
        (10**12, 10**15, 0, 0.001),
    ],
)
def test_a_budget_affords_what_spends_it_to_the_last_label(budget, n_weak, n_gold, price):
    assert affords(budget, n_weak, n_gold, price)
    assert not affords(budget, n_weak + 1, n_gold, price) and not affords(budget, n_weak, n_gold + 1, price)
    assert labels_for(exact(budget) - n_gold, price) == n_weak


def test_purchases_are_compared_in_columns_each_at_its_own_price():
    table = pd.DataFrame({"n_weak": [3, 4, 3], "n_gold": 0, "weak_price": [0.1, 0.1, 0.2]}, index=[7, 7, 8])
    assert affords(0.3, table.n_weak, table.n_gold, table.weak_price).tolist() == [True, False, False]
    assert exact_cost(table.n_weak, table.n_gold, 0.1).tolist() == [Fraction(3, 10), Fraction(4, 10), Fraction(3, 10)]


@given(labels, labels, prices)
def test_the_ceiling_is_the_smallest_whole_budget_that_affords_a_purchase(n_weak, n_gold, price):
    budget = ceiling(n_weak, n_gold, price)
    assert affords(budget, n_weak, n_gold, price)
    assert budget == 0 or not affords(budget - 1, n_weak, n_gold, price)
