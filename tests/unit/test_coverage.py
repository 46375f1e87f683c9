"""Simulations with known truth: intervals cover as they say, chosen purchases' too, and verdicts are seldom wrong.

benchmarks/calibration.py is the long form.
"""

import numpy as np
import pandas as pd
import pytest
from simulated import GRIDS, PRICE, TRUTHS, covers, crossings, draw_study, fit, judge_studies, purchases_of, regrets

from elicitation.analysis.choices import MIN_GAIN
from elicitation.analysis.names import AVERAGE

SMALL = purchases_of((16, 128, 1024), (0, 0.5, 1))


@pytest.fixture(scope="module")
def judged():
    """8 studies of each truth, of 11 to 28 purchases."""
    return judge_studies(list(TRUTHS), 8)


@pytest.mark.parametrize("which", ["run", "unrun", "chosen"])
def test_intervals_hold_the_truth_as_often_as_they_say(judged, which):
    assert 0.92 <= judged[which].mean() <= 0.97, judged.groupby("truth")[which].mean()
    assert judged.groupby("truth")[which].mean().min() > 0.8, "whatever the truth"


def test_at_most_one_verdict_in_twenty_is_wrong(judged):
    shortfalls = np.concatenate(judged.verdicts.tolist())
    decided = shortfalls[~np.isnan(shortfalls)]
    assert len(decided) > 0.4 * len(shortfalls), "many are decided"
    assert np.mean(decided > MIN_GAIN) <= 0.05


@pytest.mark.parametrize("name", ["two sigmoids", "gold only"])
def test_a_real_difference_is_found(judged, name):
    assert np.mean(~np.isnan(np.concatenate(judged[judged.truth == name].verdicts.tolist()))) > 0.8


def test_recommendations_at_held_out_budgets_lose_little():
    lost = [
        regret
        for i, name in enumerate(TRUTHS)
        for regret in regrets(TRUTHS[name], *GRIDS[i % 2], np.random.default_rng([2, i]))
    ]
    assert np.median(lost) <= 0.01 and np.max(lost) <= 0.10


def tasks_of(truths, rng) -> pd.DataFrame:
    """The evidence of a study with a task of each truth."""
    drawn = [draw_study(SMALL, truth, rng, task=f"task {i}") for i, truth in enumerate(truths)]
    return pd.concat(drawn, ignore_index=True)


def widths(blocks) -> np.ndarray:
    """(blocks,) the mean width of the intervals of purchases that were not run."""
    return np.array(
        [np.ptp(b.surfaces[0].at(*crossings(b.surfaces[0], False)).interval, axis=0).mean() for b in blocks]
    )


def shares_covered(blocks, truths) -> list[float]:
    found = []
    for block, truth in zip(blocks, truths, strict=True):
        pair = crossings(block.surfaces[0], False)
        found.append(covers(block.surfaces[0].at(*pair), truth(*np.array(pair, dtype=float))).mean())
    return found


SAME = [TRUTHS["power law"]] * 4
DIFFERENT = [TRUTHS["two sigmoids"], TRUTHS["falling"], TRUTHS["gold only"], TRUTHS["flat"]]


@pytest.mark.parametrize(("truths", "narrower"), [(SAME, 0.95), (DIFFERENT, None)], ids=["same", "different"])
def test_tasks_lend_each_other_strength_where_they_tell_the_same_story(truths, narrower):
    rng, ratios, covered, averages = np.random.default_rng(3), [], [], []
    for _ in range(2):
        table = tasks_of(truths, rng)
        tasks = [f"task {i}" for i in range(len(truths))]
        average, *blocks = fit(table, over=tasks)
        assert average.task == AVERAGE
        alone = [fit(rows)[0] for _, rows in table.groupby("task", sort=False)]
        ratios.append((widths(blocks) / widths(alone)).mean())
        covered += shares_covered(blocks, truths)
        averages += shares_covered([average], [lambda w, g: np.mean([truth(w, g) for truth in truths], axis=0)])
    assert np.mean(covered) > 0.88, "pooling does not make intervals too narrow"
    assert np.mean(averages) > 0.85
    if narrower:
        assert np.mean(ratios) < narrower
    else:
        assert np.mean(ratios) > 0.8


def test_three_seeds_and_few_test_examples_cover_too():
    judged = judge_studies(["capped", "falling"], 6, seeds=3, n=150)
    assert judged[["run", "unrun", "chosen"]].mean().between(0.86, 1).all()


def test_the_price_is_one_at_which_all_ways_of_spending_exist():
    assert PRICE < 1 and all(len(purchases_of(*grid)) in range(11, 31) for grid in GRIDS)
