"""How far a study is, how long it will take, and which jobs failed: what is said of it on the terminal."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from elicitation.errors import one_line

# How the last line of a log begins if the job succeeded; in any other log it says what went wrong.
DONE = "Done"
# What a job of these rules takes, as a multiple of another one's, until one of its rule is done: so many figures are
# drawn, or runs are scored, while one run trains. By the beginnings of their names.
HEAVY = {"train_": 10, "prepare_model": 10, "compute_trunk": 10, "write_weak_labels": 10, "score_prompts": 10}
# Bytes of a log within which its last line is looked for.
TAIL = 10_000


def say_progress(done: int, total: int, left: float) -> str:
    """'12 of 104 jobs done, about 6 min left'; left: seconds."""
    shown = f"{left / 60:.0f} min" if left >= 90 else f"{left:.0f} s"
    return f"{done} of {total} jobs done" + (f", about {shown} left" if done < total else "")


class Planned(NamedTuple):
    """A job that will run."""

    rule: str
    runs: int
    """The purchases that it trains on; 1 of other jobs."""

    @property
    def work(self) -> float:
        return self.runs * next((w for name, w in HEAVY.items() if self.rule.startswith(name)), 1)


# The jobs of this process's run by number, which the Snakefile fills in before they start.
planned: dict[int, Planned] = {}


class Pace:
    """How long a study will take, by the kinds and sizes of its jobs and by how long those took that are done."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds."""
        self.clock, self.began = clock, clock()
        self.started: dict[int, float] = {}
        """When each job began, by its number."""
        self.logs: dict[int, tuple[str, list[str]]] = {}
        """Rule and logs of each job that runs, by its number."""
        self.took: dict[int, float] = {}
        """Seconds of each job that is done, by its number."""

    def observe(self, record: logging.LogRecord) -> None:
        """Take note of one of Snakemake's events."""
        event = getattr(record, "event", None)
        if event == "job_info":
            self.started[record.jobid] = self.clock()
            self.logs[record.jobid] = record.rule_name, record.log
        elif event == "job_finished" and record.job_id in self.started:
            self.took[record.job_id] = self.clock() - self.started[record.job_id]
            self.logs.pop(record.job_id, None)
        elif event == "job_error":
            self.logs.pop(record.jobid, None)

    def longest(self, least: float) -> str:
        """How far the job is that has run longest: its rule, for how long, and what its log says last.

        Empty if none has run for `least` seconds.
        """
        running = {job: self.clock() - self.started[job] for job in list(self.logs)}
        job = max(running, key=running.__getitem__, default=None)
        if job is None or running[job] < least:
            return ""
        rule, logs = self.logs[job]
        said = last_line(Path(logs[0])) if logs else ""
        return f"{rule} has run for {running[job] / 60:.0f} min" + (f": {said}" if said else "")

    def left(self, done: int, total: int) -> float:
        """Seconds until all jobs are done; by the mean pace where Snakemake has not said which they are."""
        passed = self.clock() - self.began
        known = self.took.keys() & planned.keys()
        if not known:
            return passed / max(done, 1) * (total - done)
        work = sum(planned[job].work for job in known)
        per_work = sum(self.took[job] for job in known) / work
        # By rule, where jobs of it are done.
        seconds, works = Counter(), Counter()
        for job in known:
            seconds[planned[job].rule] += self.took[job]
            works[planned[job].rule] += planned[job].work
        running = {job: self.clock() - start for job, start in self.started.items() if job not in self.took}
        remaining = 0.0
        for job, size in planned.items():
            if job not in self.took:
                expected = size.work * (seconds[size.rule] / works[size.rule] if works[size.rule] else per_work)
                remaining += max(expected - running.get(job, 0.0), 0.0)
        beside = (sum(self.took.values()) + sum(running.values())) / max(passed, 1e-9)
        return remaining / max(beside, 1e-9)


def last_line(log: Path) -> str:
    """The last line of a log; empty if there is none."""
    if not log.is_file():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - TAIL))
        lines = stream.read().decode(errors="replace").split("\n")
    return one_line(next((line for line in reversed(lines) if line.strip()), ""))


class Failures:
    """The jobs whose last attempt failed, by the events that Snakemake logs.

    Of a group of jobs that failed, Snakemake only says that it did; by their logs it is known which of them.
    """

    def __init__(self) -> None:
        self.jobs: dict[int, tuple[str, list[str]]] = {}
        """Rule and logs of each failed job, by its number."""
        self.groups: list[set[int]] = []
        """The jobs of each group that failed."""
        self.stamps: dict[int, int] = {}
        """When the log of each job had been written last (ns) before the job started."""

    def observe(self, record: logging.LogRecord) -> None:
        """Take note of one of Snakemake's events; other records say nothing of failures."""
        event = getattr(record, "event", None)
        if event == "job_info":
            self.stamps.setdefault(record.jobid, self.stamp(record.log))
        elif event == "group_error":
            self.groups.append({job["jobid"] for job in record.job_error_info})
        elif event == "job_error":
            self.jobs[record.jobid] = record.rule_name, record.log
        elif event == "job_finished":
            self.jobs.pop(record.job_id, None)

    def stamp(self, logs: list[str]) -> int:
        """When a job's log was written last; 0 if there is none."""
        # The job that starts meanwhile removes what an earlier attempt wrote.
        with suppress(IndexError, FileNotFoundError):
            return Path(logs[0]).stat().st_mtime_ns
        return 0

    def failed(self) -> list[int]:
        """The jobs that failed themselves; all of a group if none of its logs says which."""
        spoke = {
            job
            for job, (_, logs) in self.jobs.items()
            if self.stamp(logs) > self.stamps.get(job, 0) and not last_line(Path(logs[0])).startswith(DONE)
        }
        found = spoke | (self.jobs.keys() - set().union(*self.groups))
        for group in self.groups:
            if not group & found:
                found |= group & self.jobs.keys()
        return [job for job in self.jobs if job in found]

    def __str__(self) -> str:
        """A list of the failed jobs, their logs and the last line of each."""
        lines = []
        for rule, logs in (self.jobs[job] for job in self.failed()):
            said = last_line(Path(logs[0])) if logs else ""
            lines.append(f"{rule}: {', '.join(logs)}" + (f": {said}" if said else ""))
        head = f"{len(lines)} jobs failed; the same command tries them again. Their logs, and what these say last:"
        return "\n  ".join([head, *lines]) if lines else ""
