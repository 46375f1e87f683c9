"""Which learning rate is chosen, and how clear that is said to be."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from elicitation.analysis.learning_rates import best_rate, rate_lines, read_best_rate, summarise_rates


def compared(scores: dict[float, list[float]], n_gold: int = 16) -> pd.DataFrame:
    """A comparison by learning rate, with a score for each seed."""
    rows = [(rate, n_gold, seed, 100, score) for rate, own in scores.items() for seed, score in enumerate(own)]
    return pd.DataFrame(rows, columns=["learning_rate", "n_gold", "seed", "n_held_out", "score"])


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ({1e-4: 0.5, 1e-3: 0.8, 1e-2: 0.6}, 1e-3),
        # Of those that share the highest score the middle one, of two the lower.
        ({1e-4: 0.7, 1e-3: 0.7, 1e-2: 0.7}, 1e-3),
        ({1e-4: 0.6, 1e-3: 0.7, 1e-2: 0.7}, 1e-3),
        ({1e-4: 0.7, 1e-3: 0.6, 1e-2: 0.7}, 1e-4),
        # Rounding is no difference.
        ({1e-4: 0.3, 1e-3: 0.1 + 0.2}, 1e-4),
    ],
)
def test_the_rate_of_the_highest_score_is_chosen(scores, best, tmp_path):
    table = compared({rate: [score] for rate, score in scores.items()})
    assert best_rate(table.sample(frac=1, random_state=0)) == best
    table.to_csv(tmp_path / "rates.csv", index=False)
    assert read_best_rate(tmp_path / "rates.csv") == best


def test_numbers_of_labels_and_seeds_count_alike():
    few, many = compared({1e-4: [0.5, 0.5], 1e-3: [0.7, 0.6]}, 16), compared({1e-4: [0.8, 0.8], 1e-3: [0.7, 0.7]}, 256)
    both = pd.concat([few, many])
    assert summarise_rates(both).score.tolist() == pytest.approx([0.65, 0.675])
    assert best_rate(both) == 1e-3 and best_rate(many) == 1e-4


def test_rates_are_compared_in_pairs_of_one_seed():
    # Seeds differ by far more than the rates do in each of them.
    summary = summarise_rates(compared({1e-4: [0.60, 0.70, 0.80], 1e-3: [0.65, 0.76, 0.85]}))
    off = stats.t.ppf(0.975, 2) * np.std([0.05, 0.06, 0.05], ddof=1) / np.sqrt(3)
    row = summary.loc[1e-4]
    assert [row.behind, row.behind_low, row.behind_high] == pytest.approx([0.16 / 3, 0.16 / 3 - off, 0.16 / 3 + off])
    assert summary.behind[1e-3] == 0 and summary.score_high[1e-4] - summary.score_low[1e-4] > 0.4


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({1e-4: [0.5] * 3, 1e-3: [0.79, 0.8, 0.81], 1e-2: [0.6, 0.61, 0.62]}, "0.001, clearly ahead of all others."),
        ({1e-4: [0.5] * 3, 1e-3: [0.79, 0.8, 0.81], 1e-2: [0.81, 0.79, 0.78]}, "0.001. Undetermined against 0.01."),
        ({1e-4: [0.79, 0.8, 0.81], 1e-3: [0.6, 0.61, 0.6]}, "It is the lowest of the rates, so a better one may lie"),
        ({1e-4: [0.6, 0.61, 0.6], 1e-3: [0.79, 0.8, 0.81]}, "It is the highest of the rates, so a better one may lie"),
        ({1e-4: [0.5] * 3, 1e-3: [0.5] * 3, 1e-2: [0.5] * 3}, "0.001. Undetermined: no rate is clearly above chance"),
        ({1e-4: [0.5] * 3, 1e-3: [0.5, 0.5, 0.8]}, "0.001. Undetermined: no rate is clearly above chance"),
        # One seed has no spread.
        ({1e-4: [0.5], 1e-3: [0.8], 1e-2: [0.7]}, "0.001. Undetermined: no rate is clearly above chance"),
    ],
)
def test_what_is_chosen_is_said_with_whether_the_data_decide_it(scores, said):
    lines = rate_lines(compared(scores))
    assert said in lines[-1]
    assert len(lines) == 2 + len(scores) + 2 and f"{len(scores[1e-3])} seed" in lines[-2]
