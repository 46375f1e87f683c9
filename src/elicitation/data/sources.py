"""Where a task's texts stand: splits and their local files. Imports nothing heavy."""

from pathlib import Path

from elicitation.errors import InputError
from elicitation.files import is_file


def as_list(value) -> list:
    """A list as it is, and anything else as a list of one."""
    return value if isinstance(value, list) else [value]


def splits_read(task: dict) -> list[str]:
    """The splits of its source that a task reads."""
    train, test = (as_list(task["splits"][part]) for part in ("train", "test"))
    return list(dict.fromkeys(split for split in train + test if isinstance(split, str)))


def split_file(task: dict, split: str, data_folder: str | None) -> Path:
    """The local file that holds a split; InputError if there is none."""
    folder = Path(data_folder or ".") / task["local"]
    candidates = [folder / f"{split}.{ending}" for ending in ("parquet", "jsonl", "csv")]
    for path in candidates:
        if is_file(path):
            return path
    raise InputError(
        f"Task {task['name']!r}: none of {', '.join(map(str, candidates))} is a file; correct data_folder, "
        "the task's `local` or its `splits`."
    )


def check_pinned(what: str, found: str, pinned: str) -> None:
    """InputError if a download is not the one whose hash is pinned."""
    if found != pinned:
        raise InputError(
            f"{what}: the downloaded files have the hash {found}, but hub.sha256 is {pinned}; "
            "download them again, or correct hub.sha256 if you trust them."
        )
