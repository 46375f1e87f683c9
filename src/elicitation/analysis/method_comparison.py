"""The methods compared: the best score within each budget."""

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from elicitation.analysis.captions import missing_sentence, price_words, seed_range, seeds_and_tasks, varying
from elicitation.analysis.choices import Terms, find_options
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.names import ASKING, COMMONER
from elicitation.analysis.posterior import Block
from elicitation.analysis.regimes import each_terms, names_of


def methods_table(
    blocks: Iterable[Block], prices: dict[str, list[float]], budgets: list[float], pool_sizes: dict[str, int]
) -> pd.DataFrame:
    """The best purchase of every method within each budget at each price of the supervisor's labels: one row each.

    `weak_share` is the share of the labels that are weak, `weak_cost_share` what they take of the cost. Beside each
    stands what costs nothing: always giving the commoner label, and asking without labels where that was measured.
    pool_sizes: by task. The rows are in the order of tasks, students, supervisors, prices and methods.
    """
    names = ["task", "student", "supervisor", "weak_price", "method", "budget"]
    rows = [
        names_of(block) | {"weak_price": price, "budget": budget} | row
        for block, price, budget, terms in each_terms(blocks, prices, budgets, pool_sizes)
        for row in best_rows(block, terms)
    ]
    table = pd.DataFrame(rows)
    table = table[[*names, *table.columns.drop(names)]]
    order = ["task", "student", "supervisor", "weak_price"]
    places = pd.DataFrame({name: pd.factorize(table[name])[0] for name in order})
    return table.loc[places.sort_values(order, kind="stable").index].reset_index(drop=True)


def best_rows(block: Block, terms: Terms) -> Iterator[dict]:
    """The columns of the best purchase within the terms, if there is any."""
    options = find_options(block, terms)
    if not len(options.n_weak):
        return
    best = options.best()
    n_weak, n_gold, cost = (int(options.n_weak[best]), int(options.n_gold[best]), float(options.cost[best]))
    row = options.scores.on([best]).row("score")
    row |= {"n_weak": n_weak, "n_gold": n_gold, "cost": cost, "weak_share": n_weak / (n_weak + n_gold)}
    row |= {"weak_cost_share": 1 - n_gold / cost if cost else 0.0, "n_seeds": options.surfaces[0].fewest_seeds}
    row |= {"n_tasks": block.n_tasks}
    for free in block.free:
        if free.kind in (ASKING, COMMONER):
            row |= free.scores.row(free.kind.replace(" ", "_"))
    yield row


def escape_latex(text: str) -> str:
    """The text with a backslash before every character that means something to LaTeX."""
    return re.sub(r"([&%$#_{}])", r"\\\1", text)


def latex_cell(best) -> str:
    """The score in percent with the ends of its interval, and the share of the labels that are weak."""
    score, low, high = (f"{100 * value:.0f}" for value in (best.score, best.score_low, best.score_high))
    return f"${score}_{{{low}}}^{{{high}}}$ ({best.weak_share:.2f})"


def nothing_sentence(table: pd.DataFrame) -> str:
    """What doing nothing achieves, in percent; the range where there are several tasks or students."""

    def across(values: pd.Series) -> str:
        return " to ".join(dict.fromkeys(f"{100 * value:.0f}" for value in (values.min(), values.max())))

    asking = f", asking without labels {across(table.asking.dropna())}" if "asking" in table else ""
    return f"Doing nothing: always the commoner label {across(table.commoner_label)}{asking}."


def methods_latex(
    table: pd.DataFrame, missing: pd.DataFrame, titles: dict[str, str], measure: str, left_out: str = ""
) -> str:
    """What `methods_table` returns, for LaTeX (packages booktabs, longtable): a row a method, a column a budget.

    missing, titles: as in elicitation.analysis.captions.missing_sentence; measure: one of MEASURES; left_out: the
    captions' unaveraged_sentence.
    """
    names = [*varying(table, ["task", "student", "supervisor"]), "weak_price", "method"]
    rows = {}
    for key, best in table.groupby(names, sort=False):
        *models, price, method = key
        rows[(*models, price_words(price), titles[method])] = {row.budget: latex_cell(row) for row in best.itertuples()}
    index = pd.MultiIndex.from_tuples(rows, names=[*names[:-2], "price", "method"])
    wide = pd.DataFrame(list(rows.values()), index=index, columns=sorted(table.budget.unique()))
    caption = (
        f"Best expected {MEASURES[measure]} within a budget (columns, in gold labels) and price of a weak label, in %, "
        "between the ends of its 95 % interval; in brackets the share of the labels that are weak. Scores are those of "
        f"the posterior. Runs: {seeds_and_tasks(seed_range(table), table)}. {nothing_sentence(table)} "
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
