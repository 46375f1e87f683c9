"""A miniature of the default study through Snakemake: SmolLM2, people's sentences and ratings, real vLLM."""

import os
import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest
import yaml
from forks import run_forked
from helpers import ROOT, snakemake_command
from safetensors import safe_open

from elicitation.analysis.measures import right_answers
from elicitation.buying.purchases import buy
from elicitation.files import hash_ids, read_json
from elicitation.jobs.ending import DOORS
from elicitation.jobs.records import read_record
from elicitation.models.hardware import Hardware
from elicitation.models.lengths import count_tokens

DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())
SMOLLM2, SMALL = DEFAULT["models"]
FILM = DEFAULT["tasks"][0] | {"pool_size": 60, "test_size": 60, "supervision_size": 40}
SEEDS, PRICES = [0], [0.5, 0.1, 0.01]
# What takes time is smaller here; all else is the default study's.
STUDY = DEFAULT | {
    "tasks": [FILM],
    "models": [
        SMOLLM2 | {"name": "smollm2", "adapt_layers": 2},
        SMALL | {"name": "two-layers", "truncate": {"model": "smollm2", "layers": 2}},
    ],
    "supervisors": [{"name": "small-model", "model": "two-layers"}, {"name": "one-rater", "raters": 1}],
    "students": ["smollm2"],
    "methods": ["sequential_sft", "few_shot_gold"],
    "seeds": SEEDS,
    "grid": {"weak_price": 0.5, "budgets": [4, 16], "gold_shares": [0, 0.5, 1], "shots": [0]},
    "weak_prices": PRICES,
    "combinations": [
        {"supervisors": ["small-model"], "budgets": [16]},
        {"supervisors": ["small-model"], "budgets": [4], "gold_shares": [1]},
        {"supervisors": ["one-rater"], "budgets": [16], "gold_shares": [0, 1]},
    ],
    "training": DEFAULT["training"] | {"presentations": 64},
    "supervision": {"epochs": 1},
    "labelling": {"engine": "vllm", "parity_rows": 16},
}
# What `make pareto` asks for.
FIGURES = ("figures/what_to_buy.pdf", "figures/pareto.pdf", "figures/explorer.html")
TARGETS = (*FIGURES, "results/recommendation.md", "results/answer.md")
PRECISION = Hardware("cpu", precision="native").dtype
# The (n_weak, n_gold) of each seed.
BOUGHT = {
    "small-model": {(0, 4), (32, 0), (16, 8), (0, 16)},
    "one-rater": {(32, 0), (0, 16)},
}
GOLD_ONLY = "no-supervisor/smollm2/sequential_sft"
ASKED = "no-supervisor/smollm2/no-labels/b0_s0"


def make_targets(folder: Path) -> CompletedProcess:
    _, _, *words = [*snakemake_command(folder, STUDY, target=TARGETS[0]), *TARGETS[1:]]
    return run_forked([str(word) for word in words], ROOT)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, smollm2) -> tuple[Path, str]:
    """The folder of the finished study, whose large model is converted already, and what the run said on its way."""
    folder = tmp_path_factory.mktemp("default")
    shutil.copytree(smollm2 / "results/models", folder / "results/models", copy_function=os.link)
    result = make_targets(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder, result.stderr


@pytest.fixture(scope="module")
def results(finished) -> Path:
    return finished[0] / "results"


@pytest.fixture(scope="module")
def frontier(results) -> pd.DataFrame:
    return pd.read_csv(results / "frontier.csv")


def test_the_small_models_labels_are_vllms(results):
    record = read_json(results / "weak_labels/film/small-model.json")
    assert record["engine"]["engine"] == "vllm" and record["engine"]["dtype"] == PRECISION
    assert record["parity"]["rows"] == 16 and record["parity"]["largest_difference"] < 0.05
    labels = pd.read_parquet(results / "weak_labels/film/small-model.parquet")
    assert labels.p_weak.between(0, 1).all() and labels.p_weak.nunique() > 60
    sets = [pd.read_parquet(results / f"tasks/film/{part}.parquet") for part in ("pool", "test")]
    assert labels.id.tolist() == pd.concat(sets).id.tolist()


def test_one_rater_is_right_on_nearly_all_sentences_and_costs_a_share_of_the_panel(results, frontier):
    record = read_json(results / "weak_labels/film/one-rater.json")
    assert "engine" not in record and record["quality"]["pool"]["accuracy"] > 0.8
    card = read_json(results / "tasks/film/card.json")
    assert card["ratings"]["licence"] == "MIT"
    prices = frontier.groupby("supervisor").weak_price.unique()
    assert sorted(prices["small-model"], reverse=True) == PRICES
    # An eighteenth of a panel's price, rounded down.
    assert prices["one-rater"].tolist() == [0.05555]


def test_the_student_is_asked_without_labels_once_for_all(results, frontier):
    assert list((results / "runs").rglob("b0_*.parquet")) == [results / f"runs/film/{ASKED}.parquet"]
    predictions = pd.read_parquet(results / f"runs/film/{ASKED}.parquet")
    assert len(predictions) == 60 and not predictions[["n_weak", "n_gold"]].to_numpy().any()
    record = read_json(results / f"runs/film/{ASKED}.json")
    assert record["engine"]["engine"] == "vllm" and record["engine"]["dtype"] == PRECISION
    gold = pd.read_parquet(results / "tasks/film/test.parquet").set_index("id").gold
    right = right_answers(predictions.log_odds.to_numpy(), gold[predictions.id].to_numpy()).mean()
    # It is right on .79 of all sentences; 60 of them fall so far below that once in a million draws.
    assert right > 0.53
    for (supervisor, _), points in frontier.groupby(["supervisor", "weak_price"]):
        free, bought = points[points.cost == 0].set_index("kind"), points[points.cost > 0]
        assert set(free.index) == {"asking", "commoner label"} and free.on_frontier.sum() == 1
        assert free.measured["asking"] == pytest.approx(right, abs=1e-3)
        # Gold labels alone are the same whoever the supervisor is.
        gold_only = {pair for pairs in BOUGHT.values() for pair in pairs if pair[0] == 0}
        assert {(point.n_weak, point.n_gold) for point in bought.itertuples()} == BOUGHT[supervisor] | gold_only


def test_runs_on_gold_labels_alone_are_made_once_and_shared(results):
    runs = results / "runs/film"
    made = {str(path.relative_to(runs).with_suffix("")) for path in runs.rglob("*.parquet")}
    expected = {f"{GOLD_ONLY}/b{budget}_s{seed}" for budget in (4, 16) for seed in SEEDS} | {ASKED}
    expected |= {f"{name}/smollm2/sequential_sft/b16_s{seed}" for name in BOUGHT for seed in SEEDS}
    assert made == expected
    metrics = pd.read_parquet(results / "metrics.parquet")
    assert len(metrics) == sum(len(pairs) for pairs in BOUGHT.values()) * len(SEEDS) + 2
    for seed in SEEDS:
        bought = pd.read_parquet(runs / f"small-model/smollm2/sequential_sft/b16_s{seed}.parquet")
        assert set(zip(bought.n_weak, bought.n_gold, strict=True)) == {(32, 0), (16, 8)}
        shared = metrics[(metrics.n_weak == 0) & (metrics.n_gold == 16) & (metrics.seed == seed)]
        assert set(shared.supervisor) == {"small-model", "one-rater"} and shared.accuracy.nunique() == 1
        record = read_json(runs / f"{GOLD_ONLY}/b16_s{seed}.json")
        assert not any("weak" in path or "supervisor" in path for path in record["inputs"])
        ordering = pd.read_parquet(results / f"purchases/film/s{seed}.parquet").id.tolist()
        [run] = record["runs"]
        assert run["gold_ids"] == hash_ids(buy(ordering, 0, 16, "film").gold)


def test_the_trunk_is_computed_once_and_read_by_every_run(results):
    record = read_json(results / "trunk/film/smollm2.json")
    texts = pd.concat(pd.read_parquet(results / f"tasks/film/{part}.parquet") for part in ("pool", "test")).text
    tokens = sum(count_tokens(results / "models/smollm2", texts.tolist()))
    assert (record["layers"], record["texts"], record["tokens"]) == (28, 120, tokens)
    with safe_open(results / "trunk/film/smollm2/states.safetensors", "pt") as file:
        states = file.get_tensor("states")
    assert tuple(states.shape) == (tokens, 576) and str(states.dtype) == f"torch.{PRECISION}"
    readers = [*(results / "runs").rglob("sequential_sft/*.json"), *(results / "stages").rglob("w*_s?.json")]
    # Four blocks and three weak stages a seed.
    assert len(readers) == 7 * len(SEEDS)
    assert all("results/trunk/film/smollm2" in read_json(path)["inputs"] for path in readers)


def test_adapters_sit_on_the_upper_layers_alone(results):
    adapter = results / "stages/film/one-rater/smollm2/plain/w32_s0/0/adapter_model.safetensors"
    with safe_open(adapter, "pt") as file:
        names = [name for name in file.keys() if "lora_" in name]  # noqa: SIM118
        changed = [name for name in names if "lora_B" in name and file.get_tensor(name).abs().max() > 0]
    assert {name.split("layers.")[1].split(".")[0] for name in names} == {"0", "1"}
    assert 2 * len(changed) == len(names), "all of them have learned something"


def test_the_precision_is_said_and_stands_in_every_record_of_a_model(finished, results):
    assert f"Models compute in {PRECISION} (precision: native; this machine" in finished[1]
    records = [record for path in results.rglob("*.json") if (record := read_record(path))]
    computed = [record for record in records if "hardware" in record["settings"]]
    assert {record["rule"] for record in computed} == {
        *("check_engine", "train_supervisor", "write_weak_labels", "ask_without_labels"),
        *("compute_trunk", "train_weak_stage", "train_runs"),
    }
    assert all(record["precision"] == PRECISION for record in computed)
    assert all(record["settings"]["hardware"]["precision"] == "native" for record in computed)


def test_there_are_a_figure_a_page_recommendations_and_an_answer(finished):
    folder, _ = finished
    assert (folder / "figures/pareto.pdf").read_bytes().startswith(b"%PDF")
    assert "gold labels" in (folder / "figures/pareto.md").read_text()
    page = (folder / "figures/explorer.html").read_text()
    assert "one-rater" in page and "small-model" in page
    answers = read_json(folder / "results/recommendation.json")["answers"]
    assert {answer["question"]["budget"] for answer in answers} == {4, 16}
    for answer in answers:
        assert 0 <= answer["studied"]["unspent"] <= answer["question"]["budget"]
        assert np.isfinite(answer["baseline"]["asking"]["mean"])
    told = (folder / "results/answer.md").read_text()
    assert "film, student smollm2, a weak label costs 0.1" in told
    # A small and a large budget, since there are two; or one line where they buy the same.
    lines = [line for line in told.splitlines() if line[:2] in ("1.", "2.", "3.")]
    assert len(lines) in (1, 2) and all("asking without labels" in line for line in lines)


def test_the_run_tells_of_each_job_in_a_line_and_ends_with_the_answer_and_three_paths(finished):
    folder, said = finished
    assert re.search(
        r"^trained film, budget 16, seed \d+, one-rater · \d+ of \d+( · \d+ \w+ left)?$", said, re.MULTILINE
    )
    end = said.partition("\nDone: ")[2]
    told = (folder / "results/answer.md").read_text()
    assert all(line in end.splitlines() for line in told.splitlines() if line[:2] in ("1.", "2.", "3."))
    assert re.findall(r"^Open (\S+)", end, re.MULTILINE) == [str(folder / path) for path in DOORS]
    assert "rule " not in said and "jobid" not in said


def test_a_second_run_does_nothing(finished):
    result = make_targets(finished[0])
    assert result.returncode == 0 and "Nothing to be done" in result.stderr
    assert result.stderr.count("\nOpen ") == 3, "the answer is shown all the same"
