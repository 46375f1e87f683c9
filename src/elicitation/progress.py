"""How far a study is and how long it will take, on the terminal."""

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
