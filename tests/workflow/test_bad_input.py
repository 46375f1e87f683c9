"""Bad input ends the run with one clear sentence, before anything is trained."""

import re
from copy import deepcopy

import pandas as pd
import pytest
from helpers import MINI, TABLE, run_alone, run_snakemake


def changed(*path, value):
    """The miniature study with one value replaced."""
    study = deepcopy(MINI)
    place = study
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return study


def own_task(folder, rows: dict, **settings) -> dict:
    """The miniature study on a CSV file of one's own."""
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "train.csv", index=False)
    task = {"name": "own", "local": str(folder), "splits": {"train": "train", "test": "train"}, "text": "{text}"}
    sizes = {"label": "label", "pool_size": 200, "test_size": 20, "supervision_size": 20}
    return MINI | NO_VLLM | {"tasks": [task | sizes | settings]}


# Nothing is labelled here, so that no vLLM need be started first.
NO_VLLM = {"labelling": {"engine": "transformers"}}
TEXTS = [f"text number {i}" for i in range(600)]
# Few, for the exit status and the terminal; tests/unit/test_bad_input_in_bulk.py has the others.
BAD_CONFIGS = {
    "misspelt key": (changed("trainng", value={}), "did you mean 'training'?"),
    "small pool": (changed("tasks", 1, "pool_size", value=100), "100 examples of the pool have a weak label of"),
    "no weights": (
        changed("models", 0, value={"name": "student", "learning_rate": 1, "local": "."}),
        "holds no config.json",
    ),
}
NO_CONFIGS = {
    "a key twice": ("study: mini\nseeds: [0]\nseeds: [1]\n", "has the key 'seeds' twice in one mapping"),
    "endless aliases": (
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "holds more than 100,000 values once its aliases are written out",
    ),
    "malformed": ("study: [a\n", "Config file is not valid JSON or YAML."),
    "a list": ("- a\n- b\n", "with keys at top level."),
    "empty": ("", "with keys at top level."),
}
BAD_TASKS = {
    "missing column": ({"texts": TEXTS, "label": [0, 1] * 300}, "the column 'text' is missing"),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_bad_configs_are_refused_before_the_dag_is_built(name, tmp_path):
    study, sentence = BAD_CONFIGS[name]
    result = run_snakemake(tmp_path, study)
    assert result.returncode != 0 and sentence in result.stderr
    assert "Traceback" not in result.stderr and not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", NO_CONFIGS)
def test_files_that_are_no_configs_are_refused(name, tmp_path):
    text, sentence = NO_CONFIGS[name]
    (tmp_path / "study.yaml").write_text(text)
    result = run_snakemake(tmp_path, tmp_path / "study.yaml", "--dry-run")
    said = result.stdout + result.stderr
    assert result.returncode != 0 and sentence in said and "Traceback" not in said


def test_what_the_command_line_gives_is_read_as_yaml(tmp_path):
    options = [*TABLE, "--config", "seeds=[1, 2, 3]", "grid={budgets: [4]}", "precision=null"]
    result = run_snakemake(tmp_path, MINI, *options)
    assert result.returncode == 0, result.stderr
    # Of each seed and task a block of the supervisor's labels and one without.
    assert re.search(r"^train_runs +12$", result.stdout + result.stderr, re.MULTILINE)


@pytest.mark.parametrize("name", BAD_TASKS)
def test_bad_data_stop_the_study_before_models_are_trained(name, tmp_path):
    rows, sentence = BAD_TASKS[name]
    result = run_snakemake(tmp_path, own_task(tmp_path / "own", rows))
    assert result.returncode != 0 and sentence in result.stderr
    assert "Traceback" not in result.stderr and not (tmp_path / "results/models").exists()


def test_a_text_longer_than_the_context_is_named_before_anything_is_trained(tmp_path):
    """By a partial target, whose jobs are part of every other target's."""
    long = ["word " * 1100 + str(i) for i in range(600)]
    study = own_task(tmp_path / "own", {"text": long, "label": [0, 1] * 300})
    result = run_snakemake(tmp_path, study, target="results/weak_labels/own/supervisor.parquet")
    assert result.returncode != 0
    assert "too long for model 'supervisor', which reads at most 1024 tokens: " in result.stderr
    assert not (tmp_path / "results/models").exists()


BAD_PROMPTS = {
    "label": ("few_shot_weak", {"shots": [1]}, "b1_s0", "the label '0' is 1 tokens or an unknown one behind"),
    "long": (
        {"name": "shown", "like": "sequential_sft", "shots": {"quality": "gold", "k": 100}},
        {"budgets": [102], "gold_shares": [1]},
        "b102_s0",
        "too long for model 'student', which reads at most 1024 tokens behind a prompt of ",
    ),
}


@pytest.mark.parametrize("name", BAD_PROMPTS)
def test_bad_prompts_are_named_before_anything_is_trained(name, tmp_path):
    """By a partial target too."""
    method, grid, block, sentence = BAD_PROMPTS[name]
    study = MINI | NO_VLLM | {"methods": [method], "grid": MINI["grid"] | grid}
    method = method if isinstance(method, str) else method["name"]
    # What buys gold labels alone belongs to no supervisor.
    supervisor = "supervisor" if name == "label" else "no-supervisor"
    run = f"results/runs/topic/{supervisor}/student/{method}/{block}.parquet"
    result = run_snakemake(tmp_path, study, target=run)
    assert result.returncode != 0 and sentence in result.stderr
    assert "Traceback" not in result.stderr and not (tmp_path / "results/models").exists()


def test_where_no_caches_can_be_kept_in_the_home_folder_they_are_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/proc/none")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    result = run_alone(tmp_path, MINI, target="results/purchases/topic/s0.parquet")
    assert result.returncode == 0, result.stderr
