"""Which pool examples are bought with which label.

One seeded ordering of the pool serves every purchase of a seed: weak purchases take from its front, gold
ones from its back. So the set bought with n is contained in the set bought with 2n (differences between
budgets are not sampling noise), the two sets never meet, and the weak set depends only on (n_weak, seed).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from elicitation.errors import InputError
from elicitation.seeds import stream


@dataclass(frozen=True)
class Purchase:
    """Disjoint ids, in the order in which they are bought."""

    weak: list[str]
    gold: list[str]


def order_pool(ids: Sequence[str], seed: int) -> list[str]:
    """The seed's ordering of the pool; independent of the order in which the ids come."""
    ordered = sorted(ids)
    stream(seed, "purchases").shuffle(ordered)
    return ordered


def check_supply(pool_size: int, n_weak: int, n_gold: int, task: str) -> None:
    """Raise InputError if the pool of `task` cannot serve this purchase."""
    if n_weak + n_gold > pool_size:
        raise InputError(
            f"Task {task!r}: the pool holds {pool_size} examples, but the grid buys {n_weak} weak and {n_gold} gold "
            f"labels, {n_weak + n_gold} in all; lower the budgets or enlarge the pool."
        )


def buy(ordering: Sequence[str], n_weak: int, n_gold: int, task: str) -> Purchase:
    """Take n_weak ids from the front and n_gold from the back of the ordering.

    Raises InputError if the pool is too small.
    """
    check_supply(len(ordering), n_weak, n_gold, task)
    return Purchase(weak=list(ordering[:n_weak]), gold=list(ordering[::-1][:n_gold]))


def set_shots_apart(purchase: Purchase, n_weak: int, n_gold: int) -> tuple[Purchase, Purchase]:
    """The first labels of either quality, which become examples in prompts, and the rest, which is trained on.

    The first are the same ones whatever else is bought.
    """
    shots = Purchase(purchase.weak[:n_weak], purchase.gold[:n_gold])
    return shots, Purchase(purchase.weak[n_weak:], purchase.gold[n_gold:])
