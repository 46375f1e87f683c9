"""A table of one's own: texts, gold labels of some of them, and columns of weak labels (docs/your-labels.md).

It is read with the standard library alone, so that every mistake in the file is named, with its row, before the DAG is
built. A row has the number of the line on which it starts, as an editor shows it, so a CSV's header is row 1.
"""

import codecs
import csv
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from elicitation.buying.purchases import Supply
from elicitation.data.formatting import template_fields, text_key
from elicitation.errors import InputError, repeated, shown
from elicitation.files import hash_text, is_file
from elicitation.seeds import stream

# The place of the gold label in a pattern; see count_patterns.
GOLD = 0
# Whatever an editor takes for the end of a line.
LINE_BREAK = re.compile(rb"\r\n|\r|\n")
# A number as tables write it; Python's float would take words such as "inf" and "1_0" too. Digits are matched in one
# way only: with two, a long cell that is no number would take the square of its length.
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
# What most cells hold, and what it means; other cells are read as numbers.
VOTES = {"": None, "0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0}


class Row(NamedTuple):
    """A text of the table with its labels; None where there is none."""

    number: int
    source_id: str
    """What the table calls the row: its number, or what stands in the column that the task's `id` names."""
    id: str
    """Hash of the text."""
    text: str
    gold: int | None
    votes: tuple[float | None, ...]
    """Probabilities of label 1, or votes of 0 and 1, of the columns asked for."""


@dataclass(frozen=True)
class Survey:
    """How many labels a table can give to a study and its weak sources."""

    supply: Supply
    """The labels of a purchase that all weak sources can serve."""
    votes: dict[str, dict[str, float]]
    """By source and column, the votes of the column for each example that the source labels; 1 if it has no gaps."""


# Reading


def table_file(task: dict, data_folder: str | None) -> Path:
    """The task's table; InputError unless it is a CSV or JSONL file."""
    path = Path(data_folder or ".") / task["table"]
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise InputError(
            f"Task {task['name']!r}: the table {path} ends in neither .csv nor .jsonl; name one that does."
        )
    if set("{}") & set(str(path)):
        raise InputError(f"Task {task['name']!r}: the path {path} holds braces, Snakemake's wildcards; rename it.")
    if not is_file(path):
        raise InputError(f"Task {task['name']!r}: the table {path} is no file; correct data_folder or `table`.")
    return path


def read_text(path: Path, where: str) -> str:
    """The file's text; InputError if it cannot be read or is not UTF-8."""
    try:
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
        return data.decode()
    except OSError as error:
        raise InputError(f"{where} cannot be read ({error.strerror}); fix it.") from error
    except UnicodeDecodeError as error:
        line = 1 + len(LINE_BREAK.findall(data, 0, error.start))
        raise InputError(
            f"{where}, row {line}: the byte 0x{data[error.start]:02x} is no UTF-8; save the file in that encoding."
        ) from error


def read_csv(text: str, where: str) -> Iterator[tuple[int, dict]]:
    """Every row's number and cells by column; InputError if a row is malformed."""
    # The line breaks within quotes must stay as they are.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    csv.field_size_limit(sys.maxsize)
    header: list[str] = []
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"{where}, row {number}: it is no CSV ({error}); close its quotes, and double those within a text."
            ) from error
        if cells is None:
            return
        if not header:
            header = cells
            if (twice := repeated(header)) is not None:
                raise InputError(f"{where}, row {number}: two columns are called {shown(twice)}; rename one.")
        elif cells:
            if len(cells) != len(header):
                raise InputError(
                    f"{where}, row {number}: it has {len(cells)} cells, but the header has {len(header)}; put texts "
                    "with commas or line breaks in quotes, and write nothing between commas for what is missing."
                )
            yield number, dict(zip(header, cells, strict=True))


def read_jsonl(text: str, where: str) -> Iterator[tuple[int, dict]]:
    """Every line's number and object; InputError if a line is malformed."""
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line.rstrip("\r\n"))
        except (ValueError, RecursionError) as error:
            problem = f"{error.msg}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
            raise InputError(
                f"{where}, row {number}: it is no JSON ({problem}); write one object, as in "
                '{"text": "some words", "gold": 1}, on each line.'
            ) from error
        if not isinstance(record, dict):
            raise InputError(f"{where}, row {number}: {shown(record)} is no JSON object; write one on each line.")
        yield number, record


def parse_label(value) -> float | None:
    """A probability or a vote; None for an empty cell. Raises ValueError unless it is a number."""
    if value is None:
        return None
    if isinstance(value, str):
        word = value.strip().lower()
        if word in VOTES:
            return VOTES[word]
        if not NUMBER.fullmatch(word):
            raise ValueError
    elif not isinstance(value, (bool, int, float)):
        raise ValueError
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def read_vote(value, column: str, place: str) -> float | None:
    """A weak label; InputError unless it is from 0 to 1 or missing."""
    try:
        vote = parse_label(value)
    except ValueError:
        raise InputError(
            f"{place}: {shown(value)} in column {column!r} is no number; write a probability or a vote, from 0 to 1, "
            "or nothing where there is none."
        ) from None
    if vote is not None and not 0 <= vote <= 1:
        raise InputError(
            f"{place}: {shown(value)} in column {column!r} is not from 0 to 1; write a probability or a vote of 0 or 1."
        )
    return vote


def read_gold(value, column: str, place: str) -> int | None:
    """A gold label; InputError unless it is 0, 1 or missing."""
    try:
        gold = parse_label(value)
    except ValueError:
        gold = float("nan")
    if gold not in (None, 0, 1):
        raise InputError(
            f"{place}: the gold label {shown(value)} in column {column!r} is neither 0 nor 1; write one of them, or "
            "nothing where it is not known."
        )
    return None if gold is None else int(gold)


def read_words(record: dict, column: str, place: str) -> str:
    """A cell that is text or a number; InputError if it is something else."""
    value = record.get(column)
    if isinstance(value, (list, dict, bool)):
        raise InputError(f"{place}: {shown(value)} in column {column!r} is no text; write words in quotes.")
    return "" if value is None else str(value)


def require_columns(records: list[tuple[int, dict]], columns: Iterable[str], where: str) -> None:
    """InputError if there is no row, or if one of the columns is in none of them.

    where: the file. A column that is missing is missing in the header of a CSV, row 1, or in every row of a JSONL file,
    from the first one on.
    """
    if not records:
        raise InputError(f"{where} has no rows; write some into it.")
    known = dict.fromkeys(column for _, record in records for column in record)
    first = 1 if where.lower().endswith(".csv") else records[0][0]
    for column in columns:
        if column not in known:
            raise InputError(f"{where}, row {first}: the column {column!r} is missing; it has {shown(list(known))}.")


def read_rows(task: dict, data_folder: str | None, columns: Iterable[str] = ()) -> list[Row]:
    """All rows of the task's table, with the votes of the columns asked for.

    Raises InputError, with the number of the row, on the first thing that is wrong.
    """
    path = table_file(task, data_folder)
    where = f"Task {task['name']!r}, {path}"
    read = read_csv if path.suffix.lower() == ".csv" else read_jsonl
    records = list(read(read_text(path, where), where))
    fields, columns, id_column = list(dict.fromkeys(template_fields(task["text"]))), list(columns), task.get("id")
    require_columns(records, [*fields, task["label"], *([id_column] if id_column else []), *columns], where)
    rows, numbers = [], {}
    for number, record in records:
        place = f"{where}, row {number}"
        words = {field: read_words(record, field, place) for field in fields}
        if not any(word.strip() for word in words.values()):
            raise InputError(f"{place}: it has no text in {' or '.join(map(repr, fields))}; write one or drop the row.")
        text = task["text"].format(**words)
        source_id = read_words(record, id_column, place) if id_column else str(number)
        if not source_id.strip():
            raise InputError(f"{place}: it has no id in column {id_column!r}; write one or drop `id` from the config.")
        first = numbers.setdefault(source_id, number)
        if first != number:
            raise InputError(f"{place}: its id {shown(source_id)} is that of row {first} too; give it one of its own.")
        try:
            hashed = hash_text(text)
            source_id.encode()
        except UnicodeEncodeError:
            raise InputError(f"{place}: it holds half a character (a lone surrogate); write the whole one.") from None
        gold = read_gold(record.get(task["label"]), task["label"], place)
        votes = tuple(read_vote(record.get(column), column, place) for column in columns)
        rows.append(Row(number, source_id, hashed, text, gold, votes))
    return rows


def join_repeated(rows: Iterable[Row]) -> list[Row]:
    """Every text once, as it is written first, with the first label of each kind that any of its rows has.

    Texts with the same key (of formatting.text_key) count as one. Texts with contradictory gold labels are dropped.
    """
    joined: dict[str, Row] = {}
    contradictory = set()
    for row in rows:
        key = text_key(row.text)
        first = joined.setdefault(key, row)
        if first is row:
            continue
        if None not in (first.gold, row.gold) and first.gold != row.gold:
            contradictory.add(key)
        votes = tuple(b if a is None else a for a, b in zip(first.votes, row.votes, strict=True))
        joined[key] = first._replace(gold=row.gold if first.gold is None else first.gold, votes=votes)
    return [row for key, row in joined.items() if key not in contradictory]


# Sets


def take_in_proportion(rows: list[Row], n: int) -> list[Row]:
    """n of the rows, in the proportion of their gold labels, but with at least one of either label if possible.

    Of each label the first rows are taken. They keep their order, so that neither label comes first.
    """
    ones = [row for row in rows if row.gold == 1]
    zeros = [row for row in rows if row.gold == 0]
    n_ones = min(max(round(n * len(ones) / len(rows)), 1), n - 1, len(ones))
    n_ones = max(n_ones, n - len(zeros))
    taken = {row.id for row in ones[:n_ones] + zeros[: n - n_ones]}
    return [row for row in rows if row.id in taken]


def draw_sets(rows: list[Row], task: dict) -> dict[str, list[Row]]:
    """Test, supervision set and pool, disjoint.

    Test and supervision set are drawn from the rows with gold labels and keep their proportion. The pool takes all
    other rows, or as many as the task says, those with gold labels first. Raises InputError if there are too few.
    """
    name = task["name"]
    order = stream(0, "shuffle", name).permutation(len(rows))
    shuffled = [row for _, row in sorted(zip(order, sorted(rows, key=lambda row: row.id), strict=True))]
    left = [row for row in shuffled if row.gold is not None]
    sizes = {part: task.get(f"{part}_size", 0) for part in ("test", "supervision")}
    labels = sorted({row.gold for row in left})
    if len(left) < sum(sizes.values()) or len(labels) < 2:
        only = f"all of them {labels[0]}, " if len(labels) == 1 else ""
        raise InputError(
            f"Task {name!r}: {len(left)} texts of {task['table']} have a gold label, {only}but the test set takes "
            f"{sizes['test']} and the supervision set {sizes['supervision']}, of both labels; label more rows or lower "
            "the sizes."
        )
    sets = {}
    for part, size in sizes.items():
        sets[part] = take_in_proportion(left, size) if size else []
        taken = {row.id for row in sets[part]}
        left = [row for row in left if row.id not in taken]
    others = left + [row for row in shuffled if row.gold is None]
    size = task.get("pool_size", len(others))
    if size > len(others):
        raise InputError(
            f"Task {name!r}: the pool needs {size} examples, but only {len(others)} are left; ask for fewer in the "
            "config."
        )
    return sets | {"pool": others[:size]}


# What can be bought


def count_patterns(rows: Iterable[Row]) -> Counter[tuple[bool, ...]]:
    """The number of rows by what labels they have: whether a gold one (at place GOLD), then whether each vote."""
    return Counter(tuple(label is not None for label in (row.gold, *row.votes)) for row in rows)


def rows_with(patterns: Counter[tuple[bool, ...]], *places: int) -> int:
    """The number of rows that have a label in any of these places."""
    return sum(n for pattern, n in patterns.items() if any(pattern[place] for place in places))


def survey_table(task: dict, data_folder: str | None, sources: Mapping[str, list[str]]) -> Survey:
    """What the task's table can give; sources: the columns of each weak source.

    Raises InputError if the table is malformed, or a source labels nothing or nothing of the test set.
    """
    path = table_file(task, data_folder)
    state = path.stat()
    return survey_unchanged(str(path), state.st_mtime_ns, state.st_size, json.dumps([task, data_folder, sources]))


@cache
def survey_unchanged(path: str, changed_ns: int, size: int, settings: str) -> Survey:
    """As survey_table, but computed once for each state of the file, since a study asks for it in several places."""
    task, data_folder, sources = json.loads(settings)
    columns = list(dict.fromkeys(column for names in sources.values() for column in names))
    rows = join_repeated(read_rows(task, data_folder, columns))
    sets = {part: count_patterns(drawn) for part, drawn in draw_sets(rows, task).items()}
    everywhere, in_pool = count_patterns(rows), sets["pool"]
    examples, weak = [in_pool.total()], [in_pool.total()]
    votes = {}
    for source, names in sources.items():
        places = [1 + columns.index(name) for name in names]
        if not (labelled := rows_with(everywhere, *places)):
            raise InputError(f"Task {task['name']!r}, {path}: no row has a label of {source!r}; write some or drop it.")
        if not rows_with(sets["test"], *places):
            raise InputError(
                f"Task {task['name']!r}, {path}: no text of the test set, {task['test_size']} of those with a gold "
                f"label, has a label of {source!r}, so its quality cannot be told; let it label texts with gold ones."
            )
        shares = [rows_with(everywhere, place) / labelled for place in places]
        votes[source] = dict(zip(names, shares, strict=True))
        weak.append(rows_with(in_pool, *places))
        examples.append(rows_with(in_pool, GOLD, *places))
    return Survey(Supply(min(examples), min(weak), rows_with(in_pool, GOLD)), votes)


def describe_table(task: dict, data_folder: str | None) -> dict:
    """What a task's card says of its table. Its sets are not rebalanced: they keep the proportion of the labels."""
    rows = read_rows(task, data_folder)
    different, texts = len({text_key(row.text) for row in rows}), join_repeated(rows)
    gold = [row.gold for row in texts if row.gold is not None]
    counts = {"rows": len(rows), "different texts": different, "contradictory texts": different - len(texts)}
    return counts | {"gold labels": len(gold)} | {"share of label 1": sum(gold) / len(gold), "rebalanced": False}
