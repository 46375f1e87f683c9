"""How long jobs took that are done, by Snakemake's benchmark files."""

import csv
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MEASURED = "benchmarks/measured"


def rule_of(job: str) -> str:
    """The rule of a job, by the path of what is measured of it."""
    return job.partition("/")[0]


def seconds_of(file: Path) -> float | None:
    """The seconds of a job, by its benchmark file; None where there is none that can be read."""
    with suppress(OSError, KeyError, ValueError), file.open(newline="") as lines:
        return sum(float(row["s"]) for row in csv.DictReader(lines, delimiter="\t")) or None
    return None


def measured_seconds(folder: Path, jobs: Iterable[str]) -> dict[str, float]:
    """The seconds of the jobs that were measured in a study's folder, by the path of what is measured of them."""
    seconds = {job: seconds_of(folder / MEASURED / f"{job}.tsv") for job in jobs}
    return {job: took for job, took in seconds.items() if took is not None}
