"""A table of one's own: texts, gold labels of some of them, and columns of weak labels (docs/your-labels.md).

Every mistake in the file is named, with its row, before the DAG is built.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from elicitation.data.labels import (
    Column,
    Decoded,
    column_of,
    complete,
    read_gold,
    read_votes,
    rule_of,
    weigh,
    words_of,
)
from elicitation.data.table_files import ENDINGS, Table, is_blank, read_table
from elicitation.data.templates import fill, template_fields
from elicitation.errors import InputError, shown
from elicitation.files import hash_text, is_file


class Row(NamedTuple):
    """A text of the table with its labels; None where there is none."""

    number: int
    source_id: str
    """What the table calls the row: its number, or what stands in the column that the task's `id` names."""
    id: str
    """Hash of the text."""
    text: str
    gold: int | None
    votes: tuple[float | Mapping[str, float] | None, ...]
    """Probabilities of label 1, or votes of 0 and 1, of the columns asked for; by worker, where a column names them."""


class OwnTable(NamedTuple):
    """What a table says, as far as it was asked."""

    rows: list[Row]
    format: dict
    """How the file is written."""
    dropped: dict[str, int]
    """By column, the rows whose value is no label and was dropped: of the gold labels the row, of others the label."""


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


def read_words(record: dict, column: str, place: str) -> str:
    """A cell that is text or a number; InputError if it is something else. Not a number is no text."""
    value = record.get(column)
    if isinstance(value, (list, dict, bool, bytes)):
        raise InputError(f"{place}: {shown(value)} in column {column!r} is no text; write words in quotes.")
    return value if isinstance(value, str) else "" if is_blank(value) else str(value)


def require_columns(table: Table, columns: Iterable[str], where: str) -> None:
    """InputError if one of the columns is missing in the table's header or, in formats without one, in every row."""
    for column in columns:
        if column not in table.columns:
            raise InputError(
                f"{where}, row {table.header}: the column {column!r} is missing; it has {shown(table.columns)}."
            )


def read_votes_of(table: Table, column: Column, words: dict[str, int], where: str) -> Decoded:
    """The weak labels of a column of the table; words: the labels of words where it has no rule for its own."""
    numbers = [number for number, _ in table.records]
    cells = [record.get(column.rule.column) for _, record in table.records]
    labels = read_votes(cells, column, words, numbers, where, table.decimal_comma)
    if column.confidence is not None:
        sure = [record.get(column.confidence) for _, record in table.records]
        labels = weigh(labels, sure, column, numbers, where, table.decimal_comma)
    if column.worker is None:
        return labels
    workers = [read_words(record, column.worker, f"{where}, row {number}") for number, record in table.records]
    pairs = zip(labels.labels, workers, strict=True)
    return labels._replace(labels=[None if vote is None else {worker: vote} for vote, worker in pairs])


def read_texts(table: Table, task: dict, where: str) -> list[tuple[int, str, str]]:
    """Number, id and text of every row; InputError if a text or an id is missing, or an id stands twice."""
    fields, id_column, numbers = list(dict.fromkeys(template_fields(task["text"]))), task.get("id"), {}
    texts = []
    for number, record in table.records:
        place = f"{where}, row {number}"
        words = {field: read_words(record, field, place) for field in fields}
        if not any(word.strip() for word in words.values()):
            raise InputError(f"{place}: it has no text in {' or '.join(map(repr, fields))}; write one or drop the row.")
        source_id = read_words(record, id_column, place) if id_column else str(number)
        if not source_id.strip():
            raise InputError(f"{place}: it has no id in column {id_column!r}; write one or drop `id` from the config.")
        first = numbers.setdefault(source_id, number)
        if first != number:
            raise InputError(f"{place}: its id {shown(source_id)} is that of row {first} too; give it one of its own.")
        text = fill(task["text"], words)
        try:
            (text + source_id).encode()
        except UnicodeEncodeError:
            raise InputError(f"{place}: it holds half a character (a lone surrogate); write the whole one.") from None
        texts.append((number, source_id, text))
    return texts


def read_own_table(task: dict, data_folder: str | None, columns: Sequence[Mapping] = ()) -> OwnTable:
    """All rows of the task's table, with the votes of the columns asked for.

    columns: their settings, as elicitation.data.labels.column_of reads them.
    Raises InputError, with the number of the row, on the first thing that is wrong.
    """
    path = table_file(task, data_folder)
    where = f"Task {task['name']!r}, {path}"
    table = read_table(path, where, task.get("encoding"))
    rule, id_column = rule_of(task["label"]), task.get("id")
    columns = [column_of(column) for column in columns]
    asked = [name for column in columns for name in column.read]
    require_columns(
        table, [*template_fields(task["text"]), rule.column, *([id_column] if id_column else []), *asked], where
    )
    texts = read_texts(table, task, where)
    numbers, cells = [number for number, *_ in texts], [record.get(rule.column) for _, record in table.records]
    rule = complete(rule, cells, where)
    gold = read_gold(cells, rule, numbers, where)
    votes = [read_votes_of(table, column, words_of(rule), where) for column in columns]
    dropped = {rule.column: gold.dropped.total()}
    dropped |= {column.name: found.dropped.total() for column, found in zip(columns, votes, strict=True)}
    unusable = {*gold.places}
    rows = [
        Row(number, source_id, hash_text(text), text, gold.labels[place], tuple(found.labels[place] for found in votes))
        for place, (number, source_id, text) in enumerate(texts)
        if place not in unusable
    ]
    return OwnTable(rows, table.format, {column: n for column, n in dropped.items() if n})


def read_rows(task: dict, data_folder: str | None, columns: Sequence[Mapping] = ()) -> list[Row]:
    """The rows of read_own_table."""
    return read_own_table(task, data_folder, columns).rows


def table_columns(task: dict, data_folder: str | None) -> list[str]:
    """The columns of the task's table that may hold weak labels: all but those of texts, gold labels and ids."""
    path = table_file(task, data_folder)
    state = path.stat()
    others = {*template_fields(task["text"]), rule_of(task["label"]).column, task.get("id")}
    where = f"Task {task['name']!r}, {path}"
    columns = unchanged_columns(path, state.st_mtime_ns, state.st_size, where, task.get("encoding"))
    return [column for column in columns if column not in others]


@cache
def unchanged_columns(path: Path, changed_ns: int, size: int, where: str, encoding: str | None) -> list[str]:
    """The columns of a table, read once for each state of the file."""
    return read_table(path, where, encoding).columns
