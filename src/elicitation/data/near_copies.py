"""Texts of the test set that nearly equal a text outside of it: of the shingles of either, 9 of 10 stand in the other.

Shingles are the runs of 5 characters of a text's key, so white space, capitals and Unicode form play no part. All near
copies are found, by prefix filtering (Chaudhuri, Ganti and Kaushik 2006): a near copy lacks at most a tenth of a text's
shingles, so it has some of any larger part of them; only texts that share enough of the rarest are compared.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from elicitation.data.formatting import text_key

# Characters of a shingle.
LENGTH = 5
# So many of so many shingles are shared by near copies.
SHARED, OF = 9, 10
# Of a test text's shingles, a fifth and one more, the rarest, are looked for: at least half of them stand in a copy.
LOOKED_FOR = 5
# So many texts are compared with all of the test set at once, to save memory.
CHUNK = 1000
# So many pairs are named.
NAMED = 10


class NearCopies(NamedTuple):
    """The texts of the test set that are near copies of one outside of it."""

    texts: int
    pairs: list[tuple[str, str]]
    """The first of them by name, each with the first text that it nearly equals."""
    example: tuple[str, str] = ("", "")
    """The texts of the first pair; empty where there is none."""


def shingles(key: str) -> set[str]:
    """All shingles of a text's key."""
    return {key[start : start + LENGTH] for start in range(len(key) - LENGTH + 1)}


def are_near(one: set[str], other: set[str]) -> bool:
    """Whether 9 of 10 shingles of the text that has more of them stand in the other."""
    return OF * len(one & other) >= SHARED * max(len(one), len(other)) > 0


def find_near_copies(sets: Mapping[str, Sequence[tuple[str, str]]]) -> NearCopies:
    """Texts of the set `test` that nearly equal one of another set; sets: the name and the text of each example."""
    test = [(name, own, text) for name, text in sets["test"] if (own := shingles(text_key(text)))]
    # A text may stand in two sets, where supervisors learn from rows of the pool.
    others = [*dict.fromkeys(chain.from_iterable(examples for part, examples in sets.items() if part != "test"))]
    if not test:
        return NearCopies(0, [])
    counts = Counter(chain.from_iterable(own for _, own, _ in test))
    rarest = [sorted(own, key=lambda s: (counts[s], s))[: len(own) // LOOKED_FOR + 1] for _, own, _ in test]
    # A copy lacks at most len(own) // OF of a text's shingles.
    needed = np.array([len(part) - len(own) // OF for part, (_, own, _) in zip(rarest, test, strict=True)])
    vectorizer = CountVectorizer(analyzer=list)
    in_test = vectorizer.fit_transform(rarest)
    known = frozenset(vectorizer.vocabulary_)
    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(others), CHUNK):
        chunk, left = others[start : start + CHUNK], [place for place in range(len(test)) if place not in found]
        # Shared shingles, (texts of the chunk, texts of the test set that are left).
        in_chunk = vectorizer.transform(shingles(text_key(text)) & known for _, text in chunk)
        shared = (in_chunk @ in_test[left].T).tocoo()
        enough = shared.data >= needed[left][shared.col]
        for column, row in sorted(zip(shared.col[enough].tolist(), shared.row[enough].tolist(), strict=True)):
            place, (name, text) = left[column], chunk[row]
            if place not in found and are_near(test[place][1], shingles(text_key(text))):
                found[place] = name, text
    first = sorted(found.items())[:NAMED]
    example = next(((test[place][2], text) for place, (_, text) in first), ("", ""))
    return NearCopies(len(found), [(test[place][0], name) for place, (name, _) in first], example)
