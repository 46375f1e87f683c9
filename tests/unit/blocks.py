"""Posteriors of which every score is known."""

from collections.abc import Callable, Sequence

import numpy as np

from elicitation.analysis.names import ASKING, COMMONER, LABELS
from elicitation.analysis.posterior import Block, Free, Scores, Surface

WEAK, GOLD = (0, 10, 40, 160, 640), (0, 4, 16, 64, 256)
# What costs nothing in the posteriors made here.
FREE_SCORES = {ASKING: 0.7, COMMONER: 0.55, LABELS: 0.6}


def rising(n_weak, n_gold):
    """Scores that rise with labels of either kind, a gold one being worth ten weak ones, up to 0.9."""
    return 0.5 + 0.4 * (1 - 1 / (1 + 0.02 * (n_weak / 10 + n_gold)))


def make_surface(
    score: Callable = rising,
    spread: float = 0.001,
    weak: Sequence[int] = WEAK,
    gold: Sequence[int] = GOLD,
    supervisor: str = "v",
    method: str = "m",
    mixed: bool = True,
) -> Surface:
    """All crossings were run on three seeds, and have this standard deviation. mixed: whether mixtures are studied."""
    weak, gold = np.array(weak), np.array(gold)
    n_weak, n_gold = np.meshgrid(weak, gold, indexing="ij")
    studied = (n_weak + n_gold > 0) & (mixed | (n_weak == 0) | (n_gold == 0))
    mean = np.where(studied, score(n_weak, n_gold), np.nan)
    factors = spread * np.eye(mean.size).reshape(*mean.shape, mean.size)
    return Surface(supervisor, method, weak, gold, mean, factors, studied, 3 * studied, mean)


def make_block(surfaces: list[Surface] | None = None, task: str = "t", student: str = "s", **free: float) -> Block:
    """A block of the surfaces. free: scores (`asking`, `commoner`, `labels`) other than FREE_SCORES."""
    surfaces = [make_surface()] if surfaces is None else surfaces
    rank = surfaces[0].factors.shape[2]
    kinds = {"asking": ASKING, "commoner": COMMONER, "labels": LABELS}
    known = FREE_SCORES | {kinds[name]: score for name, score in free.items()}
    names = {LABELS: list(dict.fromkeys(surface.supervisor for surface in surfaces))}
    nothing = [
        Free(kind, supervisor, Scores(np.array([score]), np.zeros((1, rank))), 100, score, 1.0)
        for kind, score in known.items()
        for supervisor in names.get(kind, [""])
    ]
    return Block(task, student, surfaces, nothing, n_tasks=1, n_test=100, n_texts=100)
