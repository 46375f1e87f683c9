import json
import shlex
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pandas as pd
import pytest

from elicitation import seeds
from elicitation.files import hash_file, write_json
from elicitation.jobs import records
from elicitation.jobs.records import (
    COMMAND_VARIABLE,
    LOCKS,
    ROOT,
    begin_record,
    code_version,
    describe_device,
    find_record,
    hash_code,
    installed_lock,
    known_hash,
    make_record,
    study_command,
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A study's folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def record(inputs=(), **changes):
    given = {"rule": "a_rule", "wildcards": {"seed": "3"}, "settings": {"version": 1}, "study": "mine"}
    given |= {
        "begun": begin_record(inputs, ROOT / "workflow/scripts/plot_pareto.py"),
        "outputs": [],
        "started": time.perf_counter(),
    }
    return make_record(**given | changes)


def test_a_record_names_what_went_in_and_what_came_out(folder):
    (folder / "pool").write_text("x")
    (folder / "labels").write_text("yz")
    made = record(inputs=["pool"], outputs=["labels"], started=time.perf_counter() - 2)
    assert made["inputs"] == {"pool": hash_file("pool")}
    assert made["outputs"]["labels"]["sha256"] == hash_file("labels")
    assert made["outputs"]["labels"]["bytes"] == 2
    assert (made["study"], made["rule"], made["settings"]) == ("mine", "a_rule", {"version": 1})
    assert made["packages"]["pandas"] == pd.__version__
    assert (made["code"], made["code_sha256"]) == (code_version(), hash_code())
    assert made["seconds"] >= 2
    assert made["peak_memory_mb"] > 10
    json.dumps(made)


def test_a_record_names_the_seeds_that_were_drawn_from(monkeypatch):
    monkeypatch.setattr(seeds, "used", set())
    assert record()["seeds"] == []
    seeds.stream(7, "purchases")
    seeds.derive_seed(2, "head")
    assert record()["seeds"] == [2, 7]


def test_empty_marks_are_no_inputs(folder):
    (folder / "checked").touch()
    assert record(inputs=["checked"])["inputs"] == {}


def test_the_device_is_the_one_of_the_settings_with_the_name_of_the_processor():
    device = record(settings={"device": "cpu"})["device"]
    assert device == describe_device("cpu")
    assert device["kind"] == "cpu"
    assert device["processor"]


def test_the_lock_is_that_of_the_installed_vllm(monkeypatch, folder):
    monkeypatch.setattr(records, "LOCK_COPY", folder / "none")

    def is_installed(package):
        try:
            return bool(distribution(package))
        except PackageNotFoundError:
            return False

    installed = [lock for package, lock in LOCKS.items() if is_installed(package)]
    lock = installed_lock()
    assert lock == ({"file": installed[0], "sha256": hash_file(ROOT / installed[0])} if installed else None)


def test_the_lock_is_the_one_that_was_installed_not_the_one_that_is_there_now(monkeypatch, folder):
    (folder / "installed").write_text("torch==1.0")
    monkeypatch.setattr(records, "LOCK_COPY", folder / "installed")
    monkeypatch.setattr(records, "LOCKS", {"pytest": "envs/cpu.lock"})
    assert installed_lock() == {"file": "envs/cpu.lock", "sha256": hash_file(folder / "installed")}


def test_no_lock_is_claimed_where_none_was_installed(monkeypatch):
    monkeypatch.setattr(records, "LOCKS", {"no-such-package": "envs/cpu.lock"})
    assert installed_lock() is None


def test_records_are_made_without_heavy_imports():
    code = "import elicitation.jobs.records, sys; print([m for m in ('torch', 'pandas', 'numpy') if m in sys.modules])"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT / "src", check=True)
    assert result.stdout.strip() == "[]"


# The command


def test_the_command_of_a_study_names_its_files_from_the_checkout(folder, monkeypatch):
    command = study_command([ROOT / "studies/real.yaml", folder / "my study.yaml"], ["data_folder=/a b"])
    assert shlex.split(command) == [
        *("snakemake", "--cores", "all", "--configfile", "studies/real.yaml", str(folder / "my study.yaml")),
        *("--config", "data_folder=/a b"),
    ]
    monkeypatch.setenv(COMMAND_VARIABLE, command)
    assert record()["command"] == command


def test_the_default_study_needs_no_file():
    assert study_command([], []) == "snakemake --cores all"


# Finding records


@pytest.mark.parametrize(
    ("output", "place"),
    [
        ("results/weak_labels/topic/small.parquet", "results/weak_labels/topic/small.json"),
        ("results/models/Qwen1.5-0.5B", "results/models/Qwen1.5-0.5B.json"),
        ("results/tasks/topic/pool.parquet", "results/tasks/topic/card.json"),
        ("figures/pareto.pdf", "figures/pareto.json"),
        ("results/evidence/topic/small/large/m.parquet", "results/metrics/topic/small/large/m.json"),
        ("results/evidence.parquet", "results/evidence.json"),
    ],
)
def test_a_record_is_found_beside_what_it_describes_even_if_that_is_gone(folder, output, place):
    write_json(place, record() | {"outputs": {output: {"sha256": "0"}}})
    found = find_record(folder / place)
    assert find_record(Path(output))["outputs"].keys() == {output}
    assert found["rule"] == "a_rule"
    assert find_record(Path(f"{output}x")) is None


def test_a_file_that_is_no_record_is_not_taken_for_one(folder):
    write_json("results/a.json", {"outputs": {"results/a.parquet": 1}})
    assert find_record(Path("results/a.parquet")) is None


@pytest.mark.parametrize("content", [b"", b'{"rule": "a_ru', b"\xff\xfe", b"[]"])
def test_a_record_that_cannot_be_read_is_none(folder, content):
    (folder / "a.json").write_bytes(content)
    assert find_record(Path("a.parquet")) is None and find_record(Path("a.json")) is None


@pytest.fixture
def model(folder):
    """A folder with a record, as a job leaves them."""
    write_json("model/config.json", {"layers": 2})
    (folder / "model/weights").write_text("w" * 100)
    write_json("model.json", record(outputs=["model"]))
    return folder / "model"


def test_the_hash_of_an_unchanged_folder_is_taken_from_its_record_if_it_is_large(model, monkeypatch):
    expected = hash_file(model)
    monkeypatch.setattr(records, "LARGE", 100)
    monkeypatch.setattr(records, "hash_file", lambda path: pytest.fail("it was hashed again"))
    assert known_hash("model") == expected


def test_a_folder_that_changed_is_hashed_again(model):
    before = known_hash("model")
    (model / "weights").write_text("v" * 100)
    assert known_hash("model") == hash_file(model) != before


# Code


@pytest.fixture
def checkout(tmp_path):
    """A git checkout with code, and what runs git in it."""
    root = tmp_path / "checkout"
    for path in ("Snakefile", "src/elicitation/cli.py", "workflow/rules/a.smk"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("1")

    def git(*arguments):
        names = ["-c", "user.name=n", "-c", "user.email=e"]
        result = subprocess.run(["git", "-C", root, *names, *arguments], check=True, capture_output=True, text=True)
        return result.stdout.strip()

    return root, git


def test_the_code_version_is_the_commit_and_tells_of_changes(checkout):
    root, git = checkout
    assert code_version(root) == "unknown"
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    commit = git("rev-parse", "HEAD")
    assert code_version(root) == commit
    (root / "workflow/new.smk").write_text("2")
    assert code_version(root) == f"{commit}-dirty"
    (root / "workflow/new.smk").unlink()
    (root / "Snakefile").write_text("2")
    assert code_version(root) == f"{commit}-dirty"


@pytest.mark.parametrize("path", ["Snakefile", "src/elicitation/cli.py", "workflow/rules/a.smk", "workflow/new.smk"])
def test_the_hash_of_the_code_covers_all_of_it_committed_or_not(checkout, path):
    root, _ = checkout
    before = hash_code(root)
    (root / "src/elicitation/__pycache__").mkdir()
    (root / "src/elicitation/__pycache__/cli.pyc").write_text("2")
    (root / "README.md").write_text("2")
    assert hash_code(root) == before
    (root / path).write_text("2")
    assert hash_code(root) != before


def test_without_git_the_version_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert code_version() == "unknown"
