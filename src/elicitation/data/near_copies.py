"""Texts that are nearly the same: at least 9 of 10 shingles of either stand in the other.

Shingles are the runs of 5 characters of a text's key, so white space, capitals and Unicode form play no part. Pairs are
found by MinHash (Broder 1997) and locality-sensitive hashing, and then compared shingle by shingle: none is reported
that is no near copy, and of those at the limit a few in a thousand are missed, more only where thousands of texts
are half the same (LOOKED_AT). datasketch takes five times as long for the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from elicitation.data.formatting import text_key

# Characters of a shingle.
LENGTH = 5
# So many of so many shingles are shared by near copies. Their Jaccard index is at least 9/11.
SHARED, OF = 9, 10
# A pair is compared if it agrees in one of so many bands of so many minima: one with a Jaccard index of 9/11 fails to
# with a probability of (1 - (9/11)^4)^12 = 0.0008, one of 0.1 agrees with one of 0.001.
BANDS, ROWS = 12, 4
# And if it agrees in this share of all minima, 3 standard errors below 9/11.
AGREEING = 0.65
# Texts are hashed in chunks of about so many characters, to save memory.
CHUNK = 2**21
# Of tables with more characters, a sample of the shingles makes the minima; a prime, since it is also a modulus.
ALL_CHARACTERS = 20_000_011
# Where thousands of texts are half the same, so many are looked at, first those that share a band with few others, and
# of these so many are compared.
LOOKED_AT, COMPARED = 100, 2
# So many pairs are named.
NAMED = 3


class NearCopies(NamedTuple):
    """How many texts are near copies of others."""

    texts: int
    across: int
    """Texts of the test set that are near copies of one outside of it."""
    pairs: list[tuple[str, str]]
    """Some of them by name, those across first."""


def shingles(key: str) -> set[str]:
    """All shingles of a text's key."""
    return {key[start : start + LENGTH] for start in range(len(key) - LENGTH + 1)}


def are_near(one: set[str], other: set[str]) -> bool:
    """Whether 9 of 10 shingles of the text that has more of them stand in the other."""
    return OF * len(one & other) >= SHARED * max(len(one), len(other)) > 0


def hash_shingles(keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The hash of every shingle of some texts, and the place of its text; both (shingles,)."""
    codes = np.frombuffer("".join(keys).encode("utf-32-le", "surrogatepass"), np.uint32)
    places = np.repeat(np.arange(len(keys)), [len(key) for key in keys])
    starts = max(len(codes) - LENGTH + 1, 0)
    hashes = np.zeros(starts, np.uint32)
    # A polynomial over the characters, and the last steps of MurmurHash3, which spread it over all bits.
    for step in range(LENGTH):
        hashes = hashes * np.uint32(0x01000193) + codes[step : step + starts]
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    within = places[:starts] == places[len(places) - starts :]
    return hashes[within], places[:starts][within]


def chunks(keys: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Beginnings and ends of the chunks in which texts are hashed."""
    start = characters = 0
    for place, key in enumerate(keys):
        characters += len(key)
        if characters >= CHUNK:
            yield start, place + 1
            start, characters = place + 1, 0
    yield start, len(keys)


def min_hashes(keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The MinHash signature of every text that is long enough, (texts, BANDS * ROWS), and the places of these texts."""
    rng = np.random.default_rng(0)
    seeds, factors = rng.integers(2**32, size=(2, BANDS * ROWS), dtype=np.uint32)
    step = np.uint32(1 + sum(map(len, keys)) // ALL_CHARACTERS)
    signatures, texts = [], []
    for start, end in chunks(keys):
        hashes, places = hash_shingles(keys[start:end])
        if step > 1:
            sampled = hashes % step == 0
            hashes, places = hashes[sampled], places[sampled]
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        if len(firsts):
            minima = [
                # An odd factor permutes the numbers of 32 bits.
                np.minimum.reduceat((hashes ^ seed) * (factor | np.uint32(1)), firsts)
                for seed, factor in zip(seeds, factors, strict=True)
            ]
            signatures.append(np.stack(minima, axis=1))
            texts.append(places[firsts] + start)
    if not texts:
        return np.empty((0, BANDS * ROWS), np.uint32), np.empty(0, int)
    return np.concatenate(signatures), np.concatenate(texts)


def agreeing_groups(signatures: np.ndarray) -> dict[int, list[np.ndarray]]:
    """By row of the signatures, the groups of rows that agree with it in a band; only where there are others."""
    found: dict[int, list[np.ndarray]] = {}
    for band in range(BANDS):
        part = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        keys = part.view(f"V{part.dtype.itemsize * ROWS}").ravel()
        _, inverse, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        order, ends = np.argsort(inverse, kind="stable"), np.cumsum(sizes)
        for end, size in zip(ends[sizes > 1], sizes[sizes > 1], strict=True):
            group = order[end - size : end]
            for row in group.tolist():
                found.setdefault(row, []).append(group)
    return found


def find_near_copies(sets: Mapping[str, Sequence[tuple[str, str]]]) -> NearCopies:
    """Near copies within and across the sets of a task (name and text of each example); `test` is one of them."""
    # A text may stand in two sets, where supervisors learn from rows of the pool.
    named = {(name, text): part == "test" for part, examples in sets.items() for name, text in examples}
    keys = [text_key(text) for _, text in named]
    signatures, places = min_hashes(keys)
    names = [name for name, _ in named]
    in_test = np.array([*named.values()], bool)[places]

    @lru_cache(maxsize=10_000)
    def shingles_of(row: int) -> set[str]:
        return shingles(keys[places[row]])

    def first_near(row: int, groups: list[np.ndarray], outside: bool) -> int | None:
        """The row of a text that is a near copy of this one and, if wanted, stands outside of the test set."""
        groups = [group[~in_test[group]] for group in groups] if outside else groups
        smallest_first = sorted((group[:LOOKED_AT] for group in groups), key=len)
        others = np.unique(np.concatenate(smallest_first)[:LOOKED_AT])
        others = others[others != row]
        agreement = (signatures[others] == signatures[row]).mean(axis=1)
        best = np.argsort(-agreement, kind="stable")[:COMPARED]
        near = (other for other in others[best[agreement[best] >= AGREEING]].tolist())
        return next((other for other in near if are_near(shingles_of(row), shingles_of(other))), None)

    found, across = {}, {}
    for row, groups in agreeing_groups(signatures).items():
        if in_test[row] and (other := first_near(row, groups, outside=True)) is not None:
            across[row] = found[row] = other
            found.setdefault(other, row)
        elif row not in found and (other := first_near(row, groups, outside=False)) is not None:
            found[row] = other
            found.setdefault(other, row)
    within = ((min(pair), max(pair)) for pair in found.items() if pair[0] not in across)
    pairs = [*sorted(across.items()), *sorted(within)]
    # Each once, whichever of the two was looked at first.
    examples = [*{frozenset(pair): pair for pair in reversed(pairs)}.values()][::-1][:NAMED]
    return NearCopies(len(found), len(across), [(names[places[a]], names[places[b]]) for a, b in examples])
