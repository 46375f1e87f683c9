import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.analysis.evidence import Evidence
from elicitation.analysis.frontier import MIN_GAIN, frontiers, on_frontier, score_points


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


def evidence_on(accuracies, deviations):
    return Evidence(pd.DataFrame({"accuracy": accuracies}), deviations)


points = st.lists(st.tuples(st.floats(1, 1e4), st.floats(0, 1)), min_size=1, max_size=30)


@given(points)
def test_accuracy_rises_along_the_frontier_and_ends_at_the_best(table):
    costs, accuracies = np.array(table).T
    mask = on_frontier(costs, accuracies)
    best = accuracies[mask][np.argsort(costs[mask], kind="stable")]
    assert (np.diff(best) > MIN_GAIN).all()
    assert best[-1] >= accuracies.max() - MIN_GAIN


@given(points, st.integers(0, 2**31))
def test_replicates_have_the_frontiers_that_each_would_have_alone(table, entropy):
    costs, accuracies = np.array(table).T
    replicates = accuracies[:, None] + np.random.default_rng(entropy).normal(0, 0.1, (len(costs), 5))
    together = on_frontier(costs, replicates)
    assert (together == np.stack([on_frontier(costs, column) for column in replicates.T], axis=1)).all()


def test_a_sure_point_keeps_its_accuracy_and_interval():
    deviations = np.tile([-0.03, 0.03], 50)[None] * [[1], [1]]
    scores = score_points(evidence_on([0.6, 0.8], deviations), np.array([1.0, 2.0]))
    assert scores.probability.tolist() == [1, 1] and scores.on_frontier.all()
    assert scores.accuracy.tolist() == pytest.approx([0.6, 0.8])
    assert scores.accuracy_low.tolist() == pytest.approx([0.57, 0.77])


def test_luck_on_the_choosing_half_is_no_credit_on_the_other():
    # The dearer point is on the frontier where its choosing half is lucky, that is, its reporting half is not.
    deviations = np.array([np.zeros(100), np.where(np.arange(100) < 60, -0.05, 0.1)])
    scores = score_points(evidence_on([0.7, 0.7], deviations), np.array([1.0, 2.0]))
    assert scores.probability.tolist() == [1, 0.6] and scores.on_frontier.tolist() == [True, True]
    assert scores.accuracy[1] == pytest.approx(0.65)
    assert scores.accuracy_high[1] - scores.accuracy[1] == pytest.approx(0.1 * np.sqrt(1.4))


def test_a_point_off_the_frontier_is_scored_where_it_was_off():
    deviations = np.array([np.zeros(100), np.where(np.arange(100) < 20, -0.05, 0.1)])
    scores = score_points(evidence_on([0.7, 0.7], deviations), np.array([1.0, 2.0]))
    assert not scores.on_frontier[1] and scores.accuracy[1] == pytest.approx(0.8)


def test_intervals_stay_within_0_and_1():
    scores = score_points(evidence_on([0.99, 0.02], np.tile([-0.1, 0.1], (2, 50))), np.array([1.0, 2.0]))
    assert scores.accuracy_high.max() == 1 and scores.accuracy_low.min() == 0


PRICES = {"v": [0.5, 0.01]}


@pytest.fixture
def table():
    columns = ["task", "supervisor", "student", "method", "n_weak", "n_gold", "accuracy"]
    rows = [("hard", 100, 0, 0.6), ("hard", 0, 20, 0.7), ("easy", 100, 0, 0.9), ("easy", 0, 20, 0.8)]
    return pd.DataFrame([(t, "v", "s", "m", w, g, a) for t, w, g, a in rows], columns=columns)


def priced_frontiers(table, prices=PRICES):
    return frontiers(Evidence(table, np.zeros((len(table), 10))), prices)


def test_the_same_points_are_priced_again_at_each_price(table):
    priced = priced_frontiers(table)
    hard = priced[priced.task == "hard"].set_index(["weak_price", "n_weak"])
    assert hard.cost.to_dict() == {(0.5, 100): 50, (0.5, 0): 20, (0.01, 100): 1, (0.01, 0): 20}
    assert hard.on_frontier.to_dict() == {(0.5, 100): False, (0.5, 0): True, (0.01, 100): True, (0.01, 0): True}


def test_every_supervisor_has_its_own_prices(table):
    both = pd.concat([table, table.assign(supervisor="w")], ignore_index=True)
    found = priced_frontiers(both, PRICES | {"w": [0.3]}).groupby("supervisor").weak_price.unique()
    assert {name: set(prices) for name, prices in found.items()} == {"v": {0.5, 0.01}, "w": {0.3}}


def test_weak_share_is_the_share_of_the_cost(table):
    both = table.iloc[:1].assign(n_gold=50)
    assert priced_frontiers(both, {"v": [0.5]}).weak_share.tolist() == [0.5]


def test_tasks_do_not_compete_with_each_other(table):
    together = priced_frontiers(table).set_index(["task", "weak_price", "n_weak"]).on_frontier
    for task, alone in table.groupby("task"):
        expected = (
            priced_frontiers(alone.reset_index(drop=True)).set_index(["task", "weak_price", "n_weak"]).on_frontier
        )
        assert together[task].to_dict() == expected[task].to_dict()


def test_methods_compete_with_each_other(table):
    better = table.assign(method="other", accuracy=table.accuracy + 0.05)
    priced = priced_frontiers(pd.concat([table, better], ignore_index=True), {"v": [0.1]})
    assert set(priced[priced.on_frontier].method) == {"other"}


def test_what_costs_nothing_is_the_first_point_and_spends_nothing_on_weak_labels():
    table = pd.DataFrame({"n_weak": [0, 100, 100], "n_gold": [0, 0, 5], "accuracy": [0.7, 0.6, 0.8]})
    table = table.assign(task="t", supervisor="v", student="s")
    found = frontiers(Evidence(table, np.zeros((3, 4))), {"v": [0.1]})
    assert found.cost.tolist() == [0, 10, 15] and found.on_frontier.tolist() == [True, False, True]
    assert found.weak_share.tolist() == pytest.approx([0, 1, 2 / 3])
