"""The logger plugin: by the interface's own tests, and found and used by the installed Snakemake."""

import io
import logging
import re
import shlex
import time
from pathlib import Path

import pytest
import yte
from snakemake.exceptions import LockException
from snakemake.logging import LoggerManager, logger
from snakemake.settings.types import OutputSettings
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase
from snakemake_interface_logger_plugins.tests import TestLogHandlerBase

import snakemake_logger_plugin_elicitation as plugin
from elicitation.analysis.names import DEMONSTRATION
from elicitation.cli import main
from elicitation.files import write_json
from elicitation.jobs.ending import ANSWER, ANSWERS, DOORS, ending_lines, question
from elicitation.jobs.processes import program_here
from elicitation.jobs.progress import Told, told
from elicitation.jobs.study_folder import name_other_run
from elicitation.jobs.terminal import ERASE, WIDTH, Terminal, bar_of

ROOT = Path(__file__).parents[2]


class TestInterface(TestLogHandlerBase):
    """What the interface asks of every plugin."""

    __test__ = True

    def get_log_handler_cls(self):
        return plugin.LogHandler

    def get_log_handler_settings(self):
        return None


def record(event, **fields):
    return logging.makeLogRecord({"event": event, "levelno": logging.INFO} | fields)


def job(number, rule="train_runs", log=(), **more):
    wildcards = {"task": "film", "budget": "64", "seed": str(number)}
    return record(
        LogEvent.JOB_INFO, jobid=number, rule_name=rule, log=list(log), output=["a"], wildcards=wildcards, **more
    )


def failed(number, log=()):
    return record(LogEvent.JOB_ERROR, jobid=number, rule_name="train_runs", log=list(log))


def message(text, level=logging.INFO, **more):
    return logging.makeLogRecord({"msg": text, "levelno": level} | more)


@pytest.fixture(autouse=True)
def two_jobs(monkeypatch):
    """Two jobs are planned, and what the plugin and the Snakefile tell each other stays in its test."""
    for name in ("listens", "jobs", "measured", "varying", "runs_made", "asks_for_answer"):
        monkeypatch.setattr(told, name, getattr(Told(), name))
    told.plan({number: ("train_runs", 1, {"task": "film", "seed": str(number)}) for number in (1, 2)})


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(plugin.Terminal, "say", lambda self, text: lines.append(text))
    return lines


@pytest.fixture
def handler(said):
    return plugin.LogHandler(OutputSettings(), None)


def run(handler, *records):
    for one in records:
        handler.emit(one)
    return handler


def test_each_job_that_is_done_is_one_line_with_the_time_left(handler, said):
    progress = record(LogEvent.PROGRESS, done=1, total=3)
    run(handler, record(LogEvent.WORKFLOW_STARTED), job(1), job(2), record(LogEvent.JOB_FINISHED, job_id=1), progress)
    assert re.fullmatch(r"trained film, budget 64, seed 1 · 1 of 2 · \d+ s left", said.pop())
    # All jobs of a group are done at once; `all`, which makes nothing, is not told of.
    finished = [record(LogEvent.JOB_FINISHED, job_id=number) for number in (2, 0)]
    run(handler, *finished, record(LogEvent.PROGRESS, done=3, total=3), message("Elapsed time"))
    assert said == ["trained film, budget 64, seed 2 · 2 of 2"]
    handler.close()
    assert said[1].startswith("Done: 2 jobs in ")


def test_a_long_job_shows_its_own_progress_where_nothing_else_is_said(monkeypatch, said, tmp_path):
    monkeypatch.setattr(plugin, "BEAT", 0.1)
    handler = plugin.LogHandler(OutputSettings(), None)
    (tmp_path / "log").write_text("step 3 of 9\n")
    handler.emit(job(1, log=[str(tmp_path / "log")]))
    ends = time.monotonic() + 10
    while not said and time.monotonic() < ends:
        time.sleep(0.05)
    handler.close()
    assert said[0] == "training film, budget 64, seed 1 for 0 s: step 3 of 9 · 0 of 2"


def test_what_failed_is_told_at_once_and_listed_once_at_the_end(handler, said, tmp_path):
    log = tmp_path / "log"
    run(handler, job(1, log=[str(log)]))
    log.write_text("No.\n")
    # What Snakemake says of it is the same in other words.
    other = message("RuleException:\nCalledProcessError in file x", logging.ERROR, exception="RuleException")
    run(handler, other, failed(1, [str(log)]))
    assert said == [f"Error: No.\n  while training film, budget 64, seed 1; its log: {log}"]
    run(handler, message("Exiting because a job execution failed. Look above", logging.ERROR))
    handler.close()
    handler.close()
    assert len(said) == 2 and said[1].endswith(f"training film, budget 64, seed 1: {log}: No.")


def test_a_run_that_is_stopped_says_so_once(handler, said, tmp_path):
    logs = [[str(tmp_path / name)] for name in "ab"]
    run(handler, job(1, log=logs[0]), job(2, log=logs[1]))
    for (log,) in logs:
        Path(log).write_text("Stopped by SIGTERM before x was finished; run the same command again to go on.\n")
    stop = message("Will exit after finishing currently running jobs (scheduler).")
    run(handler, failed(1, logs[0]), stop, failed(2, logs[1]), stop)
    handler.close()
    assert said == [plugin.STOP, f"Stopped after 0 of 2 jobs; {plugin.GOES_ON}"]


def test_who_interrupts_hears_how_to_stop_now(handler, said):
    wait = message("Terminating processes on user request, this might take some time.")
    finished = (record(LogEvent.JOB_FINISHED, job_id=1), record(LogEvent.PROGRESS, done=1, total=3))
    # One more ends while the run stops, and Snakemake counts no further.
    run(handler, job(1), job(2), *finished, wait, record(LogEvent.JOB_FINISHED, job_id=2)).close()
    assert said[1:] == [f"{plugin.STOP} {plugin.WAITING}", f"Stopped after 2 of 2 jobs; {plugin.GOES_ON}"]


def test_who_interrupts_a_run_that_stops_already_hears_it_too(handler, said):
    stop = message("Will exit after finishing currently running jobs (scheduler).")
    run(handler, stop, message("Terminating processes on user request, this might take some time.")).close()
    assert said[:2] == [plugin.STOP, plugin.WAITING] and len(said) == 3


def test_a_job_that_alone_was_stopped_is_listed(handler, said, tmp_path):
    """As clusters do at a job's time limit."""
    log = tmp_path / "log"
    run(handler, job(1, log=[str(log)]))
    log.write_text("Stopped by SIGTERM before x was finished; run the same command again to go on.\n")
    run(handler, failed(1, [str(log)])).close()
    assert len(said) == 1 and "1 job failed" in said[0]


def test_a_dry_run_ends_with_what_would_run_and_why(said):
    handler = plugin.LogHandler(OutputSettings(dryrun=True), None)
    reasons = ("Missing output files: a; Input files updated by another job: b", "Params have changed since then")
    run(handler, *(job(number, reason=reason) for number, reason in enumerate(reasons))).close()
    assert said[:2] == [
        "Would train 2 runs of film.",
        "Why: not made yet (1 job); settings have changed (1 job).",
    ]


def test_warnings_errors_and_what_is_said_before_a_run_are_shown(handler, said):
    run(handler, message("Report created: x"), record(LogEvent.WORKFLOW_STARTED), message("Building DAG of jobs..."))
    run(handler, message("Beware.", logging.WARNING), job(1))
    error = 'WorkflowError in file "/a/Snakefile", line 3:\nNo; fix it.\n  File "/a/Snakefile", line 3, in <module>'
    run(handler, message(error, logging.ERROR))
    run(handler, message("Nothing to be done (all requested files are present and up to date)."))
    run(handler, message("Trying to restart job 1."))
    assert said[:3] == ["Report created: x", "Warning: Beware.", "Error: No; fix it."] and len(said) == 5
    assert said[4] == "Trying again: training film, budget 64, seed 1"


def test_a_run_beside_another_is_one_sentence_that_does_not_begin_with_unlocking(said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = message(f"LockException:\n{LockException()}", logging.ERROR)
    run(plugin.LogHandler(OutputSettings(), None), error)
    assert said == [f"Error: {name_other_run()}"]
    # Of a dry run, which is told all the same what would run.
    warned = message("Error: Directory cannot be locked. Another Snakemake instance is running.")
    run(plugin.LogHandler(OutputSettings(dryrun=True), None), warned)
    assert said[1] == f"Note: {name_other_run()}"


def test_the_end_of_a_run_is_its_answer_three_paths_and_a_command(handler, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in DOORS:
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).touch()
    write_json(Path(ANSWER), {"answer": [DEMONSTRATION, "", "# What to buy: film", "", "**Beware.**", "", "1. Buy."]})
    asked = [{"budget": budget, "weak_price": price} for price in (0.5, 0.1, None) for budget in (16, 64, 1024)]
    answers = [{"task": "film", "student": "s", "question": one} for one in asked]
    write_json(Path(ANSWERS), {"answers": answers, "settings": {}})
    monkeypatch.setattr(told, "asks_for_answer", lambda: True)
    run(handler, record(LogEvent.WORKFLOW_STARTED), message("Nothing to be done")).close()
    assert said[1:7] == ["", DEMONSTRATION, "What to buy: film", "Beware.", "1. Buy.", ""]
    *doors, ask = said[7:]
    assert [line.split()[1] for line in doors] == [str(tmp_path / path) for path in DOORS]
    command = f"{program_here('elicitation')} recommend {tmp_path} --budget 1024 --weak-price 0.1"
    assert ask == f"Ask with your own budget and price: {command}"
    write_json(Path(ANSWERS), {"answers": answers, "settings": {"budget": 600}})
    assert [*ending_lines(tmp_path)][-1].endswith("--budget 600 --weak-price 0.1"), "the study's own"


def test_the_command_for_another_question_names_what_the_study_has_several_of(tmp_path, capsys):
    own = {"budget": 28.8, "weak_price": None}
    answers = [{"task": task, "student": name, "question": own} for task in ("a", "b") for name in ("s", "t")]
    words = shlex.split(question(answers, tmp_path))
    assert words[1:] == ["recommend", str(tmp_path), "--budget", "28.8", "--task", "a", "--student", "s"]
    # The command takes it: only the results are not there.
    assert main(words[1:]) == 1 and "results" in capsys.readouterr().err


def test_snakemakes_own_lines_can_be_had(said):
    for option in ("verbose", "printshellcmds", "debug_dag"):
        handler = plugin.LogHandler(OutputSettings(**{option: True}), None)
        assert not handler.writes_to_stream and not told.listens
        run(handler, message("Beware.", logging.WARNING)).close()
    assert not said


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_is_drawn_under_the_lines_where_the_terminal_can_do_that(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal(Screen())
    terminal.draw(bar_of(1, 2))
    terminal.say("a line")
    terminal.draw("")
    shown = bar_of(1, 2)[:19] + "\r"
    assert terminal.stream.getvalue() == f"{ERASE}{shown}{ERASE}a line\n{shown}{ERASE}"
    assert bar_of(0, 0).count("#") == 0 and bar_of(3, 3).count("#") == WIDTH
    monkeypatch.setenv("TERM", "dumb")
    assert not Terminal(Screen()).has_bar and not Terminal(io.StringIO()).has_bar
    # A process may have no standard error.
    Terminal(None).say("to nobody")


def test_an_error_in_the_plugin_does_not_end_it(handler, said, capsys):
    run(handler, job(1), record(LogEvent.JOB_FINISHED), message("Beware.", logging.WARNING))
    assert said == ["Warning: Beware."] and "AttributeError" in capsys.readouterr().err


def test_snakemake_finds_the_plugin_by_its_name():
    assert LoggerPluginRegistry().get_plugin("elicitation").log_handler is plugin.LogHandler


def read_profile(name: str) -> dict:
    """A profile as Snakemake reads it."""
    with (ROOT / f"profiles/{name}/config.yaml").open() as stream:
        return yte.process_yaml(stream, require_use_yte=True)


def test_the_profile_names_the_plugin_where_it_is_installed(monkeypatch):
    # Snakemake's log is not quiet about anything.
    assert read_profile("default")["logger"] == ["elicitation"] and "quiet" not in read_profile("default")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    without = read_profile("default")
    assert "logger" not in without and without["keep-going"] and without["quiet"] == ["rules"]


def test_the_profile_for_slurm_is_not_overruled_by_the_one_that_is_read_beside_it():
    assert not (read_profile("default").keys() & {"default-resources", "resources", "executor"})


def test_snakemake_writes_to_its_log_and_the_plugin_to_the_terminal(capfd):
    settings = OutputSettings(log_handler_settings={"elicitation": LogHandlerSettingsBase()})
    manager = LoggerManager(logger, settings)
    try:
        assert [type(handler) for handler in manager.get_log_handlers()] == [plugin.LogHandler]
        logger.info("", extra={"event": LogEvent.WORKFLOW_STARTED})
        logger.info("from Snakemake")
        logger.info("", extra={"event": LogEvent.PROGRESS, "done": 1, "total": 1})
        fields = {"jobid": 99, "rule_name": "train", "log": ["a.log"]}
        logger.error("in all words", extra={"event": LogEvent.JOB_ERROR, **fields})
    finally:
        manager.stop()
    said = capfd.readouterr().err
    assert "from Snakemake" not in said and "in all words" not in said
    assert (
        said.index("Error: it ended without a word") < said.index("1 job failed") < said.index("  making train: a.log")
    )
