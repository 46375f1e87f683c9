"""What many jobs cost besides their work: trivial runs through the real rules, and a check of finished ones."""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SEEDS = 20
POOL = {"pool_size": 2000, "test_size": 60, "supervision_size": 40}
STUDY = {
    "study": "scheduling",
    "device": "cpu",
    "sources": "local",
    "tasks": [{"name": "topic", "sandbox": "topic"} | POOL],
    "models": [
        {
            "name": "student",
            "learning_rate": 5e-3,
            "sandbox": {"layers": 1, "width": 32, "heads": 1, "steps": 1, "batch_size": 16, "learning_rate": 4e-3}
            | {"short_reviews": 0.5, "bare_tags": 0.3},
        }
    ],
    "supervisors": ["student"],
    "students": ["student"],
    "methods": ["sequential_sft"],
    "seeds": list(range(SEEDS)),
    "weak_prices": [0.1],
    "training": {"presentations": 40},
    "labelling": {"engine": "transformers"},
}
# All of its purchases are of gold labels alone, which belong to no supervisor.
RUNS = "results/runs/topic/no-supervisor/student/sequential_sft"
# Stands in for what trains: the scripts, their tables and their records stay as they are.
FAKES = {
    "models/loading": """
def require_hardware(settings):
    return None
""",
    "training/student": """
def load_students(*arguments):
    return []
""",
    "training/runs": """
from elicitation.buying.block import Run


def read_weak_stages(adapters, records):
    return {}


def texts_of_runs(block, style, test):
    return test


def train_blocks(blocks, students, test_ids, weak_stages, log, together):
    odds = [0.5] * len(test_ids)
    return [Run(*pair, block.seed, odds, bought) for block in blocks for pair, bought in block.purchases.items()]
""",
}
# `--touch` waits 0.1 s a job for clocks of coarse file systems.
TOUCH = """
import sys
from snakemake.cli import main
from snakemake.executors.touch import Executor
Executor.SLEEPING_TIME = 0
main(sys.argv[1:])
"""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help=f"trivial runs; a multiple of {SEEDS} (default: 2000)")
    parser.add_argument("--finished", type=int, default=20_000, help="finished runs that are checked (default: 20000)")
    parser.add_argument("--cores", default="2", help="cores that Snakemake uses (default: 2)")
    arguments = parser.parse_args()
    if arguments.runs % SEEDS or arguments.finished % SEEDS or max(arguments.runs, arguments.finished) // SEEDS > 1900:
        parser.error(f"--runs and --finished must be multiples of {SEEDS}, and at most {1900 * SEEDS}")
    return arguments


class Study:
    """A copy of the pipeline, whose training can be replaced, and a study of n runs, each a job."""

    def __init__(self, folder: Path, cores: str) -> None:
        self.code, self.folder, self.cores = folder / "code", folder / "study", cores
        self.folder.mkdir()
        for part in ("src", "workflow", "profiles", "envs"):
            shutil.copytree(ROOT / part, self.code / part)
        shutil.copy2(ROOT / "Snakefile", self.code)

    def resize(self, runs: int) -> None:
        grid = {"weak_price": 0.1, "gold_shares": [1], "budgets": list(range(1, runs // SEEDS + 1))}
        (self.folder / "config.yaml").write_text(yaml.safe_dump(STUDY | {"grid": grid}))

    def snakemake(self, *options: str, program: tuple[str, ...] = ("-m", "snakemake")) -> tuple[str, float, float]:
        """Standard output, wall-clock seconds and CPU seconds of one call."""
        command = [sys.executable, *program, "--snakefile", self.code / "Snakefile", "--directory", self.folder]
        command += ["--workflow-profile", self.code / "profiles/default", "--configfile", self.folder / "config.yaml"]
        command += ["--cores", self.cores, *options]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        with (self.folder / "output.txt").open("w") as errors:
            # Before where the environment has the package from.
            paths = os.environ | {"PYTHONPATH": str(self.code / "src")}
            result = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False, env=paths)
        if result.returncode:
            raise SystemExit((self.folder / "output.txt").read_text()[-3000:])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return result.stdout, time.perf_counter() - started, cpu

    def finish(self) -> None:
        """Make Snakemake believe that every file of the study has been made."""
        table, _, _ = self.snakemake("--summary", "--", "all")
        for line in table.splitlines()[1:]:
            file = self.folder / line.split("\t")[0]
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
        self.snakemake("--touch", "--quiet", "all", "--", "all", program=("-c", TOUCH))


def main() -> None:
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        study = Study(Path(folder), arguments.cores)
        study.resize(arguments.runs)
        orderings = [f"results/purchases/topic/s{seed}.parquet" for seed in range(SEEDS)]
        study.snakemake("--", *orderings, "results/weak_labels/topic/student.parquet")
        for module, code in FAKES.items():
            (study.code / f"src/elicitation/{module}.py").write_text(code)
        blocks = [f"b{budget}_s{seed}" for budget in range(1, arguments.runs // SEEDS + 1) for seed in range(SEEDS)]
        _, wall, cpu = study.snakemake("--", *[f"{RUNS}/{block}.parquet" for block in blocks])
        study.resize(arguments.finished)
        study.finish()
        _, check_wall, check_cpu = study.snakemake("--", "all")
        if "Nothing to be done" not in (study.folder / "output.txt").read_text():
            raise SystemExit("The study was not finished, so its check was not measured.")
    print(f"{arguments.cores} of {os.cpu_count()} cores\n")
    print("| what | wall-clock, s | CPU, s | a run, s |\n|---|---:|---:|---:|")
    print(f"| {arguments.runs:,} trivial runs | {wall:.1f} | {cpu:.1f} | {wall / arguments.runs:.3f} |")
    print(f"| check of {arguments.finished:,} finished runs | {check_wall:.1f} | {check_cpu:.1f} | |")


if __name__ == "__main__":
    main()
