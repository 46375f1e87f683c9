"""Which way of spending a budget wins: weak labels only, gold labels only, or both; and how sure that is."""

import numpy as np
import pandas as pd

from elicitation.analysis.evidence import Evidence, with_interval
from elicitation.analysis.names import GROUP, REGIMES, STRATEGIES, UNDETERMINED, strategy_of
from elicitation.buying.prices import affords

PURE = [strategy for strategy in STRATEGIES if strategy != "mixed"]


def affordable_by_strategy(points: pd.DataFrame, budget: float, weak_price: float) -> dict[str, np.ndarray]:
    """Positions of the purchases within the budget, by strategy; strategies without any are absent."""
    names = np.array([strategy_of(*pair) for pair in zip(points.n_weak, points.n_gold, strict=True)])
    within = affords(budget, points.n_weak, points.n_gold, weak_price)
    found = {strategy: np.flatnonzero(within & (names == strategy)) for strategy in STRATEGIES}
    return {strategy: positions for strategy, positions in found.items() if len(positions)}


def shares_of_wins(scores: np.ndarray) -> np.ndarray:
    """(n,) in what share of the replicates each of n has the highest score (n, replicates); ties are shared equally."""
    wins = scores == scores.max(axis=0)
    return (wins / wins.sum(axis=0)).mean(axis=1)


def regime_at(evidence: Evidence, budget: float, weak_price: float, verdict: float) -> dict:
    """The regime at one budget and price, for one task, supervisor, student and method.

    In every replicate each strategy's best affordable purchase is chosen on one half of the evidence and the strategies
    are compared on the other. The share of replicates in which a strategy is ahead is the probability of its regime;
    one below `verdict` leaves the regime undetermined, and so do a single seed and a strategy without affordable
    purchase, which has no share.

    `effect` is by how much the best mixed purchase is ahead of the best pure one, `lead` by how much the winner is
    ahead of the best of the other two, both with 95 % interval. The purchase is what most halves choose for the winner.
    """
    row = {"budget": budget, "weak_price": weak_price, "regime": UNDETERMINED, "winner": None}
    points = evidence.points
    positions = affordable_by_strategy(points, budget, weak_price)

    def chosen_among(strategies: list[str]) -> np.ndarray:
        """(replicates,) positions of what the choosing halves find best among the purchases of these strategies."""
        return evidence.best_by_half(np.concatenate([positions[strategy] for strategy in strategies]))

    chosen = {strategy: chosen_among([strategy]) for strategy in positions}
    scores = {strategy: evidence.reported(chosen[strategy]) for strategy in positions}
    if scores:
        shares = dict(zip(positions, shares_of_wins(np.stack(list(scores.values()))), strict=True))
        row |= {REGIMES[strategy]: float(share) for strategy, share in shares.items()}
    if missing := [strategy for strategy in STRATEGIES if strategy not in positions]:
        return row | {"reason": f"no purchase within the budget is {' or '.join(missing)}"}
    winner = max(STRATEGIES, key=shares.get)
    rivals = chosen_among([strategy for strategy in STRATEGIES if strategy != winner])
    purchase = points.iloc[np.bincount(chosen[winner]).argmax()]
    one_seed = purchase.n_seeds < 2
    if shares[winner] >= verdict and not one_seed:
        row["regime"] = REGIMES[winner]
    return (
        row
        | {"winner": winner, "reason": "one seed has no spread" if one_seed else ""}
        | with_interval("effect", scores["mixed"] - evidence.reported(chosen_among(PURE)))
        | with_interval("lead", scores[winner] - evidence.reported(rivals))
        | {f"accuracy_{strategy.replace(' ', '_')}": float(score.mean()) for strategy, score in scores.items()}
        | {"n_weak": int(purchase.n_weak), "n_gold": int(purchase.n_gold), "n_seeds": int(purchase.n_seeds)}
    )


def find_regimes(
    evidence: Evidence, prices: dict[str, list[float]], budgets: list[float], verdict: float
) -> pd.DataFrame:
    """`regime_at` for every group of GROUP, at every price of its supervisor's labels and every budget."""
    # A method that is only asked without labels has no purchases to compare.
    rows = [
        names | regime_at(group, budget, price, verdict)
        for names, group in evidence.bought.by(GROUP)
        for price in prices[names["supervisor"]]
        for budget in budgets
    ]
    # Where no budget affords a strategy, no row has its share.
    unknown = dict.fromkeys(REGIMES.values(), np.nan)
    return pd.DataFrame([unknown | row for row in rows])
