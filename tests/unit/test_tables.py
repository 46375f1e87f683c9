import pandas as pd
import pytest

from elicitation.frontier import priced
from elicitation.tables import best_purchases, methods_latex, methods_table

TITLES = {"m": "Method M", "few_shot": "50 % few-shot"}
NOTHING = pd.DataFrame(columns=["task", "supervisor", "student", "method", "n_weak", "n_gold", "seed"])
PURCHASES = [(100, 0, 0.70, 0.66), (50, 5, 0.80, 0.60), (0, 10, 0.75, 0.74), (0, 40, 0.90, 0.95)]
"""n_weak, n_gold, accuracy on the selection half and on the reporting half. The first three cost 10 at 0.1."""


@pytest.fixture
def points():
    columns = ["n_weak", "n_gold", "accuracy_selection", "accuracy_report"]
    table = pd.DataFrame(PURCHASES, columns=columns).assign(task="average", student="s", supervisor="v", method="m")
    low, high = table.accuracy_report - 0.052, table.accuracy_report + 0.03
    return table.assign(accuracy_report_low=low, accuracy_report_high=high, n_seeds=4, n_tasks=3)


def test_the_best_purchase_is_affordable_and_chosen_on_the_selection_half(points):
    best = best_purchases(priced(points, 0.1), [5, 10, 39, 40], ["student"])
    assert best[["budget", "n_weak", "n_gold", "accuracy_report"]].to_numpy().tolist() == [
        [10, 50, 5, 0.60],
        [39, 50, 5, 0.60],
        [40, 0, 40, 0.95],
    ]


def test_every_group_has_a_best_purchase_of_its_own(points):
    both = pd.concat([points, points.assign(student="t", accuracy_selection=1 - points.accuracy_selection)])
    best = best_purchases(priced(both.reset_index(drop=True), 0.1), [10], ["student"])
    assert best.set_index("student").n_weak.to_dict() == {"s": 50, "t": 100}


def test_the_methods_table_reports_on_the_other_half_with_interval_shares_and_runs(points):
    table = methods_table(priced(points, 0.1), [10])
    expected = {"accuracy": 0.60, "accuracy_low": 0.548, "accuracy_high": 0.63, "n_weak": 50, "n_gold": 5, "cost": 10}
    expected |= {"weak_share": 50 / 55, "weak_cost_share": 0.5, "n_seeds": 4, "n_tasks": 3, "budget": 10}
    assert table.loc[0, list(expected)].to_dict() == pytest.approx(expected)
    assert table.loc[0, ["task", "student", "supervisor", "method"]].tolist() == ["average", "s", "v", "m"]


def test_the_methods_table_keeps_the_order_of_the_points_and_sorts_by_budget(points):
    late = points[points.n_gold == 40].assign(method="a", student="z")
    table = methods_table(priced(pd.concat([late, points, late.assign(student="s")], ignore_index=True), 0.1), [10, 40])
    found = table[["student", "method", "budget"]].to_numpy().tolist()
    assert found == [["z", "a", 40], ["s", "a", 40], ["s", "m", 10], ["s", "m", 40]]


def test_the_latex_table_has_a_row_a_price_and_method_and_a_column_a_budget(points):
    few_shot = points[points.n_gold == 10].assign(method="few_shot")
    both = pd.concat([points, few_shot], ignore_index=True)
    prices = pd.concat([priced(both, price) for price in (0.5, 0.1)], ignore_index=True)
    latex = methods_latex(methods_table(prices, [10, 40]), NOTHING, TITLES)
    rows = [line.rstrip(" \\").split(" & ") for line in latex.splitlines() if "$" in line]
    assert rows == [
        ["0.5", "Method M", "$74_{69}^{77}$ (0.00)", "$95_{90}^{98}$ (0.00)"],
        ["", r"50 \% few-shot", "$74_{69}^{77}$ (0.00)", "$74_{69}^{77}$ (0.00)"],
        ["0.1", "Method M", "$60_{55}^{63}$ (0.91)", "$95_{90}^{98}$ (0.00)"],
        ["", r"50 \% few-shot", "$74_{69}^{77}$ (0.00)", "$74_{69}^{77}$ (0.00)"],
    ]
    assert r"\toprule" in latex and "Means over 4 seeds on each of 3 tasks." in latex


def test_a_budget_that_a_method_cannot_use_is_a_dash(points):
    dear = points[points.n_gold == 40].assign(method="few_shot")
    table = methods_table(priced(pd.concat([points, dear], ignore_index=True), 0.1), [10, 40])
    assert r"few-shot & -- & $95" in methods_latex(table, NOTHING, TITLES)


def test_the_caption_is_escaped_and_names_what_is_missing(points):
    lacking = pd.DataFrame([{"task": "social_i_qa", "method": "m", "n_weak": 20, "n_gold": 2, "seed": 3}])
    latex = methods_latex(methods_table(priced(points, 0.1), [10]), lacking, TITLES)
    assert r"in \%, between" in latex
    assert r"social\_i\_qa lacks seed 3 of 20 weak + 2 gold labels" in latex
