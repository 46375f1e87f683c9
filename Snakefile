# How many weak and how many gold labels to buy: see README.md, and docs/architecture.md for the map.
import os
import sys
from contextlib import suppress
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

min_version("9.27")
# Snakemake hands the scheduler's path on to script jobs.
sys.path.insert(0, f"{workflow.basedir}/src")

from elicitation.errors import InputError
from elicitation.study.reading import read_yaml, with_overrides
from elicitation.study.validation import validate
from elicitation.jobs.forkserver import start_fork_server
from elicitation.models.hardware import Hardware, check_precision, describe_precision
from elicitation.jobs.script import JOBS_PER_GPU, SCHEDULER
from elicitation.jobs.progress import Failures, KeepGoing, TimeLeft
from elicitation.jobs.records import COMMAND_VARIABLE, study_command
from elicitation.jobs.recovery import check_inputs, check_writable, hold_folder, fix, remaking, writing

failures = Failures()
logger.addHandler(failures)
logger.addHandler(TimeLeft())

try:
    # Snakemake takes the last of two equal keys.
    for file in workflow.config_settings.configfiles or [Path(workflow.basedir, "config.yaml")]:
        read_yaml(file)
except InputError as error:
    raise WorkflowError(str(error)) from None

# A study given by --configfile is complete: the default must not be merged into it.
if not workflow.config_settings.configfiles:

    configfile: f"{workflow.basedir}/config.yaml"


try:
    if workflow.is_main_process:
        check_writable([Path.cwd()])
        running = hold_folder(Path(".snakemake"))
    study = validate(with_overrides(config, workflow.config_settings.config))
    hardware = Hardware(study.device, precision=study.precision)
    if workflow.local_exec:
        check_precision(hardware)
except InputError as error:
    raise WorkflowError(str(error)) from None
os.environ |= {
    SCHEDULER: str(os.getpid()),
    JOBS_PER_GPU: str(study.jobs_per_gpu),
    COMMAND_VARIABLE: study_command(workflow.config_settings.configfiles, workflow.config_settings.config_args),
}


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


onstart:
    if workflow.local_exec:
        print(describe_precision(hardware), file=sys.stderr)
    try:
        check_writable(map(Path, ("results", "figures", "logs", "benchmarks")))
        # With --touch no job reads anything.
        if not workflow.touch:
            with writing("results"):
                if fix(remake):
                    start_again()
                check_inputs(planned("input"), planned("output"))
            if shared := shared_imports():
                # Without it jobs begin more slowly.
                with suppress(OSError):
                    start_fork_server(shared)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    if workflow.scheduler.keepgoing:
        workflow.scheduler.keepgoing = KeepGoing(workflow.scheduler, CHECKS)


onerror:
    print(failures, file=sys.stderr)
