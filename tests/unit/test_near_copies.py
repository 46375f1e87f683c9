"""Texts that are nearly the same are found, and no others."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elicitation.data.cards import describe_copies
from elicitation.data.near_copies import NearCopies, are_near, find_near_copies, shingles

TEXT = "The parcel arrived two days late and the box was open, but everything inside was fine."


def numbered(**sets):
    """The sets with their texts named 1, 2, ... throughout."""
    numbers = itertools.count(1)
    return {part: [(str(next(numbers)), text) for text in texts] for part, texts in sets.items()}


def test_a_word_more_makes_a_near_copy_and_another_sentence_does_not():
    other = "Whoever packed this parcel was late for lunch and left the box half open."
    sets = numbered(test=[TEXT, other], pool=[TEXT.replace("two", "ten"), "short", ""], supervision=[])
    assert find_near_copies(sets) == NearCopies(1, [("1", "3")], (TEXT, TEXT.replace("two", "ten")))
    assert find_near_copies(numbered(test=[other], pool=[TEXT])) == NearCopies(0, [])
    for test, pool in ([], []), ([], [TEXT]), ([TEXT], []), (["four"], ["four", ""]):
        assert find_near_copies(numbered(test=test, pool=pool)) == NearCopies(0, [])


def test_nine_of_ten_shingles_are_the_limit():
    # 100 different shingles; a run of changed characters at the end costs one for each.
    text = "".join(chr(0x4E00 + i) for i in range(104))
    assert len(shingles(text)) == 100
    for changed, near in ((10, True), (11, False)):
        other = text[:-changed] + "".join(chr(0x5E00 + i) for i in range(changed))
        assert are_near(shingles(text), shingles(other)) is near
        assert find_near_copies(numbered(test=[text], pool=[other])).texts == int(near)
        assert find_near_copies(numbered(test=[other], pool=[text])).texts == int(near)


def test_copies_inside_one_set_are_not_counted():
    sets = numbered(test=["Nothing like the others.", "nothing like the others!"], pool=[TEXT, f"{TEXT}!"])
    assert find_near_copies(sets) == NearCopies(0, [])


def test_each_text_of_the_test_set_is_counted_once_with_its_first_copy():
    sets = numbered(test=[TEXT, f"{TEXT}!"], pool=["Another.", f"{TEXT}?"], supervision=[f"So: {TEXT}"])
    assert find_near_copies(sets) == NearCopies(2, [("1", "4"), ("2", "4")], (TEXT, f"{TEXT}?"))


def test_the_card_names_the_rows_of_tables():
    sets = {
        "test": pd.DataFrame({"id": ["aa"], "text": [TEXT], "source_id": ["7"]}),
        "pool": pd.DataFrame({"id": ["bb"], "text": [f"{TEXT}!"], "source_id": ["9"]}),
    }
    counted = "texts of the test set that nearly equal another text"
    assert describe_copies(sets) == {counted: 1, "some": [("7", "9")]}
    assert describe_copies({part: s.drop(columns="source_id") for part, s in sets.items()})["some"] == [("aa", "bb")]


def test_ten_pairs_are_named_and_three_of_them_in_the_card():
    texts = [f"{TEXT} {chr(0x4E00 + i) * 9}" for i in range(12)]
    found = find_near_copies(numbered(test=texts, pool=[TEXT]))
    assert found.texts == 12 and found.pairs == [(str(i), "13") for i in range(1, 11)]
    frames = {part: pd.DataFrame({"id": s, "text": s}) for part, s in (("test", texts), ("pool", [TEXT]))}
    assert len(describe_copies(frames)["some"]) == 3


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_all_pairs_are_found_that_a_comparison_of_all_with_all_finds(seed):
    rng = np.random.default_rng(seed)
    words = [f"w{i}" for i in range(12)]
    texts = [" ".join(rng.choice(words, size=30)) for _ in range(8)]
    for text in texts[:5]:
        cut = rng.integers(0, len(text) - 8)
        texts.append(text[:cut] + "#" * int(rng.integers(1, 8)) + text[cut + int(rng.integers(0, 8)) :])
    sets = numbered(test=texts[:8], pool=[*rng.permutation(texts[8:])])
    others = [shingles(text) for _, text in sets["pool"]]
    near = [name for name, text in sets["test"] if any(are_near(shingles(text), other) for other in others)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("elicitation.data.near_copies.CHUNK", 2)
        assert find_near_copies(sets).texts == len(near)
