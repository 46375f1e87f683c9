"""How far a study is, how long it will take, and which jobs failed: what is said of it on the terminal."""

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from elicitation.errors import one_line
from elicitation.jobs.job_words import Job, varying_wildcards

# How the last line of a log begins if the job succeeded; in any other log it says what went wrong.
DONE = "Done"
# How it begins if a signal ended the job.
STOPPED = "Stopped by "
# Environment variable of jobs of whose failures the logger plugin tells, by the last lines of their logs.
TOLD = "ELICITATION_TOLD"
# What a job of these rules takes, as a multiple of another one's, until one of its rule is done: so many figures are
# drawn, or runs are scored, while one run trains. By the beginnings of their names.
HEAVY = {
    **dict.fromkeys(("train_", "prepare_model", "compute_trunk", "write_weak_labels", "score_prompts"), 10),
    "search_labels": 30,
}
# So many texts are trained on where a run counts as one, of HEAVY.
TEXTS = 500
# What is found in a line of a log that says how far the job is: 'run 2 of 7'.
HOW_FAR = r"\b\d+ of \d+\b"
# Bytes of a log within which its last line is looked for.
TAIL = 10_000


def time_words(seconds: float) -> str:
    """'4 min', or '80 s'."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def say_progress(done: int, total: int, left: float | None) -> str:
    """'12 of 104 · 6 min left'; left: seconds, None where nothing is known of them."""
    return f"{done} of {total}" + (f" · {time_words(left)} left" if left is not None and done < total else "")


class Planned(NamedTuple):
    """A job that will run."""

    rule: str
    runs: int
    """The purchases that it trains on; 1 of other jobs."""
    wildcards: Mapping[str, str] = MappingProxyType({})
    texts: float = 0.0
    """The texts that a student is trained on; 0 where it is not known."""

    @property
    def work(self) -> float:
        """What it takes, as a multiple of a light job."""
        size = self.texts / TEXTS if self.texts else self.runs
        return size * next((w for name, w in HEAVY.items() if self.rule.startswith(name)), 1)


@dataclass
class Told:
    """What the Snakefile and the logger plugin, which run in the same process, tell each other."""

    listens: bool = False
    """Whether the plugin is there, and speaks of the jobs."""
    asks_for_answer: Callable[[], bool] = lambda: False
    """Whether the study's answer is among what the user asked for; known once jobs are planned."""
    runs_made: Callable[[Mapping[str, str]], Sequence] = lambda wildcards: ()
    """The runs of a job of a block, by its wildcards."""
    jobs: dict[int, Planned] = field(default_factory=dict)
    """The jobs that will run, by number: those that make something. Known before they start."""
    measured: list[tuple[Planned, float]] = field(default_factory=list)
    """Jobs of earlier runs of Snakemake, with the seconds that each took."""
    varying: dict[str, set[str]] = field(default_factory=dict)
    """By rule, the wildcards in which the jobs that will run differ."""

    def plan(self, jobs: Mapping[int, tuple], measured: Iterable[tuple[tuple, float]] = ()) -> None:
        """Tell which jobs will run, by number, and which were measured; each job as the fields of Planned."""
        self.jobs = {number: Planned(*job) for number, job in jobs.items()}
        self.measured = [(Planned(*job), seconds) for job, seconds in measured]
        self.varying = varying_wildcards((job.rule, job.wildcards) for job in self.jobs.values())


# Of this process's run of Snakemake.
told = Told()


def job_of(record: logging.LogRecord) -> Job:
    """The job of Snakemake's event that says what will run."""
    return Job(record.rule_name, record.wildcards, record.output, record.log)


def planned_job(number: int, logs: Collection[str] = ()) -> Job | None:
    """A job as it was planned, since executors that submit several at once, as Slurm's, tell of none that starts.

    None if it was not; logs: its own, which the plan does not name.
    """
    planned = told.jobs.get(number)
    return planned and Job(planned.rule, planned.wildcards, logs=logs)


def runs_of(job: Job) -> int:
    """The runs that a job makes; 1 of jobs that make none."""
    return max(len(told.runs_made(job.wildcards)), 1) if "budget" in job.wildcards else 1


class Pace:
    """How long a study will take, by the kinds and sizes of its jobs and by how long those took that are done."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds."""
        self.clock, self.began = clock, clock()
        self.started: dict[int, float] = {}
        """When each job began, by its number."""
        self.running: dict[int, Job] = {}
        """Each job that runs, by its number."""
        self.took: dict[int, float] = {}
        """Seconds of each job that is done, by its number."""

    def observe(self, record: logging.LogRecord) -> None:
        """Take note of one of Snakemake's events."""
        event = getattr(record, "event", None)
        if event == "job_info":
            self.started[record.jobid] = self.clock()
            self.running[record.jobid] = job_of(record)
        elif event == "job_finished" and record.job_id in self.started:
            self.took[record.job_id] = self.clock() - self.started[record.job_id]
            self.running.pop(record.job_id, None)
        elif event == "job_error":
            self.running.pop(record.jobid, None)

    def longest(self, least: float = 0, quotes: float = 0) -> str:
        """How far the job is that has run longest: what it does and for how long.

        Empty if none has run for `least` seconds. From `quotes` seconds on it is told how far it is by its own log, in
        which libraries write too.
        """
        running = {number: self.clock() - self.started[number] for number in list(self.running)}
        number = max(running, key=running.__getitem__, default=None)
        job = self.running.get(number)
        if job is None or running[number] < least:
            return ""
        said = last_line(Path(job.logs[0]), HOW_FAR) if job.logs and running[number] >= quotes else ""
        return f"{going(job)} for {time_words(running[number])}" + (f": {said}" if said else "")

    def left(self, done: int, total: int) -> float | None:
        """Seconds until all jobs are done; by the mean pace where Snakemake has not said which they are.

        None while most of them would be guessed, since no job of these rules is done, in this run or an earlier one:
        the first jobs say little of what training takes.
        """
        passed = self.clock() - self.began
        planned = told.jobs
        known = self.took.keys() & planned.keys()
        here = [(planned[job], self.took[job]) for job in known]
        # Earlier runs may have had another machine, or more of it.
        rules_here = {job.rule for job, _ in here}
        seen = here + [(job, took) for job, took in told.measured if job.rule not in rules_here]
        if not seen:
            return passed / done * (total - done) if done else None
        per_work = sum(took for _, took in seen) / sum(job.work for job, _ in seen)
        # By rule, where jobs of it are done.
        seconds, works = Counter(), Counter()
        for job, took in seen:
            seconds[job.rule] += took
            works[job.rule] += job.work
        running = {job: self.clock() - self.started[job] for job in list(self.running)}
        remaining, guessed = [0.0], 0.0
        for job, size in planned.items():
            if job not in self.took:
                expected = size.work * (seconds[size.rule] / works[size.rule] if works[size.rule] else per_work)
                expected = max(expected - running.get(job, 0.0), 0.0)
                remaining.append(expected)
                guessed += 0.0 if works[size.rule] else expected
        if guessed > sum(remaining) / 2:
            return None
        # However many run side by side, the longest has to end.
        return max(sum(remaining) / self.beside({planned[job].rule for job in planned.keys() - known}), *remaining)

    def beside(self, rules: Collection[str]) -> float:
        """How many jobs run side by side on average, one at least, since the first of these rules began.

        Before that it may have been one at a time, as while a model or its lower layers are prepared.
        """
        now, planned = self.clock(), told.jobs
        own = [start for job, start in self.started.items() if job in planned and planned[job].rule in rules]
        since = min(own, default=self.began)
        ends = {job: self.started[job] + seconds for job, seconds in self.took.items()}
        ends |= dict.fromkeys(list(self.running), now)
        busy = sum(max(0.0, end - max(self.started[job], since)) for job, end in ends.items())
        return max(busy / max(now - since, 1e-9), 1.0)


def going(job: Job) -> str:
    """What a job does, told apart from others that are planned."""
    return job.going(told.varying.get(job.rule, ()))


def last_line(log: Path, like: str = "") -> str:
    """The last line of a log in which the pattern is found; empty if there is none."""
    if not log.is_file():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - TAIL))
        lines = stream.read().decode(errors="replace").split("\n")
    return one_line(next((line for line in reversed(lines) if line.strip() and re.search(like, line)), ""))


class Failures:
    """The jobs whose last attempt failed, by the events that Snakemake logs.

    Of a group of jobs that failed, Snakemake only says that it did; by their logs it is known which of them.
    """

    def __init__(self) -> None:
        self.known: dict[int, Job] = {}
        """Every job that has started, by its number."""
        self.jobs: dict[int, Job] = {}
        """Each failed job, by its number."""
        self.groups: list[set[int]] = []
        """The jobs of each group that failed."""
        self.stamps: dict[int, int] = {}
        """When the log of each job had been written last (ns) before the job started."""

    def observe(self, record: logging.LogRecord) -> None:
        """Take note of one of Snakemake's events; other records say nothing of failures."""
        event = getattr(record, "event", None)
        if event == "job_info":
            self.known[record.jobid] = job_of(record)
            self.stamps.setdefault(record.jobid, self.stamp(record.log))
        elif event == "group_error":
            self.groups.append({job["jobid"] for job in record.job_error_info})
        elif event == "job_error":
            told_of = self.known.get(record.jobid) or planned_job(record.jobid, record.log)
            self.jobs[record.jobid] = told_of or Job(record.rule_name, logs=record.log)
        elif event == "job_finished":
            self.jobs.pop(record.job_id, None)

    def stamp(self, logs: Sequence[str]) -> int:
        """When a job's log was written last; 0 if there is none."""
        # The job that starts meanwhile removes what an earlier attempt wrote.
        with suppress(IndexError, FileNotFoundError):
            return Path(logs[0]).stat().st_mtime_ns
        return 0

    def said(self, number: int) -> str:
        """Why a job failed, as the last line of its log says; empty if this attempt wrote nothing there."""
        logs = self.jobs[number].logs
        return last_line(Path(logs[0])) if self.stamp(logs) > self.stamps.get(number, 0) else ""

    def failed(self) -> list[int]:
        """The jobs that failed themselves; all of a group if none of its logs says which."""
        spoke = {job for job in self.jobs if (said := self.said(job)) and not said.startswith(DONE)}
        found = spoke | (self.jobs.keys() - set().union(*self.groups))
        for group in self.groups:
            if not group & found:
                found |= group & self.jobs.keys()
        return [job for job in self.jobs if job in found]

    def sentence(self, number: int) -> str:
        """What to say of a job once it has failed."""
        job = self.jobs[number]
        why = self.said(number) or "it ended without a word; it may have been killed, for instance for its memory"
        return f"Error: {why}\n  while {going(job)}; its log: {', '.join(job.logs)}"

    def __str__(self) -> str:
        """A list of the failed jobs, their logs and the last line of each."""
        lines = []
        for job in (self.jobs[number] for number in self.failed()):
            said = last_line(Path(job.logs[0])) if job.logs else ""
            lines.append(f"{going(job)}: {', '.join(job.logs)}" + (f": {said}" if said else ""))
        jobs, them = ("1 job", "it") if len(lines) == 1 else (f"{len(lines)} jobs", "them")
        head = f"{jobs} failed; the same command tries {them} again. The logs, and what they say last:"
        return "\n  ".join([head, *lines]) if lines else ""
