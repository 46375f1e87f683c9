import logging
from types import SimpleNamespace

import pytest

from elicitation.progress import Failures, TimeLeft, time_left


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


def test_failed_jobs_are_listed_with_their_logs_unless_a_later_attempt_succeeded():
    failures = Failures()
    assert str(failures) == ""
    for jobid, rule in enumerate(("train_runs", "plot_pareto")):
        failures.emit(SimpleNamespace(event="job_error", jobid=jobid, rule_name=rule, log=[f"logs/{rule}.log"]))
    failures.emit(SimpleNamespace(event="job_finished", job_id=1))
    listed = str(failures)
    assert "train_runs: logs/train_runs.log" in listed and "plot_pareto" not in listed
