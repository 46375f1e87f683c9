"""A miniature study on a real Slurm: Debian's packages, a cluster of one node on loopback."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from helpers import MINI, ROOT, install, missing, snakemake_command

PACKAGES = ["slurmctld", "slurmd", "slurm-client", "munge"]
CONFIG = Path("/etc/slurm/slurm.conf")
SMALL = MINI | {
    "tasks": MINI["tasks"][:1],
    "models": MINI["models"][:1],
    "supervisors": [{"name": "words", "rule": {"contains": ["dinner", "breakfast", "menu"]}}],
    "seeds": [0],
    "grid": MINI["grid"] | {"budgets": [4], "gold_shares": [0, 1]},
    "labelling": {"engine": "transformers"},
}
CLUSTER = """ClusterName=elicitation
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=2
MinJobAge=86400
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=debug Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def run(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def wait_for(seen, seconds: float, study: subprocess.Popen | None = None):
    """What `seen()` returns once it is true, while the study runs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and (study is None or study.poll() is None):
        if found := seen():
            return found
        time.sleep(0.3)
    pytest.fail(f"{seen.__name__} was waited for in vain")


def submissions() -> list[list[str]]:
    """Number, state, memory and comment (its rules) of every submission, ended ones too, in their order."""
    rows = run("squeue", "--states=all", "--noheader", "--sort=i", "--format=%i|%T|%m|%k").stdout.splitlines()
    return [row.split("|") for row in rows]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Starts the cluster and stops it again."""
    if os.geteuid():
        missing("slurm", "bringing up a Slurm takes root")
    if CONFIG.exists() and not CONFIG.read_text().startswith(CLUSTER.splitlines()[0]):
        pytest.skip(f"{CONFIG} belongs to a Slurm that is not the tests'")
    if shutil.which("slurmctld") is None:
        install("slurm", *PACKAGES)
    folder, host = tmp_path_factory.mktemp("slurm"), socket.gethostname().partition(".")[0]
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text(CLUSTER.format(host=host, folder=folder, cpus=os.cpu_count(), memory=memory))
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge", "munge")
    # Says so and ends if one runs already.
    munge = run("runuser", "-u", "munge", "--", "/usr/sbin/munged")

    def node_is_idle():
        return run("sinfo", "--noheader", "--format=%t").stdout.strip() == "idle"

    try:
        for daemon in ("slurmctld", "slurmd"):
            started = run(daemon)
            assert started.returncode == 0, started.stderr
        wait_for(node_is_idle, 120)
        yield
    finally:
        run("scancel", "--user=root")
        run("scontrol", "shutdown")
        CONFIG.unlink()
        if munge.returncode == 0:
            os.kill(int(Path("/run/munge/munged.pid").read_text()), signal.SIGTERM)


def test_a_study_runs_to_its_figure_though_a_job_is_cancelled_on_the_way(slurm, tmp_path):
    # Looks at the queue more often than a cluster would like.
    options = ["--profile", ROOT / "profiles/slurm", "--slurm-init-seconds-before-status-checks", "1"]
    command = snakemake_command(tmp_path, SMALL, *options, target="figures/pareto.pdf")
    with (tmp_path / "output.txt").open("w") as output:
        study = subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT)

    def pretraining():
        return [number for number, state, _, rules in submissions() if "prepare_model" in rules and state == "RUNNING"]

    try:
        cancelled = wait_for(pretraining, 600, study)[0]
        run("scancel", cancelled)
        status = study.wait(1200)
    finally:
        study.kill()
        said = (tmp_path / "output.txt").read_text()
        print(said)
    assert status == 0 and "Trying again: " in said and "Logging error" not in said, said
    assert (tmp_path / "figures/pareto.pdf").read_bytes().startswith(b"%PDF")
    ended = submissions()
    tries = [row[:3] for row in ended if "prepare_model" in row[3]]
    assert [state for _, state, _ in tries] == ["CANCELLED", "COMPLETED"] and tries[0][0] == cancelled
    assert [memory for _, _, memory in tries] == ["2000M", "4000M"]
    # Tasks with their orderings, token counts, pretraining twice, weak labels, stages, blocks, scores, tables.
    states = [state for _, state, *_ in ended]
    assert len(ended) == 9 and states.count("COMPLETED") == 8
