import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from elicitation.errors import InputError
from elicitation.recovery import check_writable, damaged_file, hold_folder, mend, report_damage

HOLD = """
import sys
from pathlib import Path
from elicitation.recovery import hold_folder
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


# Locks


@pytest.fixture
def state(tmp_path):
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.output.lock").write_text("results/table.parquet\n")
    return tmp_path


def test_a_lock_left_by_a_killed_run_is_removed(state):
    with hold_folder(state):
        assert not (state / "locks").exists()


def test_the_lock_of_a_run_that_lives_stays_until_it_is_killed(state, monkeypatch, pytestconfig):
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    command = [sys.executable, "-c", HOLD, state]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        (state / "locks").mkdir()
        with hold_folder(state):
            assert (state / "locks").exists()
        other.kill()
    with hold_folder(state):
        assert not (state / "locks").exists()


# Folders


def test_a_folder_that_is_there_or_can_be_made_is_writable(tmp_path):
    check_writable([tmp_path, tmp_path / "new/inner"])


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda place, mode: place != tmp_path)
    with pytest.raises(InputError, match=r"Nothing can be written to .*/results .*--directory"):
        check_writable([tmp_path / "results"])


# Damaged files


def test_whole_files_and_files_of_other_kinds_are_not_damaged(results):
    (results / "notes.txt").write_bytes(b"\xff")
    assert all(damaged_file(path) is None for path in (results, results / "table.parquet", results / "missing"))


@pytest.mark.parametrize("name", ["table.parquet", "model/model.safetensors", "model/config.json"])
def test_a_file_that_is_broken_off_is_found_by_itself_and_in_its_folder(results, name):
    cut(results / name)
    assert damaged_file(results / name)[0] == damaged_file(results)[0] == results / name


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
    assert sentence.startswith(f"{tmp_path}/mine.safetensors is damaged") and sentence.endswith("replace it.")
    assert not (results / "damaged.txt").exists()


def test_mending_makes_only_what_is_damaged_and_gives_it_its_old_time(results):
    whole, listed = (results / "table.parquet").read_bytes(), results / "damaged.txt"
    cut(results / "table.parquet")
    os.utime(results / "table.parquet", ns=(10**18, 10**18))
    listed.write_text(f"{results}/table.parquet\n{results}/model\n{results}/table.parquet\n")
    made = []

    def remake(targets):
        made.extend(targets)
        (results / "table.parquet").write_bytes(whole)

    mend(remake, listed)
    assert made == [f"{results}/table.parquet"]
    assert (results / "table.parquet").stat().st_mtime_ns == 10**18
    assert not listed.exists()


def test_what_could_not_be_made_again_stays_on_the_list(results):
    cut(results / "table.parquet")
    (results / "damaged.txt").write_text(f"{results}/table.parquet\n")
    mend(lambda targets: None, results / "damaged.txt")
    assert (results / "damaged.txt").read_text() == f"{results}/table.parquet\n"


def test_without_a_list_nothing_is_made(results):
    mend(pytest.fail, results / "damaged.txt")
