"""What is recommended as the budget grows: rows of decisions, for figures and their captions."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from elicitation.analysis.choices import Decision, decide, terms_for
from elicitation.analysis.names import STRATEGIES
from elicitation.analysis.posterior import Block
from elicitation.buying.prices import cost


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


def describe(decision: Decision, prices: dict[str, float]) -> dict:
    """The columns of one decision."""
    options, free, best = decision.options, decision.free, decision.best
    row = {"leading": decision.leading, "regime": decision.regime, "free": free.kind}
    row |= {"free_score": free.scores.mean[0], **first(free.scores.columns("score"))}
    for name, position in decision.by_strategy.items():
        row |= first(options.scores.on([position]).columns(name))
    if best is None:
        return row
    if decision.buys:
        row |= first(options.scores.on([best]).columns("score"))
    surface, n_weak, n_gold = options.surfaces[options.surface[best]], options.n_weak[best], options.n_gold[best]
    row |= {"supervisor": surface.supervisor, "method": surface.method, "n_weak": n_weak, "n_gold": n_gold}
    return row | {"weak_cost": cost(n_weak, 0, prices[surface.supervisor]), "gold_cost": float(n_gold)}


def first(table: pd.DataFrame) -> dict:
    """The first row."""
    return table.iloc[0].to_dict()
