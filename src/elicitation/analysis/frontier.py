"""Costs and the frontier of cost and score."""

import numpy as np
import pandas as pd

from elicitation.analysis.choices import MIN_GAIN
from elicitation.analysis.names import PURCHASE
from elicitation.analysis.posterior import Block, Posterior, joined
from elicitation.analysis.run_scores import priced, run_purchases

# Points whose costs differ by at most this share of a point's cost compete with it.
SAME_COST = 0.05
# What is told of a point beside its price and score.
POINT = ["n_weak", "n_gold", "n_seeds", "kind", "supervisor", "method", "measured"]


def on_frontier(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Mask like `scores` of the points on the frontier.

    costs: (n,); scores: (n,), or (n, draws) for a frontier of each draw. Going from the cheapest to the most expensive,
    a point enters when its score beats the best so far by more than MIN_GAIN and is the highest of all points within
    SAME_COST of its cost. Source: the frontier rule of Mallen & Belrose (2024), arXiv 2410.13215. Of equal points the
    first given enters.
    """
    mask = np.zeros(scores.shape, dtype=bool)
    best = np.full(scores.shape[1:], -np.inf)
    for i in np.argsort(costs, kind="stable"):
        near = np.abs(costs - costs[i]) <= SAME_COST * costs[i]
        mask[i] = (scores[i] > best + MIN_GAIN) & (scores[i] >= scores[near].max(axis=0))
        best = np.where(mask[i], scores[i], best)
    return mask


def run_points(block: Block, weak_price: float) -> tuple[pd.DataFrame, list]:
    """Every purchase that was run and what costs nothing, a row each with the columns POINT, and their scores."""
    tables, scores = [], []
    for surface, (bought, found) in zip(block.surfaces, run_purchases(block), strict=True):
        at = tuple(surface.runs.T)
        counts = {"n_seeds": surface.n_seeds[at], "kind": PURCHASE, "measured": surface.measured[at]}
        tables.append(pd.DataFrame(bought | counts))
        scores.append(found)
    nothing = block.free_at({surface.supervisor: weak_price for surface in block.surfaces})
    free = {"kind": [free.kind for free in nothing], "supervisor": [free.supervisor for free in nothing], "method": ""}
    free |= {"n_weak": 0, "n_gold": 0, "n_seeds": 1, "measured": [free.measured for free in nothing]}
    points = pd.concat([*tables, pd.DataFrame(free)], ignore_index=True)[POINT]
    return points, [*scores, *(free.scores for free in nothing)]


def frontier_at(block: Block, weak_price: float) -> pd.DataFrame:
    """The points of `run_points` at a price, with cost, score and interval, and whether they are on the frontier.

    `probability` is the share of the draws from the posterior whose frontier has the point.
    """
    points, scores = run_points(block, weak_price)
    scores = joined(scores)
    table = priced(points.assign(weak_price=weak_price), weak_price).assign(**scores.columns("score"))
    costs = table.cost.to_numpy()
    return table.assign(
        probability=on_frontier(costs, scores.draws).mean(axis=1), on_frontier=on_frontier(costs, scores.mean)
    )


def frontiers(posterior: Posterior, prices: dict[str, list[float]]) -> pd.DataFrame:
    """The frontier of each task, student and supervisor at every price of its labels, over all methods."""
    tables = []
    for block in posterior.blocks:
        for supervisor in dict.fromkeys(surface.supervisor for surface in block.surfaces):
            for weak_price in prices[supervisor]:
                table = frontier_at(block.only(supervisor), weak_price)
                names = {"task": block.task, "student": block.student, "supervisor": supervisor}
                tables.append(table.assign(**names, n_tasks=block.n_tasks, n_test=block.n_test))
    return pd.concat(tables, ignore_index=True)
