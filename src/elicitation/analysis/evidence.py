"""What was measured, with how far it may be off, and how a choice and its report are kept apart.

Imports nothing heavy, since a command answers from here at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.analysis.averages import buys_labels

# The share of the replicates that lie beyond either end of a 95 % interval.
TAIL_SHARE = 0.025


@dataclass(frozen=True, eq=False)
class Evidence:
    """The measured accuracies of configurations and their replicates.

    Each replicate splits the evidence on all configurations into two halves (see elicitation.analysis.resampling): by
    one a choice is made, by the other it is reported.
    """

    points: pd.DataFrame
    """A row a configuration, counted from 0: its names, n_weak, n_gold, accuracy, n_seeds, n_test and so on."""
    deviations: np.ndarray
    """(configurations, replicates): the accuracy on the half that reports, less that on all of the evidence. The
    accuracy on the half that chooses lies as far on the other side."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", self.points.reset_index(drop=True))

    @property
    def accuracy(self) -> np.ndarray:
        """(configurations,) on all of the evidence."""
        return self.points.accuracy.to_numpy()

    @property
    def replicates(self) -> int:
        """The number of replicates."""
        return self.deviations.shape[1]

    @property
    def bought(self) -> "Evidence":
        """The evidence on purchases that hold a label."""
        return self.on(self.points[buys_labels(self.points)])

    @property
    def asked(self) -> "Evidence":
        """The evidence on asking a model without any label."""
        return self.on(self.points[~buys_labels(self.points)])

    def on(self, rows: pd.DataFrame) -> "Evidence":
        """The evidence on rows of `points`: some of them, or one several times, perhaps with more columns.

        rows: their index says where in `points` they come from.
        """
        return Evidence(rows, self.deviations[rows.index])

    def by(self, columns: Sequence[str]) -> Iterator[tuple[dict, "Evidence"]]:
        """What the rows of each group have in common, by column, with the evidence on them; in order of appearance."""
        columns = list(columns)
        for key, rows in self.points.groupby(columns, sort=False, observed=True):
            yield dict(zip(columns, key, strict=True)), self.on(rows)

    def best_by_half(self, among: np.ndarray | None = None) -> np.ndarray:
        """(replicates,) the position of the configuration that each choosing half finds best; of equal ones the first.

        among: the positions to choose from; None for all.
        """
        among = np.arange(len(self.points)) if among is None else among
        return among[(self.accuracy[among, None] - self.deviations[among]).argmax(axis=0)]

    def reported(self, chosen: np.ndarray) -> np.ndarray:
        """(replicates,) the accuracies of the chosen configurations on the reporting halves."""
        return self.accuracy[chosen] + self.deviations[chosen, np.arange(len(chosen))]

    def interval(self) -> np.ndarray:
        """(2, configurations) the ends of the 95 % intervals of the deviations."""
        return interval(self.deviations)


def read_evidence(path: str | Path) -> Evidence:
    """The evidence in results/resamples.parquet."""
    table = pd.read_parquet(path)
    return Evidence(table.drop(columns="deviations"), np.stack(table.deviations.to_numpy()))


def interval(replicates: np.ndarray) -> np.ndarray:
    """(2, ...) lower and upper end of the 95 % interval of what has (..., replicates)."""
    return np.quantile(replicates, [TAIL_SHARE, 1 - TAIL_SHARE], axis=-1)


def with_interval(name: str, replicates: np.ndarray) -> dict[str, float]:
    """Mean and 95 % interval of (replicates,) as columns `name`, `name`_low and `name`_high."""
    low, high = interval(replicates)
    return {name: float(replicates.mean()), f"{name}_low": float(low), f"{name}_high": float(high)}


def asked_accuracies(evidence: Evidence) -> pd.DataFrame:
    """task, student and `asked_accuracy` with its interval, of asking without any label, wherever it was measured."""
    asked = evidence.asked
    asked = asked.on(asked.points.drop_duplicates(["task", "student"]))
    low, high = asked.interval()
    ends = {"asked_accuracy_low": asked.accuracy + low, "asked_accuracy_high": asked.accuracy + high}
    return asked.points[["task", "student"]].assign(asked_accuracy=asked.accuracy, **ends)
