"""Which pool examples are bought with which label.

One seeded ordering of the pool serves every purchase of a seed: weak purchases take from its front, gold
ones from its back. So the set bought with n is contained in the set bought with 2n (differences between
budgets are not sampling noise), the two sets never meet, and the weak set depends only on (n_weak, seed).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from elicitation.errors import InputError
from elicitation.seeds import stream


@dataclass(frozen=True)
class Purchase:
    """Disjoint ids, in the order in which they are bought."""

    weak: list[str]
    gold: list[str]


@dataclass(frozen=True)
class Supply:
    """How many labels a pool can give."""

    examples: int
    """Each gives one label at most."""
    weak: int
    gold: int

    def serves(self, n_weak: int, n_gold: int) -> bool:
        """Whether the pool can serve a purchase."""
        return n_weak <= self.weak and n_gold <= self.gold and n_weak + n_gold <= self.examples


def full_supply(n: int) -> Supply:
    """The supply of n examples that can each have either label."""
    return Supply(n, n, n)


def order_pool(ids: Sequence[str], seed: int) -> list[str]:
    """The seed's ordering of the pool; independent of the order in which the ids come."""
    ordered = sorted(ids)
    stream(seed, "purchases").shuffle(ordered)
    return ordered


def arrange(ordering: Sequence[str], weak: Collection[str], gold: Collection[str]) -> tuple[list[str], Supply]:
    """The ordering with what has no gold label in front and what has no weak one at the back, and the supply.

    weak, gold: the ids that have a label of that kind; those that have neither are left out. Where all have both,
    the ordering stays as it is; else purchases are nested and disjoint all the same.
    """
    weak, gold = set(weak), set(gold)
    ids = [i for i in ordering if i in weak or i in gold]
    ids.sort(key=lambda i: (i in gold) + (i not in weak))
    return ids, Supply(len(ids), sum(i in weak for i in ids), sum(i in gold for i in ids))


def check_supply(supply: Supply, n_weak: int, n_gold: int, task: str, supervisor: str = "") -> None:
    """Raise InputError if the pool of `task` cannot serve this purchase; supervisor: whose weak labels are bought."""
    weak = f"a weak label{f' of {supervisor!r}' * bool(supervisor)}"
    for n, found, labels in (
        (n_weak, supply.weak, weak),
        (n_gold, supply.gold, "a gold label"),
        (n_weak + n_gold, supply.examples, f"{weak} or a gold one"),
    ):
        if n > found:
            raise InputError(
                f"Task {task!r}: {found} examples of the pool have {labels}, but the grid buys {n_weak} weak and "
                f"{n_gold} gold labels, each of another example; lower the budgets, enlarge the pool (of a table: "
                "label more rows, or lower test_size), or set grid.beyond_pool: leave_out."
            )


def buy(ordering: Sequence[str], n_weak: int, n_gold: int, task: str, supply: Supply | None = None) -> Purchase:
    """Take n_weak ids from the front and n_gold from the back of the ordering.

    supply: as arrange returns it beside the ordering; by default all examples have both labels. Raises InputError if
    the pool cannot serve this.
    """
    check_supply(supply or full_supply(len(ordering)), n_weak, n_gold, task)
    return Purchase(weak=list(ordering[:n_weak]), gold=list(ordering[::-1][:n_gold]))


def set_shots_apart(purchase: Purchase, n_weak: int, n_gold: int) -> tuple[Purchase, Purchase]:
    """The first labels of either quality, which become examples in prompts, and the rest, which is trained on.

    The first are the same ones whatever else is bought.
    """
    shots = Purchase(purchase.weak[:n_weak], purchase.gold[:n_gold])
    return shots, Purchase(purchase.weak[n_weak:], purchase.gold[n_gold:])
