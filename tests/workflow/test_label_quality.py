"""A table of one's own with annotators and doubtful gold labels: from the file to its tables of quality and scores."""

import json
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from helpers import MINI, jobs_planned, run_snakemake

from elicitation.files import read_json

N, N_GOLD = 400, 200
TARGETS = "results/recommendation.md", "results/label_quality.csv"
RIGHT = {"ann1": 0.9, "ann2": 0.8, "ann3": 0.7}


def write_votes(path) -> pd.DataFrame:
    """Texts with gold labels of the first half, a second gold label of some, and three annotators who skip texts."""
    rng, gold = np.random.default_rng(0), np.arange(N) % 2
    table = {"text": [f"text number {i}" for i in range(N)], "gold": np.where(np.arange(N) < N_GOLD, gold, np.nan)}
    table["again"] = np.where(np.arange(N) < 100, np.where(np.arange(N) < 4, 1 - gold, gold), np.nan)
    for name, right in RIGHT.items():
        votes = np.where(rng.random(N) < right, gold, 1 - gold).astype(float)
        table[name] = np.where(rng.random(N) < 0.2, np.nan, votes)
    table = pd.DataFrame(table)
    table.to_csv(path, index=False)
    return table


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The table, the folder of the study, and the study."""
    folder = tmp_path_factory.mktemp("own")
    table = write_votes(folder / "labels.csv")
    task = {"name": "own", "table": "labels.csv", "test_size": 100, "gold_noise": "estimated", "second_label": "again"}
    task["test_gold"] = 60
    crowd = {"name": "crowd", "columns": {"ann*": 0.05}, "aggregate": "mace"}
    study = deepcopy(MINI) | {"data_folder": str(folder), "tasks": [task], "models": MINI["models"][:1]}
    study |= {"seeds": [0], "supervisors": [crowd, {"name": "first", "columns": {"ann1": 0.05}, "gaps": "not_asked"}]}
    study["grid"] = {"weak_price": 0.25, "budgets": [4, 16], "gold_shares": [0, 1]}
    del study["weak_prices"]
    for target in TARGETS:
        result = run_snakemake(folder, study, target=target)
        assert result.returncode == 0, result.stdout + result.stderr
    return table, folder, study


def test_sources_are_compared_in_tables_without_texts(own):
    table, folder, _ = own
    quality = pd.read_csv(folder / "results/label_quality.csv").set_index(["supervisor", "column"])
    assert quality.abstentions["crowd"][list(RIGHT)].to_list() == pytest.approx(table[list(RIGHT)].isna().mean())
    agreement = pd.read_csv(folder / "results/label_agreement.csv")
    pairs = agreement[agreement.supervisor == "crowd"].set_index(["source", "other"])
    both = table[["ann1", "ann3"]].dropna()
    assert len(pairs) == 6 and pairs.n["ann1", "ann3"] == len(both)
    assert pairs.agreement["ann1", "ann3"] == pytest.approx((both.ann1 == both.ann3).mean())
    between = agreement[agreement.supervisor.isna()]
    assert between[["source", "other"]].to_numpy().tolist() == [["crowd", "first"], ["first", "crowd"]]
    for name in ("label_quality", "label_agreement"):
        assert "text number" not in (folder / f"results/{name}.csv").read_text()


def test_texts_that_a_source_was_not_asked_for_do_not_count_and_the_tables_say_so(own):
    _, folder, _ = own
    quality = pd.read_csv(folder / "results/label_quality.csv").set_index(["supervisor", "column"])
    assert quality.gaps["crowd", "ann1"] == "abstained" and quality.gaps["first", "ann1"] == "not_asked"
    evidence = pd.read_parquet(folder / "results/evidence.parquet")
    scores = evidence[evidence.kind == "weak labels"].groupby("supervisor")[["score", "coverage"]].first()
    assert scores.coverage["first"] == pytest.approx(0.8, abs=0.1) and scores.score["first"] > 0.84
    assert "others, taken as not asked, do not count" in (folder / "results/recommendation.md").read_text()


def test_a_supervisor_that_is_dropped_leaves_no_row_of_label_quality(own, tmp_path):
    _, folder, study = own
    supervisors = study["supervisors"]
    # Even if it is the last one.
    assert "tabulate_label_quality" in jobs_planned(tmp_path, MINI)
    assert run_snakemake(tmp_path, MINI, target=TARGETS[1]).returncode == 0
    assert pd.read_csv(tmp_path / TARGETS[1]).empty
    assert "tabulate_label_quality" not in jobs_planned(folder, study, TARGETS[1])
    assert "tabulate_label_quality" in jobs_planned(folder, study | {"supervisors": supervisors[:1]})


def test_the_surest_errors_of_each_source_are_listed_with_their_texts(own):
    table, folder, _ = own
    lines = (folder / "results/label_errors/own/crowd.jsonl").read_text().splitlines()
    errors = pd.DataFrame(map(json.loads, lines))
    assert errors[errors["aggregate"] == ""].groupby("column").size().to_dict() == dict.fromkeys(RIGHT, 10)
    by_text = table.set_index("text")
    for row in errors[errors["aggregate"] == ""].itertuples():
        assert by_text[row.column][row.text] == row.label == 1 - row.gold == 1 - by_text.gold[row.text]
        assert row.source_id == str(table.text.eq(row.text).idxmax() + 2)
    assert (errors["aggregate"] == "mace").sum() > 3
    assert read_json(folder / "results/label_errors/own/crowd.json").keys() >= {"abstentions", "agreement"}


def test_few_gold_test_labels_give_prediction_powered_accuracies(own):
    _, folder, _ = own
    card = read_json(folder / "results/tasks/own/card.json")
    assert (card["counts"]["test"]["rows"], card["counts"]["test"]["gold labels"]) == (100, 60)
    metrics = pd.read_parquet(folder / "results/metrics/own/crowd/student/sequential_sft.parquet")
    assert set(metrics.estimator) == {"prediction-powered"} and metrics.n_test.eq(60).all()
    evidence = pd.read_parquet(folder / "results/evidence.parquet")
    means = metrics.groupby(["n_weak", "n_gold"]).accuracy.mean()
    crowd = evidence[(evidence.kind == "purchase") & (evidence.supervisor == "crowd")]
    bought = crowd.set_index(["n_weak", "n_gold"])
    assert bought.score.sort_index().to_list() == pytest.approx(means.to_list())
    posterior = pd.read_parquet(folder / "results/posterior.parquet")
    trained = posterior.kind == "purchase"
    assert posterior.n_test[trained].dropna().eq(60).all() and posterior.score.between(0.3, 1).all()
    # What needs no student is scored by all gold labels of the table.
    assert (
        posterior.n_test[~trained].tolist()
        == [card["counts"]["test"]["gold labels"] + card["counts"]["pool"]["gold labels"]] * 3
    )


def test_gold_labels_that_may_be_wrong_widen_intervals_and_train_nothing_again(own):
    _, folder, study = own
    [noise] = read_json(folder / "results/label_quality.json")["settings"]["gold_noise"].values()
    assert 0.05 < noise < 0.055
    assert "Intervals allow for wrong gold labels: 5.2 % (own)." in (folder / "results/recommendation.md").read_text()
    metrics = pd.read_parquet(folder / "results/metrics/own/crowd/student/sequential_sft.parquet")
    assert (metrics.accuracy_shift == noise).all() and (metrics.accuracy - metrics.accuracy_low > 1.9 * noise).all()
    without = deepcopy(study)
    del without["tasks"][0]["gold_noise"], without["tasks"][0]["second_label"]
    planned = jobs_planned(folder, without, TARGETS[0])
    assert "evaluate_runs" in planned and not planned.keys() & {"prepare_task", "join_columns", "train_runs"}
