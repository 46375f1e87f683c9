"""For people who know Snakemake: the workflow as a module of another one, and `--lint` with nothing but Snakemake."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml
from helpers import MINI, ROOT

# Another workflow with a rule of its own, which reads a result of this one.
USER = """
configfile: "config/study.yaml"

rule all:
    input:
        "counted.txt",

module elicitation:
    snakefile: "{root}/workflow/Snakefile"
    config: config["labels"]
    {prefix}

use rule * from elicitation exclude all

rule count:
    input:
        "{folder}results/tasks/mine/pool.parquet",
    output:
        "counted.txt",
    shell:
        "wc -c {{input}} > {{output}}"

onstart:
    elicitation.onstart()
"""


def study() -> dict:
    """The miniature with a table of one's own, whose relative path starts from the folder of the other workflow."""
    study = MINI | {"tasks": [{"name": "mine", "table": "labels.csv", "test_size": 20}], "seeds": [0]}
    study["supervisors"] = [{"name": "llm", "columns": {"llm": 0.1}}]
    return study | {"grid": {"weak_price": 0.1, "budgets": [4], "gold_shares": [0, 1]}}


@pytest.fixture
def user(tmp_path):
    """The folder of the other workflow; without its Snakefile."""
    for name in ("workflow", "config"):
        (tmp_path / name).mkdir()
    rows = [f"mail number {n} of {n * 7},{n % 2},{n % 3 % 2}" for n in range(100)]
    (tmp_path / "labels.csv").write_text("\n".join(["text,gold,llm", *rows]))
    (tmp_path / "config/study.yaml").write_text(yaml.safe_dump({"labels": study(), "mine": 1}))
    return tmp_path


def call(user: Path, *words: str, prefix: str = "") -> subprocess.CompletedProcess:
    """Snakemake in the other workflow's folder, where nothing but its Snakefile tells of this repository."""
    given, folder = (f'prefix: "{prefix}"', f"{prefix}/") if prefix else ("", "")
    (user / "workflow/Snakefile").write_text(USER.format(root=ROOT, prefix=given, folder=folder))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *words]
    return subprocess.run(command, cwd=user, capture_output=True, text=True, check=False)


def test_the_rules_of_the_module_make_what_the_other_workflow_asks_for(user):
    """The other workflow's own `all` stays what is made; results lie below the prefix, the user's table does not."""
    result = call(user, prefix="labels")
    assert result.returncode == 0, result.stdout + result.stderr
    record = json.loads((user / "labels/results/tasks/mine/card.json").read_text())
    assert "labels.csv" in record["inputs"] and (user / "counted.txt").exists()
    assert record["command"] == f"snakemake --cores all --snakefile {user}/workflow/Snakefile"
    assert "Models compute in float32." in result.stderr, "onstart was called"


def test_the_whole_study_is_planned_and_checked_in_a_module(user):
    planned = call(user, "--dry-run", "--quiet", "rules", "--", "study")
    assert planned.returncode == 0, planned.stderr
    assert re.search(r"train_runs +2\n.*write_answer +1\n", planned.stdout + planned.stderr, re.DOTALL)
    (user / "labels.csv").unlink()
    refused = call(user, "--dry-run")
    assert refused.returncode == 1 and "the table labels.csv is no file; correct" in refused.stdout
    assert refused.stdout.count("\n") < 5, "one sentence"


def with_needed(package: str, found: dict) -> dict:
    """By name, the distributions that a package needs, as far as they are installed, and itself."""
    name = re.sub(r"[-_.]+", "-", package).lower()
    if name not in found:
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            return found
        for needed in found[name].requires or []:
            if "extra ==" not in needed:
                with_needed(re.match(r"[\w.-]+", needed)[0], found)
    return found


def test_lint_is_content_in_an_environment_with_snakemake_alone(tmp_path):
    """As the Snakemake workflow catalog calls it; an environment with links to what Snakemake itself needs."""
    for package in with_needed("snakemake", {}).values():
        for name in {file.parts[0] for file in package.files} - {"..", "__pycache__"}:
            if not (tmp_path / name).exists():
                (tmp_path / name).symlink_to(package.locate_file(name))
    # -S leaves out all that is installed beside.
    command = [sys.executable, "-S", "-m", "snakemake", "--lint"]
    result = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0 and "in a good condition" in result.stderr, result.stderr
