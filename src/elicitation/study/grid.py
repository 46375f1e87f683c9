"""The purchases that follow from a grid: by method, by block, and by the group of runs that they belong to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from elicitation.analysis.names import NO_SUPERVISOR, student_and_cue
from elicitation.buying.methods import Method
from elicitation.buying.prices import ceiling, exact, labels_for
from elicitation.buying.purchases import Supply

if TYPE_CHECKING:
    # Scripts read the names below without the study's models.
    from elicitation.study.settings import Combination, ExtraSeeds, Grid

# What stands for the method in the path of the run without any label, which all methods that only prompt share.
NO_LABELS = "no-labels"
# The seed that a run without any label counts to: it buys and draws nothing, so it is the same for every seed.
NO_SEED = 0
# The predictions of a run, and the folder of a weak stage, as the rules and tables of runs and stages name their parts.
RUNS = "results/runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.parquet"
STAGE = "results/stages/{task}/{supervisor}/{student}/{recipe}/w{n_weak}_s{seed}"
# Keys of the grid that a combination may narrow.
NARROWED = ("budgets", "gold_shares")
# The names of a combination, by what a group calls them.
WILDCARDS = {
    "task": "tasks",
    "supervisor": "supervisors",
    "student": "students",
    "method": "methods",
    "cue": "cues",
}
# (n_weak, n_gold) that are bought.
Pairs = list[tuple[int, int]]
# What is bought, by (budget, seed).
Blocks = dict[tuple[int, int], Pairs]


class Group(NamedTuple):
    """What a group of runs is called by, in rules and tables."""

    task: str
    supervisor: str
    student: str
    """With its cue, as elicitation.analysis.names.with_cue writes both."""
    method: str

    @classmethod
    def of(cls, wildcards: Mapping[str, str]) -> Group:
        return cls(*(wildcards[name] for name in cls._fields))

    @property
    def named(self) -> dict[str, str]:
        """The names that a combination may give, the student's and its cue's apart; by the keys of WILDCARDS."""
        student, cue = student_and_cue(self.student)
        return self._asdict() | {"student": student, "cue": cue}

    def maker(self, n_weak: int, n_gold: int) -> Group:
        """The group under whose name a run is made and stored.

        Without weak labels it is the same whoever the supervisor is; without any label also by whichever method it
        asks.
        """
        return self._replace(
            supervisor=self.supervisor if n_weak else NO_SUPERVISOR,
            method=self.method if n_weak or n_gold else NO_LABELS,
        )

    def is_in(self, combination: Combination) -> bool:
        """Whether a combination holds the group."""
        own, held = self.named, ((name, getattr(combination, kind)) for name, kind in WILDCARDS.items())
        return all(names is None or own[name] in names for name, names in held)


@dataclass(frozen=True)
class Spending:
    """What a study spends: the budgets and shares of its grid, and the seeds that repeat them."""

    grid: Grid
    seeds: list[int]
    extra_seeds: ExtraSeeds | None = None

    @property
    def all_seeds(self) -> list[int]:
        return self.seeds + (self.extra_seeds.seeds if self.extra_seeds else [])

    def teams(self, size: int) -> dict[str, list[int]]:
        """The seeds in the teams that train together, by what their files are called by; size: of a team, at most.

        Teams are neighbours in the lists. Extra seeds, which buy less, have teams of their own.
        """
        lists = [self.seeds, self.extra_seeds.seeds if self.extra_seeds else []]
        teams = [seeds[first : first + size] for seeds in lists for first in range(0, len(seeds), size)]
        return {"+".join(map(str, team)): team for team in teams}

    def narrowed(self, budgets: Iterable[int], gold_shares: Iterable[float]) -> Spending:
        """With these budgets and gold shares alone."""
        update = {"budgets": list(budgets), "gold_shares": list(gold_shares)}
        return replace(self, grid=self.grid.model_copy(update=update))


def listed_purchases(grid: Grid, method: Method) -> Pairs:
    """The (n_weak, n_gold) that follow from no budget: `finetune_on` and the prompts' examples, or `more_purchases`."""
    if method.finetune_on is None:
        return [tuple(pair) for pair in grid.more_purchases]
    weak_shots, gold_shots = method.shots_bought
    return [(weak_shots + n_weak, gold_shots + n_gold) for n_weak, n_gold in method.finetune_on]


def purchases_of(budget: int, grid: Grid, method: Method) -> Pairs:
    """The (n_weak, n_gold) that a method buys with a budget, without repetitions.

    Examples in prompts are bought first, and counted; gold shares are those of the rest, and what leaves nothing to
    train on is no purchase. A method that only prompts has one budget, the largest number of examples, and buys each
    number of them; asking without any example is the one purchase of the budget 0.
    """
    if method.prompts_only:
        numbers = [k for k in grid.shots if bool(k) == bool(budget)]
        return [method.shots.split(k) for k in numbers]
    price, (weak_shots, gold_shots) = exact(grid.weak_price), method.shots_bought
    pairs = [pair for pair in listed_purchases(grid, method) if ceiling(*pair, price) == budget]
    if budget in grid.budgets and method.finetune_on is None:
        rest = budget - weak_shots * price - gold_shots
        shares = [exact(share) for share in method.gold_shares or grid.gold_shares]
        n_golds = [math.floor(share * rest) for share in shares]
        # All on gold labels means no weak ones, even for what is left of a gold label's price.
        n_weaks = [labels_for(rest - n, price) if share < 1 else 0 for n, share in zip(n_golds, shares, strict=True)]
        pairs = [(weak_shots + w, gold_shots + g) for w, g in zip(n_weaks, n_golds, strict=True)] + pairs
    return [
        (n_weak, n_gold)
        for n_weak, n_gold in dict.fromkeys(pairs)
        if n_weak >= weak_shots and n_gold >= gold_shots and n_weak + n_gold > weak_shots + gold_shots
    ]


def block_purchases(budget: int, seed: int, method: Method, supply: Supply, spending: Spending) -> Pairs:
    """The purchases of a block: all of the budget's, or, for an extra seed, those with a small stage.

    Those that the pool cannot serve are left out where the grid says so, and else refused at validation.
    """
    pairs = purchases_of(budget, spending.grid, method)
    if spending.grid.beyond_pool == "leave_out":
        pairs = [pair for pair in pairs if supply.serves(*pair)]
    if seed in spending.seeds or budget == 0:
        return pairs
    shots, at_most = method.shots_bought, spending.extra_seeds.at_most
    return [pair for pair in pairs if min(n - k for n, k in zip(pair, shots, strict=True) if n > k) <= at_most]


def blocks_of(method: Method, supply: Supply, spending: Spending) -> Blocks:
    """The purchases of every (budget, seed) for which a method has some."""
    grid = spending.grid
    if method.prompts_only:
        budgets = [max(grid.shots)] if any(grid.shots) else []
    else:
        own = {ceiling(*pair, grid.weak_price) for pair in listed_purchases(grid, method)}
        budgets = sorted({*grid.budgets, *own})
    places = [(budget, seed) for budget in budgets for seed in spending.all_seeds]
    if method.prompts_only and 0 in grid.shots:
        places.insert(0, (0, NO_SEED))
    blocks = {place: block_purchases(*place, method, supply, spending) for place in places}
    return {place: pairs for place, pairs in blocks.items() if pairs}


def planned_blocks(
    groups: Iterable[Group],
    combinations: Iterable[Combination],
    methods: Mapping[str, Method],
    supplies: Mapping[tuple[str, str], Supply],
    spending: Spending,
) -> dict[Group, Blocks]:
    """The purchases of every block of every group, the shared ones among them; supplies: by task and supervisor.

    A group that stands in several combinations makes what each of them asks for, with the budgets and gold shares that
    it names. Purchases that follow from no budget (`more_purchases`, `shots`, a method's `finetune_on`) and the shares
    of a method that has its own stay as they are.
    """

    @cache
    def blocks_within(supply: Supply, method: str, *narrowed: tuple) -> Blocks:
        return blocks_of(methods[method], supply, spending.narrowed(*narrowed))

    shares = [
        (entry, *(tuple(getattr(entry, key) or getattr(spending.grid, key)) for key in NARROWED))
        for entry in combinations
    ]
    planned = {}
    for group in groups:
        blocks: Blocks = {}
        for entry, *narrowed in shares:
            if group.is_in(entry):
                supply = supplies[group.task, group.supervisor]
                for block, pairs in blocks_within(supply, group.method, *narrowed).items():
                    blocks[block] = list(dict.fromkeys(blocks.get(block, []) + pairs))
        planned[group] = blocks
    return planned


def made_blocks(planned: Mapping[Group, Blocks]) -> dict[Group, Blocks]:
    """The purchases of every block that a job makes, each once, by its maker; blocks without any are absent."""
    made: dict[Group, Blocks] = {}
    for group, blocks in planned.items():
        for block, pairs in blocks.items():
            for pair in pairs:
                bought = made.setdefault(group.maker(*pair), {}).setdefault(block, [])
                if pair not in bought:
                    bought.append(pair)
    return made


def as_runs(planned: Mapping[Group, Blocks]) -> Iterator[dict]:
    """Every run as task, supervisor, student, method, budget, seed, n_weak, n_gold."""
    for group, blocks in planned.items():
        for (budget, seed), pairs in blocks.items():
            for n_weak, n_gold in pairs:
                yield group._asdict() | {"budget": budget, "seed": seed, "n_weak": n_weak, "n_gold": n_gold}
