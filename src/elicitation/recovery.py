"""Going on after a crash: stale locks, folders that cannot be written, files that cannot be read."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from elicitation.errors import InputError

DAMAGED = Path("results/damaged.txt")
"""One line a file or folder that a job could not read; the next run makes them again."""


def hold_folder(state: Path) -> TextIO:
    """Remove Snakemake's lock from its folder `state` if a killed run left it there; the caller keeps what is returned.

    Every run holds a shared lock that dies with its process, so whoever gets it alone is the only run there.
    Where the file system has no locks, Snakemake's own stays.
    """
    state.mkdir(exist_ok=True)
    running = (state / "running").open("a+")
    with suppress(OSError):
        try:
            fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(state / "locks", ignore_errors=True)
        finally:
            fcntl.flock(running, fcntl.LOCK_SH)
    return running


def check_writable(folders: Iterable[Path]) -> None:
    """InputError if nothing can be written to a folder, or to the one that it would be made in."""
    for folder in folders:
        existing = next(place for place in (folder, *folder.resolve().parents) if place.exists())
        if not os.access(existing, os.W_OK | os.X_OK):
            raise InputError(
                f"Nothing can be written to {folder} (read-only, or not yours); make it writable, or choose another "
                "working folder with --directory."
            )


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
    """The first file of `path` (a file or a folder) that is there but cannot be read, and why; None if all can."""
    if not path.exists():
        return None
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        try:
            if not file.is_dir():
                read_all(file)
        except Exception as error:
            return file, str(error).splitlines()[0].rstrip(".")
    return None


def report_damage(inputs: Iterable[str], listed: Path = DAMAGED) -> str | None:
    """A sentence on those of a job's inputs that cannot be read, or None. Results among them are listed for `mend`."""
    found = {path: damage for path in map(Path, inputs) if (damage := damaged_file(path))}
    if not found:
        return None
    said = "; ".join(
        f"{file.resolve() if file.is_symlink() else file} is damaged ({why})" for file, why in found.values()
    )
    # What a result links to is the user's.
    results = [str(path) for path, (file, _) in found.items() if not file.is_symlink()]
    if not results:
        return f"{said}; replace it."
    with listed.open("a") as lines:
        lines.write("".join(f"{path}\n" for path in results))
    return f"{said}; run the same command again: it makes {', '.join(results)} anew and goes on."


def mend(remake: Callable[[list[str]], object], listed: Path = DAMAGED) -> None:
    """Make again what is listed as damaged.

    What was made from it while it was whole stays: all files beside the list keep their times, those that `remake`
    replaces too.
    """
    if not listed.exists():
        return
    targets = [line for line in dict.fromkeys(listed.read_text().splitlines()) if damaged_file(Path(line))]
    if targets:
        times = {file: file.stat().st_mtime_ns for file in listed.parent.rglob("*")}
        remake(targets)
        for file in filter(Path.exists, times):
            os.utime(file, ns=(times[file], times[file]))
    left = [target for target in targets if damaged_file(Path(target))]
    listed.write_text("".join(f"{target}\n" for target in left))
    if not left:
        listed.unlink()
