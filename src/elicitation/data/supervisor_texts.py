"""What supervisors read of an example, where a task says that it is another text than the student's."""

import re
from collections.abc import Callable, Container
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from elicitation.data.templates import PART, fill, template_fields

if TYPE_CHECKING:
    import pandas as pd

Written = TypeVar("Written")
# The column of a task's sets that holds the supervisors' text, and the key of the task that says what it is.
SUPERVISOR_TEXT = "supervisor_text"


def supervisor_fields(task: dict) -> list[str]:
    """The names in braces of the supervisors' own template; none where they read the student's text or a part of it."""
    reading = task.get(SUPERVISOR_TEXT)
    return template_fields(reading) if isinstance(reading, str) else []


def further_columns(given: Container) -> list[str]:
    """The column of the supervisors' text, if a task says what it is or a table of examples has it."""
    return [SUPERVISOR_TEXT] if SUPERVISOR_TEXT in given else []


def first_words(text: str, template: str, n: int) -> str:
    """The first n words of a text, and behind them the words that its template ends with, such as a question."""
    columns = [part.end() for part in PART.finditer(template) if part[1] is not None]
    ending = fill(template[columns[-1] :], {})
    body = text.removesuffix(ending)
    ends = [word.end() for word in islice(re.finditer(r"\S+", body), n)]
    return body[: ends[-1]] + ending if ends else text


def supervisor_text(task: dict, text: str, write: Callable[[str], Written]) -> Written | str:
    """What supervisors read of an example with this text, if the task says that it is another one.

    write: fills a template with what the text was made of.
    """
    reading = task[SUPERVISOR_TEXT]
    return write(reading) if isinstance(reading, str) else first_words(text, task["text"], reading["words"])


def as_supervisors_read(examples: "pd.DataFrame") -> "pd.DataFrame":
    """Examples (id, text) with the text that supervisors read."""
    return examples.assign(text=examples[SUPERVISOR_TEXT]) if SUPERVISOR_TEXT in examples else examples
