"""How many gold labels may be wrong, as far as texts with two of them tell. Imports nothing heavy."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from elicitation.data.formatting import text_key
from elicitation.data.own_labels import read_rows
from elicitation.errors import InputError

# Standard deviations of a normal variable that hold 95 % on either side of its mean.
Z = 1.96


class GoldPairs(NamedTuple):
    """Texts with two gold labels."""

    n: int
    different: int
    """How many of them have two different ones."""


def labels_of(task: Mapping, data_folder: str | None) -> dict[str, int]:
    """The gold labels of the task's table by the number of the row."""
    return {row.number: row.gold for row in read_rows(task, data_folder) if row.gold is not None}


def pairs_of_columns(task: Mapping, data_folder: str | None, second: str) -> GoldPairs:
    """The texts that have a label in the column `second` too, which is read as that of the gold labels is."""
    rule = task["label"]
    second_rule = second if isinstance(rule, str) else {**rule, "column": second}
    first, again = labels_of(task, data_folder), labels_of({**task, "label": second_rule}, data_folder)
    both = first.keys() & again.keys()
    return GoldPairs(len(both), sum(first[number] != again[number] for number in both))


def pairs_of_copies(task: Mapping, data_folder: str | None) -> GoldPairs:
    """The first two gold labels of each text that stands in several rows."""
    found: dict[str, list[int]] = {}
    for row in read_rows(task, data_folder):
        if row.gold is not None:
            found.setdefault(text_key(row.text), []).append(row.gold)
    twice = [labels for labels in found.values() if len(labels) > 1]
    return GoldPairs(len(twice), sum(first != again for first, again, *_ in twice))


def most_different(pairs: GoldPairs) -> float:
    """The upper end of the 95 % interval (Wilson 1927) of the share of pairs that differ; 1 without any."""
    n, k = pairs
    if not n:
        return 1.0
    middle, off = k + Z**2 / 2, Z * math.sqrt(k * (n - k) / n + Z**2 / 4)
    return (middle + off) / (n + Z**2)


def noise_of_pairs(pairs: GoldPairs, place: str) -> float:
    """The largest share of wrong gold labels that pairs leave open. place: of `gold_noise`, for the sentence.

    If both labels are wrong equally often and independently of each other, a share e of wrong ones makes 2e(1 - e) of
    the pairs differ. Raises InputError if so many may differ that labels could be no better than guessed.
    """
    differ = most_different(pairs)
    if differ >= 0.5:
        raise InputError(
            f"{place}: {pairs.n} texts have two gold labels, different ones in {pairs.different}, which leaves open "
            "whether they are better than guessed; label more texts twice, or state the share of wrong ones."
        )
    return (1 - math.sqrt(1 - 2 * differ)) / 2


def check_rarer(noise: float, task: Mapping, data_folder: str | None, place: str) -> None:
    """InputError if as many gold labels of a table may be wrong as are of the rarer label."""
    labels = [*labels_of(task, data_folder).values()]
    share = sum(labels) / len(labels) if labels else 0.5
    if noise >= min(share, 1 - share):
        rarer = int(share < 0.5)
        raise InputError(
            f"{place}: a share of {noise:.2g} may be wrong, but only {min(share, 1 - share):.2g} are of label {rarer}, "
            "so all of these may be; bring more reliable gold labels."
        )
