"""A study's folder that was copied, unpacked or synchronised: what is equal to what its records say is not made again.

Snakemake compares times, and those of copies say in which order files were copied, not in which they were made. By the
hashes in the records it is known what was made from what.
"""

import os
from collections.abc import Iterable
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TextIO

from elicitation.files import hash_file, visible_files
from elicitation.jobs.measured import MEASURED
from elicitation.jobs.records import ROOT, measure, read_records

# The file whose time Snakemake takes for that of a folder that a job has made.
STAMP = ".snakemake_timestamp"
SCRIPTS = ROOT / "workflow/scripts"
# What a file is newer by (ns) than those that it was made from; times are compared as floats, to less than 1 µs.
LATER = 10**6


def identity(file: TextIO) -> str:
    """What a file is and no copy of it: its device and number."""
    state = os.fstat(file.fileno())
    return f"{state.st_dev}:{state.st_ino}"


def recognise_copy(known: TextIO, study: Path) -> int:
    """Order the times in a study's folder if it is another one than before.

    Returns the number of jobs whose files got new times.

    known: a file of the folder that is open for reading and appending, in which its own identity is kept. Only for
    whoever is alone in the folder.
    """
    known.seek(0)
    if known.read() == identity(known):
        return 0
    ordered = order_times(study)
    known.truncate(0)
    known.write(identity(known))
    known.flush()
    return ordered


def stamps_of(paths: Iterable[Path]) -> list[Path]:
    """What is there of files and folders, and in the folders the files whose times Snakemake takes for theirs."""
    return [stamp for path in paths for stamp in (path, path / STAMP) if stamp.exists()]


def order_times(study: Path) -> int:
    """Make files newer than those that they were made from, where records say that these are what they are now.

    So it is with the script that made them. The number of jobs whose files got new times; what was made from other
    inputs keeps its time.
    """
    records = read_records(study)
    maker = {path: place for place, record in records.items() for path in [*record["outputs"], place]}

    @cache
    def hash_now(path: str) -> str | None:
        """Of an input as it is now, or None if it is gone. A result of the size that its record says is that result."""
        if not (study / path).exists():
            return None
        made = records[maker[path]]["outputs"].get(path) if path in maker else None
        if made and measure(study / path)["bytes"] == made["bytes"]:
            return made["sha256"]
        return hash_file(study / path)

    before = {place: {maker[path] for path in record["inputs"] if path in maker} for place, record in records.items()}
    ordered = 0
    for place in TopologicalSorter(before).static_order():
        inputs, outputs = records[place]["inputs"], records[place]["outputs"]
        restore_contents(study, outputs)
        if all(hash_now(path) in (None, sha256) for path, sha256 in inputs.items()):
            made = [study / path for path in [*outputs, place]]
            ordered += make_newer(made, [*same_script(records[place]), *(study / path for path in inputs)])
    latest = max((stamp.stat().st_mtime_ns for stamp in stamps_of(study / path for path in maker)), default=0)
    # Snakemake counts these files as made by the jobs too; nothing is made from them.
    for file in visible_files(study / MEASURED):
        os.utime(file, ns=(latest, latest))
    return ordered


def same_script(record: dict) -> list[Path]:
    """The script that made what a record is of, if it is what it was then; older records do not say."""
    made_by = record.get("script", {"name": ""})
    script = SCRIPTS / made_by["name"]
    return [script] if script.is_file() and hash_file(script) == made_by["sha256"] else []


def restore_contents(study: Path, outputs: dict[str, dict]) -> None:
    """Give the files in folders that are what was made the time that their record says, by which a large one is known.

    outputs: of a record.
    """
    for path, made in outputs.items():
        folder = study / path
        if not folder.is_dir() or measure(folder)["changed_ns"] == made["changed_ns"]:
            continue
        if hash_file(folder) == made["sha256"]:
            for file in visible_files(folder):
                if not file.is_symlink():
                    os.utime(file, ns=(made["changed_ns"], made["changed_ns"]))


def make_newer(files: Iterable[Path], inputs: Iterable[Path]) -> bool:
    """Whether any of the files was older than an input; if so, all of them become newer than all inputs."""
    stamps = stamps_of(files)
    latest = max((stamp.stat().st_mtime_ns for stamp in stamps_of(inputs)), default=0)
    if all(stamp.stat().st_mtime_ns >= latest for stamp in stamps):
        return False
    for stamp in stamps:
        os.utime(stamp, ns=(latest + LATER, latest + LATER))
    return True
