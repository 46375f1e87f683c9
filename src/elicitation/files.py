"""Writing result files: whole or not at all, with a record of where they come from."""

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

RECORDED_PACKAGES = ("torch", "transformers", "peft", "numpy", "pandas", "scikit-learn")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary name beside `path` that is renamed to it when the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: str | Path, value) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_table(path: str | Path, table) -> None:
    """A pandas table as parquet or, by its ending, CSV."""
    with replacing(path) as temporary:
        if Path(path).suffix == ".csv":
            table.to_csv(temporary, index=False, lineterminator="\n")
        else:
            table.to_parquet(temporary, index=False, compression="zstd")


def read_json(path: str | Path):
    return json.loads(Path(path).read_text())


def hash_file(path: str | Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names."""
    path, digest = Path(path), hashlib.sha256()
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(str(file.relative_to(path)).encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def hash_ids(ids: list[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def code_version(root: Path = Path(__file__).parents[2]) -> str:
    """The git commit, with `-dirty` where tracked files differ from it; `unknown` outside a git checkout."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"


def provenance(study: str, inputs: dict[str, str], started: float, device: str = "cpu") -> dict:
    """What every record says of its making.

    inputs: files or folders read, by role; started: time.perf_counter() at the start.
    """
    import resource

    # Packages that were not imported had no part in the result.
    used = [name for name in RECORDED_PACKAGES if name.replace("scikit-learn", "sklearn") in sys.modules]
    return {
        "study": study,
        "code": code_version(),
        "inputs": {role: {"path": str(path), "sha256": hash_file(path)} for role, path in inputs.items()},
        "packages": {name: version(name) for name in used},
        "python": platform.python_version(),
        "device": device,
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
