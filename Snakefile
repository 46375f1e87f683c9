# How many weak and how many gold labels to buy: see README.md, and docs/architecture.md for the map.
import sys

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

min_version("9.27")
# Snakemake hands the scheduler's path on to script jobs.
sys.path.insert(0, f"{workflow.basedir}/src")

from elicitation.config import validate
from elicitation.errors import InputError
from elicitation.progress import TimeLeft

logger.addHandler(TimeLeft())

# A study given by --configfile is complete: the default must not be merged into it.
if not workflow.config_settings.configfiles:

    configfile: f"{workflow.basedir}/config.yaml"


try:
    study = validate(config)
except InputError as error:
    raise WorkflowError(str(error)) from None


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/supervision.smk"
include: "workflow/rules/elicitation.smk"
include: "workflow/rules/results.smk"


rule all:
    default_target: True
    input:
        "figures/pareto.pdf",
        "figures/spending.pdf",
