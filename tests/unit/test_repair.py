"""A study of plain files, whose jobs are done by functions here in the place of Snakemake."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from elicitation.cli import main
from elicitation.errors import InputError
from elicitation.files import hash_file, write_json
from elicitation.jobs import repair as module
from elicitation.jobs.damage import report_damage
from elicitation.jobs.records import ROOT, measure
from elicitation.jobs.repair import JOURNAL, explain_unfinished, repair
from elicitation.jobs.study_folder import hold_folder

# Each file by what it is made from; what it holds follows from that.
MADE_FROM = {
    "pool": [],
    "labels": ["pool"],
    "stage": ["labels"],
    "runs": ["labels", "stage"],
    "scores": ["runs"],
    "alone": [],
}
SECOND = 10**9


def path_of(name: str) -> Path:
    return Path(f"results/{name}.parquet.txt")


def make(name: str, settings: int = 1, word: str = "") -> None:
    """Do a job: a file and its record, now."""
    inputs = {str(path_of(before)): hash_file(path_of(before)) for before in MADE_FROM[name]}
    path = path_of(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{name}{word}: {json.dumps(inputs)}")
    outputs = {str(path): {"sha256": hash_file(path)} | measure(path)}
    record = {"rule": name, "settings": settings, "inputs": inputs, "outputs": outputs, "code": ""}
    record |= {"command": "snakemake --cores all --configfile /mine.yaml", "made": os.urandom(4).hex()}
    write_json(f"{path}.json", record)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A finished study in the working folder, whose files are a second apart and older than now."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(MADE_FROM):
        make(name)
        path, record = path_of(name), Path(f"{path_of(name)}.json")
        time = path.stat().st_mtime_ns - (100 - 2 * number) * SECOND
        made = json.loads(record.read_text())
        made["outputs"][str(path)]["changed_ns"] = time
        record.write_text(json.dumps(made))
        os.utime(path, ns=(time, time))
        os.utime(record, ns=(time + SECOND, time + SECOND))
    return tmp_path


class Snakemake:
    """Does the jobs of the targets; `calls` are the words of each call."""

    def __init__(self, folder, before=lambda name: None, after=lambda name: None, **settings):
        self.folder, self.before, self.after, self.settings, self.calls = folder, before, after, settings, []

    def __call__(self, words):
        self.calls.append(words)
        targets = words[words.index("--") + 1 :]
        forced = words[words.index("--forcerun") + 1 : words.index("--")] if "--forcerun" in words else []
        assert Path.cwd() == ROOT and str(self.folder) in words
        os.chdir(self.folder)
        for name in MADE_FROM:
            path = path_of(name)
            if str(path) in targets and (str(path) in forced or not path.exists()):
                path.unlink(missing_ok=True)
                self.before(name)
                make(name, **self.settings)
                self.after(name)
        os.chdir(ROOT)
        return True


@pytest.fixture
def snakemake(study, monkeypatch):
    def use(**how):
        monkeypatch.setattr(module, "run_snakemake", Snakemake(study, **how))
        return module.run_snakemake

    return use


def damage(*names: str) -> None:
    for name in names:
        path_of(name).write_text("broken")
    report_damage(str(path_of(name)) for name in names)


def state() -> dict[str, tuple[int, str]]:
    """Times and contents of all files."""
    return {str(file): (file.stat().st_mtime_ns, file.read_text()) for file in sorted(Path("results").iterdir())}


def times(*names: str) -> list[int]:
    return [path_of(name).stat().st_mtime_ns for name in names]


def in_order() -> bool:
    """Whether no file is older than what it was made from."""
    return all(times(name)[0] > times(before)[0] for name, made_from in MADE_FROM.items() for before in made_from)


def test_a_repair_makes_only_what_is_damaged_and_leaves_the_study_as_it_was(study, snakemake):
    before, run = state(), snakemake()
    damage("labels")
    assert repair() == ([str(path_of("labels"))], [])
    assert len(run.calls) == 1 and run.calls[0][-2:] == ["--", str(path_of("labels"))]
    after = state()
    # No time but its upper bound is known of what was damaged.
    assert after.pop(str(path_of("labels")))[1] == before.pop(str(path_of("labels")))[1] and after == before
    assert times("pool")[0] < times("labels")[0] < times("stage")[0]


def test_the_call_of_snakemake_is_printed_as_it_can_be_typed(study, snakemake, capsys):
    snakemake()
    damage("labels")
    repair(["--profile", "profiles/slurm"])
    path = path_of("labels")
    assert capsys.readouterr().out == (
        f"cd {ROOT} && snakemake --cores all --configfile /mine.yaml --directory {study} --rerun-triggers mtime "
        f"--rerun-incomplete --no-hooks --profile profiles/slurm --forcerun {path} -- {path}\n"
    )


def test_what_lies_between_two_damaged_files_is_not_made_again(study, snakemake):
    run = snakemake()
    damage("runs", "labels")
    assert repair()[1] == []
    assert [words[-1] for words in run.calls] == [str(path_of("labels")), str(path_of("runs"))]
    assert times("labels")[0] < times("stage")[0] < times("runs")[0] < times("scores")[0]


def test_files_that_do_not_come_from_each_other_are_made_in_one_call(study, snakemake):
    run = snakemake()
    damage("labels", "alone")
    repair()
    assert [words[-2:] for words in run.calls] == [[str(path_of("labels")), str(path_of("alone"))]]


def test_a_file_that_comes_out_otherwise_has_its_new_record_and_its_old_time(study, snakemake):
    before = state()
    snakemake(word=" on another GPU")
    damage("labels")
    repair()
    record = f"{path_of('labels')}.json"
    assert (
        hash_file(path_of("labels"))
        == json.loads(Path(record).read_text())["outputs"][str(path_of("labels"))]["sha256"]
    )
    assert state()[record][0] == before[record][0] and state()[record][1] != before[record][1]
    assert times("labels")[0] < times("stage")[0]


def test_what_is_made_with_other_settings_has_its_new_time_so_that_the_next_run_follows(study, snakemake):
    snakemake(settings=2)
    damage("labels")
    repair()
    assert times("labels")[0] > times("scores")[0]
    assert Path(f"{path_of('labels')}.json").stat().st_mtime_ns > times("scores")[0]


def test_a_damaged_record_gets_a_time_before_what_was_made_from_it(study, snakemake, monkeypatch):
    record = Path(f"{path_of('labels')}.json")
    reader = Path(f"{path_of('stage')}.json")
    read = json.loads(reader.read_text())
    read["inputs"][str(record)] = hash_file(record)
    time = reader.stat().st_mtime_ns
    reader.write_text(json.dumps(read))
    os.utime(reader, ns=(time, time))
    record.write_text("{")
    report_damage([str(record)])

    def run(words):
        os.chdir(study)
        make("labels")
        return True

    monkeypatch.setattr(module, "run_snakemake", run)
    assert repair() == ([str(record)], [])
    assert record.stat().st_mtime_ns <= times("stage")[0] and times("labels")[0] < times("stage")[0]


class Killed(BaseException):
    """SIGKILL, after which nothing is tidied up."""


def kill(at: str):
    def die(name):
        if name == at:
            raise Killed

    return die


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("at", ["labels", "runs"])
def test_a_repair_that_is_killed_in_a_job_is_repeated_to_the_same_end(study, snakemake, moment, at):
    before = state()
    snakemake(**{moment: kill(at)})
    damage("runs", "labels")
    with pytest.raises(Killed):
        repair()
    os.chdir(study)
    assert JOURNAL.exists() and f"elicitation repair {study}" in explain_unfinished()
    run = snakemake()
    left = ["runs"] if at == "runs" else ["runs", "labels"]
    assert repair() == ([str(path_of(name)) for name in left], [])
    forced = {word for words in run.calls for word in words[words.index("--no-hooks") + 1 : words.index("--")]}
    assert (str(path_of(at)) in forced) == (moment == "before"), "no job that has ended is repeated"
    assert {path: content for path, (_, content) in state().items()} == {
        path: text for path, (_, text) in before.items()
    }
    assert in_order()
    assert explain_unfinished() is None and not Path("results/damaged.txt").exists()


@pytest.mark.parametrize("function", ["begin_journal", "restore_times", "settle", "note", "replacing"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_repair_that_is_killed_around_its_jobs_is_repeated_to_the_same_end(
    study, snakemake, monkeypatch, function, when
):
    before, original = state(), getattr(module, function)

    def die(*arguments):
        if when == "after":
            original(*arguments)
        raise Killed

    snakemake()
    damage("labels")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, function, die)
        repair()
    os.chdir(study)
    snakemake()
    assert repair()[1] == []
    after = state()
    assert after.pop(str(path_of("labels")))[1] == before.pop(str(path_of("labels")))[1] and after == before
    assert in_order()


def test_damage_that_a_repair_comes_upon_is_repaired_by_the_next_one(study, snakemake, monkeypatch):
    """The job of the labels finds that its own input is damaged, and fails when Snakemake has deleted the labels."""
    damage("labels")

    def fail(words):
        os.chdir(study)
        path_of("labels").unlink()
        Path(f"{path_of('labels')}.json").unlink()
        damage("pool")
        return False

    monkeypatch.setattr(module, "run_snakemake", fail)
    assert repair()[1] == [str(path_of("labels"))]
    run = snakemake()
    assert repair() == ([str(path_of("labels")), str(path_of("pool"))], [])
    assert [words[-1] for words in run.calls] == [str(path_of("pool")), str(path_of("labels"))]
    assert in_order()


@pytest.mark.parametrize("said", [False, True])
def test_what_could_not_be_made_again_stays_noted_and_keeps_runs_out(study, monkeypatch, capsys, said):
    monkeypatch.setattr(module, "run_snakemake", lambda words: said)
    damage("labels")
    assert main(["repair"]) == 1
    assert f"Error: {path_of('labels')} could not be made again" in capsys.readouterr().err
    assert Path("results/damaged.txt").read_text() == f"{path_of('labels')}\n" and explain_unfinished()


def test_the_command_says_what_it_did_and_that_there_is_nothing_to_do(study, snakemake, capsys, monkeypatch):
    snakemake()
    damage("labels")
    monkeypatch.chdir("/")
    assert main(["repair", str(study)]) == 0
    assert capsys.readouterr().out.endswith(f"Made again: {path_of('labels')}. What came from them stays as it was.\n")
    assert main(["repair", str(study)]) == 0
    assert "Nothing is noted as damaged" in capsys.readouterr().out
    assert main(["repair", str(study / "nowhere")]) == 1
    assert "There is no folder" in capsys.readouterr().err


def test_options_for_snakemake_follow_two_dashes(study, snakemake):
    run = snakemake()
    damage("labels")
    assert main(["repair", ".", "--", "--profile", "profiles/slurm"]) == 0
    assert run.calls[0][run.calls[0].index("--profile") :][:2] == ["--profile", "profiles/slurm"]


def test_a_repair_is_refused_while_the_study_runs(study):
    damage("labels")
    hold = "import sys; from elicitation.jobs.study_folder import hold_folder; running = hold_folder()"
    command = [sys.executable, "-c", f"{hold}; print('held', flush=True); sys.stdin.read()"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="A study is running in"):
            repair()
        other.kill()
    assert not JOURNAL.exists()


def test_a_run_that_begins_during_a_repair_sees_it(study, snakemake):
    def begin(name):
        with hold_folder():
            assert explain_unfinished()

    snakemake(before=begin)
    damage("labels")
    repair()
    with hold_folder():
        assert explain_unfinished() is None


def test_a_study_without_a_record_that_can_be_read_is_named(study):
    for record in Path("results").glob("*.json"):
        record.write_text("{")
    report_damage([f"{path_of('labels')}.json"])
    with pytest.raises(InputError, match="holds no record that can be read; delete what is damaged"):
        repair()
    assert explain_unfinished() is None
