"""Accuracies where few test texts have a gold label and all have weak ones: prediction-powered inference.

How often an answer agrees with the weak label is known on all texts; how often it is right, on those with gold. What
the weak labels say on the other texts, less what they say on those with gold, corrects the accuracy on the latter, as
far as they can foretell it. The estimate is right on average however wrong the weak labels are.

Source: Angelopoulos, Bates, Fannjiang, Jordan & Zrnic (2023), Prediction-powered inference, Science 382; the weight of
the correction by Angelopoulos, Duchi & Zrnic (2023), PPI++: Efficient prediction-powered inference, arXiv 2311.01453.
"""

import numpy as np

from elicitation.analysis.measures import right_answers


def foretold(log_odds: np.ndarray, p_weak: np.ndarray) -> np.ndarray:
    """(..., n) how probable the weak labels make it that answers are right; missing where there is no weak label.

    log_odds: (..., n), of which 0 says nothing; p_weak: (n,).
    """
    return 0.5 + np.sign(log_odds) * (p_weak - 0.5)


def powered_contributions(log_odds: np.ndarray, gold: np.ndarray, p_weak: np.ndarray) -> np.ndarray:
    """What each test text contributes to the accuracy, (..., n), as elicitation.analysis.measures.contributions.

    The mean over the texts is the accuracy, and their variance over n its sampling variance. log_odds: (..., n); gold:
    (n,), missing (NaN) on some texts; p_weak: (n,), missing where a source has no label. Such texts without gold say
    nothing; the others are taken to be like those with gold.
    """
    known, voted = ~np.isnan(gold), ~np.isnan(p_weak)
    right = right_answers(log_odds[..., known], gold[known]).astype(float)
    score, error = right.mean(axis=-1, keepdims=True), right - right.mean(axis=-1, keepdims=True)
    n, both, others = known.sum(), (known & voted).sum(), (~known & voted).sum()
    found = np.zeros(log_odds.shape)
    if both and others:
        said = foretold(log_odds, p_weak)
        own, rest = (said[..., part & voted].mean(axis=-1, keepdims=True) for part in (known, ~known))
        # By how much each text moves the mean of what is foretold among its like.
        own_moves = np.where(voted[known], said[..., known] - own, 0.0) * (n / both)
        rest_moves = said[..., ~known & voted] - rest
        covariance = (error * own_moves).sum(axis=-1, keepdims=True) / (n - 1)
        spread = n * (1 / both + 1 / others) * said[..., voted].var(axis=-1, ddof=1, keepdims=True)
        weight = np.divide(covariance, spread, out=np.zeros_like(spread), where=spread > 0)
        score, error = score + weight * (rest - own), error - weight * own_moves
        found[..., ~known & voted] = weight * rest_moves * (len(gold) / others)
    # Two numbers, mean and weight, were fitted to the texts with gold.
    found[..., known] = error * (len(gold) / np.sqrt(n * (n - 2)))
    return score + found


def effective_size(each: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(...,) how many texts with gold would tell as much without weak labels.

    each: (..., n) as powered_contributions returns them; right: (..., m) whether answers are right on texts with gold.
    """
    variance, m = each.var(axis=-1) / each.shape[-1], right.shape[-1]
    return np.divide(right.var(axis=-1, ddof=1), variance, out=np.full(variance.shape, float(m)), where=variance > 0)
