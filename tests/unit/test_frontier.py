import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.frontier import MIN_GAIN, cost, frontiers, on_frontier


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


def test_cost_is_in_gold_labels():
    assert cost(100, 5, 0.01) == pytest.approx(6)
    assert cost(np.array([0, 10]), np.array([3, 0]), 0.5).tolist() == [3, 5]


@pytest.fixture
def table():
    columns = ["task", "supervisor", "student", "method", "n_weak", "n_gold", "accuracy", "accuracy_selection"]
    rows = [("hard", 100, 0, 0.6), ("hard", 0, 20, 0.7), ("easy", 100, 0, 0.9), ("easy", 0, 20, 0.8)]
    return pd.DataFrame([(t, "v", "s", "m", w, g, a, a) for t, w, g, a in rows], columns=columns)


def test_the_same_points_are_priced_again_at_each_price(table):
    priced = frontiers(table, [0.5, 0.01])
    hard = priced[priced.task == "hard"].set_index(["weak_price", "n_weak"])
    assert hard.cost.to_dict() == {(0.5, 100): 50, (0.5, 0): 20, (0.01, 100): 1, (0.01, 0): 20}
    assert hard.on_frontier.to_dict() == {(0.5, 100): False, (0.5, 0): True, (0.01, 100): True, (0.01, 0): True}


def test_weak_share_is_the_share_of_the_cost(table):
    both = table.iloc[:1].assign(n_gold=50)
    assert frontiers(both, [0.5]).weak_share.tolist() == [0.5]


def test_tasks_do_not_compete_with_each_other(table):
    together = frontiers(table, [0.1]).set_index(["task", "n_weak"]).on_frontier
    for task, alone in table.groupby("task"):
        expected = frontiers(alone, [0.1]).set_index(["task", "n_weak"]).on_frontier
        assert together[task].to_dict() == expected[task].to_dict()


def test_methods_compete_with_each_other(table):
    better = table.assign(method="other", accuracy=table.accuracy + 0.05, accuracy_selection=table.accuracy + 0.05)
    priced = frontiers(pd.concat([table, better], ignore_index=True), [0.1])
    assert set(priced[priced.on_frontier].method) == {"other"}


def test_the_half_that_chooses_is_not_the_half_that_reports(table):
    hard = table[table.task == "hard"]
    lucky_report = hard.assign(accuracy=[0.6, 0.9], accuracy_report=[0.6, 0.99], accuracy_selection=[0.6, 0.5])
    priced = frontiers(lucky_report, [0.01]).set_index("n_weak")
    assert priced.on_frontier.to_dict() == {100: True, 0: False}
