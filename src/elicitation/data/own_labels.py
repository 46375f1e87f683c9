"""A table of one's own: texts, gold labels of some of them, and columns of weak labels (docs/how-to/tables.md).

Every mistake in the file is named, with its row, before the DAG is built.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from elicitation.data.exports import read_export
from elicitation.data.labels import column_of, complete, read_gold, rule_of, words_of
from elicitation.data.supervisor_texts import supervisor_fields
from elicitation.data.table_files import ENDINGS
from elicitation.data.table_rows import (
    TEXT_IN_STUDY,
    contents_id,
    has_text,
    read_supervisor_texts,
    read_texts,
    read_votes_of,
    require_columns,
)
from elicitation.data.templates import template_fields
from elicitation.data.vote_files import read_vote_files
from elicitation.errors import InputError
from elicitation.files import is_file

# What a column says of a text: a label, several votes without names, or votes by worker; None if nothing.
Vote = float | tuple[float, ...] | Mapping[str, float] | None


def stretch(p: float, threshold: float) -> float:
    """A probability on a scale on which the threshold lies at one half; 0 and 1 stay where they are."""
    return p / threshold / 2 if p <= threshold else 1 - (1 - p) / (1 - threshold) / 2


def stretch_vote(vote: Vote, threshold: float) -> Vote:
    """What a column says of a text, with each probability stretched."""
    if isinstance(vote, Mapping):
        return {worker: stretch(p, threshold) for worker, p in vote.items()}
    if isinstance(vote, tuple):
        return tuple(stretch(p, threshold) for p in vote)
    return None if vote is None else stretch(vote, threshold)


class Row(NamedTuple):
    """A text of the table with its labels; None where there is none."""

    number: str
    """As sentences call it."""
    source_id: str
    """What the table calls the row: its number, or what stands in the column that the task's `id` names."""
    id: str
    """Hash of what the columns of the text hold."""
    text: str
    gold: int | None
    votes: tuple[Vote, ...]
    """Probabilities of label 1, or votes of 0 and 1, of the columns asked for."""
    supervisor_text: str | None = None
    """What supervisors read, where the task says that it is another text."""


class OwnTable(NamedTuple):
    """What a table says, as far as it was asked."""

    rows: list[Row]
    format: dict
    """How the file is written."""
    dropped: dict[str, int]
    """By column, the rows whose value is no label and was dropped: of the gold labels the row, of others the label. By
    the columns of the text, the rows without one."""
    files: list[dict[str, int]]
    """Of each column asked for, how its files and the table go together; nothing where it has none."""


def table_file(task: dict, data_folder: str | None) -> Path:
    """The task's table; InputError unless it is a file of a kind that can be read."""
    path = Path(data_folder or ".") / task["table"]
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            f"Task {task['name']!r}: the table {path} ends in none of {', '.join(ENDINGS)}; save it as one of them."
        )
    if set("{}") & set(str(path)):
        raise InputError(f"Task {task['name']!r}: the path {path} holds braces, Snakemake's wildcards; rename it.")
    if not is_file(path):
        raise InputError(f"Task {task['name']!r}: the table {path} is no file; correct data_folder or `table`.")
    return path


def read_own_table(task: dict, data_folder: str | None, columns: Sequence[Mapping] = ()) -> OwnTable:
    """All rows of the task's table, with the votes of the columns asked for.

    columns: their settings, as elicitation.data.labels.column_of reads them.
    Raises InputError, with the number of the row, on the first thing that is wrong.
    """
    path = table_file(task, data_folder)
    where = f"Task {task['name']!r}, {path}"
    table = read_export(path, where, task.get("encoding"), task.get("format"))
    rule, id_column = rule_of(task["label"]), task.get("id")
    columns = [column_of(column) for column in columns]
    asked = [name for column in columns for name in column.read]
    shown = [*template_fields(task["text"]), *supervisor_fields(task)]
    require_columns(table, [*shown, rule.column, *([id_column] if id_column else []), *asked], where)
    without = 0
    if rule.drops:
        kept = [row for row in table.records if has_text(task["text"], row[1])]
        without, table = len(table.records) - len(kept), table._replace(records=kept)
    texts = read_texts(table, task, where, TEXT_IN_STUDY)
    ids = [contents_id(task["text"], record, where) for _, record in table.records]
    others = read_supervisor_texts(table, task, [text for *_, text in texts], where)
    numbers, cells = [number for number, *_ in texts], [record.get(rule.column) for _, record in table.records]
    rule = complete(rule, cells, where)
    gold = read_gold(cells, rule, numbers, where)
    votes, dropped, files = [], {" and ".join(template_fields(task["text"])): without}, []
    dropped[rule.column] = gold.dropped.total()
    for column in columns:
        if column.files:
            found = read_vote_files(column, task, data_folder, texts, words_of(rule))
        else:
            found = read_votes_of(table, column, words_of(rule), where)
        files.append(found.counts if column.files else {})
        labels, threshold = found.labels, column.threshold
        if threshold is not None:
            labels = [stretch_vote(vote, threshold) for vote in labels]
        votes.append([0.5 if vote is None else vote for vote in labels] if column.paid else labels)
        dropped[column.name] = found.dropped.total()
    unusable = {*gold.places}
    rows = [
        Row(
            number,
            source_id,
            own_id,
            text,
            gold.labels[place],
            tuple(labels[place] for labels in votes),
            other,
        )
        for place, ((number, source_id, text), own_id, other) in enumerate(zip(texts, ids, others, strict=True))
        if place not in unusable
    ]
    return OwnTable(rows, table.format, {column: n for column, n in dropped.items() if n}, files)


def read_rows(task: dict, data_folder: str | None, columns: Sequence[Mapping] = ()) -> list[Row]:
    """The rows of read_own_table."""
    return read_own_table(task, data_folder, columns).rows


def table_columns(task: dict, data_folder: str | None) -> list[str]:
    """The columns of the task's table that may hold weak labels: all but those of texts, gold labels and ids."""
    path = table_file(task, data_folder)
    state = path.stat()
    others = {*template_fields(task["text"]), *supervisor_fields(task), rule_of(task["label"]).column, task.get("id")}
    where = f"Task {task['name']!r}, {path}"
    how = task.get("encoding"), task.get("format")
    columns = unchanged_columns(path, state.st_mtime_ns, state.st_size, where, *how)
    return [column for column in columns if column not in others]


@cache
def unchanged_columns(
    path: Path, changed_ns: int, size: int, where: str, encoding: str | None, tool: str | None
) -> list[str]:
    """The columns of a table, read once for each state of the file."""
    return read_export(path, where, encoding, tool).columns
