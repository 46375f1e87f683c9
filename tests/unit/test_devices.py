import os
import select
import subprocess
import sys

import pytest

from elicitation.errors import InputError
from elicitation.jobs import devices
from elicitation.jobs.devices import WAIT, lease_gpus, visible_gpus

LEASE = """
import sys
from functools import partial
from elicitation.jobs.devices import lease_gpus
a, b, count, jobs_per_gpu = sys.argv[1:]
print(*lease_gpus({"0": a, "1": b}, int(count), int(jobs_per_gpu), partial(print, flush=True)), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Puts a fake nvidia-smi first on the path."""
    program = tmp_path / "bin/nvidia-smi"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return program


@pytest.fixture
def gpus(request):
    """Two devices that no other test or process of this machine knows: what they are called, and their leases."""
    return {name: f"GPU-{os.getpid()}-{abs(hash(request.node.name))}-{name}" for name in ("0", "1")}


@pytest.fixture
def start(gpus, monkeypatch, pytestconfig):
    """Starts a process that takes one of two GPUs and keeps it while it lives."""
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    processes = []

    def start_process(count=1, jobs_per_gpu=1):
        command = [sys.executable, "-c", LEASE, *gpus.values(), str(count), str(jobs_per_gpu)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start_process
    for process in processes:
        process.kill()
        process.communicate()


def leased(process) -> str:
    return process.stdout.readline().strip()


def assert_waits(process) -> None:
    """It says that it waits, and goes on waiting."""
    assert leased(process).startswith("Waiting for ")
    assert not select.select([process.stdout], [], [], 3 * WAIT)[0]


def end(*processes) -> None:
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (None, {"0": "GPU-a", "1": "GPU-b"}),
        ("1", {"1": "GPU-b"}),
        ("GPU-b,MIG-c", {"GPU-b": "GPU-b", "MIG-c": "MIG-c"}),
        ("", {}),
    ],
)
def test_gpus_are_those_of_the_machine_that_the_environment_allows(nvidia_smi, monkeypatch, allowed, expected):
    nvidia_smi.write_text("#!/bin/sh\necho '0, GPU-a'\necho '1, GPU-b'\n")
    if allowed is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    assert visible_gpus() == expected


@pytest.mark.parametrize("script", ["exit 9", "sleep 60", "echo No devices were found"])
def test_a_machine_whose_driver_finds_no_gpu_has_none(nvidia_smi, monkeypatch, script):
    monkeypatch.setattr(devices, "PATIENCE", 0.2)
    nvidia_smi.write_text(f"#!/bin/sh\nexec {script}\n")
    assert visible_gpus() == {}


def test_warnings_between_the_lines_are_passed_over(nvidia_smi):
    nvidia_smi.write_text("#!/bin/sh\necho 'WARNING: a, b, c'\necho '0, GPU-a'\necho 'infoROM is corrupted'\n")
    assert visible_gpus() == {"0": "GPU-a"}


def test_two_processes_get_different_gpus_and_a_third_one_that_of_a_killed_one(start):
    first, second = start(), start()
    assert {leased(first), leased(second)} == {"0", "1"}
    third = start()
    assert_waits(third)
    end(second)
    third_got = leased(third)
    assert third_got in {"0", "1"}
    fourth = start()
    assert_waits(fourth)
    end(first)
    assert {third_got, leased(fourth)} == {"0", "1"}


def test_as_many_jobs_share_a_gpu_as_the_config_says_and_only_once_none_is_free(start):
    got = [leased(start(jobs_per_gpu=2)) for _ in range(4)]
    assert sorted(got[:2]) == sorted(got[2:]) == ["0", "1"]
    assert_waits(start(jobs_per_gpu=2))


@pytest.mark.parametrize(("first", "later"), [(1, 2), (2, 1), (3, 2)])
def test_a_gpu_is_shared_only_as_far_as_all_its_jobs_allow(start, first, later):
    fewest = min(first, later)
    holding = [start(jobs_per_gpu=first) for _ in range(2 * fewest)]
    assert sorted(map(leased, holding)) == sorted(["0", "1"] * fewest)
    waiting = start(jobs_per_gpu=later)
    assert_waits(waiting)
    end(*holding)
    assert leased(waiting) in {"0", "1"}


def test_a_gpu_is_known_by_its_lease_whatever_a_process_calls_it(gpus):
    assert lease_gpus({"0": gpus["0"]}, 1, 1) == ["0"]
    assert lease_gpus({"0": gpus["0"], "3": gpus["1"]}, 1, 1) == ["3"]


def test_a_job_that_wants_two_gpus_holds_none_until_both_are_free(start):
    first = start()
    assert leased(first) in {"0", "1"}
    both = start(count=2)
    assert_waits(both)
    other = start()
    assert leased(other) in {"0", "1"}
    end(first, other)
    assert leased(both) == "0 1"


def test_more_gpus_than_there_are_is_an_error():
    with pytest.raises(InputError, match=r"wants 2 GPU\(s\), but .* show 1"):
        lease_gpus({"0": "GPU-a"}, 2, 1)
