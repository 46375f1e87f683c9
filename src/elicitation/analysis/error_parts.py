"""How good a student is where its supervisor's label is wrong, and where it is right.

A student that has learned the supervisor's errors is wrong where the label is wrong; one that knows the truth is right
there too. The accuracy on all examples hides it, since most weak labels are right.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from elicitation.analysis.intervals import auroc_ends, widened, wilson
from elicitation.analysis.measures import agreement, gold_shift, right_answers

# The parts of a test set, by what the weak label of an example is.
PARTS = ("wrong", "right")
# The columns of their scores.
PART_SCORES = tuple(f"{name}_{part}" for part in PARTS for name in ("accuracy", "auroc"))
# What is said where nothing is decided.
UNDECIDED = "undetermined what it learns"
UNKNOWN = (np.nan, np.nan, np.nan)


def parts_of(gold: np.ndarray, p_weak: np.ndarray) -> dict[str, np.ndarray]:
    """By part, (n,) which test examples it holds; a weak label of 0.5, or none, is neither wrong nor right."""
    agreed = agreement(np.nan_to_num(p_weak, nan=0.5), gold == 1)
    return {"wrong": agreed == 0, "right": agreed == 1}


def accuracy_of_part(gold: np.ndarray, log_odds: np.ndarray) -> tuple[float, float, float]:
    """The accuracy on examples, and the ends of its Wilson interval; missing without examples."""
    correct = right_answers(log_odds, gold)
    return (correct.mean(), *wilson(correct.sum(), len(correct))) if len(correct) else UNKNOWN


def auroc_of_part(gold: np.ndarray, log_odds: np.ndarray) -> tuple[float, float, float]:
    """The AUROC on examples, and the ends of its interval; missing where not both classes are among them."""
    n_positive = int(gold.sum())
    if n_positive in (0, len(gold)):
        return UNKNOWN
    auroc = roc_auc_score(gold, log_odds)
    return auroc, *auroc_ends(auroc, n_positive, len(gold) - n_positive)


def score_parts(gold: np.ndarray, p_weak: np.ndarray, log_odds: np.ndarray, gold_noise: float) -> dict[str, float]:
    """The number of test examples in each part, and accuracy and AUROC there, with the ends of 95 % intervals.

    gold, p_weak, log_odds: (n,) of the same examples; gold_noise: the share of wrong gold labels. All of these may lie
    in one part, and intervals allow for it.
    """
    scores = {}
    for part, held in parts_of(gold, p_weak).items():
        scores[f"n_{part}"] = n = int(held.sum())
        noise = gold_noise * len(gold) / max(n, 1)
        for name, score in (("accuracy", accuracy_of_part), ("auroc", auroc_of_part)):
            value, low, high = score(gold[held], log_odds[held])
            if gold_noise and not np.isnan(value):
                low, high = widened(value, low, high, gold_shift(name, noise, gold[held]) if noise < 0.5 else 1.0)
            scores |= {f"{name}_{part}": value, f"{name}_{part}_low": low, f"{name}_{part}_high": high}
    return {name: value if isinstance(value, int) else float(value) for name, value in scores.items()}


def learned(trained: pd.Series, reference: pd.Series) -> str:
    """What training on weak labels did where they are wrong, in words, by intervals that do not overlap.

    trained, reference: points with the scores of `mean_of_runs`; the reference has not seen the weak labels. One seed
    has no spread, and so decides nothing.
    """
    if trained.n_seeds < 2:
        return UNDECIDED
    if trained.accuracy_wrong_high < reference.accuracy_wrong_low:
        return "learns errors"
    if trained.accuracy_wrong_low > reference.accuracy_wrong_high:
        return "corrects errors"
    return UNDECIDED
