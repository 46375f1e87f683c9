"""The logger plugin: by the interface's own tests, and found and used by the installed Snakemake."""

import logging
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yte
from snakemake.logging import LoggerManager, logger
from snakemake.settings.enums import Quietness
from snakemake.settings.types import OutputSettings
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase
from snakemake_interface_logger_plugins.tests import TestLogHandlerBase

import snakemake_logger_plugin_elicitation as plugin

ROOT = Path(__file__).parents[2]


class TestInterface(TestLogHandlerBase):
    """What the interface asks of every plugin."""

    __test__ = True

    def get_log_handler_cls(self):
        return plugin.LogHandler

    def get_log_handler_settings(self):
        return None


def record(event, **fields):
    return SimpleNamespace(event=event, **fields)


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(plugin, "say", lambda text, level=logging.INFO: lines.append(text))
    return lines


@pytest.fixture
def handler(said):
    return plugin.LogHandler(OutputSettings(), None)


def test_progress_is_followed_by_the_time_left(handler, said):
    for event in (LogEvent.PROGRESS, LogEvent.JOB_STARTED):
        handler.emit(record(event, done=2, total=2))
    handler.emit(logging.makeLogRecord({"msg": "something else"}))
    assert said == ["2 of 2 jobs done"]


def test_a_long_job_shows_its_own_progress_where_nothing_else_is_said(monkeypatch, said, tmp_path):
    monkeypatch.setattr(plugin, "BEAT", 0.1)
    handler = plugin.LogHandler(OutputSettings(), None)
    (tmp_path / "log").write_text("step 3 of 9\n")
    handler.emit(record(LogEvent.JOB_INFO, jobid=1, rule_name="train_runs", log=[str(tmp_path / "log")]))
    ends = time.monotonic() + 10
    while not said and time.monotonic() < ends:
        time.sleep(0.05)
    handler.close()
    assert said[0] == "train_runs has run for 0 min: step 3 of 9"


def test_what_failed_is_listed_once_at_the_end(handler, said, tmp_path):
    log = tmp_path / "log"
    log.write_text("No.\n")
    handler.emit(record(LogEvent.JOB_ERROR, jobid=1, rule_name="train_runs", log=[str(log)]))
    assert not said
    handler.close()
    handler.close()
    assert len(said) == 1 and said[0].endswith(f"train_runs: {log}: No.")


def test_nothing_is_said_at_the_end_of_a_run_in_which_nothing_failed(handler, said):
    handler.close()
    assert not said


def test_snakemake_finds_the_plugin_by_its_name():
    assert LoggerPluginRegistry().get_plugin("elicitation").log_handler is plugin.LogHandler


def read_profile(name: str) -> dict:
    """A profile as Snakemake reads it."""
    with (ROOT / f"profiles/{name}/config.yaml").open() as stream:
        return yte.process_yaml(stream, require_use_yte=True)


def test_the_profile_names_the_plugin_where_it_is_installed(monkeypatch):
    assert read_profile("default")["logger"] == ["elicitation"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "logger" not in read_profile("default") and read_profile("default")["keep-going"]


def test_the_profile_for_slurm_is_not_overruled_by_the_one_that_is_read_beside_it():
    assert not (read_profile("default").keys() & {"default-resources", "resources", "executor"})


def test_snakemake_goes_on_writing_and_the_plugin_hears_what_the_profile_is_quiet_about(capfd):
    """Of the failure of a job only the plugin tells, at the end."""
    settings = OutputSettings(quiet={Quietness.RULES}, log_handler_settings={"elicitation": LogHandlerSettingsBase()})
    manager = LoggerManager(logger, settings)
    try:
        assert [type(handler) for handler in manager.get_log_handlers()] == [plugin.LogHandler]
        logger.info("from Snakemake")
        logger.info("", extra={"event": LogEvent.PROGRESS, "done": 1, "total": 1})
        logger.error("in all words", extra={"event": LogEvent.JOB_ERROR, "jobid": 1, "rule_name": "train", "log": []})
    finally:
        manager.stop()
    said = capfd.readouterr().err
    assert "from Snakemake" in said and "1 of 1 jobs done" in said and "in all words" not in said
    assert said.index("from Snakemake") < said.index("1 jobs failed") < said.index("  train: ")
