"""What weak labels cost: a study's own prices, those of columns of tables, and shares of a panel's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from elicitation.study.supervisors import Columns, Raters, Ruled, Unpriced
from elicitation.study.tasks import RatedTask, TableTask

if TYPE_CHECKING:
    from elicitation.study.study import Study


def in_gold_labels(study: Study) -> Study:
    """The study with all prices in gold labels, as everything else takes them; they may stand there in a currency."""
    if study.currency is None:
        return study
    of = study.money.in_gold
    supervisors = [entry.priced(of) if isinstance(entry, Columns | Ruled) else entry for entry in study.supervisors]
    changed = {
        "supervisors": supervisors,
        "grid": study.grid.model_copy(update={"weak_price": of(study.grid.weak_price)}),
    }
    if study.weak_prices is not None:
        changed["weak_prices"] = [of(price) for price in study.weak_prices]
    return study.model_copy(update=changed)


def prices_of(study: Study) -> dict[str, list[float]]:
    """The prices of a weak label at which each supervisor's results are shown.

    Columns of tables have their own: what their votes cost on average for each example that has any. So have raters:
    the share of the panel that they are, on average over the tasks that they label; and models behind an API and rules,
    where they say one. Labels made from another supervisor's cost what these cost.
    """
    prices = {}
    for name, entry in study.supervisor_named.items():
        labeller = study.labeller(name)
        if isinstance(labeller, Raters):
            prices[name] = [price_of_ratings(labeller.raters, study.tasks_of(name))]
        elif isinstance(entry, Columns):
            prices[name] = [price_of_votes(name, study)]
        elif isinstance(labeller, Unpriced) and labeller.price is not None:
            prices[name] = [labeller.price]
        else:
            prices[name] = study.weak_prices
    return prices


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
