"""Measures of a model's answers, each as a mean over test examples, so that all have their uncertainty in one way."""

import numpy as np

# The scores that a study can decide by, and what they are called.
MEASURES = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}


def right_answers(log_odds: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Whether each answer is right, (..., n) and (n,): 1 or 0; 0.5 for log-odds of 0, which say nothing."""
    return np.where(log_odds == 0, 0.5, (log_odds > 0) == (gold == 1))


def contributions(measure: str, log_odds: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """What each test example contributes to the measure, as log_odds (..., n); gold: (n,) of 0/1, with both classes.

    The mean over the examples is the score, and their variance over n its sampling variance, where classes are drawn in
    the proportion they have. For the AUROC that is the variance of DeLong, DeLong & Clarke-Pearson (1988), Biometrics
    44, from the share of the other class that each example is ranked rightly against.
    """
    right = right_answers(log_odds, gold)
    if measure == "accuracy":
        return right
    # Either measure is a mean over classes, so an example counts by how it differs from its own class.
    auroc = measure == "auroc"
    each, weight = (placements(log_odds, gold), 1.0) if auroc else (right, 0.5)
    found = np.empty(each.shape)
    means = [each[..., gold == label].mean(axis=-1, keepdims=True) for label in (0, 1)]
    for label, mean in enumerate(means):
        own = gold == label
        found[..., own] = (each[..., own] - mean) * weight * len(gold) / own.sum()
    return found + (means[0] + means[1]) / 2


def placements(log_odds: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """(..., n): the share of the other class that each example is ranked rightly against; ties count half."""
    # Where it is needed, since captions and commands take names from here.
    from scipy.stats import rankdata

    placed = np.empty(np.shape(log_odds))
    everywhere = rankdata(log_odds, axis=-1)
    for own in (0, 1):
        is_own = gold == own
        below = (everywhere[..., is_own] - rankdata(log_odds[..., is_own], axis=-1)) / (~is_own).sum()
        placed[..., is_own] = below if own else 1 - below
    return placed
