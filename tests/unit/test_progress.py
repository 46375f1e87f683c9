from pathlib import Path
from types import SimpleNamespace

import pytest

from elicitation.jobs.progress import Failures, time_left


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


def tell(failures, event, **fields):
    failures.observe(SimpleNamespace(event=event, **fields))


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
