"""Jobs, time and memory of each rule of a finished study, from the files that Snakemake's `benchmark:` writes."""

import argparse
from pathlib import Path

import pandas as pd


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path(), help="where the study ran (default: here)")
    return parser.parse_args()


def read_measured(folder: Path) -> pd.DataFrame:
    """One row a job, with its rule; figures of jobs too short to be measured are missing."""
    tables = [
        # Snakemake writes `-` as well as `NA`.
        pd.read_csv(file, sep="\t", na_values=["-"]).assign(rule=file.relative_to(folder).parts[0])
        for file in sorted(folder.rglob("*.tsv"))
    ]
    if not tables:
        raise SystemExit(f"{folder} holds no .tsv file; run a study first, or name its folder with --directory.")
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    jobs = read_measured(parse_arguments().directory / "benchmarks/measured")
    rules = jobs.groupby("rule").agg(
        jobs=("s", "size"),
        total=("s", "sum"),
        cpu=("cpu_time", "sum"),
        middle=("s", "median"),
        memory=("max_rss", "max"),
    )
    print("| rule | jobs | total, s | CPU, s | median, s | peak memory, MB |\n|---|---:|---:|---:|---:|---:|")
    for row in rules.sort_values("total", ascending=False).itertuples():
        print(f"| {row.Index} | {row.jobs} | {row.total:.1f} | {row.cpu:.1f} | {row.middle:.1f} | {row.memory:.0f} |")
    print(f"| **all** | {len(jobs)} | {jobs.s.sum():.1f} | {jobs.cpu_time.sum():.1f} | | {jobs.max_rss.max():.0f} |")


if __name__ == "__main__":
    main()
