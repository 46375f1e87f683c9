"""A supervisor behind an API as a study describes it: its keys, prices, bill and warnings."""

import copy
from pathlib import Path

import pandas as pd
import pytest
import yaml

from elicitation.analysis.label_quality import tabulate_sources
from elicitation.errors import InputError
from elicitation.study.bills import INSTRUCTION_TOKENS, MESSAGE_TOKENS, bill_of, open_bills
from elicitation.study.estimate import estimate
from elicitation.study.estimate_text import describe
from elicitation.study.supervisors import Remote
from elicitation.study.text_lengths import assumed_tokens
from elicitation.study.validation import validate

MINI = yaml.safe_load((Path(__file__).parents[1] / "workflow/mini.yaml").read_text())
API = {"base_url": "https://localhost/v1", "model": "gpt", "key_variable": "SOME_KEY"}
API["prices"] = {"input": 2.0, "output": 8.0}
# Of the topic: a pool of 300 and a test set of 60.
TEXTS = 360


@pytest.fixture
def study():
    """One task whose only supervisor is behind an API; results are shown at its own price."""
    study = copy.deepcopy(MINI) | {"tasks": copy.deepcopy(MINI["tasks"][:1])}
    study["tasks"][0]["prompt"] = {"labels": ["home", "food"]}
    study["supervisors"] = [{"name": "remote", "api": copy.deepcopy(API), "price": 0.05}]
    del study["weak_prices"]
    return study


def sentence_about(study):
    with pytest.raises(InputError) as caught:
        validate(study)
    return str(caught.value)


def test_it_is_valid_with_defaults_and_needs_no_key(study, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    entry = validate(study).supervisors[0]
    assert isinstance(entry, Remote) and (entry.shots, entry.others) == (0, "refuse")
    assert (entry.api.logprobs, entry.api.samples, entry.api.answer_tokens) == (True, 5, 16)
    del study["supervisors"][0]["api"]["key_variable"]
    validate(study)


def test_jobs_see_no_prices_so_new_ones_make_no_labels_again(study):
    settings = validate(study).supervisors[0].settings
    study["supervisors"][0]["api"]["prices"] = {"input": 5, "output": 5}
    study["supervisors"][0]["price"] = 0.5
    assert validate(study).supervisors[0].settings == settings and "prices" not in settings["api"]
    study["supervisors"][0]["api"]["samples"] = 9
    assert validate(study).supervisors[0].settings != settings


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["model"], "student", "supervisors[remote]: a model behind an API takes no model; drop it"),
        (["aggregate"], "mean", "supervisors[remote]: a model behind an API takes no aggregate; drop it"),
        (["others"], "keep", "supervisors[remote].others: 'keep' must be 'drop' or 'refuse'"),
        (["prompted_shots"], -1, "supervisors[remote].prompted_shots: -1 must be at least 0"),
        (["prompted_shots"], 41, "prompted_shots: 41 examples are wanted, but the supervision set of 'topic' has 40"),
        (["price"], -1, "supervisors[remote].price: -1"),
        (["price"], None, "the key 'weak_prices' is missing; add it."),
        (["api", "prices"], None, "supervisors[remote].api: the key 'prices' is missing"),
        (["api", "prices", "input"], -1, "supervisors[remote].api.prices.input: -1 must be at least 0"),
        (["api", "samples"], 0, "supervisors[remote].api.samples: 0 must be at least 1"),
        (["api", "epochs"], 3, "supervisors[remote].api: unknown key 'epochs'"),
        (["api", "base_url"], "localhost", "'localhost' must be an address that begins with https:// or http://"),
        (["api", "base_url"], "https://me:secret@host", "base_url: an address holds no user, password or query"),
        (["api", "key_variable"], "sk-secret", "key_variable: give the name of an environment variable in capitals"),
    ],
)
def test_entries_that_contradict_themselves_are_errors(study, path, value, words):
    *parents, last = path
    entry = study["supervisors"][0]
    for key in parents:
        entry = entry[key]
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    sentence = sentence_about(study)
    assert words in sentence and "secret" not in sentence


def test_a_student_behind_an_api_is_no_supervisor_by_its_name(study):
    prices = {"training_price": 3, "input_price": 0.3, "output_price": 1.2}
    api = {key: API[key] for key in ("base_url", "model", "key_variable")} | {"context": 1000} | prices
    study |= {"models": [*study["models"], {"name": "gpt", "api": api}], "supervisors": ["gpt"], "weak_prices": [0.1]}
    assert "give the supervisor an `api` entry of its own" in sentence_about(study)


def test_its_results_are_shown_at_its_own_price_or_at_the_studys(study):
    assert validate(study).prices == {"remote": [0.05]}
    study["supervisors"].append({"name": "shuffled", "shuffle_errors_of": "remote"})
    assert validate(study).prices["shuffled"] == [0.05]
    del study["supervisors"][0]["price"]
    assert validate(study | {"weak_prices": [0.5, 0.1]}).prices["remote"] == [0.5, 0.1]


def test_a_price_beyond_the_planned_one_is_warned_of(study):
    assert validate(study).warnings == []
    study["supervisors"][0]["price"] = 0.2
    assert any("raise grid.weak_price to 0.2" in warning for warning in validate(study).warnings)


def test_a_model_that_cannot_know_what_is_asked_is_warned_of(study):
    del study["tasks"][0]["prompt"]
    (warning,) = validate(study).warnings
    assert "'remote' is asked for 0 or 1 without an example, which says nothing of what they mean on 'topic'" in warning
    study["supervisors"][0]["prompted_shots"] = 2
    assert validate(study).warnings == []


@pytest.mark.parametrize("shots", [0, 3])
def test_the_bill_is_estimated_beforehand(study, shots):
    study["supervisors"][0]["prompted_shots"] = shots
    study = validate(study)
    bill = bill_of(study.supervisors[0], study.tasks[0], study)
    text = assumed_tokens("topic", study)
    prompt = INSTRUCTION_TOKENS + (1 + shots) * text + (1 + 2 * shots) * MESSAGE_TOKENS
    assert bill.tokens == pytest.approx(TEXTS * (prompt + 1))
    assert bill.dollars == pytest.approx(TEXTS * (prompt * 2 + 8) / 1e6)


def test_it_is_said_in_money_before_a_run_and_by_the_estimate(study, tmp_path):
    study["supervisors"][0]["api"]["prices"] = {"input": 0, "output": 1000}
    study = validate(study)
    (words,) = open_bills(study, tmp_path)
    assert words.startswith(
        "remote labels 360 texts of topic by gpt at https://localhost/v1 for about $0.36, $0.001 each "
    )
    # Five answers of 16 tokens.
    assert "(at most $28.80 if the server gives no log-probabilities)" in words
    assert words in describe(study, tmp_path, cores=2)
    tables, _ = estimate(study, tmp_path)
    (row,) = tables["supervisors"].to_dict("records")
    assert row["jobs"] == 1 and row["US dollars"] == pytest.approx(0.36)
    labels = tmp_path / "results/weak_labels/topic/remote.parquet"
    labels.parent.mkdir(parents=True)
    labels.touch()
    assert list(open_bills(study, tmp_path)) == []


def test_drawn_answers_are_estimated_as_such(study):
    study["supervisors"][0]["api"] |= {"logprobs": False, "samples": 3, "answer_tokens": 100}
    study["supervisors"][0]["api"]["prices"] = {"input": 0, "output": 1}
    study = validate(study)
    bill = bill_of(study.supervisors[0], study.tasks[0], study)
    assert bill.dollars == pytest.approx(TEXTS * 300 / 1e6) and "at most" not in bill.words


def test_its_price_stands_in_the_table_of_sources(study):
    study = validate(study)
    assert study.source_prices("remote") == {"gpt": 0.05}
    source = {"column": "gpt", "aggregate": "", "n": 60, "accuracy": 0.9, "coverage": 1.0}
    record = {"wildcards": {"task": "topic", "supervisor": "remote"}, "sources": [source]}
    silent = [{"abstentions": [0.0]}]
    table = tabulate_sources([record], silent, study.prices, {"remote": study.source_prices("remote")}, {})
    assert table.price.tolist() == [0.05] and table.accuracy.tolist() == [0.9]
    unpriced = tabulate_sources([record], silent, {"remote": [0.5, 0.1]}, {"remote": {"gpt": None}}, {})
    assert pd.isna(unpriced.price).all()
