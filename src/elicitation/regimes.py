"""Which way of spending a budget wins: weak labels only, gold labels only, or both."""

import numpy as np
import pandas as pd

from elicitation.evaluation import seed_half_width
from elicitation.frontier import cost
from elicitation.strategies import REGIMES, STRATEGIES, UNDETERMINED, strategy_of

NAMES = ["task", "supervisor", "student", "method"]
"""What a regime is found for."""
Z = 1.96


def paired_difference(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """Mean of a - b with a 95 % interval; both (seeds, examples) of 0/1, paired in both.

    Seeds (t interval of the row means) and examples (normal interval of the column means) add in quadrature.
    """
    difference = a.astype(float) - b
    mean = difference.mean()
    examples = Z * difference.mean(axis=0).std(ddof=1) / np.sqrt(difference.shape[1])
    half = np.hypot(seed_half_width(difference.mean(axis=1)), examples)
    return float(mean), float(mean - half), float(mean + half)


def regime_at(correct: dict[tuple[int, int], np.ndarray], half: np.ndarray, budget: float, weak_price: float) -> dict:
    """The regime at one budget and price, for one task, supervisor, student and method.

    correct: (seeds, examples) of 0/1 by (n_weak, n_gold), with the same seeds for all; half: (examples,) mask of
    those that choose each strategy's best affordable purchase and the winner among them. The other half
    compares the winner with each rival; it must beat both beyond the 95 % interval, else the regime is undetermined.
    """
    best: dict[str, tuple[int, int]] = {}
    for purchase in correct:
        strategy = strategy_of(*purchase)
        score = correct[purchase][:, half].mean()
        if cost(*purchase, weak_price) <= budget and (
            strategy not in best or score > correct[best[strategy]][:, half].mean()
        ):
            best[strategy] = purchase
    row = {"budget": budget, "weak_price": weak_price, "regime": UNDETERMINED, "winner": None}
    if set(best) != set(STRATEGIES):
        return row | {"reason": "not every strategy has a purchase within the budget"}
    winner = max(STRATEGIES, key=lambda strategy: correct[best[strategy]][:, half].mean())
    lead = [
        paired_difference(correct[best[winner]][:, ~half], correct[best[rival]][:, ~half])
        for rival in STRATEGIES
        if rival != winner
    ]
    mean, low, high = min(lead, key=lambda interval: interval[1])
    if low > 0:
        row["regime"] = REGIMES[winner]
    return row | {
        "winner": winner,
        "reason": "",
        "lead": mean,
        "lead_low": low,
        "lead_high": high,
        "n_seeds": len(correct[best[winner]]),
        **{strategy: correct[best[strategy]][:, ~half].mean() for strategy in STRATEGIES},
        "n_weak": best[winner][0],
        "n_gold": best[winner][1],
    }


def join_tasks(per_task: list[dict[tuple[int, int], np.ndarray]]) -> dict[tuple[int, int], np.ndarray]:
    """The test examples of several tasks side by side, for the purchases and seeds that all tasks have."""
    shared = set.intersection(*(set(correct) for correct in per_task))
    joined = {purchase: [correct[purchase] for correct in per_task] for purchase in sorted(shared)}
    return {
        purchase: np.concatenate(parts, axis=1)
        for purchase, parts in joined.items()
        if len({len(part) for part in parts}) == 1
    }


def correctness(predictions: pd.DataFrame, gold: pd.Series) -> dict[tuple[int, int], np.ndarray]:
    """(seeds, examples) of 0/1 by (n_weak, n_gold); examples in the order of `gold`, which is by id.

    predictions: seed, n_weak, n_gold, id, log_odds.
    """
    result = {}
    for key, runs in predictions.groupby(["n_weak", "n_gold"]):
        log_odds = runs.pivot(index="seed", columns="id", values="log_odds")[gold.index]
        result[key] = (log_odds.to_numpy() > 0) == (gold.to_numpy() == 1)
    return result
