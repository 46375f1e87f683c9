"""How far measured scores may lie from what purchases bring on average, by the draw of seeds and of test examples.

Variances are smoothed over purchases before they weigh scores. Else those that are high by luck would count for more: a
share of right answers varies less the higher it is, and few seeds that happen to agree look sure.
"""

import numpy as np

from elicitation.analysis.evidence import Evidence

# The variance between a configuration's few seeds is averaged with the trend over all of them, which counts as so many
# degrees of freedom (empirical Bayes; Smyth 2004, Statistical Applications in Genetics and Molecular Biology 3).
TREND_FREEDOM = 8.0
# Before any is seen, a seed is expected to move a score by this standard deviation, as sure as so many degrees of
# freedom make it.
USUAL_SPREAD, USUAL_FREEDOM = 0.03, 2.0
# The share of seeds' variance that all configurations of a seed share: nested purchases hold the same labels.
SHARED_LUCK = 0.2
# No score is surer than this standard error of its seeds, in whatever measure.
LEAST_ERROR = 0.003
# How firmly the trend is kept level: its slopes vary a priori as if so many squares had been seen.
LEVEL_WEIGHT = 8.0
# Steps of Newton's method, which is quick here, and the most that a step may change a coefficient.
STEPS, LONGEST_STEP = 30, 1.0


def variance_trend(variance: np.ndarray, freedom: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(n,) the variances expected at `places` (n, 2): log-linear in them, by the likelihood of scaled chi-squares.

    variance, freedom: (n,); a freedom of 0 says nothing. What is usual counts as one more of them, amid the places.
    """
    design = np.column_stack([np.ones(len(places)), places - places.mean(axis=0)])
    design = np.vstack([design, [1.0, 0.0, 0.0]])
    variance, weights = np.append(variance, USUAL_SPREAD**2), np.append(freedom, USUAL_FREEDOM) / 2
    firmness = np.diag([0.0, LEVEL_WEIGHT, LEVEL_WEIGHT])
    coefficients = np.array([np.log(np.average(variance, weights=weights)), 0.0, 0.0])
    for _ in range(STEPS):
        ratio = variance / np.exp(design @ coefficients)
        gradient = design.T @ (weights * (ratio - 1)) - firmness @ coefficients
        curvature = design.T @ (design * (weights * ratio)[:, None]) + firmness
        step = np.linalg.solve(curvature, gradient)
        coefficients = coefficients + step.clip(-LONGEST_STEP, LONGEST_STEP)
    return np.exp(design[:-1] @ coefficients)


def seed_variances(evidence: Evidence) -> np.ndarray:
    """(n,) variances of the scores by the draw of seeds; 0 for what is the same for every seed."""
    points = evidence.points
    freedom = points.seed_freedom.to_numpy(dtype=float)
    # The variance of one seed on one task, by which configurations compare.
    runs = (points.n_seeds * points.n_tasks).to_numpy()
    variance = np.where(freedom > 0, points.seed_variance, 0.0) * runs
    bought, places = places_bought(evidence)
    found = np.zeros(len(points))
    if bought.any():
        variance, freedom = variance[bought], freedom[bought]
        trend = variance_trend(variance, freedom, places)
        pooled = (TREND_FREEDOM * trend + freedom * variance) / (TREND_FREEDOM + freedom)
        found[bought] = pooled / runs[bought] + LEAST_ERROR**2
    return found


def places_bought(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """(n,) which configurations hold labels, and (purchases, 2) the logarithms of their numbers."""
    labels = evidence.points[["n_weak", "n_gold"]].to_numpy(dtype=float)
    bought = labels.sum(axis=1) > 0
    return bought, np.log1p(labels[bought])


def example_covariance(evidence: Evidence) -> np.ndarray:
    """(n, n) covariance of the scores by the draw of test examples: the variances of purchases by their trend alone."""
    variances = np.diag(evidence.covariance)
    bought, places = places_bought(evidence)
    smooth = variances.copy()
    if bought.any():
        examples = evidence.points.n_test.to_numpy()[bought]
        smooth[bought] = variance_trend(variances[bought] * examples, examples - 1, places) / examples
    # What is right or wrong on all examples varies with nothing.
    scale = np.sqrt(np.divide(smooth, variances, out=np.zeros_like(smooth), where=variances > 0))
    return evidence.covariance * np.outer(scale, scale) + np.diag(np.where(variances > 0, 0, smooth))


def noise_covariance(evidence: Evidence) -> np.ndarray:
    """(n, n) covariance of the measured scores around what their configurations bring on average."""
    variances = seed_variances(evidence)
    errors = np.sqrt(variances)
    of_seeds = SHARED_LUCK * np.outer(errors, errors) + (1 - SHARED_LUCK) * np.diag(variances)
    return example_covariance(evidence) + of_seeds
