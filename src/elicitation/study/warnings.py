"""What is probably not meant in a study that can be run; each a sentence with the fix."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from elicitation.data.table_survey import Votes
from elicitation.study.supervisors import Columns, Raters, Remote
from elicitation.study.tasks import TableTask

if TYPE_CHECKING:
    from elicitation.study.study import Study

# Standard errors beyond which a column is called worse than chance.
RELIABLY = 3


def warnings_of(study: Study) -> list[str]:
    """All warnings about a study, those about its prices first."""
    return [*warn_of_prices(study), *warn_of_columns(study), *warn_of_questions(study)]


def warn_of_prices(study: Study) -> Iterator[str]:
    """Weak labels that cost as much as gold ones, or more than the purchases are planned for."""
    planned = study.grid.weak_price
    for name, prices in study.prices.items():
        if max(prices) >= 1:
            yield (
                f"A weak label of {name!r} costs {max(prices):g}, as much as a gold label or more; prices are in gold "
                "labels, so 0.05 means that 20 weak labels cost as much as one gold label."
            )
        labeller = study.labeller(name)
        own = isinstance(labeller, (Columns, Raters)) or (isinstance(labeller, Remote) and labeller.price is not None)
        if own and planned is not None and prices[0] > planned:
            yield (
                f"A weak label of {name!r} costs {prices[0]:g}, but grid.weak_price is {planned:g}, so its purchases "
                f"cost more than the budgets; raise grid.weak_price to {prices[0]:g}."
            )


def warn_of_columns(study: Study) -> Iterator[str]:
    """Weak columns that say less than they seem to, or the opposite."""
    for task in study.tasks:
        if isinstance(task, TableTask):
            for source, columns in study.survey(task).votes.items():
                for column, votes in columns.items():
                    if says := warn_of_votes(votes):
                        yield f"Column {column!r} of {source!r} (task {task.name!r}) {says}"


def warn_of_questions(study: Study) -> Iterator[str]:
    """Models behind an API that cannot know what they are asked."""
    for task, name in study.labelled:
        entry, words = study.supervisor_named[name], study.task_named[task].prompt.labels
        if isinstance(entry, Remote) and not entry.shots and not entry.api.instruction and {*words} == {"0", "1"}:
            yield (
                f"Supervisor {name!r} is asked for 0 or 1 without an example, which says nothing of what they mean on "
                f"{task!r}; name the labels in the task's `prompt`, as in `labels: [ham, spam]`, or add `instruction` "
                "or `prompted_shots`."
            )


def warn_of_votes(votes: Votes) -> str | None:
    """What is odd about a weak column, as the end of a sentence."""
    if votes.lowest is None:
        return "is empty; drop it."
    if votes.lowest == votes.highest:
        return f"says {votes.lowest:g} wherever it says anything, so it tells no two texts apart; check it, or drop it."
    if votes.lowest >= 0.5:
        return (
            "has no value below 0.5; if it is the confidence of the label that was chosen, name both, as in "
            "`gpt: {price: 0.05, label: <column of labels>, confidence: <this column>}`."
        )
    if worse_than_chance(votes):
        shares = [f"{count / n:.0%}" for count, n in zip(votes.for_one, votes.known, strict=True)]
        return (
            f"is worse than chance: it says 1 of {shares[0]} of the texts whose gold label is 0, and of {shares[1]} of "
            "those whose is 1; if its votes are reversed, say so by `labels: {0: 1, 1: 0}` (turn probabilities round "
            "in the table), and if it is the confidence of the label that was chosen, name both by `label` and "
            "`confidence`."
        )
    return None


def worse_than_chance(votes: Votes) -> bool:
    """Whether texts of label 0 are voted to be 1 more often than those of label 1, by a test of two shares."""
    if not all(votes.known):
        return False
    zero, one = (count / n for count, n in zip(votes.for_one, votes.known, strict=True))
    share = sum(votes.for_one) / sum(votes.known)
    error = math.sqrt(share * (1 - share) * sum(1 / n for n in votes.known))
    return zero - one > RELIABLY * error
