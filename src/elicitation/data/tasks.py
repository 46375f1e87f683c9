"""From a source's rows to pool, test and supervision set."""

import csv
import hashlib
import re
import tempfile
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from elicitation.data import sandbox
from elicitation.data.formatting import RowError, format_row, label_column, text_columns, text_key
from elicitation.data.own_labels import Row, draw_sets, join_repeated, read_rows, table_file
from elicitation.data.ratings import ORIGIN, draw_votes, panel_size, ratings_file
from elicitation.data.sources import as_list, split_file, splits_read
from elicitation.errors import InputError
from elicitation.files import hash_file, hash_text
from elicitation.seeds import stream

SHUFFLE_SEED = 0
COMMIT = re.compile("[0-9a-f]{40}")
# What stands for no value in the cells of a CSV, but for texts, which may be these words.
EMPTY_CELLS = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"]
READERS = {".parquet": "parquet", ".jsonl": "json", ".csv": "csv"}


def read_split(task: dict, split: str, sources: str, data_folder: str | None) -> pd.DataFrame:
    """One split in the source's own columns, from the hub or from a local file."""
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
                READERS[path.suffix], data_files=str(path), split="train", cache_dir=cache, **options
            ).to_pandas()
        except Exception as error:
            raise InputError(f"Task {name!r}: {path} cannot be read ({first_line(error)}); fix it.") from error


def csv_options(path: Path, task: dict) -> dict:
    """How the file is read: its texts as they are written, so "None" is a word, and 3 is 3 beside an empty cell."""
    texts = [column for column in text_columns(task) if column not in as_list(label_column(task) or [])]
    with path.open(errors="replace", newline="", encoding="utf-8-sig") as stream:
        header = next(csv.reader(stream), [])
    missing = {column: [""] if column in texts else EMPTY_CELLS for column in header}
    return {"keep_default_na": False, "na_values": missing, "converters": dict.fromkeys(texts, str)}


def first_line(error: Exception) -> str:
    return str(error.__cause__ or error).strip().partition("\n")[0]


def check_file(path: Path, task: dict) -> None:
    """InputError for what the readers pass over or say obscurely: no rows, columns of one name, bytes as text."""
    columns, holds_bytes, is_empty = [], [], path.stat().st_size == 0
    # What is wrong with the format is for the readers to say.
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


def format_rows(rows: pd.DataFrame, task: dict, split: str) -> pd.DataFrame:
    """Text and gold label of every row that has a text, in the rows' order.

    Raises InputError if columns are missing, the split is empty, or a row does not fit the task's rule.
    """
    where = f"Task {task['name']!r}, split {split!r}"
    if rows.empty:
        raise InputError(f"{where}: it has no rows; name another split or fix the file.")
    texts = text_columns(task)
    columns = list(dict.fromkeys([*texts, *as_list(label_column(task) or [])]))
    for column in columns:
        if column not in rows.columns:
            raise InputError(f"{where}: the column {column!r} is missing; it has {', '.join(rows.columns)}.")
    examples = []
    complete = rows[columns][rows[texts].notna().all(axis=1)]
    for place, row in zip(complete.index, complete.to_dict("records"), strict=True):
        try:
            examples.append(format_row(row, task))
        except RowError as error:
            raise InputError(f"{where}: {error.problem} in row {place}, {error.fix}") from error
    return pd.DataFrame([example for example in examples if example], columns=["text", "gold"])


def write_examples(question: str, name: str, n: int) -> pd.DataFrame:
    """n distinct, balanced examples of a sandbox task."""
    found: dict[str, tuple[str, int]] = {}
    room = {0: n - n // 2, 1: n // 2}
    for text, gold in sandbox.write_task(stream(SHUFFLE_SEED, "task", name), question):
        if room[gold] and text_key(text) not in found:
            found[text_key(text)] = text, gold
            room[gold] -= 1
        if not any(room.values()):
            break
    return pd.DataFrame(found.values(), columns=["text", "gold"])


def clean(examples: pd.DataFrame, name: str) -> pd.DataFrame:
    """Examples with ids and keys (of formatting.text_key), in an order that does not depend on the source's.

    Of texts with the same key the one with the smallest id stands; those whose labels contradict each other are
    dropped.
    """
    ids, keys = ([name_of(text) for text in examples.text] for name_of in (hash_text, text_key))
    examples = examples.assign(id=ids, key=keys).sort_values("id")
    examples = examples.drop_duplicates(["key", "gold"]).drop_duplicates("key", keep=False)
    order = stream(SHUFFLE_SEED, "shuffle", name).permutation(len(examples))
    return examples.iloc[order][["id", "key", "text", "gold"]].reset_index(drop=True)


def take_balanced(examples: pd.DataFrame, n: int, what: str) -> pd.DataFrame:
    """The first n examples with as many of label 1 as of label 0 (one fewer where n is odd).

    Raises InputError if either class is too small.
    """
    parts = []
    for label, needed in ((0, n - n // 2), (1, n // 2)):
        part = examples[examples.gold == label]
        if len(part) < needed:
            raise InputError(
                f"{what} needs {needed} examples with label {label}, but only {len(part)} are left; "
                "ask for fewer in the config."
            )
        parts.append(part.iloc[:needed])
    return pd.concat(parts).sort_index()


def split_task(
    train: pd.DataFrame, test: pd.DataFrame, task: dict, rows_in_pool: bool = False
) -> dict[str, pd.DataFrame]:
    """Balanced pool, test and supervision sets.

    train, test: text and gold; they may overlap, then the test set keeps what they share. rows_in_pool: the pool
    may hold what the supervision set holds; otherwise all three are disjoint.
    Raises InputError if a class is missing or the examples do not suffice.
    """
    name = task["name"]
    sets = {}
    for split, examples in (("train", train), ("test", test)):
        if examples.empty:
            raise InputError(f"Task {name!r}: no row of the {split} split has a text; name columns that hold some.")
        if examples.gold.nunique() < 2:
            only = ", ".join(map(str, examples.gold.unique()))
            raise InputError(f"Task {name!r}: the {split} split is not binary, its labels are {only}; choose another.")
    sets["test"] = take_balanced(clean(test, name), task["test_size"], f"Task {name!r}: the test set")
    rest = clean(train, name)
    rest = rest[~rest.key.isin(sets["test"].key)]
    for part in ("supervision", "pool"):
        sets[part] = take_balanced(rest, task[f"{part}_size"], f"Task {name!r}: the {part} set")
        if not rows_in_pool:
            rest = rest[~rest.key.isin(sets[part].key)]
    return {part: examples.drop(columns="key").reset_index(drop=True) for part, examples in sets.items()}


def read_examples(task: dict, splits: list[str], sources: str, data_folder: str | None) -> pd.DataFrame:
    """Text and gold label of every row of the splits that has a text."""
    tables = [format_rows(read_split(task, split, sources, data_folder), task, split) for split in splits]
    return pd.concat(tables, ignore_index=True)


def split_table(rows: list[Row], task: dict) -> dict[str, pd.DataFrame]:
    """As split_task, but with labels in the proportion in which they come, and with `source_id`, the row's own name.

    Of the pool not every gold label is known; where it is not, it is NaN.
    """
    sets = {}
    for part, drawn in draw_sets(join_repeated(rows), task).items():
        table = pd.DataFrame(drawn, columns=list(Row._fields))[["id", "text", "gold", "source_id"]]
        sets[part] = table.astype({"gold": "float64" if part == "pool" else "int64"})
    return sets


def read_rated(task: dict) -> pd.DataFrame:
    """The task's rated sentences; InputError unless they have as many ratings as the task's price says."""
    rows = pd.read_parquet(ratings_file(task["ratings"]))
    if (found := panel_size(rows.ratings)) != task["panel"]:
        raise InputError(
            f"Task {task['name']!r}: a sentence of {task['ratings']} has {found:g} ratings (median), but the config "
            f"says `panel: {task['panel']}`; correct it."
        )
    return rows


def draw_ratings(rows: pd.DataFrame, ids: pd.Index, task: dict, raters: int) -> pd.DataFrame:
    """One row an id of the task's examples, one column a drawn rating (ratings.draw_votes).

    rows: of elicitation.data.ratings.labelled. Where a text was rated by two panels, both are drawn from.
    """
    votes: dict[str, list[int]] = {}
    for text, signs in zip(rows.text, rows.votes, strict=True):
        votes.setdefault(hash_text(task["text"].format(text=text)), []).extend(signs)
    try:
        drawn = [draw_votes(votes[example], example, raters) for example in ids]
    except InputError as error:
        raise InputError(f"Task {task['name']!r}: {error}") from None
    return pd.DataFrame(drawn, ids, [f"rating {place}" for place in range(1, raters + 1)])


def prepare_task(
    task: dict, sources: str, data_folder: str | None, rows_in_pool: bool = False
) -> dict[str, pd.DataFrame]:
    """Pool, test and supervision set of a task: id, text, gold; `rows_in_pool` as in split_task."""
    if "sandbox" in task:
        sizes = [task[f"{part}_size"] for part in ("test", "supervision", "pool")]
        # Half of each part a label, so an even number covers all three.
        examples = write_examples(task["sandbox"], task["name"], sum(size + size % 2 for size in sizes))
        return split_task(examples, examples, task, rows_in_pool)
    if "table" in task:
        return split_table(read_rows(task, data_folder), task)
    if "ratings" in task:
        examples = format_rows(read_rated(task), task | {"label": "gold"}, task["ratings"])
        return split_task(examples, examples, task, rows_in_pool)
    splits = task["splits"]
    train = read_examples(task, as_list(splits["train"]), sources, data_folder)
    if isinstance(splits["test"], int):
        train = clean(train, task["name"])
        if splits["test"] >= len(train):
            raise InputError(
                f"Task {task['name']!r}: the {len(train)} different texts of the train split leave none to train on "
                f"once {splits['test']} are set apart for tests; lower splits.test or name more rows."
            )
        test, train = train[: splits["test"]], train[splits["test"] :]
    else:
        test = read_examples(task, as_list(splits["test"]), sources, data_folder)
    return split_task(train, test, task, rows_in_pool)


def describe_sets(sets: dict[str, pd.DataFrame]) -> dict:
    """Sizes and balance of the sets, and how much of the pool the supervisors are finetuned on, for the card."""
    counts = {
        part: {"rows": len(s), "gold labels": int(s.gold.notna().sum()), "label 1": int(s.gold.sum())}
        for part, s in sets.items()
    }
    return {"counts": counts, "supervision_rows_in_pool": int(sets["pool"].id.isin(sets["supervision"].id).sum())}


def pin_revision(task: dict, sources: str) -> dict:
    """The task's entry with a branch replaced by the commit that it stands at now.

    Raises InputError if the hub does not answer.
    """
    if {"sandbox", "table", "ratings"} & set(task) or sources != "hub" or COMMIT.fullmatch(task["hub"]["revision"]):
        return task
    from huggingface_hub import HfApi

    hub = task["hub"]
    try:
        commit = HfApi().dataset_info(hub["id"], revision=hub["revision"]).sha
    except Exception as error:
        raise InputError(
            f"Task {task['name']!r}: the commit of {hub['id']}@{hub['revision']} cannot be looked up "
            f"({first_line(error)}); give its hash as hub.revision, or use `sources: local`."
        ) from error
    return task | {"hub": hub | {"revision": commit}}


def revision_of(task: dict, sources: str) -> str:
    """What pins the task's data, for its card."""
    if "sandbox" in task:
        return "sandbox"
    if "table" in task:
        return f"table:{task['table']}"
    if "ratings" in task:
        return f"{ORIGIN['archive']}:{task['ratings']}"
    return f"{task['hub']['id']}@{task['hub']['revision']}" if sources == "hub" else f"local:{task['local']}"


def hash_rows(rows: pd.DataFrame) -> str:
    """SHA-256 of a table's rows, whatever format they came in."""
    digest = hashlib.sha256()
    for start in range(0, len(rows), 10_000):
        digest.update(rows[start : start + 10_000].to_json(orient="records", lines=True, default_handler=str).encode())
    return digest.hexdigest()


def source_files(task: dict, sources: str, data_folder: str | None) -> dict[str, str]:
    """Hashes of the local files that a task is read from, by their paths; on the hub, of the rows of each split."""
    if "table" in task:
        path = table_file(task, data_folder)
        return {str(path): hash_file(path)}
    if "ratings" in task:
        path = ratings_file(task["ratings"])
        return {path: hash_file(path)}
    if "sandbox" in task:
        return {}
    if sources == "hub":
        revision = revision_of(task, sources)
        return {f"{revision}:{s}": hash_rows(read_split(task, s, sources, data_folder)) for s in splits_read(task)}
    paths = [split_file(task, split, data_folder) for split in splits_read(task)]
    return {str(path): hash_file(path) for path in paths}


def sample_texts(sets: dict[str, pd.DataFrame], n: int = 3) -> list[dict]:
    """A few examples for the task's card."""
    return [{"text": row.text, "gold": int(row.gold)} for row in islice(sets["test"].itertuples(), n)]
