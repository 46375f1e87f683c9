"""What the rows of one's own files say: texts, names of rows, and votes; mistakes are named with their rows."""

from collections.abc import Iterable
from functools import partial

from elicitation.data.labels import Column, Decoded, read_votes, weigh
from elicitation.data.supervisor_texts import SUPERVISOR_TEXT, supervisor_text
from elicitation.data.table_files import Table, is_blank
from elicitation.data.templates import fill, template_fields
from elicitation.errors import InputError, nearest, shown


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
            near = nearest(column, table.columns)
            raise InputError(f"{where}, row {table.header}: the column {column!r} is missing{near}")


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
    for number, vote, worker in zip(numbers, labels.labels, workers, strict=True):
        if vote is not None and not worker.strip():
            raise InputError(
                f"{where}, row {number}: it has a vote, but column {column.worker!r} is empty; say whose it is."
            )
    pairs = zip(labels.labels, workers, strict=True)
    return labels._replace(labels=[None if vote is None else {worker: vote} for vote, worker in pairs])


def refuse_halves(text: str, place: str) -> None:
    """InputError if a text holds half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{place}: it holds half a character (a lone surrogate); write the whole one.") from None


def write_text(template: str, record: dict, place: str) -> str:
    """The template with the cells of a row in the places of their columns; InputError if all of them are empty."""
    fields = dict.fromkeys(template_fields(template))
    words = {field: read_words(record, field, place) for field in fields}
    if not any(word.strip() for word in words.values()):
        raise InputError(f"{place}: it has no text in {' or '.join(map(repr, fields))}; write one or drop the row.")
    return fill(template, words)


def read_supervisor_texts(table: Table, task: dict, texts: list[str], where: str) -> list[str | None]:
    """What supervisors read of every row, None where it is the text itself; InputError if there is none.

    texts: of all rows.
    """
    if SUPERVISOR_TEXT not in task:
        return [None] * len(texts)
    others = []
    for (number, record), text in zip(table.records, texts, strict=True):
        place = f"{where}, row {number}"
        others.append(supervisor_text(task, text, partial(write_text, record=record, place=place)))
        refuse_halves(others[-1], place)
    return others


def read_texts(table: Table, task: dict, where: str) -> list[tuple[int, str, str]]:
    """Number, id and text of every row; InputError if a text or an id is missing, or two texts have one id."""
    id_column, firsts = task.get("id"), {}
    texts = []
    for number, record in table.records:
        place = f"{where}, row {number}"
        text = write_text(task["text"], record, place)
        source_id = read_words(record, id_column, place) if id_column else str(number)
        if not source_id.strip():
            raise InputError(f"{place}: it has no id in column {id_column!r}; write one or drop `id` from the config.")
        # Where each row is one vote, those of a text have one id.
        first, its_text = firsts.setdefault(source_id, (number, text))
        if text != its_text:
            raise InputError(f"{place}: its id {shown(source_id)} is that of row {first} too; give it one of its own.")
        refuse_halves(text + source_id, place)
        texts.append((number, source_id, text))
    return texts
