import copy
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from elicitation.jobs.measured import MEASURED
from elicitation.study.estimate import (
    BESIDE_MINUTES,
    FLOPS_PER_SECOND,
    FORWARD,
    LONGEST,
    START_UP_SECONDS,
    adapter_bytes,
    estimate,
    minutes_of,
    parameters_of,
    planned_stages,
    share_weak_stages,
    tokens_of,
)
from elicitation.study.estimate_text import SHORTER, count_left_out, describe
from elicitation.study.made import made_in
from elicitation.study.models import Checkpoint
from elicitation.study.text_lengths import TOKENS_PER_TEXT, TOKENS_PER_WORD, assumed_tokens
from elicitation.study.validation import read_study, validate
from elicitation.study.work import READ_AGAIN, tokens_read

ROOT = Path(__file__).parents[2]
MINI = yaml.safe_load((ROOT / "tests/workflow/mini.yaml").read_text())


@pytest.fixture
def study():
    """One task, one seed, budget 16 at price 0.1 with shares 0, 0.5 and 1: (160, 0), (80, 8), (0, 16)."""
    grid = MINI["grid"] | {"budgets": [16]}
    return copy.deepcopy(MINI | {"grid": grid, "seeds": [0], "tasks": MINI["tasks"][:1]})


def planned_runs(study):
    return pd.DataFrame(validate(study).planned_runs)


def stages_of(study):
    """The stages of all runs, shared ones as often as they are shared."""
    return planned_stages(planned_runs(study), validate(study))


def with_methods(study, *methods):
    return study | {"methods": list(methods)}


def test_runs_are_those_of_the_grid(study):
    runs = planned_runs(study)
    assert runs[["n_weak", "n_gold"]].to_numpy().tolist() == [[160, 0], [80, 8], [0, 16]]


def test_every_stage_with_labels_is_counted(study):
    stages = stages_of(study)
    assert sorted(zip(stages.labels, stages.n, strict=True)) == [("gold", 8), ("gold", 16), ("weak", 80), ("weak", 160)]
    # 160 labels: 128 train in 4 batches an epoch; 200 presentations are one epoch and 72 more labels, 3 batches.
    assert stages.set_index("n").presentations[160] == 7 * 32
    # 32 labels validate every 4 steps and after the last of 7.
    assert stages.set_index("n").validations[160] == 2 * 32


def test_a_study_that_only_prompts_trains_nothing(study, tmp_path):
    prompting = validate({**study, "methods": ["few_shot_weak"], "grid": study["grid"] | {"shots": [2, 8]}})
    tables, _ = estimate(prompting, tmp_path)
    assert tables["methods"][["runs", "trained stages", "presentations"]].to_numpy().tolist() == [[2, 0, 0]]


def test_methods_of_one_recipe_train_a_weak_stage_once(study):
    study = with_methods(study, "sequential_sft", "new_head", "log_confidence")
    stages = stages_of(study)
    trained = share_weak_stages(stages)
    assert len(stages) == 3 * 4 and len(trained) == 3 * 4 - 2
    assert trained[trained.labels == "weak"].recipe.value_counts().to_dict() == {"plain": 2, "log_confidence": 2}


def test_budgets_train_a_weak_stage_once(study, tmp_path):
    budgets = {**study, "grid": study["grid"] | {"budgets": [8, 16]}}
    stages = stages_of(budgets)
    trained = share_weak_stages(stages)
    # (80, 0) and (40, 4) of budget 8; (160, 0) and (80, 8) of budget 16.
    assert sorted(stages.n[stages.labels == "weak"]) == [40, 80, 80, 160]
    assert sorted(trained.n[trained.labels == "weak"]) == [40, 80, 160]
    assert trained.presentations.sum() == stages.presentations.sum() - stages[stages.n == 80].presentations.iloc[0]
    (row,) = estimate(validate(budgets), tmp_path)[0]["students"].to_dict("records")
    # Two blocks with weak labels, two without, and three weak stages.
    assert (row["jobs"], row["stages"], row["saved by sharing"]) == (7, 7, 1)


def test_each_seed_trains_its_own_weak_stages(study):
    seeds = {**study, "seeds": [0, 1]}
    trained = share_weak_stages(stages_of(seeds))
    assert sorted(trained.n[trained.labels == "weak"]) == [80, 80, 160, 160]


def test_the_tables_say_what_sharing_saves(study, tmp_path):
    tables, _ = estimate(validate(with_methods(study, "sequential_sft", "new_head")), tmp_path)
    assert tables["methods"].set_index("method").loc["new_head"].tolist()[:3] == [3, 4, 2]
    (row,) = tables["students"].to_dict("records")
    # For each method a block of its supervisor's runs and one without weak labels; and two weak stages.
    assert (row["runs"], row["jobs"], row["stages"], row["saved by sharing"]) == (6, 6, 6, 2)
    assert row["presentations saved"] > 0
    assert row["cpu hours"] > 0 and row["disk, GB"] > 0


def test_prompts_lengthen_what_is_read_and_what_texts_share_of_them_counts_once(study, tmp_path):
    eight = {"name": "eight", "like": "sequential_sft", "shots": {"quality": "gold", "k": 8}}
    tokens = {}
    for method in ("sequential_sft", eight, {**eight, "shots": {"quality": "gold", "k": 8, "orders": 1}}):
        students = estimate(validate(with_methods(study, method)), tmp_path)[0]["students"]
        tokens[str(method)] = students["tokens, millions"].item() / students.presentations.item()
    plain, own, shared = tokens.values()
    assert own / plain == pytest.approx(9, rel=0.2)
    # Steps on few labels share least: some stages here have two to train on.
    assert 1 + 8 / 32 < shared / plain < own / plain / 2


def test_counted_tokens_take_the_place_of_assumed_ones(study, tmp_path):
    half = {"name": "half", "truncate": {"model": "whole", "layers": 1}, "learning_rate": 1}
    whole = {**study["models"][0], "name": "whole", "sandbox": study["models"][0]["sandbox"] | {"layers": 2}}
    study = validate(study | {"models": [*study["models"], whole, half]})
    whole, cut = study.model_named["whole"], study.model_named["half"]
    assert tokens_of("topic", cut, study, tmp_path) == assumed_tokens("topic", study)
    (tmp_path / "results/tasks/topic/texts").mkdir(parents=True)
    (tmp_path / "results/tasks/topic/texts/whole.json").write_text('{"mean": 21.5}')
    assert tokens_of("topic", whole, study, tmp_path) == tokens_of("topic", cut, study, tmp_path) == 21.5


def test_the_words_of_texts_that_are_here_are_counted(study, tmp_path):
    four = pd.DataFrame({"text": [f"four words in {n}" for n in range(600)], "label": [0, 1] * 300})
    (tmp_path / "own").mkdir()
    four.to_parquet(tmp_path / "own/train.parquet")
    sizes = {"pool_size": 300, "test_size": 60, "supervision_size": 40}
    own = {
        "name": "own",
        "hub": {"id": "own", "revision": "0" * 40},
        "local": "own",
        "text": "{text}",
        "label": "label",
    }
    own |= sizes | {"splits": {"train": "train", "test": 100}}
    here = validate(study | {"tasks": [*study["tasks"], own], "data_folder": str(tmp_path)})
    assert assumed_tokens("own", here) == pytest.approx(4 * TOKENS_PER_WORD)
    note = estimate(here, tmp_path)[1][0]
    assert re.search(r"1.3 a word \(topic 2\d, own 5\); presentations", note)


def test_words_are_counted_whatever_labels_the_first_texts_have(study, tmp_path):
    labels = ["ham"] * 700 + ["spam"] * 700
    (tmp_path / "own").mkdir()
    pd.DataFrame({"text": [f"three words {n}" for n in range(1400)], "y": labels}).to_parquet(
        tmp_path / "own/train.parquet"
    )
    task = {"name": "own", "hub": {"id": "own", "revision": "0" * 40}, "local": "own", "text": "{text}"}
    task |= {"label": {"column": "y", "is": "spam"}, "splits": {"train": "train", "test": 100}}
    task |= {"pool_size": 300, "test_size": 60, "supervision_size": 40}
    here = validate(study | {"tasks": [task], "data_folder": str(tmp_path)})
    assert assumed_tokens("own", here) == pytest.approx(3 * TOKENS_PER_WORD)


def test_of_texts_on_the_hub_a_length_is_assumed_and_named(study, tmp_path):
    model = {"name": "far", "hub": {"id": "far", "revision": "0" * 40}, "parameters": 1e6, "learning_rate": 1e-3}
    task = {"name": "far", "hub": {"id": "far", "revision": "0" * 40}, "text": "{text}", "label": "label"}
    task |= {"pool_size": 300, "test_size": 60, "supervision_size": 40, "splits": {"train": "train", "test": 100}}
    far = validate(study | {"sources": "hub", "tasks": [task], "models": [*study["models"], model]})
    assert tokens_of("far", far.model_named["far"], far, tmp_path) == TOKENS_PER_TEXT
    assert estimate(far, tmp_path)[1][0] == "Tokens of texts not counted yet: 150 each; presentations are upper bounds."


def measure(folder, job, seconds):
    file = folder / MEASURED / f"{job}.tsv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"s\tmax_rss\n{seconds}\t1\n")


def test_a_large_job_follows_from_measured_small_ones(study, tmp_path):
    """As long as the mean of those that were measured, 16 minutes were said to be 3."""
    study["tasks"][0] |= {"pool_size": 3000}
    study["models"][0]["parameters"] = 1e9
    study["grid"] |= {"more_purchases": [[2800, 0]]}
    shown = stages_of(study).query("labels == 'weak'").groupby("n").presentations.first()
    stages = [f"topic/supervisor/student/plain/w{n}_s0" for n in (80, 160)]
    blocks = [f"topic/{supervisor}/student/sequential_sft/b16_s0" for supervisor in ("supervisor", "no-supervisor")]
    for stage in stages:
        measure(tmp_path, f"train_weak_stage/{stage}", 100.0)
    for block in blocks:
        measure(tmp_path, f"train_runs/{block}", 20.0)
    make(tmp_path, "results/weak_labels/topic/supervisor.parquet", "results/models/student.json")
    make(tmp_path, *(f"results/runs/{block}.parquet" for block in blocks), "results/models/supervisor.json")
    study = validate(study)
    tables, notes = estimate(study, tmp_path, made_in(tmp_path))
    assert tables["students"]["jobs"].tolist() == [2]
    longest = tables["students"][LONGEST].item() * 3600
    assert longest == pytest.approx(2 * 100 * shown[2800] / (shown[80] + shown[160]), rel=0.1)
    assert "student: hours follow from 4 measured jobs." in notes
    # One core trains, however many there are.
    assert minutes_of(study, tables, 2) == minutes_of(study, tables, 20) == pytest.approx(longest / 60 + BESIDE_MINUTES)


def test_measured_jobs_of_one_rule_say_nothing_of_another(study, tmp_path):
    study = validate(with_adapters(study, 1))
    before = estimate(study, tmp_path)[0]["students"]["cpu hours"].item()
    measure(tmp_path, "compute_trunk/topic/student", 0.25)
    after = estimate(study, tmp_path)[0]["students"]["cpu hours"].item()
    assert (before - after) * 3600 == pytest.approx(START_UP_SECONDS["cpu"] - 0.25, abs=0.01)


def test_what_was_measured_of_jobs_that_the_study_has_no_more_counts_not(study, tmp_path):
    study = validate(study)
    before = estimate(study, tmp_path)
    measure(tmp_path, "train_weak_stage/topic/supervisor/student/plain/w999_s0", 500.0)
    assert estimate(study, tmp_path)[1] == before[1]


def test_a_supervisors_jobs_follow_from_those_of_other_tasks(study, tmp_path):
    study["tasks"] = [study["tasks"][0], {**study["tasks"][0], "name": "other"}]
    measure(tmp_path, "train_supervisor/topic/supervisor", 50.0)
    measure(tmp_path, "write_weak_labels/topic/supervisor", 30.0)
    (row,) = estimate(validate(study), tmp_path)[0]["supervisors"].to_dict("records")
    assert row["cpu hours"] * 3600 == pytest.approx(2 * (50 + 30), rel=0.01)
    assert row[LONGEST] * 3600 == pytest.approx(50, rel=0.01)


def test_supervisors_and_models_are_counted_too(study, tmp_path):
    study["supervisors"] += [
        {"name": "asked", "model": "supervisor", "prompted_shots": 3},
        {"name": "found", "model": "supervisor", "icm": {"texts": 10, "examples": 3, "steps": 20}},
        {"name": "shuffled", "shuffle_errors_of": "supervisor"},
    ]
    study = validate(study)
    tables, _ = estimate(study, tmp_path)
    finetuned, asked, found = tables["supervisors"].to_dict("records")
    assert (finetuned["supervisor"], finetuned["jobs"]) == ("supervisor", 2)
    assert (asked["supervisor"], asked["jobs"]) == ("asked", 1)
    # 300 texts of the pool and 60 of the test set, behind three others that are read once, but for half a block.
    text = assumed_tokens("topic", study)
    assert asked["tokens, millions"] * 1e6 == pytest.approx(360 * (text + READ_AGAIN) + 3 * text)
    # Ten labels that change, each before three texts with three others; then all texts, by vLLM.
    texts = 10 * (3 + 1) ** 2 + 360
    assert found["jobs"] == 1 and found["tokens, millions"] * 1e6 == pytest.approx(
        texts * assumed_tokens("topic", study)
    )
    # Of 40, 8 validate and 32 train in one step an epoch, for 3 epochs.
    texts = 360 + 3 * (32 + 8)
    assert finetuned["tokens, millions"] == pytest.approx(texts * assumed_tokens("topic", study) / 1e6)
    assert finetuned["disk, GB"] > asked["disk, GB"] > 0
    models = tables["models"].set_index("model")
    assert list(models.index) == ["student", "supervisor"] and (models["cpu hours"] > 0).all()
    assert (models["disk, GB"] == 4 * 10 * 32**2 / 1e9).all()


def test_what_the_pool_cannot_serve_is_counted(study):
    grid = study["grid"] | {"budgets": [16, 64], "beyond_pool": "leave_out"}
    # The pool holds 300: of budget 64, 640 and 320 + 32 labels are too many.
    assert count_left_out(validate(study | {"grid": grid})) == {"topic": 2}


def test_sizes_of_models(llama_folder):
    def model(**keys):
        return Checkpoint(name="m", learning_rate=1, **keys)

    hub = {"id": "a/b", "revision": "0" * 40}
    assert parameters_of(model(hub=hub, parameters=8e9), "hub") == 8e9
    assert parameters_of(model(hub=hub), "hub") is None
    counted = parameters_of(model(local=str(llama_folder)), "local")
    from transformers import AutoModelForCausalLM

    assert counted == sum(p.numel() for p in AutoModelForCausalLM.from_pretrained(llama_folder).parameters())


def test_adapters_of_llama_3_8b_take_about_84_mb():
    assert adapter_bytes(8.03e9) == pytest.approx(84e6, rel=0.25)


def test_training_on_a_gpu_is_estimated_as_it_was_measured(study, tmp_path):
    """Tokens a second of benchmarks/gpu.py on an H100; small models leave it idle most of the time."""
    for parameters, measured in ((0.5e9, 9_600), (8e9, 3_100)):
        study["device"], study["models"][0]["parameters"] = "cuda", parameters
        row = estimate(validate(study), tmp_path)[0]["students"].iloc[0]
        seconds = row["cuda hours"] * 3600 - row["jobs"] * START_UP_SECONDS["cuda"]
        assert 0.5 < row["tokens, millions"] * 1e6 / seconds / measured < 2


@pytest.mark.parametrize(("name", "minutes"), [("config.yaml", 17), ("studies/salience.yaml", 72)])
def test_studies_of_sentences_are_estimated_as_they_were_measured(name, minutes, tmp_path):
    """On two cores without AVX-512 bf16 (benchmarks/README.md, studies/salience.yaml)."""
    found = re.search(r"^About (\d+) minutes on 2 cores", describe(read_study(ROOT / name), tmp_path, 2), re.MULTILINE)
    assert minutes / 1.5 < int(found[1]) < minutes * 1.5


def with_adapters(study, adapt_layers):
    """The study's student with two layers, of which so many have adapters."""
    two_layers = {"sandbox": study["models"][0]["sandbox"] | {"layers": 2}, "adapt_layers": adapt_layers}
    return {**study, "models": [{**study["models"][0], **two_layers}, *study["models"][1:]]}


def operations(config, folder):
    """Operations of a study's one student."""
    row = estimate(config, folder)[0]["students"].to_dict("records")[0]
    trunks = len(config.task_named) * (config.model_named["student"].adapt_layers is not None)
    trunks *= row["presentations"] > 0
    started = START_UP_SECONDS["cpu"] * (row["jobs"] + trunks)
    return (row["cpu hours"] * 3600 - started) * FLOPS_PER_SECOND["cpu"]


def test_prompts_pass_all_layers_and_share_their_examples(study, tmp_path):
    asking = {"methods": ["few_shot_gold"], "grid": study["grid"] | {"shots": [8]}}
    asking = validate(with_adapters(study, 1) | asking)
    text = assumed_tokens("topic", asking)
    passed = 60 * (text + READ_AGAIN) + 8 * text
    parameters = parameters_of(asking.model_named["student"], "local")
    assert operations(asking, tmp_path) == pytest.approx(FORWARD * passed * parameters)


def test_the_words_of_cues_and_of_rated_sentences_are_counted(tmp_path):
    study = read_study(ROOT / "studies/salience.yaml")
    # "Review: " and 19 words; "Is the whole review positive?"; supervisors read 8 words.
    assert assumed_tokens("film-opening", study) == pytest.approx(20 * TOKENS_PER_WORD)
    assert assumed_tokens("film-opening", study, "supervisor_text") == pytest.approx(8 * TOKENS_PER_WORD)
    assert tokens_read("film-opening", "smollm2@gold", study, tmp_path) == pytest.approx(25 * TOKENS_PER_WORD)
    counted = tmp_path / "results/tasks/film-opening/cues/gold/texts/smollm2.json"
    counted.parent.mkdir(parents=True)
    counted.write_text('{"mean": 33.5}')
    assert tokens_read("film-opening", "smollm2@gold", study, tmp_path) == 33.5


def test_a_truncated_model_has_its_share_of_the_parameters(tmp_path):
    models = estimate(read_study(ROOT / "config.yaml"), tmp_path)[0]["models"].set_index("model")
    whole, cut = models["millions of parameters"]
    assert cut == pytest.approx(whole * 8 / 30)


def make(folder, *files):
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def test_what_is_made_is_told_first_and_what_is_left_of_the_time(study, tmp_path):
    study = validate(study)
    assert "are made" not in describe(study, tmp_path, cores=2)
    make(
        tmp_path,
        "results/weak_labels/topic/supervisor.parquet",
        "results/stages/topic/supervisor/student/plain/w160_s0",
    )
    make(tmp_path, "results/runs/topic/no-supervisor/student/sequential_sft/b16_s0.parquet")
    text = describe(study, tmp_path, cores=2)
    # Of two weak stages and two blocks one stage is left, and the block that starts from both and has a gold stage.
    assert text.startswith("4 of 6 jobs of students and supervisors are made, by the files that are there; the others")
    left = estimate(study, tmp_path, made_in(tmp_path))[0]
    assert left["students"].jobs.tolist() == [2] and left["students"].stages.tolist() == [2]
    make(tmp_path, "results/runs/topic/supervisor/student/sequential_sft/b16_s0.parquet")
    text = describe(study, tmp_path, cores=2)
    assert text.startswith("All 6 jobs of students and supervisors are made")
    assert "\nThe whole takes about " in text
    assert "nothing is left to train" in text and "3 runs, 4 jobs of students, 2 of supervisors" in text


def test_the_text_names_totals_and_assumptions(study, tmp_path):
    text = describe(validate(study), tmp_path, cores=2)
    assert "3 runs, 4 jobs of students, 2 of supervisors; cpu hours: 0.0; disk, GB: 0.0." in text
    assert "\nAbout 1 minute on 2 cores of this machine" in text
    assert "upper bounds" in text and "operations a second" in text
    assert SHORTER in text and (Path(__file__).parents[2] / SHORTER.partition("#")[0]).is_file()


def test_the_numbers_of_jobs_and_runs_are_joined(study, tmp_path):
    """Those of `snakemake -n`: it counts weak stages by jobs and blocks by runs (tests/workflow/test_dry_runs.py)."""
    budgets = validate({**study, "grid": study["grid"] | {"budgets": [8, 16]}})
    words = (
        "3 train weak stages, which runs share (`snakemake -n`: train 3 times on weak labels) and 4 make the 6 runs, "
    )
    assert f"Of the jobs of students {words}" in describe(budgets, tmp_path, cores=2)


def test_what_supervisors_share_is_counted_once(study, tmp_path):
    second = {"name": "asked", "model": "supervisor", "prompted_shots": 3}
    both = validate(study | {"supervisors": ["supervisor", second]})
    tables, _ = estimate(both, tmp_path)
    # Of each supervisor two runs with weak labels in one block, and their two stages; one run without for both.
    assert tables["methods"].runs.tolist() == [5] and tables["students"].jobs.tolist() == [7]


def test_asking_without_labels_is_one_run_that_trains_nothing(study, tmp_path):
    methods = ["few_shot_weak", "few_shot_gold"]
    asking = validate({**study, "methods": methods, "seeds": [0, 1], "grid": study["grid"] | {"shots": [0, 2]}})
    tables, _ = estimate(asking, tmp_path)
    assert tables["methods"].set_index("method").runs.to_dict() == {
        "no-labels": 1,
        "few_shot_weak": 2,
        "few_shot_gold": 2,
    }
    assert tables["students"].presentations.tolist() == [0] and tables["students"].jobs.tolist() == [5]
    assert tables["students"]["tokens, millions"].item() > 0


def test_texts_pass_once_through_the_layers_below_the_adapted_ones(study, tmp_path):
    task = study["tasks"][0]
    whole, upper = (validate(with_adapters(study, layers)) for layers in (None, 1))
    parameters = parameters_of(whole.model_named["student"], "local")
    once = FORWARD * assumed_tokens("topic", whole) * (task["pool_size"] + task["test_size"]) * parameters
    assert operations(upper, tmp_path) == pytest.approx((operations(whole, tmp_path) + once) / 2)
