"""How far measured scores may lie from what purchases bring on average, by the draw of seeds and of test examples."""

import numpy as np

from elicitation.analysis.evidence import Evidence

# The variance between a configuration's few seeds is averaged with the trend over all of them, which counts as so many
# degrees of freedom (empirical Bayes; Smyth 2004, Statistical Applications in Genetics and Molecular Biology 3).
TREND_FREEDOM = 4.0
# The share of seeds' variance that all configurations of a seed share: nested purchases hold the same labels.
SHARED_LUCK = 0.2
# No score is surer than this standard error of its seeds, in whatever measure.
LEAST_ERROR = 0.003
# The standard error of seeds where no configuration has two of them, so that nothing is known.
UNKNOWN_ERROR = 0.02
# How firmly the trend is kept level.
LEVEL_WEIGHT = 8.0
# Steps of Newton's method, which is quick here, and the most that a step may change a coefficient.
STEPS, LONGEST_STEP = 30, 1.0


def variance_trend(variance: np.ndarray, freedom: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(n,) the variances expected at `places` (n, 2): log-linear in them, by the likelihood of scaled chi-squares.

    variance, freedom: (n,); a freedom of 0 says nothing.
    """
    design = np.column_stack([np.ones(len(places)), places - places.mean(axis=0)])
    firmness = np.diag([1e-9, LEVEL_WEIGHT, LEVEL_WEIGHT])
    weights = freedom / 2
    level = np.log(np.average(variance, weights=weights) + LEAST_ERROR**2)
    coefficients = np.array([level, 0.0, 0.0])
    for _ in range(STEPS):
        ratio = variance / np.exp(design @ coefficients)
        gradient = design.T @ (weights * (ratio - 1)) - firmness @ [0, *coefficients[1:]]
        curvature = design.T @ (design * (weights * ratio).clip(1e-6)[:, None]) + firmness
        step = np.linalg.solve(curvature, gradient)
        coefficients = coefficients + step.clip(-LONGEST_STEP, LONGEST_STEP)
    return np.exp(design @ coefficients)


def seed_variances(evidence: Evidence) -> np.ndarray:
    """(n,) variances of the scores by the draw of seeds; 0 for what is the same for every seed."""
    points = evidence.points
    variance, freedom = points.seed_variance.to_numpy(), points.seed_freedom.to_numpy(dtype=float)
    bought = (points.n_weak + points.n_gold).to_numpy() > 0
    known = bought & (freedom > 0)
    if not known.any():
        return np.where(bought, UNKNOWN_ERROR**2, 0.0)
    variance, freedom = np.where(known, variance, 0.0), np.where(known, freedom, 0.0)
    places = np.log1p(points[["n_weak", "n_gold"]].to_numpy(dtype=float))
    trend = np.zeros(len(points))
    trend[bought] = variance_trend(variance[bought], freedom[bought], places[bought])
    pooled = (TREND_FREEDOM * trend + freedom * variance) / (TREND_FREEDOM + freedom) + LEAST_ERROR**2
    return np.where(bought, pooled, 0.0)


def noise_covariance(evidence: Evidence) -> np.ndarray:
    """(n, n) covariance of the measured scores around what their configurations bring on average."""
    variances = seed_variances(evidence)
    errors = np.sqrt(variances)
    return evidence.covariance + SHARED_LUCK * np.outer(errors, errors) + (1 - SHARED_LUCK) * np.diag(variances)
