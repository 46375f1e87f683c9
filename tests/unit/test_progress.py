import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from elicitation.jobs.progress import Failures, KeepGoing, TimeLeft, time_left


@pytest.mark.parametrize(
    ("done", "seconds", "words"),
    [
        (1, 60, "1 of 11 jobs done, about 10 min left"),
        (10, 600, "10 of 11 jobs done, about 60 s left"),
        (10, 890, "10 of 11 jobs done, about 89 s left"),
        (10, 900, "10 of 11 jobs done, about 2 min left"),
        (11, 660, "11 of 11 jobs done"),
    ],
)
def test_time_left_follows_from_the_mean_pace(done, seconds, words):
    assert time_left(done, 11, seconds) == words


def test_only_progress_events_are_shown(capsys):
    handler = TimeLeft()
    for event in ("progress", "job_info"):
        handler.emit(SimpleNamespace(event=event, done=2, total=2))
    handler.emit(logging.makeLogRecord({"msg": "something else"}))
    assert capsys.readouterr().err == "2 of 2 jobs done\n"


def tell(failures, event, **fields):
    failures.emit(SimpleNamespace(event=event, **fields))


def fail(failures, *jobs, group=False):
    """Submit jobs (number, rule, the log that each writes or None) together, and let the submission fail."""
    for jobid, rule, text in jobs:
        log = Path(f"{rule}.log")
        tell(failures, "job_info", jobid=jobid, log=[str(log)])
        if text is not None:
            log.write_text(text)
    if group:
        tell(failures, "group_error", job_error_info=[{"jobid": jobid} for jobid, *_ in jobs])
    for jobid, rule, _ in jobs:
        tell(failures, "job_error", jobid=jobid, rule_name=rule, log=[f"{rule}.log"])


@pytest.fixture
def failures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Failures()


def test_failed_jobs_are_listed_with_their_logs_unless_a_later_attempt_succeeded(failures):
    assert str(failures) == ""
    fail(failures, (0, "train_runs", "loading\n\x1b[0mThe loss is nan.\n\n"))
    fail(failures, (1, "plot_pareto", None))
    fail(failures, (2, "plot_spending", None))
    tell(failures, "job_finished", job_id=1)
    assert str(failures).splitlines() == [
        "2 jobs failed; the same command tries them again. Their logs, and what these say last:",
        "  train_runs: train_runs.log: \\x1b[0mThe loss is nan.",
        "  plot_spending: plot_spending.log",
    ]


def test_of_a_group_only_the_jobs_that_failed_are_listed(failures):
    Path("never_started.log").write_text("Stopped by SIGTERM, yesterday.\n")
    jobs = [(0, "finished", "Done in 3 s.\n"), (1, "killed", "step 5\n"), (2, "waiting", None)]
    fail(failures, *jobs, (3, "never_started", None), group=True)
    assert "1 jobs failed" in str(failures) and "killed: killed.log: step 5" in str(failures)


def test_of_a_group_that_left_no_word_all_are_listed(failures):
    fail(failures, (0, "train_runs", None), (1, "evaluate_runs", None), group=True)
    fail(failures, (2, "plot_pareto", "The disk is full.\n"))
    assert "3 jobs failed" in str(failures)


# Going on


def snakemake_job(*rules):
    return SimpleNamespace(rules=rules)


@pytest.mark.parametrize(
    ("failed", "running", "ready", "goes_on"),
    [
        (["train_runs"], [], ["train_runs"], True),
        (["prepare_task"], [], ["train_runs"], False),
        (["prepare_task"], ["check_lengths"], ["train_runs"], True),
        (["prepare_task", "train_runs"], ["train_runs"], ["prepare_task"], True),
        (["prepare_task"], ["train_runs"], [], False),
    ],
)
def test_after_a_failed_check_nothing_starts_but_other_checks(failed, running, ready, goes_on):
    jobs = [list(map(snakemake_job, names)) for names in (failed, running, ready)]
    scheduler = SimpleNamespace(**dict(zip(("failed", "running", "open_jobs"), jobs, strict=True)))
    assert bool(KeepGoing(scheduler, ["prepare_task", "check_lengths"])) == goes_on


def test_a_group_with_a_check_is_a_check():
    scheduler = SimpleNamespace(failed=[snakemake_job("order_purchases", "prepare_task")], running=[], open_jobs=[])
    assert not KeepGoing(scheduler, ["prepare_task"])
