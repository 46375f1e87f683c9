"""What one cell of a table holds, whatever the file: nothing, a number, or a word."""

import math
import re

# What stands for no label, in small letters.
MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?", "-"})
# A number as tables write it; Python's float would take words such as "inf" and "1_0" too. Digits are matched in one
# way only: with two, a long cell that is no number would take the square of its length.
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+", re.ASCII)


def spelled(value) -> str:
    """A value as tables spell it: 4 for 4.0, true for True, words without the white space around them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def is_missing(value) -> bool:
    """Whether a cell holds no label, whatever the file."""
    if isinstance(value, str):
        return value.strip().lower() in MISSING
    # NaN alone differs from itself; a list has no truth value.
    return value is None or (not hasattr(value, "__len__") and value != value)


def is_number(cell) -> bool:
    """Whether a cell holds a number, written as such or in text."""
    return not isinstance(cell, bool) and parse_number(cell) is not None


def is_value(cell, value: str | int) -> bool:
    """Whether a cell holds the value that a config names. Numbers are named without quotes, as everywhere in YAML."""
    if hasattr(cell, "__len__") and not isinstance(cell, str):
        return False
    return spelled(cell) == str(value) and is_number(cell) == (not isinstance(value, str))


def parse_number(value, decimal_comma: bool = False, percent: bool = False) -> float | None:
    """The number in a cell, of a percentage its share; None if it is none.

    percent: whether a number without a sign is a percentage, too.
    """
    if isinstance(value, str):
        word = value.strip()
        if decimal_comma and DECIMAL_COMMA.fullmatch(word):
            word = word.replace(",", ".")
        percent |= word.endswith("%")
        word = word.removesuffix("%").rstrip()
        if not NUMBER.fullmatch(word):
            return None
        number = float(word)
    elif hasattr(value, "__len__") or not hasattr(value, "__float__"):
        return None
    else:
        try:
            number = float(value)
        except OverflowError:
            return math.inf
    return number / 100 if percent else number
