import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from elicitation.cli import build_parser, main
from elicitation.files import write_json
from elicitation.jobs.records import ROOT, begin_record, make_record
from elicitation.jobs.study_folder import hold_folder


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The results of one job."""
    monkeypatch.chdir(tmp_path)
    Path("figures").mkdir()
    Path("figures/pareto.pdf").write_text("%PDF")
    record = make_record(
        "plot_pareto",
        {},
        {},
        "mine",
        begin_record([], ROOT / "workflow/scripts/plot_pareto.py"),
        ["figures/pareto.pdf"],
        time.perf_counter(),
    )
    write_json("figures/pareto.json", record)
    return tmp_path


def test_trace_prints_a_summary_or_a_tree(study, capsys):
    for words in ([], ["--all"]):
        assert main(["trace", "figures/pareto.pdf", *words]) == 0
        assert "plot_pareto" in capsys.readouterr().out


def test_the_command_alone_shows_help_with_examples_and_pages(capsys):
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "examples:" in said and "docs/how-to/questions.md" in said
    for example in re.findall(r"^  elicitation ([a-z].*?)(?:   .*)?$", said, re.MULTILINE):
        build_parser().parse_args(shlex.split(example))


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out.startswith("elicitation ")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("elicitation ver", ["verify"]),
        ("elicitation recommend --weak-p", ["--weak-price"]),
        ("elicitation recommend --task fi", ["film"]),
        ("elicitation next --supervisor ", ["llm", "person"]),
        ("elicitation next --method ", ["sft"]),
    ],
)
def test_a_shell_completes_commands_options_and_names(tmp_path, line, found):
    """As argcomplete asks: the line and the cursor in the environment, the answers in a file."""
    answers = [{"task": "film", "student": "large"}]
    settings = {"prices": {"llm": [0.1], "person": [0.5]}, "titles": {"sft": "SFT"}}
    write_json(tmp_path / "results/recommendation.json", {"answers": answers, "settings": settings})
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    asked |= {"_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "found"), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "elicitation.cli"]
    subprocess.run(command, cwd=tmp_path, env=os.environ | asked, check=True)
    assert [word.strip() for word in (tmp_path / "found").read_text().splitlines()] == found


def test_verify_succeeds_where_all_is_well(study, capsys):
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == "1 results of 1 jobs; problems: 0.\n"


def test_verify_fails_and_deletes_only_when_asked_to(study, capsys):
    Path("figures/pareto.pdf").write_text("other")
    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    assert "figures/pareto.pdf was altered" in said and "elicitation verify --delete" in said
    assert Path("figures/pareto.pdf").exists()
    assert main(["verify", "--delete", str(study)]) == 1
    said = capsys.readouterr().out
    assert "To make again what is missing, and all that comes from it: cd " in said
    assert said.rstrip().endswith("-- all figures/pareto.pdf")
    assert not Path("figures/pareto.pdf").exists()


def test_nothing_is_deleted_while_the_study_runs(study, capsys):
    Path("figures/pareto.pdf").write_text("other")
    Path(".snakemake").mkdir()
    with hold_folder(Path(".snakemake")):
        assert main(["verify", "--delete"]) == 1
    assert "A study is running in" in capsys.readouterr().err
    assert Path("figures/pareto.pdf").exists()


def test_an_error_is_one_sentence_and_a_status(study, capsys):
    assert main(["trace", "figures/nothing.pdf"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("Error: figures/nothing.pdf is no result")


def test_a_reader_that_stops_early_ends_the_command_quietly(study):
    command = f"{sys.executable} -m elicitation.cli trace figures/pareto.pdf | head -1"
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    result = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment, check=True)
    assert result.stdout.startswith("figures/pareto.pdf, of the study mine") and result.stderr == ""


def test_the_command_starts_without_heavy_imports():
    code = "import sys, elicitation.jobs.audit, elicitation.cli\n"
    code += "assert not {'torch', 'pandas', 'numpy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / "src", check=True)
