"""What every script job does around its work."""

import errno
import faulthandler
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from elicitation.devices import lease_gpus, visible_gpus
from elicitation.errors import InputError, one_line, redact
from elicitation.recovery import report_damage

SCHEDULER, JOBS_PER_GPU = "ELICITATION_SCHEDULER", "ELICITATION_JOBS_PER_GPU"
"""Environment variables that the Snakefile sets: process id of the scheduler; jobs that may share a GPU."""
FULL = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (errno.EROFS, errno.EACCES)


class Stopped(BaseException):
    """SIGTERM, which clusters send before they kill."""


def stop(signum, frame) -> None:
    raise Stopped


def end_with(process: int) -> None:
    """End this process as soon as another one has ended, which cannot say so if it is killed.

    An orphaned job would write the files of the job that the next run starts in its place.
    """

    def watch(descriptor: int) -> None:
        select.select([descriptor], [], [])
        os._exit(1)

    # Linux before 5.3 cannot do it.
    with suppress(OSError):
        threading.Thread(target=watch, args=[os.pidfd_open(process)], daemon=True).start()


def explain(error: BaseException, snakemake) -> str:
    """The sentence for the user: which file, what is wrong with it, and the mend."""
    outputs = ", ".join(path for path in snakemake.output if path != snakemake.output.record)
    message = one_line(str(error))
    if isinstance(error, Stopped):
        return f"Stopped by SIGTERM before {outputs} was finished; run the same command again to go on."
    # Libraries written in Rust or C++ pass on the words, not the number.
    if any(os.strerror(code) in message for code in FULL):
        return f"The disk is full: {outputs} could not be written; make room, then run the same command again."
    if any(os.strerror(code) in message for code in UNWRITABLE):
        return f"{outputs} could not be written ({message}); make its folder writable, then run the same command again."
    damage = report_damage(map(str, snakemake.input))
    if damage or isinstance(error, InputError):
        return damage or message
    return f"{type(error).__name__}: {message} (traceback in {snakemake.log[0]})"


def save_record(snakemake, target: str, details: dict, started: float) -> None:
    """Write the record to `target`: what every record says, and the details that the script adds."""
    # Not earlier: what they import must find the threads set.
    from elicitation.files import write_json
    from elicitation.records import make_record

    made = make_record(
        rule=snakemake.rule,
        wildcards=dict(snakemake.wildcards.items()),
        settings=dict(snakemake.params.items()),
        study=snakemake.config["study"],
        inputs=snakemake.input,
        outputs=[path for path in snakemake.output if path != target],
        started=started,
    )
    write_json(target, details | made)


@contextmanager
def job(snakemake) -> Iterator[dict]:
    """Set threads and GPUs, send all output to the log, write the record, and end the process.

    Yields the dict in which the script puts what its record says beyond what every record says. Must be entered
    before torch is imported. An error ends the job with one sentence on the terminal; its traceback, unless it is an
    InputError, stands in the log.
    """
    started = time.perf_counter()
    os.environ["OMP_NUM_THREADS"] = str(snakemake.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    faulthandler.enable()
    if SCHEDULER in os.environ:
        end_with(int(os.environ[SCHEDULER]))
    sys.stdout.flush()
    terminal = os.fdopen(os.dup(2), "w")
    status = 0
    details: dict = {}
    try:
        signal.signal(signal.SIGTERM, stop)
        log = os.open(snakemake.log[0], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        # File descriptors, not sys.stdout: libraries written in C++ log too.
        os.dup2(log, 1)
        os.dup2(log, 2)
        # No library may ask a question, such as whether to run a repository's code.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if wanted := snakemake.resources.get("gpu", 0):
            leased = lease_gpus(visible_gpus(), wanted, int(os.environ.get(JOBS_PER_GPU, "1")))
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(leased)
            os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        target = snakemake.output.record
        yield details
        save_record(snakemake, target, details, started)
    except BaseException as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        status = 1
        if not isinstance(error, InputError):
            traceback.print_exc()
        sentence = explain(error, snakemake)
        print(sentence, file=sys.stderr)
        print(f"\nError: {sentence}\n", file=terminal)
    for stream in (sys.stdout, sys.stderr, terminal):
        # A full disk is no reason not to say so.
        with suppress(OSError):
            stream.flush()
    with suppress(OSError):
        # Libraries may have printed a key.
        text = Path(snakemake.log[0]).read_text(errors="surrogateescape")
        if redact(text) != text:
            Path(snakemake.log[0]).write_text(redact(text), errors="surrogateescape")
    # Skips the libraries' own clean-up, which takes up to 2 s and has nothing left to do.
    os._exit(status)
