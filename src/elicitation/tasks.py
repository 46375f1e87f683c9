"""From a source's rows to pool, test and supervision set."""

import hashlib
import string
import tempfile
from itertools import islice

import numpy as np
import pandas as pd

from elicitation import sandbox
from elicitation.config import split_file
from elicitation.errors import InputError
from elicitation.seeds import stream

SHUFFLE_SEED = 0
READERS = {".parquet": "parquet", ".jsonl": "json", ".csv": "csv"}


def hash_text(text: str) -> str:
    """128-bit id of an example."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_split(task: dict, split: str, sources: str, data_folder: str | None) -> pd.DataFrame:
    """One split in the source's own columns, from the hub or from a local file."""
    import datasets

    datasets.disable_progress_bars()
    if sources == "hub":
        hub = task["hub"]
        rows = datasets.load_dataset(hub["id"], hub.get("config"), split=split, revision=hub["revision"])
        return rows.to_pandas()
    path = split_file(task, split, data_folder)
    with tempfile.TemporaryDirectory() as cache:
        try:
            rows = datasets.load_dataset(
                READERS[path.suffix], data_files=str(path), split="train", cache_dir=cache
            ).to_pandas()
        except Exception as error:
            raise InputError(
                f"Task {task['name']!r}: {path} cannot be read ({error.__cause__ or error}); mend it."
            ) from error
    return rows


def format_rows(rows: pd.DataFrame, task: dict, split: str) -> pd.DataFrame:
    """Text and gold label of every row that has a text, in the rows' order.

    Raises InputError if columns are missing, the split is empty, or a label is not 0 or 1.
    """
    where = f"Task {task['name']!r}, split {split!r}"
    if rows.empty:
        raise InputError(f"{where}: it has no rows; name another split or mend the file.")
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(task["text"]) if field is not None]
    except ValueError as error:
        raise InputError(f"{where}: the template {task['text']!r} is malformed ({error}); mend its braces.") from error
    if not any(fields):
        raise InputError(f"{where}: the template {task['text']!r} names no column; put columns in braces.")
    for column in [*fields, task["label"]]:
        if column not in rows.columns:
            raise InputError(f"{where}: the column {column!r} is missing; it has {', '.join(rows.columns)}.")
    labels = rows[task["label"]]
    wrong = ~labels.isin([0, 1])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{where}: the label in column {task['label']!r} is {labels.tolist()[row]!r} in row {row}, "
            "but labels must be 0 or 1; drop such rows or choose another column."
        )
    texts = [task["text"].format(**row) for row in rows[fields].to_dict("records")]
    filled = rows[fields].notna().all(axis=1) & rows[fields].astype(str).ne("").any(axis=1)
    return pd.DataFrame({"text": texts, "gold": labels.astype(int)})[filled].reset_index(drop=True)


def write_examples(question: str, name: str, n: int) -> pd.DataFrame:
    """n distinct, balanced examples of a sandbox task."""
    found: dict[str, int] = {}
    room = {0: n - n // 2, 1: n // 2}
    for text, gold in sandbox.write_task(stream(SHUFFLE_SEED, "task", name), question):
        if room[gold] and text not in found:
            found[text] = gold
            room[gold] -= 1
        if not any(room.values()):
            break
    return pd.DataFrame({"text": found.keys(), "gold": found.values()})


def clean(examples: pd.DataFrame, name: str) -> pd.DataFrame:
    """Examples with ids, in an order that does not depend on the source's.

    Repeated texts stand once; those whose labels contradict each other are dropped.
    """
    examples = examples.assign(id=[hash_text(text) for text in examples.text])
    examples = examples.drop_duplicates(["id", "gold"]).sort_values("id").drop_duplicates("id", keep=False)
    order = stream(SHUFFLE_SEED, "shuffle", name).permutation(len(examples))
    return examples.iloc[order][["id", "text", "gold"]].reset_index(drop=True)


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


def split_task(train: pd.DataFrame, test: pd.DataFrame, task: dict) -> dict[str, pd.DataFrame]:
    """Disjoint, balanced pool, test and supervision sets.

    train, test: text and gold; they may overlap, then the test set keeps what they share.
    Raises InputError if a class is missing or the examples do not suffice.
    """
    name = task["name"]
    sets = {}
    for split, examples in (("train", train), ("test", test)):
        if examples.gold.nunique() < 2:
            only = ", ".join(map(str, examples.gold.unique())) or "nothing"
            raise InputError(f"Task {name!r}: the {split} split is not binary, its labels are {only}; choose another.")
    sets["test"] = take_balanced(clean(test, name), task["test_size"], f"Task {name!r}: the test set")
    rest = clean(train, name)
    rest = rest[~rest.id.isin(sets["test"].id)]
    for part in ("supervision", "pool"):
        sets[part] = take_balanced(rest, task[f"{part}_size"], f"Task {name!r}: the {part} set")
        rest = rest[~rest.id.isin(sets[part].id)]
    return {part: examples.reset_index(drop=True) for part, examples in sets.items()}


def prepare_task(task: dict, sources: str, data_folder: str | None) -> dict[str, pd.DataFrame]:
    """Pool, test and supervision set of a task: id, text, gold."""
    if "sandbox" in task:
        sizes = [task[f"{part}_size"] for part in ("test", "supervision", "pool")]
        # Half of each part a label, so an even number covers all three.
        examples = write_examples(task["sandbox"], task["name"], sum(size + size % 2 for size in sizes))
        return split_task(examples, examples, task)
    train, test = (
        format_rows(read_split(task, task["splits"][part], sources, data_folder), task, task["splits"][part])
        for part in ("train", "test")
    )
    return split_task(train, test, task)


def revision_of(task: dict, sources: str) -> str:
    """What pins the task's data, for its card."""
    if "sandbox" in task:
        return "sandbox"
    return f"{task['hub']['id']}@{task['hub']['revision']}" if sources == "hub" else f"local:{task['local']}"


def sample_texts(sets: dict[str, pd.DataFrame], n: int = 3) -> list[dict]:
    """A few examples for the task's card."""
    return [{"text": row.text, "gold": int(row.gold)} for row in islice(sets["test"].itertuples(), n)]
