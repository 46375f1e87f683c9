import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from elicitation.jobs.forkserver import FORK_SERVER, start_fork_server

STARTER = """
import os, sys
from elicitation.jobs.forkserver import FORK_SERVER, start_fork_server
start_fork_server(sys.argv[1:])
print(os.environ[FORK_SERVER], flush=True)
sys.stdin.read()
"""
SCRIPT = """
import os, sys, time
from elicitation.jobs.forkserver import FORK_SERVER, run_forked
from elicitation.jobs.processes import open_standard_streams
open_standard_streams()
if "colorsys" not in sys.modules:
    run_forked()
    print("not", end=" ")
print("forked", os.getpid(), *sys.argv, os.getcwd(), os.environ["WORD"], FORK_SERVER in os.environ, flush=True)
{ending}
"""


@pytest.fixture
def source(tmp_path, monkeypatch, pytestconfig):
    """A copy of the code, which the processes of a test run."""
    for name in ("Snakefile", "src", "workflow"):
        original = pytestconfig.rootpath / name
        (shutil.copytree if original.is_dir() else shutil.copy)(original, tmp_path / name)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    return tmp_path / "src/elicitation"


@pytest.fixture(params=["colorsys"])
def server(request, source, monkeypatch):
    """The process that started a server, which imports little."""
    command = [sys.executable, "-c", STARTER, request.param]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, start_new_session=True) as starter:
        monkeypatch.setenv(FORK_SERVER, starter.stdout.readline().strip())
        yield starter
        starter.kill()


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a script whose last line is given."""
    monkeypatch.setenv("WORD", "after the server began")
    folder = tmp_path / "folder"
    folder.mkdir()

    def start_script(ending="pass"):
        (tmp_path / "script.py").write_text(SCRIPT.format(ending=ending))
        command = [sys.executable, str(tmp_path / "script.py")]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    return start_script


def words(process):
    """Whether the script was forked, and its process."""
    return process.stdout.readline().split(" ")


def wait_until_gone(path):
    """Wait until there is no such file or, in /proc, no such process."""
    ends = time.monotonic() + 20
    while path.exists():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_forked_script_runs_as_if_it_were_not(server, start, tmp_path):
    process = start("print(sys.stdin.read(), file=sys.stderr); sys.exit(3)")
    out, err = process.communicate("a line")
    forked = out.split()[1]
    assert out == f"forked {forked} {tmp_path}/script.py {tmp_path}/folder after the server began False\n"
    assert int(forked) != process.pid
    assert (err, process.returncode) == ("a line\n", 3)


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("status", [0, 3])
def test_a_script_without_standard_streams_ends_as_it_would_with_them(server, start, tmp_path, closing, status):
    start("import pathlib; pathlib.Path('read').write_text(sys.stdin.read()); print('x', file=sys.stderr)").kill()
    text = (tmp_path / "script.py").read_text()
    (tmp_path / "script.py").write_text(f"{text}\nsys.exit({status})")
    command = ["sh", "-c", f'exec "$@" {closing}', "sh", sys.executable, str(tmp_path / "script.py")]
    result = subprocess.run(command, cwd=tmp_path / "folder", input="", capture_output=True, text=True, check=False)
    assert (result.returncode, (tmp_path / "folder/read").read_text()) == (status, "")
    assert result.stdout.startswith("forked") or ">&-" in closing.split()
    assert result.stderr in ("x\n", "")


def test_an_error_in_a_forked_script_is_shown(server, start):
    process = start("1 / 0")
    _, err = process.communicate()
    assert err.endswith("ZeroDivisionError: division by zero\n") and process.returncode == 1


def test_scripts_are_forked_side_by_side(server, start):
    processes = [start("sys.stdin.read()") for _ in range(3)]
    assert len({words(process)[1] for process in processes}) == 3
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]


def test_sigterm_is_passed_on(server, start):
    process = start(
        "import signal; signal.signal(15, lambda *_: sys.exit(7)); print('ready', flush=True); time.sleep(60)"
    )
    assert words(process)[0] == "forked" and words(process) == ["ready\n"]
    process.terminate()
    assert process.wait() == 7


def test_a_killed_script_is_reported_as_shells_do(server, start):
    process = start("os.kill(os.getpid(), 9)")
    process.communicate()
    assert process.returncode == 128 + signal.SIGKILL


def test_a_script_ends_with_the_process_that_asked_for_it(server, start):
    process = start("time.sleep(60)")
    _, forked, *_ = words(process)
    process.kill()
    wait_until_gone(Path("/proc", forked))


@pytest.mark.parametrize("stop", [subprocess.Popen.kill, lambda starter: os.killpg(starter.pid, signal.SIGTERM)])
def test_a_server_ends_with_the_process_that_started_it(server, start, stop):
    folder = Path(os.environ[FORK_SERVER]).parent
    assert folder.stat().st_mode & 0o77 == 0
    start().communicate()
    stop(server)
    wait_until_gone(folder)
    process = start()
    assert words(process)[0] == "not" and process.wait() == 0


@pytest.mark.parametrize("server", ["no_such_module"], indirect=True)
def test_a_server_that_cannot_import_leaves_the_imports_to_the_scripts(server, start):
    process = start()
    assert words(process)[0] == "not" and process.wait() == 0
    wait_until_gone(Path(os.environ[FORK_SERVER]).parent)


def test_without_a_server_a_script_runs_itself(source, start):
    process = start()
    _, _, itself, *_ = words(process)
    assert int(itself) == process.pid and process.wait() == 0


def test_a_place_too_deep_for_a_socket_is_refused(tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(OSError, match="too long"):
        start_fork_server([])
    assert FORK_SERVER not in os.environ and not any(deep.iterdir())


def test_code_that_has_changed_is_imported_anew(server, start, source):
    assert words(start())[0] == "forked"
    (source / "strategies.py").write_text("")
    assert words(start())[0] == "not"
    assert words(start())[0] == "not"
