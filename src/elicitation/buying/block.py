"""A block: the runs of one task, student, method, budget and seed, what each buys, and what it leaves behind."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.buying.market import plan_runs, read_market
from elicitation.buying.methods import Method, method_from
from elicitation.buying.purchases import Purchase
from elicitation.files import hash_ids

# The numbers of weak and of gold labels that a run buys.
Pair = tuple[int, int]


@dataclass(frozen=True)
class Block:
    """The runs of one budget and seed, or the one purchase of a weak stage, from which runs of several budgets start.

    Supervisor and budget are not in it: `p_weak` and `purchases` are what they come to.
    """

    task: str
    student: str
    method: Method
    seed: int
    pool: pd.DataFrame
    """text, gold and p_weak of all that is on sale, by id; p_weak is missing where no weak labels are bought."""
    shots: Purchase
    """The bought examples that stand in all prompts, and which are not trained on."""
    purchases: dict[Pair, Purchase]
    """What each run buys beside them."""
    candidates: dict[Pair, list[str]]
    """What uncertainty sampling chooses from in each run; empty where it does not choose."""


def read_block(
    task: str,
    student: str,
    seed: int,
    method: Mapping,
    pairs: Collection[Collection[int]],
    pool: str | Path,
    weak_labels: str | Path | None,
    ordering: str | Path,
) -> Block:
    """A block, by the files of what is on sale.

    method: its settings, as settings_of writes them; pairs: the numbers of labels that each run buys, prompts included;
    pool, weak_labels, ordering: as read_market takes them. Raises InputError if the pool cannot serve a purchase.
    """
    parsed = method_from(method)
    examples, ordered, supply = read_market(pool, weak_labels, ordering)
    shots, purchases, candidates = plan_runs(parsed, pairs, ordered, supply, task)
    return Block(task, student, parsed, seed, examples.set_index("id"), shots, purchases, candidates)


def read_blocks(seeds: Sequence[int], orderings: Sequence[str | Path], **of_all) -> list[Block]:
    """The blocks of several seeds that buy the same numbers of labels; orderings: of each seed; of_all: as in
    read_block."""
    return [read_block(seed=seed, ordering=ordering, **of_all) for seed, ordering in zip(seeds, orderings, strict=True)]


def weak_purchase(method: Mapping, n_weak: int) -> Pair:
    """What a weak stage buys: n_weak labels, and the gold ones that its prompts hold; method: as in read_block."""
    return n_weak, method_from(method).shots_bought[1]


@dataclass(frozen=True)
class Run:
    """One finished run: what it bought, and what its student then says of the test examples."""

    n_weak: int
    n_gold: int
    seed: int
    log_odds: np.ndarray
    """(n,) of label 1, in the order of the test examples."""
    bought: Purchase = field(default_factory=lambda: Purchase([], []))
    """All ids that were paid for, the examples in prompts among them."""
    stages: dict[str, dict] = field(default_factory=dict)
    """What the record says of each training stage, by the labels that it trained on."""
    evaluation: dict | None = None
    """What the record says of the answers, where they had to be paid for."""
    together: int | None = None
    """Where runs trained at once, how many they were, itself included."""

    @property
    def numbers(self) -> dict[str, int]:
        """What identifies the run within its file, by column."""
        return {"n_weak": self.n_weak, "n_gold": self.n_gold, "seed": self.seed}

    @property
    def record(self) -> dict:
        """What the record of the block says of the run."""
        bought = {"weak_ids": hash_ids(self.bought.weak), "gold_ids": hash_ids(self.bought.gold)}
        paid = {} if self.evaluation is None else {"evaluation": self.evaluation}
        together = {} if self.together is None else {"runs_together": self.together}
        return self.numbers | bought | {"stages": self.stages} | paid | together


def predictions_table(runs: Sequence[Run], test_ids: pd.Series) -> pd.DataFrame:
    """One row a run and test example: n_weak, n_gold, seed, id, log_odds."""
    return pd.concat([pd.DataFrame({**run.numbers, "id": test_ids, "log_odds": run.log_odds}) for run in runs])
