"""Bad input ends the run with one clear sentence, before anything is trained."""

from copy import deepcopy

import pandas as pd
import pytest
from helpers import MINI, run_snakemake


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
    return MINI | {"tasks": [task | sizes | settings]}


TEXTS = [f"text number {i}" for i in range(600)]
BAD_CONFIGS = {
    "misspelt key": (changed("trainng", value={}), "did you mean 'training'?"),
    "misspelt nested key": (changed("grid", "budget", value=[1]), "did you mean 'budgets'?"),
    "price of zero": (changed("weak_prices", value=[0]), "must be above 0"),
    "negative budget": (changed("grid", "budgets", value=[-4]), "must be above 0"),
    "small pool": (changed("tasks", 1, "pool_size", value=100), "the pool holds 100 examples"),
    "unknown model": (changed("students", value=["studnt"]), "did you mean 'student'?"),
    "no weights": (
        changed("models", 0, value={"name": "student", "learning_rate": 1, "local": "."}),
        "holds no config.json",
    ),
}
BAD_TASKS = {
    "missing column": ({"texts": TEXTS, "label": [0, 1] * 300}, "the column 'text' is missing"),
    "label of 2": ({"text": TEXTS, "label": [0, 1, 2] * 200}, "is 2 in row 2"),
    "one class": ({"text": TEXTS, "label": [1] * 600}, "is not binary"),
    "empty": ({"text": [], "label": []}, "train.csv cannot be read"),
    "too few": ({"text": TEXTS[:100], "label": [0, 1] * 50}, "are left; ask for fewer"),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_bad_configs_are_refused_before_the_dag_is_built(name, tmp_path):
    study, sentence = BAD_CONFIGS[name]
    result = run_snakemake(tmp_path, study)
    assert result.returncode != 0 and sentence in result.stderr
    assert "Traceback" not in result.stderr and not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", BAD_TASKS)
def test_bad_data_stop_the_study_before_models_are_trained(name, tmp_path):
    rows, sentence = BAD_TASKS[name]
    result = run_snakemake(tmp_path, own_task(tmp_path / "own", rows))
    assert result.returncode != 0 and sentence in result.stderr
    assert "Traceback" not in result.stderr and not (tmp_path / "results/supervisors").exists()


def test_a_text_longer_than_the_context_is_named(tmp_path):
    long = ["word " * 100 + str(i) for i in range(600)]
    result = run_snakemake(tmp_path, own_task(tmp_path / "own", {"text": long, "label": [0, 1] * 300}))
    assert result.returncode != 0
    assert "has 102 tokens, but model 'supervisor' reads at most 64" in result.stderr
    assert not (tmp_path / "results/supervisors").exists()
