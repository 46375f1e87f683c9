import pandas as pd
import pytest

from elicitation.captions import frontier_sentences, pareto_caption, regime_sentences


@pytest.fixture
def frontier():
    points = [
        {"task": "topic", "cost": 16, "n_weak": 0, "n_gold": 16, "on_frontier": True},
        {"task": "topic", "cost": 1.5, "n_weak": 15, "n_gold": 0, "on_frontier": True},
        {"task": "topic", "cost": 8, "n_weak": 0, "n_gold": 8, "on_frontier": False},
    ]
    return pd.DataFrame(points).assign(
        student="s", supervisor="v", method="m", weak_price=0.1, n_seeds=3,
        accuracy_report=0.805, accuracy_report_low=0.7512, accuracy_report_high=0.85,
    )  # fmt: skip


def test_frontier_points_are_told_from_the_cheapest_to_the_dearest(frontier):
    heading, *points = frontier_sentences(frontier)
    assert "a weak label costs 0.1" in heading
    assert points == [
        "- cost 1.5: 15 weak + 0 gold labels by m -> 80.5 % (75.1 to 85.0; 3 seeds)",
        "- cost 16: 0 weak + 16 gold labels by m -> 80.5 % (75.1 to 85.0; 3 seeds)",
    ]


def test_with_several_tasks_their_average_is_told(frontier):
    tasks = pd.concat([frontier, frontier.iloc[:1].assign(task="average", cost=99)])
    assert [line for line in frontier_sentences(tasks) if line.startswith("-")] == [
        "- cost 99: 0 weak + 16 gold labels by m -> 80.5 % (75.1 to 85.0; 3 seeds)"
    ]


def test_each_regime_is_told_with_where_it_was_found_or_that_it_was_not():
    regimes = pd.DataFrame(
        [("topic", 16, 0.1, "mixed"), ("topic", 64, 0.5, "mixed"), ("verdict", 16, 0.1, "undetermined")],
        columns=["task", "budget", "weak_price", "regime"],
    ).assign(supervisor="v", student="s", method="m")
    assert regime_sentences(regimes) == [
        "- quantity-dominant: not found",
        "- mixed: topic at 16 (weak label 0.1), 64 (weak label 0.5)",
        "- quality-dominant: not found",
        "- undetermined: 1 of 3 (results/regimes.csv has all)",
    ]


def test_the_caption_holds_frontier_and_regimes(frontier):
    regimes = pd.DataFrame({"task": ["topic"], "budget": [16], "weak_price": [0.1], "regime": ["mixed"]})
    regimes = regimes.assign(supervisor="v", student="s", method="m")
    caption = pareto_caption(frontier, regimes)
    for line in (*frontier_sentences(frontier), *regime_sentences(regimes)):
        assert line in caption
