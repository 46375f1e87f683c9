"""Seconds and memory for reading a table of 100,000 rows, and finding what can be bought of it and near copies in it.

Every format is read in a process of its own. The table has texts of 20 words, gold labels of a tenth of the rows and
five weak columns with gaps; the long one has one row for each vote, five votes a text.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.data.table_survey import survey_copies, survey_table

WORDS = 20
COLUMNS = [f"ann{i}" for i in range(5)]
WIDE = ("wide.csv", "wide.jsonl", "wide.json", "wide.parquet")
TASK = {"name": "own", "text": "{text}", "label": "gold", "test_size": 300}


def write_tables(folder: Path, n: int) -> None:
    """The tables in every format, of n rows each."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(5000)])
    texts = [" ".join(row) for row in words[rng.integers(len(words), size=(n, WORDS))]]
    gold = np.where(np.arange(n) % 10 == 0, rng.integers(2, size=n), np.nan)
    table = pd.DataFrame({"text": texts, "gold": gold})
    for column in COLUMNS:
        table[column] = np.where(rng.random(n) < 0.7, rng.random(n).round(3), np.nan)
    table.to_csv(folder / "wide.csv", index=False, sep=";", encoding="utf-16")
    table.to_json(folder / "wide.jsonl", orient="records", lines=True)
    table.to_json(folder / "wide.json", orient="records", indent=1)
    table.to_parquet(folder / "wide.parquet")
    long = table[: n // len(COLUMNS)].melt(["text", "gold"], COLUMNS, "worker", "vote")
    long.assign(vote=long.vote.round()).to_csv(folder / "long.csv", index=False)


def read(path: Path) -> dict:
    """Seconds and peak memory in MB of this process, once it has read the table."""
    if path.stem == "long":
        columns = [{"name": "vote", "column": "vote", "worker": "worker"}]
    else:
        columns = [{"name": name, "column": name} for name in COLUMNS]
    start = time.perf_counter(), time.process_time()
    survey_table(TASK | {"table": path.name}, str(path.parent), {"crowd": columns})
    survey_copies(TASK | {"table": path.name}, str(path.parent))
    seconds, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    # Unlike getrusage's peak, that of a process begins with its own program.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {"s": seconds, "CPU s": cpu, "MB": int(peak.split()[1]) / 1024}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(read(arguments.read)))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder), arguments.rows)
        print("| table | s | CPU s | MB |\n|---|---:|---:|---:|")
        for name in (*WIDE, "long.csv"):
            command = [sys.executable, __file__, "--read", str(Path(folder, name))]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            print(f"| `{name}` | {found['s']:.1f} | {found['CPU s']:.1f} | {found['MB']:.0f} |")


if __name__ == "__main__":
    main()
