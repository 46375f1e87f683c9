"""What texts have in common at their beginnings: a prefix cache computes it once. Imports nothing heavy."""

from collections.abc import Sequence

# A text as its token ids.
Ids = Sequence[int]


def prefix_order(token_ids: Sequence[Ids]) -> list[int]:
    """Indices of the texts, those side by side that begin alike.

    So a cache that has room for few beginnings still holds the one that the next text has.
    """
    return sorted(range(len(token_ids)), key=lambda i: token_ids[i])


def shared_tokens(one: Ids, other: Ids) -> int:
    """Tokens with which both texts begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((k for k, (a, b) in pairs if a != b), min(len(one), len(other)))


def computed_tokens(token_ids: Sequence[Ids]) -> int:
    """Tokens of the texts if what begins several of them is computed once.

    Of a text that is the beginning of another one, or equal to it, the last token counts: its answer is computed.
    """
    ordered = [token_ids[i] for i in prefix_order(token_ids)]
    pairs = zip([[], *ordered], ordered, strict=False)
    return sum(max(1, len(text) - shared_tokens(before, text)) for before, text in pairs)
