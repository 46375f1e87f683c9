"""Intervals of scores that hold the truth in 95 % of cases."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.proportion import proportion_confint

from elicitation.analysis.posterior import Z

# The share of cases in which an interval is to hold the truth.
CONFIDENCE = 0.95
# The interval of an AUROC is that of so many resamples.
BOOTSTRAP_SAMPLES = 500
# Nearer than this to 0 and 1 no end of an interval is searched.
TINY = 1e-9


def wilson(correct: float, n: float, halves: int = 0) -> tuple[float, float]:
    """95 % Wilson interval of a proportion. halves: so many of the n count as half correct.

    These vary less than a proportion, which is then as sure as one of more cases.
    """
    share = correct / n
    variance = (correct - halves / 4) / n - share**2
    if halves and variance > 0:
        n = n * share * (1 - share) / variance
    low, high = proportion_confint(share * n, n, alpha=1 - CONFIDENCE, method="wilson")
    return float(low), float(high)


def widened(score, low, high, shift) -> tuple[np.ndarray, np.ndarray]:
    """The ends of a score's 95 % interval, once wrong gold labels add an error of the standard deviation `shift`."""
    off = Z * np.asarray(shift)
    return np.maximum(0.0, score - np.hypot(score - low, off)), np.minimum(1.0, score + np.hypot(high - score, off))


def auroc_interval(gold: np.ndarray, score: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the AUROC over examples, drawn within each class.

    The Mann-Whitney statistic on ranks scores all resamples at once; scikit-learn's roc_auc_score scores one at a time.
    """
    positive, negative = score[gold == 1], score[gold == 0]
    n1, n0 = len(positive), len(negative)
    drawn = np.concatenate(
        [rng.choice(positive, (BOOTSTRAP_SAMPLES, n1)), rng.choice(negative, (BOOTSTRAP_SAMPLES, n0))], axis=1
    )
    ranks = stats.rankdata(drawn, axis=1)[:, :n1].sum(axis=1)
    aurocs = (ranks - n1 * (n1 + 1) / 2) / (n1 * n0)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(aurocs, [tail, 1 - tail])
    return float(low), float(high)


def seed_half_width(per_seed: np.ndarray) -> float:
    """Half-width of the t interval of the mean over seeds; infinite for one seed, whose spread is unknown."""
    n = len(per_seed)
    if n < 2:
        return float("inf")
    return float(stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1) * np.std(per_seed, ddof=1) / np.sqrt(n))


def auroc_variance(auroc: float, n_positive: int, n_negative: int) -> float:
    """The sampling variance of an AUROC, from itself and the sizes of the classes: method 5 of `auroc_ends`."""
    both = (n_positive + n_negative) / 2 - 1
    spread = 1 + both * ((1 - auroc) / (2 - auroc) + auroc / (1 + auroc))
    return auroc * (1 - auroc) * spread / (n_positive * n_negative)


def auroc_ends(auroc: float, n_positive: int, n_negative: int) -> tuple[float, float]:
    """The ends of a 95 % interval of an AUROC that fits small classes too, where it is 1 or 0 as well.

    The true values from which the measured one is 1.96 standard errors away, as they are there: Wilson's idea for
    proportions. Source: Newcombe (2006), Confidence intervals for an effect size measure based on the Mann-Whitney
    statistic, part 2, method 5, Statistics in Medicine 25.
    """

    def beyond(value: float) -> float:
        return abs(value - auroc) - Z * np.sqrt(auroc_variance(value, n_positive, n_negative))

    # At the measured value it is below 0, and between that and an end it crosses 0 once.
    inside = min(max(auroc, 2 * TINY), 1 - 2 * TINY)
    low = brentq(beyond, TINY, inside) if beyond(TINY) > 0 else 0.0
    high = brentq(beyond, inside, 1 - TINY) if beyond(1 - TINY) > 0 else 1.0
    return low, high


def mean_accuracy(per_seed: np.ndarray, n_test: float) -> tuple[float, float, float]:
    """Mean accuracy over seeds with a 95 % interval (mean, low, high).

    Two sources of error add in quadrature: the seeds (t interval) and the test examples, which all seeds share
    (Wilson). With one seed the interval speaks of the examples only, as the n_seeds beside it says.
    """
    mean = float(np.mean(per_seed))
    low, high = wilson(mean * n_test, n_test)
    seeds = seed_half_width(per_seed) if len(per_seed) > 1 else 0.0
    return mean, max(0.0, mean - np.hypot(mean - low, seeds)), min(1.0, mean + np.hypot(high - mean, seeds))


def mean_difference(paired: np.ndarray) -> tuple[float, float, float]:
    """Mean of paired differences (seeds, examples) with a 95 % interval (mean, low, high), which is infinite for one
    seed.

    The two sources of error of `mean_accuracy` add in quadrature; that of the examples is from how much they differ.
    """
    mean, each = float(paired.mean()), paired.mean(axis=0)
    examples = Z * each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.inf
    off = float(np.hypot(seed_half_width(paired.mean(axis=1)), examples))
    return mean, mean - off, mean + off


def named(name: str, score: Sequence) -> dict:
    """A score with its interval (mean, low, high) as columns: `name`, `name_low` and `name_high`."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), score, strict=True))


def mean_of_runs(runs: pd.DataFrame, name: str) -> tuple[float, float, float]:
    """A score averaged over the runs of several seeds, with a 95 % interval (mean, low, high), as `mean_accuracy`'s.

    name: of a column, beside which stand the ends of each run's interval. All seeds share the test examples, so what
    these add to the interval is what they add to a run's, on average.
    """
    mean, low, high = (runs[column].mean() for column in (name, f"{name}_low", f"{name}_high"))
    seeds = seed_half_width(runs[name].to_numpy()) if len(runs) > 1 else 0.0
    return mean, max(0.0, mean - np.hypot(mean - low, seeds)), min(1.0, mean + np.hypot(high - mean, seeds))
