"""Costs and the cost-accuracy frontier."""

import numpy as np
import pandas as pd

MIN_GAIN = 0.002
"""Accuracy by which a point must beat the best cheaper one."""
SAME_COST = 0.05
"""Points within this share of a point's cost compete with it."""


def cost(n_weak, n_gold, weak_price: float):
    """Total cost in units of one gold label; works on numbers and arrays."""
    return n_gold + weak_price * n_weak


def on_frontier(costs: np.ndarray, accuracies: np.ndarray) -> np.ndarray:
    """Mask (n,) of the points on the frontier.

    Going from the cheapest to the dearest, a point enters when its accuracy beats the best so far by more than
    MIN_GAIN and is the highest of all points within SAME_COST of its cost. Source: the frontier rule of
    Mallen & Belrose (2024), arXiv 2410.13215. Of equal points the first given enters.
    """
    mask = np.zeros(len(costs), dtype=bool)
    best = -np.inf
    for i in np.lexsort((-accuracies, costs)):
        near = np.abs(costs - costs[i]) <= SAME_COST * costs[i]
        if accuracies[i] > best + MIN_GAIN and accuracies[i] >= accuracies[near].max():
            mask[i] = True
            best = accuracies[i]
    return mask


def priced(points: pd.DataFrame, weak_price: float) -> pd.DataFrame:
    """The points at one weak price, with `weak_price`, `cost` and `weak_share`, the share of the cost."""
    table = points.assign(weak_price=weak_price, cost=cost(points.n_weak, points.n_gold, weak_price))
    return table.assign(weak_share=weak_price * table.n_weak / table.cost)


def frontiers(points: pd.DataFrame, weak_prices: list[float]) -> pd.DataFrame:
    """All points at every weak price, as `priced` returns them, with `on_frontier`.

    points: one row a configuration, with task, supervisor, student, n_weak, n_gold and accuracy. Frontiers
    are drawn per (task, supervisor, student) over all methods.
    """
    tables = []
    for weak_price in weak_prices:
        table = priced(points, weak_price)
        groups = table.groupby(["task", "supervisor", "student"], sort=False)
        for _, group in groups:
            mask = on_frontier(group.cost.to_numpy(), group.accuracy_selection.to_numpy())
            table.loc[group.index, "on_frontier"] = mask
        tables.append(table.astype({"on_frontier": bool}))
    return pd.concat(tables, ignore_index=True)
