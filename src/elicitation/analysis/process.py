"""The Gaussian process: what the score may be as a function of the labels bought, for all methods and supervisors.

With u = log(1 + weak labels) and v = log(1 + gold labels) the score of a supervisor and a method is

    level + slope * v + h(v) + w(u, v)

h is what gold labels bring, w what weak ones add to it, which is 0 where there are none. Both are smooth (Matérn 5/2),
may rise or fall, and are alike between methods, supervisors (w alone) and tasks as far as the data say. Sources:
Rasmussen & Williams (2006), Gaussian Processes for Machine Learning; what is learned across tasks: Bonilla, Chai &
Williams (2008), Multi-task Gaussian Process Prediction; scores that are close to linear in the logarithm of the number
of labels: Hestness et al. (2017), arXiv 1712.00409.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

# The free numbers of the process: logarithms of sizes and lengths, and log-odds of how alike two of a kind are. Their
# priors are normal; docs/explanation/posterior.md says how the widths were chosen.
HYPERPARAMETERS = ("gold size", "weak size", "gold length", "weak length", "methods", "supervisors", "tasks")
MEDIANS = np.array([np.log(0.04), np.log(0.04), np.log(2.0), np.log(2.5), 1.0, 0.0, 0.0])
WIDTHS = np.array([0.7, 0.7, 0.5, 0.5, 1.0, 1.0, 1.0])
# Standard deviations a priori: of the level of a task, and of what a factor of e more labels brings.
LEVEL, GOLD_SLOPE, WEAK_SLOPE = 0.15, 0.03, 0.02
# What is added to variances so that matrices can be factored in binary numbers.
JITTER = 1e-8
# A standard deviation of scores that is not kept track of.
NEGLIGIBLE = 1e-3
# The second derivatives of the likelihood are taken over this distance.
REACH = 0.1


@dataclass(frozen=True, eq=False)
class Places:
    """Where scores are: n purchases."""

    u: np.ndarray
    """(n,) log(1 + weak labels)."""
    v: np.ndarray
    """(n,) log(1 + gold labels)."""
    supervisor: np.ndarray
    """(n,) whose labels, as a number."""
    method: np.ndarray
    """(n,) which method, as a number."""
    others: np.ndarray
    """(n,) over how many other tasks this is a mean; 0: of the task itself."""
    own: float = 1.0
    """How much of what is peculiar to a task is left in the task itself: 1, or 1 / T of a mean over T tasks."""

    def __len__(self) -> int:
        return len(self.u)

    def on(self, rows) -> "Places":
        """Some of them; `None` as the second index makes a column of them."""
        kept = (self.u, self.v, self.supervisor, self.method, self.others)
        return Places(*(values[rows] for values in kept), self.own)


@dataclass(frozen=True, eq=False)
class Data:
    """The scores of one student on one task, and the means of those on the other tasks."""

    places: Places
    """n purchases."""
    score: np.ndarray
    """(n + k,) less the mean of purchases. Behind theirs stand those of k things that cost nothing, which are no points
    of the process."""
    noise: np.ndarray
    """(n + k, n + k) covariance of their errors."""


def matern(distance: np.ndarray) -> np.ndarray:
    """The Matérn 5/2 correlation at a distance in units of its length."""
    d = np.sqrt(5) * np.abs(distance)
    return (1 + d + d**2 / 3) * np.exp(-d)


def prior(free: np.ndarray, a: Places, b: Places) -> np.ndarray:
    """Covariances of scores a priori, of places that broadcast. free: the free numbers (HYPERPARAMETERS)."""
    gold_size, weak_size, gold_length, weak_length = np.exp(free[:4])
    methods, supervisors, tasks = 1 / (1 + np.exp(-free[4:]))
    same_tasks = (a.others > 0) == (b.others > 0)
    # A mean over T tasks keeps 1 / T of the variance that is each task's own.
    own = np.where(a.others == 0, a.own, 1 / np.maximum(np.maximum(a.others, b.others), 1)) * same_tasks
    method = methods + (1 - methods) * (a.method == b.method)
    supervisor = supervisors + (1 - supervisors) * (a.supervisor == b.supervisor)
    along_gold = matern((a.v - b.v) / gold_length)
    # A process along u on the condition that it is 0 at 0.
    along_weak = matern((a.u - b.u) / weak_length) - matern(a.u / weak_length) * matern(b.u / weak_length)
    gold = GOLD_SLOPE**2 * a.v * b.v + gold_size**2 * method * along_gold
    weak = WEAK_SLOPE**2 * a.u * b.u + weak_size**2 * along_weak * along_gold
    return LEVEL**2 * same_tasks + (tasks + (1 - tasks) * own) * (gold + method * supervisor * weak)


def prior_covariance(free: np.ndarray, a: Places, b: Places) -> np.ndarray:
    """(len(a), len(b)) covariance of scores a priori."""
    return prior(free, a.on((slice(None), None)), b)


def log_likelihood(free: np.ndarray, data: Data) -> float:
    """Logarithm of the density of the scores of purchases, but for a constant."""
    n = len(data.places)
    factor = np.linalg.cholesky(prior_covariance(free, data.places, data.places) + data.noise[:n, :n])
    whitened = solve_triangular(factor, data.score[:n], lower=True)
    return float(-0.5 * whitened @ whitened - np.log(np.diag(factor)).sum())


def misfit(free: np.ndarray, blocks: list[Data]) -> float:
    """What is least at the likeliest free numbers: each task is predicted from its own and from the other tasks."""
    z = (free - MEDIANS) / WIDTHS
    total = 0.5 * z @ z
    for data in blocks:
        total -= log_likelihood(free, data)
        rest = np.flatnonzero(data.places.others)
        if len(rest):
            others = Data(data.places.on(rest), data.score[rest], data.noise[np.ix_(rest, rest)])
            total += log_likelihood(free, others)
    return total


def fit_hyperparameters(blocks: list[Data]) -> list[np.ndarray]:
    """Free numbers that stand for their posterior: each counts alike.

    They lie on the axes of the likelihood's curvature at its maximum, so that their mean and covariance are those of
    the normal distribution that fits it there (sigma points of the unscented transform; Julier & Uhlmann 1997).
    """
    best = minimize(misfit, MEDIANS, args=(blocks,), method="L-BFGS-B", options={"maxiter": 60}).x
    n = len(best)
    step = REACH * np.eye(n)
    curvature = np.empty((n, n))
    for i in range(n):
        for j in range(i, n):
            signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            corners = [s * t * misfit(best + s * step[i] + t * step[j], blocks) for s, t in signs]
            curvature[i, j] = curvature[j, i] = sum(corners) / (4 * REACH**2)
    values, vectors = np.linalg.eigh(curvature)
    # The prior's width is as far as the data can leave a number open.
    axes = vectors / np.sqrt(np.maximum(values, WIDTHS.max() ** -2)) * np.sqrt(n)
    return [best + sign * axis for axis in axes.T for sign in (1, -1)]


def posterior(free: np.ndarray, data: Data, places: Places) -> tuple[np.ndarray, np.ndarray]:
    """The means (m + k,) of the scores at `places`, less the data's mean, and factors (m + k, r) of their covariance.

    Behind them stand the k scores of what costs nothing, which stay as measured.
    """
    n = len(data.places)
    factor = np.linalg.cholesky(prior_covariance(free, data.places, data.places) + data.noise[:n, :n])
    cross = solve_triangular(factor, prior_covariance(free, data.places, places), lower=True)
    means = cross.T @ solve_triangular(factor, data.score[:n], lower=True)
    # By errors that all measured scores share, as those of a lucky test set.
    shared = np.vstack([cross.T @ solve_triangular(factor, data.noise[:n, n:], lower=True), data.noise[n:, n:]])

    def column(i: int) -> np.ndarray:
        if i >= len(places):
            return shared[:, i - len(places)]
        own = prior_covariance(free, places, places.on([i]))[:, 0] - cross.T @ cross[:, i]
        return np.concatenate([own, shared[i]])

    variances = np.concatenate([prior(free, places, places) - (cross**2).sum(axis=0), np.diag(data.noise)[n:]])
    return np.concatenate([means, data.score[n:]]), low_rank_factors(variances, column)


def low_rank_factors(variances: np.ndarray, column: Callable[[int], np.ndarray]) -> np.ndarray:
    """(n, r) factors F of a covariance, F Fᵀ, but for variances below NEGLIGIBLE².

    By pivoted Cholesky decomposition (Harbrecht, Peters & Schneider 2012), which needs few of the columns (n,).
    """
    left, factors = variances.copy(), np.empty((len(variances), 0))
    while len(left) and left.max() > NEGLIGIBLE**2:
        pivot = int(left.argmax())
        new = (column(pivot) - factors @ factors[pivot]) / np.sqrt(left[pivot])
        factors, left = np.column_stack([factors, new]), left - new**2
    return factors


def mixture(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Means (m,) and factors (m, r) of the equal mixture of normal distributions that have these."""
    mean = np.mean([means for means, _ in parts], axis=0)
    off = np.column_stack([means - mean for means, _ in parts])
    factors = np.column_stack([off, *(factors for _, factors in parts)]) / np.sqrt(len(parts))
    _, vectors = np.linalg.eigh(factors.T @ factors)
    turned = factors @ vectors[:, ::-1]
    # The fewest columns beyond which no variance is left to speak of.
    rest = (turned[:, ::-1] ** 2).cumsum(axis=1)[:, ::-1].max(axis=0)
    return mean, turned[:, rest > NEGLIGIBLE**2]
