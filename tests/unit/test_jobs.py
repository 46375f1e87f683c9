import os
import subprocess
import sys
from pathlib import Path

import pytest

from elicitation.files import hash_file, read_json, write_json
from elicitation.jobs.forkserver import FORK_SERVER
from elicitation.jobs.progress import TOLD
from elicitation.jobs.script import JOBS_PER_GPU, SCHEDULER

JOB = """
import os, sys, time
from types import SimpleNamespace
from elicitation.jobs import records
from elicitation.errors import InputError
from elicitation.jobs.script import job

class Named(list):
    def __init__(self, **named):
        super().__init__(named.values())
        self.__dict__ |= named

    def items(self):
        return self.__dict__.items()

open("pool", "w").write("x")
snakemake = SimpleNamespace(
    rule="a_rule", threads=1, log=["{log}"], config={{"study": "mine"}}, wildcards=Named(seed="3"),
    input=Named(pool="pool", more="{more}"), output=Named(table="table", record="record.json"), params=Named(version=1),
    resources={resources},
)
with job(snakemake, whole_gpu={whole_gpu}) as record:
    print("working on", os.environ["OMP_NUM_THREADS"], "thread")
    os.system("echo a child process")
    open("table", "w").write("y")
    {ending}
"""
KEY = "sk-0123456789abcdef"


@pytest.fixture
def run(tmp_path, monkeypatch, pytestconfig):
    """Runs a job whose last line is given, in `tmp_path`, as one that holds a key in its environment."""
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath / "src"))
    monkeypatch.setenv("SOME_API_KEY", KEY)

    def run_job(ending, log="log", more_input="pool", whole_gpu=False, closing="", **resources):
        filled = JOB.format(ending=ending, log=log, more=more_input, whole_gpu=whole_gpu, resources=resources)
        (tmp_path / "script.py").write_text(filled)
        command = ["sh", "-c", f'exec "$@" {closing}', "sh", sys.executable, "script.py"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, input="y\n")
        return result, (tmp_path / log).read_text() if (tmp_path / log).is_file() else ""

    return run_job


def test_a_job_that_succeeds_writes_to_its_log_only(run):
    result, log = run("pass")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert "working on 1 thread" in log
    assert "a child process" in log
    assert log.splitlines()[-1].startswith("Done in ")


def test_a_job_leaves_a_record_of_what_it_was_given_and_what_it_made(run, tmp_path):
    run("record['quality'] = 0.5")
    record = read_json(tmp_path / "record.json")
    assert (record["rule"], record["study"], record["quality"]) == ("a_rule", "mine", 0.5)
    assert (record["wildcards"], record["settings"]) == ({"seed": "3"}, {"version": 1})
    assert record["inputs"] == {"pool": hash_file(tmp_path / "pool")}
    assert record["script"] == {"name": "script.py", "sha256": hash_file(tmp_path / "script.py")}
    assert record["outputs"].keys() == {"table"}
    assert record["outputs"]["table"]["sha256"] == hash_file(tmp_path / "table")


def test_inputs_and_code_are_those_at_the_start_of_a_job(run, tmp_path):
    was = hash_file(write(tmp_path / "pool", "x"))
    run("open('pool', 'w').write('later'); records.hash_code = records.code_version = None")
    record = read_json(tmp_path / "record.json")
    assert record["inputs"] == {"pool": was} and len(record["code_sha256"]) == 64 and record["code"]


def write(path, text):
    path.write_text(text)
    return path


def test_a_job_that_fails_leaves_no_record(run, tmp_path):
    run("raise InputError('No.')")
    assert not (tmp_path / "record.json").exists()


@pytest.mark.parametrize(
    "ending",
    [
        "raise InputError('The server refused ' + os.environ['SOME_API_KEY'])",
        "raise RuntimeError('The server refused ' + os.environ['SOME_API_KEY'])",
        "os.system('echo $SOME_API_KEY'); record['answer'] = os.environ['SOME_API_KEY']",
    ],
)
def test_a_key_reaches_neither_the_terminal_nor_the_log_nor_the_record(run, tmp_path, ending):
    result, log = run(ending)
    assert "$SOME_API_KEY" in log
    written = [file.read_text() for file in tmp_path.iterdir()]
    assert all(KEY not in text for text in [result.stdout, result.stderr, *written])


def test_what_a_job_said_stands_in_its_log_when_it_is_killed(run):
    assert "working on 1 thread" in run("os.kill(os.getpid(), 9)")[1]


def test_a_key_is_not_in_the_log_of_a_job_that_is_killed(run):
    result, log = run("print(os.environ['SOME_API_KEY'], flush=True); os.kill(os.getpid(), 9)")
    assert result.returncode == -9 and KEY not in log and "$SOME_API_KEY" in log


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_job_without_standard_streams_succeeds_or_says_in_its_log_why_not(run, tmp_path, closing):
    result, log = run("pass", closing=closing)
    assert result.returncode == 0 and read_json(tmp_path / "record.json")["outputs"].keys() == {"table"}
    assert "working on 1 thread" in log and "a child process" in log and log.splitlines()[-1].startswith("Done in ")
    result, log = run("raise InputError('No.')", closing=closing)
    assert result.returncode == 1 and log.splitlines()[-1] == "No."


def test_a_job_whose_terminal_is_gone_says_in_its_log_why_it_failed(run):
    """Writing to /dev/full fails, as to a terminal that was closed."""
    result, log = run("raise InputError('No.')", closing="2>/dev/full")
    assert result.returncode == 1 and log.splitlines()[-1] == "No."


def test_a_job_answers_no_questions(run):
    """As libraries ask them before they run the code of a repository."""
    result, log = run("input('Do you wish to run the custom code? [y/N] ')")
    assert result.returncode == 1
    assert "EOFError" in log


def test_bad_input_ends_a_job_with_one_sentence(run):
    result, log = run("raise InputError('The pool is empty; fill it.')")
    assert result.returncode == 1
    assert result.stderr.strip() == "Error: The pool is empty; fill it."
    assert "Traceback" not in log


@pytest.mark.parametrize("ending", ["1 / 0", "raise KeyboardInterrupt"])
def test_other_errors_end_a_job_with_a_line_and_a_traceback_in_the_log(run, ending):
    result, log = run(ending)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "log" in result.stderr
    assert "Traceback" in log


def test_an_error_of_which_the_logger_plugin_tells_stands_in_the_log_alone(run, monkeypatch):
    monkeypatch.setenv(TOLD, "1")
    result, log = run("raise InputError('The pool is empty; fill it.')")
    assert result.returncode == 1 and result.stderr == "" and log.endswith("The pool is empty; fill it.\n")


def test_ctrl_c_ends_a_job_with_a_sentence(run):
    result, _ = run("os.kill(os.getpid(), 2); time.sleep(9)")
    assert result.stderr.strip().startswith("Error: Stopped by SIGINT before table was finished;")


SWALLOW = "def swallow():\n        try: os.kill(os.getpid(), 15)\n        except: pass\n    swallow(); time.sleep(9)"


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), 15); time.sleep(9)", SWALLOW], ids=["heard", "swallowed"])
def test_sigterm_ends_a_job_with_what_it_leaves_unfinished(run, ending):
    result, _ = run(ending)
    assert result.returncode == 1
    assert result.stderr.strip() == (
        "Error: Stopped by SIGTERM before table was finished; run the same command again to go on."
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("OSError(28, 'No space left on device')", "The disk is full: table could not be written; make"),
        ("RuntimeError('I/O error: No space left on device (os error 28)')", "The disk is full: table could"),
        ("OSError(30, 'Read-only file system', 'x')", "table could not be written ([Errno 30] Read-only"),
    ],
)
def test_a_disk_that_takes_nothing_is_named_as_the_cause(run, error, words):
    result, log = run(f"raise {error}")
    assert result.returncode == 1 and words in result.stderr and len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" in log


def test_bad_input_is_not_mistaken_for_an_output_that_cannot_be_written(run):
    result, _ = run("raise InputError('mine.csv cannot be read (Permission denied); fix it.')")
    assert result.stderr.strip() == "Error: mine.csv cannot be read (Permission denied); fix it."


@pytest.mark.parametrize("log", ["/dev/full", "no/such/folder/log"])
@pytest.mark.parametrize("ending", ["raise OSError(28, 'No space left on device')", "1 / 0"])
def test_an_error_is_said_on_the_terminal_though_the_log_takes_nothing(run, log, ending, monkeypatch):
    monkeypatch.setenv(TOLD, "1")
    result, _ = run(f"sys.stdout.flush(); {ending}", log)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert result.stderr.startswith("\nError: ") and len(result.stderr.strip().splitlines()) == 1
    if log == "/dev/full":
        assert "The disk is full: table could not be written; make room" in result.stderr


@pytest.mark.parametrize("name", ["results/b.parquet", "results/model"])
def test_a_job_does_not_start_on_an_input_with_a_flipped_bit(run, tmp_path, name):
    file = tmp_path / name if name.endswith("parquet") else tmp_path / name / "weights"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"0123456789")
    made = {name: {"sha256": hash_file(tmp_path / name), "bytes": 10, "changed_ns": file.stat().st_mtime_ns}}
    record = tmp_path / "results" / f"{Path(name).stem}.json"
    write_json(record, {"rule": "r", "outputs": made, "inputs": {}, "code": ""})
    assert run("print('it ran')", more_input=name)[0].returncode == 0
    flip(file)
    result, log = run("print('it ran')", more_input=name)
    assert result.returncode == 1 and "it ran" not in log
    assert result.stderr.startswith(f"\nError: {name} is damaged (")
    assert (tmp_path / "results/damaged.txt").read_text() == f"{name}\n"


def flip(file):
    """Change a bit in the middle of a file, and nothing about its size and time."""
    content, time = bytearray(file.read_bytes()), file.stat().st_mtime_ns
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(time, time))


@pytest.mark.parametrize("error", ["OSError('could not open <Buffer>')", "InputError('vLLM failed.')"])
def test_a_damaged_input_is_named_instead_of_what_it_led_to(run, tmp_path, error):
    (tmp_path / "results").mkdir()
    break_input = "open('results/b.json', 'w').write('{'); snakemake.input.append('results/b.json')"
    result, _ = run(f"{break_input}; raise {error}")
    assert result.stderr.startswith("\nError: results/b.json is damaged (")
    assert (tmp_path / "results/damaged.txt").read_text() == "results/b.json\n"


def test_a_job_ends_when_its_scheduler_is_killed(run, monkeypatch):
    with subprocess.Popen(["sleep", "100"]) as scheduler:
        monkeypatch.setenv(SCHEDULER, str(scheduler.pid))
        result, _ = run(f"os.kill({scheduler.pid}, 9); time.sleep(60)")
    assert result.returncode == 1 and result.stderr == ""


def test_a_job_whose_scheduler_is_gone_already_does_not_start(run, monkeypatch):
    with subprocess.Popen(["true"]) as scheduler:
        pass
    monkeypatch.setenv(SCHEDULER, str(scheduler.pid))
    result, log = run("pass")
    assert (result.returncode, result.stderr, log) == (1, "", "")


@pytest.fixture
def gpus(monkeypatch):
    """Names of three GPUs that no other process leases."""
    names = [f"fake-{os.getpid()}-{i}" for i in range(3)]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    return names


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_a_job_sees_the_gpus_that_it_has_leased_and_no_others(run, gpus, wanted):
    log = run("print('on', os.environ['CUDA_VISIBLE_DEVICES'])", gpu=wanted)[1]
    assert f"on {','.join(gpus[:wanted])}\n" in log


@pytest.mark.parametrize("wanted", [0, 1])
def test_a_job_asks_to_be_forked_unless_it_wants_gpus(run, gpus, monkeypatch, tmp_path, wanted):
    """A process that runs its script itself has the variable until it asks."""
    monkeypatch.setenv(FORK_SERVER, str(tmp_path / "nobody answers"))
    log = run(f"print('not asked:', {FORK_SERVER!r} in os.environ)", gpu=wanted)[1]
    assert f"not asked: {wanted == 1}\n" in log


@pytest.mark.parametrize(("whole_gpu", "shared"), [(False, 4), (True, 1)])
def test_a_job_shares_a_gpu_as_the_study_allows_unless_it_wants_all_of_it(run, gpus, monkeypatch, whole_gpu, shared):
    monkeypatch.setenv(JOBS_PER_GPU, "4")
    look = f"from elicitation.jobs.devices import sharing; print('allows', sharing('{gpus[0]}'))"
    assert f"allows [{shared}]\n" in run(look, whole_gpu=whole_gpu, gpu=1)[1]


@pytest.mark.parametrize(
    ("own", "whole_gpu", "wanted", "found"),
    [
        pytest.param(None, False, 1, "expandable_segments:True", id="training"),
        pytest.param("max_split_size_mb:64", False, 1, "max_split_size_mb:64", id="the user's own"),
        pytest.param(None, True, 1, None, id="vLLM"),
        pytest.param(None, False, 0, None, id="on a CPU"),
    ],
)
def test_memory_of_a_gpu_grows_in_segments_where_a_job_trains(run, gpus, monkeypatch, own, whole_gpu, wanted, found):
    monkeypatch.delenv("PYTORCH_ALLOC_CONF", raising=False)
    if own:
        monkeypatch.setenv("PYTORCH_ALLOC_CONF", own)
    look = "print('allocator', os.environ.get('PYTORCH_ALLOC_CONF'))"
    assert f"allocator {found}\n" in run(look, whole_gpu=whole_gpu, gpu=wanted)[1]
