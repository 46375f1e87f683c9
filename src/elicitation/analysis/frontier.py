"""Costs and the frontier of cost and score."""

import numpy as np
import pandas as pd

from elicitation.analysis.choices import MIN_GAIN
from elicitation.analysis.names import LABELS, PURCHASE
from elicitation.analysis.posterior import Block, Posterior, joined
from elicitation.buying.prices import cost

# Points whose costs differ by at most this share of a point's cost compete with it.
SAME_COST = 0.05


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


def run_points(block: Block) -> tuple[pd.DataFrame, list]:
    """Every purchase that was run and what costs nothing, a row each, and their scores.

    The rows: kind, supervisor, method, n_weak, n_gold, n_seeds, measured.
    """
    tables, scores = [], []
    for surface in block.surfaces:
        i, j = surface.runs.T
        found = {"n_weak": surface.weak[i], "n_gold": surface.gold[j], "n_seeds": surface.n_seeds[i, j]}
        found |= {"kind": PURCHASE, "supervisor": surface.supervisor, "method": surface.method}
        tables.append(pd.DataFrame(found | {"measured": surface.measured[i, j]}))
        scores.append(surface.at(surface.weak[i], surface.gold[j]))
    nothing = [free for free in block.free if free.kind != LABELS]
    free = {"kind": [free.kind for free in nothing], "supervisor": "", "method": ""}
    free |= {"n_weak": 0, "n_gold": 0, "n_seeds": 1, "measured": [free.measured for free in nothing]}
    return pd.concat([*tables, pd.DataFrame(free)], ignore_index=True), [*scores, *(free.scores for free in nothing)]


def frontier_at(block: Block, weak_price: float) -> pd.DataFrame:
    """The points of `run_points` at a price, with cost, score and interval, and whether they are on the frontier.

    `probability` is the share of the draws from the posterior whose frontier has the point.
    """
    points, scores = run_points(block)
    scores = joined(scores)
    costs = cost(points.n_weak, points.n_gold, weak_price).to_numpy()
    # Without any label nothing is spent on weak ones.
    share = np.divide(weak_price * points.n_weak, costs, out=np.zeros(len(costs)), where=costs > 0)
    table = points.assign(weak_price=weak_price, cost=costs, weak_share=share, **scores.columns("score"))
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
