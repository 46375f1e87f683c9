"""What is recommended at every budget and price, by supervisor and method, and how sure its way of spending is."""

from collections.abc import Iterable, Iterator

import pandas as pd

from elicitation.analysis.choices import Decision, Terms, decide, terms_for
from elicitation.analysis.names import REGIMES
from elicitation.analysis.posterior import Block, gap


def each_group(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks with the surface of one supervisor and method each."""
    for block in blocks:
        for surface in block.surfaces:
            yield block.only(surface.supervisor, surface.method)


def each_terms(
    blocks: Iterable[Block], prices: dict[str, list[float]], budgets: list[float], pool_sizes: dict[str, int]
) -> Iterator[tuple[Block, float, float, Terms]]:
    """`each_group` on all terms that a study looks at: with the price of a weak label, the budget, and the terms.

    prices: by supervisor; pool_sizes: by task.
    """
    for block in each_group(blocks):
        [surface] = block.surfaces
        for price in prices[surface.supervisor]:
            for budget in budgets:
                terms = terms_for(budget, {surface.supervisor: price}, pool=pool_sizes.get(block.task))
                yield block, price, budget, terms


def names_of(block: Block) -> dict[str, str]:
    """The names of a block of one surface."""
    [surface] = block.surfaces
    names = {"task": block.task, "supervisor": surface.supervisor}
    return names | {"student": block.student, "method": surface.method}


def find_regimes(
    blocks: Iterable[Block],
    prices: dict[str, list[float]],
    budgets: list[float],
    pool_sizes: dict[str, int],
    verdict: float,
) -> pd.DataFrame:
    """A row a task, supervisor, student and method, price of the supervisor's labels and budget: what `decide` says.

    `regime` is that of what is recommended, or undetermined; `leading` what is recommended whether or not it is
    decided. n_weak, n_gold and score are of the best purchase; score_weak_only and so on of the best of each strategy;
    `mix_gain` is by how much the best mixture is ahead of the best pure purchase, with its 95 % interval.
    pool_sizes: by task.
    """
    rows = [
        names_of(block) | {"budget": budget, "weak_price": price} | describe(decide(block, terms, verdict))
        for block, price, budget, terms in each_terms(blocks, prices, budgets, pool_sizes)
    ]
    return pd.DataFrame(rows)


def describe(decision: Decision) -> dict:
    """The columns of a decision."""
    options, best = decision.options, decision.best
    row = {"regime": decision.regime, "leading": decision.leading, "reason": decision.reason}
    row |= {regime: decision.probabilities.get(strategy) for strategy, regime in REGIMES.items()}
    row |= {"beats_nothing": decision.beats_free, "nothing": decision.free.kind}
    if best is not None:
        row |= {"n_weak": options.n_weak[best], "n_gold": options.n_gold[best], "cost": options.cost[best]}
        row |= options.scores.on([best]).row("score") | {"n_seeds": options.surface_of(best).fewest_seeds}
    for strategy, position in decision.by_strategy.items():
        row[f"score_{strategy.replace(' ', '_')}"] = options.scores.mean[position]
    return row | mix_gain(decision)


def mix_gain(decision: Decision) -> dict[str, float]:
    """By how much the best mixture is ahead of the best pure purchase, with its 95 % interval, where there are both."""
    pure = [position for strategy, position in decision.by_strategy.items() if strategy != "mixed"]
    if not pure or "mixed" not in decision.by_strategy:
        return {}
    scores, mixed = decision.options.scores, decision.by_strategy["mixed"]
    best = max(pure, key=lambda position: scores.mean[position])
    found = gap(scores.on([mixed]), scores.on([best]))
    return dict(zip(("mix_gain", "mix_gain_low", "mix_gain_high"), found, strict=True))
