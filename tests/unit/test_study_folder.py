import errno
import os
import re
import subprocess
import sys
import tempfile

import pytest

from elicitation.errors import InputError
from elicitation.jobs import study_folder
from elicitation.jobs.study_folder import (
    check_temporary,
    check_writable,
    hold_alone,
    hold_folder,
    locks_are_seen,
    name_other_run,
    refuse_running,
    share_folder,
)

HOLD = """
import sys
from pathlib import Path
from elicitation.jobs.study_folder import hold_folder
running = hold_folder(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


# Locks


@pytest.fixture
def state(tmp_path):
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.output.lock").write_text("results/table.parquet\n")
    return tmp_path


def test_a_lock_left_by_a_killed_run_is_removed(state):
    with hold_folder(state):
        assert not (state / "locks").exists()


@pytest.mark.parametrize("jobs_end", [True, False])
def test_what_killed_jobs_left_goes_with_the_next_run_where_jobs_end_with_theirs(tmp_path, jobs_end):
    left = [".snakemake/scripts/tmp1.a.py", "results/a/.pool.123.parquet", "results/.model.9", "figures/.pareto.7.pdf"]
    kept = ["results/a/pool.parquet", "results/a/.snakemake_timestamp", "results/.cache/model.json", "figures/x.7.pdf"]
    for name in left + kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".snakemake").mkdir(exist_ok=True)
    hold_folder(tmp_path / ".snakemake", jobs_end).close()
    assert [name for name in left + kept if (tmp_path / name).exists()] == (kept if jobs_end else left + kept)


def test_what_is_being_written_stays_while_another_run_lives(tmp_path):
    for folder in (".snakemake", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "results/.pool.1.parquet").touch()
    with hold_folder(tmp_path / ".snakemake"), hold_folder(tmp_path / ".snakemake", jobs_end=True):
        assert (tmp_path / "results/.pool.1.parquet").exists()


@pytest.fixture
def other_run(state, monkeypatch, pytestconfig):
    """A run that lives, and holds the folder."""
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    command = [sys.executable, "-c", HOLD, state]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


def test_another_run_is_named_by_its_process_and_its_beginning_as_far_as_they_are_known(state, other_run):
    (state / "locks").mkdir()
    (state / "locks/0.output.lock").touch()
    with hold_folder(state):
        said = name_other_run(state)
    listed = f"process {other_run.pid}, " if study_folder.HELD.exists() else ""
    assert re.search(rf"works in .* \({listed}since \d{{4}}-\d\d-\d\d \d\d:\d\d\); wait until it has", said)
    other_run.kill()
    other_run.wait()
    (state / "locks/0.output.lock").unlink()
    assert name_other_run(state).startswith(f"Another run works in {state.parent}; wait until it has ended, or stop it")


def test_the_lock_of_a_run_that_lives_stays_until_it_is_killed(state, other_run):
    (state / "locks").mkdir(exist_ok=True)
    with hold_folder(state):
        assert (state / "locks").exists()
    other_run.kill()
    other_run.wait()
    with hold_folder(state):
        assert not (state / "locks").exists()


def test_what_must_not_meet_a_run_is_refused_while_it_lives(tmp_path):
    assert refuse_running(tmp_path) is None
    (tmp_path / ".snakemake").mkdir()
    with (
        hold_folder(tmp_path / ".snakemake"),
        pytest.raises(InputError, match=r"A study is running in .*; wait until it has ended\."),
    ):
        refuse_running(tmp_path)
    refuse_running(tmp_path).close()


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ("rw,noatime - nfs4 server:/home rw,vers=4.2", True),
        ("rw - nfs server:/home rw,nolock,local_lock=all", False),
        ("rw shared:3 - lustre lustre:/scratch rw,localflock", False),
    ],
)
def test_a_lock_that_other_machines_do_not_see_removes_none_of_theirs(state, tmp_path, monkeypatch, options, seen):
    device = state.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    mounts = f"1 0 0:999 / /other rw - nfs s:/x local_lock=all\n22 1 {number} / / {options}\n"
    (tmp_path / "mountinfo").write_text(mounts)
    monkeypatch.setattr(study_folder, "MOUNTS", tmp_path / "mountinfo")
    assert locks_are_seen(state) == seen
    hold_folder(state).close()
    assert (state / "locks").exists() != seen


def test_a_repair_has_the_folder_alone_until_it_shares_it(state, tmp_path):
    with hold_alone(state) as running:
        assert not (state / "locks").exists()
        with pytest.raises(InputError, match="A study is running"):
            hold_alone(state)
        share_folder(running)
        with hold_folder(state), pytest.raises(InputError, match="A study is running"):
            hold_alone(state)


@pytest.mark.parametrize("hold", [hold_folder, hold_alone])
def test_a_copy_that_cannot_be_put_in_order_is_named(state, monkeypatch, hold):
    def refuse(*_):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(study_folder, "recognise_copy", refuse)
    with pytest.raises(InputError, match=r"what lies in .* could not be written"):
        hold(state)


def test_a_repair_is_refused_while_a_run_lives(state, other_run):
    with pytest.raises(InputError, match=r"A study is running in .*; wait until it has ended"):
        hold_alone(state)


# Folders


def test_a_folder_that_is_there_or_can_be_made_is_writable(tmp_path):
    check_writable([tmp_path, tmp_path / "new/inner"])


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda place, mode: place != tmp_path)
    with pytest.raises(InputError, match=r"Nothing can be written to .*/results .*--directory"):
        check_writable([tmp_path / "results"])


def test_a_disk_that_is_full_is_named(tmp_path, monkeypatch):
    def refuse(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"The disk is full: a file in .* could not be written; make room, then run"):
        check_writable([tmp_path])


@pytest.mark.parametrize("variable", ["TMP", "TMPDIR"])
def test_a_folder_for_temporary_files_without_room_is_named(tmp_path, monkeypatch, variable):
    monkeypatch.setattr(study_folder, "ROOM", 2**10)
    monkeypatch.setenv(variable, str(tmp_path))
    check_temporary()

    def refuse(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(InputError, match=f"The disk is full: a temporary file in {tmp_path} .TMPDIR. could not"):
        check_temporary()
    monkeypatch.setenv(variable, str(tmp_path / "is not there"))
    check_temporary()


def test_a_folder_that_cannot_be_held_is_named(tmp_path):
    (tmp_path / "running").mkdir()
    with pytest.raises(InputError, match=f"{tmp_path}: .*Is a directory"):
        hold_folder(tmp_path)
