"""The methods compared: best accuracy within each budget."""

import re

import numpy as np
import pandas as pd

from elicitation.analysis.captions import (
    asking_sentence,
    missing_sentence,
    price_words,
    seed_range,
    seeds_and_tasks,
    varying,
)
from elicitation.analysis.evidence import Evidence, asked_accuracies, with_interval
from elicitation.analysis.frontier import priced
from elicitation.buying.prices import affords

# The columns that say what a row of the table is about.
ROW_NAMES = ["student", "supervisor", "weak_price", "budget", "method", "task"]
# The purchases that share these columns compete for being the best one.
COMPETING = ["task", "student", "supervisor", "weak_price", "method"]


def best_purchases(evidence: Evidence, budgets: list[float], by: list[str]) -> pd.DataFrame:
    """What choosing the best purchase within each budget achieves, for each group that can afford any.

    evidence: with the columns of analysis.frontier.priced; by: columns that make a group. Every half of the evidence
    chooses, and the other reports; `accuracy` is the mean of what they report, with its interval. The purchase shown is
    the one that most halves choose, `probability` says how many.
    """
    best = []
    points = evidence.points
    for budget in budgets:
        within = affords(budget, points.n_weak, points.n_gold, points.weak_price)
        for _, group in evidence.on(points[within]).by(by):
            chosen = group.best_by_half()
            votes = np.bincount(chosen)
            scores = with_interval("accuracy", group.reported(chosen).clip(0, 1))
            purchase = group.points.iloc[votes.argmax()].to_dict()
            best.append(purchase | scores | {"probability": votes.max() / len(chosen), "budget": budget})
    return pd.DataFrame(best)


def methods_table(evidence: Evidence, prices: dict[str, list[float]], budgets: list[float]) -> pd.DataFrame:
    """The best purchase of every method within each budget at each price of the supervisor's labels: one row each.

    evidence: of the average or of each task; the order of tasks, students, supervisors and methods is kept.
    `weak_share` is the share of the labels that are weak, `weak_cost_share` what they take of the cost; both are 0
    where nothing is bought. Beside each stands what doing nothing achieves: always giving the commoner label, and
    asking without labels where that was measured.
    """
    points = evidence.points
    tables = [
        priced(group, price) for supervisor, group in points.groupby("supervisor") for price in prices[supervisor]
    ]
    best = best_purchases(evidence.on(pd.concat(tables)), budgets, COMPETING)
    order = {name: points[name].unique() for name in COMPETING if name != "weak_price"}
    order["weak_price"] = list(dict.fromkeys(price for listed in prices.values() for price in listed))
    in_order = best.assign(**{name: pd.Categorical(best[name], order[name]) for name in COMPETING})
    best = best.loc[in_order.sort_values([*COMPETING, "budget"]).index].reset_index(drop=True)
    labels = best.n_weak + best.n_gold
    best = best.assign(weak_cost_share=best.weak_share, weak_share=best.n_weak / labels.clip(lower=1))
    best = best.merge(asked_accuracies(evidence), on=["task", "student"], how="left")
    scores = ["accuracy", "accuracy_low", "accuracy_high"]
    bought = ["n_weak", "n_gold", "cost", "weak_share", "weak_cost_share", "probability", "n_seeds", "n_tasks"]
    nothing = ["commoner_accuracy", *(f"asked_{score}" for score in scores)]
    return best[[*ROW_NAMES, *scores, *bought, *nothing]]


def escape_latex(text: str) -> str:
    """The text with a backslash before every character that means something to LaTeX."""
    return re.sub(r"([&%$#_{}])", r"\\\1", text)


def latex_cell(best) -> str:
    """Accuracy in percent with the ends of its interval, and the share of the labels that are weak."""
    accuracy, low, high = (f"{100 * value:.0f}" for value in (best.accuracy, best.accuracy_low, best.accuracy_high))
    share = f"{best.weak_share:.2f}" if best.n_weak + best.n_gold else "no labels"
    return f"${accuracy}_{{{low}}}^{{{high}}}$ ({share})"


def nothing_sentence(table: pd.DataFrame) -> str:
    """What doing nothing achieves, in percent; the range where there are several tasks or students."""

    def across(values: pd.Series) -> str:
        return " to ".join(dict.fromkeys(f"{100 * value:.0f}" for value in (values.min(), values.max())))

    asked = table.asked_accuracy.dropna()
    asking = f", asking without labels {across(asked)}" if len(asked) else ""
    return f"Doing nothing: always the commoner label {across(table.commoner_accuracy)}{asking}."


def methods_latex(table: pd.DataFrame, missing: pd.DataFrame, titles: dict[str, str], left_out: str = "") -> str:
    """What `methods_table` returns, for LaTeX (packages booktabs, longtable): a row a method, a column a budget.

    missing, titles: as in elicitation.analysis.captions.missing_sentence; left_out: its unaveraged_sentence.
    """
    names = [*varying(table, ["task", "student", "supervisor"]), "weak_price", "method"]
    rows = {}
    for key, best in table.groupby(names, sort=False):
        *models, price, method = key
        rows[(*models, price_words(price), titles[method])] = {row.budget: latex_cell(row) for row in best.itertuples()}
    index = pd.MultiIndex.from_tuples(rows, names=[*names[:-2], "price", "method"])
    wide = pd.DataFrame(list(rows.values()), index=index, columns=sorted(table.budget.unique()))
    caption = (
        "Best accuracy within a budget (columns, in gold labels) and price of a weak label, in %, between the ends of "
        "its 95 % interval; in brackets the share of the labels that are weak. Purchases were chosen on random halves "
        "of the evidence, accuracies are those on the other halves. "
        f"Means over {seeds_and_tasks(seed_range(table), table)}. {nothing_sentence(table)} {asking_sentence(table)} "
        f"{missing_sentence(missing, titles)} {left_out}"
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
