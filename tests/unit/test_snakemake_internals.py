"""Contracts with the installed Snakemake: each use of what it does not document, and that there are no others."""

import importlib.metadata
import inspect
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake
from snakemake.api import Workflow
from snakemake.exceptions import LockException
from snakemake.persistence import PersistenceBase
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from elicitation.jobs import snakemake_internals
from elicitation.jobs.snakemake_internals import (
    JOB_MODULE,
    LOCKED,
    KeepGoing,
    jobs_run_here,
    plain_error,
    run_snakemake,
)

ROOT = Path(__file__).parents[2]
# As in profiles/slurm.
ON_SLURM = ["-n", "--executor", "slurm", "--jobs", "100", "--cores", "4"]
ROOM = Path(snakemake_internals.__file__)
SNAKEFILE = f"""
import json, sys
sys.path.insert(0, {str(ROOT / "src")!r})
from elicitation.jobs import snakemake_internals as internals

with open("calls", "a") as calls:
    print(internals.is_main_process(workflow), internals.only_lints(workflow), file=calls)
parsed = {{
    "here": internals.jobs_run_here(workflow),
    "study": [list(map(str, part)) for part in internals.given_study(workflow)],
    "settings": internals.given_settings(workflow),
    "cores": internals.given_cores(workflow),
    "user": internals.user_of_module(workflow),
    "temporary": [path.name for path in internals.temporary_folder(workflow).iterdir()],
}}

rule all:
    input: "last"

rule first:
    output: "first"
    benchmark: "first.tsv"
    # Such a job is a call of Snakemake of its own.
    run: open(output[0], "w").close()

rule last:
    input: "first", ancient("mine")
    output: "last", "beside"
    params: purchases=[[1, 0], [0, 1]]
    shell: "touch {{output}}"

onstart:
    told = parsed | {{
        "touches": internals.only_touches(workflow),
        "deploys": internals.deploys_software(workflow),
        "rules": sorted(internals.planned_rules(workflow)),
        "jobs": sorted(internals.planned_jobs(workflow).values()),
        "kept": [(job, str(file)) for job, file in internals.jobs_to_keep(workflow)],
        "targets": sorted(internals.given_targets(workflow)),
        "files": internals.planned_files(workflow),
    }}
    open("told.json", "w").write(json.dumps(told))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "mine").touch()
    (tmp_path / "study.yaml").write_text("study: mine\n")
    return tmp_path


def call(folder: Path, *words: str) -> dict:
    """What the functions tell in a run of Snakemake with these arguments."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *words]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads((folder / "told.json").read_text())


def test_runs_are_described(folder):
    told = call(
        folder, "--cores", "2", "--configfile", "study.yaml", "--config", "seeds=[1]", "device=cpu", "--", "beside"
    )
    assert told == {
        "here": True,
        "cores": 2,
        "study": [[str(folder / "study.yaml")], ["seeds=[1]", "device=cpu"]],
        # Snakemake reads a list's items as text, which study.reading puts right.
        "settings": {"seeds": ["1"], "device": "cpu"},
        "user": None,
        "temporary": [],
        "touches": False,
        "deploys": False,
        "rules": ["first", "last"],
        "jobs": [["first", 1, {}], ["last", 2, {}]],
        "kept": [],
        "targets": ["beside"],
        "files": [["first", "mine"], ["beside", "first", "last"]],
    }
    assert (folder / "calls").read_text() == "True False\nFalse False\n", "the second is the call for the job"

    (folder / "first").write_text("another")
    told = call(folder, "--touch", "--software-deployment-method", "env-modules")
    assert told == {
        "here": True,
        "cores": 1,
        "study": [[], []],
        "settings": {},
        "user": None,
        "temporary": [],
        "touches": True,
        "deploys": True,
        "rules": ["all", "last"],
        # Those that make something.
        "jobs": [["last", 2, {}]],
        "kept": [[["first", 1, {}], "first.tsv"]],
        "targets": [],
        "files": [["first", "last", "mine"], ["beside", "last"]],
    }


@pytest.mark.parametrize("lifted", [True, False])
def test_jobs_that_wait_are_looked_at_when_a_core_is_free_once_the_rate_limit_is_lifted(tmp_path, lifted):
    """Else every second as well: once that is no longer so, `lift_rate_limit` can go."""
    (tmp_path / "Snakefile").write_text(f"""
import sys
sys.path.insert(0, {str(ROOT / "src")!r})
from elicitation.jobs import snakemake_internals as internals

rule all:
    input: "0", "1"

rule one:
    output: "{{n}}"
    shell: "sleep 2; touch {{output}}"

onstart:
    if {lifted}:
        internals.lift_rate_limit(workflow)
    select = workflow.scheduler.job_selector
    def counted(jobs):
        print("looked", file=open("looks", "a"))
        return select(jobs)
    workflow.scheduler.job_selector = counted
""")
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    looks = len((tmp_path / "looks").read_text().split())
    # For the first job and the second, and for the rule that only names them.
    assert (looks <= 3) == lifted


def test_a_linted_module_knows_both(folder):
    """By a file that the parts of one call write to, since nothing of it is run."""
    (folder / "module.smk").write_text(
        SNAKEFILE + 'print(internals.user_of_module(workflow), file=open("user", "w"))\n'
    )
    user = 'module other:\n    snakefile: "module.smk"\n\nuse rule * from other\n'
    (folder / "Snakefile").write_text(user)
    subprocess.run([sys.executable, "-m", "snakemake", "--lint"], cwd=folder, capture_output=True, check=False)
    assert (folder / "calls").read_text() == "True True\n"
    assert (folder / "user").read_text() == f"{folder / 'Snakefile'}\n"


@pytest.mark.parametrize(("executor", "here"), [("local", True), ("slurm", False)])
def test_jobs_that_run_elsewhere_are_seen(executor, here):
    """By the property itself, since without a cluster no run gets so far."""
    plugin = ExecutorPluginRegistry().get_plugin(executor)
    local = Workflow.local_exec.fget(SimpleNamespace(executor_plugin=plugin))
    assert jobs_run_here(SimpleNamespace(local_exec=local, executor_plugin=plugin, is_main_process=True)) == here


@pytest.mark.parametrize(("words", "here"), [(["--cores", "2"], True), (["-j", "2"], True), (ON_SLURM, False)])
def test_while_the_snakefile_is_read_a_cluster_is_known_by_its_submissions(tmp_path, words, here):
    read = "print(internals.jobs_run_here(workflow), file=open('read', 'w'))"
    snakefile = "\n".join([*SNAKEFILE.partition("with open")[0].splitlines(), read, "rule all:", '    output: "made"'])
    (tmp_path / "Snakefile").write_text(f"{snakefile}\n    shell: 'touch made'\n")
    command = [sys.executable, "-m", "snakemake", *words]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and (tmp_path / "read").read_text() == f"{here}\n", result.stderr


CHECKED = f"""
import sys
sys.path.insert(0, {str(ROOT / "src")!r})
from elicitation.jobs import snakemake_internals as internals

rule all:
    input: "bad_check", "check", "bad_train", "train"

rule bad_check:
    output: "bad_check"
    priority: 4
    shell: "false"

rule check:
    output: "check"
    priority: 3
    shell: "touch {{output}}"

rule bad_train:
    output: "bad_train"
    priority: 2
    shell: "false"

rule train:
    output: "train"
    shell: "touch {{output}}"

onstart:
    internals.stop_after_failed(workflow, config["checks"].split(","))
"""


@pytest.mark.parametrize(
    ("checks", "keep_going", "made"),
    [
        ("bad_check,check", ["--keep-going"], {"check"}),
        ("check", ["--keep-going"], {"check", "train"}),
        ("bad_check,check", [], set()),
    ],
)
def test_after_a_failed_check_nothing_starts_but_other_checks(tmp_path, checks, keep_going, made):
    (tmp_path / "Snakefile").write_text(CHECKED)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *keep_going, "--config", f"checks={checks}"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert {path.name for path in tmp_path.iterdir()} & {"check", "train"} == made


def snakemake_job(*rules):
    return SimpleNamespace(rules=rules)


@pytest.mark.parametrize(
    ("failed", "running", "ready", "goes_on"),
    [
        (["train_runs"], [], ["train_runs"], True),
        (["prepare_task"], [], ["train_runs"], False),
        (["prepare_task"], ["check_prompts"], ["train_runs"], True),
        (["prepare_task", "train_runs"], ["train_runs"], ["prepare_task"], True),
        (["prepare_task"], ["train_runs"], [], False),
    ],
)
def test_what_runs_and_waits_decides_whether_jobs_start_beside_a_failed_check(failed, running, ready, goes_on):
    jobs = [list(map(snakemake_job, names)) for names in (failed, running, ready)]
    scheduler = SimpleNamespace(**dict(zip(("failed", "running", "open_jobs"), jobs, strict=True)))
    assert bool(KeepGoing(scheduler, ["prepare_task", "check_prompts"])) == goes_on


def test_a_group_with_a_check_is_a_check():
    scheduler = SimpleNamespace(failed=[snakemake_job("order_purchases", "prepare_task")], running=[], open_jobs=[])
    assert not KeepGoing(scheduler, ["prepare_task"])


HIDING = """
rule scores:
    input: "run"
    output: "scores"
    shell: "cp {input} {output}"

rule check:
    output: "checked"
    params: seeds=config["seeds"]
    shell: "touch {output}"

rule train:
    input: ancient("checked")
    output: "run"
    params: rate=config["rate"]
    shell: "echo {params.rate} > {output}"
"""


def test_a_check_as_ancient_input_would_hide_what_else_has_changed(tmp_path):
    """Why no check is an ancient input of what trains: https://github.com/snakemake/snakemake/issues/4166.

    Once this fails, all can be, and `stop_after_failed` can go.
    """
    (tmp_path / "Snakefile").write_text(HIDING)

    def run(seeds: int, rate: int) -> int:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--config", f"seeds={seeds}", f"rate={rate}"]
        subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        return int((tmp_path / "scores").read_text())

    assert run(seeds=1, rate=1) == 1
    assert run(seeds=2, rate=2) == 1, "the run of the new rate is not planned beside a check that runs again"
    assert run(seeds=2, rate=2) == 2


def test_snakemake_runs_in_this_process_and_its_success_is_told(folder, monkeypatch):
    monkeypatch.chdir(folder)
    environment = dict(os.environ)
    assert run_snakemake(["--cores", "1", "--quiet", "all", "--", "last"]) and (folder / "last").exists()
    # Twice, and from another folder.
    monkeypatch.chdir("/")
    assert run_snakemake(["--snakefile", str(folder / "Snakefile"), "--directory", str(folder), "--cores", "1", "-q"])
    assert not run_snakemake(["--snakefile", str(folder / "Snakefile"), "--directory", str(folder), "-c1", "--", "no"])
    assert Path.cwd() == Path("/")
    os.environ.clear()
    os.environ.update(environment)


def test_messages_are_worded_as_they_are_recognised():
    sources = "".join(file.read_text() for file in Path(snakemake.__file__).parent.rglob("*.py"))
    for words in (
        *(snakemake_internals.NOTHING_TO_DO, *snakemake_internals.STOPPING, *snakemake_internals.JOBS_FAILED),
        *(snakemake_internals.RESTART, snakemake_internals.ASSUMED, snakemake_internals.LOG_FILE),
        *snakemake_internals.REASONS,
    ):
        assert f'"{words}' in sources, words


def test_of_an_error_only_the_sentence_is_told(tmp_path, capfd):
    """And nothing of one that another tells: that the process of a job failed."""
    raising = (
        'from snakemake.exceptions import WorkflowError\n\nraise WorkflowError("No: a thing;\\nfix it.") from None\n'
    )
    (tmp_path / "Snakefile").write_text(raising)
    subprocess.run([sys.executable, "-m", "snakemake", "-c1"], cwd=tmp_path, check=False)
    text = capfd.readouterr().err
    said = logging.makeLogRecord({"msg": text[text.index("WorkflowError") :].rstrip(), "exception": "WorkflowError"})
    assert plain_error(said) == "No: a thing;\nfix it."
    (tmp_path / "job.py").write_text("raise SystemExit(1)")
    (tmp_path / "Snakefile").write_text('rule all:\n    output: "x"\n    script: "job.py"\n')
    subprocess.run([sys.executable, "-m", "snakemake", "-c1"], cwd=tmp_path, check=False)
    text = capfd.readouterr().err
    failed = text[text.index("RuleException") :].partition("\n[")[0]
    assert "CalledProcessError" in failed
    assert not plain_error(logging.makeLogRecord({"msg": failed, "exception": "RuleException"}))


def test_the_object_of_script_jobs_comes_from_the_module_that_is_imported_first():
    iocontainers = importlib.import_module(JOB_MODULE)
    for name in ("InputFiles", "OutputFiles", "Params", "Wildcards", "ResourceList", "Log"):
        assert getattr(iocontainers, name).__module__ == JOB_MODULE


# One room

# Attributes of `workflow` that the documentation names.
DOCUMENTED = {"basedir", "current_basedir", "source_path"}
# Modules that the documentation imports from, or that are an interface.
PUBLIC = ("snakemake.utils", "snakemake.exceptions", "snakemake_interface_")


def sources() -> list[Path]:
    files = [
        ROOT / "Snakefile",
        ROOT / "workflow/Snakefile",
        *(ROOT / "workflow").rglob("*.smk"),
        *(ROOT / "workflow").rglob("*.py"),
    ]
    return [file for file in [*files, *(ROOT / "src").rglob("*.py")] if file != ROOM]


def uses_internals(text: str) -> set[str]:
    """What a file uses of Snakemake beyond its documentation."""
    attributes = {f"workflow.{name}" for name in re.findall(r"\bworkflow\.([a-z_]\w*)", text) if name not in DOCUMENTED}
    imports = re.findall(r"^\s*(?:from|import) (snakemake[\w.]*)", text, re.MULTILINE)
    return attributes | {name for name in imports if not name.startswith(PUBLIC)}


@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_other_file_touches_what_snakemake_does_not_document(file):
    assert not uses_internals(file.read_text())


def test_what_runs_no_job_needs_no_number_of_cores(folder):
    command = [sys.executable, "-m", "snakemake", "--unlock"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_an_internal_would_be_seen():
    text = "from snakemake.logging import logger\nimport snakemake.dag\nworkflow.dag.needrun_jobs()\n"
    assert uses_internals(text) == {"snakemake.logging", "snakemake.dag", "workflow.dag"}
    assert not uses_internals("from snakemake.utils import min_version\nworkflow.basedir\n")


def test_the_snakefile_the_project_and_the_environment_agree_on_the_version():
    project = (ROOT / "pyproject.toml").read_text()
    pinned = re.search(r'"snakemake==([\d.]+)"', project)[1]
    wanted = re.search(r'^min_version\("([\d.]+)"\)', (ROOT / "Snakefile").read_text(), re.MULTILINE)[1]
    assert pinned == wanted == importlib.metadata.version("snakemake")
    for lock in ("cpu", "cuda"):
        assert f"\nsnakemake=={pinned} " in (ROOT / f"envs/{lock}.lock").read_text()


def test_runs_and_dry_runs_beside_another_run_say_the_words_by_which_a_lock_is_known():
    assert LOCKED in str(LockException()) and LOCKED in inspect.getsource(PersistenceBase.lock_warn_only)
