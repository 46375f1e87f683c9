"""Whatever stops a study, the same command goes on from what is finished, and ends with the same files.

Damaged files are made again by another command, and nothing else is.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import pytest
from forks import run_forked
from helpers import MINI, ROOT, jobs_planned, missing, run_snakemake, snakemake_command

from elicitation.files import hash_file
from elicitation.jobs.audit import read_records

SMALL = MINI | {
    "tasks": MINI["tasks"][:1],
    "grid": MINI["grid"] | {"budgets": [4]},
    "labelling": {"engine": "transformers"},
}
# With one more budget, and what only that needs.
LARGER = SMALL | {"grid": SMALL["grid"] | {"budgets": [4, 8]}}
LARGER_STAGE = "results/stages/topic/supervisor/student/plain/w80_s0"
KILLS = 10
POOL = "results/tasks/topic/pool.parquet"
LABELS = "results/weak_labels/topic/supervisor.parquet"
STUDENT = "results/models/student"
# Of a study's last jobs, which could end before they are killed.
LAST_OUTPUTS = 24


def result_files(folder: Path) -> dict[str, str]:
    """Hashes by path of all results but records, which hold times: tables, models, figures."""
    made = {path for record in read_records(folder).values() for path in record["outputs"]}
    return {path: hash_file(folder / path) for path in sorted(made)}


def job_of(record: Path) -> str | None:
    """By its log, the job that made the output of one of Snakemake's records; None of a record that was cut off."""
    with suppress(ValueError):
        return json.loads(record.read_text())["log"][0]
    return None


def finished_outputs(folder: Path) -> dict[Path, list[tuple[int, int]]]:
    """Inode and time of every file of the outputs of jobs that Snakemake holds for finished."""
    known, incomplete = (
        {record.name: record for record in (folder / ".snakemake" / kind).glob("*")}
        for kind in ("metadata", "incomplete")
    )
    # Of its outputs the marks go one by one, so that a kill may leave some of them: then the whole job runs again.
    unfinished = {job_of(known[name]) for name in known.keys() & incomplete.keys()}
    stamps = {}
    for name in known.keys() - incomplete.keys():
        if job_of(known[name]) in unfinished:
            continue
        output = folder / urlsafe_b64decode(name).decode()
        files = sorted(output.rglob("*")) if output.is_dir() else [output]
        stamps[output] = [(file.stat().st_ino, file.stat().st_mtime_ns) for file in files if file.exists()]
    # Of jobs that failed in order it keeps records too.
    return {output: stamp for output, stamp in stamps.items() if stamp}


def changed(before: dict, folder: Path) -> set[str]:
    """The outputs whose files are others than before, or have another time."""
    after = finished_outputs(folder)
    return {str(output.relative_to(folder)) for output in before if before[output] != after.get(output)}


def start(folder: Path, study: dict, target: str = "all") -> subprocess.Popen:
    """Start a study in a session of its own, with which its jobs can be killed too."""
    with (folder.parent / "output.txt").open("w") as output:
        return subprocess.Popen(
            snakemake_command(folder, study, target=target),
            stdout=output,
            stderr=output,
            cwd=ROOT,
            start_new_session=True,
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
    for outputs in sorted(rng.sample(range(len(finished_outputs(undisturbed)) - LAST_OUTPUTS), KILLS)):
        run, delay, alone = start(folder, SMALL), rng.uniform(0, 2), rng.random() < 0.3
        wait_until(run, lambda: len(finished_outputs(folder)) >= outputs, folder)  # noqa: B023
        with suppress(subprocess.TimeoutExpired):
            run.wait(delay)
        assert run.poll() is None
        # Alone: jobs must notice for themselves that their scheduler is gone.
        (os.kill if alone else os.killpg)(run.pid, signal.SIGKILL)
        run.wait()
        print(f"killed {delay:.2f} s after {outputs} outputs were finished{', only the scheduler' * alone}")
        assert not changed(finished, folder), "a finished job ran twice"
        finished = finished_outputs(folder)
    result = run_snakemake(folder, SMALL)
    assert result.returncode == 0, result.stdout + result.stderr
    assert finished and not changed(finished, folder), "a finished job ran twice"
    assert result_files(folder) == result_files(undisturbed)


def test_sigterm_ends_jobs_with_a_sentence_and_only_they_are_left(tmp_path):
    folder, study = tmp_path / "study", deepcopy(SMALL)
    study["models"][1]["sandbox"]["steps"] = 200
    run, log, model = (
        start(folder, study, LABELS),
        folder / "logs/prepare_model/supervisor.log",
        "results/models/supervisor",
    )
    wait_until(run, log.exists, folder)
    os.killpg(run.pid, signal.SIGTERM)
    assert run.wait() != 0
    words = f"Stopped by SIGTERM before {model} was finished; run the same command again to go on."
    assert log.read_text().splitlines()[-1] == words
    # One message, however many jobs it ends.
    said = (tmp_path / "output.txt").read_text()
    assert said.count("Stopping.") == 1 and "Error" not in said
    assert re.fullmatch(r"Stopped after \d+ of \d+ jobs; what is finished is kept, .*", said.splitlines()[-1])
    assert jobs_planned(folder, study, model) == {"prepare_model": 1}
    finished = finished_outputs(folder)
    result = run_snakemake(folder, study, target=LABELS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert finished and not changed(finished, folder), "a finished job ran twice"
    assert folder / LABELS in finished_outputs(folder)


def test_kill_lets_the_jobs_of_a_run_end_whose_process_a_dry_run_names(tmp_path):
    folder, study = tmp_path / "study", deepcopy(SMALL)
    study["models"][1]["sandbox"]["steps"] = 600
    # So that the second one, which must come while the run lives, needs no imports.
    run_snakemake(folder, study, "--dry-run", target=LABELS)
    run, log = start(folder, study, LABELS), folder / "logs/prepare_model/supervisor.log"
    wait_until(run, log.exists, folder)
    beside = run_snakemake(folder, study, "--dry-run", target=LABELS)
    assert f"Note: Another run works in {folder} (process {run.pid}, " in beside.stdout, beside.stdout
    # To Snakemake alone.
    run.terminate()
    assert run.wait() != 0
    assert log.read_text().splitlines()[-1].startswith("Done") and not (folder / LABELS).exists()
    said = (tmp_path / "output.txt").read_text()
    assert said.count("Stopping.") == 1 and re.match(r"Stopped after [1-9]\d* of \d+ jobs", said.splitlines()[-1])


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_without_standard_streams_ends_as_it_would_with_them(tmp_path, closing):
    command = ["sh", "-c", f'exec "$@" {closing}', "sh", *snakemake_command(tmp_path, SMALL, target=POOL)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0 and (tmp_path / POOL).exists(), result.stderr


@pytest.fixture
def mounted(tmp_path):
    """Mounts a small file system at a folder (of this test's), or changes how it is mounted."""
    folders = set()

    def mount(folder, options):
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            missing("mount", f"nothing can be mounted here: {result.stderr.strip()}")
        folders.add(folder)

    yield mount
    for folder in folders:
        subprocess.run(["umount", folder], check=False)


@pytest.mark.parametrize(("place", "size"), [("results", "16k"), (".", "44k")], ids=["results", "logs and all"])
def test_a_full_disk_is_named_and_the_same_command_goes_on_once_there_is_room(mounted, tmp_path, place, size):
    folder = tmp_path / "study"
    folder.mkdir()
    mounted(folder / place, f"size={size}")
    result = run_snakemake(folder, SMALL, target=POOL)
    assert result.returncode != 0
    assert f"Error: The disk is full: {POOL}" in result.stderr
    assert "make room, then run the same command again" in result.stderr and "Traceback" not in result.stderr
    mounted(folder / place, "remount,size=16m")
    assert run_snakemake(folder, SMALL, target=POOL).returncode == 0


def test_a_read_only_results_folder_is_named_before_any_job(mounted, tmp_path):
    mounted(tmp_path / "results", "ro")
    result = run_snakemake(tmp_path, SMALL, target=POOL)
    assert result.returncode != 0
    assert "Nothing can be written to results (read-only" in result.stderr and "Traceback" not in result.stderr
    assert not (tmp_path / "logs").exists()
    mounted(tmp_path / "results", "remount,rw")
    assert run_snakemake(tmp_path, SMALL, target=POOL).returncode == 0


@pytest.mark.parametrize("parts", [(".",), ("results", "figures")], ids=["all", "without Snakemake's folder"])
def test_a_copy_whose_files_have_the_times_of_the_copying_makes_nothing_again(undisturbed, tmp_path, parts):
    folder = tmp_path / "study"
    for part in parts:
        shutil.copytree(undisturbed / part, folder / part, symlinks=True)
    files = [file for file in sorted(folder.rglob("*")) if not file.is_symlink()]
    random.Random(0).shuffle(files)
    for place, file in enumerate(files):
        os.utime(file, (10**9 + place, 10**9 + place))
    result = run_snakemake(folder, SMALL)
    assert result.returncode == 0 and "Nothing to be done" in result.stderr, result.stdout + result.stderr
    assert result_files(folder) == result_files(undisturbed)


def repair_command(folder: Path) -> list[str | Path]:
    return [Path(sys.executable).with_name("elicitation"), "repair", folder]


def repair(folder: Path) -> subprocess.CompletedProcess:
    return run_forked(["elicitation", "repair", str(folder)], Path("/"))


def with_records(*outputs: str) -> set[str]:
    return {*outputs, *(f"{output.removesuffix('.parquet')}.json" for output in outputs)}


@pytest.fixture
def broken(undisturbed, tmp_path) -> Path:
    """A finished study whose labels and student are broken off, between which lie files that are whole."""
    folder = tmp_path / "study"
    shutil.copytree(undisturbed, folder, symlinks=True)
    for file, size in ((folder / LABELS, 0), (folder / STUDENT / "model.safetensors", 5000)):
        # What is made again gets its old time back, so it must not get a freed inode too.
        os.link(file, tmp_path / file.name)
        os.truncate(file, size)
    return folder


def test_damage_is_named_before_any_job_and_its_repair_makes_nothing_else(broken, undisturbed):
    before = finished_outputs(broken)
    result = run_snakemake(broken, SMALL)
    assert result.returncode != 0 and "Traceback" not in result.stderr
    assert f"{LABELS} is damaged (" in result.stderr and f"{STUDENT}/model.safetensors is damaged (" in result.stderr
    command = f"elicitation repair {broken}"
    assert f"to make {STUDENT}, {LABELS} again, and nothing that came from it: {command}" in result.stderr
    assert changed(before, broken) == set()
    # In a process of its own, as users run it.
    result = subprocess.run(repair_command(broken), capture_output=True, text=True, cwd="/", check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Made again: {STUDENT}, {LABELS}." in result.stdout
    assert {STUDENT, LABELS} <= changed(before, broken) <= with_records(STUDENT, LABELS)
    result = run_snakemake(broken, SMALL)
    assert result.returncode == 0 and "Nothing to be done" in result.stderr, result.stdout + result.stderr
    assert result_files(broken) == result_files(undisturbed)


@pytest.mark.parametrize("delay", [0, 1])
def test_a_repair_that_is_killed_keeps_runs_out_and_is_repeated_to_the_same_end(broken, undisturbed, tmp_path, delay):
    run_snakemake(broken, SMALL)
    before = finished_outputs(broken)
    with (tmp_path / "output.txt").open("w") as output:
        killed = subprocess.Popen(repair_command(broken), stdout=output, stderr=output, cwd="/", start_new_session=True)
    wait_until(killed, lambda: not (broken / STUDENT / "model.safetensors").exists(), broken)
    with suppress(subprocess.TimeoutExpired):
        killed.wait(delay)
    # Alone: its jobs must notice for themselves.
    killed.kill()
    killed.wait()
    # A run that has something to do.
    result = run_snakemake(broken, LARGER, target=LARGER_STAGE)
    assert result.returncode != 0 and f"repeat it: elicitation repair {broken}" in result.stderr, result.stderr
    result = repair(broken)
    assert result.returncode == 0, result.stdout + result.stderr
    assert changed(before, broken) <= with_records(STUDENT, LABELS)
    result = run_snakemake(broken, SMALL)
    assert result.returncode == 0 and "Nothing to be done" in result.stderr, result.stdout + result.stderr
    assert result_files(broken) == result_files(undisturbed)


def processes_in(folder: Path) -> list[str]:
    """The processes that work in the folder, or whose command names it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in command or (process / "cwd").readlink() == folder:
                found.append(f"{process.name} {command}")
    return found


def test_a_repair_that_is_killed_ten_times_leaves_no_process_and_trains_nothing_twice(broken, undisturbed, tmp_path):
    seed = int(os.environ.get("ELICITATION_KILL_SEED", random.SystemRandom().randrange(10**6)))
    print(f"ELICITATION_KILL_SEED={seed} kills at these moments again")
    rng = random.Random(seed)
    run_snakemake(broken, SMALL)
    before = finished_outputs(broken)
    for _ in range(KILLS):
        with (tmp_path / "output.txt").open("w") as output:
            repairing = subprocess.Popen(
                repair_command(broken), stdout=output, stderr=output, cwd="/", start_new_session=True
            )
        with suppress(subprocess.TimeoutExpired):
            repairing.wait(rng.uniform(0, 4))
        alone = rng.random() < 0.5
        with suppress(ProcessLookupError):
            (os.kill if alone else os.killpg)(repairing.pid, signal.SIGKILL)
        repairing.wait()
        ends = time.monotonic() + 10
        while left := processes_in(broken):
            assert time.monotonic() < ends, left
            time.sleep(0.1)
    result = repair(broken)
    assert result.returncode == 0, result.stdout + result.stderr
    assert changed(before, broken) <= with_records(STUDENT, LABELS)
    result = run_snakemake(broken, SMALL)
    assert result.returncode == 0 and "Nothing to be done" in result.stderr, result.stdout + result.stderr
    assert result_files(broken) == result_files(undisturbed)


def test_a_flipped_bit_is_named_by_the_first_job_that_reads_it_and_repaired(undisturbed, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(undisturbed, folder, symlinks=True)
    content, time = bytearray((folder / LABELS).read_bytes()), (folder / LABELS).stat().st_mtime_ns
    content[len(content) // 3] ^= 1
    (folder / LABELS).write_bytes(content)
    os.utime(folder / LABELS, ns=(time, time))
    before = finished_outputs(folder)
    result = run_snakemake(folder, LARGER, target=LARGER_STAGE)
    assert result.returncode != 0 and "Traceback" not in result.stderr
    assert f"Error: {LABELS} is damaged (" in result.stderr and f"to make {LABELS} again, and nothing" in result.stderr
    result = repair(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    result = run_snakemake(folder, LARGER, target=LARGER_STAGE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result_files(folder).items() >= result_files(undisturbed).items()
    assert LABELS in changed(before, folder) <= with_records(LABELS)


def own_task(folder: Path, rows: str) -> dict:
    folder.mkdir()
    (folder / "train.csv").write_text(f"text,label\n{rows}")
    task = {"name": folder.name, "local": str(folder), "splits": {"train": "train", "test": "train"}, "text": "{text}"}
    return task | {"label": "label", "pool_size": 300, "test_size": 60, "supervision_size": 40}


def test_a_task_is_prepared_anew_when_its_data_change(tmp_path):
    rows = "".join(f"text number {i},{i % 2}\n" for i in range(500))
    study, pool = SMALL | {"tasks": [own_task(tmp_path / "mine", rows)]}, "results/tasks/mine/pool.parquet"
    assert run_snakemake(tmp_path / "study", study, target=pool).returncode == 0
    assert not jobs_planned(tmp_path / "study", study, pool)
    with (tmp_path / "mine/train.csv").open("a") as stream:
        stream.write("one more text,1\n")
    assert jobs_planned(tmp_path / "study", study, pool) == {"prepare_task": 1}


def test_a_job_that_fails_stops_no_other_and_is_listed_with_its_log_at_the_end(tmp_path):
    study = deepcopy(SMALL)
    study["models"][1]["sandbox"]["learning_rate"] = 1e30
    # On one core the ordering comes after the models, by priority.
    stage = "results/stages/topic/supervisor/student/plain/w40_s0"
    result = run_snakemake(tmp_path, study, "--cores", "1", target=stage)
    assert result.returncode != 0
    at_once, _, said = result.stderr.partition("1 job failed; the same command tries it again.")
    words = "Pretraining: the loss is nan at step "
    assert f"preparing the model supervisor: logs/prepare_model/supervisor.log: {words}" in said
    assert f"Error: {words}" in at_once and "Traceback" not in result.stderr
    for path in (STUDENT, "results/purchases/topic/s0.parquet"):
        assert (tmp_path / path).exists()


def test_a_failed_check_stops_all_but_other_checks(tmp_path):
    study = SMALL | {"tasks": [own_task(tmp_path / "bad", "a,2\n"), own_task(tmp_path / "worse", ""), *MINI["tasks"]]}
    result = run_snakemake(tmp_path / "study", study)
    assert result.returncode != 0
    for task in ("bad", "worse"):
        assert f"preparing {task}: logs/prepare_task/{task}.log: Task '{task}'" in result.stderr
    assert (tmp_path / "study/results/tasks/topic/texts/student.json").exists()
    assert not (tmp_path / "study/results/models").exists()
