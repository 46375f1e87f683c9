"""Whether a study has changed since its results were computed."""

import pytest

from elicitation.files import hash_file, write_json
from elicitation.jobs.records import ROOT
from elicitation.study.changes import change_sentences, hash_config, study_file, where_to_change
from elicitation.study.reading import read_yaml


@pytest.fixture
def study(tmp_path):
    """The file of a study, and the folder with its results."""
    file, folder = tmp_path / "mine.yaml", tmp_path / "runs"
    file.write_text("study: mine\nseeds: [0, 1]\nlabels: {1: 1, no: 0}\n")
    settings = {"config": hash_config(read_yaml(file))}
    record = {"command": f"snakemake --cores all --configfile {file}", "settings": settings}
    record |= {"rule": "recommend", "outputs": {}, "inputs": {}, "code": ""}
    (folder / "results").mkdir(parents=True)
    write_json(folder / "results/recommendation.json", record)
    return file, folder


def told(folder) -> str:
    return "\n".join(change_sentences(folder))


def test_a_study_that_has_changed_is_told_of_with_the_command(study):
    file, folder = study
    assert told(folder) == ""
    file.write_text("labels: {no: 0, 1: 1}\nseeds: [0, 1]\n# The same.\nstudy: mine\n")
    assert told(folder) == ""
    file.write_text("study: mine\nseeds: [1, 0]\nlabels: {1: 1, no: 0}\n")
    said = told(folder)
    assert said.startswith(f"{file} has changed since these results were computed")
    assert f"--configfile {file} --directory {folder}" in said
    file.write_text("study: [")
    assert "results before a change: The study" in told(folder)
    file.unlink()
    assert told(folder) == "", "as on another machine"


def test_a_table_that_has_changed_is_told_of_with_the_command(study, tmp_path):
    file, folder = study
    table, card = tmp_path / "labels.csv", folder / "results/tasks/t/card.json"
    table.write_text("text,gold\n")
    card.parent.mkdir(parents=True)
    source_files = {str(table): hash_file(table), "hub@1:train": "x"}
    write_json(card, {"rule": "", "outputs": {}, "inputs": {}, "code": "", "source_files": source_files})
    table.touch()
    assert told(folder) == "", "its content counts"
    table.write_text("text,gold\nhello,1\n")
    said = told(folder)
    assert said.startswith(f"{table} has changed since these results were computed; for answers of it as it is now")
    assert f"--configfile {file} --directory {folder}" in said
    card.unlink()
    assert told(folder) == "", "as on another machine"


def test_where_a_study_is_changed_is_known_from_its_results(study, tmp_path):
    file, folder = study
    assert where_to_change(folder)[0] == str(file) and f"--directory {folder}" in where_to_change(folder)[1]
    assert where_to_change(tmp_path) == ("the study's file", "the command that started it")


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("", ROOT / "config.yaml"),
        ("--configfile studies/own.yaml", ROOT / "studies/own.yaml"),
        ("--configfile /tmp/a.yaml", "/tmp/a.yaml"),
        ("--configfile a.yaml b.yaml", None),
        ("--configfile a.yaml --config seeds=[0]", None),
        ("--snakefile /tmp/Snakefile", None),
    ],
)
def test_the_file_of_a_study_is_that_of_its_call(words, file):
    found = study_file(f"snakemake --cores all {words}")
    assert found == file or str(found) == file
