"""Reading the splits of a task's source, from the hub or from local files, in the source's own columns."""

from pathlib import Path

import pandas as pd

from elicitation.data.formatting import columns_read
from elicitation.data.sources import split_file
from elicitation.data.table_files import read_table
from elicitation.errors import InputError


def read_split(task: dict, split: str, sources: str, data_folder: str | None) -> pd.DataFrame:
    """One split in the source's own columns, from the hub or from a local file; InputError if it cannot be read.

    The index holds the numbers of the rows: of a local file as an editor shows them, on the hub from 0.
    """
    name = task["name"]
    if sources == "local":
        return read_local(split_file(task, split, data_folder), task)
    import datasets

    datasets.disable_progress_bars()
    hub = task["hub"]
    place = {"name": hub.get("config"), "data_dir": hub.get("data_dir"), "revision": hub["revision"]}
    try:
        return datasets.load_dataset(hub["id"], split=split, **place).to_pandas()
    except Exception as error:
        raise InputError(
            f"Task {name!r}: the split {split!r} of {hub['id']}@{hub['revision']} cannot be loaded from the hub "
            f"({first_line(error)}); correct the task's `hub` and `splits`, or use `sources: local`."
        ) from error


def read_local(path: Path, task: dict) -> pd.DataFrame:
    """The rows of a local file as they stand there: in a CSV "None" is a word, and 3 never becomes 3.0.

    Only an empty cell is missing; what stands for no label is read with the labels. Raises InputError if the file
    cannot be read, or holds bytes in a column of texts.
    """
    where = f"Task {task['name']!r}, {path}"
    table = read_table(path, where, task.get("encoding"))
    numbers, records = zip(*table.records, strict=True)
    rows = pd.DataFrame(list(records), list(numbers), table.columns, dtype=object)
    rows = rows.mask(rows == "", None) if table.format["format"] == "CSV" else rows
    for column in columns_read(task):
        if column in rows and rows[column].map(lambda cell: isinstance(cell, bytes)).any():
            raise InputError(f"{where} holds bytes in column {column!r}; write them as text.")
    return rows


def first_line(error: Exception) -> str:
    """The first line of what an error, or its cause if it has one, says."""
    return str(error.__cause__ or error).strip().partition("\n")[0]
