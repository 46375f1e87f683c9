"""Which purchases are looked at: lines of weak and of gold labels, and which of their crossings were studied."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy.spatial import Delaunay, QhullError

# So many lines stand in a decade of labels.
LINES_A_DECADE = 8
# A line that is nearer than this share to a number of labels that was run gives way to it.
TOO_NEAR = 0.06
# A mixture is as good as studied this far from the line between two that were run, in logarithms of labels.
NEAR = 0.15


@dataclass(frozen=True, eq=False)
class Lattice:
    """The purchases of one supervisor and method at which scores are kept."""

    weak: np.ndarray
    """(W,) numbers of weak labels, rising."""
    gold: np.ndarray
    """(G,) numbers of gold labels, rising."""
    studied: np.ndarray
    """(W, G) whether a crossing lies among purchases of its strategy that were run."""


def lines(runs: np.ndarray) -> np.ndarray:
    """Rising whole numbers of labels, evenly on a logarithmic scale, through those that were run (n,)."""
    own = np.unique(runs)
    decades = np.log10(max(own.max(), 1))
    between = np.unique(np.round(10 ** np.arange(0, decades, 1 / LINES_A_DECADE)))
    apart = np.abs(between[:, None] - own) / np.maximum(between[:, None], 1)
    inside = (between > own.min()) & (between < own.max())
    return np.union1d(own, between[inside & (apart.min(axis=1) > TOO_NEAR)]).astype(int)


def among(points: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """(n,) whether points (n, 2) lie in the convex hull of runs (m, 2), or NEAR a line between two of them.

    On logarithmic scales. No point has fewer labels of a kind than all runs, or more than all of them.
    """
    points, runs = np.log1p(points), np.log1p(runs)
    begins, ends = (runs[i] for i in np.triu_indices(len(runs)))
    along = ends - begins
    lengths = np.maximum((along**2).sum(axis=1), np.finfo(float).tiny)
    shares = (((points[:, None] - begins) * along).sum(axis=2) / lengths).clip(0, 1)
    near = np.linalg.norm(points[:, None] - begins - shares[..., None] * along, axis=2).min(axis=1) < NEAR
    # Fewer than three runs, or runs on one line, have no inside.
    with suppress(QhullError, ValueError):
        near |= Delaunay(runs).find_simplex(points) >= 0
    return near & ((points >= runs.min(axis=0)) & (points <= runs.max(axis=0))).all(axis=1)


def make_lattice(runs: np.ndarray) -> Lattice:
    """The lattice through the purchases that were run, (n, 2) of n_weak and n_gold.

    A mixture is studied if it lies `among` mixtures that were run; weak labels or gold labels alone between the fewest
    and the most that were run. So mixtures that are all but pure are none of the purchases, unless such were run: they
    would be as good as what is pure.
    """
    # A number of labels of 0 has its line too, for pure purchases.
    weak, gold = (lines(runs[:, i]) for i in (0, 1))
    crossings = np.stack(np.meshgrid(weak, gold, indexing="ij"), axis=-1)
    studied = np.zeros(crossings.shape[:2], dtype=bool)
    mixed_runs = runs[(runs > 0).all(axis=1)]
    if len(mixed_runs):
        mixed = (crossings > 0).all(axis=-1)
        studied[mixed] = among(crossings[mixed], mixed_runs)
    for kind in (0, 1):
        pure = runs[(runs[:, 1 - kind] == 0)][:, kind]
        if len(pure):
            numbers = crossings[..., kind]
            studied |= (crossings[..., 1 - kind] == 0) & (numbers >= pure.min()) & (numbers <= pure.max())
    return Lattice(weak, gold, studied)
