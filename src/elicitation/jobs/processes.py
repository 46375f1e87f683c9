"""Processes that must not outlive others, or that begin without standard input, output or error."""

import os
import select
import sys
import threading


def open_standard_streams() -> None:
    """Open the null device as whichever of standard input, output and error is closed.

    Some launchers close them. The next file that is opened, a socket or a log, would take the number of one, and what
    is read from standard input, or written to standard error, would go there.
    """
    for number, (name, mode) in enumerate([("stdin", "r"), ("stdout", "w"), ("stderr", "w")]):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


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
