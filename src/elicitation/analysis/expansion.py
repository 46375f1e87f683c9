"""The economics of labels: what to buy as the budget grows, and how many weak labels replace a gold one.

docs/explanation/economics.md has the terms.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from elicitation.analysis.choices import find_options
from elicitation.analysis.posterior import DRAWS, Block, Surface
from elicitation.analysis.regimes import each_group, each_terms, names_of

# The ends of the interval that holds 95 % of the draws.
ENDS = (0.025, 0.975)


def expansion_table(
    blocks: Iterable[Block], budgets: list[float], prices: dict[str, list[float]], pool_sizes: dict[str, int]
) -> pd.DataFrame:
    """The best purchase of every task, supervisor, student and method at every price and budget that affords any.

    pool_sizes: by task.
    """
    rows = []
    for block, price, budget, terms in each_terms(blocks, prices, budgets, pool_sizes):
        options = find_options(block, terms)
        if not len(options.n_weak):
            continue
        best = options.best()
        bought = {"n_weak": options.n_weak[best], "n_gold": options.n_gold[best], "cost": options.cost[best]}
        asked = {"weak_price": price, "budget": budget}
        rows.append(names_of(block) | asked | bought | options.scores.on([best]).row("score"))
    return pd.DataFrame(rows)


def substitution_table(blocks: Iterable[Block]) -> pd.DataFrame:
    """How many weak labels replace a gold one at every mixture that was run: `rate` with its 95 % interval.

    Missing where more labels of one kind lower the score in most draws, so that neither replaces the other.
    """
    tables = []
    for block in each_group(blocks):
        [surface] = block.surfaces
        runs = [(i, j) for i, j in surface.runs if surface.weak[i] and surface.gold[j]]
        rows = [{"n_weak": surface.weak[i], "n_gold": surface.gold[j]} | marginal_rate(surface, i, j) for i, j in runs]
        tables.append(pd.DataFrame(rows).assign(**names_of(block)))
    return pd.concat(tables, ignore_index=True)


def marginal_rate(surface: Surface, i: int, j: int) -> dict[str, float]:
    """The marginal rate of substitution at a crossing: the slope along gold labels over that along weak ones.

    Slopes are those between the neighbouring crossings; the rate is the median of the draws whose slopes both rise.
    """
    rises = []
    for lines, pick in ((surface.gold, lambda k: (i, k)), (surface.weak, lambda k: (k, j))):
        at = j if lines is surface.gold else i
        known = [k for k in (at - 1, at + 1) if 0 <= k < len(lines) and surface.studied[pick(k)]]
        low, high = min([*known, at]), max([*known, at])
        if low == high:
            return {"rate": np.nan, "rate_low": np.nan, "rate_high": np.nan}
        ends = surface.scores(np.array([pick(low), pick(high)]))
        rises.append(np.diff(ends.draws, axis=0)[0] / (lines[high] - lines[low]))
    gold, weak = rises
    both = (gold > 0) & (weak > 0)
    if both.sum() <= DRAWS / 2:
        return {"rate": np.nan, "rate_low": np.nan, "rate_high": np.nan}
    rates = gold[both] / weak[both]
    low, high = np.quantile(rates, ENDS)
    return {"rate": float(np.median(rates)), "rate_low": float(low), "rate_high": float(high)}
