"""A block: what its files say is bought, the texts that its runs read, and what they leave behind."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from elicitation.buying.block import Run, predictions_table, read_block, weak_purchase
from elicitation.buying.methods import METHODS, settings_of
from elicitation.buying.purchases import Purchase
from elicitation.data.prompts import PromptFormat
from elicitation.errors import InputError
from elicitation.files import hash_ids, write_json
from elicitation.training.runs import read_weak_stages, texts_of_runs, texts_of_weak_stage
from elicitation.training.schedule import student_protocol

IDS = [f"id{i:02}" for i in range(20)]
TEST = pd.DataFrame({"id": ["test1", "test0"], "text": ["one", "none"], "gold": [1, 0]})


@pytest.fixture
def files(tmp_path):
    """The files of a market of 20 examples, in whose ordering they stand as they are numbered."""
    tables = {
        "pool": pd.DataFrame({"id": IDS, "text": [f"text {i}" for i in IDS], "gold": [0, 1] * 10}),
        "weak_labels": pd.DataFrame({"id": IDS, "p_weak": np.linspace(0.1, 0.9, 20)}),
        "ordering": pd.DataFrame({"id": IDS}),
    }
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    return {name: tmp_path / f"{name}.parquet" for name in tables}


def block_of(files, method, *pairs):
    return read_block("task", "student", 3, settings_of(METHODS[method]), pairs, **files)


def test_a_block_buys_from_the_two_ends_of_the_ordering(files):
    block = block_of(files, "sequential_sft", [4, 0], [2, 1])
    assert block.purchases == {(4, 0): Purchase(IDS[:4], []), (2, 1): Purchase(IDS[:2], ["id19"])}
    assert block.pool.p_weak["id00"] == pytest.approx(0.1) and block.pool.text["id19"] == "text id19"


def test_a_block_that_the_pool_cannot_serve_is_refused(files):
    with pytest.raises(InputError, match="Task 'task': 20 examples of the pool have a weak label or a gold one"):
        block_of(files, "sequential_sft", [20, 1])


def test_without_weak_labels_there_is_no_probability(files):
    assert block_of(files | {"weak_labels": None}, "sequential_sft", [0, 4]).pool.p_weak.isna().all()


@pytest.mark.parametrize(
    ("method", "read"),
    [
        pytest.param("sequential_sft", ["id19"], id="weak stages come from disk"),
        pytest.param("joint_sft", ["id00", "id01", "id19"], id="weak labels are trained on in the run"),
        pytest.param("uncertainty_sampling", IDS[2:], id="all that may be chosen"),
    ],
)
def test_runs_read_the_texts_that_they_train_on_or_choose_from_and_the_test_texts(files, method, read):
    texts = texts_of_runs(block_of(files, method, [2, 1]), PromptFormat(), TEST)
    assert texts.id.tolist() == [*read, "test1", "test0"]
    assert texts.set_index("id").text["id19"] == "text id19"


def test_a_weak_stage_reads_what_is_bought_beyond_its_prompts(files):
    method = settings_of(METHODS["two_shot_weak"].until_gold)
    block = read_block("task", "student", 3, method, [weak_purchase(method, 5)], **files)
    texts = texts_of_weak_stage(block, PromptFormat())
    assert block.shots.weak == ["id00", "id01"] and texts.id.tolist() == ["id02", "id03", "id04"]
    assert all(text.count("\n\n") == 2 for text in texts.text)
    method = settings_of(METHODS["two_shot_gold"].until_gold)
    assert read_block("task", "student", 3, method, [weak_purchase(method, 5)], **files).shots.gold == ["id19", "id18"]


def test_weak_stages_are_found_by_their_seed_and_the_labels_that_they_bought(tmp_path):
    for n_weak in (4, 8):
        made = [{"seed": seed, "adapter": str(seed), "stage": {"steps": seed * n_weak}} for seed in (1, 2)]
        write_json(tmp_path / f"w{n_weak}.json", {"n_weak": n_weak, "stages": made})
    folders = [str(tmp_path / f"w{n_weak}") for n_weak in (4, 8)]
    stages = read_weak_stages(folders, [f"{folder}.json" for folder in folders])
    assert set(stages) == {(1, 4), (2, 4), (1, 8), (2, 8)}
    assert stages[2, 8].adapter == tmp_path / "w8" / "2" and stages[2, 8].record == {"steps": 16}


def test_predictions_are_one_row_a_run_and_test_example():
    runs = [Run(4, 0, 3, np.array([0.5, -1.0])), Run(0, 2, 3, np.array([2.0, 0.0]))]
    table = predictions_table(runs, TEST.id)
    assert table.columns.tolist() == ["n_weak", "n_gold", "seed", "id", "log_odds"]
    assert table.to_numpy().tolist()[1:3] == [[4, 0, 3, "test0", -1.0], [0, 2, 3, "test1", 2.0]]


def test_the_record_of_a_run_says_what_was_bought_and_only_of_an_api_what_answers_cost():
    record = Run(1, 0, 3, np.zeros(2), Purchase(["a"], []), {"weak": {"steps": 2}}).record
    bought = {"weak_ids": hash_ids(["a"]), "gold_ids": hash_ids([])}
    assert record == {"n_weak": 1, "n_gold": 0, "seed": 3, **bought, "stages": {"weak": {"steps": 2}}}
    assert Run(1, 0, 3, np.zeros(2), evaluation={"dollars": 1}).record["evaluation"] == {"dollars": 1}


def test_a_method_changes_the_studys_training():
    method = METHODS["sequential_sft"]
    changed = type(method)(method.title, method.source, method.stages, training={"presentations": 7})
    protocol = student_protocol(0.1, {"stopping": "early_stopping", "presentations": 9}, changed)
    assert (protocol.learning_rate, protocol.stopping, protocol.presentations) == (0.1, "early_stopping", 7)


@pytest.mark.parametrize("module", ["training.schedule", "api.limits", "api.chat", "api.costs", "data.sources"])
def test_what_planning_imports_is_light(module):
    code = f"import sys, elicitation.{module}; print(sorted({{'torch', 'transformers', 'openai'}} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
