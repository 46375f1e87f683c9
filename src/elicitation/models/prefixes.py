"""What texts have in common at their beginnings: a prefix cache computes it once. Imports nothing heavy."""

from collections.abc import Sequence

# A text as its token ids.
Ids = Sequence[int]


def prefix_order(token_ids: Sequence[Ids]) -> list[int]:
    """Indices of the texts, those side by side that begin alike.

    So a cache that has room for few beginnings still holds the one that the next text has.
    """
    return sorted(range(len(token_ids)), key=lambda i: token_ids[i])


def common_length(one: Ids, other: Ids) -> int:
    """Tokens that two texts begin with, of which each keeps at least one for itself: its answer is computed."""
    most = min(len(one), len(other)) - 1
    return next((n for n in range(most) if one[n] != other[n]), max(most, 0))


def computed_tokens(token_ids: Sequence[Ids]) -> int:
    """Tokens of the texts if what begins several of them is computed once."""
    ordered = [token_ids[i] for i in prefix_order(token_ids)]
    return sum(len(text) - common_length(before, text) for before, text in zip([[], *ordered], ordered, strict=False))
