"""Jobs, time and memory of each rule of a finished study, from the records of its jobs."""

import argparse
from pathlib import Path

import pandas as pd

from elicitation.jobs.audit import read_records


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path(), help="where the study ran (default: here)")
    return parser.parse_args()


def stages_of(record: dict) -> list[dict]:
    """The records of the stages that a job trained, with their validations."""
    if "stages" in record:
        return [made["stage"] for made in record["stages"]]
    # A weak stage that came from a file was trained by another job.
    elsewhere = {"weak"} if any("results/stages/" in path for path in record["inputs"]) else set()
    stages = [item for run in record.get("runs", []) for item in run.get("stages", {}).items()]
    return [stage for name, stage in stages if name not in elsewhere]


def main() -> None:
    folder = parse_arguments().directory
    records = list(read_records(folder).values())
    jobs = pd.DataFrame(records)
    if jobs.empty:
        raise SystemExit(f"{folder} holds no record; run a study first, or name its folder with --directory.")
    jobs["training"] = [sum(stage["seconds"] for stage in stages_of(record)) for record in records]
    rules = jobs.groupby("rule").agg(
        jobs=("seconds", "size"),
        total=("seconds", "sum"),
        training=("training", "sum"),
        middle=("seconds", "median"),
        memory=("peak_memory_mb", "max"),
    )
    print("| rule | jobs | total, s | of it training, s | median, s | peak memory, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in rules.sort_values("total", ascending=False).itertuples():
        times = f"{row.total:,.1f} | {row.training:,.1f} | {row.middle:.1f}"
        print(f"| {row.Index} | {row.jobs} | {times} | {row.memory:,.0f} |")
    times = f"{jobs.seconds.sum():,.1f} | {jobs.training.sum():,.1f} |"
    print(f"| **all** | {len(jobs)} | {times} | {jobs.peak_memory_mb.max():,.0f} |")


if __name__ == "__main__":
    main()
