import copy
import importlib.util
import re
from fractions import Fraction

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from elicitation import config as config_module
from elicitation.config import (
    SCHEMA_FILE,
    all_purchases,
    config_table,
    load_schema,
    local_model_folder,
    purchases_of,
    validate,
)
from elicitation.errors import InputError

SANDBOX_MODEL = {
    "layers": 1, "width": 64, "heads": 2, "steps": 1, "batch_size": 2, "learning_rate": 1e-3,
    "short_reviews": 0.4, "bare_tags": 0.3,
}  # fmt: skip
STUDY = {
    "study": "mine",
    "device": "cpu",
    "sources": "local",
    "tasks": [{"name": "verdict", "sandbox": "verdict", "pool_size": 200, "test_size": 20, "supervision_size": 20}],
    "models": [
        {"name": "small", "learning_rate": 1e-3, "sandbox": SANDBOX_MODEL},
        {"name": "large", "learning_rate": 1e-3, "sandbox": dict(SANDBOX_MODEL)},
    ],
    "supervisors": ["small"],
    "students": ["large"],
    "methods": ["sequential_sft"],
    "seeds": [0, 1],
    "grid": {"weak_price": 0.1, "budgets": [4, 16], "gold_shares": [0, 0.5, 1]},
    "weak_prices": [0.5, 0.1],
    "labelling": {"engine": "transformers"},
}
LOCAL_TASK = {
    "name": "own", "local": "own", "splits": {"train": "train", "test": "test"}, "text": "{text}", "label": "label",
    "pool_size": 200, "test_size": 20, "supervision_size": 20,
}  # fmt: skip


@pytest.fixture
def study():
    return copy.deepcopy(STUDY)


def sentence_about(study):
    """What validate says is wrong, which must be one sentence."""
    with pytest.raises(InputError) as caught:
        validate(study)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert re.search(r"[.?]$", sentence)
    assert not re.search(r"[.?!] [A-Z]", sentence)
    return sentence


def changed(study, path, value):
    """The study with one entry set, or taken out where the value is `None`."""
    *parents, last = path
    entry = study
    for step in parents:
        entry = entry[step]
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    return study


def test_the_default_study_is_valid(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    default = config_module.SCHEMA_FILE.parents[2] / "config.yaml"
    assert validate(yaml.safe_load(default.read_text()))["study"] == "sandbox"


def test_absent_keys_get_their_defaults_and_given_ones_stay(study):
    study["training"] = {"patience": 2}
    filled = validate(study)
    assert filled["training"]["patience"] == 2
    assert filled["training"]["batch_size"] == 32
    assert filled["labelling"]["parity_tolerance"] == 1e-3
    assert filled["supervision"] == {"epochs": 3}
    assert study["training"] == {"patience": 2}, "the argument is left as it was"


@pytest.mark.parametrize(
    ("path", "value", "place", "key", "meant"),
    [
        (["seedz"], [0], "the top level", "seedz", "seeds"),
        (["training"], {"patiance": 3}, "training", "patiance", "patience"),
        (["grid", "budget"], [4], "grid", "budget", "budgets"),
        (["models", 0, "learning_rat"], 1, "models[small]", "learning_rat", "learning_rate"),
        (["models", 1, "sandbox", "step"], 1, "models[large].sandbox", "step", "steps"),
        (["tasks", 0, "pool_sise"], 1, "tasks[verdict]", "pool_sise", "pool_size"),
    ],
)
def test_a_misspelt_key_is_named_with_its_place_and_the_nearest_right_one(study, path, value, place, key, meant):
    sentence = sentence_about(changed(study, path, value))
    assert sentence == f"Config, {place}: unknown key '{key}'; did you mean '{meant}'?"


def test_a_key_misspelt_instead_of_added_is_named_too(study):
    study["studnets"] = study.pop("students")
    assert "unknown key 'studnets'; did you mean 'students'?" in sentence_about(study)


def test_a_key_that_resembles_none_lists_the_known_ones(study):
    sentence = sentence_about(changed(study, ["supervision"], {"xyz": 1}))
    assert sentence == "Config, supervision: unknown key 'xyz'; known are epochs."


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["seeds"], None, ["the top level", "'seeds' is missing"]),
        (["grid", "budgets"], None, ["grid", "'budgets' is missing"]),
        (["models", 1, "learning_rate"], None, ["models[large]", "'learning_rate' is missing"]),
        (["grid", "weak_price"], 0, ["grid.weak_price", "0 must be above 0"]),
        (["grid", "weak_price"], -0.1, ["grid.weak_price", "-0.1 must be above 0"]),
        (["weak_prices"], [0.5, 0], ["weak_prices[1]", "0 must be above 0"]),
        (["grid", "budgets"], [4, 0], ["grid.budgets[1]", "0 must be above 0"]),
        (["grid", "budgets"], [-4], ["grid.budgets[0]", "-4 must be above 0"]),
        (["grid", "budgets"], [], ["grid.budgets", "non-empty"]),
        (["grid", "gold_shares"], [1.5], ["grid.gold_shares[0]", "1.5"]),
        (["seeds"], [0, 0], ["seeds", "non-unique"]),
        (["seeds"], ["zero"], ["seeds[0]", "'zero'", "integer"]),
        (["device"], "gpu", ["device", "'gpu'", "'cuda'"]),
        (["students"], "large", ["students", "array"]),
        (["tasks", 0, "test_size"], 3, ["tasks[verdict].test_size", "3"]),
        (["tasks", 0, "name"], "a/b", ["tasks[a/b].name", "'a/b'"]),
        (["students"], ["largr"], ["students", "'largr' is not defined", "did you mean 'large'?"]),
        (["supervisors"], ["smal"], ["supervisors", "'smal' is not defined", "did you mean 'small'?"]),
        (["methods"], ["sequential"], ["methods", "'sequential' is not defined", "did you mean 'sequential_sft'?"]),
        (["models", 1, "name"], "small", ["models", "'small' stands twice"]),
        (["tasks", 0, "sandbox"], None, ["tasks[verdict]", "source"]),
        (["models", 0, "sandbox"], None, ["models[small]", "source"]),
        (["models", 0, "truncate"], {"model": "large", "layers": 1}, ["models[small]", "exactly one", "truncate"]),
        (["models", 0, "sandbox", "heads"], 3, ["models[small]", "width 64", "(3)"]),
        (["tasks", 0, "pool_size"], 159, ["'verdict'", "159", "160"]),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, list) else None,
)  # fmt: skip
def test_every_error_names_its_place(study, path, value, words):
    sentence = sentence_about(changed(study, path, value))
    assert all(word in sentence for word in words), sentence


def test_two_tasks_of_one_name_are_an_error(study):
    study["tasks"] *= 2
    assert "tasks: the name 'verdict' stands twice" in sentence_about(study)


def test_a_budget_that_buys_nothing_is_an_error(study):
    study["grid"] = {"weak_price": 2, "budgets": [16, 1], "gold_shares": [0.5]}
    assert "budget" in sentence_about(study)


@pytest.mark.parametrize("path", [["seeds"], ["grid", "budgets"]])
def test_whole_numbers_written_as_floats_become_integers(study, path):
    filled = validate(changed(study, path, [4.0]))
    for step in path:
        filled = filled[step]
    assert [type(number) for number in filled] == [int]


# Sources


def write_splits(folder):
    (folder / "own").mkdir()
    for split in ("train", "test"):
        (folder / "own" / f"{split}.csv").write_text("text,label\n")


def test_a_local_task_needs_a_file_for_each_split(study, tmp_path):
    write_splits(tmp_path)
    study |= {"tasks": [LOCAL_TASK], "data_folder": str(tmp_path)}
    validate(study)
    (tmp_path / "own/test.csv").unlink()
    sentence = sentence_about(study)
    assert "'own'" in sentence
    assert str(tmp_path / "own/test.parquet") in sentence


def test_the_pool_of_a_local_task_must_serve_the_grid_too(study, tmp_path):
    write_splits(tmp_path)
    study |= {"tasks": [LOCAL_TASK | {"pool_size": 159}], "data_folder": str(tmp_path)}
    assert "'own'" in sentence_about(study)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_local_model_must_be_complete(study, tmp_path, missing):
    files = {"config.json", "model.safetensors", "tokenizer.json"}
    for file in files - {missing}:
        (tmp_path / file).write_text("{}")
    study["models"][0] = {"name": "small", "learning_rate": 1e-3, "local": str(tmp_path)}
    sentence = sentence_about(study)
    assert "'small'" in sentence
    assert str(tmp_path) in sentence
    assert missing.split(".")[-1 if "safetensors" in missing else 0] in sentence
    (tmp_path / missing).write_text("{}")
    validate(study)


def test_a_local_model_may_lie_inside_a_python_package(tmp_path, monkeypatch):
    folder = tmp_path / "some_package/weights"
    folder.mkdir(parents=True)
    (tmp_path / "some_package/__init__.py").touch()
    for file in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / file).write_text("{}")
    monkeypatch.syspath_prepend(tmp_path)
    assert local_model_folder("package:some_package/weights", "small") == folder


@pytest.mark.parametrize("package", ["nowhere_to_be_found", "nowhere.to.be.found"])
def test_a_package_that_is_not_installed_is_named(study, package):
    study["models"][0] = {"name": "small", "learning_rate": 1e-3, "local": f"package:{package}/weights"}
    assert f"'{package}' is not installed" in sentence_about(study)


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ({"small": {"truncate": {"model": "larg", "layers": 1}}}, ["models[small].truncate", "did you mean 'large'?"]),
        (
            {name: {"truncate": {"model": "small", "layers": 1}} for name in ("small", "large")},
            ["models[small].truncate", "'small' is itself truncated"],
        ),
        ({"small": {"hub": {"id": "a/b", "revision": "0" * 40}}}, ["models[small]", "no 'local' entry"]),
        ({"small": {"hub": {"id": "a/b", "revision": "main"}}}, ["models[small]", "'main'"]),
    ],
)
def test_models_that_contradict_themselves_are_errors(study, models, words):
    for model in study["models"]:
        if source := models.get(model["name"]):
            del model["sandbox"]
            model |= source
    sentence = sentence_about(study)
    assert all(word in sentence for word in words), sentence


def test_a_task_without_an_entry_for_the_configured_source_is_an_error(study):
    study |= {"tasks": [LOCAL_TASK], "sources": "hub"}
    assert "tasks[own]: sources is 'hub', but the task has no 'hub' entry" in sentence_about(study)


def test_vllm_must_be_installed_where_it_is_configured(study, monkeypatch):
    study["labelling"] = {"engine": "vllm"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    sentence = sentence_about(study)
    assert "vLLM is not installed" in sentence
    assert "labelling.engine: transformers" in sentence


# Grid


@pytest.mark.parametrize(
    ("budget", "weak_price", "gold_share", "purchase"),
    [
        (16, 0.1, 0, (160, 0)),
        (16, 0.1, 0.2, (130, 3)),
        (16, 0.1, 1, (0, 16)),
        (3, 0.1, 0, (30, 0)),
        (16, 0.01, 0, (1600, 0)),
        (7, 0.01, 0.5, (400, 3)),
        (16, 0.5, 0.8, (8, 12)),
        pytest.param(100, 0.1, 0.29, (710, 29), id="0.29 times 100 is 28.99… in floating point"),
        pytest.param(4096, 0.1, 0.95, (2050, 3891), id="price and share that have no exact float"),
    ],
)
def test_budgets_become_exact_purchases(budget, weak_price, gold_share, purchase):
    assert purchases_of(budget, {"weak_price": weak_price, "gold_shares": [gold_share]}) == [purchase]


@given(
    st.integers(1, 5000),
    st.decimals("0.01", "3", places=2).map(str),
    st.lists(st.decimals(0, 1, places=2).map(str), min_size=1, max_size=6),
)
def test_a_purchase_spends_the_budget_and_never_more(budget, price, shares):
    grid = {"weak_price": float(price), "gold_shares": [float(share) for share in shares]}
    purchases = purchases_of(budget, grid)
    assert len(set(purchases)) == len(purchases)
    for n_weak, n_gold in purchases:
        left = budget - n_gold - Fraction(price) * n_weak
        assert 0 <= left < Fraction(price)
        assert n_weak + n_gold > 0


def test_equal_purchases_stand_once(study):
    grid = {"weak_price": 0.5, "budgets": [2, 4], "gold_shares": [0.5, 0.6, 1]}
    assert purchases_of(2, grid) == [(2, 1), (0, 2)]
    assert list(all_purchases({"grid": grid})) == [(2, 1), (0, 2), (4, 2), (0, 4)]


def test_every_key_of_the_schema_is_described():
    rows = {key: (kind, default, text) for key, kind, default, text in config_table(load_schema())}
    assert rows["grid.weak_price"][0] == "number"
    assert rows["tasks[].name"][0] == "string"
    assert rows["training.patience"][1] == "`4`"
    assert all(kind and text.endswith(".") for kind, _, text in rows.values())


def test_the_table_of_keys_is_the_one_in_the_docs():
    documented = (SCHEMA_FILE.parents[2] / "docs/config.md").read_text()
    for key, _, default, description in config_table(load_schema()):
        assert f"| `{key}` |" in documented and description in documented and default in documented, "run `make docs`"
