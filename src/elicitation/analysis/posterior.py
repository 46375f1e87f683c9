"""The posterior over scores, as every answer reads it: one number for a purchase, wherever it is asked for.

It is a table (results/posterior.parquet, made by elicitation.analysis.posterior_fitting): at the crossings of lines of
weak and of gold labels the mean score and factors of the covariance of all scores of a student on a task. Between two
neighbours on a line the score is interpolated. Imports nothing heavy, since a command answers from here at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.analysis.names import FREE, LABELS, PURCHASE
from elicitation.seeds import stream

# Probabilities are shares of so many draws from the posterior.
DRAWS = 1000
# Standard deviations of a normal variable that hold 95 % on either side of its mean.
Z = 1.96


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of several things, jointly normal."""

    mean: np.ndarray
    """(n,)"""
    factors: np.ndarray
    """(n, r): their covariance is factors factorsᵀ."""
    ends: np.ndarray | None = None
    """(n, 2) of their 95 % intervals, where these are better known than by the covariance; else missing."""

    def on(self, rows) -> "Scores":
        """Some of them; a mean of a number is an array still."""
        return Scores(self.mean[rows], self.factors[rows], None if self.ends is None else self.ends[rows])

    @property
    def interval(self) -> np.ndarray:
        """(2, n) ends of the 95 % intervals, within 0 and 1."""
        off = Z * np.sqrt((self.factors**2).sum(axis=1))
        normal = np.clip([self.mean - off, self.mean + off], 0, 1)
        return normal if self.ends is None else np.where(np.isnan(self.ends.T), normal, self.ends.T)

    def columns(self, name: str) -> pd.DataFrame:
        """The means as a column `name`, with the ends of their 95 % intervals."""
        low, high = self.interval
        return pd.DataFrame({name: self.mean, f"{name}_low": low, f"{name}_high": high})

    def row(self, name: str) -> dict[str, float]:
        """A single score as the columns of `columns`."""
        [[low], [high]] = self.interval
        return {name: self.mean[0], f"{name}_low": low, f"{name}_high": high}

    @property
    def draws(self) -> np.ndarray:
        """(n, DRAWS) from the posterior, the same ones always."""
        return self.mean[:, None] + self.factors @ standard_draws(self.factors.shape[1])


@cache
def standard_draws(rank: int) -> np.ndarray:
    """(rank, DRAWS) standard normal draws; those of a lower rank are the first ones of a higher."""
    return np.stack([stream(0, "posterior", i).standard_normal(DRAWS) for i in range(rank)])


def gap(one: Scores, other: Scores) -> tuple[float, float, float]:
    """By how much a single score is above another, jointly normal with it, with the ends of the 95 % interval."""
    mean = float(one.mean[0] - other.mean[0])
    off = Z * float(np.linalg.norm(one.factors[0] - other.factors[0]))
    return mean, mean - off, mean + off


def joined(parts: Sequence[Scores]) -> Scores:
    """Scores of one student and task as one."""
    ends = [np.full((len(part.mean), 2), np.nan) if part.ends is None else part.ends for part in parts]
    mean, factors = ([getattr(part, name) for part in parts] for name in ("mean", "factors"))
    return Scores(np.concatenate(mean), np.concatenate(factors), np.concatenate(ends))


@dataclass(frozen=True, eq=False)
class Surface:
    """The scores of one supervisor and method over the labels bought."""

    supervisor: str
    method: str
    weak: np.ndarray
    """(W,) the lines' numbers of weak labels, rising."""
    gold: np.ndarray
    """(G,) the lines' numbers of gold labels, rising."""
    mean: np.ndarray
    """(W, G) mean scores at the crossings; missing where nothing near was studied."""
    factors: np.ndarray
    """(W, G, r) factors of their covariance."""
    studied: np.ndarray
    """(W, G) whether a crossing lies among purchases that were run."""
    n_seeds: np.ndarray
    """(W, G) seeds of the purchase that was run there; 0 where none was."""
    measured: np.ndarray
    """(W, G) the mean score of the runs there; missing where there is none."""

    @property
    def runs(self) -> np.ndarray:
        """(n, 2) positions of the crossings that were run."""
        return np.argwhere(self.n_seeds > 0)

    @property
    def fewest_seeds(self) -> int:
        """The fewest seeds behind a purchase that was run."""
        return int(self.n_seeds[self.n_seeds > 0].min())

    def scores(self, positions: np.ndarray) -> Scores:
        """The scores at crossings. positions: (n, 2)."""
        i, j = positions.T
        return Scores(self.mean[i, j], self.factors[i, j])

    def at(self, n_weak, n_gold) -> Scores:
        """The scores of purchases (n,), interpolated on logarithmic scales; missing beyond what was studied."""
        (i, right), (j, up) = (place(lines, n) for lines, n in ((self.weak, n_weak), (self.gold, n_gold)))
        corners = [
            (i, j, (1 - right) * (1 - up)),
            (i + 1, j, right * (1 - up)),
            (i, j + 1, (1 - right) * up),
            (i + 1, j + 1, right * up),
        ]
        mean, factors = np.zeros(len(i)), np.zeros((len(i), self.factors.shape[2]))
        for at_weak, at_gold, weight in corners:
            used = np.minimum(at_weak, len(self.weak) - 1), np.minimum(at_gold, len(self.gold) - 1)
            # A corner without weight does not count, whether or not anything is known there.
            mean += np.where(weight > 0, self.mean[used], 0) * weight
            factors += np.where(weight[:, None] > 0, self.factors[used], 0) * weight[:, None]
        inside = [(lines[0] <= n) & (n <= lines[-1]) for lines, n in ((self.weak, n_weak), (self.gold, n_gold))]
        return Scores(np.where(np.logical_and(*inside), mean, np.nan), factors)

    def is_studied(self, n_weak: int, n_gold: int) -> bool:
        """Whether a purchase lies among crossings that were studied."""
        inside = all(lines[0] <= n <= lines[-1] for lines, n in ((self.weak, n_weak), (self.gold, n_gold)))
        (i, right), (j, up) = (place(lines, n) for lines, n in ((self.weak, n_weak), (self.gold, n_gold)))
        corners = self.studied[i[0] : i[0] + 1 + (right[0] > 0), j[0] : j[0] + 1 + (up[0] > 0)]
        return bool(inside and corners.all())


def place(lines: np.ndarray, n) -> tuple[np.ndarray, np.ndarray]:
    """(n,) the line at or below each number, and how far it is to the next one, from 0 to 1 on a logarithmic scale."""
    n = np.clip(np.atleast_1d(n), lines[0], lines[-1])
    below = np.searchsorted(lines, n, side="right") - 1
    above = np.minimum(below + 1, len(lines) - 1)
    low, high = np.log1p(lines[below]), np.log1p(lines[above])
    return below, (np.log1p(n) - low) / np.where(high > low, high - low, 1.0)


@dataclass(frozen=True, eq=False)
class Free:
    """What needs no label to train on."""

    kind: str
    """One of names.FREE."""
    supervisor: str
    """Whose the weak labels are; empty for the others."""
    scores: Scores
    """One."""
    n_test: int
    measured: float
    """The score on the test examples."""
    coverage: float
    """The share of the test texts that have a weak label of the supervisor."""
    paid: float = 1.0
    """The share of them that costs one: where the source abstains for nothing, those that have one; else all."""
    found: tuple[float, float] | None = None
    """Of weak labels, the shares of the test texts with label 1 and with 0 that they find; results may not say it."""


@dataclass(frozen=True, eq=False)
class Block:
    """The posterior of one student on one task, or on average over tasks."""

    task: str
    student: str
    surfaces: list[Surface]
    free: list[Free]
    n_tasks: int
    n_test: int
    """Test texts with a gold label."""
    n_texts: int
    """Test texts. Where more than have a gold label, scores are prediction-powered."""

    def only(self, supervisor: str | None = None, method: str | None = None) -> "Block":
        """The surfaces of this supervisor and method; None leaves it open."""
        wanted = [s for s in self.surfaces if supervisor in (None, s.supervisor) and method in (None, s.method)]
        return replace(self, surfaces=wanted)

    def free_at(self, prices: Mapping[str, Fraction | float]) -> list[Free]:
        """What costs nothing: asking, always giving the commoner label, and weak labels as they are that are free.

        prices: of a weak label, by supervisor, which labels as they are cost for each text that is to be sorted.
        """
        return [free for free in self.free if not free.supervisor or prices.get(free.supervisor) == 0]

    def labels_of(self, supervisor: str) -> Free:
        """The weak labels of a supervisor as they are."""
        return next(free for free in self.free if free.kind == LABELS and free.supervisor == supervisor)

    def best_free(self, prices: Mapping[str, Fraction | float]) -> Free:
        """What costs nothing and has the highest score; prices: as of free_at."""
        return max(self.free_at(prices), key=lambda free: free.scores.mean[0])


@dataclass(frozen=True, eq=False)
class Posterior:
    """The posterior of a study."""

    table: pd.DataFrame
    """A row a node: student, task, kind, supervisor, method, n_weak, n_gold, studied, measured, n_seeds, n_test,
    n_texts, coverage, n_tasks, score, factors; paid, low, high, ones_found and zeros_found, if not old."""

    @cached_property
    def blocks(self) -> list[Block]:
        """The posterior of every student and task, in the table's order."""
        return list(make_blocks(self.table))


def read_posterior(path: str | Path) -> Posterior:
    """The posterior in results/posterior.parquet."""
    return Posterior(pd.read_parquet(path))


def make_blocks(table: pd.DataFrame) -> Iterator[Block]:
    """The blocks of a table as Posterior holds it."""
    for (student, task), rows in table.groupby(["student", "task"], sort=False):
        # Older results do not say the ends.
        ends = rows.reindex(columns=["low", "high"]).to_numpy(dtype=float)
        scores = Scores(rows.score.to_numpy(), np.stack(rows.factors.to_numpy()).astype(float), ends)
        rows = rows.reset_index(drop=True)
        bought = rows[rows.kind == PURCHASE].groupby(["supervisor", "method"], sort=False)
        surfaces = [make_surface(*names, nodes, scores) for names, nodes in bought]
        free = [
            Free(
                *(row.kind, row.supervisor, scores.on([row.Index])),
                *(int(row.n_test), float(row.measured), float(row.coverage), paid_of(row)),
                found_of(row),
            )
            for row in rows[rows.kind.isin(FREE)].itertuples()
        ]
        # Where a user's own table says more of what needs no student, students have the fewest test texts.
        sizes = (int(rows[name].min()) for name in ("n_tasks", "n_test", "n_texts"))
        yield Block(task, student, surfaces, free, *sizes)


def paid_of(row) -> float:
    """What the row of a table of weak labels says as Free.paid; older results take all texts for paid."""
    paid = float(getattr(row, "paid", np.nan))
    return 1.0 if np.isnan(paid) else paid


def found_of(row) -> tuple[float, float] | None:
    """What the row of a table of weak labels says as Free.found; None where it says nothing."""
    found = getattr(row, "ones_found", np.nan), getattr(row, "zeros_found", np.nan)
    return None if np.isnan(found).any() else found


def make_surface(supervisor: str, method: str, nodes: pd.DataFrame, scores: Scores) -> Surface:
    """The surface through nodes, whose index says where in `scores` they are."""
    weak, at_weak = np.unique(nodes.n_weak, return_inverse=True)
    gold, at_gold = np.unique(nodes.n_gold, return_inverse=True)
    rank = scores.factors.shape[1]

    def spread(values, empty, *more) -> np.ndarray:
        grid = np.full((len(weak), len(gold), *more), empty)
        grid[at_weak, at_gold] = values
        return grid

    return Surface(
        supervisor,
        method,
        weak,
        gold,
        mean=spread(scores.mean[nodes.index], np.nan),
        factors=spread(scores.factors[nodes.index], 0.0, rank),
        studied=spread(nodes.studied.to_numpy(dtype=bool), False),
        n_seeds=spread(nodes.n_seeds.fillna(0).to_numpy(dtype=int), 0),
        measured=spread(nodes.measured.to_numpy(), np.nan),
    )
