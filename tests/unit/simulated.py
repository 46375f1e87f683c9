"""Studies whose truth is known: predictions drawn from given accuracies."""

import numpy as np
import pandas as pd
from scipy import stats

from elicitation.analysis.evidence import Evidence
from elicitation.analysis.resampling import both_ways, draw_halves, example_deviations, half_deviations, seed_share

# How much test examples differ in difficulty, on the probit scale.
ITEM_SPREAD = 1.0
# How much of that is a configuration's own, as a share.
OWN_SPREAD = 0.5


def draw_correct(
    accuracies: np.ndarray, seeds: int, n: int, seed_spread: float, rng: np.random.Generator
) -> np.ndarray:
    """(configurations, seeds, n) of 0/1 whose expectations are `accuracies` (configurations,).

    Examples are harder or easier for all; every training (configuration and seed) is luckier or less so by seed_spread,
    half of it shared by all configurations of the seed.
    """
    difficulty = ITEM_SPREAD * rng.standard_normal(n) + OWN_SPREAD * rng.standard_normal((len(accuracies), n))
    scale = np.sqrt(1 + ITEM_SPREAD**2 + OWN_SPREAD**2)
    p = stats.norm.cdf(stats.norm.ppf(accuracies)[:, None] * scale + difficulty)[:, None]
    luck = rng.standard_normal((len(accuracies), seeds)) + 0.5 * rng.standard_normal(seeds)
    return (rng.random((len(accuracies), seeds, n)) < p + seed_spread * luck[:, :, None]).astype(float)


def draw_study(
    purchases: list[tuple[int, int]],
    accuracies: list[float],
    rng: np.random.Generator,
    seeds: int = 4,
    n: int = 400,
    seed_spread: float = 0.02,
    replicates: int = 400,
) -> Evidence:
    """The evidence on purchases of these accuracies, of one task and method."""
    correct = draw_correct(np.array(accuracies), seeds, n, seed_spread, rng)
    halves = draw_halves(n, replicates // 2, "simulated")
    halved = [half_deviations(runs, list(range(seeds)), halves, "simulated") for runs in correct]
    deviations = np.array(list(map(both_ways, halved)))
    shares = [seed_share(d, example_deviations(runs, halves)) for d, runs in zip(halved, correct, strict=True)]
    points = pd.DataFrame(purchases, columns=["n_weak", "n_gold"]).assign(
        task="t",
        supervisor="v",
        student="s",
        method="m",
        n_seeds=seeds,
        n_tasks=1,
        n_test=n,
        weak_accuracy=0.6,
        commoner_accuracy=0.5,
    )
    return Evidence(points.assign(accuracy=correct.mean(axis=(1, 2)), seed_share=shares), deviations)
