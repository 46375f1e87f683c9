"""Writing and hashing result files; a file appears whole or not at all."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from elicitation.errors import redact

# The names of files that are being written.
PARTIAL = re.compile(r"\..+\.\d+(\.\w+)?")


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary name beside `path` that is renamed to it when the block succeeds; a power cut leaves one or none."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        # 5 ms a file.
        sync(temporary)
        temporary.rename(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: str | Path, value) -> None:
    with replacing(path) as temporary:
        temporary.write_text(redact(json.dumps(value, indent=1, sort_keys=True)) + "\n")


def write_lines(path: str | Path, rows: Iterable[dict]) -> None:
    """Rows as JSON, one a line; what a terminal would not show as it is stands as its code."""
    lines = (redact(json.dumps(row, ensure_ascii=False)) for row in rows)
    shown = ("".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line) for line in lines)
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in shown))


def write_table(path: str | Path, table) -> None:
    """A pandas table as parquet or, by its ending, CSV."""
    with replacing(path) as temporary:
        if Path(path).suffix == ".csv":
            table.to_csv(temporary, index=False, lineterminator="\n")
        else:
            table.to_parquet(temporary, index=False, compression="zstd")


def read_json(path: str | Path):
    return json.loads(Path(path).read_text())


def visible_files(folder: Path) -> list[Path]:
    """All files below a folder, sorted, without what starts with a dot: Snakemake's marks, a download's cache."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(folder / path for path in files if not any(part.startswith(".") for part in path.parts))


def is_file(path: str | Path) -> bool:
    """Whether there is such a file. Unlike Path.is_file, it takes names that no file can have."""
    return os.path.isfile(path)  # noqa: PTH113


def hash_file(path: str | Path) -> str:
    """SHA-256 of a file, or of a folder's visible files with their names."""
    path, digest = Path(path), hashlib.sha256()
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    for file in visible_files(path):
        digest.update(str(file.relative_to(path)).encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def hash_text(text: str) -> str:
    """128-bit id of an example."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def hash_ids(ids: list[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()
