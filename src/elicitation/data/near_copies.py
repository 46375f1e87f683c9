"""Texts that are nearly the same: at least 9 of 10 shingles of either stand in the other.

Shingles are the runs of 5 characters of a text's key, so white space, capitals and Unicode form play no part. The
search compares few pairs and misses none (prefix filtering; Bayardo, Ma & Srikant 2007, "Scaling up all pairs
similarity search"): of two texts that share so many shingles, one shared shingle is among the rarest tenth of either's.
Only in tables that are long (ALL_CHARACTERS) or full of texts that are half the same (COMPARED) may it miss some.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from elicitation.data.formatting import text_key

# Characters of a shingle.
LENGTH = 5
# So many of so many shingles are shared by near copies.
SHARED, OF = 9, 10
# Texts are hashed in chunks of at most so many, and of about so many characters, to save memory.
CHUNK_TEXTS, CHUNK_CHARACTERS = 2**15, 2**21
# Of longer tables a sample of the shingles finds the pairs that are compared; a prime, since it is also a modulus.
ALL_CHARACTERS = 20_000_011
# The commonness of a shingle is counted by so many bits of its hash.
COUNTED_BITS = 22
# A text's rarest shingles are followed to so many places at most.
COMPARED = 100
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
    places = np.repeat(np.arange(len(keys), dtype=np.uint64), [len(key) for key in keys])
    if len(codes) < LENGTH:
        return codes[:0], places[:0]
    starts = len(codes) - LENGTH + 1
    hashes = np.zeros(starts, np.uint32)
    # A polynomial over the characters, and the last steps of MurmurHash3, which spread it over all bits.
    for step in range(LENGTH):
        hashes = hashes * np.uint32(0x01000193) + codes[step : step + starts]
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    within = places[:starts] == places[LENGTH - 1 :]
    return hashes[within], places[:starts][within]


def chunks(keys: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Beginnings and ends of the chunks in which texts are hashed."""
    start = characters = 0
    for place, key in enumerate(keys):
        characters += len(key)
        if place + 1 - start == CHUNK_TEXTS or characters >= CHUNK_CHARACTERS:
            yield start, place + 1
            start, characters = place + 1, 0
    if start < len(keys):
        yield start, len(keys)


def rarest_shingles(keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the rarest shingles of every text, of which two near copies share one, and the places of the texts.

    A text's stand together, the rarest first.
    """
    step = np.uint32(1 + sum(map(len, keys)) // ALL_CHARACTERS)
    mask = np.uint32(2**COUNTED_BITS - 1)
    counts = np.zeros(2**COUNTED_BITS, np.int64)
    for start, end in chunks(keys):
        hashes, _ = hash_shingles(keys[start:end])
        counts += np.bincount(hashes[hashes % step == 0] & mask, minlength=len(counts))
    counts = np.minimum(counts, 2**16 - 1).astype(np.uint64)
    found = []
    for start, end in chunks(keys):
        hashes, places = hash_shingles(keys[start:end])
        sampled = hashes % step == 0
        hashes, places = hashes[sampled], places[sampled]
        # By text, then by how common, then by hash: all in one number, which sorts faster than three.
        order = (places << np.uint64(48)) | (counts[hashes & mask] << np.uint64(32)) | hashes
        order = np.unique(order)
        places = (order >> np.uint64(48)).astype(np.int64)
        sizes = np.bincount(places, minlength=end - start)
        ranks = np.arange(len(order)) - (np.cumsum(sizes) - sizes)[places]
        # Near copies share SHARED of OF of a text's shingles, so not all of these can be missing in the other.
        kept = ranks <= (sizes - -(-SHARED * sizes // OF))[places]
        found.append((order[kept].astype(np.uint32), places[kept] + start))
    hashes, places = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return hashes, places


def candidates(keys: Sequence[str]) -> dict[int, list[list[int]]]:
    """For every text that may be a near copy, the groups of texts that share one of its rarest shingles with it."""
    hashes, places = rarest_shingles(keys)
    _, inverse, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    shared = sizes[inverse] > 1
    groups: dict[int, list[int]] = {}
    found: dict[int, list[list[int]]] = {}
    for group, place in zip(inverse[shared].tolist(), places[shared].tolist(), strict=True):
        texts = groups.setdefault(group, [])
        texts.append(place)
        found.setdefault(place, []).append(texts)
    return found


def find_near_copies(sets: Mapping[str, Sequence[tuple[str, str]]]) -> NearCopies:
    """Near copies within and across the sets of a task (name and text of each example); `test` is one of them."""
    # A text may stand in two sets, where supervisors learn from rows of the pool.
    named = {(name, text): part == "test" for part, examples in sets.items() for name, text in examples}
    keys, in_test = [text_key(text) for _, text in named], list(named.values())
    names = [name for name, _ in named]

    @lru_cache(maxsize=10_000)
    def shingles_of(place: int) -> set[str]:
        return shingles(keys[place])

    def first_near(place: int, groups: list[list[int]], outside: bool) -> int | None:
        others = (other for group in groups for other in group if other != place and not (outside and in_test[other]))
        compared = dict.fromkeys(islice(others, COMPARED))
        return next((other for other in compared if are_near(shingles_of(place), shingles_of(other))), None)

    found, across = {}, {}
    for place, groups in candidates(keys).items() if keys else ():
        if in_test[place] and (other := first_near(place, groups, outside=True)) is not None:
            across[place] = found[place] = other
            found.setdefault(other, place)
        elif place not in found and (other := first_near(place, groups, outside=False)) is not None:
            found[place], found[other] = other, place
    pairs = [*across.items(), *((min(pair), max(pair)) for pair in found.items() if pair[0] not in across)]
    # Each once, whichever of the two was looked at first.
    named_pairs = {frozenset(pair): (names[pair[0]], names[pair[1]]) for pair in reversed(pairs)}
    return NearCopies(len(found), len(across), [*reversed(named_pairs.values())][:NAMED])
