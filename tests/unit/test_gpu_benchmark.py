"""benchmarks/gpu.py on a CPU: what it counts of a training step, as it was and as it is."""

import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--alone", "--device", "cpu", "--steps", "1", "--tokens", "10", "--rows", "8", "--engines", "transformers"]


def table(lines: list[str], first: str) -> pd.DataFrame:
    """The Markdown table whose header holds this column."""
    start = next(i for i, line in enumerate(lines) if f"| {first} |" in line)
    of_table = takewhile(lambda line: line.startswith("|"), lines[start:])
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in of_table]
    return pd.DataFrame(rows, columns=header)


def test_a_step_calls_fewer_operators_and_moves_and_keeps_fewer_bytes_than_before():
    command = [sys.executable, ROOT / "benchmarks/gpu.py", "tiny", *SMALL]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    ways = table(lines, "way").set_index("way")
    calls = ways.calls.str.replace(",", "").astype(int)
    moved, kept = ways["moved, MB"].astype(float), ways["kept, MB"].astype(float)
    assert calls["now, the GPU's attention"] < calls["now"] < 0.6 * calls["before"] < calls["a text at a time"]
    assert moved["now"] < 0.6 * moved["before"] and kept["now"] < kept["before"]
    assert kept["now, checkpointing"] < 0.5 * kept["now"]
    # Adapters are large beside so narrow layers.
    operations = ways.operations.astype(float)
    assert operations["now"] == operations["before"] and (operations > 1).all() and (operations < 1.6).all()
    assert (ways["tokens/s"].str.replace(",", "").astype(float) > 0).all()
    assert table(lines, "engine")["rows/s"].str.replace(",", "").astype(float).item() > 0
