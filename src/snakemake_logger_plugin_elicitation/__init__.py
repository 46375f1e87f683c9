"""The logger plugin `elicitation`: a calm terminal. One line for each job, what went wrong, and at the end the answer.

Snakemake finds it by the name of this package and uses it where the profile says `logger: elicitation`. It follows
the interface of the package snakemake-interface-logger-plugins. Snakemake's own lines stand in its log, and on the
terminal instead of these with `--verbose` or `--printshellcmds`.
"""

import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from elicitation.jobs import snakemake_internals as internals
from elicitation.jobs.ending import ending_lines
from elicitation.jobs.job_words import count_words
from elicitation.jobs.progress import (
    STOPPED,
    Failures,
    Pace,
    going,
    job_of,
    planned_job,
    runs_of,
    say_progress,
    time_words,
    told,
)
from elicitation.jobs.study_folder import name_other_run
from elicitation.jobs.terminal import Terminal, bar_of

# Seconds after which a long job's own progress is shown, in the bar or where nothing else is said.
BEAT = 120
# Seconds after which the bar is drawn again.
REDRAW = 1
STOP = "Stopping."
# What is said at a first Ctrl-C, after which Snakemake waits.
WAITING = "Waiting for the jobs that still run; press Ctrl-C again to end them."
GOES_ON = "what is finished is kept, and the same command goes on from there."


class LogHandler(LogHandlerBase):
    """Listens to Snakemake's events, and writes to the terminal in its place."""

    def __post_init__(self) -> None:
        settings = self.common_settings
        # Snakemake's own lines are wanted instead.
        told.listens = not (settings.verbose or settings.printshellcmds or settings.debug_dag)
        self.quiet = {kind.name for kind in settings.quiet or ()}
        self.terminal = Terminal(sys.stdout if settings.stdout else sys.stderr)
        self.pace, self.failures = Pace(), Failures()
        self.began = self.said = time.monotonic()
        self.started = self.stopped = self.complete = False
        self.finished: list[int] = []
        """Jobs that have ended since progress was told last."""
        self.done = 0
        self.would: list[tuple] = []
        """What a dry run lists: each job, its number of runs, and why it would run."""
        self.log_file = ""
        self.closed = threading.Event()
        if told.listens:
            threading.Thread(target=self.beat, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of an event or message, and say what there is to say."""
        if not told.listens:
            return
        try:
            self.hear(record)
        except Exception:
            # As handlers of Python do; an error here would end the thread that all records go through.
            self.handleError(record)

    def hear(self, record: logging.LogRecord) -> None:
        self.failures.observe(record)
        self.pace.observe(record)
        hearing = {
            LogEvent.WORKFLOW_STARTED: self.hear_start,
            LogEvent.JOB_INFO: self.hear_job,
            LogEvent.JOB_FINISHED: lambda event: self.finished.append(event.job_id),
            LogEvent.JOB_ERROR: self.hear_failure,
            LogEvent.PROGRESS: self.hear_progress,
            LogEvent.ERROR: self.hear_message,
            None: self.hear_message,
        }
        hearing.get(getattr(record, "event", None), lambda event: None)(record)

    def say(self, text: str) -> None:
        self.said = time.monotonic()
        self.terminal.say(text)
        self.draw_bar()

    def hear_start(self, record: logging.LogRecord) -> None:
        """From here on Snakemake tells of a run. What it says before, or in calls that run nothing, is shown."""
        self.started = True

    def hear_job(self, record: logging.LogRecord) -> None:
        """A job starts, or in a dry run would start."""
        job = job_of(record)
        if self.common_settings.dryrun and job.files:
            self.would.append((job, runs_of(job), record.reason))

    def hear_failure(self, record: logging.LogRecord) -> None:
        """A job failed. Of a group, those that wrote why; a stopped job is told of at the end, if the run was not."""
        number = record.jobid
        said, grouped = self.failures.said(number), any(number in group for group in self.failures.groups)
        if (
            number in self.failures.failed()
            and (said or not grouped)
            and not (self.stopped or said.startswith(STOPPED))
        ):
            self.say(self.failures.sentence(number))

    def hear_progress(self, record: logging.LogRecord) -> None:
        """Jobs are done: a line for each that is planned."""
        finished, self.finished = [number for number in self.finished if number in told.jobs], []
        total, self.complete = len(told.jobs) or record.total, record.done == record.total
        for number in finished:
            self.done += 1
            job = self.failures.known.get(number) or planned_job(number)
            self.say_done(job.done(told.varying.get(job.rule, ())), self.done, total)
        if not told.jobs:
            self.say_done("jobs done", record.done, total)

    def say_done(self, what: str, done: int, total: int) -> None:
        if not self.quiet & {"ALL", "PROGRESS"}:
            self.say(f"{what} · {say_progress(done, total, self.pace.left(done, total))}")

    def hear_message(self, record: logging.LogRecord) -> None:
        """A message of Snakemake's: errors and warnings are shown, and of the rest what a user should know."""
        text = record.getMessage()
        if internals.finds_lock(record):
            self.say(f"{'Note' if self.common_settings.dryrun else 'Error'}: {name_other_run()}")
        elif record.levelno >= logging.ERROR:
            if sentence := internals.plain_error(record):
                self.say(f"Error: {sentence}")
        elif record.levelno >= logging.WARNING:
            self.say(f"Warning: {text}")
        elif internals.starts_with(record, *internals.STOPPING):
            interrupted = internals.starts_with(record, internals.TERMINATING)
            if words := [STOP] * (not self.stopped) + [WAITING] * interrupted:
                self.say(" ".join(words))
            self.stopped = True
        elif internals.starts_with(record, internals.NOTHING_TO_DO):
            self.complete = True
            if "ALL" not in self.quiet:
                self.say(text)
        elif internals.starts_with(record, internals.RESTART):
            # A group's name is no number.
            number = text.removeprefix(internals.RESTART).rstrip(".")
            job = self.failures.known.get(int(number)) if number.isdigit() else None
            self.say(f"Trying again: {going(job) if job else 'a group of jobs'}")
        elif internals.starts_with(record, internals.LOG_FILE):
            self.log_file = text.removeprefix(internals.LOG_FILE)
        elif (
            record.levelno == logging.INFO and not self.started and not internals.starts_with(record, internals.ASSUMED)
        ):
            self.say(text)

    def beat(self) -> None:
        """While jobs run, keep the bar up to date, or say how far the longest is if none ends for long."""
        while not self.closed.wait(REDRAW if self.terminal.has_bar else BEAT / 10):
            with self.lock:
                self.draw_bar()
                if (
                    not self.terminal.has_bar
                    and time.monotonic() - self.said > BEAT
                    and (text := self.pace.longest(BEAT))
                ):
                    self.say(f"{text} · {self.how_far()}")

    def how_far(self) -> str:
        """How many of the planned jobs are done, and how long the others take."""
        total = len(told.jobs)
        return say_progress(self.done, total, self.pace.left(self.done, total))

    def draw_bar(self) -> None:
        """Show, where that can be, how far the run is and what the job does that has run longest, while jobs run."""
        total = len(told.jobs)
        if not (self.terminal.has_bar and self.pace.started) or self.complete or self.stopped or self.closed.is_set():
            return self.terminal.draw("")
        told_of = [f"{bar_of(self.done, total)} {self.how_far()}", self.pace.longest(quotes=BEAT)]
        return self.terminal.draw(" · ".join(filter(None, told_of)))

    def close(self) -> None:
        """End the run: what would be done, what failed, or the answer."""
        # Python closes what is closed once more when it ends.
        with self.lock:
            if told.listens and not self.closed.is_set():
                self.closed.set()
                self.terminal.draw("")
                if "ALL" not in self.quiet or self.failures.jobs:
                    for line in self.last_lines():
                        self.say(line)
        super().close()

    def last_lines(self) -> Iterator[str]:
        """What is said at the end."""
        if self.stopped:
            done = self.done + len(told.jobs.keys() & {*self.finished})
            yield f"Stopped after {done:,} of {len(told.jobs):,} jobs; {GOES_ON}"
            return
        if failed := str(self.failures):
            yield failed
        elif self.would:
            yield f"Would {count_words((job, runs) for job, runs, _ in self.would)}."
            reasons = Counter(words for *_, reason in self.would for words in internals.reasons_of(reason)[:1])
            counts = (f"{words} ({n:,} job{'s' * (n != 1)})" for words, n in reasons.items())
            yield f"Why: {'; '.join(counts)}."
            yield "Job by job: the same command with -p. How long it takes: elicitation estimate STUDY FOLDER."
        elif self.complete and self.done:
            yield f"Done: {self.done:,} jobs in {time_words(time.monotonic() - self.began)}."
        if self.log_file:
            yield f"Snakemake's own lines: {self.log_file}"
        made = any(job.rule == "write_answer" for job in told.jobs.values())
        if self.complete and not (failed or self.common_settings.dryrun) and (made or told.asks_for_answer()):
            yield from ending_lines(Path.cwd())

    @property
    def writes_to_stream(self) -> bool:
        """Whether these lines stand in the place of Snakemake's own."""
        return told.listens

    @property
    def writes_to_file(self) -> bool:
        """No file."""
        return False

    @property
    def has_filter(self) -> bool:
        """True, since Snakemake's filter keeps back events about which a user is quiet; all are wanted here."""
        return True

    @property
    def has_formatter(self) -> bool:
        """True, since no record is shown as it is."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """No."""
        return False
