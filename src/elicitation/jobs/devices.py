"""Which GPU a job gets, where one machine has several."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from elicitation.errors import InputError

# How the names of leases begin: `LEASE/device/jobs_per_gpu/lease`, each an abstract Unix socket.
LEASE = "elicitation-gpu"
SOCKETS = Path("/proc/net/unix")
# Seconds between two looks for a free GPU.
WAIT = 0.2
# Seconds after which nvidia-smi hangs.
PATIENCE = 60


def visible_gpus() -> dict[str, str]:
    """What CUDA_VISIBLE_DEVICES may hold here, each with the name of its lease; empty without GPUs.

    The name is the device's UUID, since a cluster may give different devices the same index.
    """
    query = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    except (OSError, subprocess.SubprocessError):
        listed = ""
    # Between the lines that were asked for may stand warnings.
    uuids = dict(re.findall(r"^(\d+), (\S+)$", listed, re.MULTILINE))
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = list(uuids) if allowed is None else map(str.strip, allowed.split(","))
    return {name: uuids.get(name, name) for name in names if name}


def try_name(name: str) -> socket.socket | None:
    """A socket that holds the name until it is closed or its process ends, however; None if another one holds it.

    Abstract names need no file, which others' rights or a cleaner of /tmp could take away.
    """
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0{name}")
    except OSError:
        holder.close()
        return None
    return holder


def sharing(device: str) -> list[int]:
    """For each job of this machine that holds the device: how many its study lets share a GPU."""
    held = re.findall(rf"@{LEASE}/{re.escape(device)}/(\d+)/", SOCKETS.read_text())
    return list(map(int, held))


def try_lease(gpus: dict[str, str], count: int, jobs_per_gpu: int) -> dict[str, socket.socket] | None:
    """The `count` GPUs with the fewest jobs, by name, if so many have a place; the caller keeps the sockets."""
    # One job looks at a time.
    if not (alone := try_name(LEASE)):
        return None
    with alone:
        jobs = {name: sharing(device) for name, device in gpus.items()}
        free = [name for name in gpus if len(jobs[name]) < min([jobs_per_gpu, *jobs[name]])]
        if len(free) < count:
            return None
        chosen = sorted(free, key=lambda name: len(jobs[name]))[:count]
        return {name: try_name(f"{LEASE}/{gpus[name]}/{jobs_per_gpu}/{os.urandom(8).hex()}") for name in chosen}


def prepare_allocator() -> None:
    """Have torch, which reads this when it first takes memory of a GPU, take segments that grow.

    Texts pass in other amounts in each step. By default torch then asks the driver again and again for memory, slowly,
    since what it holds is too small by a little. What the user has set stays.
    """
    os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")


# What this process holds to its end.
leases: list[socket.socket] = []


def lease_gpus(gpus: dict[str, str], count: int, jobs_per_gpu: int, say: Callable[[str], object] = print) -> list[str]:
    """`count` GPUs with a free place, as few jobs on them as possible; waits, and says so, until there are so many.

    A GPU takes as many jobs as the study that allows the fewest lets share it. The leases end with the process, however
    it ends. gpus: names and lease names. Raises InputError if they are too few.
    """
    if count > len(gpus):
        raise InputError(
            f"This job wants {count} GPU(s), but nvidia-smi and CUDA_VISIBLE_DEVICES show {len(gpus)}; run it on a GPU "
            "node, lower `gpus` of its model, or set device: cpu."
        )
    started, said = time.monotonic(), False
    # All or nothing: two jobs that wait for each other's GPU would wait for ever.
    while (held := try_lease(gpus, count, jobs_per_gpu)) is None:
        if not said and time.monotonic() - started > 2 * WAIT:
            say(f"Waiting for {count} free GPU(s) of {len(gpus)} ...")
            said = True
        time.sleep(WAIT)
    leases.extend(held.values())
    return sorted(held, key=list(gpus).index)
