"""Whatever stops a study, the same command goes on from what is finished, and ends with the same files."""

import os
import random
import shutil
import signal
import subprocess
from base64 import urlsafe_b64decode
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import pytest
from helpers import MINI, ROOT, jobs_planned, run_snakemake, snakemake_command

from elicitation.files import hash_file

SMALL = MINI | {
    "tasks": MINI["tasks"][:1],
    "grid": MINI["grid"] | {"budgets": [4]},
    "labelling": {"engine": "transformers"},
}
KILLS = 10
POOL = "results/tasks/topic/pool.parquet"
UNTIMED = {".parquet", ".csv", ".safetensors", ".md"}
"""Files that hold no times, dates or seconds."""


def untimed_files(folder: Path) -> dict[str, str]:
    """Hashes by path."""
    files = [file for part in ("results", "figures") for file in (folder / part).rglob("*")]
    return {str(file.relative_to(folder)): hash_file(file) for file in files if file.suffix in UNTIMED}


def finished_outputs(folder: Path) -> dict[Path, list[tuple[int, int]]]:
    """Inode and time of every file of the outputs that Snakemake holds for finished."""
    known, incomplete = (
        {folder / urlsafe_b64decode(record.name).decode() for record in (folder / ".snakemake" / kind).glob("*")}
        for kind in ("metadata", "incomplete")
    )
    stamps = {}
    for output in known - incomplete:
        files = sorted(output.rglob("*")) if output.is_dir() else [output]
        stamps[output] = [(file.stat().st_ino, file.stat().st_mtime_ns) for file in files if file.exists()]
    return stamps


def start(folder: Path, study: dict) -> subprocess.Popen:
    """Start a study in a session of its own, with which its jobs can be killed too."""
    with (folder.parent / "output.txt").open("w") as output:
        return subprocess.Popen(
            snakemake_command(folder, study), stdout=output, stderr=output, cwd=ROOT, start_new_session=True
        )


def wait_until(run: subprocess.Popen, reached, folder: Path) -> None:
    """Wait until `reached()` is true, which the run must not outlive."""
    while not reached():
        with suppress(subprocess.TimeoutExpired):
            run.wait(0.1)
        assert run.poll() is None, (folder.parent / "output.txt").read_text()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    result = run_snakemake(folder, SMALL)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_a_study_killed_ten_times_ends_with_the_files_of_an_undisturbed_one(undisturbed, tmp_path):
    seed = int(os.environ.get("ELICITATION_KILL_SEED", random.SystemRandom().randrange(10**6)))
    print(f"ELICITATION_KILL_SEED={seed} kills at these moments again")
    rng, folder, finished = random.Random(seed), tmp_path / "study", {}
    # Moments all over the study, but for its last jobs, which could end too soon.
    for outputs in sorted(rng.sample(range(len(finished_outputs(undisturbed)) - 9), KILLS)):
        run, delay = start(folder, SMALL), rng.uniform(0, 2)
        wait_until(run, lambda: len(finished_outputs(folder)) >= outputs, folder)  # noqa: B023
        with suppress(subprocess.TimeoutExpired):
            run.wait(delay)
        assert run.poll() is None
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        print(f"killed {delay:.2f} s after {outputs} outputs were finished")
        finished |= finished_outputs(folder)
    result = run_snakemake(folder, SMALL)
    assert result.returncode == 0, result.stdout + result.stderr
    assert finished and finished.items() <= finished_outputs(folder).items(), "a finished job ran twice"
    assert untimed_files(folder) == untimed_files(undisturbed)


def test_sigterm_ends_jobs_with_a_sentence_and_only_they_are_left(tmp_path):
    folder, study = tmp_path / "study", deepcopy(SMALL)
    study["models"][0]["sandbox"]["steps"] = 10**5
    run, log = start(folder, study), folder / "logs/prepare_model/student.log"
    wait_until(run, lambda: log.exists() and log.stat().st_size, folder)
    os.killpg(run.pid, signal.SIGTERM)
    assert run.wait() != 0
    words = "Stopped by SIGTERM before results/models/student was finished; run the same command again to go on."
    assert words in (tmp_path / "output.txt").read_text()
    assert jobs_planned(folder, study, "results/models/student") == {"prepare_model": 1}


@pytest.fixture
def mounted(tmp_path):
    """Mounts a small file system as results folder, or changes how it is mounted."""
    results = tmp_path / "results"
    results.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", results]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            pytest.skip(f"nothing can be mounted here: {result.stderr.strip()}")

    yield mount
    subprocess.run(["umount", results], check=False)


def test_a_full_disk_is_named_and_the_same_command_goes_on_once_there_is_room(mounted, tmp_path):
    mounted("size=16k")
    result = run_snakemake(tmp_path, SMALL, target=POOL)
    assert result.returncode != 0
    assert "Error: The disk is full: results/tasks/topic/pool.parquet" in result.stderr
    assert "make room, then run the same command again" in result.stderr and "Traceback" not in result.stderr
    mounted("remount,size=16m")
    assert run_snakemake(tmp_path, SMALL, target=POOL).returncode == 0


def test_a_read_only_results_folder_is_named_before_any_job(mounted, tmp_path):
    mounted("ro")
    result = run_snakemake(tmp_path, SMALL, target=POOL)
    assert result.returncode != 0
    assert "Nothing can be written to results (read-only" in result.stderr and "Traceback" not in result.stderr
    assert not (tmp_path / "logs").exists()
    mounted("remount,rw")
    assert run_snakemake(tmp_path, SMALL, target=POOL).returncode == 0


def test_damaged_files_are_named_and_the_next_run_makes_them_again_and_nothing_that_was_made_from_them(
    undisturbed, tmp_path
):
    folder = tmp_path / "study"
    shutil.copytree(undisturbed, folder, symlinks=True)
    whole = untimed_files(folder)
    labels, model = "results/weak_labels/topic/supervisor.parquet", "results/models/student/model.safetensors"
    for file in (folder / labels, folder / model):
        time = file.stat().st_mtime_ns
        os.truncate(file, file.stat().st_size - 50)
        os.utime(file, ns=(time, time))
    before, larger = finished_outputs(folder), deepcopy(SMALL)
    larger["grid"]["budgets"].append(8)
    result = run_snakemake(folder, larger)
    assert result.returncode != 0 and "Traceback" not in result.stderr
    assert f"{labels} is damaged (" in result.stderr and f"{model} is damaged (" in result.stderr
    assert "run the same command again: it makes results/models/student" in result.stderr
    result = run_snakemake(folder, larger)
    assert result.returncode == 0, result.stdout + result.stderr
    kept = {name: hashed for name, hashed in whole.items() if len(Path(name).parts) > 3 and "metrics" not in name}
    assert kept.keys() >= {labels, model} and kept.items() <= untimed_files(folder).items()
    trained = {path: stamp for path, stamp in before.items() if {"stages", "runs"} & set(path.parts)}
    assert trained and trained.items() <= finished_outputs(folder).items(), "what was made of them was made again"


def test_a_job_that_fails_stops_no_other_and_is_listed_with_its_log_at_the_end(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/train.csv").write_text("text,label\na,2\n")
    own = {"name": "own", "local": str(tmp_path / "own"), "splits": {"train": "train", "test": "train"}}
    own |= {"text": "{text}", "label": "label", "pool_size": 300, "test_size": 60, "supervision_size": 40}
    study = SMALL | {"tasks": [own, *MINI["tasks"]]}
    result = run_snakemake(tmp_path, study, "--keep-going", target="fetch")
    assert result.returncode != 0
    assert "1 jobs failed; what does not need them is done. Their logs:\n  prepare_task: logs/prepare_task/own.log" in (
        result.stderr
    )
    for task in MINI["tasks"]:
        assert (tmp_path / f"results/tasks/{task['name']}/lengths.json").exists()
