"""Every study's DAG builds."""

import re
from copy import deepcopy

import pytest
import yaml
from helpers import HUB_DATA, MINI, ROOT, jobs_planned, run_snakemake

STUDIES = [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))]
# Other seeds, and the budgets and shares between, repeat the plan's jobs, thousands of the paper's.
FEWER = {"paper": ["grid={budgets: [16, 4096], gold_shares: [0, 0.5, 1]}"]}


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.stem)
def test_every_study_dry_runs_with_hub_ids(study, tmp_path):
    # What a user of studies/own.yaml brings.
    rows = [f"text {i},{i % 2 if i < 500 else ''},0.{i % 10},{i % 2},{i // 2 % 2},{i // 4 % 2}" for i in range(3000)]
    (tmp_path / "labels.csv").write_text("text,gold,llm,ann1,ann2,ann3\n" + "\n".join(rows))
    options = ["--dry-run", "--config", "sources=hub", f"data_folder={tmp_path}", "seeds=[0]"]
    result = run_snakemake(tmp_path, study, *options, *FEWER.get(study.stem, []))
    assert result.returncode == 0, result.stderr
    assert "prepare " in result.stdout and "Traceback" not in result.stderr


def test_supervisors_of_another_text_wait_for_checks_of_that_text(tmp_path):
    study = deepcopy(MINI) | {"tasks": [{"name": "film", "catalogue": "film", "supervisor_text": {"words": 8}}]}
    study["tasks"][0] |= {"pool_size": 300, "test_size": 60, "supervision_size": 40, "cues": {"asks": "{text} Good?"}}
    study["supervisors"] += [
        {"name": "asked", "model": "student", "prompted_shots": 1},
        {"name": "words", "rule": {"contains": ["good"]}},
    ]
    planned = jobs_planned(tmp_path, study)
    # Of both models for supervisors, of the student for itself.
    assert planned["check_supervisor_texts"] == 2 and planned["check_texts"] == 1
    assert planned["check_supervisor_prompts"] == planned["label_by_rule"] == planned["compare_sources"] == 1
    assert "check_prompts" not in planned

    cued = jobs_planned(tmp_path, study | {"cues": ["none", "asks"]})
    assert cued["write_cue"] == cued["check_cued_texts"] == 1
    assert cued["train_runs"] == 2 * planned["train_runs"] and cued["order_purchases"] == planned["order_purchases"]
    alone = jobs_planned(tmp_path, study | {"cues": ["asks"]})
    assert alone["train_runs"] == planned["train_runs"] and "check_texts" not in alone


@pytest.mark.skipif(not HUB_DATA.is_dir(), reason="the folder with real data sets is not here")
def test_the_real_study_dry_runs_on_local_files(tmp_path):
    result = run_snakemake(
        tmp_path, ROOT / "studies/real.yaml", "--dry-run", "--config", f"data_folder={HUB_DATA.resolve()}"
    )
    assert result.returncode == 0, result.stderr
    assert re.search(r"; train \d+ runs of .*; draw \d+ figures; make \d+ tables\.$", result.stdout, re.MULTILINE)


def test_a_partial_target_needs_only_its_own_task(tmp_path):
    study = yaml.safe_load((ROOT / "studies/sandbox.yaml").read_text())
    planned = jobs_planned(tmp_path, study, "results/weak_labels/topic/sandbox-supervisor.parquet")
    assert planned["prepare_task"] == planned["train_supervisor"] == planned["write_weak_labels"] == 1
    assert "train_runs" not in planned


def test_fetch_gets_tasks_tokenizers_and_pretrained_models_and_trains_nothing(tmp_path):
    study = yaml.safe_load((ROOT / "studies/real.yaml").read_text()) | {"sources": "hub"}
    planned = jobs_planned(tmp_path, study, "fetch")
    assert planned.keys() == {
        "prepare_task",
        "prepare_tokenizer",
        "prepare_model",
        "fetch",
    }
    assert planned["prepare_task"] == len(study["tasks"]) and planned["prepare_model"] == 1
