"""Several votes in one cell: `0,1,1`, `0|1|1`, `["spam", "ham"]`, `3 of 5`."""

import ast
import json
import re
from collections.abc import Sequence

# So many votes for label 1 of so many.
COUNT = re.compile(r"(\d+)\s*(?:/|of|out of)\s*(\d+)", re.ASCII | re.IGNORECASE)
# What separates votes; a cell is cut at the first of these that it holds.
SEPARATORS = "|;,"
# No text has more votes. What claims to is a mistake, such as a date, and would fill the memory.
MOST = 999
# A list of so many votes is shorter than so many characters.
LONGEST = 100 * MOST


def votes_in(cell) -> Sequence | None:
    """The votes in a cell, each as a cell of its own would hold it; None if it cannot be cut into votes."""
    if isinstance(cell, (list, tuple)):
        votes = list(cell)
    elif not isinstance(cell, str):
        votes = [cell]
    elif len(cell) > LONGEST:
        return None
    elif count := COUNT.fullmatch(cell.strip()):
        return counted_votes(count[1], count[2])
    elif cell.lstrip().startswith("["):
        votes = listed_votes(cell)
    else:
        separator = next((sign for sign in SEPARATORS if sign in cell), None)
        votes = cell.split(separator) if separator else [cell]
    return votes if votes is not None and len(votes) <= MOST else None


def counted_votes(ones: str, votes: str) -> list[int] | None:
    """So many ones and, up to the number of votes, zeros; None if that is impossible."""
    if len(votes.lstrip("0")) > len(str(MOST)) or len(ones.lstrip("0")) > len(str(MOST)) or int(ones) > int(votes):
        return None
    return [1] * int(ones) + [0] * (int(votes) - int(ones))


def listed_votes(cell: str) -> list | None:
    """The votes in a list as JSON or Python writes it; None if it is none."""
    for parse in (json.loads, ast.literal_eval):
        try:
            votes = parse(cell.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return votes if isinstance(votes, list) else None
    return None
