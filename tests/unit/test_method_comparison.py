import numpy as np
import pandas as pd
import pytest

from elicitation.analysis.evidence import Evidence
from elicitation.analysis.frontier import priced
from elicitation.analysis.method_comparison import best_purchases, methods_latex, methods_table

TITLES = {"m": "Method M", "few_shot": "50 % few-shot"}
NOTHING = pd.DataFrame(columns=["task", "supervisor", "student", "method", "n_weak", "n_gold", "seed"])
# n_weak, n_gold, accuracy. The first three cost 10 at 0.1.
PURCHASES = [(100, 0, 0.70), (50, 5, 0.80), (0, 10, 0.75), (0, 40, 0.90)]
ENDS = np.concatenate([[-0.052], np.zeros(98), [0.03]])
PRICES = {"v": [0.1]}


@pytest.fixture
def points():
    table = pd.DataFrame(PURCHASES, columns=["n_weak", "n_gold", "accuracy"])
    return table.assign(
        task="average", student="s", supervisor="v", method="m", n_seeds=4, n_tasks=3, commoner_accuracy=0.55
    )


def drawn(points, deviations=ENDS):
    """The evidence where every point has the same deviations."""
    return Evidence(points, np.tile(deviations, (len(points), 1)))


def table_of(points, budgets=(10, 40), prices=PRICES):
    return methods_table(drawn(points), prices, budgets)


def test_the_best_purchase_is_affordable_and_most_halves_choose_it(points):
    best = best_purchases(drawn(priced(points, 0.1)), [5, 10, 39, 40], ["student"])
    assert best[["budget", "n_weak", "n_gold"]].to_numpy().tolist() == [[10, 50, 5], [39, 50, 5], [40, 0, 40]]
    assert best.accuracy.tolist() == pytest.approx([0.8, 0.8, 0.9], abs=1e-3) and (best.probability == 1).all()


def test_the_score_of_choosing_is_that_on_the_other_half(points):
    level = points.iloc[:2].assign(accuracy=0.8)
    # Each half prefers the purchase on which it is lucky; the other half is then unlucky on it.
    deviations = np.array([np.tile([0.1, -0.1], 50), np.tile([-0.1, 0.1], 50)])
    best = best_purchases(Evidence(priced(level, 0.1), deviations), [10], ["student"]).iloc[0]
    assert best.accuracy == pytest.approx(0.7) and best.probability == 0.5


def test_every_group_has_a_best_purchase_of_its_own(points):
    both = pd.concat([points, points.assign(student="t", accuracy=1 - points.accuracy)], ignore_index=True)
    best = best_purchases(drawn(priced(both, 0.1)), [10], ["student"])
    assert best.set_index("student").n_weak.to_dict() == {"s": 50, "t": 100}


def test_the_methods_table_has_interval_shares_and_runs(points):
    table = table_of(points, [10])
    expected = {"accuracy": 0.8, "accuracy_low": 0.8, "accuracy_high": 0.8, "n_weak": 50, "n_gold": 5, "cost": 10}
    expected |= {"weak_share": 50 / 55, "weak_cost_share": 0.5, "n_seeds": 4, "n_tasks": 3, "budget": 10}
    assert table.loc[0, list(expected)].to_dict() == pytest.approx(expected, abs=1e-3)
    assert table.loc[0, ["task", "student", "supervisor", "method"]].tolist() == ["average", "s", "v", "m"]


def test_the_methods_table_has_the_prices_of_each_supervisor(points):
    both = pd.concat([points, points.assign(supervisor="w")], ignore_index=True)
    table = table_of(both, [40], {"v": [0.5, 0.1], "w": [0.2]})
    assert table[["supervisor", "weak_price"]].to_numpy().tolist() == [["v", 0.5], ["v", 0.1], ["w", 0.2]]


def test_the_methods_table_keeps_the_order_of_the_points_and_sorts_by_budget(points):
    late = points[points.n_gold == 40].assign(method="a", student="z")
    table = table_of(pd.concat([late, points, late.assign(student="s")], ignore_index=True))
    found = table[["student", "method", "budget"]].to_numpy().tolist()
    assert found == [["z", "a", 40], ["s", "a", 40], ["s", "m", 10], ["s", "m", 40]]


def test_the_latex_table_has_a_row_a_price_and_method_and_a_column_a_budget(points):
    few_shot = points[points.n_gold == 10].assign(method="few_shot")
    both = pd.concat([points, few_shot], ignore_index=True)
    spread = drawn(both, np.repeat([-0.05, 0.03, 0.0], [5, 5, 90]))
    latex = methods_latex(methods_table(spread, {"v": [0.5, 0.1]}, [10, 40]), NOTHING, TITLES)
    rows = [line.rstrip(" \\").split(" & ") for line in latex.splitlines() if "$" in line]
    assert rows == [
        ["0.5", "Method M", "$75_{70}^{78}$ (0.00)", "$90_{85}^{93}$ (0.00)"],
        ["", r"50 \% few-shot", "$75_{70}^{78}$ (0.00)", "$75_{70}^{78}$ (0.00)"],
        ["0.1", "Method M", "$80_{75}^{83}$ (0.91)", "$90_{85}^{93}$ (0.00)"],
        ["", r"50 \% few-shot", "$75_{70}^{78}$ (0.00)", "$75_{70}^{78}$ (0.00)"],
    ]
    assert r"\toprule" in latex and "Means over 4 seeds on each of 3 tasks." in latex


def test_where_nothing_is_averaged_no_task_stands_for_another(points):
    both = pd.concat([points.assign(task="easy"), points.assign(task="hard", accuracy=0.6)], ignore_index=True)
    table = table_of(both, [10])
    assert table.task.tolist() == ["easy", "hard"] and table.accuracy.tolist() == pytest.approx([0.8, 0.6], abs=1e-3)
    latex = methods_latex(table, NOTHING, TITLES)
    assert "easy & 0.1 & Method M & $80" in latex and "hard & 0.1 & Method M & $60" in latex


def test_a_budget_that_a_method_cannot_use_is_a_dash(points):
    dear = points[points.n_gold == 40].assign(method="few_shot")
    table = table_of(pd.concat([points, dear], ignore_index=True))
    assert r"few-shot & -- & $90" in methods_latex(table, NOTHING, TITLES)


def test_the_caption_is_escaped_and_names_what_is_missing(points):
    lacking = pd.DataFrame([{"task": "social_i_qa", "method": "m", "n_weak": 20, "n_gold": 2, "seed": 3}])
    latex = methods_latex(table_of(points, [10]), lacking, TITLES)
    assert r"in \%, between" in latex
    assert r"social\_i\_qa lacks seed 3 of 20 weak + 2 gold labels" in latex


def test_doing_nothing_stands_beside_every_best_purchase(points):
    asking = points.iloc[:1].assign(method="few_shot", n_weak=0, n_gold=0, n_seeds=1, accuracy=0.78)
    table = table_of(pd.concat([points, asking], ignore_index=True), [10])
    assert table.asked_accuracy.tolist() == pytest.approx([0.78, 0.78])
    assert table.asked_accuracy_low.tolist() == pytest.approx([0.78, 0.78], abs=0.06)
    assert (table.commoner_accuracy == 0.55).all()
    nothing = table[table.method == "few_shot"].iloc[0]
    assert (nothing.cost, nothing.weak_share, nothing.weak_cost_share) == (0, 0, 0)
    latex = methods_latex(table, NOTHING, TITLES)
    assert "$ (no labels)" in latex and "Means over 4 seeds" in latex
    assert r"Doing nothing: always the commoner label 55, asking without labels 78." in latex
    assert "asking" not in methods_latex(table_of(points), NOTHING, TITLES).partition("label{tab")[0]
