"""How far a study is, how long it will take, and what failed, on the terminal."""

import logging
import sys
import time


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
            print(time_left(record.done, record.total, time.monotonic() - self.started), file=sys.stderr)


class Failures(logging.Handler):
    """Listens to Snakemake's events and keeps the jobs whose last attempt failed."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.jobs: dict[int, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event == "job_error":
            self.jobs[record.jobid] = f"{record.rule_name}: {', '.join(record.log)}"
        elif event == "job_finished":
            self.jobs.pop(record.job_id, None)

    def __str__(self) -> str:
        """A list of the failed jobs and their logs."""
        lines = [f"{len(self.jobs)} jobs failed; what does not need them is done. Their logs:", *self.jobs.values()]
        return "\n  ".join(lines) if self.jobs else ""
