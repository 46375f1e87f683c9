"""What a user is told when something is wrong: one sentence, safe to print, without secrets."""

import difflib
import json
import os
import re
from collections.abc import Iterable
from typing import Any, TextIO
from urllib.parse import quote

# Environment variables that hold secrets.
SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$", re.IGNORECASE)
# User and password in an address.
URL_USER = re.compile(r"(?<=://)[^/\s@]+(?=@)")
# Shorter values are words such as `false`, not secrets.
MIN_SECRET = 8
MAX_SHOWN = 200
# Names that share fewer of their letters (difflib's ratio) are no misspelling: `vote` and `text` share half.
CLOSE = 0.65


def spellings(value: str) -> list[str]:
    """A text as it is, and as JSON, Python and addresses write it."""
    quoted = [json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)]
    return [value, *(text[1:-1] for text in quoted), quote(value), quote(value, safe="")]


def redact(text: str) -> str:
    """The text with the names of secret variables in the place of their values, and addresses without their users."""
    secrets = {}
    for name, value in os.environ.items():
        if SECRET_NAME.search(name) and len(value) >= MIN_SECRET:
            secrets |= dict.fromkeys(spellings(value), name)
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, f"${secrets[value]}")
    return URL_USER.sub("...", text)


class Redacted:
    """A text stream that writes no secret. What is not written through it, as by libraries in C, passes by."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(redact(text))
        return len(text)

    def __getattr__(self, name: str):
        return getattr(self.stream, name)


def one_line(text: str) -> str:
    """The text on one line, redacted, with control characters escaped: it may come from data or a library."""
    line = " ".join(redact(text).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def shown(value) -> str:
    """The value as it is shown in a sentence."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


class InputError(ValueError):
    """Bad input: one sentence that says what is wrong, where, and how to fix it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence))


def nearest(name: str, known: list[str]) -> str:
    """' (did you mean ...?)', or the known names where none is near."""
    longer = [one for one in known if len(name) > 3 and name in one]
    close = longer if len(longer) == 1 else difflib.get_close_matches(name, known, n=1, cutoff=CLOSE)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}."


def listed(words: Iterable[str], word: str = "and") -> str:
    """Words as a sentence lists them: `1, 2 and 3`."""
    *first, last = words
    return f"{', '.join(first)} {word} {last}" if first else last


def join_words(keys: set, word: str) -> str:
    """'a', 'b' and 'c'."""
    return listed(["null" if key is None else repr(key) for key in sorted(keys, key=str)], word)


def repeated(values: Iterable) -> Any:
    """The first value that stands there a second time; None if all differ."""
    seen = set()
    for value in values:
        # Not all that a list holds can be a member of a set.
        kept = value if isinstance(value, (str, int, float)) else repr(value)
        if kept in seen:
            return value
        seen.add(kept)
    return None


def must_be(value, what: str) -> str:
    return f"{'no value is given; it' if value is None else shown(value)} must be {what}"
