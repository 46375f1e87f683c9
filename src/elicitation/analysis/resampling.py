"""The uncertainty behind every choice: seeds and test examples resampled together, and split into two halves.

A replicate halves the evidence on all configurations of a task at once. One half chooses (a frontier, a best purchase),
the other reports, so no score is reported on what it was chosen by; over many replicates little is lost by halving.

- Test examples are halved at random. The mean of a half lies off the mean of all by as much as that mean's own error
  (half-sampling; McCarthy 1969, Review of the International Statistical Institute 37).
- Three or four seeds can be neither halved nor resampled. Their deviations get normal weights instead, scaled so that
  intervals are as wide as Student's t demands; one half takes them with a plus, the other with a minus. Such halves of
  a Gaussian mean are independent (coupled bootstrap; Oliveira, Lei & Tibshirani 2021, arXiv 2111.09447).

All configurations of a task share the draws, so their differences are paired. Both parts contain the noise of single
predictions, which must not count twice: the seeds' part is reduced by NOISE_SHARE of what noise alone would make of it.
How well the intervals cover is simulated in tests/unit/test_coverage.py; docs/methods.md has the figures.
"""

from functools import cache

import numpy as np
import pandas as pd

from elicitation.analysis.evidence import Evidence, interval
from elicitation.analysis.names import AVERAGE, GROUP, SETTING
from elicitation.seeds import stream

# The share of the noise of single predictions that is taken out of the variance between seeds. 1 would be right on
# average, but since the difference of two estimates is cut at 0, few seeds would vary too little.
NOISE_SHARE = 0.5
# A half's accuracy deviates from that of all evidence by no more than this.
MOST_OFF = 0.5
PURCHASE = ["n_weak", "n_gold"]
# The columns that an average over tasks averages.
AVERAGED_COLUMNS = ("accuracy", "weak_accuracy", "commoner_accuracy", "deviations")


def right_answers(log_odds: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Whether each answer is right, both (n,): 1 or 0; 0.5 for log-odds of 0, which say nothing."""
    return np.where(log_odds == 0, 0.5, (log_odds > 0) == (gold == 1))


def draw_halves(n: int, replicates: int, task: str) -> np.ndarray:
    """(n, replicates) of -1 for the test examples that choose and 1 for those that report."""
    signs = np.where(np.arange(n) < n // 2, -1.0, 1.0)
    return stream(0, "halves", task).permuted(np.tile(signs[:, None], replicates), axis=0)


@cache
def seed_weights(seed: int, replicates: int, task: str) -> np.ndarray:
    """(replicates,) standard normal weights, the same for all configurations of a task."""
    return stream(seed, "seed weights", task).standard_normal(replicates)


@cache
def t_factors(n_seeds: int, replicates: int, task: str) -> np.ndarray:
    """(replicates,) factors that make normal deviations those of Student's t with n_seeds - 1 degrees of freedom."""
    from scipy import stats

    uniform = stream(0, "seed scale", task).uniform(size=replicates)
    return np.sqrt((n_seeds - 1) / stats.chi2.ppf(uniform, n_seeds - 1))


def example_deviations(correct: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """The part of `half_deviations` that the test examples account for."""
    # Centred, since the halves of an odd number of examples are not equal.
    return (correct.mean(axis=0) - correct.mean()) @ halves / correct.shape[1]


def half_deviations(correct: np.ndarray, seeds: list[int], halves: np.ndarray, task: str) -> np.ndarray:
    """(replicates,): the accuracy of the reporting half less that of all; the choosing half's lies as far below.

    correct: (seeds, examples) of 0/1; halves: as draw_halves returns them. One seed has no spread: then only test
    examples deviate.
    """
    n_seeds, n = correct.shape
    mean, per_example, per_seed = correct.mean(), correct.mean(axis=0), correct.mean(axis=1)
    examples = example_deviations(correct, halves)
    if n_seeds == 1:
        return examples
    weights = np.array([seed_weights(seed, halves.shape[1], task) for seed in seeds])
    spread = (per_seed - mean) @ weights / np.sqrt(n_seeds * (n_seeds - 1))
    # Mean squares of a two-way analysis of variance without repetition.
    noise = ((correct - per_example - per_seed[:, None] + mean) ** 2).sum() / ((n_seeds - 1) * (n - 1))
    between = n * per_seed.var(ddof=1)
    kept = max(0.0, 1 - NOISE_SHARE * noise / between) if between else 0.0
    return examples + np.sqrt(kept) * spread * t_factors(n_seeds, halves.shape[1], task)


def both_ways(deviations: np.ndarray) -> np.ndarray:
    """(2 n,) of (n,): every halving is used twice, the second time with the roles of its halves exchanged.

    Where two seeds make Student's t wild, no half is further off than accuracies can be.
    """
    within = deviations.clip(-MOST_OFF, MOST_OFF)
    return np.column_stack([within, -within]).ravel().astype(np.float32)


def resample(predictions: pd.DataFrame, gold: pd.Series, replicates: int, task: str) -> pd.DataFrame:
    """n_weak, n_gold, n_seeds, n_test, accuracy, deviations and seed_share, one row a purchase.

    seed_share: of the deviations' variance, judged by their intervals, what seeds and not test examples account for.

    predictions: seed, n_weak, n_gold, id, log_odds of one supervisor, student and method; gold: 0/1 by id.
    """
    halves, rows = draw_halves(len(gold), replicates // 2, task), []
    for (n_weak, n_gold), runs in predictions.groupby(["n_weak", "n_gold"]):
        log_odds = runs.pivot(index="seed", columns="id", values="log_odds")[gold.index]
        correct = right_answers(log_odds.to_numpy(), gold.to_numpy())
        row = {"n_weak": n_weak, "n_gold": n_gold, "n_seeds": len(correct), "n_test": len(gold)}
        row |= {"accuracy": correct.mean()}
        deviations = half_deviations(correct.astype(float), log_odds.index.tolist(), halves, task)
        row |= {"seed_share": seed_share(deviations, example_deviations(correct, halves))}
        rows.append(row | {"deviations": both_ways(deviations)})
    return pd.DataFrame(rows)


def seed_share(deviations: np.ndarray, of_examples: np.ndarray) -> float:
    """What is left of the variance of deviations (replicates,) without that of the examples' part of them."""
    whole, part = (np.ptp(interval(values)) ** 2 for values in (deviations, of_examples))
    return float(np.clip(1 - part / whole, 0, 1)) if whole else 0.0


def with_averaged_resamples(table: pd.DataFrame, over: list[str]) -> pd.DataFrame:
    """The table after averages over several tasks of the configurations that all of them have.

    table: as `resample` returns it, with task, supervisor, student, method, n_tasks, weak_accuracy and
    commoner_accuracy. Tasks have draws of their own, as they have labels and test examples of their own.
    """
    averages, keys = [], [*SETTING, *PURCHASE]
    for key, tasks in table[table.task.isin(over)].groupby(keys, sort=False):
        if len(over) > 1 and set(tasks.task) == set(over):
            counts = {"n_seeds": tasks.n_seeds.min(), "n_test": tasks.n_test.sum(), "n_tasks": len(tasks)}
            means = {name: np.mean(tasks[name].tolist(), axis=0) for name in AVERAGED_COLUMNS}
            variances = np.array([np.var(drawn) for drawn in tasks.deviations])
            share = float(tasks.seed_share @ variances / variances.sum()) if variances.any() else 0.0
            averages.append(
                {"task": AVERAGE, **dict(zip(keys, key, strict=True)), **counts, **means, "seed_share": share}
            )
    return pd.concat([pd.DataFrame(averages), table], ignore_index=True) if averages else table


def with_weak_accuracy(evidence: Evidence, summary: pd.DataFrame) -> Evidence:
    """The evidence with the interval of weak_accuracy from elicitation.analysis.scoring.summarise."""
    keys = [*GROUP, *PURCHASE]
    ends = ["weak_accuracy_low", "weak_accuracy_high"]
    points = evidence.points.merge(summary[[*keys, *ends]], on=keys, how="left", validate="one_to_one")
    return Evidence(points, evidence.deviations)
