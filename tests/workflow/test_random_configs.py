"""Random valid configs dry-run, and so do random changes of them, unless they are refused with a sentence."""

import os
from pathlib import Path

import pytest
import yaml
from helpers import ROOT
from hypothesis import HealthCheck, given, settings
from random_configs import OWN_STUDY, STUDY, mutations, studies, write_files
from snakemake.api import SnakemakeApi
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    OutputSettings,
    ResourceSettings,
    StorageSettings,
    WorkflowSettings,
)

EXAMPLES = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study's folder with the files that the configs name."""
    folder = tmp_path_factory.mktemp("random")
    write_files(folder)
    return folder


@pytest.fixture(autouse=True)
def as_it_was():
    """Snakemake changes folder and environment of the process that it runs in."""
    place, environment = Path.cwd(), dict(os.environ)
    yield
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)


def dry_run(study: dict, folder: Path) -> None:
    """Build the DAG of all that the study wants, in this process: a fraction of a second; WorkflowError if refused."""
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    with SnakemakeApi(OutputSettings(dryrun=True)) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=2),
            config_settings=ConfigSettings(configfiles=[folder / "study.yaml"]),
            storage_settings=StorageSettings(),
            workflow_settings=WorkflowSettings(),
            snakefile=ROOT / "Snakefile",
            workdir=folder,
        )
        workflow.dag(dag_settings=DAGSettings()).execute_workflow(executor="dryrun")


@pytest.mark.parametrize("study", [STUDY, OWN_STUDY], ids=["everything", "own labels"])
def test_the_studies_with_something_of_everything_dry_run(study, folder):
    # Another seed would repeat its jobs.
    dry_run(study | {"seeds": [0]}, folder)


@EXAMPLES
@given(study=studies())
def test_random_valid_configs_dry_run(folder, study):
    dry_run(study, folder)


@EXAMPLES
@given(study=mutations())
def test_random_mutations_dry_run_or_are_refused(folder, study):
    try:
        dry_run(study, folder)
    except WorkflowError as error:
        assert str(error).startswith(("Config, ", "Task ", "Model ", "The study "))
