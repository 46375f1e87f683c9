"""What labels cost and what a budget affords, in exact arithmetic.

All amounts are in gold labels. Binary numbers cannot hold prices such as 0.1, and a purchase that spends its budget to
the last label must not be lost to that. So comparisons are made on fractions: a number is what its decimal text says.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Planning a study asks for prices, and needs no numpy; so functions of arrays import it themselves.
    import numpy as np


def exact(number) -> Fraction:
    """The number that the shortest decimal text of `number` names: 0.1 is one tenth. Fractions stay as they are."""
    return number if isinstance(number, Fraction) else Fraction(str(number))


def cost(n_weak, n_gold, weak_price: float):
    """The cost of purchases as a binary number, for tables and figures; works on numbers and arrays."""
    return n_gold + weak_price * n_weak


def exact_cost(n_weak, n_gold, weak_price) -> np.ndarray:
    """The cost of purchases of whole labels as fractions, in an array of objects; (n,) of what is (n,) or a number."""
    import numpy as np

    price = np.frompyfunc(exact, 1, 1)(np.asarray(weak_price))
    return np.asarray(n_gold).astype(int).astype(object) + price * np.asarray(n_weak).astype(int).astype(object)


def affords(budget, n_weak, n_gold, weak_price) -> np.ndarray:
    """(n,) whether the budget is enough for each purchase. weak_price: one for all, or (n,)."""
    import numpy as np

    return np.asarray(exact_cost(n_weak, n_gold, weak_price) <= exact(budget), dtype=bool)


def labels_for(budget, price) -> int:
    """How many labels of this price a budget buys."""
    return math.floor(exact(budget) / exact(price))


def ceiling(n_weak: int, n_gold: int, weak_price) -> int:
    """The smallest whole budget that affords a purchase."""
    return math.ceil(n_gold + n_weak * exact(weak_price))
