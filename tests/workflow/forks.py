"""Commands in forks of a process that has imported what they need: the imports take longer than most of them work.

The process is a fork server as the pipeline starts it for jobs, and the jobs of these commands are its forks too.
"""

import atexit
import gc
import json
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import snakemake.cli

import elicitation.cli
from elicitation.jobs import forkserver

# What Snakemake, the Snakefile, the command and its jobs import.
IMPORTED = (
    "vllm.entrypoints.llm",
    *("snakemake.cli", "snakemake.profiles", "snakemake.report.html_reporter", "nbformat", "smart_open"),
    *("elicitation.cli", "elicitation.jobs.repair", "elicitation.study.validation", "elicitation.study.warnings"),
    *("elicitation.training.runs", "elicitation.figures.style"),
)
COMMANDS = {"snakemake": snakemake.cli.main, "elicitation": elicitation.cli.run}
# Environment variable with the words of the command.
WORDS = "ELICITATION_TEST_WORDS"


@cache
def server() -> str:
    """The address of the server, which starts with the first command and ends with this process."""
    forkserver.start_fork_server(IMPORTED)
    # Other processes that tests start have none, or start their own, as those of users.
    return os.environ.pop(forkserver.FORK_SERVER)


def run_forked(words: list[str], folder: Path, environment: Mapping[str, str] = os.environ) -> CompletedProcess:
    """Run a command in a folder, as subprocess.run does with the output captured as text."""
    told = {forkserver.FORK_SERVER: server(), WORDS: json.dumps(words)}
    asked = {"process": os.getpid(), "folder": str(folder), "environment": {**environment, **told}, "script": __file__}
    with (
        Path(os.devnull).open() as nothing,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as errors,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        connection.connect(server())
        socket.send_fds(connection, [b"\n"], [stream.fileno() for stream in (nothing, out, errors)])
        stream = connection.makefile("rw")
        print(json.dumps(asked), file=stream, flush=True)
        _, status = stream.readline(), int(stream.readline())
        out.seek(0)
        errors.seek(0)
        return CompletedProcess(words, status, out.read(), errors.read())


def become(words: list[str]) -> None:
    """Be the process of a command to its end."""
    # The server collects no garbage.
    gc.enable()
    forkserver.start_fork_server = lambda imported: None
    sys.argv = words
    try:
        status = COMMANDS[words[0]]()
    except SystemExit as end:
        status = end.code
    # What of an ordinary end is worth its time.
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(status or 0)


if __name__ == "__main__":
    become(json.loads(os.environ.pop(WORDS)))
