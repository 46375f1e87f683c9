"""Whether a study has changed since results were computed from it."""

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from elicitation.errors import InputError
from elicitation.files import hash_file
from elicitation.jobs.records import ROOT, call_again, read_record
from elicitation.study.reading import read_yaml

# The words of a call after which stands the file of a study.
FILE = "--configfile"
# Those of calls whose study stands in no file alone.
ELSEWHERE = {"--config", "--snakefile"}


def in_order(value):
    """The value with the keys of all mappings as texts, in their order; labels may be numbers and words."""
    if isinstance(value, Mapping):
        return {str(key): in_order(value[key]) for key in sorted(value, key=str)}
    return [in_order(entry) for entry in value] if isinstance(value, list) else value


def hash_config(config: Mapping) -> str:
    """SHA-256 of what a study says, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(in_order(config), default=str).encode()).hexdigest()


def study_file(command: str) -> Path | None:
    """The file that a call of Snakemake (records.study_command) reads the study from; None if that is not all of it."""
    words = shlex.split(command)
    if ELSEWHERE & {*words}:
        return None
    files = words[words.index(FILE) + 1 :] if FILE in words else ["config.yaml"]
    return ROOT / files[0] if len(files) == 1 else None


def changed_sources(folder: Path) -> Iterator[Path]:
    """The files with texts and labels that are not what they were when the tasks in a study's folder were made of them.

    Only such as were touched since are read, so that this takes a moment; elicitation.jobs.audit.verify reads all.
    """
    for card in sorted((folder / "results/tasks").glob("*/card.json")):
        made = card.stat().st_mtime_ns
        for path, sha256 in (read_record(card) or {}).get("source_files", {}).items():
            file = folder / path
            if file.is_file() and max(file.stat().st_mtime_ns, file.stat().st_ctime_ns) >= made:
                yield from [file] * (hash_file(file) != sha256)


def change_sentences(folder: Path) -> Iterator[str]:
    """That the study, or a file of its texts and labels, is another one than the results in its folder came from.

    None where that is not so, or cannot be known, as on another machine.
    """
    record = read_record(folder / "results/recommendation.json")
    if record is None:
        return
    command, known = record["command"], record["settings"].get("config")
    file, changed = study_file(command), list(changed_sources(folder))
    try:
        if known and file and file.is_file() and hash_config(read_yaml(file)) != known:
            changed.insert(0, file)
    except InputError as error:
        yield f"These answers are of results before a change: {error}"
    for path in changed:
        again = call_again(command, folder)
        yield f"{path} has changed since these results were computed; for answers of it as it is now run {again}"


def where_to_change(folder: Path) -> tuple[str, str]:
    """The file of the study whose results are in a folder, and the command that runs it again, as far as known."""
    command = (read_record(folder / "results/recommendation.json") or {}).get("command", "")
    if not command:
        return "the study's file", "the command that started it"
    return str(study_file(command) or "the study's file"), call_again(command, folder)
