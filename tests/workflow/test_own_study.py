"""One's own table of texts and labels, from the file to the figures: real texts, real supervisors, noisy annotators."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import HUB_DATA, ROOT, jobs_planned, run_snakemake
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from statsmodels.stats.proportion import proportion_confint

from elicitation.buying.purchases import arrange, buy
from elicitation.files import hash_ids, hash_text

N, N_GOLD = 800, 300
# How often each is right.
ANNOTATORS = {"ann a": 0.9, "ann b": 0.75, "ann c": 0.6}
METHODS = {"models": "sequential_sft", "crowd": "uncertainty_sampling"}
RULE = {"name": "words", "rule": {"contains": ["a", "of", "and"]}, "price": 0.1}
# Share of the texts that an annotator sees.
VOTED = 0.7


def write_table(path) -> pd.DataFrame:
    """SST-2 texts with two supervisors' probabilities and three annotators' votes; gold labels of a fifth."""
    rows = pd.read_parquet(HUB_DATA / "sst2/train.parquet").drop_duplicates("sentence")
    rows = rows[rows.sentence.str.split().str.len() > 5].sample(7000 + N, random_state=0)
    rng, train, table = np.random.default_rng(0), rows[:7000], rows[7000:]
    strong = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=5))
    weak = make_pipeline(TfidfVectorizer(), MultinomialNB())
    strong.fit(train.sentence, train.label)
    weak.fit(train.sentence[:300], train.label[:300])
    gold = table.label.to_numpy()
    columns = {"text": table.sentence, "gold": np.where(np.arange(N) < N_GOLD, gold, np.nan)}
    columns |= {name: model.predict_proba(table.sentence)[:, 1] for name, model in (("strong", strong), ("weak", weak))}
    for name, right in ANNOTATORS.items():
        votes = np.where(rng.random(N) < right, gold, 1 - gold)
        columns[name] = np.where(rng.random(N) < VOTED, votes, np.nan)
    made = pd.DataFrame(columns).sample(frac=1, random_state=1)
    made.to_csv(path, index=False)
    return made.reset_index(drop=True).assign(truth=table.label.loc[made.index].to_numpy())


@pytest.fixture(scope="module")
def study() -> dict:
    """studies/own.yaml cut down: MiniLM as the student, two sources, one budget."""
    study = yaml.safe_load((ROOT / "studies/own.yaml").read_text())
    minilm = yaml.safe_load((ROOT / "studies/real.yaml").read_text())["models"][0]
    study |= {"device": "cpu", "sources": "local", "models": [minilm], "students": ["minilm"], "seeds": [0]}
    study["tasks"] = [{"name": "mine", "table": "labels.csv", "test_size": 150, "supervisor_text": {"words": 6}}]
    study["supervisors"] = [
        {"name": "models", "columns": {"strong": 0.1, "weak": 0.02}, "aggregate": "mean"},
        {"name": "crowd", "columns": dict.fromkeys(ANNOTATORS, 0.1), "aggregate": "dawid_skene"},
        RULE,
    ]
    study["methods"] = list(METHODS.values())
    study["combinations"] = [{"supervisors": [source], "methods": [method]} for source, method in METHODS.items()]
    study["combinations"].append({"supervisors": ["words"], "methods": ["sequential_sft"], "gold_shares": [0]})
    study["training"] = {"presentations": 32, "micro_batch_tokens": 2048}
    return study | {"grid": {"weak_price": 0.25, "budgets": [16], "gold_shares": [0, 0.5, 1]}}


@pytest.fixture(scope="module")
def own(study, tmp_path_factory):
    """The table, and the folder of the finished study."""
    if not HUB_DATA.is_dir():
        pytest.skip("the folder with real data sets is not here")
    folder = tmp_path_factory.mktemp("own")
    table = write_table(folder / "labels.csv")
    study["data_folder"] = str(folder)
    result = run_snakemake(folder, study)
    assert result.returncode == 0, result.stdout + result.stderr
    return table, folder


def test_the_sets_hold_gold_labels_where_the_table_does(own):
    table, folder = own
    sets = {part: pd.read_parquet(folder / f"results/tasks/mine/{part}.parquet") for part in ("test", "pool")}
    truth = table.assign(id=table.text.map(hash_text)).set_index("id")
    assert len(sets["test"]) == 150 and len(sets["pool"]) == N - 150
    assert not set(sets["test"].id) & set(sets["pool"].id)
    for examples in sets.values():
        assert examples.gold.equals(truth.gold.loc[examples.id].reset_index(drop=True).astype(examples.gold.dtype))
        assert (table.text[examples.source_id.astype(int) - 2].to_numpy() == examples.text.to_numpy()).all()
    card = json.loads((folder / "results/tasks/mine/card.json").read_text())
    assert card["counts"]["pool"]["gold labels"] == N_GOLD - 150
    assert card["table"]["share of label 1"] == pytest.approx(table.gold.mean()) and not card["table"]["rebalanced"]


def test_quality_is_that_of_the_rows_with_both_labels(own):
    table, folder = own
    quality = pd.read_csv(folder / "results/label_quality.csv").set_index("column")
    assert list(quality.index) == ["strong", "weak", "strong + weak", *ANNOTATORS, " + ".join(ANNOTATORS), "words"]
    for column in ("strong", "weak", *ANNOTATORS):
        both = table[table.gold.notna() & table[column].notna()]
        right = (both[column] > 0.5) == (both.gold == 1)
        row = quality.loc[column]
        assert row.n == len(both) and row.accuracy == pytest.approx(right.mean())
        low, high = proportion_confint(right.sum(), len(both), method="wilson")
        assert (row.accuracy_low, row.accuracy_high) == pytest.approx((low, high))
        assert row.auroc == pytest.approx(roc_auc_score(both.gold, both[column]))
        assert row.coverage == pytest.approx(table[column].notna().mean())
    crowd = quality.loc[" + ".join(ANNOTATORS)]
    assert crowd["aggregate"] == "dawid_skene" and crowd.accuracy >= quality.loc[list(ANNOTATORS)].accuracy.min()
    assert quality.loc["strong"].accuracy > quality.loc["weak"].accuracy > 0.5


def test_weak_labels_come_from_the_weak_columns_alone(own):
    table, folder = own
    by_id = table.assign(id=table.text.map(hash_text)).set_index("id")
    mean = pd.read_parquet(folder / "results/weak_labels/mine/models.parquet").set_index("id").p_weak
    assert np.allclose(mean, by_id.loc[mean.index, ["strong", "weak"]].mean(axis=1))
    crowd = pd.read_parquet(folder / "results/weak_labels/mine/crowd.parquet").set_index("id").p_weak
    voted = by_id.loc[crowd.index, list(ANNOTATORS)].notna().any(axis=1)
    assert crowd.notna().equals(voted) and 0 < (~voted).sum() < N
    # The truth that the pipeline has never seen.
    accuracy = ((crowd[voted] > 0.5) == by_id.truth[crowd.index][voted]).mean()
    assert accuracy > (ANNOTATORS["ann a"] + ANNOTATORS["ann b"]) / 2


def test_a_rule_reads_the_supervisors_text_and_costs_its_price(own):
    table, folder = own
    text = table.assign(id=table.text.map(hash_text)).set_index("id").text
    labels = pd.read_parquet(folder / "results/weak_labels/mine/words.parquet").set_index("id").p_weak
    first = text[labels.index].str.split().str[:6].str.join(" ").str.findall(r"\w+")
    assert labels.tolist() == [float(bool({*words} & {"a", "of", "and"})) for words in first] and labels.nunique() == 2
    assert pd.read_csv(folder / "results/label_quality.csv").set_index("column").price["words"] == RULE["price"]
    runs = pd.read_parquet(folder / "results/summary.parquet").query("supervisor == 'words' and n_weak > 0")
    assert len(runs) and (runs.n_wrong > 0).all() and runs.accuracy_wrong.between(0, 1).all()


@pytest.mark.parametrize(("supervisor", "method"), METHODS.items())
def test_no_label_is_bought_that_is_not_there(own, supervisor, method):
    _, folder = own
    pool = pd.read_parquet(folder / "results/tasks/mine/pool.parquet")
    p = pd.read_parquet(folder / f"results/weak_labels/mine/{supervisor}.parquet").set_index("id").p_weak.dropna()
    ids = pd.read_parquet(folder / "results/purchases/mine/s0.parquet").id
    ordering, supply = arrange(ids, p.index, pool.id[pool.gold.notna()])
    gold = pool.set_index("id").gold
    record, shared = (
        json.loads((folder / f"results/runs/mine/{name}/minilm/{method}/b16_s0.json").read_text())
        for name in (supervisor, "no-supervisor")
    )
    assert {(run["n_weak"], run["n_gold"]) for run in record["runs"]} == {(64, 0), (32, 8)}
    # Gold labels alone come from all that has one, in the seed's plain order, whoever the supervisor is.
    (run,) = shared["runs"]
    assert (run["n_weak"], run["n_gold"]) == (0, 16) and run["weak_ids"] == hash_ids([])
    assert run["gold_ids"] == hash_ids([i for i in ids[::-1] if pd.notna(gold[i])][:16])
    for run in record["runs"]:
        purchase = buy(ordering, run["n_weak"], run["n_gold"], "mine", supply)
        assert gold[purchase.gold].notna().all() and set(purchase.weak) <= set(p.index)
        assert gold[purchase.weak].isna().all(), "labels that both can give are spared"
        assert run["weak_ids"] == hash_ids(purchase.weak)
        # Uncertainty sampling chooses for itself once it has a weak stage.
        if method == "sequential_sft":
            assert run["gold_ids"] == hash_ids(purchase.gold)


def test_results_are_shown_at_the_prices_of_the_columns(own):
    table, folder = own
    frontier = pd.read_csv(folder / "results/frontier.csv")
    votes = table[list(ANNOTATORS)].notna().sum(axis=1)
    prices = {"models": 0.12, "crowd": float(f"{0.1 * votes[votes > 0].mean():.4g}")}
    shown = frontier.groupby("supervisor").weak_price.unique().map(list).to_dict()
    assert shown == {name: [price] for name, price in (prices | {"words": RULE["price"]}).items()}
    assert (folder / "figures/pareto.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "results/recommendation.md").read_text().startswith("#")
    assert json.loads((folder / "results/recommendation.json").read_text())
    quality = pd.read_csv(folder / "results/label_quality.csv")
    assert quality[quality["aggregate"].notna()].set_index("supervisor").price.to_dict() == prices


def test_the_command_recommends_by_the_source_that_is_asked_for(own):
    _, folder = own
    command = [Path(sys.executable).with_name("elicitation"), "recommend", folder, "--budget", "16", "--json"]
    gold = pd.read_parquet(folder / "results/tasks/mine/pool.parquet").set_index("id").gold
    held = {"gold": N_GOLD - 150, "weak": {}, "texts": {}}
    for source in ("models", "crowd"):
        weak = pd.read_parquet(folder / f"results/weak_labels/mine/{source}.parquet").set_index("id").p_weak[gold.index]
        held["weak"][source] = int(weak.notna().sum())
        held["texts"][source] = int((weak.notna() | gold.notna()).sum())
    for source, price in (("models", 0.12), ("crowd", 0.3)):
        options = ["--supervisor", source, "--weak-price", str(price)]
        result = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
        answer = json.loads(result.stdout)
        assert answer["held"] == held
        bought = answer["purchase"] or max(answer["alternatives"].values(), key=lambda other: other["expected"]["mean"])
        assert bought["supervisor"] == source and bought["method"] == METHODS[source]
        assert bought["cost"] == pytest.approx(bought["n_gold"] + price * bought["n_weak"]) and bought["cost"] <= 16
        assert not answer["supported"] and answer["regime"]["reason"] == "one seed has no spread"


def test_new_prices_train_nothing_and_new_rows_do(own, study):
    _, folder = own
    made = {"prepare_task", "join_columns", "train_weak_stage", "train_runs"}
    cheaper = deepcopy(study)
    cheaper["supervisors"][-1]["price"] /= 2
    for entry in cheaper["supervisors"][:-1]:
        entry["columns"] = {name: price / 2 for name, price in entry["columns"].items()}
    planned = jobs_planned(folder, cheaper)
    assert "tabulate_label_quality" in planned and not planned.keys() & {*made, "evaluate_runs"}
    content = (folder / "labels.csv").read_bytes()
    (folder / "labels.csv").write_bytes(content + b"one more text,,0.5,0.5,,,\n")
    assert jobs_planned(folder, study).keys() >= made
    (folder / "labels.csv").write_bytes(content)


def test_more_gold_than_there_is_is_refused_before_any_job(own, study, tmp_path):
    grid = study["grid"] | {"budgets": [151], "weak_price": 1}
    result = run_snakemake(tmp_path, study | {"grid": grid})
    assert result.returncode != 0 and not (tmp_path / "results").exists()
    assert (
        "Task 'mine': 150 examples of the pool have a gold label, but the grid buys 0 weak and 151 gold labels, each "
        "of another example; lower the budgets" in result.stderr
    )
