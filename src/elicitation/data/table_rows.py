"""What the rows of one's own files say: texts, names of rows, and votes; mistakes are named with their rows."""

from collections.abc import Iterable, Mapping
from functools import partial

from elicitation.data.labels import Column, Decoded, read_votes, weigh
from elicitation.data.supervisor_texts import SUPERVISOR_TEXT, supervisor_text
from elicitation.data.table_files import Table, is_blank
from elicitation.data.templates import fill, template_fields
from elicitation.errors import InputError, nearest, shown
from elicitation.files import hash_text

# The information separator of Unicode for units, which tells cells apart that are hashed together.
BETWEEN_CELLS = "\x1f"

# What may be done about a row without a text; a command that writes studies has an option for the second.
WRITE_TEXT = "write one or drop the row."
TEXT_IN_STUDY = "write one, or leave all such rows out by `others: drop` of the task's `label`."


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
    numbers = [table.shown_row(number) for number, _ in table.records]
    cells = [record.get(column.rule.column) for _, record in table.records]
    labels = read_votes(cells, column, words, numbers, where, table.decimal_comma)
    if column.confidence is not None:
        sure = [record.get(column.confidence) for _, record in table.records]
        labels = weigh(labels, sure, column, numbers, where, table.decimal_comma)
    if column.worker is None:
        return labels
    places = [f"{where}, row {number}" for number in numbers]
    workers = [
        read_words(record, column.worker, place) for place, (_, record) in zip(places, table.records, strict=True)
    ]
    for place, vote, worker in zip(places, labels.labels, workers, strict=True):
        if vote is not None and not worker.strip():
            raise InputError(f"{place}: it has a vote, but column {column.worker!r} is empty; say whose it is.")
    pairs = zip(labels.labels, workers, strict=True)
    return labels._replace(labels=[None if vote is None else {worker: vote} for vote, worker in pairs])


def refuse_halves(text: str, place: str) -> None:
    """InputError if a text holds half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{place}: it holds half a character (a lone surrogate); write the whole one.") from None


def has_text(template: str, record: Mapping) -> bool:
    """Whether any of the template's columns holds something in a row."""
    return not all(is_blank(record.get(field)) for field in template_fields(template))


def write_text(template: str, record: dict, place: str, fix: str = WRITE_TEXT) -> str:
    """The template with the cells of a row in the places of their columns; InputError if all of them are empty.

    fix: how the sentence about that ends.
    """
    fields = dict.fromkeys(template_fields(template))
    words = {field: read_words(record, field, place) for field in fields}
    if not any(word.strip() for word in words.values()):
        raise InputError(f"{place}: it has no text in {' or '.join(map(repr, fields))}; {fix}")
    return fill(template, words)


def contents_id(template: str, record: dict, place: str) -> str:
    """The id of a row's text: a hash of what the template's columns hold, whatever words stand around them.

    So sets and purchases do not depend on these words. For a single column that stands alone it is the text's own hash.
    """
    cells = [read_words(record, field, place) for field in sorted({*template_fields(template)})]
    return hash_text(BETWEEN_CELLS.join(cells))


def read_supervisor_texts(table: Table, task: dict, texts: list[str], where: str) -> list[str | None]:
    """What supervisors read of every row, None where it is the text itself; InputError if there is none.

    texts: of all rows.
    """
    if SUPERVISOR_TEXT not in task:
        return [None] * len(texts)
    others = []
    for (number, record), text in zip(table.records, texts, strict=True):
        place = f"{where}, row {table.shown_row(number)}"
        others.append(supervisor_text(task, text, partial(write_text, record=record, place=place)))
        refuse_halves(others[-1], place)
    return others


def read_texts(table: Table, task: dict, where: str, fix: str = WRITE_TEXT) -> list[tuple[str, str, str]]:
    """Number as sentences call it, id and text of every row.

    Raises InputError if a text (fix: as of write_text) or an id is missing, or two texts have one id.
    """
    id_column, firsts = task.get("id"), {}
    texts = []
    for number, record in table.records:
        shown_row = table.shown_row(number)
        place = f"{where}, row {shown_row}"
        text = write_text(task["text"], record, place, fix)
        source_id = read_words(record, id_column, place) if id_column else str(number)
        if not source_id.strip():
            raise InputError(f"{place}: it has no id in column {id_column!r}; write one or drop `id` from the config.")
        # Where each row is one vote, those of a text have one id.
        first, its_text = firsts.setdefault(source_id, (shown_row, text))
        if text != its_text:
            raise InputError(f"{place}: its id {shown(source_id)} is that of row {first} too; give it one of its own.")
        refuse_halves(text + source_id, place)
        texts.append((shown_row, source_id, text))
    return texts
