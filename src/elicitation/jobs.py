"""What every script job does around its work."""

import faulthandler
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from elicitation.errors import InputError


@contextmanager
def job(snakemake) -> Iterator[None]:
    """Set the threads, send all output to the log, and end the process.

    Must be entered before torch is imported. An InputError ends the job with its one sentence on the
    terminal; any other error with its last line. Tracebacks stand in the log.
    """
    os.environ["OMP_NUM_THREADS"] = str(snakemake.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    faulthandler.enable()
    sys.stdout.flush()
    terminal = os.fdopen(os.dup(2), "w")
    log = os.open(snakemake.log[0], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    # File descriptors, not sys.stdout: libraries written in C++ log too.
    os.dup2(log, 1)
    os.dup2(log, 2)
    status = 0
    try:
        yield
    except InputError as error:
        status = 1
        print(error, file=sys.stderr)
        print(f"\nError: {error}\n", file=terminal)
    except BaseException as error:
        status = 1
        traceback.print_exc()
        print(f"\nError: {type(error).__name__}: {error} (traceback in {snakemake.log[0]})\n", file=terminal)
    for stream in (sys.stdout, sys.stderr, terminal):
        stream.flush()
    # Skips the libraries' own clean-up, which takes up to 2 s and has nothing left to do.
    os._exit(status)
