"""What a study's sharing and settings save, as its estimate says."""

import copy
from pathlib import Path

import numpy as np
import pytest
import yaml

from elicitation.models.beginnings import families_of
from elicitation.study.estimate import START_UP_SECONDS, estimate
from elicitation.study.estimate_text import describe
from elicitation.study.savings import hours_saved
from elicitation.study.validation import read_study, validate
from elicitation.study.work import examples_in_reading, examples_in_steps, orders_seen

ROOT = Path(__file__).parents[2]
MINI = yaml.safe_load((ROOT / "tests/workflow/mini.yaml").read_text())
THREE = {"name": "three", "like": "sequential_sft", "shots": {"quality": "gold", "k": 3, "orders": 1}}


@pytest.fixture
def study():
    """One task, one seed, 160 weak labels or 80 and 8 gold ones or 16; two methods share their weak stages."""
    changes = {"grid": MINI["grid"] | {"budgets": [16]}, "seeds": [0], "tasks": MINI["tasks"][:1]}
    training = MINI["training"] | {"validation_size": 10}
    return copy.deepcopy(MINI | changes | {"training": training, "methods": ["sequential_sft", "new_head", THREE]})


def hours_of(study, folder):
    return estimate(study, folder)[0]["students"]


def computing(students):
    """Hours without start-up."""
    return (students["cpu hours"] - students.jobs * START_UP_SECONDS["cpu"] / 3600).sum()


@pytest.mark.parametrize(("k", "orders"), [(32, 4), (32, 1), (2, 2), (8, 1e6)])
def test_examples_are_counted_as_often_as_they_pass(k, orders):
    rng = np.random.default_rng(0)

    def passed(n):
        """Examples that pass for each of n texts, each of 9 tokens, as a model takes them."""
        drawn = rng.integers(orders, size=n)
        texts = [[int(order)] * (9 * k) + rng.integers(10**7, 10**9, 9).tolist() for order in drawn]
        families = families_of(texts)
        tokens = sum(common + sum(len(texts[i]) - common for i in members) for common, members in families)
        return (tokens - 9 * n) / (9 * n)

    steps = np.mean([passed(32) for _ in range(20)])
    assert examples_in_steps(k, orders, 32) == pytest.approx(steps, rel=0.1)
    assert examples_in_reading(k, orders, 200, 9.0, 10**9) == pytest.approx(passed(200), rel=0.1)


def test_texts_that_do_not_fit_together_read_their_examples_again():
    # Of 100 texts of 10 tokens behind 4 examples, all in one order, 6 pass at once beside the examples: 17 times.
    assert examples_in_reading(4, 1, 100, 10.0, 100) == pytest.approx(4 * 17 / 100)
    assert examples_in_reading(4, 1, 100, 10.0, 40) == 4
    assert orders_seen(1, 5) == 1 and orders_seen(2, 1) == 1


def test_the_last_hours_are_those_of_the_study_and_each_saving_lowers_them(study, tmp_path):
    study = validate(study)
    hours = hours_saved(study, tmp_path, hours_of(study, tmp_path)).hours
    assert hours.iloc[-1] == pytest.approx(hours_of(study, tmp_path)["cpu hours"].sum())
    assert hours.diff().dropna().lt(0).all()


def test_without_a_saving_a_study_takes_what_its_estimate_says_without_it(study, tmp_path):
    methods, uncapped = ["sequential_sft", "new_head"], {"training": MINI["training"]}
    both = validate(study | {"methods": methods})
    hours = hours_saved(both, tmp_path, hours_of(both, tmp_path)).hours
    without_cap = computing(hours_of(validate(study | {"methods": methods} | uncapped), tmp_path))
    own = sum(computing(hours_of(validate(study | {"methods": [one]} | uncapped), tmp_path)) for one in methods)
    ratios = pytest.approx([own / without_cap, without_cap / computing(hours_of(both, tmp_path)), 1])
    assert (hours[:-1].to_numpy() / hours[1:].to_numpy()).tolist() == ratios


def test_measured_time_counts_before_as_well_as_after(study, tmp_path):
    study = validate(study)
    students = hours_of(study, tmp_path)
    twice = students.assign(**{"cpu hours": 2 * students["cpu hours"]})
    once = hours_saved(study, tmp_path, students).hours
    assert hours_saved(study, tmp_path, twice).hours.tolist() == pytest.approx((2 * once).tolist())


def test_the_estimate_says_what_is_saved_and_nothing_where_nothing_is(study, tmp_path):
    text = describe(validate(study), tmp_path, cores=2)
    assert "without what is saved" in text and "validation on 10 labels at most" in text
    assert "weak stages trained once" in text and "examples that stand before several texts" in text
    training = {**study["training"], "validation_size": None}
    plain = validate(study | {"methods": ["sequential_sft"], "training": training})
    assert "what is saved" not in describe(plain, tmp_path, cores=2)


def test_the_paper_takes_less_than_half_of_the_hours_that_sharing_weak_stages_alone_leaves(tmp_path):
    study = read_study(ROOT / "studies/paper.yaml")
    table = hours_saved(study, tmp_path, hours_of(study, tmp_path))
    assert table.hours.iloc[-1] < table.hours.iloc[1] / 2
