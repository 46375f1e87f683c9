"""A process that has imported what jobs need, and forks them.

The imports take seconds, often more than what a job does with them. Works as Python's own multiprocessing.forkserver,
but for processes that Snakemake starts: such a process has its script run in a fork of the server, and waits for it.

Only for jobs on one thread of the CPU: neither other threads nor the use of a GPU survive a fork.
"""

import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from elicitation.jobs.processes import end_with
from elicitation.jobs.records import hash_code
from elicitation.jobs.snakemake_internals import JOB_MODULE

# Environment variable with the path of the server's socket.
FORK_SERVER = "ELICITATION_FORK_SERVER"


def start_fork_server(imported: Sequence[str]) -> None:
    """Start a server that imports these modules and ends with this process, and name it in the environment.

    Raises OSError where there is no place for its socket, or (Linux before 5.3) nothing by which a fork could end with
    the process that asked for it.
    """
    os.close(os.pidfd_open(os.getpid()))
    # A folder that only this user may enter.
    address = f"{tempfile.mkdtemp(prefix='elicitation-')}/socket"
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(address)
        except OSError:
            Path(address).parent.rmdir()
            raise
        # From now on processes may ask; they wait for the imports.
        listener.listen(1024)
        call = f"from elicitation.jobs.forkserver import serve; serve({listener.fileno()}, {imported})"
        subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.path = {sys.path}; {call}"],
            # What libraries read when they are imported.
            env={"VLLM_LOGGING_LEVEL": "WARNING"} | os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
            pass_fds=[listener.fileno()],
            # Nothing is written to it; it closes when this process ends.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    os.environ[FORK_SERVER] = address


def serve(listening: int, imported: Sequence[str]) -> None:
    """Import, then fork for every process that asks, until standard input is closed or the code has changed."""
    code = hash_code()
    listener = socket.socket(fileno=listening)
    # What stops a whole run is for the jobs.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()
    ready = import_all((*imported, JOB_MODULE))
    gc.freeze()
    # Nobody waits for keepers.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while ready and sys.stdin not in select.select([listener, sys.stdin], [], [])[0] and hash_code() == code:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            keep(connection)
        connection.close()
    shutil.rmtree(Path(listener.getsockname()).parent)


def import_all(modules: Sequence[str]) -> bool:
    """Import the modules unless standard input is closed; whether all could be.

    What goes wrong here goes wrong in the jobs too, which then do their own imports, and say so.
    """
    with suppress(Exception):
        for module in modules:
            if select.select([sys.stdin], [], [], 0)[0]:
                return False
            importlib.import_module(module)
        return True
    return False


def keep(connection: socket.socket) -> None:
    """Fork a job, and tell the process that asked for it first its id, then its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, standard_streams, _, _ = socket.recv_fds(connection, 1, 3)
    stream = connection.makefile("rw")
    asked = json.loads(stream.readline())
    job = os.fork()
    if job == 0:
        stream.close()
        connection.close()
        become(asked, standard_streams)
    print(job, file=stream, flush=True)
    status = os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])
    print(status, file=stream, flush=True)
    os._exit(0)


def become(asked: dict, standard_streams: Sequence[int]) -> None:
    """Run a script as the process that asked for it would have, and end with it."""
    for number, stream in enumerate(standard_streams):
        os.dup2(stream, number)
        os.close(stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with(asked["process"])
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = [asked["script"]]
    runpy.run_path(asked["script"], run_name="__main__")
    sys.exit()


def run_forked() -> None:
    """Have this process's script run in a fork of the server, and end as it does; return if no server answers."""
    address = os.environ.pop(FORK_SERVER, None)
    if address is None:
        return
    connection = socket.socket(socket.AF_UNIX)
    # They wait until there is a job to which they can be passed on.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        connection.connect(address)
        socket.send_fds(connection, [b"\n"], [0, 1, 2])
        stream = connection.makefile("rw")
        own = {"process": os.getpid(), "folder": str(Path.cwd()), "environment": dict(os.environ)}
        print(json.dumps(own | {"script": sys.argv[0]}), file=stream, flush=True)
        job = int(stream.readline())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: os.kill(job, signal.SIGTERM))
    except (OSError, ValueError):
        return
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    status = int(stream.readline() or 1)
    # As a shell reports a process that a signal has ended.
    os._exit(status if status >= 0 else 128 - status)
