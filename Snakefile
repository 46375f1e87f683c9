# How many weak and how many gold labels to buy: see README.md, and docs/explanation/architecture.md for the map.
import os
import sys
from contextlib import suppress
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version, update_config

min_version("9.27.1")
# Snakemake hands the scheduler's path on to script jobs.
sys.path.insert(0, f"{workflow.current_basedir}/src")

from elicitation.errors import InputError
from elicitation.jobs import snakemake_internals as internals
from elicitation.jobs.damage import check_inputs
from elicitation.jobs.forkserver import start_fork_server
from elicitation.jobs.processes import (
    check_interpreter,
    end_at_second_interrupt,
    name_user,
    open_standard_streams,
)
from elicitation.jobs.progress import TOLD, told
from elicitation.jobs.records import COMMAND_VARIABLE, study_command
from elicitation.jobs.repair import explain_unfinished
from elicitation.jobs.script import JOBS_PER_GPU, SCHEDULER
from elicitation.jobs.study_folder import check_temporary, check_writable, hold_folder, writing
from elicitation.jobs.temporary import hold_temporary
from elicitation.models.hardware import Hardware, check_precision, describe_precision
from elicitation.study.bills import open_bills
from elicitation.study.changes import hash_config
from elicitation.study.reading import read_yaml, with_overrides
from elicitation.study.validation import validate, well_formed
from elicitation.study.warnings import warn_of_copies

# Before any file is opened whose number jobs could take for that of a standard stream.
open_standard_streams()
name_user()
configfiles, overrides = internals.given_study(workflow)
# Of a module: the Snakefile that uses it, which hands a study on to it as its `config`.
user = internals.user_of_module(workflow)
schedules = internals.is_main_process(workflow) and not internals.only_lints(workflow)
unfinished = None
try:
    # A study given by --configfile is complete: the default is not merged into it. Snakemake, which has read it too,
    # takes the last of two equal keys.
    for file in [] if user else configfiles or [Path(f"{workflow.current_basedir}/config.yaml")]:
        update_config(config, read_yaml(file))
    if schedules:
        check_interpreter()
        check_writable([Path.cwd()])
        check_temporary()
        running = hold_folder(jobs_end=internals.jobs_run_here(workflow))
        # Jobs on other machines have folders of their own there.
        if internals.jobs_run_here(workflow):
            with writing("a folder for temporary files"):
                hold_temporary(internals.temporary_folder(workflow))
        # A repair that ends while this run plans would leave it with a plan by the wrong times.
        unfinished = explain_unfinished()
    typed = {key: value for key, value in internals.given_settings(workflow).items() if key in config}
    config.update(with_overrides(config, typed))
    config_hash = hash_config(config)
    # To look at the rules alone takes nothing that the study needs on this machine.
    study = well_formed(config) if internals.only_lints(workflow) else validate(config)
    # What jobs are told of the study beside their settings, which make them again when they change.
    config["keep_weak_stages"] = study.keep_weak_stages
    hardware = Hardware(study.device, precision=study.precision)
    if internals.jobs_run_here(workflow):
        check_precision(hardware)
    if schedules:
        warnings = [f"Warning: {warning}" for warning in study.warnings]
        for line in [*warnings, *open_bills(study, Path.cwd())]:
            print(line, file=sys.stderr)
except InputError as error:
    raise WorkflowError(str(error)) from None
os.environ |= {
    SCHEDULER: str(os.getpid()),
    JOBS_PER_GPU: str(study.jobs_per_gpu),
    COMMAND_VARIABLE: study_command(configfiles, overrides, user),
}
if told.listens:
    os.environ[TOLD] = "1"

if any(word.startswith("--report") for word in sys.argv):
    from elicitation.jobs import report_page

    report_page.register()


# What it says is found by a directive of its own.
report: "workflow/report/front_page.rst"


# Read only with `--software-deployment-method apptainer`; docs/how-to/environments.md says how the image is made.
container: f"{workflow.current_basedir}/envs/elicitation.sif"


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/supervision.smk"
include: "workflow/rules/elicitation.smk"
include: "workflow/rules/api.smk"
include: "workflow/rules/results.smk"
include: "workflow/rules/decisions.smk"


rule all:
    default_target: True
    input:
        RESULTS,


# What the logger plugin says of the jobs.
told.plan({})
told.runs_made = runs_made
told.asks_for_answer = lambda: {"all", "results/answer.md"} & (internals.given_targets(workflow) or {"all"})


onstart:
    end_at_second_interrupt()
    if internals.jobs_run_here(workflow):
        print(describe_precision(hardware), file=sys.stderr)
    try:
        if unfinished:
            raise InputError(unfinished)
        check_writable(map(Path, ("results", "figures", "logs", "benchmarks")))
        # With --touch no job reads anything.
        if not internals.only_touches(workflow):
            with writing("results"):
                check_inputs(*internals.planned_files(workflow))
            planned = internals.planned_jobs(workflow)
            prepared = {wildcards["task"] for rule, _, wildcards in planned.values() if rule == "prepare_task"}
            for warning in warn_of_copies(study, prepared):
                print(f"Warning: {warning}", file=sys.stderr)
            told.plan({number: with_texts(job) for number, job in planned.items()}, measured_jobs())
            if shared := shared_imports():
                # Without it jobs begin more slowly.
                with suppress(OSError):
                    start_fork_server(shared)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    internals.stop_after_failed(workflow, CHECKS)
    if internals.jobs_run_here(workflow):
        internals.lift_rate_limit(workflow)
