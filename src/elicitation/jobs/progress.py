"""How far a study is, how long it will take, what failed, on the terminal; and when a failure stops it."""

import logging
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from elicitation.errors import one_line

# How the last line of a log begins if the job succeeded; in any other log it says what went wrong.
DONE = "Done"
# Bytes of a log within which its last line is looked for.
TAIL = 10_000


def time_left(done: int, total: int, seconds: float) -> str:
    """An estimate from the mean pace so far: '12 of 104 jobs done, about 6 min left'."""
    left = seconds / done * (total - done)
    shown = f"{left / 60:.0f} min" if left >= 90 else f"{left:.0f} s"
    return f"{done} of {total} jobs done" + (f", about {shown} left" if done < total else "")


class TimeLeft(logging.Handler):
    """Listens to Snakemake's own progress events and adds the time."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.started = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "event", None) == "progress":
            # A terminal that is gone is no reason to stop.
            with suppress(OSError):
                print(time_left(record.done, record.total, time.monotonic() - self.started), file=sys.stderr)


class KeepGoing:
    """Stands in for Snakemake's `keep-going`, whose truth it asks for before it starts jobs beside failed ones.

    A failed job stops no independent one; but after a check that failed nothing starts except other checks.
    """

    def __init__(self, scheduler, checks: Collection[str]) -> None:
        """scheduler: Snakemake's; checks: names of rules."""
        self.scheduler, self.checks = scheduler, set(checks)

    def __bool__(self) -> bool:
        def has_check(jobs) -> bool:
            return any(self.checks.intersection(job.rules) for job in jobs)

        waiting = [*self.scheduler.running, *self.scheduler.open_jobs]
        return not has_check(self.scheduler.failed) or has_check(waiting)


def last_line(log: Path) -> str:
    """The last line of a log; empty if there is none."""
    if not log.is_file():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - TAIL))
        lines = stream.read().decode(errors="replace").split("\n")
    return one_line(next((line for line in reversed(lines) if line.strip()), ""))


class Failures(logging.Handler):
    """Listens to Snakemake's events and keeps the jobs whose last attempt failed.

    Of a group of jobs that failed, Snakemake only says that it did; by their logs it is known which of them.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.jobs: dict[int, tuple[str, list[str]]] = {}
        self.groups: list[set[int]] = []
        self.stamps: dict[int, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
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
        return Path(logs[0]).stat().st_mtime_ns if logs and Path(logs[0]).exists() else 0

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
