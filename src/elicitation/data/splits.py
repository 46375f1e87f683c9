"""Reading the splits of a task's source, from the hub or from local files, in the source's own columns."""

import csv
import tempfile
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from elicitation.data.formatting import label_column, text_columns
from elicitation.data.sources import as_list, split_file
from elicitation.errors import InputError

# What stands for no value in the cells of a CSV; but in columns of texts these are words.
EMPTY_CELLS = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"]
# What the library `datasets` calls the format of a local file, by the ending of its name.
FORMATS = {".parquet": "parquet", ".jsonl": "json", ".csv": "csv"}


def read_split(task: dict, split: str, sources: str, data_folder: str | None) -> pd.DataFrame:
    """One split in the source's own columns, from the hub or from a local file; InputError if it cannot be read."""
    import datasets

    datasets.disable_progress_bars()
    name = task["name"]
    if sources == "hub":
        hub = task["hub"]
        place = {"name": hub.get("config"), "data_dir": hub.get("data_dir"), "revision": hub["revision"]}
        try:
            return datasets.load_dataset(hub["id"], split=split, **place).to_pandas()
        except Exception as error:
            raise InputError(
                f"Task {name!r}: the split {split!r} of {hub['id']}@{hub['revision']} cannot be loaded from the hub "
                f"({first_line(error)}); correct the task's `hub` and `splits`, or use `sources: local`."
            ) from error
    path = split_file(task, split, data_folder)
    check_file(path, task)
    with tempfile.TemporaryDirectory() as cache:
        try:
            options = csv_options(path, task) if path.suffix == ".csv" else {}
            return datasets.load_dataset(
                FORMATS[path.suffix], data_files=str(path), split="train", cache_dir=cache, **options
            ).to_pandas()
        except Exception as error:
            raise InputError(f"Task {name!r}: {path} cannot be read ({first_line(error)}); fix it.") from error


def csv_options(path: Path, task: dict) -> dict:
    """The options by which a CSV is read. Texts stay as they are written: "None" is a word, and 3 never becomes 3.0."""
    texts = [column for column in text_columns(task) if column not in as_list(label_column(task) or [])]
    with path.open(errors="replace", newline="", encoding="utf-8-sig") as stream:
        header = next(csv.reader(stream), [])
    missing = {column: [""] if column in texts else EMPTY_CELLS for column in header}
    return {"keep_default_na": False, "na_values": missing, "converters": dict.fromkeys(texts, str)}


def first_line(error: Exception) -> str:
    """The first line of what an error, or its cause if it has one, says."""
    return str(error.__cause__ or error).strip().partition("\n")[0]


def check_file(path: Path, task: dict) -> None:
    """InputError for mistakes that the readers accept or describe obscurely.

    These are a file without rows, two columns of one name, and bytes in place of text.
    """
    columns, holds_bytes, is_empty = [], [], path.stat().st_size == 0
    # A file whose format is wrong is refused by the readers.
    with suppress(csv.Error, pa.ArrowInvalid, OSError):
        if path.suffix == ".csv":
            with path.open(errors="replace", newline="") as stream:
                reader = csv.reader(stream)
                columns = next(reader, [])
                is_empty = not any(reader)
        elif path.suffix == ".parquet" and not is_empty:
            metadata = pq.read_metadata(path)
            is_empty, schema = metadata.num_rows == 0, metadata.schema.to_arrow_schema()
            columns = schema.names
            holds_bytes = [field.name for field in schema if pa.types.is_binary(field.type)]
    where = f"Task {task['name']!r}: {path}"
    if is_empty:
        raise InputError(f"{where} has no rows; write some into it or name another split.")
    if twice := [column for column in columns if columns.count(column) > 1]:
        raise InputError(f"{where} has two columns {twice[0]!r}; rename one.")
    if used := [column for column in text_columns(task) if column in holds_bytes]:
        raise InputError(f"{where} holds bytes in column {used[0]!r}; write them as text.")
