"""What a user is told when something is wrong: one sentence, safe to print, without secrets."""

import os
import re

SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$", re.IGNORECASE)
"""Environment variables that hold secrets."""
MIN_SECRET = 8
"""Shorter values are words such as `false`, not secrets."""
MAX_SHOWN = 200


def redact(text: str) -> str:
    """The text with the names of secret environment variables in the place of their values."""
    secrets = {value: name for name, value in os.environ.items() if SECRET_NAME.search(name)}
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= MIN_SECRET:
            text = text.replace(value, f"${secrets[value]}")
    return text


def one_line(text: str) -> str:
    """The text on one line, redacted, with control characters escaped: it may come from data or a library."""
    line = " ".join(redact(text).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def shown(value) -> str:
    """The value as it is shown in a sentence."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


class InputError(ValueError):
    """Bad input: one sentence that says what is wrong, where, and how to mend it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence))
