"""What a task's card says: where its examples come from, by revision and hash, and what its sets hold."""

import hashlib
import re

import pandas as pd

from elicitation.data.near_copies import find_near_copies
from elicitation.data.own_labels import table_file
from elicitation.data.ratings import ORIGIN, ratings_file
from elicitation.data.sources import check_pinned, split_file, splits_read
from elicitation.data.splits import first_line, read_split
from elicitation.data.supervisor_texts import further_columns
from elicitation.data.table_survey import describe_table
from elicitation.errors import InputError
from elicitation.files import hash_file, hash_ids

# A commit's hash, which is a revision that never moves.
COMMIT = re.compile("[0-9a-f]{40}")
# A card names so many near copies.
NAMED_COPIES = 3


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
    """Where the task's examples are from, in as many words as pin it, for its card."""
    if "sandbox" in task:
        return "sandbox"
    if "table" in task:
        return f"table:{task['table']}"
    if "ratings" in task:
        return f"{ORIGIN['archive']}:{task['ratings']}"
    return f"{task['hub']['id']}@{task['hub']['revision']}" if sources == "hub" else f"local:{task['local']}"


def hash_rows(rows: pd.DataFrame) -> str:
    """SHA-256 of the rows of a table, the same whatever file format they came in."""
    digest = hashlib.sha256()
    for start in range(0, len(rows), 10_000):
        digest.update(rows[start : start + 10_000].to_json(orient="records", lines=True, default_handler=str).encode())
    return digest.hexdigest()


def source_files(task: dict, sources: str, data_folder: str | None) -> dict[str, str]:
    """Hashes of the local files that a task is read from, by their paths; on the hub, of the rows of each split.

    InputError if the task pins the hash of its rows on the hub, and they have another one.
    """
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
        files = {f"{revision}:{s}": hash_rows(read_split(task, s, sources, data_folder)) for s in splits_read(task)}
        if pinned := task["hub"].get("sha256"):
            check_pinned(f"Task {task['name']!r}", hash_ids(list(files.values())), pinned)
        return files
    paths = [split_file(task, split, data_folder) for split in splits_read(task)]
    return {str(path): hash_file(path) for path in paths}


def describe_sets(sets: dict[str, pd.DataFrame]) -> dict:
    """Sizes and balance of the sets, and how much of the pool the supervisors are finetuned on, for the card."""
    counts = {
        part: {"rows": len(s), "gold labels": int(s.gold.notna().sum()), "label 1": int(s.gold.sum())}
        for part, s in sets.items()
    }
    return {"counts": counts, "supervision_rows_in_pool": int(sets["pool"].id.isin(sets["supervision"].id).sum())}


def sample_texts(sets: dict[str, pd.DataFrame], n: int = 3) -> list[dict]:
    """The first n examples of the test set that have a gold label, for the task's card."""
    known = sets["test"].dropna(subset="gold")
    rows = known[["text", "gold", *further_columns(known)]].head(n).to_dict("records")
    return [row | {"gold": int(row["gold"])} for row in rows]


def describe_copies(sets: dict[str, pd.DataFrame]) -> dict:
    """How many texts of the test set nearly equal one outside of it, and some of those by name, for the card."""
    named = {
        part: list(zip(s["source_id" if "source_id" in s else "id"], s.text, strict=True)) for part, s in sets.items()
    }
    found = find_near_copies(named)
    return {"texts of the test set that nearly equal another text": found.texts, "some": found.pairs[:NAMED_COPIES]}


def write_card(
    task: dict, sources: str, data_folder: str | None, files: dict[str, str], sets: dict[str, pd.DataFrame]
) -> dict:
    """What the card says of a task with these sets; files: as source_files returns them."""
    card = {"source": revision_of(task, sources), "source_files": files}
    if files:
        card["source_sha256"] = hash_ids(list(files.values()))
    card |= describe_sets(sets) | {"examples": sample_texts(sets)}
    # The sandbox writes texts that differ in single words.
    if "sandbox" not in task:
        card["near copies"] = describe_copies(sets)
    if "table" in task:
        card["table"] = describe_table(task, data_folder)
    if "ratings" in task:
        card["ratings"] = ORIGIN | {"set": task["ratings"], "panel": task["panel"]}
    return card
