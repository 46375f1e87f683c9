"""Whether a study has changed since results were computed from it."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from elicitation.errors import InputError
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


def change_sentence(folder: Path) -> str:
    """That the study says something else than the results in its folder were computed from.

    Empty where it does not, or where that cannot be known, as on another machine.
    """
    record = read_record(folder / "results/recommendation.json") or {}
    file, known = study_file(record.get("command", "")), record.get("settings", {}).get("config")
    if not (known and file and file.is_file()):
        return ""
    try:
        if hash_config(read_yaml(file)) == known:
            return ""
    except InputError as error:
        return f"These answers are of results before a change: {error}"
    again = call_again(record["command"], folder)
    return f"{file} has changed since these results were computed; for answers of it as it is now run {again}"
