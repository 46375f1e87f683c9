import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from elicitation.analysis.captions import (
    cost_words,
    count_sentence,
    footnote,
    frontier_sentences,
    interval_sentence,
    missing_sentence,
    pareto_caption,
    precision_sentence,
    price_words,
    regime_sentences,
    seed_range,
    unaveraged_sentence,
    varying,
)

TITLES = {"m": "Method M", "n": "Method N"}
NOTHING = pd.DataFrame(columns=["task", "supervisor", "student", "method", "n_weak", "n_gold", "seed"])

SCORE = "80.5 % (75.1 to 85.0; 3 seeds; on the frontier with probability 0.75)"


@pytest.fixture
def frontier():
    points = [
        {"task": "topic", "cost": 16, "n_weak": 0, "n_gold": 16, "on_frontier": True},
        {"task": "topic", "cost": 1.5, "n_weak": 15, "n_gold": 0, "on_frontier": True},
        {"task": "topic", "cost": 8, "n_weak": 0, "n_gold": 8, "on_frontier": False},
    ]
    scores = {"score": 0.805, "score_low": 0.7512, "score_high": 0.85}
    bought = pd.DataFrame(points).assign(kind="purchase", method="m", n_seeds=3, **scores)
    nothing = {"kind": "commoner label", "method": "", "task": "topic", "n_seeds": 1, "score": 0.55}
    nothing |= {"score_low": 0.5, "score_high": 0.6, "cost": 0, "n_weak": 0, "n_gold": 0, "on_frontier": False}
    table = pd.concat([bought, pd.DataFrame([nothing])], ignore_index=True)
    return table.assign(student="s", supervisor="v", weak_price=0.1, n_tasks=1, probability=0.75)


def missing(*runs):
    """Runs given as (task, method, n_weak, n_gold, seed)."""
    table = pd.DataFrame(runs, columns=["task", "method", "n_weak", "n_gold", "seed"])
    return table.assign(supervisor="v", student="s")


def test_frontier_points_are_told_from_the_cheapest_to_the_dearest(frontier):
    heading, nothing, *points = frontier_sentences(frontier, TITLES)
    assert "a weak label costs 0.1" in heading
    assert nothing == "- cost 0: always the commoner label -> 55.0 % (50.0 to 60.0)"
    assert points == [
        f"- cost 1.5: 15 weak + 0 gold labels by Method M -> {SCORE}",
        f"- cost 16: 0 weak + 16 gold labels by Method M -> {SCORE}",
    ]


def test_where_nothing_is_averaged_each_task_is_told_by_name(frontier):
    tasks = pd.concat([frontier, frontier.assign(task="verdict", score=0.6)])
    told = frontier_sentences(tasks, TITLES)
    assert [line.strip() for line in told if not line.startswith("-")] == [
        f"{task}: s with labels of v, a weak label costs 0.1:" for task in ("topic", "verdict")
    ]
    assert all("60.0 %" in line for line in told[6:]) and len(told) == 8


def test_with_several_tasks_their_average_is_told(frontier):
    tasks = pd.concat([frontier, frontier.iloc[:1].assign(task="average", cost=99)])
    assert [line for line in frontier_sentences(tasks, TITLES) if line.startswith("- ")] == [
        f"- cost 99: 0 weak + 16 gold labels by Method M -> {SCORE}"
    ]


def test_asking_without_labels_is_told_as_what_it_is(frontier):
    asking = frontier.iloc[:1].assign(kind="asking", method="", cost=0, n_gold=0, n_seeds=1)
    told = frontier_sentences(pd.concat([frontier, asking]), TITLES)
    assert told[2] == "- cost 0: asking without labels -> 80.5 % (75.1 to 85.0)"


def test_each_regime_is_told_with_where_it_was_found_or_that_it_was_not():
    regimes = pd.DataFrame(
        [("topic", 16, 0.1, "mixed"), ("topic", 64, 0.5, "mixed"), ("verdict", 16, 0.1, "undetermined")],
        columns=["task", "budget", "weak_price", "regime"],
    ).assign(supervisor="v", student="s", method="m")
    assert regime_sentences(regimes, TITLES) == [
        "- buy weak (quantity-dominant): not found",
        "- mix (mixed): topic at 16 (weak label 0.1), 64 (weak label 0.5)",
        "- buy gold (quality-dominant): not found",
        "- buy nothing (no labels): not found",
        "- undetermined: 1 of 3 (results/regimes.csv has all)",
    ]


def test_the_caption_holds_frontier_and_regimes_and_what_is_missing(frontier):
    regimes = pd.DataFrame({"task": ["topic"], "budget": [16], "weak_price": [0.1], "regime": ["mixed"]})
    regimes = regimes.assign(supervisor="v", student="s", method="m")
    lacking = missing(("topic", "m", 20, 2, 3))
    caption = pareto_caption(frontier, regimes, lacking, TITLES, "accuracy", 0.9)
    lines = (*frontier_sentences(frontier, TITLES), *regime_sentences(regimes, TITLES))
    for line in (*lines, missing_sentence(lacking, TITLES)):
        assert line in caption
    assert "Missing" not in pareto_caption(frontier, regimes, NOTHING, TITLES, "accuracy", 0.9)
    alone = ", among purchases of that source alone:"
    assert alone not in caption and caption.count("a probability of at least 0.9:") == 1
    several = pd.concat([regimes, regimes.assign(supervisor="w")])
    assert f"at least 0.9{alone}" in pareto_caption(frontier, several, NOTHING, TITLES, "accuracy", 0.9)
    assert "\nModels computed in float32.\n" in pareto_caption(
        frontier, regimes, NOTHING, TITLES, "auroc", 0.9, "Models computed in float32."
    )


@pytest.mark.parametrize(
    ("precisions", "expected"),
    [
        (["bfloat16", "bfloat16"], "Models computed in bfloat16."),
        (["float32", "bfloat16", ""], "Models computed in bfloat16 and float32."),
        # An API does not say.
        ([""], ""),
    ],
)
def test_the_precision_is_named_once_for_all_runs(precisions, expected):
    assert precision_sentence(pd.Series(precisions)) == expected


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (1 / 18, "1/18"),
        (0.05555, "1/18"),
        (0.1666, "1/6"),
        (0.05277, "0.05277"),
        (0.5, "0.5"),
        (0.01, "0.01"),
        (0.1 * 3, "0.3"),
        (16, "16"),
        (0, "0"),
        (0.0123456789, "0.0123457"),
    ],
)
def test_prices_are_written_as_people_do(price, words):
    assert price_words(price) == words


def test_costs_have_no_digits_that_say_nothing():
    assert [cost_words(cost) for cost in (0, 0.32, 1.5, 15.1104, 723.104, 1024)] == [
        "0",
        "0.32",
        "1.5",
        "15.1",
        "723",
        "1,024",
    ]


def test_varying_columns_hold_more_than_one_value(frontier):
    assert varying(frontier, ["student", "cost", "n_tasks"]) == ["cost"]


@pytest.mark.parametrize(
    ("n_seeds", "n_tasks", "runs"),
    [
        ([3, 3], 1, "3 seeds"),
        ([1, 1], 1, "1 seed"),
        ([3, 3], 8, "3 seeds on each of 8 tasks"),
        ([7, 3, 3], 2, "3 seeds on each of 2 tasks (other numbers of seeds stand beside their points)"),
    ],
)
def test_the_runs_behind_each_point_are_counted(n_seeds, n_tasks, runs):
    points = pd.DataFrame({"n_seeds": n_seeds, "n_tasks": n_tasks, "n_weak": 0, "n_gold": 4})
    assert count_sentence(points) == f"Each point: {runs}. {interval_sentence()}"
    # What asks without labels has no seeds to count.
    asking = points.iloc[:1].assign(n_seeds=1, n_gold=0)
    assert count_sentence(pd.concat([points, asking])) == count_sentence(points)


def test_the_range_of_seeds_is_one_number_where_all_are_alike():
    points = pd.DataFrame({"n_seeds": [3, 7, 5, 1], "n_weak": 0, "n_gold": [4, 8, 16, 0]})
    assert seed_range(points) == "3 to 7" and seed_range(points.iloc[:1]) == "3" and seed_range(points.iloc[3:]) == "1"


def test_missing_runs_are_told_by_task_and_purchase():
    lacking = missing(("b", "m", 20, 2, 3), ("b", "m", 20, 2, 4), ("a", "n", 0, 4, 0))
    assert missing_sentence(lacking, TITLES) == (
        "Missing, so not averaged: b lacks seed 3, 4 of 20 weak + 2 gold labels (Method M); "
        "a lacks seed 0 of 0 weak + 4 gold labels (Method N) (results/missing.csv has all)."
    )


def test_of_many_missing_purchases_two_are_named_and_the_others_counted():
    sentence = missing_sentence(missing(*[("b", "m", n, 0, 0) for n in (1, 2, 3, 4)]), TITLES)
    assert "seed 0 of 2 weak + 0 gold labels (Method M), seeds of 2 more purchases" in sentence
    assert "3 weak" not in sentence


def test_nothing_is_said_where_nothing_is_missing():
    assert missing_sentence(NOTHING, TITLES) == ""


def test_a_footnote_tells_what_all_points_share_and_what_their_averages_lack(frontier):
    frontier = frontier[frontier.kind == "purchase"]
    points = frontier.assign(task="average", n_tasks=2)
    lacking = pd.concat([missing(("b", "m", 20, 2, 3)), missing(("b", "m", 9, 9, 3)).assign(student="other")])
    assert footnote(points, lacking, TITLES) == (
        "Student s, weak labels of v, Method M. Each point: 3 seeds on each of 2 tasks. "
        f"{interval_sentence()} "
        "Missing, so not averaged: b lacks seed 3 of 20 weak + 2 gold labels (Method M) (results/missing.csv has all)."
    )
    assert "Missing" not in footnote(frontier, lacking, TITLES), "single tasks are not averaged"
    two = pd.concat([points, points.assign(student="t", method="n")])
    assert footnote(two, NOTHING, TITLES).startswith("Weak labels of v. Each point")


def test_words_need_no_slow_import():
    code = "import elicitation.analysis.captions, sys; sys.exit(bool({'sklearn', 'scipy', 'torch'} & set(sys.modules)))"
    source = Path(__file__).parents[2] / "src"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(source)}, check=False).returncode == 0


def test_what_no_average_has_is_named():
    rows = [("average", "v", "s", "m"), ("a", "v", "s", "m"), ("b", "v", "s", "m"), ("a", "v", "s", "n")]
    table = pd.DataFrame(rows, columns=["task", "supervisor", "student", "method"])
    titles = {"m": "Method M", "n": "Method N"}
    sentence = "Not on every task that is averaged, so not shown: "
    assert unaveraged_sentence(table, titles) == f"{sentence}Method N."
    more = pd.DataFrame([("a", f"w{i}", "s", "m") for i in range(5)], columns=table.columns)
    shown = "Method N; w0; w1; w2 and 2 more."
    assert unaveraged_sentence(pd.concat([table, more]), titles) == f"{sentence}{shown}"
    assert unaveraged_sentence(table[:3], titles) == unaveraged_sentence(table[1:], titles) == ""
