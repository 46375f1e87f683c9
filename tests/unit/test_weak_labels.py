import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.analysis.derived_labels import shuffle_errors
from elicitation.analysis.label_quality import quality_by_set


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=50))
def test_shuffled_errors_are_the_same_errors_on_other_examples(labels):
    gold, p = np.array([g for g, _ in labels]), np.array([q for _, q in labels])
    shuffled = shuffle_errors(gold, p, "task", "test")
    assert sorted(np.abs(shuffled - gold)) == pytest.approx(sorted(np.abs(p - gold)))
    assert ((shuffled >= 0) & (shuffled <= 1)).all()


def test_shuffled_errors_have_lost_their_pattern():
    rng = np.random.default_rng(0)
    gold, hard = rng.integers(2, size=4000), rng.integers(2, size=4000)
    shuffled = shuffle_errors(gold, np.where(hard, 1 - gold, gold), "task", "pool")
    wrong = (shuffled > 0.5) != gold
    assert wrong.mean() == hard.mean() and abs(np.corrcoef(wrong, hard)[0, 1]) < 0.06


def test_quality_is_by_set():
    labels = pd.DataFrame({"id": list("abcd"), "p_weak": [0.9, 0.1, 0.8, 0.3]})
    halves = {"pool": ["a", "b"], "test": ["d", "c"]}
    sets = {name: pd.DataFrame({"id": ids, "gold": [1, 0]}) for name, ids in halves.items()}
    quality = quality_by_set(labels, sets)
    assert quality["pool"]["accuracy"] == 1 and quality["test"]["accuracy"] == 0
