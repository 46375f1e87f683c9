import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.buying.methods import Selection
from elicitation.seeds import stream
from elicitation.training.selection import choose_uncertain, describe_kept, kept_words, most_confident, uncertainty

IDS = ["sure", "even", "leaning", "certain"]
LOG_ODDS = np.array([-3.0, 0.0, 1.0, 20.0])


def test_entropy_and_margin_at_known_probabilities():
    three_quarters = np.array([0.0, math.log(3)])
    assert uncertainty(three_quarters, "entropy") == pytest.approx([math.log(2), 2 * math.log(2) - 0.75 * math.log(3)])
    assert uncertainty(three_quarters, "margin") == pytest.approx([1, 0.5])


@pytest.mark.parametrize("measure", ["entropy", "margin"])
def test_at_temperature_0_the_least_certain_come_first(measure):
    chosen = choose_uncertain(IDS, LOG_ODDS, 3, Selection(measure), stream(0, "tests"))
    assert chosen == ["even", "leaning", "sure"]


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=30), st.just(0) | st.floats(0.01, 5), st.data())
def test_what_is_chosen_is_distinct_and_as_many_as_asked(log_odds, temperature, data):
    ids = [str(i) for i in range(len(log_odds))]
    n = data.draw(st.integers(0, len(ids)))
    chosen = choose_uncertain(ids, np.array(log_odds), n, Selection("entropy", temperature), stream(0, "tests"))
    assert len(set(chosen)) == len(chosen) == n and set(chosen) <= set(ids)


def test_at_temperature_1_examples_are_drawn_with_weights_equal_to_their_uncertainty():
    log_odds = np.array([0.0, math.log(3)])
    rng = stream(0, "tests")
    first = [choose_uncertain(["even", "odd"], log_odds, 1, Selection("margin", 1.0), rng)[0] for _ in range(3000)]
    # Margins leave uncertainties of 1 and 0.5.
    assert first.count("even") / 3000 == pytest.approx(2 / 3, abs=0.03)


def test_the_most_confident_weak_labels_are_kept_in_their_order_and_of_equal_ones_the_first():
    p = pd.Series([0.6, 0.05, 0.5, 0.9, 0.4, 0.95], list("abcdef"))
    assert list(most_confident(p, 0.5).index) == ["b", "d", "f"]
    assert list(most_confident(p, 2 / 3).index) == ["a", "b", "d", "f"]
    assert most_confident(p, 1).equals(p) and list(most_confident(p, 0.01).index) == ["b"]
    # One person's labels are all as confident.
    assert list(most_confident(pd.Series([1.0, 0.0, 1.0, 0.0], list("abcd")), 0.5).index) == ["a", "b"]


@pytest.mark.parametrize(
    ("labels", "by_chance", "label_1", "warned"),
    [
        ([0.9, 0.2, 0.6, 0.4], 0, 1, []),
        # The last of the kept ones is no surer than the first that is not.
        ([0.9, 0.8, 0.2, 0.6], 1, 2, ["label 1"]),
        ([1.0, 0.0, 1.0, 0.0], 2, 1, ["a random part"]),
        ([0.0, 0.0, 0.0, 1.0], 2, 0, ["a random part", "label 0"]),
    ],
)
def test_it_is_said_how_many_are_kept_by_chance_and_of_which_label(labels, by_chance, label_1, warned):
    p = pd.Series(labels, list("abcd"))
    record = describe_kept(p, most_confident(p, 0.5))
    assert record == {"of": 4, "kept": 2, "by_chance": by_chance, "label_1": label_1}
    words = kept_words(**record)
    assert words.count("Warning") == len(warned) and all(part in words for part in warned)
    assert words.startswith("the 2 most confident of 4 weak labels are trained on") and words.endswith(".")


def test_nothing_is_kept_by_chance_where_all_is_kept():
    p = pd.Series([1.0], ["a"])
    assert describe_kept(p, most_confident(p, 0.5)) == {"of": 1, "kept": 1, "by_chance": 0, "label_1": 1}
