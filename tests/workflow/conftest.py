from pathlib import Path

import pytest
from filelock import FileLock
from helpers import MINI, run_snakemake


@pytest.fixture(scope="session")
def mini_study(tmp_path_factory, worker_id) -> Path:
    """A finished miniature study, made once for all processes that run tests."""
    shared = tmp_path_factory.getbasetemp()
    folder = (shared if worker_id == "master" else shared.parent) / "mini"
    with FileLock(folder.with_suffix(".lock")):
        result = run_snakemake(folder, MINI)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
