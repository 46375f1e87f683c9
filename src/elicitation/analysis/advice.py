"""What is recommended as the budget grows: rows of decisions, for figures and their captions."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from elicitation.analysis.choices import Decision, decide, terms_for
from elicitation.analysis.names import LABELS, STRATEGIES
from elicitation.analysis.posterior import Block
from elicitation.analysis.run_scores import PLACE, scores_of
from elicitation.buying.prices import cost

# A picture of what to buy has at most so many prices: the highest, the lowest, and one between.
MOST_PRICES = 3
# A row of budgets goes beyond the most expensive purchase by this factor.
BEYOND = 1.4


def of_group(blocks: Iterable[Block], supervisor: str, student: str, method: str) -> list[Block]:
    """The blocks of a student with the surface of one supervisor and method, where they have it."""
    own = [block.only(supervisor, method) for block in blocks if block.student == student]
    return [block for block in own if block.surfaces]


def prices_shown(prices: dict[str, list[float]]) -> list[dict[str, float]]:
    """At most MOST_PRICES prices that a study looks at: of a weak label, by supervisor, the highest first.

    prices: those that the study looks at, by supervisor; labels that have one price keep it.
    """
    several = sorted({price for listed in prices.values() if len(listed) > 1 for price in listed}, reverse=True)
    kept = np.linspace(0, len(several) - 1, MOST_PRICES).round().astype(int)
    asked = list(dict.fromkeys(several[i] for i in kept)) if several else [0.0]
    return [{name: own[0] if len(own) == 1 else price for name, own in prices.items()} for price in asked]


def budget_row(block: Block, prices: Iterable[dict[str, float]], n: int, own_budget: float | None = None) -> np.ndarray:
    """(n,) budgets, evenly on a logarithmic scale: from the cheapest purchase that was run to beyond the dearest, and
    beyond what the reader has to spend.

    prices: of a weak label, by supervisor; the row serves all of them. own_budget: in gold labels, where it is known.
    """
    costs = [
        cost(surface.weak[i], surface.gold[j], listed[surface.supervisor])
        for surface in block.surfaces
        for listed in prices
        for i, j in surface.runs
    ]
    positive = [paid for paid in costs if paid > 0]
    return np.geomspace(min(positive), max([*positive, own_budget or 0]) * BEYOND, n)


def advise(
    block: Block, budgets: Iterable[float], prices: dict[str, float], pool: int | None, verdict: float
) -> pd.DataFrame:
    """What `decide` says of each budget, a row each. prices: of a weak label, by supervisor; in gold labels.

    leading: the strategy that is recommended, or NOTHING_BOUGHT; regime: the same as a regime, or UNDETERMINED; score:
    of what is recommended, with its interval; free and free_score: what costs nothing and its score; a column a
    strategy with the score of its best purchase, and its interval. Of the best purchase, whether or not it is
    recommended: supervisor, method, n_weak, n_gold, weak_cost and gold_cost. Missing where nothing can be bought.
    """
    rows = [
        {"budget": budget} | describe(decide(block, terms_for(budget, prices, pool=pool), verdict), prices)
        for budget in budgets
    ]
    # Where no budget affords a strategy, no row has its score.
    unknown = dict.fromkeys((f"{name}{end}" for name in STRATEGIES for end in ("", "_low", "_high")), np.nan)
    return pd.DataFrame([unknown | row for row in rows])


def advise_students(
    blocks: Iterable[Block],
    shown: dict[str, list[str]],
    budgets: Iterable[float],
    weak_price: float,
    pool_sizes: dict[str, int],
    verdict: float,
) -> pd.DataFrame:
    """`advise` for every student of one supervisor and method on the tasks shown, with task, student and `weak_score`.

    shown: the one supervisor, the one method, and the tasks; pool_sizes: by task.
    """
    [supervisor], [method] = shown["supervisor"], shown["method"]
    own = [block.only(supervisor, method) for block in blocks if block.task in shown["task"]]
    own = [block for block in own if block.surfaces]
    rows = [
        advise(block, budgets, {supervisor: weak_price}, pool_sizes.get(block.task), verdict).assign(
            task=block.task, student=block.student
        )
        for block in own
    ]
    labels = scores_of(LABELS, own, "weak_score").query("supervisor == @supervisor")
    return pd.concat(rows).merge(labels.drop(columns="supervisor"), on=PLACE)


def describe(decision: Decision, prices: dict[str, float]) -> dict:
    """The columns of one decision."""
    options, free, best = decision.options, decision.free, decision.best
    row = {"leading": decision.leading, "regime": decision.regime, "free": free.kind}
    row |= {"free_score": free.scores.mean[0]} | free.scores.row("score")
    for name, position in decision.by_strategy.items():
        row |= options.scores.on([position]).row(name)
    if best is None:
        return row
    if decision.buys:
        row |= options.scores.on([best]).row("score")
    surface, n_weak, n_gold = options.surface_of(best), options.n_weak[best], options.n_gold[best]
    row |= {"supervisor": surface.supervisor, "method": surface.method, "n_weak": n_weak, "n_gold": n_gold}
    return row | {"weak_cost": cost(n_weak, 0, prices[surface.supervisor]), "gold_cost": float(n_gold)}
