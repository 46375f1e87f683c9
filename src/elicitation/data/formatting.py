"""From one row of a data set to the text and the label of an example, as the task says (docs/how-to/tasks.md)."""

from __future__ import annotations

import json
import unicodedata
from functools import partial
from typing import TYPE_CHECKING

from elicitation.data.labels import Rule, Unknown, gold_of, rule_of
from elicitation.data.supervisor_texts import SUPERVISOR_TEXT, supervisor_fields, supervisor_text
from elicitation.data.templates import fill, template_fields
from elicitation.data.word_rules import contains_any
from elicitation.errors import shown
from elicitation.seeds import stream

if TYPE_CHECKING:
    import numpy as np

# Soft hyphen, zero-width space, word joiner and byte-order mark.
UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF))
# The fields that each rule makes for the template. They hide columns of the same name.
MADE_FIELDS = {"answer": ["answer"], "pair": ["first", "second", "number", "prompt"]}


class RowError(ValueError):
    """What is wrong with a row, as `problem`, and how it should be and can be fixed, as `fix`."""

    def __init__(self, problem: str, fix: str):
        super().__init__(problem, fix)
        self.problem, self.fix = problem, fix


def text_key(text: str) -> str:
    """A key that is the same for texts which differ in white space, case or Unicode form only, and so count as one.

    It is the caseless match of Unicode's compatibility forms (The Unicode Standard, section 3.13), without characters
    that nobody sees.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(UNSEEN))
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.split()).casefold()


def made_fields(task: dict) -> list[str]:
    """The fields that the task's rule makes for its templates."""
    return [field for rule, fields in MADE_FIELDS.items() if rule in task for field in fields]


def text_columns(task: dict) -> list[str]:
    """The columns that the student's text of an example is made of, each once."""
    made = made_fields(task)
    columns = [field for field in template_fields(task["text"]) if field not in made] + task.get("filled", [])
    if rule := task.get("answer"):
        for source in (rule["among"], rule.get("names", [])):
            columns += source if isinstance(source, list) else [source.partition(".")[0]]
    if rule := task.get("pair"):
        columns += [rule["right"], rule["wrong"]]
    return list(dict.fromkeys(columns))


def columns_read(task: dict) -> list[str]:
    """The columns that must hold something in every row, each once: of the student's text, and of what else is read.

    That is the supervisors' text, and the text that a rule on words looks into.
    """
    further = supervisor_fields(task) + (template_fields(task["rule"]["text"]) if "rule" in task else [])
    made = made_fields(task)
    return list(dict.fromkeys([*text_columns(task), *(field for field in further if field not in made)]))


def label_column(task: dict) -> str | None:
    """The column that says which label or answer is right; None where a rule on words or the names of a pair's two
    columns say so."""
    if "answer" in task:
        return task["answer"]["right"]
    return rule_of(task["label"]).column if "label" in task else None


def is_list(value) -> bool:
    """Whether a cell holds several values."""
    # Where it is first needed, since planning a study needs none of it.
    from numpy import ndarray

    return isinstance(value, (list, ndarray))


def texts_at(row: dict, source: str | list[str]) -> list[str]:
    """The texts of several columns, or of one `column` or `column.field` that lists them all.

    Raises RowError if that one holds no list, or a text is missing.
    """
    if isinstance(source, list):
        return [str(row[column]) for column in source]
    column, _, field = source.partition(".")
    value = row[column].get(field) if field and isinstance(row[column], dict) else row[column]
    if not is_list(value):
        raise RowError(f"{source!r} is {shown(value)}", "but must be a list; correct the task's `answer`.")
    if any(text is None for text in value):
        raise RowError(f"{source!r} lacks a text", "which may be an answer; drop such rows.")
    return [str(text) for text in value]


def draw_answer(row: dict, rule: dict, rng: np.random.Generator) -> tuple[dict, int] | None:
    """With probability 1/2 the right answer, else one of the wrong ones, all equally likely; and whether it is right.

    A wrong answer that reads like the right one is never drawn; None if all of them do. Raises RowError if the column
    of the right answer names none of the answers.
    """
    answers = texts_at(row, rule["among"])
    names = texts_at(row, rule["names"]) if "names" in rule else [str(rule["first"] + i) for i in range(len(answers))]
    if len(names) != len(answers):
        raise RowError(
            f"there are {len(answers)} answers but {len(names)} names",
            "which do not match; correct the task's `answer`.",
        )
    number = row[rule["right"]]
    # A number that is missing elsewhere makes the whole column one of floats.
    name = str(int(number) if isinstance(number, float) and number.is_integer() else number)
    if name not in names:
        raise RowError(
            f"the right answer in column {rule['right']!r} is {name!r}",
            f"but the answers are called {', '.join(names)}; name a split with labels or correct the task's `answer`.",
        )
    right = answers[names.index(name)]
    wrong = [answer for answer in answers if answer != right]
    if not wrong:
        return None
    is_right = rng.random() < 0.5 and right != rule.get("never_right")
    return {"answer": right if is_right else wrong[rng.integers(len(wrong))]}, int(is_right)


def draw_pair(row: dict, rule: dict, rng: np.random.Generator) -> tuple[dict, int] | None:
    """Two texts in random order, the number (1 or 2) of one of them, and whether that one is right.

    Where both texts begin with a prompt, it is cut off, and so is the mark that ends it. None if the two prompts differ
    or the two texts do not.
    """
    right, wrong = str(row[rule["right"]]), str(row[rule["wrong"]])
    made = {}
    if end := rule.get("prompt_ends"):
        prompt, found, right = right.rpartition(end)
        other_prompt, _, wrong = wrong.rpartition(end)
        if prompt != other_prompt or not found:
            return None
        made["prompt"] = prompt
    if right == wrong:
        return None
    place = 1 + int(rng.integers(2))
    number = rule.get("number") or 1 + int(rng.integers(2))
    first, second = (right, wrong) if place == 1 else (wrong, right)
    return made | {"first": first, "second": second, "number": number}, int(number == place)


def read_label(row: dict, entry: str | dict | Rule) -> int | None:
    """The label of a row by the task's `label`, whose rule is complete; None if rows without one are dropped.

    Raises RowError if there is none, or the value is no label.
    """
    rule = rule_of(entry)
    try:
        label = gold_of(row[rule.column], rule)
    except Unknown:
        label = None
    if label is None and not rule.drops:
        raise RowError(
            f"the label in column {rule.column!r} is {shown(row[rule.column])}",
            "but labels must be 0 or 1; drop such rows, say what other values mean by `labels`, or choose another "
            "column.",
        )
    return label


def plain(value):
    """A value that JSON lacks, as one that it has: an array as a list, all else, such as a date, as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def row_stream(row: dict, task: dict) -> np.random.Generator:
    """A row's own randomness, which depends on the task's name and the row's content alone."""
    content = {column: row[column] for column in sorted(text_columns(task))}
    return stream(0, "format", task["name"], json.dumps(content, default=plain))


def apply_rule(row: dict, task: dict) -> tuple[dict, int] | None:
    """What the task's rule makes of a row for the template, and the label; None if it drops the row."""
    if "answer" in task:
        return draw_answer(row, task["answer"], row_stream(row, task))
    if "pair" in task:
        return draw_pair(row, task["pair"], row_stream(row, task))
    if "rule" in task:
        text = write_text(task["rule"]["text"], row, {}, task)
        return None if text is None else ({}, int(contains_any(text, task["rule"]["contains"])))
    label = read_label(row, task["label"])
    return None if label is None else ({}, label)


def show(column: str, value, line: str | None):
    """A list as lines; a mapping of lists too, if `line`, the template of one line, is given; all else as it is."""
    if line is None and isinstance(value, dict):
        raise RowError(f"the column {column!r} is {shown(value)}", "a mapping; say under `lines` how it is shown.")
    if line is None:
        return "\n".join(map(str, value)) if is_list(value) else value
    try:
        items = zip(*value.values(), strict=True)
        return "\n".join(fill(line, dict(zip(value, item, strict=True))) for item in items)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RowError(
            f"the column {column!r} is {shown(value)}", f"which no line {line!r} shows; correct `lines`."
        ) from error


def write_text(template: str, row: dict, made: dict, task: dict) -> str | None:
    """The template with a row's columns, and what the rule made of it, in their places; None if all of them are empty.

    Raises RowError if a column cannot be shown, or the text holds half a character.
    """
    lines, fields = task.get("lines", {}), template_fields(template)
    values = {column: show(column, row[column], lines.get(column)) for column in fields if column not in made} | made
    if not any(str(values[field]).strip() for field in fields):
        return None
    text = fill(template, values)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RowError("half a character (a lone surrogate) stands", "where a whole one must; write it.") from None
    return text


def format_row(row: dict, task: dict) -> tuple[str, int] | tuple[str, int, str] | None:
    """Text and label of a row, and the supervisors' text where the task has one; None if the row is dropped.

    row: the columns that the task reads. Rows that lack any text, rows whose `filled` columns are empty, and rows that
    their rule drops are dropped. Raises RowError if the row does not fit the rule.
    """
    if not all(str(row[column]).strip() for column in task.get("filled", [])):
        return None
    result = apply_rule(row, task)
    if result is None:
        return None
    made, label = result
    write = partial(write_text, row=row, made=made, task=task)
    text = write(task["text"])
    if text is None or SUPERVISOR_TEXT not in task:
        return None if text is None else (text, label)
    other = supervisor_text(task, text, write)
    return None if other is None else (text, label, other)
