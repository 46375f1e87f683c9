import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from elicitation.jobs.temporary import ALSO, HELD, PREFIX, remove_dead

HOLD = """
import sys, tempfile
from pathlib import Path
from elicitation.jobs.temporary import hold_temporary
print(hold_temporary(Path(tempfile.mkdtemp(prefix="snakemake"))), tempfile.mkdtemp(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold(tmp_path, monkeypatch, pytestconfig):
    """Starts a process that holds a folder as a run does."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("TMP", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    started = []

    def start_process():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen([sys.executable, "-c", HOLD], **pipes)
        started.append(process)
        return process, *map(Path, process.stdout.readline().split())

    yield start_process
    for process in started:
        process.kill()
        process.communicate()


def test_what_a_run_makes_lies_in_its_folder_which_ends_with_it(hold):
    process, folder, inner = hold()
    assert folder.name.startswith(PREFIX) and folder.stat().st_mode & 0o77 == 0 and inner.parent == folder
    process.communicate()
    assert not folder.exists()


def test_the_folder_of_a_killed_run_goes_with_the_next_run_and_that_of_a_live_one_stays(hold, tmp_path):
    process, dead, _ = hold()
    _, alive, _ = hold()
    assert dead.exists() and alive.exists()
    process.kill()
    process.wait()
    assert dead.exists()
    *_, inner = hold()
    assert not dead.exists() and alive.exists() and inner.exists()
    # What Snakemake itself had made for the dead run is gone too.
    assert len(list(tmp_path.glob("snakemake*"))) == 2


def test_what_is_another_users_or_no_folder_of_a_run_stays(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / HELD).touch()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "mine")
    (tmp_path / f"{PREFIX}new").mkdir()
    remove_dead(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    other = tmp_path / f"{PREFIX}other"
    other.mkdir()
    (other / HELD).touch()
    (other / ALSO).symlink_to(tempfile.mkdtemp(dir=tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    remove_dead(tmp_path)
    assert len(list(tmp_path.iterdir())) == 5
    monkeypatch.undo()
    remove_dead(tmp_path)
    assert not other.exists()
