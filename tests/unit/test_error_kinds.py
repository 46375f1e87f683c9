"""Which errors a student imitates: what is counted, what is concluded, and the figure."""

import numpy as np
import pandas as pd
import pytest

from elicitation.analysis.error_kinds import COLUMNS, measure_imitation, named
from elicitation.analysis.intervals import mean_accuracy, mean_difference
from elicitation.figures.error_kinds import NO_RUNS, plot_error_kinds

RATE = {"task": "film", "student": "large", "error_rate": 0.2}


@pytest.fixture(scope="module")
def test_set():
    """500 examples with weak labels, the first hundred of which are wrong."""
    gold = np.tile([0, 1], 250)
    p_weak = np.where(np.arange(500) < 100, 1 - gold, gold) * 0.6 + 0.2
    return pd.DataFrame({"id": np.arange(500).astype(str), "gold": gold, "p_weak": p_weak})


def runs(test_set, n_weak, n_gold, share, seeds=4):
    """Runs that say what the weak label says on a share of the examples where it is wrong, and are right elsewhere."""
    tables = []
    for seed in range(seeds):
        says = np.random.default_rng([seed, n_weak, n_gold]).random(500) < share
        label = np.where((np.arange(500) < 100) & says, 1 - test_set.gold, test_set.gold)
        bought = {"n_weak": n_weak, "n_gold": n_gold, "seed": seed}
        tables.append(pd.DataFrame({"id": test_set.id, "log_odds": label - 0.5, **bought}))
    return pd.concat(tables)


def measured(test_set, *made, asked=None):
    return measure_imitation(test_set, pd.concat(runs(test_set, *run) for run in made), asked)


@pytest.mark.parametrize(("share", "verdict"), [(0.8, "imitated"), (0.3, "undetermined"), (0.02, "avoided")])
def test_errors_are_imitated_where_they_are_repeated_more_than_after_as_many_gold_labels(test_set, share, verdict):
    asked = runs(test_set, 0, 0, 0.5, seeds=1)
    made = [(64, 0, share), (0, 64, 0.3), (0, 16, 0.9), (64, 32, 0.1), (64, 0, share)]
    table = measured(test_set, *made, asked=asked)
    (row,) = table.itertuples()
    assert (row.n_weak, row.n_wrong, row.n_seeds, row.verdict) == (64, 100, 4, verdict)
    assert abs(row.weak - share) < 0.1 and abs(row.gold - 0.3) < 0.1 and abs(row.nothing - 0.5) < 0.2
    assert row.learned == pytest.approx(row.weak - row.gold)
    assert (row.nothing, row.nothing_low, row.nothing_high) == mean_accuracy(np.array([row.nothing]), 100)


def test_without_as_many_gold_labels_asking_is_what_is_compared_with(test_set):
    asked = runs(test_set, 0, 0, 0.3, seeds=1)
    row = measured(test_set, (64, 0, 0.8), (0, 16, 0.3), asked=asked).iloc[0]
    assert row.learned == pytest.approx(row.weak - row.nothing) and row.verdict == "imitated" and np.isnan(row.gold)
    assert measured(test_set, (64, 0, 0.8)).iloc[0].verdict == "undetermined"


def test_one_seed_decides_nothing_and_gold_labels_alone_are_no_row(test_set):
    assert measured(test_set, (64, 0, 1.0, 1), (0, 64, 0.0, 1)).verdict.tolist() == ["undetermined"]
    assert measured(test_set, (0, 64, 0.0)).empty
    right = test_set.assign(p_weak=test_set.gold)
    assert list(measured(right, (64, 0, 0.5)).columns) == COLUMNS and measured(right, (64, 0, 0.5)).empty


def test_the_interval_of_a_paired_difference_holds_the_truth():
    rng, held = np.random.default_rng(3), 0
    for _ in range(300):
        hard, seeds = rng.uniform(0, 1, 150), rng.normal(0, 0.05, (2, 4, 1))
        first, second = (rng.random((4, 150)) < np.clip(hard + by_seed, 0, 1) for by_seed in seeds)
        _, low, high = mean_difference(first.astype(float) - second)
        held += low <= 0 <= high
    assert held >= 0.93 * 300


def kind(name, verdict, **others):
    ends = {"imitated": (0.1, 0.3), "undetermined": (-0.1, 0.3), "avoided": (-0.3, -0.1)}[verdict]
    row = {"supervisor": name, "n_weak": 64, "n_wrong": 30, "n_seeds": 4, "verdict": verdict}
    for share in ("weak", "gold"):
        row |= named(share, (0.5, 0.4, 0.6))
    return RATE | row | named("learned", (np.mean(ends), *ends)) | others


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (["imitated", "imitated", "undetermined"], "large imitates a and b; undetermined: c"),
        (["imitated", "avoided", "imitated"], "large imitates a and c; it avoids b"),
        (["undetermined"] * 2, "Whether large imitates any of these errors is undetermined"),
        (["avoided", "undetermined"], "Whether large imitates any of these errors is undetermined; it avoids a"),
    ],
)
def test_the_title_says_what_was_found(verdicts, sentence):
    rows = [kind(name, verdict) for name, verdict in zip("abc", verdicts, strict=False)]
    # Fewer weak labels than the most are not shown.
    table = pd.DataFrame([*rows, kind("a", "avoided", n_weak=16)], columns=[*RATE, "supervisor", *COLUMNS])
    (axes,) = plot_error_kinds(table).axes
    assert " ".join(axes.get_title().split("\n")[:-1]) == sentence
    assert [label.get_text().split("\n")[0] for label in axes.get_yticklabels()] == list("abc")[: len(verdicts)]


def test_a_study_without_such_runs_says_so():
    figure = plot_error_kinds(pd.DataFrame(columns=[*RATE, "supervisor", *COLUMNS]))
    assert figure.texts[0].get_text() == NO_RUNS
