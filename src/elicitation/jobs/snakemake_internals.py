"""All that this project uses of Snakemake without its documentation promising it.

No other file touches these things. Each function says what it relies on, and tests/unit/test_snakemake_internals.py
tries each against the installed Snakemake, so that an upgrade that changes one of them fails there.
`workflow` is everywhere the object of this name that Snakemake defines in a Snakefile.
"""

import logging
import re
from collections.abc import Collection, Sequence
from pathlib import Path

# How messages of Snakemake begin: nothing is to be done; it was told to stop; jobs have failed; one is tried again;
# what it always says; where its log is. And what it says where another run makes the same files.
NOTHING_TO_DO = "Nothing to be done"
TERMINATING = "Terminating processes on user request"
STOPPING = ("Will exit after finishing currently running jobs", TERMINATING)
JOBS_FAILED = ("Exiting because a job execution failed", "At least one job did not complete successfully")
RESTART = "Trying to restart job "
LOCKED = "Directory cannot be locked"
ASSUMED = "Assuming unrestricted shared filesystem usage"
LOG_FILE = "Complete log(s): "
# Why jobs would run: how Snakemake says it, and in words. That an input is made again by another job is no reason of
# its own.
REASONS = {
    "Missing output files": "not made yet",
    "Incomplete output files": "left unfinished",
    "Updated input files": "files they read have changed",
    "Set of input files has changed": "they read other files than before",
    "Params have changed": "settings have changed",
    "Code has changed": "code has changed",
    "Software environment definition has changed": "the environment has changed",
    "Forced execution": "asked for by an option",
    "Input files updated by another job": "what they read is made again",
}
# What a script job reads its `snakemake` object with, and so imports first.
JOB_MODULE = "snakemake.iocontainers"


def is_main_process(workflow) -> bool:
    """Whether this is the call of Snakemake that schedules, and not one that it started to run a job.

    Relies on `Workflow.is_main_process`.
    """
    return workflow.is_main_process


def jobs_run_here(workflow) -> bool:
    """Whether jobs run on this machine, and not on the nodes of a cluster. A job's own process runs it where it is.

    Relies on `Workflow.local_exec`, which is true of all calls while the Snakefile is read, since the executor is not
    known by then (`Workflow.executor_plugin`). Then it is one if a number of submissions is given, without which none
    may run elsewhere (`Workflow.resource_settings.nodes`); by `--jobs` beside `--cores`, or in a dry run, a call
    here gives one too.
    """
    if workflow.executor_plugin is None and workflow.is_main_process:
        return workflow.resource_settings.nodes is None
    return workflow.local_exec


def is_submitted(workflow) -> bool:
    """Whether this process runs jobs that were submitted to a cluster.

    Relies on `Workflow.remote_exec`.
    """
    return workflow.remote_exec


def only_touches(workflow) -> bool:
    """Whether Snakemake was called with --touch, so that no job reads or makes anything.

    Relies on `Workflow.touch`.
    """
    return workflow.touch


def deploys_software(workflow) -> bool:
    """Whether jobs run in containers, or in other environments that Snakemake makes, and not in this one.

    Relies on `Workflow.deployment_settings.deployment_method`.
    """
    return bool(workflow.deployment_settings.deployment_method)


def only_lints(workflow) -> bool:
    """Whether Snakemake was called with --lint, which looks at the rules and plans no job.

    Relies on `Workflow.check_envvars`, which is true of all other calls.
    """
    return not workflow.check_envvars


def user_of_module(workflow) -> str | None:
    """The absolute path of the Snakefile that uses the one being read as a module; None if it is none.

    Relies on `Workflow.modifier.is_main_snakefile()` and `.main_snakefile`.
    """
    return None if workflow.modifier.is_main_snakefile() else workflow.main_snakefile


def given_cores(workflow) -> int:
    """The number given by --cores, or 1 without one, as in calls that run nothing.

    `Workflow.cores` fails there. Relies on `Workflow.resource_settings.cores`.
    """
    return workflow.resource_settings.cores or 1


def temporary_folder(workflow) -> Path:
    """The folder for temporary files that Snakemake has made for this call, in which nothing lies.

    Relies on `Workflow.snakemake_tmp_dir`.
    """
    return workflow.snakemake_tmp_dir


def given_study(workflow) -> tuple[list[Path], list[str]]:
    """The files given by --configfile (absolute) and the `key=value` given by --config.

    Relies on `Workflow.config_settings.configfiles` and `.config_args`.
    """
    settings = workflow.config_settings
    return list(settings.configfiles), list(settings.config_args)


def given_settings(workflow) -> dict:
    """The settings given by `--config key=value`, as Snakemake has read them.

    Relies on `Workflow.config_settings.config`.
    """
    return dict(workflow.config_settings.config)


def given_targets(workflow) -> set[str]:
    """The rules and files that Snakemake was asked to make; empty where that was left to the workflow.

    Only once jobs are planned. Relies on `Workflow.dag_settings.targets`.
    """
    return set(workflow.dag_settings.targets)


def planned_rules(workflow) -> list[str]:
    """The rule of each job that will run. Only while or after jobs are planned, as in `onstart`.

    Relies on `Workflow.dag.needrun_jobs()` and on a job's `rule.name`.
    """
    return [job.rule.name for job in workflow.dag.needrun_jobs()]


def described(job) -> tuple[str, int, dict[str, str]]:
    """A job's rule, how many `purchases` it is given (1 if none), and its wildcards.

    Relies on a job's `rule.name`, `params` and `wildcards_dict`.
    """
    return job.rule.name, len(job.params.get("purchases") or [0]), dict(job.wildcards_dict)


def planned_jobs(workflow) -> dict[int, tuple[str, int, dict[str, str]]]:
    """By number, each job that will run and make something, as `described`. When: as planned_rules.

    Relies on `Workflow.dag.needrun_jobs()` and on a job's `jobid` and `output`.
    """
    return {job.jobid: described(job) for job in workflow.dag.needrun_jobs() if job.output}


def jobs_to_keep(workflow) -> list[tuple[tuple[str, int, dict[str, str]], Path]]:
    """Each job that will not run, as `described`, with the file of its `benchmark`, if its rule has one. When: as
    planned_rules.

    Relies on `Workflow.dag.jobs`, `Workflow.dag.needrun()` and on a job's `benchmark`.
    """
    kept = (job for job in workflow.dag.jobs if job.benchmark and not workflow.dag.needrun(job))
    return [(described(job), Path(job.benchmark)) for job in kept]


def planned_files(workflow) -> tuple[list[str], list[str]]:
    """The files that the jobs that will run read, and those that they make. When: as planned_rules.

    Relies on `Workflow.dag.needrun_jobs()` and on a job's `input` and `output`.
    """
    jobs = list(workflow.dag.needrun_jobs())
    read, made = ({str(file) for job in jobs for file in getattr(job, kind)} for kind in ("input", "output"))
    return sorted(read), sorted(made)


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


def stop_after_failed(workflow, checks: Collection[str]) -> None:
    """Let nothing start after a job of these rules has failed, but other jobs of them. Only in `onstart`.

    Relies on `Workflow.scheduler` with `keepgoing`, which it asks for whenever it may start jobs, `failed`, `running`
    and `open_jobs`, and on a job's or group's `rules`.
    """
    if workflow.scheduler.keepgoing:
        workflow.scheduler.keepgoing = KeepGoing(workflow.scheduler, checks)


def lift_rate_limit(workflow) -> None:
    """Let any number of jobs start in a second, where they run on this machine. Only in `onstart`.

    The limit, which spares the schedulers of clusters, makes Snakemake look at all jobs that wait for a core every
    second, and as many times more as jobs have ended: in a study of 214 jobs, a quarter of the time of a core.

    Relies on `Workflow.scheduler` with `job_rate_limiter`, which is None where there is no limit.
    """
    workflow.scheduler.job_rate_limiter = None


def starts_with(record: logging.LogRecord, *beginnings: str) -> bool:
    """Whether a message of Snakemake's that is no event begins so. Relies on the wording of the constants above."""
    return getattr(record, "event", None) is None and record.getMessage().startswith(beginnings)


def finds_lock(record: logging.LogRecord) -> bool:
    """Whether a message says that another run has locked files that this one would make. Relies on its wording."""
    return LOCKED in record.getMessage()


def plain_error(record: logging.LogRecord) -> str:
    """The sentence of an error that Snakemake logs, empty if another one has told it: that a job failed.

    Relies on the attribute `exception` of such a record, on the lines that name the place above and below the sentence
    of a WorkflowError, and on how the failure of a job's process is worded.
    """
    text = record.getMessage()
    failed = getattr(record, "exception", None) == "RuleException" and "CalledProcessError" in text
    raised = re.fullmatch(r'WorkflowError(?: in [^\n]*)?:\n(.*?)(?:\n  File "[^\n]*)*', text, re.DOTALL)
    sentence = raised[1] if raised else text
    return "" if failed or sentence.startswith(JOBS_FAILED) else sentence


def reasons_of(reason: str) -> list[str]:
    """Why a job would run, in words; reason: as Snakemake says it of the job. Relies on the wording of REASONS."""
    found = [words for beginning, words in REASONS.items() if beginning in reason]
    return found or [reason.partition(":")[0]]


def run_snakemake(words: Sequence[str]) -> bool:
    """Run Snakemake with these arguments in this process, so that both end together; whether it succeeded.

    Relies on `snakemake.cli.main(words)`, the function behind the command, which ends by SystemExit.
    """
    from snakemake.cli import main

    try:
        main(list(words))
    except SystemExit as end:
        return not end.code
    return True
