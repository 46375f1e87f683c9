"""Costs and the cost-accuracy frontier."""

import numpy as np
import pandas as pd

from elicitation.analysis.evidence import Evidence
from elicitation.buying.prices import cost

# A point on the frontier is at least this much more accurate than the best cheaper one.
MIN_GAIN = 0.002
# From this probability on, a point is shown on the frontier.
SHOWN_FROM = 0.5
# Points whose costs differ by at most this share of a point's cost compete with it.
SAME_COST = 0.05


def on_frontier(costs: np.ndarray, accuracies: np.ndarray) -> np.ndarray:
    """Mask like `accuracies` of the points on the frontier.

    costs: (n,); accuracies: (n,), or (n, replicates) for a frontier of each replicate. Going from the cheapest to the
    most expensive, a point enters when its accuracy beats the best so far by more than MIN_GAIN and is the highest of
    all points within SAME_COST of its cost. Source: the frontier rule of Mallen & Belrose (2024), arXiv 2410.13215. Of
    equal points the first given enters.
    """
    mask = np.zeros(accuracies.shape, dtype=bool)
    best = np.full(accuracies.shape[1:], -np.inf)
    for i in np.argsort(costs, kind="stable"):
        near = np.abs(costs - costs[i]) <= SAME_COST * costs[i]
        mask[i] = (accuracies[i] > best + MIN_GAIN) & (accuracies[i] >= accuracies[near].max(axis=0))
        best = np.where(mask[i], accuracies[i], best)
    return mask


def priced(points: pd.DataFrame, weak_price: float) -> pd.DataFrame:
    """The points at one weak price, with `weak_price`, `cost` and `weak_share`, the share of the cost."""
    table = points.assign(weak_price=weak_price, cost=cost(points.n_weak, points.n_gold, weak_price))
    # Without any label nothing is spent on weak ones.
    return table.assign(weak_share=(weak_price * table.n_weak / table.cost).where(table.cost > 0, 0.0))


def score_points(evidence: Evidence, costs: np.ndarray) -> pd.DataFrame:
    """accuracy, accuracy_low, accuracy_high, probability and on_frontier of points that compete for one frontier.

    costs: (n,) of the evidence's n points. `probability` is the share of the choosing halves whose frontier
    has the point; from one half on, it is shown there. Its accuracy is the mean over the reporting halves of those
    replicates that put it where it is shown, so that luck which put it there is not counted again. They are a share s
    of all, which makes the mean less certain than that of all: by a factor of up to sqrt(2) where few do (s near 0),
    none where all do. In between, sqrt(2 - s) covers as it should (tests/unit/test_coverage.py).
    """
    accuracy, deviations = evidence.accuracy, evidence.deviations
    chosen = on_frontier(costs, accuracy[:, None] - deviations)
    probability = chosen.mean(axis=1)
    shown = probability >= SHOWN_FROM
    agree = chosen == shown[:, None]
    mean = accuracy + (deviations * agree).sum(axis=1) / agree.sum(axis=1)
    low, high = evidence.interval() * np.sqrt(2 - agree.mean(axis=1))
    return pd.DataFrame(
        {
            "accuracy": mean,
            "accuracy_low": np.maximum(mean + low, 0),
            "accuracy_high": np.minimum(mean + high, 1),
            "probability": probability,
            "on_frontier": shown,
        }
    )


def frontiers(evidence: Evidence, prices: dict[str, list[float]]) -> pd.DataFrame:
    """All points at every price of their supervisor's labels, with the columns of `priced` and `score_points`.

    Frontiers are drawn per (task, supervisor, student) over all methods.
    """
    tables = []
    for names, group in evidence.by(["task", "supervisor", "student"]):
        for weak_price in prices[names["supervisor"]]:
            table = priced(group.points, weak_price)
            tables.append(table.assign(**score_points(group, table.cost.to_numpy())))
    return pd.concat(tables, ignore_index=True)
