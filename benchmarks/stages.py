"""Jobs, time and memory of each rule of a finished study, from the records of its jobs."""

import argparse
from pathlib import Path

import pandas as pd

from elicitation.files import read_json


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path(), help="where the study ran (default: here)")
    return parser.parse_args()


def read_records(folder: Path) -> pd.DataFrame:
    """One row a job: rule, seconds, peak_memory_mb, from the records that lie beside results and figures."""
    files = [file for part in ("results", "figures") for file in sorted((folder / part).rglob("*.json"))]
    jobs = [record for file in files if "peak_memory_mb" in (record := read_json(file))]
    if not jobs:
        raise SystemExit(f"{folder} holds no record; run a study first, or name its folder with --directory.")
    return pd.DataFrame(jobs)[["rule", "seconds", "peak_memory_mb"]]


def main() -> None:
    jobs = read_records(parse_arguments().directory)
    rules = jobs.groupby("rule").agg(
        jobs=("seconds", "size"),
        total=("seconds", "sum"),
        middle=("seconds", "median"),
        memory=("peak_memory_mb", "max"),
    )
    print("| rule | jobs | total, s | median, s | peak memory, MB |\n|---|---:|---:|---:|---:|")
    for row in rules.sort_values("total", ascending=False).itertuples():
        print(f"| {row.Index} | {row.jobs} | {row.total:,.1f} | {row.middle:.1f} | {row.memory:,.0f} |")
    print(f"| **all** | {len(jobs)} | {jobs.seconds.sum():,.1f} | | {jobs.peak_memory_mb.max():,.0f} |")


if __name__ == "__main__":
    main()
