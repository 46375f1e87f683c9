"""A copy of a study, whose files have the times of the copying: nothing that is equal looks as if it was outdated."""

import os
import random
import shutil
from pathlib import Path

import pytest

from elicitation.files import hash_file, write_json
from elicitation.jobs.copies import MEASURED, SCRIPTS, STAMP, order_times, recognise_copy
from elicitation.jobs.records import measure

SCRIPT = SCRIPTS / "plot_pareto.py"
# Each job's output and inputs, in the order in which they run.
JOBS = {
    "results/pool.parquet": ["own.csv"],
    "results/model": [],
    "results/labels.parquet": ["results/model", "results/pool.parquet"],
    "results/run.parquet": ["results/labels.parquet", "results/model.json"],
    "figures/pareto.pdf": ["results/run.parquet"],
}


def record_of(output: str) -> str:
    return f"{output.removesuffix('.parquet').removesuffix('.pdf')}.json"


def write_result(study: Path, output: str, content: str, script: str = hash_file(SCRIPT)) -> None:
    file = study / output / "weights" if output == "results/model" else study / output
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    if file.name == "weights":
        (file.parent / STAMP).touch()
    path = study / output
    record = {
        "rule": "a_rule",
        "code": "a_commit",
        "script": {"name": SCRIPT.name, "sha256": script},
        "inputs": {name: hash_file(study / name) for name in JOBS[output]},
        "outputs": {output: {"sha256": hash_file(path), **measure(path)}},
    }
    write_json(study / record_of(output), record)


@pytest.fixture
def study(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    (study / "own.csv").write_text("text")
    for output in JOBS:
        write_result(study, output, f"made: {output}")
    (study / MEASURED).mkdir(parents=True)
    (study / MEASURED / "a_rule.tsv").touch()
    return study


def time_of(path: Path) -> int:
    return (path / STAMP if path.is_dir() else path).stat().st_mtime_ns


def copy_in_any_order(study: Path, seed: int) -> Path:
    copy = study.with_name(f"copy{seed}")
    shutil.copytree(study, copy)
    files = sorted(copy.rglob("*"))
    random.Random(seed).shuffle(files)
    for place, file in enumerate(files):
        os.utime(file, (10**9 + place, 10**9 + place))
    return copy


def outdated(study: Path) -> list[str]:
    """The outputs that are older than an input, or whose measurements are."""
    return [
        output
        for output, inputs in JOBS.items()
        for made in (output, record_of(output), f"{MEASURED}/a_rule.tsv")
        if any(time_of(study / made) < time_of(study / name) for name in inputs)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_in_a_copy_is_outdated(study, seed):
    copy = copy_in_any_order(study, seed)
    order_times(copy)
    assert outdated(copy) == [] and order_times(copy) == 0
    # By their time large folders are known without reading them.
    assert measure(copy / "results/model") == measure(study / "results/model")


@pytest.mark.parametrize("seed", range(20))
def test_what_was_made_from_something_else_stays_outdated(study, seed):
    copy = copy_in_any_order(study, seed)
    write_result(copy, "results/labels.parquet", "made: results/labels.paxxxxx")
    os.utime(copy / "results/labels.parquet", (2 * 10**9, 2 * 10**9))
    order_times(copy)
    assert set(outdated(copy)) == {"results/run.parquet"}


def test_a_changed_file_of_the_users_leaves_what_was_made_from_it_outdated(study):
    (study / "own.csv").write_text("another text")
    os.utime(study / "own.csv", (2 * 10**9, 2 * 10**9))
    order_times(study)
    assert "results/pool.parquet" in outdated(study)


def test_a_copy_beside_a_new_checkout_is_newer_than_scripts_that_are_the_same(study):
    copy = copy_in_any_order(study, 1)
    write_result(copy, "results/model", "made: results/model", script="other")
    for file in [copy / "results/model", *(copy / "results/model").iterdir(), copy / "results/model.json"]:
        os.utime(file, (10**9, 10**9))
    order_times(copy)
    assert time_of(copy / "results/pool.parquet") > time_of(SCRIPT) > time_of(copy / "results/model")


def test_a_study_that_is_in_order_stays_as_it_is(study):
    times = {path: path.stat().st_mtime_ns for path in (study / "results").rglob("*")}
    assert order_times(study) == 0
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_a_folder_knows_itself_and_no_copy_of_it(study):
    with (study / "running").open("a+") as running:
        recognise_copy(running, study)
        os.utime(study / "own.csv", (2 * 10**9, 2 * 10**9))
        assert recognise_copy(running, study) == 0
    assert outdated(study)
    copy = copy_in_any_order(study, 1)
    with (copy / "running").open("a+") as running:
        assert recognise_copy(running, copy) > 0
        assert outdated(copy) == [] and recognise_copy(running, copy) == 0
