import pandas as pd
import pytest
from handmade import joined, posterior_of

from elicitation.analysis.method_comparison import methods_latex, methods_table

TITLES = {"m": "Method M", "few_shot": "50 % few-shot"}
NOTHING = pd.DataFrame(columns=["task", "supervisor", "student", "method", "n_weak", "n_gold", "seed"])
# n_weak, n_gold, score. The first three cost 10 at 0.1.
PURCHASES = [(100, 0, 0.70), (50, 5, 0.80), (0, 10, 0.75), (0, 40, 0.90)]
PRICES = {"v": [0.1]}


def made(purchases=PURCHASES, **more):
    return posterior_of(purchases, **{"commoner": 0.55, "n_tasks": 3, "task": "average"} | more)


def table_of(posterior, budgets=(10, 40), prices=PRICES):
    return methods_table(posterior.blocks, prices, budgets, {})


def latex_of(table, missing=NOTHING, measure="accuracy"):
    return methods_latex(table, missing, TITLES, measure)


def test_the_best_purchase_is_affordable():
    best = table_of(made(), [5, 10, 39, 40])
    assert best[["budget", "n_weak", "n_gold"]].to_numpy().tolist() == [[10, 50, 5], [39, 0, 39], [40, 0, 40]]
    assert best.score.tolist() == pytest.approx([0.8, 0.897, 0.9], abs=1e-3)


def test_the_methods_table_has_interval_shares_and_runs():
    table = table_of(made(error=0.01), [10])
    expected = {"score": 0.8, "score_low": 0.7804, "score_high": 0.8196, "n_weak": 50, "n_gold": 5, "cost": 10}
    expected |= {"weak_share": 50 / 55, "weak_cost_share": 0.5, "n_seeds": 4, "n_tasks": 3, "budget": 10}
    assert table.iloc[0][list(expected)].to_dict() == pytest.approx(expected)
    assert table.iloc[0][["task", "student", "supervisor", "method"]].tolist() == ["average", "s", "v", "m"]


def test_the_methods_table_has_the_prices_of_each_supervisor():
    table = table_of(joined(made(), made(supervisor="w")), [40], {"v": [0.5, 0.1], "w": [0.2]})
    assert table[["supervisor", "weak_price"]].to_numpy().tolist() == [["v", 0.5], ["v", 0.1], ["w", 0.2]]


def test_the_methods_table_keeps_the_order_of_the_points_and_sorts_by_budget():
    late = [(0, 40, 0.9)]
    table = table_of(joined(made(late, method="a", student="z"), made(), made(late, method="a")))
    found = table[["student", "method", "budget"]].to_numpy().tolist()
    assert found == [["z", "a", 40], ["s", "m", 10], ["s", "m", 40], ["s", "a", 40]]


def test_the_latex_table_has_a_row_a_price_and_method_and_a_column_a_budget():
    both = joined(made(error=0.02), made([(0, 10, 0.75)], error=0.02, method="few_shot"))
    latex = latex_of(table_of(both, prices={"v": [0.5, 0.1]}))
    rows = [line.rstrip(" \\").split(" & ") for line in latex.splitlines() if "$" in line]
    assert rows == [
        ["0.5", "Method M", "$75_{71}^{79}$ (0.00)", "$90_{86}^{94}$ (0.00)"],
        ["", r"50 \% few-shot", "$75_{71}^{79}$ (0.00)", "$75_{71}^{79}$ (0.00)"],
        ["0.1", "Method M", "$80_{76}^{84}$ (0.91)", "$90_{86}^{94}$ (0.00)"],
        ["", r"50 \% few-shot", "$75_{71}^{79}$ (0.00)", "$75_{71}^{79}$ (0.00)"],
    ]
    assert r"\toprule" in latex and "Runs: 4 seeds on each of 3 tasks." in latex and "expected accuracy" in latex
    assert "expected AUROC" in latex_of(table_of(both), measure="auroc")


def test_where_nothing_is_averaged_no_task_stands_for_another():
    worse = [(*purchase, 0.6) for *purchase, _ in PURCHASES]
    table = table_of(joined(made(task="easy", n_tasks=1), made(worse, task="hard", n_tasks=1)), [10])
    assert table.task.tolist() == ["easy", "hard"] and table.score.tolist() == pytest.approx([0.8, 0.6])
    latex = latex_of(table)
    assert "easy & 0.1 & Method M & $80" in latex and "hard & 0.1 & Method M & $60" in latex


def test_a_budget_that_a_method_cannot_use_is_a_dash():
    table = table_of(joined(made(), made([(0, 40, 0.9)], method="few_shot")))
    assert r"few-shot & -- & $90" in latex_of(table)


def test_the_caption_is_escaped_and_names_what_is_missing():
    lacking = pd.DataFrame([{"task": "social_i_qa", "method": "m", "n_weak": 20, "n_gold": 2, "seed": 3}])
    latex = latex_of(table_of(made(), [10]), lacking)
    assert r"in \%, between" in latex
    assert r"social\_i\_qa lacks seed 3 of 20 weak + 2 gold labels" in latex


def test_doing_nothing_stands_beside_every_best_purchase():
    table = table_of(made(asking=0.78, error=0.01), [10])
    assert table.asking.tolist() == pytest.approx([0.78]) and table.asking_low.tolist() == pytest.approx([0.7604])
    assert table.commoner_label.tolist() == pytest.approx([0.55])
    assert r"Doing nothing: always the commoner label 55, asking without labels 78." in latex_of(table)
    assert "asking" not in latex_of(table_of(made())).partition("label{tab")[0]
