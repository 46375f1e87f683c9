"""What `make` refuses before it installs anything."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["My Projects", "it's", "a;b"])
def test_a_folder_from_which_no_job_could_start_is_refused(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "envs", folder / "envs")
    command = ["make", "env", f"PYTHON={sys.executable}"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode != 0 and not (folder / ".venv").exists()
    words = f"Snakemake starts no jobs from {folder}: its path holds a space or a sign that shells read; move it."
    assert result.stdout.splitlines()[-1] == words
