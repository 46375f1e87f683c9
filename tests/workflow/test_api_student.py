"""A student behind a finetuning API on loopback joins the finished miniature study; one of its jobs is killed."""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_api import BASE_MODEL, KEY, FakeApi
from helpers import MINI, jobs_planned, run_snakemake, snakemake_command

from elicitation.api.chat import LOWEST_LOGPROB

TASKS = [task["name"] for task in MINI["tasks"]]
RUN = "results/runs/{task}/supervisor/remote/sequential_sft/b16_s{seed}"
# What it buys with its one budget at gold shares of 0, 0.5 and 1.
BUDGET, PURCHASES = 16, [(160, 0), (80, 8), (0, 16)]
# Of each seed a block with weak labels and one without.
BLOCKS = 2 * len(TASKS) * len(MINI["seeds"])


@pytest.fixture(scope="module")
def server():
    with FakeApi() as server:
        yield server


@pytest.fixture(scope="module")
def study(server):
    study = deepcopy(MINI)
    study["models"].append({"name": "remote", "api": server.settings()})
    study["combinations"] = [{"students": ["student"]}, {"students": ["remote"], "budgets": [BUDGET]}]
    return study | {"students": ["student", "remote"]}


@pytest.fixture(scope="module")
def folder(mini_study, tmp_path_factory):
    """A copy of the miniature study, to which the student is added."""
    folder = tmp_path_factory.mktemp("api") / "study"
    shutil.copytree(mini_study, folder, symlinks=True)
    return folder


@pytest.fixture(scope="module", autouse=True)
def surroundings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.delenv("LOOPBACK_KEY", raising=False)
        yield


def processes_that_show(word: str) -> list[Path]:
    """The processes whose command line, which all users of a machine see, holds a word."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if word.encode() in command.read_bytes():
                found.append(command)
    return found


@pytest.fixture(scope="module")
def finished(folder, study, server):
    """The study after a first job was killed between the creation of its remote jobs and their end."""
    target = RUN.format(task="topic", seed=0) + ".parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOPBACK_KEY", KEY)
        server.polls = 10**6
        command = snakemake_command(folder, study, target=target)
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 120
        while server.calls["events"] < 2 and process.poll() is None and time.monotonic() < deadline:
            assert not processes_that_show(KEY)
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert server.calls["events"] >= 2 and not (folder / target).exists()
        server.polls = 1
        run_snakemake(folder, study, "--unlock")
        result = run_snakemake(folder, study, target="figures/pareto.pdf")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_a_new_api_student_trains_nothing_here_and_a_dry_run_needs_no_key(folder, study):
    planned = jobs_planned(folder, study)
    # The texts are measured against the API's context too.
    assert planned["finetune_by_api"] == BLOCKS and planned["check_texts"] == len(TASKS)
    assert planned["evaluate_runs"] == len(TASKS)
    assert not {"prepare_model", "prepare_tokenizer", "train_weak_stage", "train_runs"} & set(planned)


def test_without_a_key_nothing_is_uploaded(folder, study, server):
    result = run_snakemake(folder, study, target=RUN.format(task="topic", seed=0) + ".parquet")
    assert result.returncode != 0 and "LOOPBACK_KEY is not set" in result.stderr
    assert "Traceback" not in result.stderr and not server.calls


def test_every_run_is_scored_beside_the_local_students(finished):
    metrics = pd.read_parquet(finished / "results/metrics.parquet")
    runs = len(TASKS) * len(MINI["seeds"]) * len(PURCHASES)
    # The local student has another budget too.
    assert metrics.groupby("student").size().to_dict() == {"student": 2 * runs, "remote": runs}
    assert metrics.accuracy.between(0, 1).all()
    assert (finished / "figures/pareto.pdf").read_bytes().startswith(b"%PDF")


def test_no_job_was_bought_twice(finished, server):
    jobs = sum((n_weak > 0) + (n_gold > 0) for n_weak, n_gold in PURCHASES)
    expected = len(TASKS) * len(MINI["seeds"]) * jobs
    assert len(server.jobs) == server.calls["create"] == len(server.files) == expected
    assert len(list((finished / "results/api/remote").glob("*.json"))) == expected


def test_predictions_are_the_remote_models_own(finished, server):
    test = pd.read_parquet(finished / "results/tasks/topic/test.parquet").set_index("id")
    predictions = pd.read_parquet(finished / f"{RUN.format(task='topic', seed=0)}.parquet")
    records = json.loads((finished / f"{RUN.format(task='topic', seed=0)}.json").read_text())
    assert set(predictions) == {"n_weak", "n_gold", "seed", "id", "log_odds"}
    for run in records["runs"]:
        rows = predictions[(predictions.n_weak == run["n_weak"]) & (predictions.n_gold == run["n_gold"])]
        weights = server.weights[list(run["stages"].values())[-1]["model"]]
        expected = [sum(weights[word] for word in test.text[i].split()) for i in rows.id]
        np.testing.assert_allclose(rows.log_odds, np.clip(expected, LOWEST_LOGPROB, -LOWEST_LOGPROB), atol=1e-6)
        assert rows.id.tolist() == test.index.tolist()


def test_records_hold_jobs_and_dollars(finished, server):
    record = json.loads((finished / f"{RUN.format(task='verdict', seed=1)}.json").read_text())
    jobs = {stage["job"]: stage for run in record["runs"] for stage in run["stages"].values()}
    assert {stage["base"] for stage in jobs.values()} >= {BASE_MODEL} and set(jobs) <= set(server.jobs)
    trained = sum(stage["trained_tokens"] for stage in jobs.values())
    assert record["dollars"]["training"] == pytest.approx(trained * 3.0 / 1e6)
    assert record["dollars"]["total"] > record["dollars"]["training"] > 0
    assert record["packages"]["openai"] and record["settings"]["api"]["base_url"] == server.base_url


def test_the_key_is_in_no_file(finished):
    files = [path for path in finished.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_work_that_is_lost_costs_nothing_again(finished, study, server, monkeypatch):
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    block = RUN.format(task="topic", seed=0) + ".parquet"
    before, calls = (finished / block).read_bytes(), dict(server.calls)
    (finished / block).unlink()
    assert run_snakemake(finished, study, target=block).returncode == 0
    assert (finished / block).read_bytes() == before and server.calls == calls
