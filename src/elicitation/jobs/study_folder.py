"""A study's folder: whether it can be written, and whether a run lives there."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from elicitation.errors import InputError, one_line
from elicitation.files import PARTIAL
from elicitation.jobs.copies import recognise_copy
from elicitation.jobs.records import FOLDERS

# Snakemake's folder, and the file in it that every run holds a lock on.
STATE = Path(".snakemake")
RUNNING = "running"
# The folder in it with Snakemake's own locks, which are made when a run begins.
LOCKS = "locks"
FULL = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
# Options with which NFS and Lustre are mounted where other machines do not see a lock.
LOCAL_LOCKS = {"local_lock=all", "local_lock=flock", "localflock"}
MOUNTS = Path("/proc/self/mountinfo")
# Where Linux lists all locks on files: number, kind, mode, access, process, device:file, from, to.
HELD = Path("/proc/locks")
# Bytes that the folder for temporary files must have room for.
ROOM = 2**20


# Whether it can be written


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


def check_temporary() -> None:
    """InputError if the folder for temporary files, in which Snakemake's scheduler puts its plans, has no room."""
    # As PuLP, which makes those plans, chooses it; where it may not write, it takes the working folder.
    folder = Path(os.environ.get("TMP", os.environ.get("TMPDIR", "/tmp")))
    if os.access(folder, os.W_OK):
        with writing(f"a temporary file in {folder} (TMPDIR)"), tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
            file.flush()


# Whether a run lives there


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


def open_running(state: Path) -> TextIO:
    """The file that every run holds a lock on, in Snakemake's folder `state`; InputError if it cannot be written."""
    with writing(str(state)):
        state.mkdir(exist_ok=True)
        return (state / RUNNING).open("a+")


def remove_stale_lock(state: Path) -> None:
    """Remove the lock that a killed run of Snakemake left; only for whoever is alone there."""
    if locks_are_seen(state):
        shutil.rmtree(state / LOCKS, ignore_errors=True)


def remove_leftovers(study: Path) -> None:
    """Remove what killed jobs left in a study's folder: results that were being written, copies of scripts.

    Only for whoever is alone there, and where jobs end with their run.
    """
    shutil.rmtree(study / STATE / "scripts", ignore_errors=True)
    for folder in FOLDERS:
        for file in (study / folder).rglob(".*"):
            if PARTIAL.fullmatch(file.name):
                file.unlink(missing_ok=True)


def take_over(running: TextIO, state: Path) -> None:
    """Remove a stale lock and put the times of a copy in order; only for whoever is alone there.

    Raises InputError if something cannot be written: what is equal would be made again without a word.
    """
    with writing(f"what lies in {state.resolve().parent}"):
        remove_stale_lock(state)
        recognise_copy(running, state.parent)


def share_folder(running: TextIO) -> None:
    """Let other runs hold the folder too, which this process goes on to hold."""
    with suppress(OSError):
        fcntl.flock(running, fcntl.LOCK_SH)


def hold_folder(state: Path = STATE, jobs_end: bool = False) -> TextIO:
    """Hold the folder as every run does, and remove Snakemake's lock from `state` if a killed run left it there.

    jobs_end: whether jobs end with their run, as they do on this machine; then what they left unfinished goes too.

    Every run holds a shared lock that dies with its process, so whoever gets it alone is the only run there. Where
    there are no locks, or none that other machines see, Snakemake's own stays. The caller keeps what is returned.
    Raises InputError if nothing can be written.
    """
    running = open_running(state)
    with suppress(OSError):
        if try_alone(running):
            take_over(running, state)
            if jobs_end:
                remove_leftovers(state.parent)
    share_folder(running)
    return running


def hold_alone(state: Path = STATE) -> TextIO:
    """Hold the folder against all runs, which wait to start until the caller shares it, and remove a stale lock.

    Raises InputError if a run lives there, or nothing can be written. The caller keeps what is returned.
    """
    running = open_running(state)
    with suppress(OSError):
        if not try_alone(running):
            raise InputError(f"A study is running in {state.resolve().parent}; wait until it has ended.")
        take_over(running, state)
    return running


def holders(file: Path) -> list[int]:
    """The other processes of this machine that hold a lock on a file, as far as the system lists them."""
    fields = [line.split() for line in HELD.read_text().splitlines()] if HELD.exists() else []
    state = file.stat()
    held = f"{os.major(state.st_dev):02x}:{os.minor(state.st_dev):02x}:{state.st_ino}"
    found = {int(pid) for _, kind, _, _, pid, place, *_ in fields if kind == "FLOCK" and place == held}
    return sorted(found - {os.getpid()})


def name_other_run(state: Path = STATE) -> str:
    """What to say where Snakemake finds that another run makes the same files: which, and what to do."""
    facts = []
    with suppress(OSError, ValueError):
        facts = [f"process {pid}" for pid in holders(state / RUNNING)]
    with suppress(OSError, ValueError):
        began = min(lock.stat().st_mtime for lock in (state / LOCKS).iterdir())
        facts.append(f"since {datetime.fromtimestamp(began):%Y-%m-%d %H:%M}")
    known = f" ({', '.join(facts)})" if facts else ""
    return (
        f"Another run works in {state.resolve().parent}{known}; wait until it has ended, or stop it (only if no run is "
        "left there, as after a crash, give the same command with --unlock)."
    )


def refuse_running(folder: Path) -> TextIO | None:
    """InputError if a study runs in the folder; none starts there while the caller keeps what is returned."""
    with suppress(OSError):
        running = (folder / STATE / RUNNING).open("r+")
        if not try_alone(running):
            raise InputError(f"A study is running in {folder.resolve()}; wait until it has ended.")
        return running
    return None
