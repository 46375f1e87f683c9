"""What is probably not meant in a study that can be run; each a sentence with the fix."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from elicitation.data.table_survey import Votes, survey_copies
from elicitation.study.supervisors import Columns, Raters
from elicitation.study.tasks import TableTask

if TYPE_CHECKING:
    from elicitation.study.study import Study

# Standard errors beyond which a column is called worse than chance.
RELIABLY = 3


def warnings_of(study: Study) -> list[str]:
    """All warnings about a study, those about its prices first."""
    return [*warn_of_prices(study), *warn_of_columns(study), *warn_of_files(study), *warn_of_copies(study)]


def warn_of_prices(study: Study) -> Iterator[str]:
    """Weak labels that cost as much as gold ones, or more than the purchases are planned for."""
    planned = study.grid.weak_price
    for name, prices in study.prices.items():
        if max(prices) >= 1:
            yield (
                f"A weak label of {name!r} costs {max(prices):g}, as much as a gold label or more; prices are in gold "
                "labels, so 0.05 means that 20 weak labels cost as much as one gold label."
            )
        own = isinstance(study.labeller(name), (Columns, Raters))
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


def warn_of_files(study: Study) -> Iterator[str]:
    """Files with votes for texts that the table does not hold."""
    for task in study.tasks:
        if isinstance(task, TableTask):
            for source, counts in study.survey(task).files.items():
                if lacking := counts["rows whose text the table lacks"]:
                    yield (
                        f"{lacking} of the {counts['rows']} rows in the files of {source!r} vote for texts that the "
                        f"table of {task.name!r} lacks; their votes are lost unless you add the texts."
                    )


def warn_of_copies(study: Study) -> Iterator[str]:
    """Texts of the test set that nearly equal another text of the table."""
    for task in study.tasks:
        if isinstance(task, TableTask):
            found = survey_copies(task.plain, study.data_folder)
            if found.texts:
                rows = ", ".join(f"{one} and {other}" for one, other in found.pairs)
                yield (
                    f"{found.texts} texts of the test set of {task.name!r} nearly equal another text, such as rows "
                    f"{rows}, and make a student look better than it is; keep one row of each."
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
