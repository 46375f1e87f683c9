"""The columns of tables that hold weak labels: what a study says of one, and whether its errors can be learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from elicitation.data.labels import column_of, rule_of
from elicitation.data.table_survey import Votes
from elicitation.data.templates import template_fields
from elicitation.errors import InputError, join_words
from elicitation.study.values import Flag, PriceOrFree, Section, SomeText, like, may_be_absent, refusal

if TYPE_CHECKING:
    from elicitation.study.study import Study
    from elicitation.study.supervisors import Columns
    from elicitation.study.tasks import TableTask

# What tables and figures show; spreadsheets compute what begins with =.
Column = like(r"[^=\x00-\x1f][^\x00-\x1f]*", "a name of one line that does not begin with =", max_length=200)
AGGREGATE = (
    "How several columns or ratings become one label; `mean` of the probabilities or votes, `majority` of the votes, "
    "`dawid_skene` or `mace`, which weigh each column by its errors (estimated without gold labels; of columns only)."
)
# The ways of joining that learn how often each source errs.
LEARNING = ("dawid_skene", "mace")


def check_columns(entry: Columns, task: TableTask, study: Study) -> None:
    """InputError if a supervisor takes gold labels for weak ones, or shows its labels in the texts.

    Or if it is to learn how often each of fewer than three columns errs.
    """
    place = f"Config, supervisors[{entry.name}]"
    columns = study.columns_of(task)[entry.name]
    read = [column for one in columns for column in column_of(one).read]
    gold = next((name for name in (rule_of(task.plain["label"]).column, task.second_label) if name in read), None)
    if gold is not None:
        raise InputError(
            f"{place}: {gold!r} is the column of the gold labels of {task.name!r}; name columns of weak ones."
        )
    if seen := [column for column in template_fields(task.text) if column in read]:
        raise InputError(
            f"{place}: the text of {task.name!r} shows the weak labels in column {seen[0]!r}; drop it there."
        )
    if entry.aggregate in LEARNING:
        check_learning(place, entry.aggregate, study.survey(task).votes[entry.name])


def check_learning(place: str, how: str, votes: Mapping[str, Votes]) -> None:
    """InputError unless it can be learned how often columns err: three of them must vote for both labels.

    place: of the supervisor in the config; how: one of LEARNING; votes: of each column.
    """
    voters = sum(column.voters for column in votes.values())
    if voters < 3:
        raise InputError(
            f"{place}: {how} tells how often columns err from how often each agrees with the others, which takes "
            f"three of them, but there are {voters}; choose mean or majority."
        )
    voting = {name: column for name, column in votes.items() if column.voters}
    one_way = [name for name, column in voting.items() if column.lowest > 0.5 or column.highest < 0.5]
    if voters - sum(votes[name].voters for name in one_way) < 3:
        raise InputError(
            f"{place}: {join_words({*one_way}, 'and')} vote for one label only, which tells {how} nothing of how "
            "often they err, and fewer than three other columns are left; choose majority or mean."
        )


class ColumnEntry(Section):
    """A weak column that is more than votes or probabilities under its own name."""

    price: PriceOrFree = Field(
        description="Price of one of its labels (gold = 1, or in the study's `currency`); 0 if it is free."
    )
    label: SomeText = may_be_absent("Column that holds its labels; by default the one that the entry is called by.")
    confidence: SomeText = may_be_absent(
        "Column that says how sure each label is; a label 1 has it as probability, a label 0 what it lacks to 1."
    )
    percent: Flag = Field(False, description="Whether confidences or probabilities go from 0 to 100.")
    votes: Flag = Field(
        False,
        description="Whether a cell holds several votes, as `0,1,1`, `0|1|1`, a list, or a count such as `3 of 5`. The "
        "price is that of one vote.",
    )

    @model_validator(mode="after")
    def check_votes(self) -> Self:
        if self.votes and (self.confidence is not None or self.percent):
            raise refusal("excludes `confidence` and `percent`; drop them, or give each vote a column.", "votes")
        return self
