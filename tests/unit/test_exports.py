"""Exports of annotation tools, in the shapes that the tools document, become plain tables with one row an answer."""

import csv
import io
import json

import pytest

from elicitation.data.exports import TOOLS, read_export
from elicitation.data.own_labels import read_own_table, read_rows
from elicitation.data.table_sets import join_repeated
from elicitation.data.table_survey import describe_table
from elicitation.errors import InputError
from elicitation.study.tasks import ExportFormat

TASK = {"name": "mine", "text": "{text}", "label": "gold", "test_size": 10}
SPAM = {"spam": 1, "ham": 0}
# Label Studio: one task with two annotations, one without any, and one whose annotator chose two labels.
MIN = [
    {"text": "Buy now", "gold": "spam", "id": 11, "kind": "spam", "annotator": 1, "annotation_id": 101,
     "created_at": "2024-05-02T10:00:00.000000Z", "updated_at": "2024-05-02T10:00:00.000000Z", "lead_time": 4.2},
    {"text": "Buy now", "gold": "spam", "id": 11, "kind": "ham", "annotator": "ann@example.org", "annotation_id": 102,
     "created_at": "2024-05-02T11:00:00.000000Z", "updated_at": "2024-05-02T11:00:00.000000Z", "lead_time": 3.1},
    {"text": "See you at 5", "gold": None, "id": 12, "annotator": None, "annotation_id": None, "created_at": None,
     "updated_at": None, "lead_time": None},
    {"text": "Hello", "gold": "ham", "id": 13, "kind": {"choices": ["spam", "ham"]}, "annotator": 1,
     "annotation_id": 103, "created_at": "", "updated_at": "", "lead_time": 1.0},
]  # fmt: skip
CHOICE = {"from_name": "kind", "to_name": "text", "type": "choices", "id": "Dx1"}
FULL = [
    {"id": 11, "data": {"text": "Buy now", "gold": "spam"}, "predictions": [], "project": 1, "annotations": [
        {"id": 101, "completed_by": 1, "was_cancelled": False, "result": [CHOICE | {"value": {"choices": ["spam"]}}]},
        {"id": 102, "completed_by": {"id": 2, "email": "ann@example.org"}, "was_cancelled": False,
         "result": [CHOICE | {"value": {"choices": ["ham"]}}]},
    ]},
    {"id": 12, "data": {"text": "See you at 5", "gold": None}, "annotations": [
        {"id": 103, "completed_by": 1, "was_cancelled": True, "result": []},
    ]},
]  # fmt: skip
DOCCANO = [
    {"id": 1, "text": "Buy now", "label": ["spam"], "Comments": []},
    {"id": 2, "text": "Hello", "label": ["ham"], "Comments": []},
    {"id": 3, "text": "See you at 5", "label": [], "Comments": []},
]
HASHES = {"_input_hash": -1530009927, "_task_hash": -340967702, "_timestamp": 1714640000, "_view_id": "classification"}
PRODIGY = [
    {"text": text, "label": "spam", "answer": answer, "_annotator_id": f"mails-{who}", "_session_id": f"mails-{who}"}
    | HASHES
    for text, answer, who in [
        ("Buy now", "accept", "ann"), ("Buy now", "reject", "bob"), ("Hello", "reject", "ann"), ("Hello", "ignore", "bob"),
    ]
]  # fmt: skip
OPTIONS = [{"id": "spam", "text": "Spam"}, {"id": "ham", "text": "Ham"}]
CHOSEN = [
    {"text": text, "options": OPTIONS, "accept": accept, "answer": answer, "config": {"choice_style": style},
     "_annotator_id": "mails-ann"} | HASHES
    for text, accept, answer, style in [
        ("Buy now", ["spam"], "accept", "single"), ("Hello", ["ham"], "accept", "single"),
        ("See you at 5", [], "accept", "single"), ("Bye", ["ham"], "reject", "single"), ("Hm", [], "ignore", "single"),
        ("So", [], "accept", "multiple"),
    ]
]  # fmt: skip
ANN, BOB = "3b5b7ce1-2b1e-4f3c-9f0d-000000000001", "3b5b7ce1-2b1e-4f3c-9f0d-000000000002"
NESTED = [
    {"id": "a1", "_server_id": "s1", "vectors": {}, "fields": {"text": "Buy now"}, "metadata": {"gold": "spam"},
     "suggestions": {"kind": {"value": "spam", "score": 0.9, "agent": "gpt"}},
     "responses": {"kind": [{"value": "spam", "user_id": ANN}, {"value": "ham", "user_id": BOB}],
                   "sure": [{"value": 4, "user_id": ANN}]}},
    {"id": "a2", "_server_id": "s2", "vectors": {}, "fields": {"text": "Hello"}, "metadata": {}, "suggestions": {},
     "responses": {}},
]  # fmt: skip
FLAT = [
    {"id": "a1", "status": "completed", "_server_id": "s1", "text": "Buy now", "gold": "spam",
     "kind.responses": ["spam", "ham"], "kind.responses.users": [ANN, BOB],
     "kind.responses.status": ["submitted", "draft"],
     "kind.suggestion": "spam", "kind.suggestion.score": 0.9, "kind.suggestion.agent": "gpt"},
    {"id": "a2", "status": "pending", "_server_id": "s2", "text": "Hello", "gold": None, "kind.responses": None,
     "kind.responses.users": None, "kind.responses.status": None, "kind.suggestion": None,
     "kind.suggestion.score": None, "kind.suggestion.agent": None},
]  # fmt: skip
OLD = [
    {"text": "Buy now", "kind": [{"user_id": ANN, "value": "spam", "status": "submitted"},
                                 {"user_id": BOB, "value": None, "status": "discarded"}], "kind-suggestion": None},
    {"text": "Hello", "kind": {"user_id": [ANN], "value": ["ham"], "status": ["submitted"]}, "kind-suggestion": None},
]  # fmt: skip


def exported(folder, records, tool, ending=".json"):
    """The table in an export, written as the tool writes it."""
    path = folder / f"export{ending}"
    if ending == ".csv":
        keys = sorted({key for record in records for key in record})
        text = io.StringIO()
        writer = csv.DictWriter(text, keys, quoting=csv.QUOTE_NONNUMERIC)
        writer.writeheader()
        for record in records:
            writer.writerow({k: json.dumps(v) if isinstance(v, (dict, list)) else v for k, v in record.items()})
        path.write_text(text.getvalue())
    else:
        lines = ending == ".jsonl"
        path.write_text("\n".join(map(json.dumps, records)) if lines else json.dumps(records, indent=2))
    return read_export(path, "export", tool=tool)


def answers(table, question):
    """Text, annotator and answer of every row."""
    return [(row["text"], row.get("annotator") or None, row.get(question)) for _, row in table.records]


def test_the_formats_of_the_config_are_those_that_are_read():
    assert set(ExportFormat.__args__) == TOOLS.keys()


@pytest.mark.parametrize("ending", [".json", ".csv"])
def test_label_studio(ending, tmp_path):
    table = exported(tmp_path, MIN, "label_studio", ending)
    first = "1" if ending == ".csv" else 1
    found = [(text, who, answer or None) for text, who, answer in answers(table, "kind")]
    assert found == [
        ("Buy now", first, "spam"), ("Buy now", "ann@example.org", "ham"), ("See you at 5", None, None),
        ("Hello", first, ["spam", "ham"]),
    ]  # fmt: skip


def test_label_studio_tasks_with_cancelled_annotations(tmp_path):
    table = exported(tmp_path, FULL, "label_studio")
    assert answers(table, "kind") == [
        ("Buy now", 1, "spam"), ("Buy now", "ann@example.org", "ham"), ("See you at 5", None, None),
    ]  # fmt: skip
    assert table.format["answers passed over"] == {"cancelled": 1}


def test_doccano(tmp_path):
    table = exported(tmp_path, DOCCANO, "doccano", ".jsonl")
    assert answers(table, "label") == [("Buy now", None, "spam"), ("Hello", None, "ham"), ("See you at 5", None, None)]


def test_prodigy_accepts_and_rejects(tmp_path):
    table = exported(tmp_path, PRODIGY, "prodigy", ".jsonl")
    assert answers(table, "spam") == [
        ("Buy now", "mails-ann", 1), ("Buy now", "mails-bob", 0), ("Hello", "mails-ann", 0), ("Hello", "mails-bob", None),
    ]  # fmt: skip
    assert table.format["answers passed over"] == {"ignore": 1} and table.format["export"] == "prodigy"
    plain = exported(tmp_path, [{"text": "a", "answer": "accept"}, {"text": "b", "answer": "reject"}], "prodigy")
    assert answers(plain, "answer") == [("a", None, 1), ("b", None, 0)]


def test_prodigy_choices(tmp_path):
    table = exported(tmp_path, CHOSEN, "prodigy", ".jsonl")
    assert [answer for *_, answer in answers(table, "spam")] == [1, 0, None, None, None, 0]
    assert [answer for *_, answer in answers(table, "ham")] == [0, 1, None, None, None, 0]
    assert table.format["answers passed over"] == {"nothing chosen": 1, "reject": 1, "ignore": 1}


def test_two_labels_of_prodigy_are_two_questions(tmp_path):
    records = [{"text": "a", "label": label, "answer": "accept"} for label in ("spam", "urgent")]
    table = exported(tmp_path, records, "prodigy")
    assert [(row.get("spam"), row.get("urgent")) for _, row in table.records] == [(1, None), (None, 1)]
    assert "answer" not in table.columns, "it would not say to what"


def test_argilla_nested_and_flat(tmp_path):
    nested, flat = exported(tmp_path, NESTED, "argilla"), exported(tmp_path, FLAT, "argilla", ".jsonl")
    assert answers(nested, "kind") == [("Buy now", ANN, "spam"), ("Buy now", BOB, "ham"), ("Hello", None, None)]
    assert answers(flat, "kind") == [("Buy now", ANN, "spam"), ("Hello", None, None)]
    assert flat.format["answers passed over"] == {"draft": 1}
    for table in (nested, flat):
        row = table.records[0][1]
        assert (row["gold"], row["kind.suggestion"], row["kind.suggestion.score"]) == ("spam", "spam", 0.9)
    assert nested.records[0][1]["sure"] == 4, "other questions stand in columns of their own"


def test_argilla_of_version_1(tmp_path):
    table = exported(tmp_path, OLD, "argilla")
    assert answers(table, "kind") == [("Buy now", ANN, "spam"), ("Hello", ANN, "ham")]
    assert table.format["answers passed over"] == {"discarded": 1}


def test_argilla_as_parquet(tmp_path):
    import pandas as pd

    pd.DataFrame(FLAT).to_parquet(tmp_path / "a.parquet")
    table = read_export(tmp_path / "a.parquet", "a", tool="argilla")
    assert answers(table, "kind") == [("Buy now", ANN, "spam"), ("Hello", None, None)]


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("label_studio", "it has no 'annotation_id'"),
        ("doccano", "it has no 'label'"),
        ("prodigy", "its 'answer' is none of accept, reject and ignore"),
        ("argilla", "it has no responses"),
    ],
)
def test_other_files_are_refused(tool, words, tmp_path):
    with pytest.raises(InputError, match=f"export, row 1: it is no record of {tool}, since {words}; correct `format`"):
        exported(tmp_path, [{"text": "a", "gold": 1}], tool, ".jsonl")


# Read as a table: gold labels, votes of several annotators, a model's suggestions.


def own_table(folder, records, tool, columns=(), **settings):
    (folder / "export.jsonl").write_text("\n".join(map(json.dumps, records)))
    task = TASK | {"table": "export.jsonl", "format": tool} | settings
    return task, read_own_table(task, str(folder), columns)


def test_an_export_gives_gold_labels(tmp_path):
    _, found = own_table(tmp_path, DOCCANO, "doccano", label={"column": "label", "labels": SPAM})
    assert [(row.text, row.gold) for row in found.rows] == [("Buy now", 1), ("Hello", 0), ("See you at 5", None)]
    _, found = own_table(tmp_path, PRODIGY[2:], "prodigy", label="spam")
    assert [(row.text, row.gold) for row in join_repeated(found.rows)] == [("Hello", 0)]


def test_an_export_gives_votes_with_annotators_beside_gold_labels(tmp_path):
    columns = [{"name": "kind", "column": "kind", "labels": SPAM, "worker": "annotator"}]
    rule = {"column": "gold", "labels": SPAM}
    task, found = own_table(tmp_path, MIN[:3], "label_studio", columns, label=rule, id="id")
    rows = join_repeated(found.rows)
    assert [(row.source_id, row.gold) for row in rows] == [("11", 1), ("12", None)]
    assert rows[0].votes == ({"1": 1, "ann@example.org": 0},) and not rows[1].votes[0]
    task, found = own_table(tmp_path, FLAT, "argilla", columns, label=rule)
    assert join_repeated(found.rows)[0].votes == ({ANN: 1},)
    described = describe_table(task | {"label": rule}, str(tmp_path))
    assert described["read as"]["answers passed over"] == {"draft": 1} and described["rows"] == 2


def test_a_suggestion_is_a_weak_label(tmp_path):
    column = {"name": "gpt", "column": "kind.suggestion", "confidence": "kind.suggestion.score", "labels": SPAM}
    rule = {"column": "gold", "labels": SPAM}
    task, _ = own_table(tmp_path, NESTED, "argilla", label=rule)
    assert [row.votes for row in join_repeated(read_rows(task, str(tmp_path), [column]))] == [(0.9,), (None,)]


def test_several_labels_of_one_text_are_refused_or_dropped(tmp_path):
    records = [*DOCCANO, {"id": 4, "text": "Both", "label": ["ham", "spam"]}]
    rule = {"column": "label", "labels": SPAM}
    with pytest.raises(InputError, match=r"row 4: column 'label' holds what is no label, .*'ham', 'spam'.* \(1 row\)"):
        own_table(tmp_path, records, "doccano", label=rule)
    _, found = own_table(tmp_path, records, "doccano", label=rule | {"others": "drop"})
    assert len(found.rows) == 3 and found.dropped == {"label": 1}
