"""Scores where the weak label is wrong, and where it is right; and the figure of them."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from elicitation.analysis.captions import AS_MEASURED
from elicitation.analysis.error_parts import PART_SCORES, learned, score_parts
from elicitation.analysis.intervals import auroc_ends, mean_of_runs, wilson
from elicitation.figures.errors import NO_WEAK_LABELS, plot_errors, with_places


def test_where_the_weak_label_is_wrong_an_imitator_scores_0_and_one_who_knows_scores_1():
    gold, p_weak = np.array([1, 0, 1, 0, 1, 0]), np.array([0.9, 0.2, 0.1, 0.8, 0.5, np.nan])
    imitates = score_parts(gold, p_weak, np.nan_to_num(p_weak, nan=0.3) - 0.5, 0.0)
    knows = score_parts(gold, p_weak, gold - 0.5, 0.0)
    assert (imitates["n_wrong"], imitates["n_right"]) == (2, 2)
    assert (imitates["accuracy_wrong"], imitates["auroc_wrong"], imitates["accuracy_right"]) == (0, 0, 1)
    assert [knows[name] for name in PART_SCORES] == [1, 1, 1, 1]
    assert (knows["accuracy_wrong_low"], knows["accuracy_wrong_high"]) == wilson(2, 2)


def test_a_part_without_examples_or_of_one_class_has_no_score():
    scores = score_parts(np.array([1, 0, 1]), np.array([0.9, 0.1, 0.2]), np.array([1.0, -1.0, 1.0]), 0.0)
    assert scores["n_wrong"] == 1 and scores["accuracy_wrong"] == 1 and math.isnan(scores["auroc_wrong"])
    scores = score_parts(np.array([1, 0]), np.array([0.9, 0.1]), np.array([1.0, -1.0]), 0.0)
    assert scores["n_wrong"] == 0 and math.isnan(scores["accuracy_wrong"])


def test_wrong_gold_labels_may_all_lie_in_one_part():
    gold, p_weak = np.tile([1, 0], 50), np.tile([0.9, 0.1], 50)
    p_weak[:20] = 1 - p_weak[:20]
    sure, unsure = (score_parts(gold, p_weak, gold - 0.5, noise) for noise in (0.0, 0.02))
    # 2 of the 20 may be wrong.
    assert unsure["accuracy_wrong_low"] == pytest.approx(1 - math.hypot(1 - sure["accuracy_wrong_low"], 1.96 * 0.1))
    unknown = score_parts(gold, p_weak, gold - 0.5, 0.2)
    assert (unknown["auroc_wrong_low"], unknown["auroc_wrong_high"]) == (0, 1)


@pytest.mark.parametrize(("n_positive", "n_negative"), [(1, 1), (3, 5), (12, 9), (60, 70)])
@pytest.mark.parametrize("apart", [0.0, 1.0, 2.5])
def test_the_interval_of_an_auroc_holds_the_truth_in_small_classes_too(n_positive, n_negative, apart):
    rng, truth = np.random.default_rng(0), stats.norm.cdf(apart / math.sqrt(2))
    held = 0
    for _ in range(400):
        positive, negative = rng.normal(apart, 1, n_positive), rng.normal(0, 1, n_negative)
        low, high = auroc_ends((positive[:, None] > negative).mean(), n_positive, n_negative)
        held += low <= truth <= high
    assert held >= 0.93 * 400


def test_a_score_of_several_runs_keeps_what_its_examples_leave_open():
    runs = pd.DataFrame({"auroc_wrong": [0.5, 0.7], "auroc_wrong_low": [0.3, 0.5], "auroc_wrong_high": [0.7, 0.9]})
    mean, low, high = mean_of_runs(runs, "auroc_wrong")
    assert mean == pytest.approx(0.6) and low == 0.0 and high == 1.0
    mean, low, high = mean_of_runs(runs.iloc[:1], "auroc_wrong")
    assert (mean, low, high) == pytest.approx((0.5, 0.3, 0.7))


def points(*rows, wrong=40):
    """Points of one student, given as (method, n_weak, n_gold, accuracy where the label is wrong, its half-width)."""
    table = pd.DataFrame(rows, columns=["method", "n_weak", "n_gold", "accuracy_wrong", "off"])
    for end, sign in (("low", -1), ("high", 1)):
        table[f"accuracy_wrong_{end}"] = table.accuracy_wrong + sign * table.off
        table[f"accuracy_right_{end}"] = 0.8 + sign * table.off
    counts = {"n_wrong": wrong, "n_right": 160, "n_seeds": 3, "n_tasks": 1}
    return table.assign(accuracy_right=0.8, student="large", supervisor="small", task="film", **counts)


ASKED, IMITATES = ("few_shot_gold", 0, 0, 0.6, 0.05), ("sft", 64, 0, 0.2, 0.1)
TITLES = {"sft": "SFT"}
NONE_MISSING = pd.DataFrame(columns=["task", "method"])


@pytest.mark.parametrize(
    ("accuracy", "off", "verdict"),
    [(0.2, 0.1, "learns errors"), (0.9, 0.1, "corrects errors"), (0.45, 0.15, "undetermined what it learns")],
)
def test_what_is_learned_is_said_where_intervals_do_not_overlap(accuracy, off, verdict):
    table = points(ASKED, ("sft", 64, 0, accuracy, off))
    assert learned(table.iloc[1], table.iloc[0]) == verdict


def test_one_seed_decides_nothing():
    table = points(ASKED, IMITATES).assign(n_seeds=1)
    assert learned(table.iloc[1], table.iloc[0]) == "undetermined what it learns"


def title_of(*rows, **counts):
    figure = plot_errors(points(*rows, **counts), NONE_MISSING, "sft", TITLES)
    return " ".join(figure.axes[0].get_title().split()) if figure.axes else figure.texts[0].get_text()


def test_the_title_speaks_of_the_most_weak_labels_alone_against_who_has_seen_none():
    who = "large from labels of small, wrong on 40 of 200"
    assert title_of(ASKED, ("sft", 16, 0, 0.6, 0.05), IMITATES, ("sft", 128, 8, 0.6, 0.05)) == f"{who}: learns errors"
    gold = (("sft", 0, 8, 0.1, 0.05), ("sft", 0, 512, 0.9, 0.05))
    assert title_of(*gold, IMITATES) == f"{who}: learns errors"
    assert title_of(IMITATES) == who


def test_lines_are_drawn_at_the_scores_of_each_part():
    figure = plot_errors(points(ASKED, ("sft", 16, 0, 0.5, 0.05), IMITATES), NONE_MISSING, "sft", TITLES)
    drawn = [list(line.get_ydata()) for line in figure.axes[0].lines]
    note = " ".join(" ".join(text.get_text() for text in figure.texts).split())
    assert f"Each point: 3 seeds. {AS_MEASURED} Who" in note, "expected scores are those of the posterior"
    assert [50, 20] in drawn and [80, 80] in drawn and [60, 60] in drawn


def test_purchases_stand_on_one_logarithmic_scale_with_gold_labels_alone_on_the_left():
    bought = (
        ("sft", 0, 16, 0.5, 0.05),
        ("sft", 0, 64, 0.5, 0.05),
        ("sft", 32, 0, 0.5, 0.05),
        ("sft", 128, 0, 0.5, 0.05),
    )
    mixed = (("sft", 64, 8, 0.5, 0.05), ("sft", 128, 64, 0.5, 0.05))
    place = with_places(points(ASKED, *bought), 2).place
    few_gold, much_gold, few_weak, much_weak = place[1:]
    # Four times as many are as far apart on either side; the middles of both parts are half of the axis apart.
    assert 0 < few_gold < much_gold < few_weak < much_weak < 1
    assert much_weak - few_weak == pytest.approx(much_gold - few_gold)
    assert few_weak - few_gold == pytest.approx(0.5)
    assert np.isnan(place[0])
    table = with_places(points(*bought, *mixed), 2)
    between, beside = table.place[4:]
    assert between == pytest.approx((table.place[2] + table.place[3]) / 2)
    assert table.place[3] < beside < 1


@pytest.mark.parametrize("cues", [1, 4])
def test_no_point_leaves_the_axis(cues):
    mixtures = [("sft", w, g, 0.5, 0.05) for w in (16, 20480) for g in (0, 2, 8, 32)]
    assert with_places(points(*mixtures), cues).place.between(0.05, 0.95).all()


def test_numbers_below_the_axis_are_of_the_labels_and_none_touches_another():
    bought = [("sft", 0, n, 0.5, 0.05) for n in (8, 16, 17, 1024)] + [
        ("sft", n, g, 0.5, 0.05) for n in (2, 256) for g in (0, 4)
    ]
    figure = plot_errors(points(ASKED, *bought), NONE_MISSING, "sft", TITLES)
    (axes,) = figure.axes
    figure.draw_without_rendering()
    labels = [text for text in axes.get_xticklabels() if text.get_text()]
    assert [text.get_text() for text in labels] == ["8", "1,024", "2", "256"]
    boxes = [text.get_window_extent() for text in labels]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert len(axes.get_xticks()) == 6
    assert [text.get_text() for text in axes.texts] == ["gold labels alone", "weak labels"]


def test_without_gold_labels_alone_the_axis_has_one_part_and_the_legend_names_what_is_there():
    figure = plot_errors(points(IMITATES), NONE_MISSING, "sft", TITLES)
    (axes,) = figure.axes
    assert axes.get_xticks().tolist() == [0.5] and [text.get_text() for text in axes.texts] == ["weak labels"]
    parts = [f"where the weak label is {part}" for part in ("wrong", "right")]
    assert [text.get_text() for text in figure.legends[0].texts] == [*parts, "weak labels alone"]


def test_cues_are_compared_where_labels_are_wrong():
    table = points(ASKED, ("sft", 0, 32, 0.7, 0.05), IMITATES)
    scores = {f"auroc_wrong{end}": table[f"accuracy_wrong{end}"] / 2 for end in ("", "_low", "_high")}
    cued = table.assign(student="large@weak", accuracy_wrong=table.accuracy_wrong / 4)
    figure = plot_errors(pd.concat([table, cued]).assign(**scores), NONE_MISSING, "sft", TITLES)
    accuracy, auroc = figure.axes
    assert " ".join(accuracy.get_title().split()) == "Accuracy: large from labels of small, wrong on 40 of 200"
    assert auroc.get_title() == "AUROC\nno cue, cue weak: learns errors"
    drawn = [[list(line.get_ydata()) for line in axes.lines] for axes in figure.axes]
    assert [20] in drawn[0] and [5] in drawn[0] and drawn[1].count([10]) == 2
    assert {"no cue", "cue weak"} < {text.get_text() for text in figure.legends[0].texts}


@pytest.mark.parametrize(("rows", "counts"), [((ASKED,), {}), ((ASKED, IMITATES), {"wrong": 0})])
def test_a_study_without_weak_labels_that_are_wrong_says_so(rows, counts):
    assert title_of(*rows, **counts) == NO_WEAK_LABELS
