"""Exports of annotation tools, as rows of the plain table that everything else reads: one row for each answer.

An answer stands in the column of its question, and who gave it in the column `annotator`. The shapes are those that the
tools write: Label Studio's CSV, JSON-MIN and JSON (label_studio_sdk/converter/converter.py and exports/csv2.py),
doccano's JSONL (backend/data_export), Prodigy's db-out (prodi.gy/docs/api-interfaces), and Argilla's records, nested as
by `to_json` or flat as by `to_datasets` (argilla/records/_io/_generic.py).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from elicitation.data.table_files import Table, read_table
from elicitation.errors import InputError

# The column that says who answered.
ANNOTATOR = "annotator"
# How Argilla calls the columns of a question when it writes flat records.
RESPONSES, SUGGESTION = ".responses", ".suggestion"
# What stands with every answer in Argilla's older records.
OLD_ANSWER = {"user_id", "value", "status"}


class Malformed(ValueError):
    """Why a record is not what the tool writes."""


class Answers(NamedTuple):
    """The rows that a record becomes, at least one, and why other answers of it count for none."""

    rows: list[dict]
    passed: list[str] = []  # noqa: RUF012


def single(choices):
    """The choice of a list of one; None for an empty list, and several choices as they are."""
    if not isinstance(choices, list) or len(choices) > 1:
        return choices
    return choices[0] if choices else None


def label_studio(record: Mapping) -> Answers:
    """A record of Label Studio's JSON-MIN or CSV, which is one annotation, or of its JSON, which is one task."""
    if isinstance(record.get("data"), dict) and isinstance(record.get("annotations"), list):
        return label_studio_task(record)
    if "annotation_id" not in record:
        raise Malformed("it has no 'annotation_id'")
    return Answers([{name: chosen(cell) for name, cell in record.items()}])


def chosen(cell):
    """What was chosen, where Label Studio writes several choices as `{"choices": [...]}`; other cells as they are."""
    if isinstance(cell, str) and cell.startswith('{"choices"'):
        try:
            cell = json.loads(cell)
        except ValueError:
            return cell
    return single(cell["choices"]) if isinstance(cell, dict) and "choices" in cell else cell


def label_studio_task(task: Mapping) -> Answers:
    """A task of Label Studio's JSON, in which cancelled annotations stand too."""
    base = task["data"] | {"id": task.get("id")}
    rows, passed = [], []
    for annotation in task["annotations"]:
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            passed.append("cancelled")
            continue
        by = annotation.get("completed_by")
        row = base | {ANNOTATOR: by.get("email", by.get("id")) if isinstance(by, dict) else by}
        for result in annotation.get("result") or []:
            if "choices" in (value := result.get("value") or {}):
                row[result["from_name"]] = single(value["choices"])
        rows.append(row)
    return Answers(rows or [base], passed)


def doccano(record: Mapping) -> Answers:
    """A record of doccano's JSONL, whose labels stand in a list."""
    names = [name for name in ("label", "labels", "cats") if name in record]
    if not names:
        raise Malformed("it has no 'label'")
    return Answers([{**record, **{name: single(record[name]) for name in names}}])


def prodigy(record: Mapping) -> Answers:
    """A record of Prodigy's db-out, which is one answer: a column for each label that it is about, 1 or 0.

    Without a label, accept and reject stand in the column `answer`.
    """
    answer = record.get("answer")
    if answer not in ("accept", "reject", "ignore"):
        raise Malformed("its 'answer' is none of accept, reject and ignore")
    asked = ("answer", "label", "accept", "options")
    row = {name: value for name, value in record.items() if name not in asked}
    row[ANNOTATOR] = record.get("_annotator_id", record.get("_session_id"))
    if answer == "ignore":
        return Answers([row], ["ignore"])
    if "options" in record or "accept" in record:
        given = [str(choice) for choice in record.get("accept") or []]
        # In the choice interface, reject and a single choice that was not made are no answers.
        style = (record.get("config") or {}).get("choice_style", "single")
        if answer == "reject" or (not given and style == "single"):
            return Answers([row], ["reject" if answer == "reject" else "nothing chosen"])
        options = [str(option["id"]) for option in record.get("options") or []]
        return Answers([{option: int(option in given) for option in [*options, *given]} | row])
    return Answers([{str(record.get("label", "answer")): int(answer == "accept")} | row])


class Answer(NamedTuple):
    """An answer of Argilla's, and who gave it to which question."""

    user: str | None
    question: str
    value: object
    status: str | None


def argilla(record: Mapping) -> Answers:
    """A record of Argilla's, nested or flat: a row for each user who submitted, with a column for each question.

    Suggestions stand in columns as flat records call them: `{question}.suggestion` and `{question}.suggestion.score`.
    """
    if not any(name == "responses" or name.endswith(RESPONSES) or is_old(record[name]) for name in record):
        raise Malformed("it has no responses")
    answers = sorted(argilla_answers(record), key=lambda answer: str(answer.user))
    shown = [answer for answer in answers if answer.status in (None, "submitted")]
    base = argilla_base(record)
    rows = [
        base | {ANNOTATOR: user} | {answer.question: answer.value for answer in given}
        for user, given in groupby(shown, lambda answer: answer.user)
    ]
    return Answers(rows or [base], [str(answer.status) for answer in answers if answer not in shown])


def is_old(cell) -> bool:
    """Whether a cell holds the answers to a question as Argilla 1 writes them."""
    first = cell[0] if isinstance(cell, list) and cell else cell
    return isinstance(first, dict) and first.keys() >= OLD_ANSWER


def argilla_answers(record: Mapping) -> Iterator[Answer]:
    """All answers of a record, whatever became of them."""
    for question, given in (record.get("responses") or {}).items():
        for one in given or []:
            yield Answer(one.get("user_id"), question, one.get("value"), one.get("status"))
    for name, cell in record.items():
        if name.endswith(RESPONSES) and cell:
            nobody = [None] * len(cell)
            users, states = (record.get(f"{name}.{key}") or nobody for key in ("users", "status"))
            for user, value, status in zip(users, cell, states, strict=True):
                yield Answer(user, name.removesuffix(RESPONSES), value, status)
        elif is_old(cell):
            # As parquet, what was a list of mappings is a mapping of lists.
            columns = cell if isinstance(cell, dict) else {key: [one[key] for one in cell] for key in OLD_ANSWER}
            for user, value, status in zip(*(columns[key] for key in ("user_id", "value", "status")), strict=True):
                yield Answer(user, name, value, status)


def argilla_base(record: Mapping) -> dict:
    """What every answer of a record stands beside: fields, metadata and suggestions, as in flat records."""
    nested = ("fields", "metadata", "suggestions", "responses", "vectors")
    row = {
        name: cell for name, cell in record.items() if name not in nested and RESPONSES not in name and not is_old(cell)
    }
    row |= (record.get("metadata") or {}) | (record.get("fields") or {})
    for question, suggestion in (record.get("suggestions") or {}).items():
        if suggestion:
            row[question + SUGGESTION] = suggestion.get("value")
            row |= {f"{question}{SUGGESTION}.{key}": suggestion.get(key) for key in ("score", "agent")}
    return row


TOOLS: dict[str, Callable[[Mapping], Answers]] = {
    "label_studio": label_studio,
    "doccano": doccano,
    "prodigy": prodigy,
    "argilla": argilla,
}


def read_export(path: Path, where: str, encoding: str | None = None, tool: str | None = None) -> Table:
    """The table in a file that a tool exported or, without a tool, in any other; what was passed over is counted.

    Raises InputError, which begins with `where`, if the file is malformed or no such export.
    """
    table = read_table(path, where, encoding)
    if tool is None:
        return table
    records, passed = [], Counter()
    for number, record in table.records:
        try:
            found = TOOLS[tool](record)
        except Malformed as error:
            raise InputError(
                f"{where}, row {number}: it is no record of {tool}, since {error}; correct `format`."
            ) from error
        records += [(number, row) for row in found.rows]
        passed.update(found.passed)
    columns = list(dict.fromkeys(column for _, row in records for column in row))
    said = {"export": tool, "answers passed over": dict(passed)}
    return table._replace(columns=columns, records=records, format=table.format | said)
