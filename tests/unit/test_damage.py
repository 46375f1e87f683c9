import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from elicitation.errors import InputError
from elicitation.files import hash_file, write_json
from elicitation.jobs import damage
from elicitation.jobs.damage import check_inputs, damaged_file, is_made_here, report_damage
from elicitation.jobs.records import measure


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A whole table and a whole model of two files, in a study's folder, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = Path("results")
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
    sentence = report_damage([str(results / "model")])
    assert sentence.startswith(f"{tmp_path}/mine.safetensors is damaged (it is not what its record describes); bring")
    assert sentence.endswith(f"or delete {results}/model to take the new one.")


def test_a_list_that_cannot_be_written_is_no_reason_not_to_name_the_damage(results, monkeypatch):
    cut(results / "table.parquet")
    monkeypatch.setattr(damage, "NOTED", Path("/dev/full"))
    assert "results/table.parquet is damaged" in report_damage([str(results / "table.parquet")])


@pytest.mark.parametrize("harm", [cut, flip])
@pytest.mark.parametrize(("name", "file"), [("table.parquet", "table.parquet"), ("model", "model/model.safetensors")])
def test_damage_that_changed_size_or_time_is_found_before_any_job_starts(results, monkeypatch, harm, name, file):
    describe(results, "table.parquet", "model")
    inputs = [str(results / "table.parquet"), str(results / "model"), str(results / "missing"), "no/such/file"]
    monkeypatch.setattr(damage, "damaged_file", lambda path: pytest.fail("it was read"))
    check_inputs(inputs)
    monkeypatch.setattr(damage, "damaged_file", damaged_file)
    harm(results / file)
    with pytest.raises(InputError, match=f"{name}.* is damaged .*; to make .* again, and nothing that came"):
        check_inputs(inputs)


def test_damage_that_was_noted_is_found_though_neither_size_nor_time_tells_of_it(results):
    describe(results, "table.parquet")
    time = (results / "table.parquet").stat().st_mtime_ns
    flip(results / "table.parquet")
    os.utime(results / "table.parquet", ns=(time, time))
    table = str(results / "table.parquet")
    check_inputs([table])
    report_damage([table])
    with pytest.raises(InputError, match=r"table\.parquet is damaged"):
        check_inputs([table])


def test_damage_to_what_is_made_again_is_named_only_beside_other_damage(results):
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


def test_a_jobs_damaged_input_is_named_with_the_repair_and_noted(results, tmp_path):
    cut(results / "model/model.safetensors")
    sentence = report_damage(str(results / name) for name in ("table.parquet", "model"))
    assert sentence.startswith("results/model/model.safetensors is damaged (")
    command = f"elicitation repair {tmp_path}"
    assert sentence.endswith(f"; to make results/model again, and nothing that came from it: {command}")
    assert (results / "damaged.txt").read_text() == "results/model\n"


def test_all_damaged_inputs_of_a_job_are_named_in_one_sentence(results):
    cut(results / "model/config.json")
    cut(results / "table.parquet")
    sentence = report_damage([str(results / "model"), str(results / "table.parquet")])
    assert "config.json is damaged" in sentence and "table.parquet is damaged" in sentence
    assert len((results / "damaged.txt").read_text().splitlines()) == 2


def test_whole_inputs_are_not_reported(results):
    assert report_damage([str(results / "model"), ""]) is None
    assert not (results / "damaged.txt").exists()


def test_a_users_file_that_a_result_links_to_is_named_but_not_made_again(results, tmp_path):
    (results / "model/model.safetensors").rename(tmp_path / "mine.safetensors")
    (results / "model/model.safetensors").symlink_to(tmp_path / "mine.safetensors")
    cut(tmp_path / "mine.safetensors")
    sentence = report_damage([str(results / "model")])
    assert sentence.startswith(f"{tmp_path}/mine.safetensors is damaged") and "bring the old file back" in sentence
    assert not (results / "damaged.txt").exists()


def test_a_damaged_file_of_the_users_is_named_but_not_to_be_repaired(results, tmp_path):
    mine = tmp_path / "mine.parquet"
    mine.write_bytes((results / "table.parquet").read_bytes())
    cut(mine)
    sentence = report_damage([str(mine)])
    assert sentence.startswith(f"{mine} is damaged (") and sentence.endswith("; bring the old file back.")
    assert not (results / "damaged.txt").exists()


def test_what_rules_make_lies_in_results_or_figures():
    assert is_made_here(Path("results/model")) and is_made_here(Path("figures/pareto.json"))
    assert not is_made_here(Path("data/results.parquet")) and not is_made_here(Path("/mine/results/x"))
    assert not is_made_here(Path())
