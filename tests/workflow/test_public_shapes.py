"""Tables in the shapes in which they are published, from the file to a recommendation; and `elicitation init`."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import MINI, run_snakemake

from elicitation.cli import main

N, N_GOLD = 240, 120
PLACES = ("soup", "room", "bed", "staff", "breakfast", "pool", "view", "tea")
# What is right with a text is what its words say.
SAID = {0: ("awful", "cold", "rude", "dirty"), 1: ("good", "warm", "kind", "clean")}


def texts() -> pd.DataFrame:
    """Texts with their truth, and with gold labels where they are known."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, N)
    words = [f"the {PLACES[i % 8]} of house {i} was {SAID[label][i % 4]}" for i, label in enumerate(truth)]
    return pd.DataFrame({"text": words, "truth": truth, "gold": np.where(np.arange(N) < N_GOLD, truth, -1)})


def votes(truth, right: float, seed: int) -> np.ndarray:
    """Votes that are right so often."""
    return np.where(np.random.default_rng(seed).random(len(truth)) < right, truth, 1 - truth)


def wide_crowd(folder: Path) -> dict:
    """A column for each worker, as in crowd tables; workers have gaps, prices are in dollars."""
    table = texts()
    columns = {"sentence": table.text, "expert": table.gold.where(table.gold >= 0).astype("Int64")}
    for worker, right in enumerate((0.9, 0.8, 0.7, 0.65, 0.6), 1):
        given = pd.Series(votes(table.truth, right, worker)).astype("Int64")
        columns[f"w{worker}"] = given.mask(np.random.default_rng(50 + worker).random(N) < 0.3)
    pd.DataFrame(columns).to_csv(folder / "labels.csv", index=False)
    task = {"name": "wide", "table": "labels.csv", "text": "{sentence}", "label": "expert", "test_size": 60}
    source = {"name": "crowd", "columns": {"w*": 0.06}, "aggregate": "dawid_skene"}
    # Five workers of whom each text has 3.5.
    return {"tasks": [task], "supervisors": [source], "currency": "$", "gold_price": 3, "weak_price": 0.75}


def long_crowd(folder: Path) -> dict:
    """A row for each vote, separated by TABs, as Toloka exports them."""
    table, rng = texts(), np.random.default_rng(9)
    rows = [
        {"INPUT:text": row.text, "OUTPUT:result": vote, "GOLDEN:result": "" if row.gold < 0 else row.gold}
        | {"ASSIGNMENT:worker_id": f"w{worker}", "ASSIGNMENT:status": "APPROVED"}
        for row in table.itertuples()
        for worker in rng.permutation(6)[:3]
        for vote in votes(np.array([row.truth]), 0.6 + 0.05 * worker, 100 * row.Index + worker)
    ]
    pd.DataFrame(rows).to_csv(folder / "assignments.tsv", sep="\t", index=False)
    task = {
        "name": "long",
        "table": "assignments.tsv",
        "text": "{INPUT:text}",
        "label": "GOLDEN:result",
        "test_size": 60,
    }
    source = {"name": "crowd", "columns": {"OUTPUT:result": 0.02}, "worker": "ASSIGNMENT:worker_id"}
    return {"tasks": [task], "supervisors": [source | {"aggregate": "dawid_skene"}], "weak_price": 0.25}


def llm_with_confidence(folder: Path) -> dict:
    """The label of a language model in words with its confidence in percent, beside a human's."""
    table = texts()
    words, rng = np.array(["negative", "positive"]), np.random.default_rng(3)
    rows = pd.DataFrame({"review": table.text, "human": np.where(table.gold < 0, "", words[table.truth])})
    rows = rows.assign(gpt_label=words[votes(table.truth, 0.85, 7)], gpt_confidence=rng.integers(55, 100, N))
    rows.to_json(folder / "labels.jsonl", orient="records", lines=True)
    label = {"column": "human", "labels": {"positive": 1, "negative": 0}}
    task = {"name": "llm", "table": "labels.jsonl", "text": "{review}", "label": label, "test_size": 60}
    column = {"price": 0.05, "label": "gpt_label", "confidence": "gpt_confidence", "percent": True}
    return {"tasks": [task], "supervisors": [{"name": "gpt", "columns": {"gpt": column}}], "weak_price": 0.25}


def complete(part: dict, folder: Path) -> dict:
    """A study of a table in the folder; part: its task, supervisors and prices."""
    grid = {"weak_price": part.pop("weak_price"), "budgets": [4, 16], "gold_shares": [0, 0.5, 1]}
    study = {key: value for key, value in MINI.items() if key != "weak_prices"} | part | {"grid": grid}
    study |= {"models": MINI["models"][:1], "data_folder": str(folder), "training": {"presentations": 64}}
    return study | {"seeds": [0, 1] if "currency" in part else [0], "labelling": {"engine": "transformers"}}


@pytest.mark.parametrize("shape", [wide_crowd, long_crowd, llm_with_confidence])
def test_a_published_shape_runs_to_a_recommendation(shape, tmp_path):
    study, folder = complete(shape(tmp_path), tmp_path), tmp_path / "study"
    target = "results/answer.md" if "currency" not in study else "all"
    result = run_snakemake(folder, study, target=target)
    assert result.returncode == 0, result.stdout + result.stderr
    answers = json.loads((folder / "results/recommendation.json").read_text())["answers"]
    assert len(answers) == 2 and all(answer["baseline"]["weak_labels"] for answer in answers)
    # The weak labels as they are, right as often as they were made.
    [weak] = answers[0]["baseline"]["weak_labels"]
    assert weak["score"]["mean"] > 0.75
    text = (folder / "results/answer.md").read_text()
    # A student of one layer that has seen 64 labels does no better.
    assert answers[0]["undertrained"] and "as they are.**\nExpected accuracy: " in text
    assert f"Expected accuracy: {100 * weak['score']['mean']:.1f}"[:-2] in text
    if "currency" in study:
        check_money(folder, answers, text)


def check_money(folder: Path, answers: list[dict], text: str) -> None:
    """That everything that is shown is in dollars."""
    assert [answer["question"]["budget"] for answer in answers] == [12, 48] and answers[0]["currency"] == "$"
    assert "($12" in text and " gold labels)" not in text.partition("(buy")[0]
    quality = pd.read_csv(folder / "results/label_quality.csv")
    assert set(quality.currency) == {"$"} and (quality.price[quality["aggregate"].isna()] == 0.06).all()
    joined = quality.price[quality["aggregate"].notna()]
    assert joined.between(0.15, 0.3).all()
    caption = (folder / "figures/what_to_buy.md").read_text()
    assert f"a weak label costs ${joined.item():.3g}" in caption and "Budgets and costs are in $" in caption
    assert "in $" in (folder / "figures/pareto.md").read_text()
    page = (folder / "figures/explorer.html").read_text()
    assert '"currency":"$","goldPrice":3' in page and "Budget, $" in page
    command = [Path(sys.executable).with_name("elicitation"), "recommend", folder, "--budget", "48"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith("Budget $48: a weak label costs $0.") and ", a gold one $3" in said


def test_near_copies_are_told_of_where_a_table_is_prepared_and_not_again(tmp_path):
    study = complete(wide_crowd(tmp_path), tmp_path)
    table = pd.read_csv(tmp_path / "labels.csv")
    copies = table[table.expert.notna()].assign(sentence=table.sentence + "!", expert=None)
    pd.concat([table, copies]).to_csv(tmp_path / "labels.csv", index=False)
    for target, told in (("tasks/wide/card.json", 1), ("purchases/wide/s0.parquet", 0), ("tasks/wide/card.json", 0)):
        result = run_snakemake(tmp_path / "study", study, target=f"results/{target}")
        assert result.returncode == 0, result.stderr
        assert (tmp_path / "study/results" / target).is_file()
        assert (result.stdout + result.stderr).count("nearly equal another text") == told, target


def test_the_command_that_init_prints_is_planned_as_printed(tmp_path, monkeypatch, capsys):
    wide_crowd(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["init", "labels.csv", "--gold", "expert", "--weak", "w*=0.06", "--gold-price", "3"]) == 0
    command = capsys.readouterr().out.splitlines()[-1]
    result = subprocess.run(f"{command} --dry-run", shell=True, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert re.search(r"; train \d+ runs of ", result.stdout)
