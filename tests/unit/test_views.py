"""Every figure and table has something to show of every study that the project holds."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml

from elicitation.analysis.advice import advise_students
from elicitation.analysis.averages import average_rows, missing_runs, select, task_rows, with_averaged_runs
from elicitation.analysis.error_parts import PART_SCORES
from elicitation.analysis.frontier import frontiers
from elicitation.analysis.method_comparison import methods_latex, methods_table
from elicitation.analysis.names import ASKING, AVERAGE, COMMONER, CONFIGURATION, LABELS, PURCHASE
from elicitation.analysis.posterior import Posterior
from elicitation.analysis.regimes import find_regimes
from elicitation.analysis.run_scores import with_scores
from elicitation.analysis.scoring import summarise
from elicitation.figures.prompting import finetuning_labels, plot_prompting
from elicitation.figures.scaling import plot_scaling
from elicitation.figures.spending import plot_spending
from elicitation.study.reference import ROOT
from elicitation.study.validation import validate

FILES = {path.stem: path for path in [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))]}
SCORES = dict.fromkeys(
    ("accuracy", "weak_accuracy", "commoner_accuracy", "matched_accuracy", "auroc", "weak_agreement", "pgr"), 0.7
) | {f"{name}{end}": 0.7 for name in PART_SCORES for end in ("", "_low", "_high")}
COUNTED = {"n_test": 1000, "n_voted": 1000, "n_wrong": 300, "n_right": 700}
PLACE = ["task", "student"]


def read_study(name):
    """A study's config, or None where it wants files that only its user has."""
    config = yaml.safe_load(FILES[name].read_text())
    return None if any("table" in task for task in config["tasks"]) else validate(config | {"sources": "hub"})


STUDIES = {name: study for name in FILES if (study := read_study(name))}


def runs_of(study):
    """A table like results/metrics.parquet, with made-up scores."""
    methods, runs = study.method_named, pd.DataFrame(study.planned_runs)
    shots = [methods[name].shots for name in runs.method]
    bought = runs.n_weak + runs.n_gold
    runs["shots"] = [(s.k or n) if s else 0 for s, n in zip(shots, bought, strict=True)]
    runs["shot_quality"] = [s.quality if s else "" for s in shots]
    return runs.drop(columns="budget").assign(**SCORES, **COUNTED)


def posterior_of(runs):
    """A posterior of runs, averages among them, in which all scores are alike and nearly known."""
    bought = runs[CONFIGURATION].drop_duplicates(ignore_index=True)
    asks = bought.n_weak + bought.n_gold == 0
    asking = bought[asks].assign(supervisor="", method="", kind=ASKING)
    labels = bought.assign(method="", kind=LABELS)
    commoner = bought.assign(supervisor="", method="", kind=COMMONER)
    free = pd.concat([asking, labels, commoner]).assign(n_weak=0, n_gold=0)
    table = pd.concat([bought[~asks].assign(kind=PURCHASE), free])
    table = table.drop_duplicates([*PLACE, "kind", "supervisor", "method", "n_weak", "n_gold"], ignore_index=True)
    counts = {"n_seeds": 3, "n_test": 1000, "n_texts": 1000, "coverage": 1.0, "n_tasks": 1}
    factors = [np.array([0.01], dtype=np.float32)] * len(table)
    return Posterior(table.assign(studied=True, measured=0.7, score=0.7, factors=factors, **counts))


@pytest.fixture(scope="module", params=STUDIES)
def study(request):
    return STUDIES[request.param]


@pytest.fixture(scope="module")
def metrics(study):
    return runs_of(study)


@pytest.fixture(scope="module")
def planned(study):
    return pd.DataFrame(study.whole_runs)


@pytest.fixture
def shown(study, metrics, planned):
    """The rows of a figure, and the runs that are missing from its average."""

    def rows_of(figure, over):
        values = study.views[figure]
        # What is shown of the models alone, so that no more is averaged than that.
        table = select(metrics, {kind: names for kind, names in values.items() if kind != "task"})
        runs = select(with_averaged_runs(table, over), values)
        return with_scores(summarise(runs), posterior_of(runs).blocks), missing_runs(planned, metrics, over)

    yield rows_of
    plt.close("all")


@pytest.fixture
def titles(study):
    return {name: method.title for name, method in study.method_named.items()}


@pytest.fixture
def budgets(study):
    return study.budgets


def test_spending_is_drawn_for_methods_tasks_and_supervisors(study, shown, titles, budgets):
    views, price, drawn = study.views, study.grid.weak_price, {}
    for figure, panel in (("spending", "method"), ("spending_tasks", "task"), ("spending_supervisors", "supervisor")):
        if figure in views:
            rows, missing = shown(figure, study.averaged("spending"))
            rows = task_rows(rows) if panel == "task" else rows
            axes = plot_spending(rows, missing, titles, panel, budgets, price, {}, "accuracy").axes
            drawn[figure] = len([panel for panel in axes if panel.get_title()])
    assert min(drawn.values()) > 0
    if shown_of := views.get("spending_supervisors"):
        alike = [group for group in study.groups if group.student in shown_of["student"]]
        alike = [group for group in alike if group.method in shown_of["method"]]
        tasks = {*shown_of["task"]} if shown_of["task"] != [AVERAGE] else {*study.averaged("spending")}
        assert drawn["spending_supervisors"] == len({group.supervisor for group in alike if group.task in tasks})
    assert ("spending_tasks" in drawn) == (len(study.tasks) > 1)


def test_prompting_is_drawn_where_labels_stand_in_prompts(study, shown, titles):
    shots = [method.shots for method in study.method_named.values() if method.shots]
    in_prompts = [shown for shown in shots if shown.k or any(study.grid.shots)]
    assert ("prompting" in study.views) == bool(in_prompts)
    if in_prompts:
        rows, missing = shown("prompting", study.averaged("prompting"))
        finetuned = finetuning_labels(rows).query("weak_trained + gold_trained > 0")
        compared = [study.method_named[name] for name in study.views["prompting"]["method"]]
        trained = [method for method in compared if not method.prompts_only]
        assert {method.shots.k if method.shots else 0 for method in trained} <= set(finetuned.shots)
        # A method that only prompts shows all that it buys.
        only_prompts = any(study.grid.shots) and trained != compared
        assert (rows.shots == rows.n_weak + rows.n_gold).any() == only_prompts
        plot_prompting(rows, missing, titles, study.grid.weak_price, "accuracy")


def test_scaling_has_a_panel_for_every_student(study, metrics):
    blocks = posterior_of(with_averaged_runs(metrics, study.averaged())).blocks
    shown, price = study.views["scaling"], study.grid.weak_price
    rows, task = advise_students(blocks, shown, study.budgets, price, {}, 0.9), shown["task"][0]
    figure = plot_scaling(rows, task, study.budgets, price, "accuracy")
    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == study.cued_students


def test_tables_and_frontiers_have_every_method_of_an_average(study, metrics, planned, titles, budgets):
    over, budgets = study.averaged(), budgets[-2:]
    prices = {name: found[:1] for name, found in study.prices.items()}
    # One configuration of each kind stands for all seeds.
    points = average_rows(with_averaged_runs(metrics[metrics.seed == study.seeds[0]], over))
    posterior = posterior_of(points)
    table = methods_table(posterior.blocks, prices, budgets, {})
    bought = points[points.n_weak + points.n_gold > 0]
    assert set(table.method) == set(bought.method) and table.score.notna().all()
    missing = missing_runs(planned, metrics, over)
    latex = methods_latex(table, missing, titles, "accuracy")
    assert all(titles[name].replace("%", r"\%") in latex for name in table.method)
    frontier = frontiers(posterior, prices)
    assert set(frontier.supervisor) <= set(study.supervisor_named) and frontier.on_frontier.any()
    assert len(find_regimes(posterior.blocks, prices, budgets, {}, 0.9)) >= len(budgets)


def test_the_paper_averages_what_it_says_and_compares_all_students_by_fixed_epochs():
    study = STUDIES["paper"]
    assert study.averaged() == ["hellaswag", "social_i_qa", "cosmos_qa"]
    assert study.averaged("spending") == ["hellaswag", "sciq", "cosmos_qa", "quail", "social_i_qa"]
    assert study.views["scaling"] == {"supervisor": ["qwen1.5-4b"], "task": ["mmlu"], "method": ["fixed_epochs"]}


def test_the_paper_has_its_grid_of_prompts_and_labels_to_finetune_on():
    runs = runs_of(STUDIES["paper"]).query("method.str.startswith('sft') and task == 'sciq' and seed == 0")
    runs = finetuning_labels(runs)
    amounts = (16, 64, 256, 1024, 4096)
    trained = {(n, 0) for n in amounts} | {(0, n) for n in amounts}
    for k, quality in ((0, ""), *((k, quality) for k in (2, 8, 32) for quality in ("weak", "gold"))):
        found = runs[(runs.shots == k) & (runs.shot_quality == quality)]
        assert set(zip(found.weak_trained, found.gold_trained, strict=True)) == trained
    methods = STUDIES["paper"].method_named
    assert all(methods[name].training == {"presentations": 20000} for name in runs.method)
