"""Running the pipeline from tests."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from forks import run_forked

ROOT = Path(__file__).parents[2]
MINI = yaml.safe_load((Path(__file__).parent / "mini.yaml").read_text())
# Options of a dry run that shows Snakemake's table of rules.
TABLE = ("--dry-run", "--printshellcmds", "--quiet", "rules")
# Folder with real data sets in the hub's columns, for the tests that need them.
HUB_DATA = Path(os.environ.get("ELICITATION_HUB_DATA", ROOT.parent / "shared/hub"))


def missing(what: str, reason: str) -> None:
    """Skip the test for want of something, or fail it where .ci/run has found that it can be had."""
    if what in os.environ.get("ELICITATION_REQUIRED", "").split():
        pytest.fail(reason)
    pytest.skip(reason)


def install(what: str, *packages: str) -> None:
    """Install Debian's packages: one process at a time, with a second try for what a registry may do."""
    if os.geteuid() or shutil.which("apt-get") is None:
        missing(what, f"{what} is not here, and installing it takes root and Debian's packages")
    with FileLock(Path(tempfile.gettempdir()) / "elicitation-apt.lock"):
        for _ in range(2):
            subprocess.run(["apt-get", "update"], capture_output=True, check=False)
            command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
            installed = subprocess.run(command, capture_output=True, text=True, check=False)
            if installed.returncode == 0:
                return
            time.sleep(10)
    missing(what, f"{what} cannot be installed here: {installed.stderr.strip().splitlines()[-1]}")


def snakemake_command(folder: Path, config: dict | Path, *options: str, target: str = "all") -> list[str | Path]:
    """What runs the pipeline in `folder` on a study, given as a file or as the config itself; to be called in ROOT."""
    if isinstance(config, dict):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "config.yaml"
        path.write_text(yaml.safe_dump(config))
        config = path
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--workflow-profile"]
    command += [ROOT / "profiles/default", "--directory", folder, "--cores", "2", "--configfile", config]
    return [*command, *options, "--", target]


def run_snakemake(folder: Path, config: dict | Path, *options: str, target: str = "all") -> subprocess.CompletedProcess:
    """Run the pipeline to its end, in a fork of a process that has imported it; see snakemake_command."""
    _, _, *words = snakemake_command(folder, config, *options, target=target)
    return run_forked([str(word) for word in words], ROOT)


def run_alone(folder: Path, config: dict | Path, *options: str, target: str = "all") -> subprocess.CompletedProcess:
    """As run_snakemake, in a process and with a fork server of its own, as users run it."""
    command = snakemake_command(folder, config, *options, target=target)
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def jobs_planned(folder: Path, config: dict, target: str = "all") -> dict[str, int]:
    """Jobs by rule that a dry-run lists in Snakemake's own words."""
    result = run_snakemake(folder, config, *TABLE, target=target)
    assert result.returncode == 0, result.stderr
    table = (result.stdout + result.stderr).partition("Job stats:")[2].partition("total")[0]
    return {line.split()[0]: int(line.split()[1]) for line in table.splitlines()[3:] if line.strip()}
