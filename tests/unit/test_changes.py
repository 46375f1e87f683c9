"""Whether a study has changed since its results were computed."""

import pytest

from elicitation.files import write_json
from elicitation.jobs.records import ROOT
from elicitation.study.changes import change_sentence, hash_config, study_file
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


def test_a_study_that_has_changed_is_told_of_with_the_command(study):
    file, folder = study
    assert change_sentence(folder) == ""
    file.write_text("labels: {no: 0, 1: 1}\nseeds: [0, 1]\n# The same.\nstudy: mine\n")
    assert change_sentence(folder) == ""
    file.write_text("study: mine\nseeds: [1, 0]\nlabels: {1: 1, no: 0}\n")
    said = change_sentence(folder)
    assert said.startswith(f"{file} has changed since these results were computed")
    assert f"--configfile {file} --directory {folder}" in said
    file.write_text("study: [")
    assert "results before a change: The study" in change_sentence(folder)
    file.unlink()
    assert change_sentence(folder) == "", "as on another machine"


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
