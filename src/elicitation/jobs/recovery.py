"""Going on after a crash: stale locks, folders that cannot be written, files that are not what was made."""

import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from elicitation.errors import InputError, one_line
from elicitation.files import replacing
from elicitation.jobs.records import known_hash, locate_record, measure, read_record, recorded

# One line a file or folder that is no longer what was made; the next run makes them again.
DAMAGED = Path("results/damaged.txt")
FULL = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
# Options with which NFS and Lustre are mounted where other machines do not see a lock.
LOCAL_LOCKS = {"local_lock=all", "local_lock=flock", "localflock"}
MOUNTS = Path("/proc/self/mountinfo")


# Folders


def explain_unwritten(error: BaseException, what: str) -> str | None:
    """The sentence where an error is a disk's that takes nothing more or a folder's that cannot be written, or None."""
    message = one_line(str(error))
    # Libraries written in Rust or C++ pass on the words, not the number.
    if any(os.strerror(code) in message for code in FULL):
        return f"The disk is full: {what} could not be written; make room, then run the same command again."
    if any(os.strerror(code) in message for code in UNWRITABLE):
        return f"{what} could not be written ({message}); make its folder writable, then run the same command again."
    return None


@contextmanager
def writing(what: str) -> Iterator[None]:
    """What is written in the block fails, if it does, with an InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(explain_unwritten(error, what) or f"{what}: {error}; fix its folder.") from error


def check_writable(folders: Iterable[Path]) -> None:
    """InputError if nothing can be written to a folder, or to the one that it would be made in."""
    for folder in folders:
        existing = next(place for place in (folder, *folder.resolve().parents) if place.exists())
        if not os.access(existing, os.W_OK | os.X_OK):
            raise InputError(
                f"Nothing can be written to {folder} (read-only, or not yours); make it writable, or choose another "
                "working folder with --directory."
            )
        with writing(f"a file in {folder}"), tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"x")


# Locks


def locks_are_seen(folder: Path) -> bool:
    """Whether other machines see a lock on a file in the folder, as far as its mount's options tell."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    lines = [line.split() for line in MOUNTS.read_text().splitlines()] if MOUNTS.exists() else []
    return not any(LOCAL_LOCKS & set(",".join(fields[5:]).split(",")) for fields in lines if fields[2] == number)


def try_alone(running: TextIO) -> bool:
    """Whether no other run holds the file; if so, the caller has it alone."""
    try:
        fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def hold_folder(state: Path) -> TextIO:
    """Remove Snakemake's lock from its folder `state` if a killed run left it there; the caller keeps what is returned.

    Every run holds a shared lock that dies with its process, so whoever gets it alone is the only run there. Where
    there are no locks, or none that other machines see, Snakemake's own stays. Raises InputError if nothing can be
    written.
    """
    with writing(str(state)):
        state.mkdir(exist_ok=True)
        running = (state / "running").open("a+")
    with suppress(OSError):
        try:
            if try_alone(running) and locks_are_seen(state):
                shutil.rmtree(state / "locks", ignore_errors=True)
        finally:
            fcntl.flock(running, fcntl.LOCK_SH)
    return running


def refuse_running(folder: Path) -> TextIO | None:
    """InputError if a study runs in the folder; none starts there while the caller keeps what is returned."""
    with suppress(OSError):
        running = (folder / ".snakemake/running").open("r+")
        if not try_alone(running):
            raise InputError(f"A study is running in {folder.resolve()}; wait until it has ended.")
        return running
    return None


# Damage


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


def report_damage(inputs: Iterable[str], listed: Path = DAMAGED) -> str | None:
    """A sentence on those of a job's inputs that are damaged, or None. Results among them are listed for `fix`."""
    found = {path: damage for path in map(Path, inputs) if (damage := damaged_file(path))}
    if not found:
        return None
    said = "; ".join(
        f"{file.resolve() if file.is_symlink() else file} is damaged ({why})" for file, why in found.values()
    )
    # What a result links to is the user's.
    results = [str(path) for path, (file, _) in found.items() if not file.is_symlink()]
    if not results:
        return f"{said}; bring the old file back, or delete {', '.join(map(str, found))} to take the new one."
    # The next run finds them again.
    with suppress(OSError), listed.open("a") as lines:
        lines.write("".join(f"{path}\n" for path in results))
    return f"{said}; run the same command again: it makes {', '.join(results)} again and goes on."


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
    """InputError if files that jobs are to read are damaged, as far as sizes and times give it away.

    Snakemake deletes what a job made before, when it starts, so that damage is better found earlier. made: files that
    the jobs make again; they are named beside others, since they are not to be made again once these are whole.
    """
    suspects = [path for path in read if is_suspect(Path(path))]
    if any(damaged_file(Path(path)) for path in set(suspects).difference(made)):
        raise InputError(report_damage(suspects))


def times_before(target: Path) -> dict[Path, int]:
    """The modification times (ns) that the files of a damaged target had, by its record."""
    located = locate_record(target)
    if located is None or located[0] == target:
        return {}
    place, record = located
    latest = record["outputs"][str(target)]["changed_ns"] if target.is_dir() else place.stat().st_mtime_ns
    files = [file for file in target.rglob("*") if file.is_file()] if target.is_dir() else [target]
    return {file: min(file.stat().st_mtime_ns, latest) for file in files if not file.name.startswith(".")}


def remaking(targets: list[str]) -> list[str]:
    """Options with which Snakemake makes the targets again, and nothing that depends on them."""
    # One without a value ends the lists, which would swallow a target that follows.
    return ["--until", *targets, "--forcerun", *targets, "--nolock", "--no-hooks", "--rerun-incomplete"]


def same_outputs(record: dict, other: dict | None) -> bool:
    """Whether two records describe the same content."""
    hashes = [{path: made["sha256"] for path, made in r["outputs"].items()} for r in (record, other or {"outputs": {}})]
    return hashes[0] == hashes[1]


def fix(remake: Callable[[list[str]], object], listed: Path = DAMAGED) -> bool:
    """Make again what is listed as damaged; whether anything was made.

    What was made from it while it was whole stays: all files beside the list keep their times, those that `remake`
    replaces too, and a record stays if what it describes came out the same.
    """
    if not listed.exists():
        return False
    targets = [Path(line) for line in dict.fromkeys(listed.read_text().splitlines()) if damaged_file(Path(line))]
    times = {file: file.stat().st_mtime_ns for file in listed.parent.rglob("*") if file.exists()}
    for target in targets:
        times |= times_before(target)
    records = dict(filter(None, map(locate_record, targets)))
    texts = {place: place.read_bytes() for place in records}
    if targets:
        remake(list(map(str, targets)))
    left = [target for target in targets if damaged_file(target)]
    if len(left) < len(targets):
        for place, record in records.items():
            if same_outputs(record, read_record(place)):
                with replacing(place) as temporary:
                    temporary.write_bytes(texts[place])
        for file in filter(Path.exists, times):
            os.utime(file, ns=(times[file], times[file]))
    listed.write_text("".join(f"{target}\n" for target in left))
    if not left:
        listed.unlink()
    return len(left) < len(targets)
