"""What a task, a supervisor and a seed have on sale, and what the runs of a block buy of it."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.buying.methods import Method
from elicitation.buying.purchases import Purchase, Supply, arrange, buy, set_shots_apart

# Uncertainty sampling looks at no more unlabelled examples than this, unless it buys more than half of them.
CANDIDATES = 4096


def read_market(
    pool: str | Path, weak_labels: str | Path | None, ordering: str | Path
) -> tuple[pd.DataFrame, list[str], Supply]:
    """The pool with its weak labels (id, text, gold, p_weak), and ordering and supply as `arrange` returns them.

    weak_labels: their file; none where only gold labels are bought. Then whatever has a gold label is on sale in the
    seed's plain ordering, which depends on no supervisor.
    """
    examples = pd.read_parquet(pool)
    examples = examples.merge(pd.read_parquet(weak_labels), on="id") if weak_labels else examples.assign(p_weak=np.nan)
    with_weak, with_gold = examples.id[examples.p_weak.notna()], examples.id[examples.gold.notna()]
    return examples, *arrange(pd.read_parquet(ordering).id, with_weak, with_gold)


def candidates_for(ordering: list[str], purchase: Purchase, shots: Purchase) -> list[str]:
    """What uncertainty sampling chooses from: unbought examples, those that a random purchase would take first."""
    bought = {*purchase.weak, *shots.weak, *shots.gold}
    free = [i for i in reversed(ordering) if i not in bought]
    return free[: max(CANDIDATES, 2 * len(purchase.gold))]


def plan_runs(
    method: Method, pairs: Collection[Collection[int]], ordering: list[str], supply: Supply, task: str
) -> tuple[Purchase, dict[tuple[int, int], Purchase], dict[tuple[int, int], list[str]]]:
    """What the runs of a block, the (n_weak, n_gold) `pairs`, use: the examples in all their prompts and, by pair, what
    is trained on and what uncertainty sampling chooses from. InputError if the pool cannot serve this.

    ordering, supply: as elicitation.buying.purchases.arrange returns them.
    """
    # What has a gold label to be bought stands last.
    with_gold = ordering[len(ordering) - supply.gold :]
    purchases, candidates = {}, {}
    for pair in map(tuple, pairs):
        shots, purchases[pair] = set_shots_apart(buy(ordering, *pair, task, supply), *method.shots_bought)
        # Without a weak stage the student's predictions say nothing yet, so nothing is chosen by them.
        chooses = method.selection and purchases[pair].weak
        candidates[pair] = candidates_for(with_gold, purchases[pair], shots) if chooses else []
    return shots, purchases, candidates
