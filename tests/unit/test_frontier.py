import numpy as np
import pandas as pd
import pytest
from handmade import joined, posterior_of
from hypothesis import given
from hypothesis import strategies as st

from elicitation.analysis.choices import MIN_GAIN
from elicitation.analysis.frontier import frontier_at, frontiers, on_frontier


@pytest.mark.parametrize(
    ("costs", "accuracies", "expected"),
    [
        pytest.param([1, 2, 4], [0.5, 0.6, 0.7], [1, 1, 1], id="each dearer point is better"),
        pytest.param([1, 2, 4], [0.5, 0.4, 0.6], [1, 0, 1], id="dearer and worse"),
        pytest.param([4, 1, 2], [0.6, 0.5, 0.4], [1, 1, 0], id="in any order"),
        pytest.param([1, 2], [0.5, 0.502], [1, 0], id="a gain of exactly 0.002 is too little"),
        pytest.param([1, 2], [0.5, 0.5021], [1, 1], id="a gain above 0.002 is enough"),
        pytest.param([1, 2, 4], [0.5, 0.5015, 0.503], [1, 0, 1], id="small gains add up"),
        pytest.param([100, 104], [0.6, 0.7], [0, 1], id="better at nearly the same cost"),
        pytest.param([100, 105], [0.6, 0.7], [0, 1], id="5 % dearer is the same cost"),
        pytest.param([100, 106], [0.6, 0.7], [1, 1], id="6 % dearer is another cost"),
        pytest.param([10, 10], [0.6, 0.6], [1, 0], id="of equal points the first"),
        pytest.param([10, 10, 10], [0.5, 0.7, 0.7], [0, 1, 0], id="of equal costs the best, and the first of those"),
        pytest.param([10, 20], [0.6, 0.6], [1, 0], id="of equal accuracies the cheaper"),
        pytest.param([7], [0.1], [1], id="a point alone"),
    ],
)
def test_frontier_of_hand_worked_cases(costs, accuracies, expected):
    mask = on_frontier(np.array(costs, float), np.array(accuracies))
    assert mask.tolist() == [bool(entry) for entry in expected]


points = st.lists(st.tuples(st.floats(1, 1e4), st.floats(0, 1)), min_size=1, max_size=30)


@given(points)
def test_accuracy_rises_along_the_frontier_and_ends_at_the_best(table):
    costs, accuracies = np.array(table).T
    mask = on_frontier(costs, accuracies)
    best = accuracies[mask][np.argsort(costs[mask], kind="stable")]
    assert (np.diff(best) > MIN_GAIN).all()
    assert best[-1] >= accuracies.max() - MIN_GAIN


@given(points, st.integers(0, 2**31))
def test_draws_have_the_frontiers_that_each_would_have_alone(table, entropy):
    costs, accuracies = np.array(table).T
    draws = accuracies[:, None] + np.random.default_rng(entropy).normal(0, 0.1, (len(costs), 5))
    together = on_frontier(costs, draws)
    assert (together == np.stack([on_frontier(costs, column) for column in draws.T], axis=1)).all()


def frontier_of(purchases, price=0.1, **more) -> pd.DataFrame:
    [block] = posterior_of(purchases, **more).blocks
    return frontier_at(block, price)


def test_points_have_their_cost_share_score_and_interval():
    table = frontier_of([(100, 0, 0.7), (100, 10, 0.8)], error=0.01).set_index(["n_weak", "n_gold"])
    assert table.cost.to_dict() == pytest.approx({(100, 0): 10, (100, 10): 20, (0, 0): 0})
    assert table.weak_share.to_dict() == pytest.approx({(100, 0): 1, (100, 10): 0.5, (0, 0): 0})
    assert table.score[100, 0] == pytest.approx(0.7) and table.score_low[100, 0] == pytest.approx(0.7 - 0.0196)
    assert table.measured[100, 10] == pytest.approx(0.8) and table.n_seeds[100, 10] == 4


def test_a_point_that_is_surely_better_is_surely_on_the_frontier_and_one_as_good_as_a_cheaper_one_is_not():
    table = frontier_of([(0, 10, 0.7), (0, 20, 0.7), (0, 40, 0.8)])
    assert table.on_frontier.tolist() == [True, False, True, True]
    assert table.probability.tolist() == pytest.approx([1, 0.05, 1, 1], abs=0.06)


def test_intervals_stay_within_0_and_1():
    table = frontier_of([(0, 1, 0.99), (0, 2, 0.02)], error=0.05)
    assert table.score_high.max() == 1 and table.score_low.min() == 0


def test_what_costs_nothing_is_the_first_point_and_a_worse_purchase_never_follows_it():
    table = frontier_of([(100, 0, 0.6), (100, 5, 0.8)], asking=0.7)
    assert table.kind.tolist() == ["purchase", "purchase", "asking", "commoner label"]
    assert table.on_frontier.tolist() == [False, True, True, False] and table.cost.tolist() == [10, 15, 0, 0]


def test_every_supervisor_has_its_own_prices_and_the_same_points_are_priced_again():
    both = joined(posterior_of([(100, 0, 0.6), (0, 20, 0.7)]), posterior_of([(10, 0, 0.6)], supervisor="w"))
    table = frontiers(both, {"v": [0.5, 0.01], "w": [0.3]})
    found = {name: set(prices) for name, prices in table.groupby("supervisor").weak_price.unique().items()}
    assert found == {"v": {0.5, 0.01}, "w": {0.3}}
    points = table[(table.supervisor == "v") & (table.kind == "purchase")].set_index(["weak_price", "n_weak"])
    assert points.cost.to_dict() == {(0.5, 100): 50, (0.5, 0): 20, (0.01, 100): 1, (0.01, 0): 20}
    assert points.on_frontier.to_dict() == {(0.5, 100): False, (0.5, 0): True, (0.01, 100): True, (0.01, 0): True}


def test_methods_compete_with_each_other_and_tasks_do_not():
    purchases = [(100, 0, 0.6), (0, 20, 0.7)]
    better = posterior_of([(w, g, score + 0.05) for w, g, score in purchases], method="other")
    elsewhere = posterior_of([(w, g, score + 0.1) for w, g, score in purchases], task="easy")
    table = frontiers(joined(posterior_of(purchases), better, elsewhere), {"v": [0.1]})
    found = table[table.on_frontier & (table.kind == "purchase")].groupby("task").method.unique()
    assert {task: set(methods) for task, methods in found.items()} == {"t": {"other"}, "easy": {"m"}}
