"""Every method and every kind of supervisor in one miniature study."""

import json
from collections import Counter
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from helpers import MINI, jobs_planned, run_snakemake

from elicitation.buying.methods import METHODS
from elicitation.files import read_json


@pytest.fixture(scope="module")
def study():
    study = deepcopy(MINI)
    prompt = {"cue": " mood :", "labels": [" unhappy", " happy"]}
    cues = {"asks": "{text} the mood :"}
    study["tasks"] = [task | {"prompt": prompt, "cues": cues} for task in study["tasks"] if task["name"] == "verdict"]
    study["supervisors"] = [
        "supervisor",
        {"name": "prompted", "model": "supervisor", "prompted_shots": 2},
        {"name": "coherent", "model": "supervisor", "icm": {"texts": 4, "examples": 2, "steps": 6}},
        {"name": "fewer", "errors_of": "supervisor", "error_rate": 0.05},
        {"name": "shuffled", "shuffle_errors_of": "fewer"},
    ]
    # Its recipe is that of others, which buy other numbers of weak labels.
    study["methods"] = [*METHODS, {"name": "chosen", "like": "new_head", "finetune_on": [[60, 2]]}]
    others = ["prompted", "shuffled", "coherent"]
    study["combinations"] = [
        {"supervisors": ["supervisor"], "cues": ["none"]},
        {"supervisors": ["supervisor"], "methods": ["sequential_sft"], "cues": ["asks"], "gold_shares": [0, 0.5]},
        {"supervisors": others, "methods": ["sequential_sft"], "cues": ["none"], "gold_shares": [0, 1]},
        {"supervisors": ["fewer"], "methods": ["sequential_sft"], "cues": ["none"], "gold_shares": [0]},
    ]
    study |= {"seeds": [0], "cues": ["none", "asks"], "labelling": {"engine": "transformers"}}
    study["grid"] |= {"budgets": [8], "shots": [0, 1, 2]}
    study["training"] |= {"presentations": 100, "runs_together": True}
    return study


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("methods")
    result = run_snakemake(folder, study, target="figures/prompting.pdf")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(scope="module")
def metrics(folder):
    metrics = pd.read_parquet(folder / "results/metrics.parquet")
    return metrics[metrics.cue == "none"]


def test_runs_that_train_at_once_say_so_in_their_records(folder):
    records = [read_json(path) for path in folder.glob("results/runs/verdict/*/student/*/*.json")]
    trained = [record for record in records if record["rule"] == "train_runs"]
    for record in trained:
        assert record["settings"]["runs_together"]
        assert {run["runs_together"] for run in record["runs"]} == {len(record["runs"])}
    assert max(len(record["runs"]) for record in trained) > 1


def test_every_method_has_its_runs(metrics):
    runs = metrics[metrics.supervisor == "supervisor"].groupby("method")[["n_weak", "n_gold"]]
    found = {method: set(map(tuple, pairs.to_numpy())) for method, pairs in runs}
    assert set(found) == {*METHODS, "chosen"} and found["chosen"] == {(60, 2)}
    assert found["few_shot_weak"] == {(0, 0), (1, 0), (2, 0)}
    assert found["few_shot_gold"] == {(0, 0), (0, 1), (0, 2)}
    assert found["few_shot_mixed"] == {(0, 0), (1, 0), (1, 1)}
    # 8 less the price of two weak or two gold examples, and the examples themselves.
    assert found["two_shot_weak"] == {(80, 0), (50, 3), (2, 7)}
    assert found["two_shot_gold"] == {(60, 2), (30, 5), (0, 8)}
    assert found["joint_sft"] == found["sequential_sft"] == {(80, 0), (40, 4), (0, 8)}


def test_metrics_say_how_many_examples_the_prompts_held(metrics):
    few = metrics[metrics.method == "few_shot_gold"]
    assert (few.shots == few.n_gold).all() and (few.shot_quality == "gold").all()
    assert (metrics[metrics.method == "two_shot_weak"].shots == 2).all()
    assert (metrics[metrics.method == "sequential_sft"].shots == 0).all()


def test_asking_without_labels_is_one_run_that_all_share(folder, metrics):
    runs = list((folder / "results/runs/verdict/no-supervisor/student/no-labels").glob("*.parquet"))
    assert [run.name for run in runs] == ["b0_s0.parquet"]
    asked = metrics[metrics.n_weak + metrics.n_gold == 0]
    assert (
        asked.method.tolist() == ["few_shot_weak", "few_shot_gold", "few_shot_mixed"] and asked.accuracy.nunique() == 1
    )
    test = pd.read_parquet(folder / "results/tasks/verdict/test.parquet").set_index("id").gold
    odds = pd.read_parquet(runs[0]).set_index("id").log_odds
    assert asked.accuracy.iloc[0] == ((odds > 0) == (test[odds.index] == 1)).mean()
    # No file holds the run a second time.
    shown = [pd.read_parquet(path) for path in (folder / "results/runs").glob("*/*/*/few_shot_*/*.parquet")]
    assert len(shown) == 3 and all((table.n_weak + table.n_gold > 0).all() for table in shown)


def test_runs_without_weak_labels_are_made_once_for_all_supervisors(folder, metrics):
    gold = metrics[(metrics.method == "sequential_sft") & (metrics.n_weak == 0)]
    assert set(gold.supervisor) == {"supervisor", "prompted", "shuffled", "coherent"}
    assert gold.groupby(["n_gold", "seed"]).accuracy.nunique().tolist() == [1]
    files = sorted(path.parts[-4] for path in (folder / "results/runs").glob("*/*/student/sequential_sft/*.parquet"))
    assert files == ["coherent", "fewer", "no-supervisor", "prompted", "shuffled", "supervisor"]


def test_prompts_are_measured_once_for_all_that_show_them(folder):
    prompts = folder / "results/tasks/verdict/prompts"
    measured = {str(path.relative_to(prompts)): json.loads(path.read_text()) for path in prompts.rglob("*.json")}
    student = {f"student/{number}-{quality}_s0.json" for number in (2, "few") for quality in ("weak", "gold")}
    student.add("student/few-mixed_s0.json")
    asked = {"student/0-supervision_s0.json", "supervisor/2-supervision_s0.json", "supervisor/4-searched_s0.json"}
    assert set(measured) == student | asked
    assert all(prompt["context"] == 1024 for prompt in measured.values())
    assert all((20 if "2" in name else 2) < prompt["prompt"] < 200 for name, prompt in measured.items())


def changed(study: dict, seeds: list[int], learning_rate: float) -> dict:
    study = deepcopy(study) | {"seeds": seeds}
    study["models"][0]["learning_rate"] = learning_rate
    return study


def test_a_new_seed_hides_no_run_that_another_setting_changes(study, folder):
    """Nor does it make any run again: what checks its prompts is no check of those that are there."""
    target = "figures/prompting.pdf"

    def planned(seeds, learning_rate):
        jobs = jobs_planned(folder, changed(study, seeds, learning_rate), target)
        return Counter({rule: jobs.get(rule, 0) for rule in ("train_runs", "train_weak_stage", "score_prompts")})

    seed, rate = planned([0, 1], 5e-3), planned([0], 1e-3)
    # All that trains and is there is made again at another rate; of the new seed there is as much, and what prompts.
    assert seed == rate + Counter(score_prompts=seed["score_prompts"]) and min(seed.values()) > 0
    assert planned([0, 1], 1e-3) == seed + rate
    assert not jobs_planned(folder, study, target)


def test_methods_differ_in_what_they_predict(folder):
    def predictions(method):
        runs = pd.read_parquet(folder / f"results/runs/verdict/supervisor/student/{method}/b8_s0.parquet")
        return runs.sort_values(["n_weak", "n_gold", "id"]).log_odds.to_numpy()

    plain = predictions("sequential_sft")
    for method in ("uncertainty_sampling", "log_confidence", "head_only", "body_only", "new_head", "joint_sft"):
        assert np.abs(predictions(method) - plain).max() > 1e-3, method


def test_methods_of_one_recipe_share_their_weak_stages(folder):
    recipes = sorted(path.name for path in (folder / "results/stages/verdict/supervisor/student").iterdir())
    assert recipes == ["2-gold-shots", "2-weak-shots", "body", "head", "kept-0.5", "log_confidence", "plain"]
    plain = folder / "results/stages/verdict/supervisor/student/plain"
    assert sorted(path.stem for path in plain.glob("*.json")) == ["w40_s0", "w60_s0", "w80_s0"]


def test_shuffled_errors_are_as_many_but_others(folder):
    test = pd.read_parquet(folder / "results/tasks/verdict/test.parquet").set_index("id")
    wrong = {}
    for supervisor in ("supervisor", "fewer", "shuffled"):
        labels = pd.read_parquet(folder / f"results/weak_labels/verdict/{supervisor}.parquet").set_index("id").p_weak
        wrong[supervisor] = (labels[test.index] > 0.5) != (test.gold == 1)
    # 5 % of 60, which are errors of the supervisor.
    assert wrong["fewer"].sum() == wrong["shuffled"].sum() == 3 and not wrong["fewer"].equals(wrong["shuffled"])
    assert wrong["supervisor"][wrong["fewer"]].all()


def test_kinds_of_errors_at_one_rate_are_compared(folder, study):
    result = run_snakemake(folder, study, target="figures/error_kinds.pdf")
    assert result.returncode == 0, result.stdout + result.stderr
    table = pd.read_parquet(folder / "results/imitation.parquet").set_index("supervisor")
    assert table.index.tolist() == ["shuffled", "fewer"] and set(table.n_weak) == {80} and set(table.n_wrong) == {3}
    # As many gold labels were not bought, so it is compared with asking; and one seed decides nothing.
    assert table.gold.isna().all() and (table.learned == table.weak - table.nothing).all()
    assert set(table.verdict) == {"undetermined"}


def test_a_search_labels_texts_of_the_pool_and_these_all_others(folder):
    labels = pd.read_parquet(folder / "results/weak_labels/verdict/coherent.parquet").set_index("id").p_weak
    found = json.loads((folder / "results/weak_labels/verdict/coherent.json").read_text())
    texts = [len(pd.read_parquet(folder / f"results/tasks/verdict/{part}.parquet")) for part in ("pool", "test")]
    assert len(labels) == sum(texts) and labels.isin([0, 1]).sum() == found["search"]["labelled"] == 4
    assert found["engine"]["engine"] == "transformers" and set(found["quality"]) == {"pool", "test"}


def test_by_another_cue_a_student_reads_other_texts_and_differs_in_nothing_else(folder):
    plain, cued = (pd.read_parquet(folder / f"results/tasks/verdict/{part}pool.parquet") for part in ("", "cues/asks/"))
    assert (cued.text == plain.text + " the mood :").all() and (cued.id == plain.id).all()
    made = folder / "results/runs/verdict/supervisor"
    runs = [made / name / "sequential_sft/b8_s0" for name in ("student", "student@asks")]
    records = [read_json(run.with_suffix(".json"))["runs"] for run in runs]
    ids = [[(run["n_weak"], run["n_gold"], run["weak_ids"], run["gold_ids"]) for run in record] for record in records]
    assert ids[0] == ids[1] and {run[:2] for run in ids[0]} == {(80, 0), (40, 4)}
    odds = [pd.read_parquet(run.with_suffix(".parquet")).log_odds for run in runs]
    assert (odds[0] != odds[1]).any()
    metrics = pd.read_parquet(folder / "results/metrics.parquet").query("student == 'student@asks'")
    assert set(metrics.cue) == {"asks"} and set(metrics.method) == {"sequential_sft"} and len(metrics) == 2


def test_prompting_is_drawn(folder):
    assert (folder / "figures/prompting.pdf").read_bytes().startswith(b"%PDF")
