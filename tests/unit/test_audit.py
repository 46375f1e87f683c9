import shutil
import time
from pathlib import Path

import pytest

from elicitation.errors import InputError
from elicitation.files import hash_file, read_json, write_json
from elicitation.jobs import records as records_module
from elicitation.jobs.audit import locate, trace, verify
from elicitation.jobs.records import ROOT, begin_record, make_record

TASK = "results/tasks/own"
LABELS = "results/weak_labels/own/small"
RUNS = "results/runs/own/small/large/sequential_sft"


def make(record_path, outputs, inputs=(), rule="a_rule", **details):
    """Write a job's files and its record, as jobs do."""
    for path, text in outputs.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    begun = begin_record(inputs, ROOT / "workflow/scripts/plot_pareto.py")
    made = make_record(rule, {}, {}, "mine", begun, list(outputs), time.perf_counter())
    write_json(record_path, details | made)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A small study's results: a task of a local file, weak labels, five blocks, a figure."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(records_module, "code_version", lambda: "c0ffee00" + "0" * 32)
    monkeypatch.setattr(records_module, "hash_code", lambda: "ab" * 32)
    Path("data.csv").write_text("text,label")
    sources = {"source": "local:own", "source_files": {"data.csv": hash_file("data.csv")}}
    make(f"{TASK}/card.json", {f"{TASK}/pool.parquet": "pool", f"{TASK}/test.parquet": "test"}, **sources)
    make("results/models/large.json", {"results/models/large/weights": "w"}, source="hub:a/large@0123abcd")
    rewrite(
        "results/models/large.json", outputs={"results/models/large": {"sha256": hash_file("results/models/large")}}
    )
    make(f"{LABELS}.json", {f"{LABELS}.parquet": "labels"}, [f"{TASK}/pool.parquet"], "write_weak_labels")
    blocks = [f"{RUNS}/b{budget}_s0.parquet" for budget in (1, 2, 4, 8, 16)]
    bought = {"n_weak": 160, "n_gold": 2, "seed": 0, "weak_ids": "ab" * 32, "gold_ids": "cd" * 32}
    for block in blocks:
        inputs = ["results/models/large", f"{TASK}/pool.parquet", f"{LABELS}.parquet"]
        make(block.replace(".parquet", ".json"), {block: block}, inputs, "train_runs", runs=[bought])
    make("figures/pareto.json", {"figures/pareto.pdf": "%PDF"}, blocks, "plot_pareto")
    Path("results/tasks/checked").touch()
    return tmp_path


def rewrite(path, **changes):
    write_json(path, read_json(path) | changes)


# Trace


def test_the_tree_leads_from_a_figure_to_the_revisions_of_data_and_models(study):
    lines = list(trace("figures/pareto.pdf", everything=True))
    text = "\n".join(lines)
    assert f"figures/pareto.pdf  {hash_file('figures/pareto.pdf')[:8]}  plot_pareto" in text
    assert "│  ├─ source: hub:a/large@0123abcd" in text or "│  └─ source: hub:a/large@0123abcd" in text
    assert f"source: data.csv  {hash_file('data.csv')[:8]}" in text
    assert "bought: 160 weak (ids abababab), 2 gold (ids cdcdcdcd), seed 0" in text
    assert "write_weak_labels" in text


def test_the_tree_is_indented_by_depth(study):
    lines = list(trace(f"{LABELS}.parquet", everything=True))
    start = next(number for number, line in enumerate(lines) if line.startswith(LABELS))
    assert lines[start + 1].startswith(f"└─ {TASK}/pool.parquet")
    assert lines[start + 2] == "   ├─ source: local:own"


def test_a_summary_of_ten_lines_says_what_lies_behind_a_result(study):
    lines = dict(line.partition(": ")[::2] for line in trace("figures/pareto.pdf"))
    assert len(lines) == 10
    # The figure, five blocks, the labels, the task and the model.
    assert lines["Behind it"].startswith("9 jobs, ") and "; train 5 runs of ; draw 1 figure" in lines["What they did"]
    assert lines["Labels"] == "5 runs, on at most 160 weak and 2 gold labels; seeds: 0"
    assert lines["Data and models"] == "hub:a/large@0123abcd, local:own"
    assert lines["Code"] == "c0ffee00; files without a record: none"
    assert lines["File by file"] == "elicitation trace figures/pareto.pdf --all"
    rewrite("figures/pareto.json", inputs={f"results/{i}": "" for i in range(6)})
    lines = dict(line.partition(": ")[::2] for line in trace("figures/pareto.pdf"))
    assert lines["Code"].endswith("results/0, results/1, results/2, results/3 and 2 more")


def test_evidence_leads_to_the_runs_as_the_metrics_of_the_same_job_do(study):
    name = "own/small/large/sequential_sft.parquet"
    metrics, evidence = f"results/metrics/{name}", f"results/evidence/{name}"
    runs = [f"{RUNS}/b{budget}_s0.parquet" for budget in (1, 2)]
    record = metrics.replace(".parquet", ".json")
    make(record, {metrics: "metrics", evidence: "evidence"}, runs, "evaluate_runs")
    make("results/answer.json", {"results/answer.md": "# What to buy"}, [evidence], "write_answer")
    lines = dict(line.partition(": ")[::2] for line in trace("results/answer.md"))
    assert lines["Labels"] == "2 runs, on at most 160 weak and 2 gold labels; seeds: 0"
    assert lines["Code"].endswith("files without a record: none")
    assert next(trace(evidence)).startswith(evidence) and not verify(Path())[1]


def test_the_tree_shows_every_input(study):
    everything = "\n".join(trace("figures/pareto.pdf", everything=True))
    assert all(f"b{budget}_s0.parquet" in everything for budget in (1, 2, 4, 8, 16))


def test_what_was_drawn_above_is_not_drawn_again(study):
    lines = list(trace("figures/pareto.pdf", everything=True))
    assert sum("source: hub:a/large" in line for line in lines) == 1
    assert sum("results/models/large" in line and "(above)" in line for line in lines) == 4


@pytest.mark.parametrize("everything", [True, False])
def test_the_command_that_makes_the_result_again_is_told(study, everything):
    last = next(line for line in trace("figures/pareto.pdf", everything) if line.startswith("To make it again: cd "))
    assert last.endswith(f"&& snakemake --cores all --directory {study} --force -- figures/pareto.pdf")


def test_a_run_is_found_by_its_name_and_a_result_from_anywhere(study, monkeypatch):
    assert f"{RUNS}/b4_s0.parquet" in next(trace("own/small/large/sequential_sft/b4_s0"))
    monkeypatch.chdir("/")
    assert locate(str(study / "figures/pareto.pdf")) == (study, "figures/pareto.pdf")


def test_what_is_gone_is_still_in_the_tree(study):
    shutil.rmtree("results/models/large")
    assert "source: hub:a/large@0123abcd" in "\n".join(trace("figures/pareto.pdf", everything=True))


@pytest.mark.parametrize("name", ["figures/nothing.pdf", "own/small/large/sequential_sft/b3_s0", "/etc/passwd", ""])
def test_what_is_no_result_is_refused_with_a_sentence(study, name):
    with pytest.raises(InputError, match="is no result with a record; name a file"):
        list(trace(name))


def test_a_damaged_record_is_named(study):
    Path("figures/pareto.json").write_text('{"rule": "plot')
    with pytest.raises(InputError, match=r"The record .*figures/pareto.json is damaged \(.*\); delete it and run"):
        list(trace("figures/pareto.pdf"))
    Path(f"{LABELS}.json").write_bytes(b"\xff")
    assert f"{LABELS}.parquet  {hash_file(f'{LABELS}.parquet')[:8]}  no record" in "\n".join(
        trace(f"{RUNS}/b1_s0.parquet", everything=True)
    )


# Verify


def sentences(folder=".", **options):
    return [problem.sentence for problem in verify(Path(folder), **options)[1]]


def test_a_study_that_nobody_touched_has_no_problems(study):
    records, problems = verify(Path())
    assert (len(records), problems) == (9, [])


def test_a_missing_result_is_named(study):
    Path("figures/pareto.pdf").unlink()
    assert sentences() == ["figures/pareto.pdf is missing; make it again."]


def test_what_was_meant_to_go_is_not_missed(study):
    rewrite("results/models/large.json", temporary=True)
    shutil.rmtree("results/models/large")
    assert sentences() == []


@pytest.mark.parametrize("path", [f"{TASK}/test.parquet", "results/models/large/weights", f"{RUNS}/b1_s0.parquet"])
def test_an_altered_result_is_named_once_and_is_what_must_go(study, path):
    Path(path).write_text("other")
    [problem] = verify(Path())[1]
    assert "was altered after it was made; delete it and run the study again." in problem.sentence
    assert Path(path) in [Path(problem.delete[0]), *Path(problem.delete[0]).glob("*")]


def test_results_of_another_label_file_of_the_same_name_are_named(study):
    make(f"{LABELS}.json", {f"{LABELS}.parquet": "other labels"}, [f"{TASK}/pool.parquet"], "write_weak_labels")
    [problem] = verify(Path())[1]
    assert f"{RUNS}/b16_s0.parquet" in problem.sentence and "4 more were made from another" in problem.sentence
    assert f"another {LABELS}.parquet" in problem.sentence
    assert len(problem.delete) == 5


def test_a_record_that_is_read_as_a_result_is_checked_too(study):
    make(f"{TASK}/texts/large.json", {}, [f"{TASK}/pool.parquet"])
    make("results/metrics.json", {"results/metrics.parquet": "m"}, [f"{TASK}/texts/large.json"])
    assert sentences() == []
    rewrite(f"{TASK}/texts/large.json", longest=10**6)
    [problem] = verify(Path())[1]
    assert problem.sentence.startswith(f"results/metrics.parquet was made from another {TASK}/texts/large.json")
    assert problem.delete == ("results/metrics.parquet",)


def test_data_that_changed_under_a_task_are_named(study):
    Path("data.csv").write_text("text,label\nnew,1")
    [problem] = verify(Path())[1]
    assert problem.sentence.startswith(f"data.csv has changed since {TASK}/pool.parquet was made from it")
    assert problem.delete == (f"{TASK}/pool.parquet", f"{TASK}/test.parquet")
    Path("data.csv").unlink()
    assert sentences() == []


def test_results_of_two_versions_of_the_code_are_a_problem_unless_accepted(study):
    rewrite("figures/pareto.json", code="c0ffee00" + "0" * 32 + "-dirty", code_sha256="cd" * 32)
    [sentence] = sentences()
    assert "by 2 versions of the code: abababab of c0ffee00 (8 jobs), cdcdcdcd of c0ffee00 (dirty) (1 jobs)" in sentence
    assert sentences(mixed_code=True) == []


def test_commits_with_the_same_code_are_no_problem(study):
    rewrite("figures/pareto.json", code="deadbeef" + "0" * 32)
    assert sentences() == []


@pytest.mark.parametrize("path", ["results/notes.txt", f"{TASK}/extra.parquet"])
def test_files_without_a_record_are_named_and_are_never_to_be_deleted(study, path):
    Path(path).write_text("{")
    [problem] = verify(Path())[1]
    assert problem.sentence.startswith(f"{path} has no record; delete it") and problem.delete == ()


def test_the_page_that_explains_the_figures_is_no_stray(study):
    Path("figures/README.md").write_text("# Figures")
    assert sentences() == []


def test_a_damaged_record_must_go(study):
    Path("figures/pareto.json").write_text("{")
    damaged = next(problem for problem in verify(Path())[1] if "pareto.json" in problem.sentence)
    assert damaged.sentence.startswith("figures/pareto.json is damaged (Expecting")
    assert damaged.delete == ("figures/pareto.json",)


def test_hidden_files_and_empty_marks_are_no_results(study):
    Path("results/models/large/.snakemake_timestamp").touch()
    Path("figures/.gitkeep").touch()
    assert sentences() == []


def test_what_an_api_was_paid_for_is_never_to_be_deleted(study):
    for path in (Path("results/api/gpt/answers.jsonl"), Path("results/damaged.txt")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert verify(Path())[1] == []


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no results with records"):
        verify(tmp_path)
