"""The house: which part of the project may use which, and how large its parts may be."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/elicitation"
# From the top down. A wing uses itself and floors below its own; wings of one floor do not use each other.
FLOORS = (
    # What `make docs` writes of it.
    ("cli_reference",),
    ("cli",),
    # Commands of it, its help, and what all of them say.
    ("cli_ask", "cli_explore", "cli_init", "cli_tune"),
    ("cli_help", "cli_light"),
    ("study",),
    ("figures", "explorer", "api", "training"),
    ("jobs",),
    ("models", "analysis"),
    ("data",),
    ("buying",),
    ("files", "errors", "seeds"),
)
FLOOR_OF = {wing: floor for floor, wings in enumerate(FLOORS) for wing in wings}
# Lines, at most, of a file and of a function.
MAX_FILE, MAX_FUNCTION = 400, 60
MODULES = sorted(SOURCE.rglob("*.py"))


def wing_of(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def wings_used(module: Path) -> set[str]:
    """The wings that a module imports, at its top or within a function."""
    used = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "elicitation":
            parts = node.module.split(".")
            used |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            used |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("elicitation.")}
    return used


@pytest.mark.parametrize("module", [m for m in MODULES if m.parent != SOURCE or m.stem != "__init__"], ids=str)
def test_no_wing_uses_one_above_or_beside_it(module):
    own = wing_of(module)
    wrong = {wing for wing in wings_used(module) if wing != own and FLOOR_OF[wing] <= FLOOR_OF[own]}
    # The files at the bottom are single modules, not wings, and may use each other.
    assert FLOOR_OF[own] == len(FLOORS) - 1 or not wrong


def test_a_wing_above_would_be_seen(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(
        "def f():\n    from elicitation.study.validation import validate\n    from elicitation import seeds\n"
    )
    assert wings_used(module) == {"study", "seeds"}


@pytest.mark.parametrize("part", ["src", "workflow"])
def test_files_and_functions_are_short_enough_to_read(part):
    long = []
    for file in (ROOT / part).rglob("*.py"):
        text = file.read_text()
        if len(text.splitlines()) > MAX_FILE:
            long.append(file)
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        long += [f"{file}: {node.name}" for node in functions if node.end_lineno - node.lineno >= MAX_FUNCTION]
    assert not long
