"""From which probability on a source says label 1: chosen on some texts, and tried on others.

Scores of language models are often no probabilities: they rank texts well, but what parts their labels is not 0.5.
"""

import math
from typing import NamedTuple

import numpy as np

from elicitation.analysis.measures import agreement

# Standard errors by which a threshold must be better than what it replaces.
RELIABLY = 3


class Threshold(NamedTuple):
    """A threshold, and how good labels are by it and by 0.5 on texts on which it was not chosen."""

    value: float
    n_chosen: int
    """Texts on which it was chosen."""
    n_tried: int
    score: float
    """Accuracy, or the mean of the shares of either label that are found, on those on which it was tried."""
    score_by_half: float
    """The same by 0.5."""


def weights_of(gold: np.ndarray, balanced: bool) -> np.ndarray:
    """(n,) how much each text counts, 1 in all; balanced: whether both gold labels (n,) of 0/1 count alike."""
    if not balanced:
        return np.full(len(gold), 1 / len(gold))
    share = gold.mean()
    return np.where(gold == 1, 0.5 / share, 0.5 / (1 - share)) / len(gold)


def best_threshold(p: np.ndarray, gold: np.ndarray, weights: np.ndarray) -> float | None:
    """The value between two probabilities p that parts the gold labels best; None unless it is clearly better than 0.5.

    All are (n,), gold of 0/1. It must be clearly better than always giving one label too, as which a source that knows
    nothing, or says only how sure it is, is best. Of several that are as good the middle one is taken.
    """
    order = np.argsort(p, kind="stable")
    sorted_p, ones = p[order], np.where(gold == 1, weights, 0)[order]
    zeros = weights[order] - ones
    # Right are the zeros below a threshold and the ones above it.
    right = np.cumsum(zeros) + ones.sum() - np.cumsum(ones)
    ends = np.flatnonzero(np.diff(sorted_p) > 0)
    if not len(ends):
        return None
    best = ends[right[ends] >= right[ends].max() - 1e-9]
    end = best[len(best) // 2]
    value = float(f"{(sorted_p[end] + sorted_p[end + 1]) / 2:.6g}")
    guessed = gold == (weights @ gold >= 0.5)
    rivals = (agreement(p, gold == 1), guessed)
    return value if all(is_clear(weights * (agreement(p > value, gold == 1) - rival)) for rival in rivals) else None


def is_clear(gains: np.ndarray) -> bool:
    """Whether weighted gains on texts (n,) are above 0 by RELIABLY standard errors of their sum.

    So many, since the best of many thresholds is better by luck too.
    """
    return bool(gains.sum() > RELIABLY * math.sqrt((gains**2).sum()))


def choose_threshold(p: np.ndarray, gold: np.ndarray, tested: np.ndarray, balanced: bool) -> Threshold | None:
    """The threshold of probabilities p (n,), chosen on texts that do not test and tried on those that do.

    gold: (n,) of 0/1; tested: (n,) of bool; balanced: whether both gold labels count alike. None where none is clearly
    better than 0.5, or one of the two parts lacks a label.
    """
    parts = [(p[part], gold[part]) for part in (~tested, tested)]
    if any(len(np.unique(labels)) < 2 for _, labels in parts):
        return None
    (own_p, own_gold), (other_p, other_gold) = parts
    value = best_threshold(own_p, own_gold, weights_of(own_gold, balanced))
    if value is None:
        return None
    weights = weights_of(other_gold, balanced)
    by = (weights @ agreement(says, other_gold == 1) for says in (other_p > value, other_p))
    return Threshold(value, len(own_p), len(other_p), *map(float, by))
