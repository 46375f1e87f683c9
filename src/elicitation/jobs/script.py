"""What every script job does around its work."""

import faulthandler
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TextIO

from elicitation.errors import InputError, Redacted, one_line, redact
from elicitation.jobs.damage import altered, report_damage
from elicitation.jobs.devices import lease_gpus, prepare_allocator, visible_gpus
from elicitation.jobs.forkserver import run_forked
from elicitation.jobs.processes import end_with, open_standard_streams
from elicitation.jobs.progress import DONE, STOPPED, TOLD
from elicitation.jobs.study_folder import explain_unwritten

# Environment variables that the Snakefile sets: process id of the scheduler; jobs that may share a GPU.
SCHEDULER, JOBS_PER_GPU = "ELICITATION_SCHEDULER", "ELICITATION_JOBS_PER_GPU"

# Signals that stop a job: those of clusters and of the keyboard; `stop` says why there is a third.
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


class Stopped(BaseException):
    """A signal: SIGTERM, which clusters send before they kill, or SIGINT, which Ctrl-C sends."""


def stop(signum, frame) -> None:
    # An `except:` in what is being imported may swallow it, so it comes again every second until the job ends.
    signal.alarm(1)
    raise Stopped("SIGINT" if signum == signal.SIGINT else "SIGTERM")


def explain(error: BaseException, snakemake) -> str:
    """The sentence for the user: which file, what is wrong with it, and the fix."""
    outputs = ", ".join(path for path in snakemake.output if path != snakemake.output.record)
    message = one_line(str(error))
    if isinstance(error, Stopped):
        return f"{STOPPED}{message} before {outputs} was finished; run the same command again to go on."
    if damage := report_damage(map(str, snakemake.input)):
        return damage
    if isinstance(error, InputError):
        return message
    return explain_unwritten(error, outputs) or f"{type(error).__name__}: {message} (traceback in {snakemake.log[0]})"


def begin(snakemake) -> dict:
    """The first part of the record; InputError if an input is not what was made."""
    # Not earlier: what they import must find the threads set.
    from elicitation.jobs.records import begin_record

    # Snakemake runs a copy, which names the script that it is a copy of.
    begun = begin_record(snakemake.input, Path(sys.modules["__main__"].__file__))
    if changed := altered(snakemake.input, begun["inputs"]):
        raise InputError(f"{', '.join(changed)} changed after it was made.")
    return begun


def save_record(snakemake, target: str, details: dict, begun: dict, started: float) -> None:
    """Write the record to `target`: what every record says, and the details that the script adds."""
    from elicitation.files import write_json
    from elicitation.jobs.records import make_record

    made = make_record(
        rule=snakemake.rule,
        wildcards=dict(snakemake.wildcards.items()),
        settings=dict(snakemake.params.items()),
        study=snakemake.config["study"],
        begun=begun,
        outputs=[path for path in snakemake.output if path != target],
        started=started,
    )
    write_json(target, details | made)


def say(terminal: TextIO, rule: str, line: str) -> None:
    """Tell the log and the terminal."""
    print(line, flush=True)
    with suppress(OSError):
        print(f"{rule}: {line}", file=terminal, flush=True)


def imports_done() -> None:
    """Collect garbage again, which `job` put off; what has been imported stays and is not searched any more."""
    gc.freeze()
    gc.enable()


def prepare_process(threads: int) -> None:
    """Set what libraries read when they are imported, and end this process when its scheduler does."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    faulthandler.enable()
    # Searching for garbage among what imports leave for good takes a sixth of their time.
    gc.disable()
    if SCHEDULER in os.environ:
        end_with(int(os.environ[SCHEDULER]))


def send_output_to(log: str) -> None:
    """Send all that is printed, by libraries and child processes too, to the log, without keys; read nothing."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    # File descriptors, not sys.stdout: libraries written in C++ log too.
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    # What is said stands in the log at once.
    sys.stdout.reconfigure(line_buffering=True)
    sys.stdout, sys.stderr = Redacted(sys.stdout), Redacted(sys.stderr)
    # No library may ask a question, such as whether to run a repository's code.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def take_gpus(count: int, whole_gpu: bool, say_so: Callable[[str], object]) -> None:
    """Lease so many GPUs and let this process see no others. whole_gpu, say_so: as in `job` and lease_gpus."""
    leased = []
    if count:
        shared = 1 if whole_gpu else int(os.environ.get(JOBS_PER_GPU, "1"))
        leased = lease_gpus(visible_gpus(), count, shared, say_so)
        os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        # Not for vLLM, whose processes on several GPUs cannot share such memory.
        if not whole_gpu:
            prepare_allocator()
    # None for a job that computes on the CPU: peft would load its adapters on one that is there.
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(leased)


def report_failure(error: BaseException, snakemake, terminal: TextIO) -> None:
    """Say in a sentence why the job failed, in the log, where a traceback precedes it, and on the terminal.

    An InputError has no traceback. Signals that stop a job are not heard any more. The logger plugin, if it listens,
    tells on the terminal what the log says.
    """
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    sentence, logged = explain(error, snakemake), False
    # The log may lie on the disk that is full, or not be there.
    with suppress(OSError):
        sys.stdout.flush()
    with suppress(OSError), open(snakemake.log[0], "a") as stream:  # noqa: PTH123
        if not isinstance(error, InputError):
            stream.write(redact(traceback.format_exc()))
        stream.write(f"{sentence}\n")
        stream.flush()
        logged = Path(snakemake.log[0]).is_file()
    # The terminal may be gone.
    with suppress(OSError):
        if not (logged and TOLD in os.environ):
            print(f"\nError: {sentence}\n", file=terminal, flush=True)


def close_output(log: Path, terminal: TextIO) -> None:
    """Write out what has been said, and take keys out of the log that libraries printed past Redacted."""
    for stream in (sys.stdout, sys.stderr, terminal):
        # A full disk is no reason not to say so.
        with suppress(OSError):
            stream.flush()
    with suppress(OSError):
        # A log may be no file: /dev/null, a pipe.
        text = log.read_text(errors="surrogateescape") if log.is_file() else ""
        if redact(text) != text:
            log.write_text(redact(text), errors="surrogateescape")


def block_arguments(snakemake) -> dict:
    """What a job's blocks are read by, beside their purchases: arguments of buying.block.read_blocks."""
    names, params, files = snakemake.wildcards, snakemake.params, snakemake.input
    # The file is an empty list where no weak labels are bought.
    read = {"pool": files.pool, "weak_labels": files.weak_labels or None, "orderings": files.orderings}
    # Seeds are named apart where several train together.
    named = {"task": names.task, "student": names.student, "seeds": params.get("seeds") or [int(names.seed)]}
    return named | {"method": params.method} | read


@contextmanager
def job(snakemake, whole_gpu: bool = False, forked: bool = True, threads: int | None = None) -> Iterator[dict]:
    """Set threads and GPUs, send all output to the log, write the record, and end the process.

    whole_gpu: share a GPU with no other job, whatever the study allows. vLLM wants that: it fails where another job
    frees memory while it measures what is left.
    forked: on one thread and no GPU, begin again in a fork of the server that has imported what jobs need, if one runs.
    threads: to compute on; by default as many as the rule has.

    Yields the dict in which the script puts what its record says beyond what every record says. Must be entered
    before torch is imported; a script that works on models calls `imports_done` afterwards. An error ends the job with
    one sentence on the terminal; its traceback, unless it is an InputError, stands in the log.
    """
    # Until it can say a sentence, Ctrl-C ends a job without a word instead of with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    open_standard_streams()
    threads, gpus = threads or snakemake.threads, snakemake.resources.get("gpu", 0)
    if forked and threads == 1 and not gpus:
        run_forked()
    started, status, details = time.perf_counter(), 0, {}
    prepare_process(threads)
    sys.stdout.flush()
    terminal = os.fdopen(os.dup(2), "w")
    try:
        for number in STOPPING:
            signal.signal(number, stop)
        send_output_to(snakemake.log[0])
        begun = begin(snakemake)
        take_gpus(gpus, whole_gpu, partial(say, terminal, snakemake.rule))
        target = snakemake.output.record
        yield details
        save_record(snakemake, target, details, begun, started)
        print(f"{DONE} in {time.perf_counter() - started:.1f} s.")
    except BaseException as error:
        status = 1
        report_failure(error, snakemake, terminal)
    close_output(Path(snakemake.log[0]), terminal)
    # Skips the libraries' own clean-up, which takes up to 2 s and has nothing left to do.
    os._exit(status)
