"""Measures of a model's answers, each as a mean over test examples, so that all have their uncertainty in one way."""

import numpy as np

# The scores that a study can decide by, and what they are called.
MEASURES = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}


def right_answers(log_odds: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Whether each answer is right, (..., n) and (n,): 1 or 0; 0.5 for log-odds of 0, which say nothing."""
    return np.where(log_odds == 0, 0.5, (log_odds > 0) == (gold == 1))


def agreement(p: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Whether each of the labels p says what `said` does, both (n,): 1 or 0; 0.5 for a p of 0.5, which says nothing."""
    return np.where(p == 0.5, 0.5, (p > 0.5) == said)


def contributions(measure: str, log_odds: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """What each test example contributes to the measure, as log_odds (..., n); gold: (n,) of 0/1, of both
    classes unless the measure is accuracy.

    The mean over the examples is the score, and their variance over n its sampling variance on test sets with as many
    examples of either class: tasks are balanced on purpose, and how common labels are in a table is counted. For the
    AUROC that is the variance of DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44.
    """
    each = placements(log_odds, gold) if measure == "auroc" else right_answers(log_odds, gold)
    found, score = np.empty(each.shape), 0.0
    for label in np.unique(gold):
        own = gold == label
        mean = each[..., own].mean(axis=-1, keepdims=True)
        # How much the score moves with the mean of the class. Of an AUROC both means are the whole.
        weight = own.mean() if measure == "accuracy" else 0.5
        score = score + weight * mean
        found[..., own] = (each[..., own] - mean) * (1.0 if measure == "auroc" else weight) / own.mean()
    return found + score


def gold_shift(measure: str, noise: float, gold: np.ndarray) -> float:
    """By how much a score may be off where a share `noise` of the gold labels (n,) is wrong.

    An accuracy a is measured as a(1 - e) + (1 - a)e where a share e of either label is wrong at random, and is off by
    e at most however labels are wrong. Balanced accuracy and AUROC are drawn towards a half by the factor 1 - e1 - e0,
    where e1 and e0 are the shares of wrong labels among those of 1 and of 0 (Menon et al. 2015, Learning from Corrupted
    Binary Labels via Class-Probability Estimation, ICML), so they are off by (e1 + e0) / 2 at most.
    """
    if measure == "accuracy":
        return noise
    ones = gold.mean()
    true_ones = np.clip((ones - noise) / (1 - 2 * noise), 0, 1)
    return float(noise * ((1 - true_ones) / ones + true_ones / (1 - ones)) / 2)


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
