"""Weak labels in files of their own, one for each annotator or one for all, beside the table of the texts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import NamedTuple

from elicitation.data.exports import read_export
from elicitation.data.formatting import text_key
from elicitation.data.labels import Column, is_pattern
from elicitation.data.table_files import ENDINGS, Table
from elicitation.data.table_rows import read_texts, read_votes_of, read_words, require_columns
from elicitation.data.templates import template_fields
from elicitation.errors import InputError, repeated
from elicitation.files import is_file

# Where a vote stands: the file's path, and its row as sentences call it.
Place = tuple[Path, str]


class FileVotes(NamedTuple):
    """What the files of a column say of the texts of the table."""

    labels: list
    """Of every row of the table: the votes by worker or, if one file without workers is all, its label."""
    dropped: Counter
    """Values that are no label and were dropped, as the column's rule says."""
    counts: dict[str, int]
    """How files and table go together."""


def vote_files(patterns: Sequence[str], task: Mapping, data_folder: str | None) -> list[Path]:
    """The files that the patterns name, in the order of their names; InputError if one fits none, or two have one name.

    Without its ending, a file's name is that of its annotator.
    """
    folder, where = Path(data_folder or "."), f"Task {task['name']!r}"
    paths: dict[Path, None] = {}
    for pattern in patterns:
        # Path.glob takes no patterns that begin at the root.
        names = sorted(glob(pattern, root_dir=folder)) if is_pattern(pattern) else [pattern]  # noqa: PTH207
        found = [path for path in (folder / name for name in names) if is_file(path)]
        if is_pattern(pattern):
            # A pattern for a whole folder means the other files in it.
            found = [path for path in found if path != folder / task["table"]]
        if not found:
            raise InputError(f"{where}: no file with votes is called {folder / pattern}; correct `files`.")
        paths |= dict.fromkeys(found)
    for path in paths:
        if path.suffix.lower() not in ENDINGS or set("{}") & set(str(path)):
            raise InputError(
                f"{where}: the file with votes {path} must end in one of {', '.join(ENDINGS)} and hold no braces; "
                "rename it, or name others in `files`."
            )
    if twice := repeated(path.stem for path in paths):
        raise InputError(
            f"{where}: two files with votes are called {twice!r}, and so would be their annotators; rename one."
        )
    return list(paths)


def row_keys(table: Table, task: Mapping, ids: Mapping[str, str], where: str) -> list[str | None]:
    """The key (of formatting.text_key) of each row's text; None if its id is none of the table's.

    ids: the key of each text by its id. InputError if the file has neither the column of ids nor those of the text.
    """
    id_column = task.get("id")
    if id_column in table.columns:
        rows = ((f"{where}, row {table.shown_row(number)}", record) for number, record in table.records)
        names = (read_words(record, id_column, place) for place, record in rows)
        return [ids.get(name) for name in names]
    require_columns(table, template_fields(task["text"]), where)
    return [text_key(text) for *_, text in read_texts(table, {"text": task["text"]}, where)]


def read_vote_files(
    column: Column,
    task: Mapping,
    data_folder: str | None,
    texts: Sequence[tuple[str, str, str]],
    words: Mapping[str, int],
) -> FileVotes:
    """The votes in the column's files for the texts of the table (number, id, text).

    words: as of labels.read_votes. Raises InputError, with file and row, on what is malformed, and if one annotator
    gives a text two labels.
    """
    keys = [text_key(text) for *_, text in texts]
    ids = {source_id: key for (_, source_id, _), key in zip(texts, keys, strict=True)}
    known, votes, places = {*keys}, {}, {}
    dropped, counts = Counter(), Counter({"files": 0, "rows": 0, "rows whose text the table lacks": 0})
    for path in vote_files(column.files, task, data_folder):
        where = f"Task {task['name']!r}, {path}"
        table = read_export(path, where, task.get("encoding"), column.format)
        require_columns(table, column.cells, where)
        found = read_votes_of(table, column, words, where)
        dropped += found.dropped
        file_keys = row_keys(table, task, ids, where)
        lacking = sum(key not in known for key in file_keys)
        counts.update({"files": 1, "rows": len(file_keys), "rows whose text the table lacks": lacking})
        for (number, _), key, vote in zip(table.records, file_keys, found.labels, strict=True):
            if vote is not None and key in known:
                by_worker = vote if column.worker else {path.stem: vote}
                add_votes(
                    votes.setdefault(key, {}),
                    by_worker,
                    places.setdefault(key, {}),
                    (path, table.shown_row(number)),
                    where,
                )
    counts["texts without a vote"] = len(known) - len(votes)
    by_key = votes if column.has_voters else {key: next(iter(by.values())) for key, by in votes.items()}
    return FileVotes([by_key.get(key) for key in keys], dropped, dict(counts))


def add_votes(votes: dict, further: Mapping, places: dict[str, Place], place: Place, where: str) -> None:
    """Add further votes for a text by worker; InputError if one of them has voted otherwise.

    places: where the votes stand; place: where the further ones do.
    """
    for worker, vote in further.items():
        path, number = places.setdefault(worker, place)
        if votes.setdefault(worker, vote) != vote:
            there = f"row {number}" if path == place[0] else f"row {number} of {path}"
            raise InputError(
                f"{where}, row {place[1]}: its text is that of {there}, which has another label by {worker!r}; keep "
                "one of them."
            )
