import subprocess
import sys

import pytest

from elicitation import devices
from elicitation.devices import lease_gpus, visible_gpus
from elicitation.errors import InputError

LEASE = """
import sys
from pathlib import Path
from elicitation.devices import lease_gpus
print(*lease_gpus({"0": "GPU-a", "1": "GPU-b"}, int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[1])), flush=True)
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
def start(tmp_path, monkeypatch, pytestconfig):
    """Starts a process that takes one of two GPUs and keeps it while it lives."""
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    processes = []

    def start_process(count=1, jobs_per_gpu=1):
        command = [sys.executable, "-c", LEASE, tmp_path / "leases", str(count), str(jobs_per_gpu)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start_process
    for process in processes:
        process.kill()
        process.communicate()


def leased(process) -> str:
    return process.stdout.readline().strip()


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


def test_a_machine_whose_driver_finds_no_gpu_has_none(nvidia_smi):
    nvidia_smi.write_text("#!/bin/sh\nexit 9\n")
    assert visible_gpus() == {}


def test_two_processes_get_different_gpus_and_a_third_one_that_of_a_killed_one(start):
    first, second = start(), start()
    assert {leased(first), leased(second)} == {"0", "1"}
    third = start()
    with pytest.raises(subprocess.TimeoutExpired):
        third.wait(3 * devices.WAIT)
    second.kill()
    second.wait()
    third_got = leased(third)
    assert third_got in {"0", "1"}
    fourth = start()
    first.kill()
    first.wait()
    assert {third_got, leased(fourth)} == {"0", "1"}


def test_as_many_jobs_share_a_gpu_as_the_config_says_and_only_once_none_is_free(start):
    got = [leased(start(jobs_per_gpu=2)) for _ in range(4)]
    assert sorted(got[:2]) == sorted(got[2:]) == ["0", "1"]


def test_a_gpu_is_known_by_its_lock_name_whatever_a_process_calls_it(tmp_path, monkeypatch):
    assert lease_gpus({"0": "GPU-a"}, 1, 1, tmp_path) == ["0"]
    assert lease_gpus({"0": "GPU-a", "3": "GPU-b"}, 1, 1, tmp_path) == ["3"]


def test_a_job_that_wants_two_gpus_holds_none_until_both_are_free(start):
    first = start()
    assert leased(first) in {"0", "1"}
    both = start(count=2)
    with pytest.raises(subprocess.TimeoutExpired):
        both.wait(2 * devices.WAIT)
    other = start()
    assert leased(other) in {"0", "1"}
    for process in (first, other):
        process.kill()
        process.wait()
    assert leased(both) == "0 1"


def test_more_gpus_than_there_are_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"wants 2 GPU\(s\), but .* show 1"):
        lease_gpus({"0": "GPU-a"}, 2, 1, tmp_path)
