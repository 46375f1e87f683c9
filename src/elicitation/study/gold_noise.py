"""How many gold labels of a study may be wrong: as it says, or estimated from the second labels of a table."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from elicitation.data.gold_noise import GoldPairs, check_rarer, noise_of_pairs, pairs_of_columns, pairs_of_copies
from elicitation.data.labels import column_of
from elicitation.errors import InputError
from elicitation.study.tasks import TableTask, Task

if TYPE_CHECKING:
    from elicitation.study.study import Study


def noise_of(study: Study, task: Task) -> float:
    """The share of a task's gold labels that may be wrong; 0 where nothing is said of it."""
    noise, place = task.gold_noise or 0.0, f"Config, tasks[{task.name}].gold_noise"
    if noise == "estimated":
        noise = noise_of_pairs(gold_pairs(study, task, place), place)
    if noise and isinstance(task, TableTask):
        check_rarer(noise, task.plain, study.data_folder, place)
    return noise


def gold_pairs(study: Study, task: TableTask, place: str) -> GoldPairs:
    """The texts of a table with two gold labels; InputError, which begins with `place`, if copies tell nothing."""
    if task.second_label is not None:
        return pairs_of_columns(task.plain, study.data_folder, task.second_label)
    columns = chain(*study.columns_of(task).values())
    if by_vote := [column["name"] for column in columns if column_of(column).has_voters]:
        raise InputError(
            f"{place}: rows of {by_vote[0]!r} are votes, so a text's gold label stands in all of its rows and "
            "cannot be compared with itself; add `second_label`, a column with others."
        )
    return pairs_of_copies(task.plain, study.data_folder)
