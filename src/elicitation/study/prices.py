"""What weak labels cost: a study's own prices, those of columns of tables, shares of a panel's, and composed ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from elicitation.buying.prices import ceiling, cost, exact
from elicitation.errors import InputError, join_words
from elicitation.study.composed import Joined, SecondLook, Tiers
from elicitation.study.supervisors import Columns, Derived, Raters, Unpriced
from elicitation.study.tasks import RatedTask, TableTask

if TYPE_CHECKING:
    from elicitation.study.settings import Grid
    from elicitation.study.study import Study


def in_gold_labels(study: Study) -> Study:
    """The study with all prices in gold labels, as everything else takes them; they may stand there in a currency.

    That of its grid is the one at which budgets are split.
    """
    study = study.model_copy(update={"grid": split_at(study.grid, study.money.in_gold)})
    if study.currency is None:
        return study
    of = study.money.in_gold
    supervisors = [entry if isinstance(entry, str) else entry.priced(of) for entry in study.supervisors]
    changed = {"supervisors": supervisors}
    if study.weak_prices is not None:
        changed["weak_prices"] = [of(price) for price in study.weak_prices]
    return study.model_copy(update=changed)


def split_at(grid: Grid, in_gold: Callable[[float], float]) -> Grid:
    """The grid with the price at which its budgets are split, in gold labels: that of the lower of its two rates."""
    price = in_gold(grid.weak_price)
    if grid.most_weak_per_gold is not None:
        price = max(price, 1 / grid.most_weak_per_gold)
    return grid.model_copy(update={"weak_price": price})


def prices_of(study: Study) -> dict[str, list[float]]:
    """The prices of a weak label at which each supervisor's results are shown."""
    return {name: own_prices(name, study) for name in study.supervisor_named}


def shown_budgets(study: Study) -> list[int]:
    """The budgets, in gold labels, at which results are shown: those of the grid and of the purchases beside them.

    None above the grid's that pays for a purchase at the price at which budgets are split, but is spent by no source
    that has the labels for it: those of other sources cost less.
    """
    grid, most = study.grid, max(study.grid.budgets, default=0)
    beside = {tuple(pair): ceiling(*pair, grid.weak_price) for pair in grid.more_purchases}
    dear = {pair for pair, budget in beside.items() if budget > most}
    sold = {
        (group.supervisor, pair)
        for group, blocks in study.planned.items()
        for pairs in blocks.values()
        for pair in dear & {*pairs}
    }
    spent = {pair for supervisor, pair in sold if cost(*pair, max(study.prices[supervisor])) > most}
    return sorted({*grid.budgets, *(beside[pair] for pair in beside.keys() - dear | spent)})


def own_prices(name: str, study: Study) -> list[float]:
    """The prices of a weak label at which a supervisor's results are shown.

    Columns of tables have their own: what their votes cost on average for each example that has any. So have raters:
    the share of the panel that they are, on average over the tasks that they label; and models and rules, where they
    say one. Composed labels cost what the labels cost that they are composed from, and labels made from another
    supervisor's what these cost.
    """
    labeller = study.labeller(name)
    if labeller.parts:
        return [float(sum(exact(n) * exact(own_prices(part, study)[0]) for part, n in labeller.parts.items()))]
    if isinstance(labeller, Raters):
        return [price_of_ratings(labeller.raters, study.tasks_of(name))]
    if isinstance(labeller, Columns):
        return [price_of_votes(name, study)]
    if isinstance(labeller, Unpriced) and labeller.price is not None:
        return [labeller.price]
    return study.weak_prices


def check_parts(study: Study) -> None:
    """InputError if labels are to be composed from those of no supervisor of the study, or of one without one price."""
    for name, composed in study.supervisor_named.items():
        for part in composed.parts:
            place = f"Config, supervisors[{name}].{composed.decided_by[0]}"
            source = study.supervisor_named.get(part)
            if source is None or isinstance(source, (Derived, Tiers, SecondLook, type(composed))):
                raise InputError(
                    f"{place}: {part!r} must be another supervisor of the study, itself not made from another "
                    "(but shares, and a second look, may be of joined ones)."
                )
            if isinstance(source, Unpriced) and source.price is None and len(study.weak_prices or []) > 1:
                raise InputError(
                    f"{place}: the labels of {part!r} are shown at several weak_prices, so those of {name!r} have no "
                    f"one price; add a `price` to {part!r}, or name one of weak_prices."
                )
        raters = [part for part in composed.parts if isinstance(study.supervisor_named[part], Raters)]
        if isinstance(composed, Joined) and len(raters) > 1:
            raise InputError(
                f"Config, supervisors[{name}].joined: {join_words({*raters}, 'and')} draw the same ratings of a text; "
                "name one of them, with more `raters`."
            )


def price_of_votes(name: str, study: Study) -> float:
    """What the votes of a supervisor's columns cost for each example that has any, on average over its tables."""
    surveys = [study.survey(task).votes[name] for task in study.tasks_of(name) if isinstance(task, TableTask)]
    columns = study.source_prices(name)
    paid = sum(votes[column].share * price for votes in surveys for column, price in columns.items() if column in votes)
    return study.money.in_gold(float(f"{study.money.of(paid / len(surveys)):.4g}"))


def price_of_ratings(n: int, tasks: Sequence[RatedTask]) -> float:
    """What n ratings cost on average over the tasks that a supervisor labels, as a share of a whole panel's.

    Rounded down to four digits, so that a budget affords all ratings that its panels have.
    """
    price = sum(Fraction(n, task.panel) for task in tasks) / len(tasks)
    scale = 10 ** (3 - math.floor(math.log10(price)))
    return math.floor(price * scale) / scale
