"""Comparing an engine's probabilities with those of transformers, on a sample of the texts."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from elicitation.errors import InputError
from elicitation.models.prefixes import Ids, computed_tokens

# The largest difference in probability between two engines, by precision, where the study does not name one.
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}
# Where the study names no number of rows: transformers computes at most this share of the tokens that vLLM computes.
# Per token both take about as long.
SHARE = 0.05
# But so many rows at least: most faults (another head, other tokens, a kernel) show in every row, and one that is in
# half of them escapes four rows once in sixteen times.
FEWEST = 4
# More tell hardly anything: these find a fault in 1.2 % of all rows 19 times out of 20.
MOST = 256


def spread(rows: int, n: int) -> np.ndarray:
    """Indices of so many of n rows, or of all if they are fewer: the first, the last, and evenly between them."""
    return np.linspace(0, n - 1, min(rows, n)).astype(int)


def rows_to_compare(token_ids: Sequence[Ids], shared: bool) -> int:
    """How many of the texts transformers is given too. It follows from the texts alone, so it is always the same.

    shared: whether transformers, too, computes what texts begin with once.
    """

    def cost(rows: int) -> int:
        sample = [token_ids[i] for i in spread(rows, len(token_ids))]
        return computed_tokens(sample) if shared else sum(map(len, sample))

    affordable = bisect_right(range(1, MOST + 1), SHARE * computed_tokens(token_ids), key=cost)
    return max(affordable, FEWEST)


def check_parity(p: np.ndarray, reference: np.ndarray, tolerance: float, engine: str) -> float:
    """Largest difference in probability between two engines on the same rows; InputError above the tolerance."""
    difference = float(np.abs(p - reference).max())
    if not difference <= tolerance:  # Nor may it be NaN.
        raise InputError(
            f"{engine} and transformers differ by {difference:.2g} in probability, more than "
            f"{tolerance:g}; raise labelling.parity_tolerance if the dtype explains that, else report a bug."
        )
    return difference
