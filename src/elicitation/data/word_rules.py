"""Labels that are a rule on a text: whether one of some words stands in it."""

import re
from collections.abc import Iterable


def contains_any(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in the text as a whole word, whatever its case."""
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in words)
