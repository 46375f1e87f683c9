"""Every command that README and docs print runs as it stands there, in its order, on finished small studies."""

import json
import os
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from functools import partial
from pathlib import Path

import pytest
import yaml
from forks import run_forked
from helpers import MINI, ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "figures/README.md", "benchmarks/README.md")]
PAGES[2:2] = sorted((ROOT / "docs").rglob("*.md"))
# A block of code, or a piece of code in a line.
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
COMMAND = re.compile(r"(snakemake|elicitation|make|python|pip|uv) \S.*")
# What the pages say of these needs more than a finished small study; each by how it begins.
ELSEWHERE = {
    "make pareto": "installs, and runs the default study (test_bare_machine, test_default_study)",
    "make test": "runs this test",
    "make env": "installs (test_bare_machine)",
    "make lock": "asks the package index",
    "make docs": "writes into the checkout (tests/unit/test_docs.py compares what it writes)",
    "python benchmarks/": "takes minutes, on larger studies",
    "elicitation init reviews.csv": "wants the table that the tutorial downloads (tests/unit/test_first_study.py)",
    "python - <<'END'": "is the first of several lines, which ask the package index",
    "python -m pytest": "runs tests",
    "make format": "writes into the checkout",
    "elicitation COMMAND": "holds a name to be chosen",
    "pip install": "asks the package index",
    "snakemake --profile profiles/slurm": "wants a cluster (test_slurm)",
    "snakemake --software-deployment-method apptainer": "wants Apptainer",
    "snakemake --cores all --resources gpu=N": "holds a number to be chosen",
    "python -m vllm.entrypoints.launchers.api_server.entry": "serves until it is ended (test_api_supervisor)",
}
# What stands in a text as the name of a command, and is none without more words.
NAMES_ALONE = {"elicitation init", "elicitation recommend"}
# The folders of other studies that the pages name.
STUDIES = ("mine", "own", "sandbox", "reviews", "salience", "error_kinds", "default")
FOLDERS = (*(f"runs/{name}" for name in STUDIES), "FOLDER")


def commands_of(page: Path) -> list[str]:
    """The commands on a page, each once, in their order."""
    found = []
    for block, piece in CODE.findall(page.read_text()):
        for line in (block or piece).splitlines():
            command = re.sub(r"\s+#.*", "", line).strip()
            if COMMAND.fullmatch(command) and command not in NAMES_ALONE:
                found.append(command)
    return list(dict.fromkeys(found))


def is_elsewhere(command: str) -> bool:
    return any(command.startswith(beginning) for beginning in ELSEWHERE)


PRINTED = [command for page in PAGES for command in commands_of(page)]
# Each with the first page that prints it.
PAGE_OF = {command: page.relative_to(ROOT) for page in reversed(PAGES) for command in commands_of(page)}
COMMANDS = [(PAGE_OF[command], command) for command in dict.fromkeys(PRINTED)]


def small_study() -> dict:
    """A study with the names that the pages use, which takes a minute."""
    study = deepcopy(MINI) | {"labelling": {"engine": "transformers"}, "supervisors": ["small-model"], "seeds": [0]}
    study["tasks"] = [study["tasks"][0] | {"name": "film"}]
    study["models"][1]["name"] = "small-model"
    study["models"][0]["learning_rate"] = "tuned"
    study["tuning"] = {"learning_rates": [1e-3, 5e-3], "seeds": 1}
    study["grid"] = study["grid"] | {"budgets": [4], "gold_shares": [0, 1]}
    return study


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A checkout whose studies are all the small one, and finished, with an environment that is installed."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("Snakefile", "Makefile", "envs", "src", "workflow", "profiles", "studies"):
        original = ROOT / name
        (shutil.copytree if original.is_dir() else shutil.copy)(original, checkout / name)
    named = [checkout / name for name in ("config.yaml", "studies/mine.yaml", "reviews.yaml")]
    for file in [*named, *(checkout / "studies").glob("*.yaml")]:
        file.write_text(yaml.safe_dump(small_study()))
    rows = [f"mail number {number} of {number * 7},{number % 2},{number % 3 % 2}" for number in range(300)]
    (checkout / "labels.csv").write_text("\n".join(["text,is_spam,llm", *rows]))
    (checkout / ".venv").mkdir()
    (checkout / ".venv/bin").symlink_to(Path(sys.prefix) / "bin")
    (checkout / ".venv/installed").touch()
    # In a process of its own, as users run it.
    result = run("exec snakemake --cores 2", checkout)
    assert result.returncode == 0, result.stdout + result.stderr
    for folder in FOLDERS:
        for part in ("results", "figures", "benchmarks", ".snakemake"):
            shutil.copytree(checkout / part, checkout / folder / part)
    return checkout


def run(command: str, checkout: Path) -> subprocess.CompletedProcess:
    own = {"PATH": f"{sys.prefix}/bin:{os.environ['PATH']}", "PYTHONPATH": str(checkout / "src")}
    environment = os.environ | own
    shell = partial(subprocess.run, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if not command.startswith(("elicitation ", "snakemake ")):
        return shell(["sh", "-c", command])
    # It ends in less time than its imports take. The shell says what its words are.
    words = shell(["sh", "-c", f"printf '%s\\0' {command}"]).stdout.split("\0")[:-1]
    return run_forked(words, checkout, environment)


def test_the_pages_hold_the_commands_that_they_are_known_for():
    found = [command for _, command in COMMANDS]
    assert {"snakemake -n", "elicitation verify", "make pareto"} <= {*found} and len(found) > 30
    assert "snakemake --report report.html" in found, "nor does it name a number of cores"
    assert all(any(command.startswith(beginning) for command in found) for beginning in ELSEWHERE)


@pytest.mark.parametrize(("page", "command"), [pair for pair in COMMANDS if not is_elsewhere(pair[1])], ids=str)
def test_a_command_runs_as_it_is_printed(checkout, page, command):
    result = run(command, checkout)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_runs_and_weak_stages_take_the_rate_that_was_tuned(checkout):
    results = checkout / "results"
    chosen = json.loads((results / "learning_rates/film/student.json").read_text())["chosen"]
    of_runs, of_stages = (
        list(results.glob(f"{kind}/film/*/student/{how}/*.json"))
        for kind, how in (("runs", "sequential_sft"), ("stages", "plain"))
    )
    rates = {json.loads(path.read_text())["protocol"]["learning_rate"] for path in of_runs + of_stages}
    assert of_runs and of_stages and rates == {chosen} and chosen in (1e-3, 5e-3)


@pytest.mark.parametrize("options", ["--lint", "--summary", "--rulegraph", "--touch", "--delete-all-output --dry-run"])
def test_what_runs_no_job_needs_no_number_of_cores(checkout, options):
    result = run(f"snakemake {options}", checkout)
    assert result.returncode == 0, result.stdout + result.stderr


def test_all_output_is_deleted_without_a_number_of_cores(checkout):
    """Last: it deletes a finished study."""
    result = run("snakemake --directory FOLDER --delete-all-output", checkout)
    assert result.returncode == 0 and not list((checkout / "FOLDER/results").rglob("*.parquet")), result.stderr
