import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from snakemake.cli import get_argument_parser

from elicitation.errors import InputError
from elicitation.files import hash_file, read_json, write_json
from elicitation.jobs import recovery
from elicitation.jobs.records import measure
from elicitation.jobs.recovery import (
    check_inputs,
    check_writable,
    damaged_file,
    fix,
    hold_folder,
    locks_are_seen,
    refuse_running,
    remaking,
    report_damage,
)

HOLD = """
import sys
from pathlib import Path
from elicitation.jobs.recovery import hold_folder
running = hold_folder(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def results(tmp_path):
    """A whole table, a whole model of two files, and the list of what is damaged (not there yet)."""
    folder = tmp_path / "results"
    (folder / "model").mkdir(parents=True)
    pd.DataFrame({"id": list("abc")}).to_parquet(folder / "table.parquet")
    save_file({"weight": np.ones((8, 8), np.float32)}, folder / "model/model.safetensors")
    (folder / "model/config.json").write_text("{}")
    return folder


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def flip(file: Path) -> None:
    """Change a bit in the middle of a file, and its time with it."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def describe(results: Path, *names: str) -> None:
    """Records of the results, as jobs leave them: with a time that is not before theirs."""
    for name in names:
        path = results / name
        made = {str(path): {"sha256": hash_file(path)} | measure(path)}
        write_json(path.with_suffix(".json"), {"rule": "r", "inputs": {}, "outputs": made, "code": ""})


# Locks


@pytest.fixture
def state(tmp_path):
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.output.lock").write_text("results/table.parquet\n")
    return tmp_path


def test_a_lock_left_by_a_killed_run_is_removed(state):
    with hold_folder(state):
        assert not (state / "locks").exists()


@pytest.fixture
def other_run(state, monkeypatch, pytestconfig):
    """A run that lives, and holds the folder."""
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    command = [sys.executable, "-c", HOLD, state]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


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
    monkeypatch.setattr(recovery, "MOUNTS", tmp_path / "mountinfo")
    assert locks_are_seen(state) == seen
    hold_folder(state).close()
    assert (state / "locks").exists() != seen


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


def test_a_folder_that_cannot_be_held_is_named(tmp_path):
    (tmp_path / "running").mkdir()
    with pytest.raises(InputError, match=f"{tmp_path}: .*Is a directory"):
        hold_folder(tmp_path)


# Damaged files


def test_whole_files_and_files_of_other_kinds_are_not_damaged(results):
    (results / "notes.txt").write_bytes(b"\xff")
    assert all(damaged_file(path) is None for path in (results, results / "table.parquet", results / "missing"))


@pytest.mark.parametrize("name", ["table.parquet", "model/model.safetensors", "model/config.json"])
def test_a_file_that_is_broken_off_is_found_by_itself_and_in_its_folder(results, name):
    cut(results / name)
    assert damaged_file(results / name)[0] == damaged_file(results)[0] == results / name


@pytest.mark.parametrize(("name", "file"), [("table.parquet", "table.parquet"), ("model", "model/model.safetensors")])
def test_a_flipped_bit_is_found_by_the_record(results, name, file):
    describe(results, name)
    assert damaged_file(results / name) is None
    flip(results / file)
    assert damaged_file(results / name)
    assert damaged_file(results / name) == (results / name, "it is not what its record describes") or name != "model"


def test_a_file_that_its_user_replaced_under_a_link_is_named_as_theirs(results, tmp_path):
    (results / "model/model.safetensors").rename(tmp_path / "mine.safetensors")
    (results / "model/model.safetensors").symlink_to(tmp_path / "mine.safetensors")
    describe(results, "model")
    save_file({"weight": np.zeros((8, 8), np.float32)}, tmp_path / "mine.safetensors")
    sentence = report_damage([str(results / "model")], results / "damaged.txt")
    assert sentence.startswith(f"{tmp_path}/mine.safetensors is damaged (it is not what its record describes); bring")
    assert sentence.endswith(f"or delete {results}/model to take the new one.")


def test_a_list_that_cannot_be_written_is_no_reason_not_to_name_the_damage(results):
    cut(results / "table.parquet")
    assert "run the same command again" in report_damage([str(results / "table.parquet")], Path("/dev/full"))


@pytest.mark.parametrize("damage", [cut, flip])
@pytest.mark.parametrize(("name", "file"), [("table.parquet", "table.parquet"), ("model", "model/model.safetensors")])
def test_damage_that_changed_size_or_time_is_found_before_any_job_starts(results, monkeypatch, damage, name, file):
    describe(results, "table.parquet", "model")
    inputs = [str(results / "table.parquet"), str(results / "model"), str(results / "missing"), "no/such/file"]
    monkeypatch.setattr(recovery, "damaged_file", lambda path: pytest.fail("it was read"))
    check_inputs(inputs)
    monkeypatch.undo()
    damage(results / file)
    with pytest.raises(InputError, match=f"{name}.* is damaged .*; run the same command again"):
        check_inputs(inputs)


def test_damage_to_what_is_made_anew_is_named_only_beside_other_damage(results):
    describe(results, "table.parquet", "model")
    table, model = str(results / "table.parquet"), str(results / "model")
    flip(results / "table.parquet")
    check_inputs([table, model], [table])
    flip(results / "model/model.safetensors")
    with pytest.raises(InputError, match=r"table.parquet is damaged .* model is damaged|model.*table.parquet"):
        check_inputs([table, model], [table])


def test_what_was_only_touched_or_has_no_record_is_not_damaged(results):
    describe(results, "model")
    for name in ("model/config.json", "model/model.safetensors", "table.parquet"):
        os.utime(results / name)
    check_inputs([str(results / "model"), str(results / "table.parquet")])


def test_a_jobs_damaged_input_is_named_with_the_mend_and_listed(results):
    cut(results / "model/model.safetensors")
    inputs = [str(results / name) for name in ("table.parquet", "model")]
    sentence = report_damage(inputs, results / "damaged.txt")
    assert sentence.startswith(f"{results}/model/model.safetensors is damaged (") and "run the same command" in sentence
    assert (results / "damaged.txt").read_text() == f"{results}/model\n"


def test_all_damaged_inputs_of_a_job_are_named_in_one_sentence(results):
    cut(results / "model/config.json")
    cut(results / "table.parquet")
    sentence = report_damage([str(results / "model"), str(results / "table.parquet")], results / "damaged.txt")
    assert "config.json is damaged" in sentence and "table.parquet is damaged" in sentence
    assert len((results / "damaged.txt").read_text().splitlines()) == 2


def test_whole_inputs_are_not_reported(results):
    assert report_damage([str(results / "model"), ""], results / "damaged.txt") is None
    assert not (results / "damaged.txt").exists()


def test_a_users_file_that_a_result_links_to_is_named_but_not_made_again(results, tmp_path):
    (results / "model/model.safetensors").rename(tmp_path / "mine.safetensors")
    (results / "model/model.safetensors").symlink_to(tmp_path / "mine.safetensors")
    cut(tmp_path / "mine.safetensors")
    sentence = report_damage([str(results / "model")], results / "damaged.txt")
    assert sentence.startswith(f"{tmp_path}/mine.safetensors is damaged") and "bring the old file back" in sentence
    assert not (results / "damaged.txt").exists()


def test_mending_makes_only_what_is_damaged_and_gives_all_files_their_old_times(results):
    describe(results, "table.parquet", "model")
    whole, listed = (results / "table.parquet").read_bytes(), results / "damaged.txt"
    times = {file: file.stat().st_mtime_ns for file in results.rglob("*")}
    text = (results / "table.json").read_text()
    flip(results / "table.parquet")
    listed.write_text(f"{results}/table.parquet\n{results}/model\n{results}/table.parquet\n")
    made = []

    def remake(targets):
        made.extend(targets)
        for file, content in (("table.parquet", whole), ("other.parquet", b"")):
            (results / file).write_bytes(content)
        write_json(results / "table.json", read_json(results / "table.json") | {"seconds": 9})

    assert fix(remake, listed)
    assert made == [f"{results}/table.parquet"]
    assert not listed.exists() and (results / "table.json").read_text() == text, "the same file keeps its record"
    after = {file: file.stat().st_mtime_ns for file in results.rglob("*")}
    assert after.items() >= (times | {results / "table.parquet": after[results / "table.parquet"]}).items()
    assert after[results / "table.parquet"] <= times[results / "table.json"], "its time before it was damaged"


def test_a_file_that_comes_out_otherwise_has_its_new_record(results):
    describe(results, "table.parquet")
    cut(results / "table.parquet")
    (results / "damaged.txt").write_text(f"{results}/table.parquet\n")

    def remake(targets):
        pd.DataFrame({"id": list("xyz")}).to_parquet(results / "table.parquet")
        describe(results, "table.parquet")

    assert fix(remake, results / "damaged.txt")
    assert damaged_file(results / "table.parquet") is None


def test_what_could_not_be_made_again_stays_on_the_list(results):
    cut(results / "table.parquet")
    (results / "damaged.txt").write_text(f"{results}/table.parquet\n")
    assert not fix(lambda targets: None, results / "damaged.txt")
    assert (results / "damaged.txt").read_text() == f"{results}/table.parquet\n"


def test_a_target_of_the_run_stays_its_target_while_others_are_made_again():
    options = get_argument_parser().parse_args([*remaking(["a", "b"]), "figures/pareto.pdf", "--cores", "2"])
    assert set(options.until) == set(options.forcerun) == {"a", "b"} and list(options.targets) == ["figures/pareto.pdf"]


def test_without_a_list_nothing_is_made(results):
    assert not fix(pytest.fail, results / "damaged.txt")
