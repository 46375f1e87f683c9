"""benchmarks/findings.py, and that docs/findings/tables.md shows what its tables say."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from elicitation.analysis.scoring import matched_accuracy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def findings():
    spec = importlib.util.spec_from_file_location("findings", ROOT / "benchmarks/findings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def draw(rng, n: int, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Gold labels, half of each, and log-odds that know something of them; some are equal."""
    gold = np.arange(n) % 2
    return gold, np.round(strength * (2 * gold - 1) + rng.standard_normal(n), 1)


def test_contributions_average_to_the_scores(findings):
    gold, log_odds = draw(np.random.default_rng(0), 60, 0.5)
    accuracy, matched, auroc = findings.contributions(gold, log_odds).mean(axis=1)
    assert accuracy == np.mean((log_odds > 0) == gold)
    assert matched == pytest.approx(matched_accuracy(gold, log_odds))
    assert auroc == pytest.approx(roc_auc_score(gold, log_odds))


def test_example_variance_is_that_of_repeated_test_sets(findings):
    rng = np.random.default_rng(1)
    drawn = [findings.contributions(*draw(rng, 200, 0.5)) for _ in range(2000)]
    between = np.var([added.mean(axis=1) for added in drawn], axis=0)
    gold = draw(rng, 200, 0.5)[0]
    estimated = np.mean([findings.example_variance(gold, added) for added in drawn[:100]], axis=0)
    np.testing.assert_allclose(estimated, between, rtol=0.15)


def study_runs(findings, task: str, gold: pd.Series, right: dict[tuple, list[float]]) -> dict:
    """Runs that answer the given shares of the test examples rightly, the first ones, one share a seed."""
    sign = 2 * gold - 1
    return {
        (task, *names, seed): sign.where(np.arange(len(gold)) < round(share * len(gold)), -sign)
        for names, shares in right.items()
        for seed, share in enumerate(shares)
    }


def test_difference_is_paired_by_seed_and_example(findings):
    gold = pd.Series(np.arange(400) % 2, index=[f"id{i}" for i in range(400)])
    first = findings.Side("small", "student", "a", ((8, 0), (0, 4)))
    second = findings.Side("small", "student", "b", ((8, 0), (0, 4)))
    shares = {
        ("small", "student", "a", 8, 0): [0.80, 0.70, 0.60],
        ("small", "student", "b", 8, 0): [0.75, 0.65, 0.55],
        # Runs without weak labels are kept under one name for all supervisors.
        ("no-supervisor", "student", "a", 0, 4): [0.90, 0.90, 0.90],
        ("no-supervisor", "student", "b", 0, 4): [0.85, 0.85, 0.85],
    }
    runs = study_runs(findings, "film", gold, shares)
    row = findings.difference(runs, {"film": gold}, findings.Comparison("a, not b", first, second))
    assert (row["n_seeds"], row["n_pairs"], row["first"]) == (3, 6, "8 + 0; 0 + 4")
    assert row["accuracy"] == pytest.approx(0.05)
    # Every seed differs alike, so the test examples alone make the interval: on 3 times 20 examples of a half each and
    # on 20, of 400, one side is right and the other wrong.
    added = np.zeros(400)
    for low in (300, 260, 220):
        added[low : low + 20] += 1 / 6
    added[340:360] += 1 / 2
    assert row["accuracy_high"] - 0.05 == pytest.approx(1.96 * added.std(ddof=1) / 20, rel=1e-2)


def test_difference_takes_the_spread_between_seeds_into_its_interval(findings):
    gold = pd.Series(np.arange(4000) % 2, index=range(4000))
    sides = [findings.Side("small", "student", name, ((8, 0),)) for name in "ab"]
    shares = {("small", "student", "a", 8, 0): [0.7, 0.8, 0.9], ("small", "student", "b", 8, 0): [0.7, 0.7, 0.7]}
    runs = study_runs(findings, "film", gold, shares)
    row = findings.difference(runs, {"film": gold}, findings.Comparison("a, not b", *sides))
    assert row["accuracy"] == pytest.approx(0.1)
    seeds = stats.t.ppf(0.975, 2) * 0.1 / np.sqrt(3)
    assert seeds < row["accuracy_high"] - 0.1 < 1.01 * seeds


def test_difference_over_tasks_weighs_them_alike(findings):
    gold = pd.Series(np.arange(400) % 2, index=range(400))
    sides = [findings.Side("small", "student", name, ((8, 0),)) for name in "ab"]
    runs = {}
    for task, share in (("film", 0.9), ("tweet", 0.8)):
        shares = {("small", "student", name, 8, 0): [of] * 3 for name, of in (("a", share), ("b", 0.7))}
        runs |= study_runs(findings, task, gold, shares)
    comparison = findings.Comparison("a, not b", *sides, ("film", "tweet"))
    row = findings.difference(runs, {"film": gold, "tweet": gold}, comparison)
    assert row["task"] == "average"
    assert row["accuracy"] == pytest.approx(0.15)


def test_asking_is_compared_with_every_seed(findings):
    gold = pd.Series(np.arange(400) % 2, index=range(400))
    bought = findings.Side("small", "student", "a", ((8, 0),))
    asked = findings.Side("small", "student", "no-labels", ((0, 0),))
    shares = {("small", "student", "a", 8, 0): [0.7, 0.8, 0.9], ("no-supervisor", "student", "no-labels", 0, 0): [0.75]}
    runs = study_runs(findings, "film", gold, shares)
    row = findings.difference(runs, {"film": gold}, findings.Comparison("a, not asking", bought, asked))
    assert row["n_seeds"] == 3
    assert row["accuracy"] == pytest.approx(0.05)


def test_a_study_has_the_comparisons_whose_purchases_it_made(findings):
    gold = pd.Series([0, 1] * 4, index=range(8))
    sides = [findings.Side("small", "student", name, ((8, 0),)) for name in "abc"]
    runs = study_runs(findings, "film", gold, {("small", "student", name, 8, 0): [1.0] for name in "ab"})
    assert findings.is_made(runs, findings.Comparison("a, not b", *sides[:2]))
    assert not findings.is_made(runs, findings.Comparison("b, not c", *sides[1:]))
    assert not findings.is_made(runs, findings.Comparison("a, not b", *sides[:2], ("film", "tweet")))


def test_tables_stand_below_their_marks(findings):
    table = pd.DataFrame({"a": [1]})
    page = "Before\n\n<!-- study: one -->\n\nBetween\n\n<!-- study: two -->\n| old |\n| --- |\n\nAfter\n"
    for title in ("study: one", "study: two"):
        page = findings.filled(page, title, table)
    shown = "| a |\n| --- |\n| 1 |\n"
    expected = f"Before\n\n<!-- study: one -->\n{shown}\nBetween\n\n<!-- study: two -->\n{shown}\nAfter\n"
    assert page == expected
    assert findings.filled(page, "study: two", table) == expected
    with pytest.raises(SystemExit, match="study: three"):
        findings.filled(page, "study: three", table)


def test_a_missing_seed_is_named(findings):
    gold = pd.Series([0, 1] * 4, index=range(8))
    sides = [findings.Side("small", "student", name, ((8, 0),)) for name in "ab"]
    shares = {("small", "student", "a", 8, 0): [1.0, 1.0], ("small", "student", "b", 8, 0): [1.0]}
    with pytest.raises(SystemExit, match=r"a, not b, film.*\[0, 1\] against \[0\]"):
        findings.difference(
            study_runs(findings, "film", gold, shares), {"film": gold}, findings.Comparison("a, not b", *sides)
        )


def test_the_page_shows_the_tables(findings):
    page, tables = (ROOT / "docs/findings/tables.md").read_text(), dict(findings.tables())
    assert len(tables) > 20
    assert [title for title, table in tables.items() if findings.markdown(table) not in page] == []
