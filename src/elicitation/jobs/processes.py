"""Processes: how they are started, with open standard streams, and that jobs end with their run."""

import getpass
import os
import select
import shutil
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from elicitation.errors import InputError, shown

# What a path may hold beside letters and digits that no shell reads as anything else.
PLAIN = "/._-+@%=:,"
# What is said once a run was ended by a second SIGINT.
ENDED = "Stopped now, and the jobs that ran with it; the same command goes on from what is finished."


def check_interpreter() -> None:
    """InputError if Python lies where Snakemake, which hands its path to a shell as it is, starts no job with it."""
    if not all(letter.isalnum() or letter in PLAIN for letter in sys.executable):
        raise InputError(
            f"Python lies in {shown(sys.executable)}, but Snakemake starts no jobs from a path with a space or a sign "
            "that shells read; make the environment in another folder."
        )


def program_here(name: str) -> str:
    """How a program of this environment is called here: by its name where that finds it, else by its path."""
    program = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    return name if found and Path(found).resolve() == program.resolve() else str(program)


def open_standard_streams() -> None:
    """Open the null device as whichever of standard input, output and error is closed.

    Some launchers close them. The next file that is opened, a socket or a log, would take the number of one, and what
    is read from standard input, or written to standard error, would go there.
    """
    for number, (name, mode) in enumerate([("stdin", "r"), ("stdout", "w"), ("stderr", "w")]):
        try:
            os.fstat(number)
            taken = True
        except OSError:
            # The lowest number that is free.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            taken = False
        if getattr(sys, name) is None:
            # A number that another file has taken is not ours to write to.
            stream = os.open(os.devnull, os.O_RDWR) if taken else number
            setattr(sys, name, os.fdopen(stream, mode, closefd=False))


def name_user() -> None:
    """Name the user by number where the machine has no name for them, as in containers; libraries ask for one."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["USER"] = str(os.getuid())


def end_at_second_interrupt() -> None:
    """Let a second SIGINT end this process at once, in one line. The first one is a KeyboardInterrupt, as always.

    Snakemake waits after the first one for the jobs that run, which a second KeyboardInterrupt would end in tracebacks.
    Jobs on this machine end with this process, and the next run takes away what they left unfinished.
    """

    def end(signum, frame) -> None:
        os.write(2, f"{ENDED}\n".encode())
        os._exit(128 + signum)

    def interrupt(signum, frame) -> None:
        signal.signal(signal.SIGINT, end)
        raise KeyboardInterrupt

    # Signals are the main thread's alone.
    with suppress(ValueError):
        signal.signal(signal.SIGINT, interrupt)


def end_with(process: int) -> None:
    """End this process as soon as another one has ended, which cannot say so if it is killed.

    An orphaned job would write the files of the job that the next run starts in its place.
    """
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        os._exit(1)
    except OSError:
        return  # Linux before 5.3 cannot do it.

    def watch() -> None:
        select.select([descriptor], [], [])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
