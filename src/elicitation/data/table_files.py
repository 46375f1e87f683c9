"""Reading a table of one's own as some tool saved it: CSV, JSON, parquet or Excel (docs/how-to/tables.md).

Every mistake in the file is named with its row, as a spreadsheet counts it (a header is row 1 in most files; rows of
parquet are counted from 1), and with the line of the file where texts with line breaks make that another one. The
number by which a row is known is that of its line in text files, in Excel that of the row of the sheet.
"""

import codecs
import csv
import io
import itertools
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from elicitation.errors import InputError, repeated, shown

# By the first bytes of a file, how its text is written.
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What separates the cells of a CSV. Of those that stand in its header equally often, the first is taken.
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "TAB"}
# Excel's own first line, which names the delimiter.
SEPARATOR_LINE = re.compile(r"sep=(.)(\r\n|\r|\n)", re.IGNORECASE)
# Whatever an editor takes for the end of a line.
LINE_BREAK = re.compile(r"\r\n|\r|\n")
# The readers, by the ending of a file's name.
CSV_ENDINGS, JSON_ENDINGS, PARQUET, EXCEL = (
    (".csv", ".tsv", ".txt"),
    (".jsonl", ".ndjson", ".json"),
    ".parquet",
    ".xlsx",
)
ENDINGS = (*CSV_ENDINGS, *JSON_ENDINGS, PARQUET, EXCEL)
# How a study names the encoding of a text file. A command that writes studies has an option for it instead.
ENCODING_IN_STUDY = "name its encoding in the task, as in `encoding: windows-1252`."
UTF16_IN_STUDY = "add `encoding: utf-16-le` to the task."
CELLS_FIX = (
    "put texts with the delimiter or line breaks in quotes, and write nothing between delimiters for what is missing."
)


class Table(NamedTuple):
    """The rows of a file that hold anything."""

    columns: list[str]
    header: int
    """The row that names the columns or, in formats without one, the first."""
    records: list[tuple[int, dict]]
    """Number and cells by column of every row. JSON may leave keys out."""
    format: dict
    """How the file is written, for the task's card."""
    decimal_comma: bool = False
    """Whether a comma within a number can only be a decimal one."""
    sheet_rows: Mapping[int, int] = {}
    """The numbers that a spreadsheet gives to rows, where they are others: it counts no line breaks within texts."""

    def shown_row(self, number: int) -> str:
        """What sentences call a row: as a spreadsheet counts it, and the line of the file where that is another one."""
        return row_words(number, self.sheet_rows.get(number, number))


def row_words(line: int, sheet_row: int) -> str:
    """What sentences call a row that starts on a line of a file."""
    return str(sheet_row) if sheet_row == line else f"{sheet_row} (line {line} of the file)"


def is_blank(value) -> bool:
    """Whether a cell holds nothing: no value, not a number, or white space alone."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and value != value)


def read_table(path: Path, where: str, encoding: str | None = None) -> Table:
    """The table in a file, by the ending of its name. encoding: of a text file, if it is not UTF-8 or marked.

    Raises InputError, which begins with `where`, on the first thing that is wrong.
    """
    ending = path.suffix.lower()
    if ending == PARQUET:
        table = read_parquet(path, where)
    elif ending == EXCEL:
        table = read_excel(path, where)
    else:
        text, encoding = read_text(path, where, encoding)
        table = read_csv(text, where) if ending in CSV_ENDINGS else read_json(text, where, ending)
        table.format["encoding"] = encoding
    records = [record for record in table.records if not all(map(is_blank, record[1].values()))]
    if not records:
        raise InputError(f"{where} has no rows; write some into it.")
    return table._replace(records=records)


def read_text(path: Path, where: str, encoding: str | None) -> tuple[str, str]:
    """The file's text and its encoding; InputError if it cannot be read or is written in another one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{where} cannot be read ({error.strerror}); fix it.") from error
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), None)
    name = marked or encoding or "utf-8"
    try:
        text = data.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = 1 + len(LINE_BREAK.findall(data[: error.start].decode(name, "replace")))
        raise InputError(
            f"{where}, line {line}: the byte 0x{data[error.start]:02x} is no {name.upper()}; save the file as UTF-8, "
            f"or {ENCODING_IN_STUDY}"
        ) from error
    if "\0" in LINE_BREAK.split(text, maxsplit=1)[0]:
        raise InputError(
            f"{where}, line 1: it holds zero bytes, as UTF-16 without a mark does; save the file as UTF-8, or "
            f"{UTF16_IN_STUDY}"
        )
    return text, name


# CSV


def find_delimiter(text: str) -> str:
    """The delimiter that cuts the first row with any cell into the most cells."""

    def cells(delimiter: str) -> int:
        try:
            return next(len(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row))
        except (csv.Error, StopIteration):
            return 0

    return max(DELIMITERS, key=cells)


def csv_rows(text: str, delimiter: str, where: str, before: int) -> Iterator[tuple[int, int, list[str]]]:
    """Of every row that is no empty line its number, that of a spreadsheet, and its cells.

    before: lines of the file that stand before the text.
    """
    # The line breaks within quotes must stay as they are.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    for sheet_row in itertools.count(1 + before):
        number = reader.line_num + 1 + before
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"{where}, line {number}: it is no CSV ({error}); close its quotes, and double those within a text."
            ) from error
        if cells is None:
            return
        if cells:
            yield number, sheet_row, cells


def read_csv(text: str, where: str) -> Table:
    """The table in a CSV; InputError if a row is malformed.

    A column without a name is passed over if it is the first, where tools number their rows, or if it is empty.
    """
    csv.field_size_limit(sys.maxsize)
    line = SEPARATOR_LINE.match(text)
    delimiter = line[1] if line else find_delimiter(text)
    rows = csv_rows(text[line.end() if line else 0 :], delimiter, where, 1 if line else 0)
    header, names = next(((n, cells) for n, _, cells in rows if any(map(str.strip, cells))), (1, []))
    names = [name.strip() for name in names]
    columns = named_columns(names, where, header)
    nameless = [place for place, name in enumerate(names) if not name and place > 0]
    records, sheet_rows = [], {}
    for number, sheet_row, cells in rows:
        check_cells(cells, names, nameless, f"{where}, row {row_words(number, sheet_row)}")
        record = dict(zip(names, cells, strict=False))
        record.pop("", None)
        records.append((number, record))
        if sheet_row != number:
            sheet_rows[number] = sheet_row
    found = {"format": "CSV", "delimiter": DELIMITERS.get(delimiter, delimiter)}
    return Table(columns, header, records, found, delimiter != ",", sheet_rows)


def check_cells(cells: list[str], names: list[str], nameless: list[int], place: str) -> None:
    """InputError if a row of a CSV has too few cells, or one that holds something behind the header's end.

    nameless: the places of columns that must be empty. A row that is empty altogether is none.
    """
    if len(cells) != len(names) and any(map(str.strip, cells)):
        wanted = max(place + 1 for place, name in enumerate(names) if name)
        if len(cells) < wanted or any(map(str.strip, cells[len(names) :])):
            raise InputError(f"{place}: it has {len(cells)} cells, but the header has {len(names)}; {CELLS_FIX}")
    check_nameless(cells, nameless, place)


def check_nameless(cells: list[str], nameless: list[int], place: str) -> None:
    """InputError if one of the columns without a name, which must be empty, holds something."""
    for column in nameless:
        if column < len(cells) and cells[column].strip():
            raise InputError(
                f"{place}: {shown(cells[column])} stands in column {column + 1}, which has no name; name it in the "
                f"header, or {CELLS_FIX}"
            )


def named_columns(names: Sequence[str], where: str, header: int) -> list[str]:
    """The names that are not empty; InputError if one stands twice."""
    columns = [name for name in names if name]
    if (twice := repeated(columns)) is not None:
        raise InputError(f"{where}, row {header}: two columns are called {shown(twice)}; rename one.")
    return columns


# JSON


def unrepeated(pairs: list[tuple[str, object]]) -> dict:
    """The object of these keys and values; ValueError if a key stands twice."""
    record = dict(pairs)
    if len(record) < len(pairs):
        twice = repeated(key for key, _ in pairs)
        raise ValueError(f"the key {shown(twice)} stands twice in one object")
    return record


DECODER = json.JSONDecoder(object_pairs_hook=unrepeated)


def read_json(text: str, where: str, ending: str) -> Table:
    """The table in lines of one JSON object each or, where `ending` is .json, in one list of them.

    Raises InputError if an object is malformed.
    """
    listed = ending == ".json" and text.lstrip().startswith("[")
    records = []
    for number, record in (list_items if listed else line_items)(text, where):
        if not isinstance(record, dict):
            raise InputError(f"{where}, row {number}: {shown(record)} is no JSON object; write one on each line.")
        records.append((number, record))
    columns = list(dict.fromkeys(column for _, record in records for column in record))
    return Table(columns, records[0][0] if records else 1, records, {"format": "JSON list" if listed else "JSON lines"})


def line_items(text: str, where: str) -> Iterator[tuple[int, object]]:
    """Number and value of every line that is not empty."""
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if not line.strip():
            continue
        try:
            value = DECODER.decode(line.rstrip("\r\n"))
        except (ValueError, RecursionError) as error:
            raise malformed(error, where, number) from error
        yield number, value


def list_items(text: str, where: str) -> Iterator[tuple[int, object]]:
    """The items of a JSON list, each with the number of the line on which it starts."""
    gap, number, counted = re.compile(r"[\s,]*"), 1, 0
    place = gap.match(text, text.index("[") + 1).end()
    while not text.startswith("]", place):
        number += len(LINE_BREAK.findall(text, counted, place))
        counted = place
        try:
            value, end = DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            row = error.lineno if isinstance(error, json.JSONDecodeError) else number
            raise malformed(error, where, row) from error
        yield number, value
        place = gap.match(text, end).end()


def malformed(error: Exception, where: str, number: int) -> InputError:
    """What is said of a row that is no JSON."""
    problem = f"{error.msg}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
    return InputError(
        f"{where}, row {number}: it is no JSON ({problem}); write one object, as in "
        '{"text": "some words", "gold": 1}, on each line.'
    )


# Parquet and Excel


def read_parquet(path: Path, where: str) -> Table:
    """The table in a parquet file; InputError if it cannot be read."""
    # Where they are first needed, since most tables are text.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = named_columns(pq.read_schema(path).names, where, 1)
        rows = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{where} cannot be read ({str(error).splitlines()[0]}); write it again.") from error
    return Table(columns, 1, list(enumerate(rows, 1)), {"format": "parquet"})


def read_excel(path: Path, where: str) -> Table:
    """The table in the first sheet of an Excel file that holds anything; InputError if it cannot be read.

    As in a CSV, columns without a name must be empty, unless it is the first.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (OSError, CalamineError) as error:
        raise InputError(f"{where} cannot be read ({error}); save it as .xlsx or CSV again.") from error
    sheet, rows = next(((name, rows) for name, rows in sheets.items() if rows), ("", []))
    numbered = [(number, row) for number, row in enumerate(rows, 1) if not all(map(is_blank, row))]
    header, names = numbered[0] if numbered else (1, [])
    names = [str(whole(name)).strip() for name in names]
    columns = named_columns(names, where, header)
    nameless = [place for place, name in enumerate(names) if not name and place > 0]
    records = []
    for number, row in numbered[1:]:
        check_nameless([str(cell) for cell in row], nameless, f"{where}, row {number}")
        record = {name: None if cell == "" else whole(cell) for name, cell in zip(names, row, strict=False) if name}
        records.append((number, record))
    return Table(columns, header, records, {"format": "Excel", "sheet": sheet})


def whole(value):
    """A number of Excel, where all are floats, as a whole one if it is one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
