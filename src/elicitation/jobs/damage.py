"""Files that are no longer what was made: how they are found, and what is said of them."""

import json
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from elicitation.errors import InputError
from elicitation.jobs.records import FOLDERS, known_hash, locate_record, measure, recorded

# One line for each file or folder that was found damaged, for `elicitation repair`.
NOTED = Path("results/damaged.txt")


def read_all(file: Path) -> None:
    """Read a file as far as it takes to notice that it is broken off; raises whatever its reader does."""
    # Imported late: every job imports this module.
    if file.suffix == ".parquet":
        import pyarrow.parquet

        pyarrow.parquet.read_table(file)
    elif file.suffix == ".safetensors":
        from safetensors import safe_open

        safe_open(file, "numpy")
    elif file.suffix == ".json":
        json.loads(file.read_bytes())


def damaged_file(path: Path) -> tuple[Path, str] | None:
    """The first file of `path` (a file or a folder) that is there and damaged, and how; None if all are whole.

    A file is whole if it has the hash that its record says or, where it has no record, can be read. Of a folder's
    files that can all be read, a link is named, or else the folder.
    """
    if not path.exists():
        return None
    made, files = recorded(path), sorted(path.rglob("*")) if path.is_dir() else [path]
    # What cannot be hashed cannot be read below.
    with suppress(OSError):
        if made and known_hash(str(path)) == made["sha256"]:
            return None
    for file in files:
        try:
            if not file.is_dir():
                read_all(file)
        except Exception as error:
            return file, str(error).splitlines()[0].rstrip(".")
    if not made:
        return None
    return next(filter(Path.is_symlink, files), path), "it is not what its record describes"


def noted_damage() -> list[str]:
    """The files and folders that were noted as damaged, each once, in the order in which they were found."""
    return list(dict.fromkeys(NOTED.read_text().splitlines())) if NOTED.exists() else []


def is_made_here(path: Path) -> bool:
    """Whether a file or folder, as rules name it, is a result of the study and not a file of its user's."""
    return not path.is_absolute() and path.parts[:1] in [(folder,) for folder in FOLDERS]


def report_damage(inputs: Iterable[str]) -> str | None:
    """A sentence on those of a job's inputs that are damaged, or None. Results among them are noted for the repair."""
    found = {path: damage for path in map(Path, inputs) if (damage := damaged_file(path))}
    if not found:
        return None
    said = "; ".join(
        f"{file.resolve() if file.is_symlink() else file} is damaged ({why})" for file, why in found.values()
    )
    # What a result links to is the user's.
    results = [str(path) for path, (file, _) in found.items() if is_made_here(path) and not file.is_symlink()]
    if not results:
        links = [str(path) for path in found if is_made_here(path)]
        choice = f", or delete {', '.join(links)} to take the new one" if links else ""
        return f"{said}; bring the old file back{choice}."
    with suppress(OSError), NOTED.open("a") as lines:
        lines.write("".join(f"{path}\n" for path in results))
    return f"{said}; to make {', '.join(results)} again, and nothing that came from it: {repair_command()}"


def repair_command() -> str:
    """The command that repairs the study in this folder."""
    return f"elicitation repair {shlex.quote(str(Path.cwd()))}"


def altered(inputs: Iterable[str], hashes: dict[str, str]) -> list[str]:
    """Those of a job's inputs that do not have the hash that their record says. hashes: of all that are not empty."""
    made = {path: recorded(Path(path)) for path in inputs}
    return [path for path, output in made.items() if output and output["sha256"] != hashes.get(path)]


def is_suspect(path: Path) -> bool:
    """Whether a file or folder is, by its size and time alone, perhaps not what its record describes."""
    if not path.exists():
        return False
    if (located := locate_record(path)) is None or located[0] == path:
        return path.suffix == ".json"
    place, record = located
    made, found = record["outputs"][str(path)], measure(path)
    # Snakemake touches files after their job, their record last, but nothing in folders.
    latest = made["changed_ns"] if path.is_dir() else place.stat().st_mtime_ns
    return found["bytes"] != made["bytes"] or found["changed_ns"] > latest


def check_inputs(read: Iterable[str], made: Iterable[str] = ()) -> None:
    """InputError if files that jobs are to read are damaged, as far as sizes, times and what was noted give it away.

    Snakemake deletes what a job made before, when it starts, so that damage is better found earlier. made: files that
    the jobs make again; they are named beside others, since they are not to be made again once these are whole.
    """
    noted = noted_damage()
    suspects = [path for path in read if path in noted or is_suspect(Path(path))]
    if any(damaged_file(Path(path)) for path in set(suspects).difference(made)):
        raise InputError(report_damage(suspects))
