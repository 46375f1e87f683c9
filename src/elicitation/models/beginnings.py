"""Texts that begin alike, as behind the same examples: what they begin with passes through a model once for all.

A token's hidden state depends on what stands before it only, so each text gets the states that it would have alone.
"""

from collections.abc import Sequence

import numpy as np
import torch

from elicitation.models.prefixes import common_length, prefix_order

# A text as models take it here: its token ids, or (tokens, width) of hidden states.
Text = Sequence[int] | torch.Tensor
# Tokens of a common beginning, and the indices of the texts that have it.
Family = tuple[int, list[int]]
# The share of their tokens that texts must save by passing together: for less, more and smaller products do not pay.
LEAST_SAVED = 0.25
# The share of a common beginning that must stay when a text joins those that have it.
LEAST_KEPT = 0.5


def neighbours(texts: Sequence[Sequence[int]]) -> list[Family]:
    """All texts, those together that begin alike."""
    families: list[Family] = []
    for i in prefix_order(texts):
        beginning, members = families[-1] if families else (0, [])
        common = min(beginning, common_length(texts[members[0]], texts[i])) if members else 0
        if common > LEAST_KEPT * beginning:
            members.append(i)
            families[-1] = common, members
        else:
            families.append((len(texts[i]), [i]))
    return families


def apart(texts: Sequence[Text]) -> list[Family]:
    """The texts as one family that has nothing in common."""
    return [(0, list(range(len(texts))))]


def tokens_of(texts: Sequence[Text], families: Sequence[Family]) -> list[int]:
    """The tokens that pass of each family."""
    return [beginning + sum(len(texts[i]) - beginning for i in members) for beginning, members in families]


def members_of(families: Sequence[Family]) -> list[int]:
    """The indices of all texts of some families, in their order."""
    return [i for _, members in families for i in members]


def families_of(texts: Sequence[Text], owners: np.ndarray | None = None) -> list[Family]:
    """The texts by what they begin with. All that share too little stand apart, in front and in their order; hidden
    states all do.

    owners: (n,), ascending: the places of students in whose states the texts begin alike; by default all are of one.
    """
    if owners is not None:
        own = np.split(np.arange(len(texts)), np.flatnonzero(np.diff(owners)) + 1)
        return [
            (beginning, part[members].tolist())
            for part in own
            for beginning, members in families_of([texts[i] for i in part])
        ]
    if isinstance(texts[0], torch.Tensor):
        return apart(texts)

    def pays(beginning: int, members: list[int]) -> bool:
        return beginning * (len(members) - 1) >= LEAST_SAVED * sum(len(texts[i]) for i in members)

    families = [family for family in neighbours(texts) if pays(*family)]
    shared = {*members_of(families)}
    loners = [i for i in range(len(texts)) if i not in shared]
    return [*([(0, loners)] if loners else []), *families]
