"""Which GPU a job gets, where one machine has several."""

import fcntl
import os
import subprocess
import time
from contextlib import suppress
from itertools import product
from pathlib import Path

from elicitation.errors import InputError

LEASES = Path("/tmp/elicitation-gpus")
"""One lock file a GPU and place; all users and studies of a machine share them."""
WAIT = 0.2
"""Seconds between two looks for a free GPU."""


def visible_gpus() -> dict[str, str]:
    """What CUDA_VISIBLE_DEVICES may hold here, each with the name of its lock; empty without GPUs.

    The name is the device's UUID, since a cluster may give different devices the same index.
    """
    query = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        listed = ""
    uuids = dict(line.split(", ") for line in listed.splitlines())
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = list(uuids) if allowed is None else allowed.split(",")
    return {name: uuids.get(name, name) for name in names if name}


def try_lock(file: Path) -> int | None:
    """A descriptor that holds the lock until it is closed, or None if another process holds it."""
    # Opened for reading, and not created again: the file may be another user's.
    if not file.exists():
        file.touch()
    descriptor = os.open(file, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def lease_gpus(gpus: dict[str, str], count: int, jobs_per_gpu: int, folder: Path = LEASES) -> list[str]:
    """The first `count` GPUs with a free place; waits until there are so many.

    The locks die with the process, however it ends. gpus: names and lock names. Raises InputError if they are too few.
    """
    if count > len(gpus):
        raise InputError(
            f"This job wants {count} GPU(s), but nvidia-smi and CUDA_VISIBLE_DEVICES show {len(gpus)}; run it on a GPU "
            "node, lower `gpus` of its model, or set device: cpu."
        )
    with suppress(FileExistsError):  # Another job may make it at the same moment.
        folder.mkdir(parents=True)
        folder.chmod(0o1777)
    while True:
        held: dict[str, int] = {}
        for place, (name, lock) in product(range(jobs_per_gpu), gpus.items()):
            if name not in held and len(held) < count and (descriptor := try_lock(folder / f"{lock}.{place}")):
                held[name] = descriptor
        if len(held) == count:
            return list(held)
        # All or nothing: two jobs that wait for each other's GPU would wait for ever.
        for descriptor in held.values():
            os.close(descriptor)
        time.sleep(WAIT)
