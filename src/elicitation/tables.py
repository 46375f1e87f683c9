"""The methods compared: best accuracy within each budget."""

import re

import pandas as pd

from elicitation.captions import missing_sentence, seed_range, seeds_and_tasks, varying

COLUMNS = ["student", "supervisor", "weak_price", "budget", "method", "task"]


def best_purchases(points: pd.DataFrame, budgets: list[float], by: list[str]) -> pd.DataFrame:
    """For each group and each budget that affords any, the purchase with the highest accuracy on the selection half.

    points: as elicitation.frontier.priced returns them; `by`: columns that make a group. Adds `budget`. Of
    equal purchases the first given is taken.
    """
    best = []
    for budget in budgets:
        affordable = points[points.cost <= budget + 1e-9]
        chosen = affordable.groupby(by, sort=False, observed=True).accuracy_selection.idxmax()
        best.append(affordable.loc[chosen].assign(budget=budget))
    return pd.concat(best, ignore_index=True)


def methods_table(points: pd.DataFrame, budgets: list[float]) -> pd.DataFrame:
    """The best purchase of every method within each budget at each price: one row each.

    points: priced points of one task or of the average, at all prices; their order of students, supervisors, prices and
    methods is kept. Accuracies are those on the reporting half.
    `weak_share` is the share of the labels that are weak, `weak_cost_share` what they take of the cost.
    """
    by = ["student", "supervisor", "weak_price", "method"]
    in_order = points.assign(**{name: pd.Categorical(points[name], points[name].unique()) for name in by})
    best = best_purchases(in_order, budgets, by).sort_values([*by, "budget"], ignore_index=True)
    ends = ("", "_low", "_high")
    accuracies = {f"accuracy{end}": best[f"accuracy_report{end}"] for end in ends}
    shares = {"weak_share": best.n_weak / (best.n_weak + best.n_gold), "weak_cost_share": best.weak_share}
    table = best.assign(**accuracies, **shares)
    return table[[*COLUMNS, *accuracies, "n_weak", "n_gold", "cost", *shares, "n_seeds", "n_tasks"]]


def escape_latex(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)


def latex_cell(best) -> str:
    """Accuracy in percent with the ends of its interval, and the share of the labels that are weak."""
    accuracy, low, high = (f"{100 * value:.0f}" for value in (best.accuracy, best.accuracy_low, best.accuracy_high))
    return f"${accuracy}_{{{low}}}^{{{high}}}$ ({best.weak_share:.2f})"


def methods_latex(table: pd.DataFrame, missing: pd.DataFrame, titles: dict[str, str]) -> str:
    """What `methods_table` returns, for LaTeX (packages booktabs, longtable): a row a method, a column a budget.

    missing, titles: as in elicitation.captions.missing_sentence.
    """
    names = [*varying(table, ["student", "supervisor"]), "weak_price", "method"]
    rows = {}
    for key, best in table.groupby(names, sort=False):
        *models, price, method = key
        rows[(*models, f"{price:g}", titles[method])] = {row.budget: latex_cell(row) for row in best.itertuples()}
    index = pd.MultiIndex.from_tuples(rows, names=[*names[:-2], "price", "method"])
    wide = pd.DataFrame(list(rows.values()), index=index, columns=sorted(table.budget.unique()))
    caption = (
        "Best accuracy within a budget (columns, in gold labels) and price of a weak label, in %, between the ends of "
        "its 95 % interval; in brackets the share of the labels that are weak. Purchases were chosen on one half of "
        "the test examples, accuracies are those on the other. "
        f"Means over {seeds_and_tasks(seed_range(table), table)}. {missing_sentence(missing, titles)}"
    )
    return (
        wide.style.format(na_rep="--")
        .format_index(escape="latex", axis="index")
        .to_latex(
            environment="longtable",
            hrules=True,
            multirow_align="naive",
            column_format="l" * len(names) + "c" * wide.shape[1],
            label="tab:methods",
            caption=escape_latex(caption.strip()),
        )
    )
