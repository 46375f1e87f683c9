"""Which runs or labels would decide what a recommendation leaves open. Imports nothing heavy."""

import math
from collections.abc import Mapping
from fractions import Fraction
from statistics import NormalDist

import pandas as pd

from elicitation.analysis.captions import describe_purchase
from elicitation.analysis.names import strategy_of
from elicitation.analysis.production import Z
from elicitation.buying.prices import labels_for

# No more seeds than this are ever proposed.
MOST_SEEDS = 30
# No more test examples are ever proposed than so many times those that there are.
MOST_EXAMPLES = 10


def purchase_of(strategy: str, budget: Fraction, weak_price: Fraction, pool_size: float) -> tuple[int, int] | None:
    """A purchase that spends the budget by this strategy, half of it on either label where it is mixed, if any does.

    pool_size: examples that can be labelled; beyond, there is nothing to buy.
    """
    n_gold = {"weak only": 0, "mixed": max(1, labels_for(budget, 2)), "gold only": labels_for(budget, 1)}[strategy]
    n_gold = min(n_gold, pool_size)
    n_weak = 0 if strategy == "gold only" else min(labels_for(budget - n_gold, weak_price), pool_size - n_gold)
    possible = n_weak >= 0 and n_weak + n_gold > 0 and strategy_of(n_weak, n_gold) == strategy
    return (n_weak, n_gold) if possible else None


def factor_alone(excess: float, share: float) -> float:
    """How many times as much evidence of one kind divides a variance by `excess`; infinite where it cannot.

    share: what this kind, seeds or test examples, accounts for of the variance; the rest stays as it is.
    """
    left = (1 / excess if excess else math.inf) - (1 - share)
    return share / left if left > 0 else math.inf


def excess_of_variance(regime: Mapping, wanted: float) -> float:
    """By how much the variance of the winner's lead must be divided for the lead to be as sure as is wanted."""
    spread = NormalDist().inv_cdf(wanted) * (regime["lead_high"] - regime["lead_low"]) / (2 * Z)
    if not regime["lead"]:
        return math.inf if spread else 0.0
    return (spread / regime["lead"]) ** 2


def more_evidence(option: pd.Series, regime: Mapping, wanted: float) -> str:
    """How many seeds or test examples would decide between the strategies."""
    excess, share = excess_of_variance(regime, wanted), option.seed_share
    labels = describe_purchase(regime["n_weak"], regime["n_gold"])
    runs = f"of {labels} and of the best purchases of the other strategies at this cost"
    for seeds, examples in ((factor_alone(excess, share), 1), (1, factor_alone(excess, 1 - share)), (excess, excess)):
        if option.n_seeds * seeds <= MOST_SEEDS and examples <= MOST_EXAMPLES:
            n_seeds = max(math.ceil(option.n_seeds * seeds), option.n_seeds + (examples == 1))
            n_test = math.ceil(option.n_test * examples)
            more = []
            if n_seeds > option.n_seeds:
                more.append(f"about {n_seeds} seeds in all (now {option.n_seeds}) {runs}")
            if n_test > option.n_test:
                more.append(f"about {n_test} test examples in all (now {option.n_test})")
            return " and ".join(more)
    return (
        f"hardly anything: {regime['winner']} is {100 * abs(regime['lead']):.1f} points off its best rival; "
        f"{MOST_SEEDS} seeds and {MOST_EXAMPLES} times the test examples would not tell; take what is simpler"
    )


def next_steps(option: pd.Series, regime: Mapping, wanted: float, budget: Fraction, pool_size: float) -> list[str]:
    """Which runs or labels would decide whether this option is the best way of spending, where the runs do not.

    option: a row of elicitation.analysis.options.Options; regime: what the runs say at its budget and price, as
    elicitation.analysis.recommendation.observed_regime returns it; wanted: the probability from which on something is
    decided; budget: in gold labels; pool_size: examples that can be labelled, perhaps infinite.
    """
    if not option.studied:
        labels = describe_purchase(option.n_weak, option.n_gold)
        return [f"runs of {labels} and of other purchases of that size: the study has none"]
    if option.n_seeds < 2:
        return ["at least two more seeds: one has no spread"]
    if regime["missing"]:
        pairs = [purchase_of(strategy, budget, option.weak_price, pool_size) for strategy in regime["missing"]]
        named = " and of ".join(describe_purchase(*pair) for pair in pairs if pair)
        runs = f"runs of {named}, where the method can make them" if named else "a larger budget"
        return [f"{runs}: {regime['reason']}"]
    return [more_evidence(option, regime, wanted)]
