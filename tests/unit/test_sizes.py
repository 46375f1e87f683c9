"""How large training jobs are."""

from pathlib import Path

import pytest

from elicitation.study.sizes import READING, texts_of_job
from elicitation.study.validation import read_study

ROOT = Path(__file__).parents[2]
RUN = {"task": "film", "supervisor": "small-model", "student": "smollm2", "method": "sequential_sft", "seed": "51"}


@pytest.fixture(scope="module")
def study():
    return read_study(ROOT / "config.yaml")


def test_a_run_trains_on_its_gold_labels_and_answers_the_test_set(study):
    """The default study shows labels three times, and has 500 test sentences; weak stages are jobs of their own."""
    assert texts_of_job(study, "train_runs", RUN, [(0, 1024)]) == 3 * 1024 + 500 * READING
    assert texts_of_job(study, "train_runs", RUN, [(128, 64), (256, 0)]) == 3 * 64 + 2 * 500 * READING


def test_a_weak_stage_trains_on_the_labels_that_its_wildcards_name(study):
    stage = {name: RUN[name] for name in ("task", "supervisor", "student", "seed")}
    stage |= {"recipe": "plain", "n_weak": "256"}
    assert texts_of_job(study, "train_weak_stage", stage, []) == 3 * 256


def test_a_job_of_several_seeds_trains_on_the_texts_of_all(study):
    alone = texts_of_job(study, "train_runs", RUN, [(0, 64)])
    assert texts_of_job(study, "train_runs", RUN | {"seed": "51+52+53"}, [(0, 64)]) == 3 * alone


def test_other_jobs_have_no_such_size(study):
    assert texts_of_job(study, "plot_pareto", {}, []) == 0
