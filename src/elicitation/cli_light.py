"""What the command says where `pip install .` has left out what it needs (docs/how-to/laptop.md)."""

import sys
from importlib.util import find_spec


def can_run() -> bool:
    """Whether the packages that run studies are installed."""
    return find_spec("snakemake") is not None


def require_run() -> None:
    """ModuleNotFoundError unless the packages that run studies are installed."""
    if not can_run():
        raise ModuleNotFoundError(name="snakemake")


def missing_part(error: ModuleNotFoundError) -> str:
    """The sentence about a module that a command did not find."""
    if error.name in sys.stdlib_module_names:
        return f"This command needs the Python module {error.name!r}, which this system does not have; use Linux."
    return (
        f"This command needs the Python package {error.name!r}, which is not installed; install the part of the "
        "project that runs studies, in the project's folder: pip install --editable '.[run]'"
    )
