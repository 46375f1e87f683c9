"""Seconds and memory that Snakemake takes to plan a study, with its grid once, twice and four times (more seeds)."""

import argparse
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def plan(study: dict, results: multiprocessing.Queue) -> None:
    """In a process of its own: one dry-run in an empty folder; jobs, seconds and MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(yaml.safe_dump(study))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", folder]
        started = time.perf_counter()
        output = subprocess.run(
            [*command, "--dry-run", "--printshellcmds", "--quiet", "rules", "--configfile", str(path), "--", "all"],
            capture_output=True, text=True, check=True, cwd=ROOT,
        )  # fmt: skip
        seconds = time.perf_counter() - started
    total = next(line for line in (output.stdout + output.stderr).splitlines() if line.startswith("total"))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    results.put((int(total.split()[1]), seconds, memory))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", nargs="?", type=Path, default=ROOT / "studies/paper.yaml", help="default: the paper's")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 4], help="sizes of the grid; default: 1 2 4")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT / "src"))
    from elicitation.study.validation import validate

    study = yaml.safe_load(arguments.study.read_text())
    print("| grid | runs | jobs | seconds | memory, MB |\n|---:|---:|---:|---:|---:|")
    for times in arguments.times:
        seeds = [seed + 1000 * copy for copy in range(times) for seed in study["seeds"]]
        larger = study | {"seeds": seeds}
        if "extra_seeds" in study:
            extra = [seed + 1000 * copy for copy in range(times) for seed in study["extra_seeds"]["seeds"]]
            larger["extra_seeds"] = study["extra_seeds"] | {"seeds": extra}
        results = multiprocessing.Queue()
        child = multiprocessing.Process(target=plan, args=(larger, results))
        child.start()
        jobs, seconds, memory = results.get()
        child.join()
        runs = len(validate(larger).made_runs)
        print(f"| {times} | {runs:,} | {jobs:,} | {seconds:.0f} | {memory:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
