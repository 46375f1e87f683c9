from pathlib import Path

import pytest
from helpers import MINI, run_snakemake


@pytest.fixture(scope="session")
def mini_study(tmp_path_factory) -> Path:
    """A finished miniature study."""
    folder = tmp_path_factory.mktemp("mini")
    result = run_snakemake(folder, MINI)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
