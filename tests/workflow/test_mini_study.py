"""One complete miniature study through Snakemake with real vLLM, checked for what its tables say."""

import json
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import MINI, ROOT, TABLE, jobs_planned, run_snakemake

from elicitation.analysis.names import DEMONSTRATION
from elicitation.analysis.posterior import read_posterior
from elicitation.buying.purchases import buy
from elicitation.files import hash_file, hash_ids

TASKS = [task["name"] for task in MINI["tasks"]]
FIGURES = (
    *("what_to_buy", "pareto", "spending", "spending_tasks", "scaling", "weak_labels"),
    *("isoquants", "regime_map"),
)
RUN = "results/runs/{task}/{supervisor}/student/sequential_sft/b{budget}_s{seed}"
WITH_WEAK, WITHOUT = "supervisor", "no-supervisor"


@pytest.fixture(scope="module")
def metrics(mini_study):
    return pd.read_parquet(mini_study / "results/metrics.parquet")


def test_there_is_one_row_for_every_run_of_the_grid(metrics):
    pairs = [(160, 0), (80, 8), (0, 16), (40, 0), (20, 2), (0, 4)]
    expected = {(t, s, *pair) for t in TASKS for s in MINI["seeds"] for pair in pairs}
    found = list(metrics[["task", "seed", "n_weak", "n_gold"]].itertuples(index=False, name=None))
    assert len(found) == len(expected) and set(found) == expected


def test_the_precision_of_every_run_is_that_of_its_record(mini_study, metrics):
    record = json.loads(
        (mini_study / f"{RUN.format(task=TASKS[0], supervisor=WITH_WEAK, budget=16, seed=1)}.json").read_text()
    )
    assert set(metrics.precision) == {record["precision"]}
    assert f"Models computed in {record['precision']}." in (mini_study / "figures/pareto.md").read_text()


def test_scores_follow_from_the_predictions(mini_study, metrics):
    for task in TASKS:
        gold = pd.read_parquet(mini_study / f"results/tasks/{task}/test.parquet").set_index("id").gold
        files = [RUN.format(task=task, supervisor=name, budget=16, seed=1) for name in (WITH_WEAK, WITHOUT)]
        runs = pd.concat([pd.read_parquet(mini_study / f"{file}.parquet") for file in files])
        assert set(runs.groupby(["n_weak", "n_gold"]).groups) == {(160, 0), (80, 8), (0, 16)}
        scores = metrics[(metrics.task == task) & (metrics.seed == 1)].set_index(["n_weak", "n_gold"])
        for purchase, run in runs.groupby(["n_weak", "n_gold"]):
            row = scores.loc[purchase]
            assert len(run) == row.n_test == 60 and np.isfinite(run.log_odds).all()
            assert row.accuracy == ((run.log_odds > 0).to_numpy() == gold.loc[run.id].to_numpy()).mean()
            assert row.accuracy_low < row.accuracy < row.accuracy_high or row.accuracy in (0, 1)
            assert row.auroc_low <= row.auroc <= row.auroc_high


@pytest.mark.parametrize(
    ("rule", "made", "of"),
    [
        ("train_runs", "runs", "topic/supervisor/student/sequential_sft/b16_s1"),
        ("train_weak_stage", "stages", "topic/supervisor/student/plain/w160_s1"),
        ("write_weak_labels", "weak_labels", "topic/supervisor"),
    ],
)
def test_jobs_are_forked(mini_study, rule, made, of):
    """Snakemake measures a small process, which waits for one that is not; that one's memory stands in the record."""
    seen = pd.read_csv(mini_study / f"benchmarks/measured/{rule}/{of}.tsv", sep="\t")
    record = json.loads((mini_study / f"results/{made}/{of}.json").read_text())
    assert seen.max_rss.item() < 100 < record["peak_memory_mb"]


def test_vllm_labelled_pool_and_test_as_transformers_would(mini_study):
    for task in TASKS:
        labels = pd.read_parquet(mini_study / f"results/weak_labels/{task}/supervisor.parquet")
        record = json.loads((mini_study / f"results/weak_labels/{task}/supervisor.json").read_text())
        parts = [pd.read_parquet(mini_study / f"results/tasks/{task}/{part}.parquet") for part in ("pool", "test")]
        assert labels.id.tolist() == pd.concat(parts).id.tolist()
        assert labels.p_weak.between(0, 1).all() and labels.p_weak.nunique() > 100
        assert record["engine"]["engine"] == "vllm" and record["engine"]["dtype"] == "float32"
        assert 4 <= record["parity"]["rows"] < 36 and record["parity"]["largest_difference"] < 1e-3
        test = parts[1].merge(labels, on="id")
        assert record["quality"]["test"]["accuracy"] == ((test.p_weak > 0.5) == (test.gold == 1)).mean()


def test_records_name_the_labels_bought_and_the_files_read(mini_study):
    run_of = {name: RUN.format(task="topic", supervisor=name, budget=16, seed=0) for name in (WITH_WEAK, WITHOUT)}
    records, shared = (json.loads((mini_study / f"{run_of[name]}.json").read_text()) for name in run_of)
    ordering = pd.read_parquet(mini_study / "results/purchases/topic/s0.parquet").id.tolist()
    for run in records["runs"] + shared["runs"]:
        purchase = buy(ordering, run["n_weak"], run["n_gold"], "topic")
        assert run["weak_ids"] == hash_ids(purchase.weak) and run["gold_ids"] == hash_ids(purchase.gold)
        assert set(run["stages"]) == {s for s, n in (("weak", run["n_weak"]), ("gold", run["n_gold"])) if n}
    stages = [f"results/stages/topic/supervisor/student/plain/w{n_weak}_s0" for n_weak in (80, 160)]
    read = {path for path in records["inputs"] if path.startswith("results/stages")}
    assert read == {*stages, *(f"{stage}.json" for stage in stages)}
    assert "results/tasks/topic/pool.parquet" in records["inputs"]
    # What no supervisor's label is bought for depends on none.
    assert [run["n_weak"] for run in shared["runs"]] == [0]
    assert not any("supervisor" in path or "weak" in path for path in shared["inputs"])
    for path, sha256 in records["inputs"].items():
        assert hash_file(mini_study / path) == sha256
    assert records["code"] and records["packages"]["torch"]


def test_weak_stages_are_adapters_that_runs_share(mini_study):
    stages = mini_study / "results/stages/topic/supervisor/student/plain"
    made = [f"w{n_weak}_s{seed}" for n_weak in (20, 40, 80, 160) for seed in (0, 1)]
    assert sorted(path.name for path in stages.iterdir()) == sorted([*made, *(f"{name}.json" for name in made)])
    assert all((stages / name / name[-1] / "adapter_model.safetensors").is_file() for name in made)
    for seed in (0, 1):
        ordering = pd.read_parquet(mini_study / f"results/purchases/topic/s{seed}.parquet").id.tolist()
        for n_weak in (20, 40, 80, 160):
            record = json.loads((stages / f"w{n_weak}_s{seed}.json").read_text())
            [stage] = record["stages"]
            assert record["n_weak"] == n_weak and stage["ids"] == hash_ids(ordering[:n_weak])


def test_the_frontier_is_priced_and_rises(mini_study):
    table = pd.read_csv(mini_study / "results/frontier.csv")
    assert set(table.weak_price) == {0.5, 0.1} and set(table.task) == {"average", *TASKS}
    assert np.allclose(table.cost, table.n_gold + table.weak_price * table.n_weak)
    assert (table.n_seeds[table.kind == "purchase"] == 2).all()
    assert (table.score_low <= table.score).all() and (table.score <= table.score_high).all()
    assert table.probability.between(0, 1).all()
    assert (table.groupby(["task", "weak_price"]).probability.sum() >= 1).all(), "every frontier has a point"
    for _, points in table[table.on_frontier].groupby(["task", "weak_price"]):
        assert points.sort_values("cost").score.is_monotonic_increasing


def test_every_budget_and_price_has_a_verdict(mini_study):
    regimes = pd.read_csv(mini_study / "results/regimes.csv")
    assert len(regimes) == (len(TASKS) + 1) * 2 * 2
    probabilities = regimes[["quantity-dominant", "mixed", "quality-dominant"]]
    assert set(regimes.regime) <= {*probabilities, "no labels", "undetermined"}
    assert ((probabilities >= 0) & (probabilities <= 1) | probabilities.isna()).all(axis=None)
    all_three = probabilities.notna().all(axis=1)
    assert (all_three == (regimes.weak_price == 0.1)).all(), "at 0.5 not every strategy is affordable"
    bought = regimes[regimes.leading != "no labels"]
    assert (bought.score >= bought[["score_weak_only", "score_mixed", "score_gold_only"]].max(axis=1) - 1e-3).all()


def test_runs_are_summarised_and_none_is_missing(mini_study, metrics):
    summary = pd.read_parquet(mini_study / "results/summary.parquet")
    assert set(summary.task) == {"average", *TASKS} and (summary.n_seeds == 2).all()
    assert summary[summary.task == "average"].accuracy.mean() == pytest.approx(metrics.accuracy.mean())
    assert pd.read_csv(mini_study / "results/missing.csv").empty


def test_the_methods_table_has_the_best_affordable_purchases(mini_study):
    table = pd.read_csv(mini_study / "results/methods.csv")
    assert len(table) == 2 * 2 and (table.cost <= table.budget).all()
    assert set(table.task) == {"average"} and (table.n_seeds == 2).all() and (table.n_tasks == 2).all()
    assert (table.score_low <= table.score).all() and (table.score <= table.score_high).all()
    assert "Sequential SFT & $" in (mini_study / "results/methods.tex").read_text()


def test_the_posterior_says_at_every_purchase_what_was_measured(mini_study, metrics):
    posterior = read_posterior(mini_study / "results/posterior.parquet")
    assert {block.task for block in posterior.blocks} == {"average", *TASKS}
    means = metrics.groupby(["task", "n_weak", "n_gold"]).accuracy.mean()
    for block in posterior.blocks:
        [surface] = block.surfaces
        low, high = surface.scores(surface.runs).interval
        measured = surface.measured[tuple(surface.runs.T)]
        assert (low <= measured).all() and (measured <= high).all()
        if block.task != "average":
            bought = zip(surface.weak[surface.runs[:, 0]], surface.gold[surface.runs[:, 1]], strict=True)
            assert measured.tolist() == pytest.approx([means[block.task, *pair] for pair in bought])


def test_there_is_a_recommendation_for_every_budget_and_price_and_any_other(mini_study):
    answers = json.loads((mini_study / "results/recommendation.json").read_text())["answers"]
    asked = {(answer["question"]["budget"], answer["question"]["weak_price"]) for answer in answers}
    assert asked == {(budget, price) for budget in (4, 16) for price in (0.5, 0.1)}
    for answer in answers:
        assert answer["task"] == "average" and 0 <= answer["studied"]["unspent"] <= answer["question"]["budget"]
        assert 0 <= answer["expected"]["low"] <= answer["expected"]["high"] <= 1
    assert (mini_study / "results/recommendation.md").read_text().count("## Budget") == 4
    command = [
        sys.executable,
        "-m",
        "elicitation.cli",
        "recommend",
        mini_study,
        "--budget",
        "10",
        "--weak-price",
        "0.2",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "\nBuy " in result.stdout, result.stderr
    # The sandbox's data are invented.
    for text in (result.stdout, (mini_study / "results/recommendation.md").read_text()):
        assert text.startswith(DEMONSTRATION)


def test_the_reference_names_every_column_of_the_tables(mini_study):
    page = (ROOT / "docs/reference/files.md").read_text()
    described = re.findall(r"^### `(results/[\w.]+)`\n(.*?)(?=\n##)", page, re.MULTILINE | re.DOTALL)
    made = {name: text for name, text in described if (mini_study / name).exists()}
    assert len(made) >= 10
    for name, text in made.items():
        read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
        rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
        # Some columns stand only where a study has what they are of, such as asking without labels.
        assert {*read(mini_study / name).columns} <= {word for row in rows for word in re.findall("`(.*?)`", row)}, name


def test_the_example_of_the_python_reference_answers(mini_study, monkeypatch, capsys):
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/reference/python.md").read_text(), re.DOTALL)
    monkeypatch.chdir(mini_study)
    exec(compile(example, "python.md", "exec"), {})
    assert "Budget 64" in capsys.readouterr().out


def test_figures_are_drawn_in_both_formats(mini_study):
    for name in FIGURES:
        assert (mini_study / f"figures/{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (mini_study / f"figures/{name}.png").read_bytes().startswith(b"\x89PNG")
    assert "gold labels" in (mini_study / "figures/pareto.md").read_text()


def test_a_figure_that_does_not_apply_is_drawn_on_demand_alone(mini_study):
    assert not list((mini_study / "figures").glob("prompting.*"))
    assert run_snakemake(mini_study, MINI, target="figures/prompting.pdf").returncode == 0
    assert (mini_study / "figures/prompting.pdf").read_bytes().startswith(b"%PDF")


def variable(report: str, name: str):
    """What a variable of the report's page holds."""
    return json.loads(re.search(rf'<script id="[\w-]+">\s+var {name} = (.*);\n', report)[1])


def test_the_report_holds_every_figure_and_the_table_with_captions(mini_study, tmp_path):
    result = run_snakemake(mini_study, MINI, "--report", str(tmp_path / "report.html"))
    assert result.returncode == 0, result.stdout + result.stderr
    report = (tmp_path / "report.html").read_text()
    shown, front = variable(report, "results"), variable(report, "workflow_desc")
    assert "figures/explorer.html" not in shown and 'href="figures/explorer.html"' in front
    answer = re.search("With (a small|every) budget", front).start()
    assert front.index("What was found") < answer < front.index("<img")
    for name in (*(f"figures/{name}.png" for name in FIGURES), "results/methods.csv"):
        caption = (ROOT / "workflow/report" / Path(name).with_suffix(".rst").name).read_text()
        said = caption.partition(":")[0].partition(",")[0]
        assert said in shown[name]["caption"] and shown[name]["labels"]
        if name.endswith(".png"):
            picture = b64encode((mini_study / name).read_bytes()).decode()
            assert picture in shown[name]["data_uri"]
            assert front.partition(picture)[2].partition("<img")[0].count(said) == 1, "below the picture"


def test_a_second_run_has_nothing_to_do(mini_study):
    assert "Nothing to be done" in run_snakemake(mini_study, MINI).stderr


def test_what_verify_says_makes_a_missing_result_again(mini_study):
    labels = mini_study / "results/weak_labels/topic/supervisor.parquet"
    kept = labels.rename(mini_study / "kept.parquet")
    verify = [sys.executable, "-m", "elicitation.cli", "verify", mini_study]
    said = subprocess.run(verify, capture_output=True, text=True, check=False).stdout.splitlines()
    kept.rename(labels)
    assert said[0] == "results/weak_labels/topic/supervisor.parquet is missing; make it again."
    command = said[-1].partition("all that comes from it: ")[2]
    assert "Nothing to be done" in run_snakemake(mini_study, MINI).stderr, "the figures are there"
    kept = labels.rename(mini_study / "kept.parquet")
    dry = command.replace("snakemake", f"{sys.executable} -m snakemake {' '.join(TABLE)}", 1)
    planned = subprocess.run(dry, shell=True, capture_output=True, text=True, check=False)
    kept.rename(labels)
    assert planned.returncode == 0, planned.stderr
    jobs = planned.stdout + planned.stderr
    assert "write_weak_labels" in jobs and "plot_pareto" in jobs and "train_supervisor" not in jobs


def test_a_new_price_trains_nothing(mini_study):
    planned = jobs_planned(mini_study, MINI | {"weak_prices": [0.02]})
    assert set(planned) == {
        *("find_frontier", "find_regimes", "plot_pareto", "tabulate_methods", "tabulate_label_quality", "all"),
        *("trace_expansion", "plot_isoquants", "plot_what_to_buy", "recommend", "write_answer", "build_explorer"),
    }


# The jobs that answer what to buy.
ANSWERS = {"recommend", "write_answer", "build_explorer", "plot_what_to_buy", "all"}


def test_a_number_of_texts_to_label_changes_answers_alone(mini_study):
    planned = jobs_planned(mini_study, MINI | {"texts_to_label": 8000})
    assert set(planned) == ANSWERS


def test_a_budget_of_the_reader_s_changes_answers_alone(mini_study):
    assert set(jobs_planned(mini_study, MINI | {"budget": 100})) == ANSWERS


def test_training_runs_at_once_trains_the_runs_again_and_nothing_else(mini_study):
    at_once = MINI["training"] | {"runs_together": True}
    planned = jobs_planned(mini_study, MINI | {"training": at_once})
    # Two tasks, budgets and seeds, each with and without weak labels.
    assert planned["train_runs"] == 16 and not {"train_weak_stage", "train_supervisor"} & set(planned)


def test_seeds_that_train_together_predict_what_each_does_alone(mini_study, tmp_path):
    folder = tmp_path / "together"
    shutil.copytree(mini_study, folder)
    together = MINI | {"training": MINI["training"] | {"seeds_together": 2}}
    planned = jobs_planned(folder, together)
    # As many jobs as runs of one seed have.
    assert planned["train_runs"] == planned["train_weak_stage"] == 8 and "train_supervisor" not in planned
    # Of one task, to be sparing.
    topic = "results/metrics/topic/supervisor/student/sequential_sft.parquet"
    result = run_snakemake(folder, together, target=topic)
    assert result.returncode == 0, result.stdout + result.stderr
    made = sorted((folder / "results/runs").rglob("b*_s0+1.parquet"))
    assert len(made) == 4
    for path in made:
        alone = [pd.read_parquet(path.with_name(path.name.replace("0+1", seed))) for seed in "01"]
        at_once = pd.read_parquet(path).reset_index(drop=True)
        pd.testing.assert_frame_equal(at_once, pd.concat(alone, ignore_index=True), atol=1e-4, rtol=0)
    # A third seed trains alone.
    planned = jobs_planned(folder, together | {"seeds": [0, 1, 2]}, topic)
    assert planned["train_runs"] == planned["train_weak_stage"] == 4


def test_a_new_budget_or_seed_trains_only_itself(mini_study):
    budget = deepcopy(MINI)
    budget["grid"]["budgets"].append(8)
    # Of each budget and seed a block with weak labels and one without. Its 80 and 40 weak labels are what budgets 16
    # and 4 buy too.
    planned = jobs_planned(mini_study, budget)
    assert planned["train_runs"] == 8 and not {"train_weak_stage", "train_supervisor"} & set(planned)
    planned = jobs_planned(mini_study, MINI | {"seeds": [0, 1, 2]})
    assert planned.items() >= {"train_weak_stage": 8, "train_runs": 8}.items() and "check_texts" not in planned


def test_a_new_method_or_another_title_trains_nothing_that_exists(mini_study):
    renamed = {"name": "sequential_sft", "like": "sequential_sft", "title": "Another title"}
    planned = jobs_planned(mini_study, MINI | {"methods": [renamed]})
    assert planned["plot_pareto"] == 1 and not set(planned) & {"train_weak_stage", "train_runs", "train_supervisor"}
    # The first two start from the weak stages that are there.
    gold_only = {"name": "gold_only", "like": "sequential_sft", "gold_shares": [1]}
    planned = jobs_planned(mini_study, MINI | {"methods": ["sequential_sft", "new_head", gold_only, "two_shot_gold"]})
    assert planned["train_runs"] == 16 + 8 + 16 and planned["train_weak_stage"] == 16
    assert "train_supervisor" not in planned


def test_a_new_supervisor_trains_nothing_without_its_labels(mini_study):
    second = {"name": "shuffled", "shuffle_errors_of": "supervisor"}
    planned = jobs_planned(mini_study, MINI | {"supervisors": ["supervisor", second]})
    # Eight blocks with weak labels, each of two stages; the runs without any are there.
    assert planned["train_runs"] == 8 and planned["train_weak_stage"] == 16 and planned["evaluate_runs"] == 2


def test_the_answer_is_told_in_three_sentences(mini_study):
    lines = (mini_study / "results/answer.md").read_text().splitlines()
    assert lines[0] == DEMONSTRATION
    told = [line for line in lines if line[:2] in ("1.", "2.", "3.")]
    # The miniature has two budgets, which are told together where they buy the same.
    assert len(told) in (1, 2)
    assert len([line for line in lines if line.startswith("Without training: always giving the commoner label")]) == 1


def test_a_new_task_trains_only_its_own_supervisor_and_no_model(mini_study):
    task = {"name": "new", "sandbox": "surprise", "pool_size": 400, "test_size": 60, "supervision_size": 100}
    planned = jobs_planned(mini_study, MINI | {"tasks": [*MINI["tasks"], task]})
    assert planned["train_supervisor"] == 1 and planned["check_texts"] == 2 and planned["train_runs"] == 8
    assert "prepare_model" not in planned


def test_the_same_seed_gives_the_same_files(mini_study, tmp_path):
    """Up to vLLM's labels; test_crashes.py compares all that comes after them."""
    labels = "results/weak_labels/topic/supervisor.parquet"
    result = run_snakemake(tmp_path, MINI, target=labels)
    assert result.returncode == 0, result.stdout + result.stderr
    for file in (labels, "results/tasks/topic/pool.parquet", "results/supervisors/topic/supervisor"):
        assert hash_file(tmp_path / file) == hash_file(mini_study / file), file
