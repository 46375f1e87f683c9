"""The logger plugin `elicitation`: adds the time left to Snakemake's progress, and ends with a list of what failed.

Snakemake finds it by the name of this package and uses it where the profile says `logger: elicitation`. It follows
the interface of the package snakemake-interface-logger-plugins.
"""

import logging
import threading
import time

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from elicitation.jobs.progress import Failures, Pace, say_progress
from elicitation.jobs.snakemake_internals import say

# Seconds without a line after which a long job's own progress is shown.
BEAT = 120


class LogHandler(LogHandlerBase):
    """Listens to Snakemake's events."""

    def __post_init__(self) -> None:
        self.pace = Pace()
        self.closed, self.said = threading.Event(), time.monotonic()
        threading.Thread(target=self.beat, daemon=True).start()
        self.failures = Failures()

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of an event; of progress, say how long the rest will take."""
        self.failures.observe(record)
        self.pace.observe(record)
        if getattr(record, "event", None) == LogEvent.PROGRESS:
            self.said = time.monotonic()
            say(say_progress(record.done, record.total, self.pace.left(record.done, record.total)))

    def beat(self) -> None:
        """While jobs run so long that none ends, say how far the longest is."""
        while not self.closed.wait(BEAT / 10):
            if time.monotonic() - self.said > BEAT and (text := self.pace.longest(BEAT)):
                self.said = time.monotonic()
                say(text)

    def close(self) -> None:
        """Say at the end of the run what failed."""
        self.closed.set()
        # Python closes what is closed once more when it ends.
        failures, self.failures = self.failures, Failures()
        if text := str(failures):
            say(text, logging.ERROR)
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """False: the lines here go through Snakemake's own output, which would be left out otherwise."""
        return False

    @property
    def writes_to_file(self) -> bool:
        """No file."""
        return False

    @property
    def has_filter(self) -> bool:
        """True, since Snakemake's filter keeps back events about which the profile is quiet; all are wanted here."""
        return True

    @property
    def has_formatter(self) -> bool:
        """True, since no record is shown as it is."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """No."""
        return False
