from pathlib import Path

import pytest
from filelock import FileLock
from helpers import MINI, run_alone

# Files that take minutes; the one that waits most comes first.
LONG = (
    "slurm",
    "bare_machine",
    "crashes",
    "default_study",
    "real_models",
    "api_student",
    "api_supervisor",
    "all_methods",
    "own_study",
    "commands",
)


def pytest_collection_modifyitems(items) -> None:
    """Long files first, so that none is left to run alone at the end."""
    places = {f"test_{name}.py": place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="session")
def mini_study(tmp_path_factory, worker_id) -> Path:
    """A finished miniature study, made once for all processes that run tests."""
    shared = tmp_path_factory.getbasetemp()
    folder = (shared if worker_id == "master" else shared.parent) / "mini"
    with FileLock(folder.with_suffix(".lock")):
        result = run_alone(folder, MINI)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
