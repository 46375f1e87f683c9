import subprocess
import sys

import pytest

JOB = """
import os, sys
from types import SimpleNamespace
from elicitation.errors import InputError
from elicitation.jobs import job

with job(SimpleNamespace(threads=1, log=[sys.argv[1]])):
    print("working on", os.environ["OMP_NUM_THREADS"], "thread")
    os.system("echo a child process")
    {ending}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "src")

    def run_job(ending, root):
        command = [sys.executable, "-c", JOB.format(ending=ending), tmp_path / "log"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
        return result, (tmp_path / "log").read_text()

    return run_job


def test_a_job_that_succeeds_writes_to_its_log_only(run, pytestconfig):
    result, log = run("pass", pytestconfig.rootpath)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert "working on 1 thread" in log
    assert "a child process" in log


def test_bad_input_ends_a_job_with_one_sentence(run, pytestconfig):
    result, log = run("raise InputError('The pool is empty; fill it.')", pytestconfig.rootpath)
    assert result.returncode == 1
    assert result.stderr.strip() == "Error: The pool is empty; fill it."
    assert "Traceback" not in log


@pytest.mark.parametrize("ending", ["1 / 0", "raise KeyboardInterrupt"])
def test_other_errors_end_a_job_with_a_line_and_a_traceback_in_the_log(run, pytestconfig, ending):
    result, log = run(ending, pytestconfig.rootpath)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "log" in result.stderr
    assert "Traceback" in log
