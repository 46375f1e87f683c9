"""What the cells of a column say: words, values that stand for none, and values that are refused or dropped."""

import json
from time import perf_counter

import numpy as np
import pytest

from elicitation.data.cells import is_missing
from elicitation.data.labels import Column, Rule, complete, label_of, read_gold, read_votes, rule_of
from elicitation.data.own_labels import read_own_table, read_rows
from elicitation.data.table_sets import join_repeated
from elicitation.data.tasks import prepare_task
from elicitation.errors import InputError
from elicitation.study.supervisors import Columns

TASK = {"name": "mine", "text": "{text}", "label": "gold", "test_size": 10}
NONE = [None, "", " ", "NA", "n/a", "NaN", "nan", "null", "None", "NULL", "?", "-", "#N/A", float("nan"), np.nan]
SPAM = {"spam": 1, "ham": 0}


def labels(cells, **rule):
    """The labels of a column of these cells by this rule."""
    rule = complete(rule_of({"column": "y"} | rule), cells, "here")
    return read_gold(cells, rule, range(len(cells)), "here").labels


def table(folder, columns: dict, **settings):
    """A table with these columns, as JSON lines, read with its weak columns."""
    keys = ["text", *columns]
    cells = zip(*columns.values(), strict=True)
    lines = (json.dumps(dict(zip(keys, (f"t{i}", *row), strict=True))) for i, row in enumerate(cells))
    (folder / "t.jsonl").write_text("\n".join(lines))
    weak = settings.pop("weak", [])
    return read_own_table(TASK | {"table": "t.jsonl"} | settings, str(folder), weak)


@pytest.mark.parametrize("cell", ["1" * 2_000_000 + "x", "1." + "1" * 2_000_000 + "x", "1e" + "1" * 2_000_000 + "x"])
def test_a_long_cell_that_is_no_number_is_refused_at_once(cell):
    started = perf_counter()
    with pytest.raises(InputError, match=r"own.csv, row 2: column 'rater' holds what is no label, '1"):
        read_votes([cell], Column("rater", Rule("rater")), {}, [2], "own.csv", decimal_comma=True)
    assert perf_counter() - started < 2


@pytest.mark.parametrize("cell", NONE)
def test_the_same_values_stand_for_none_everywhere(cell):
    assert is_missing(cell) and label_of(cell, rule_of("y")) is None
    assert labels(["spam", "ham", cell], labels=SPAM) == labels(["spam", "ham", cell], **{"is": "spam"}) == [1, 0, None]


def test_a_value_that_stands_for_none_can_be_named_as_a_label_or_a_label_as_none():
    assert labels(["toxic", "none", ""], labels={"toxic": 1, "none": 0}) == [1, 0, None]
    assert labels([1, -1, 0], missing=["-1"]) == labels(["1", "-1", "0"], missing=["-1"]) == [1, None, 0]
    assert labels([1, 0, -1.0], **{"is": 1, "missing": ["-1"]}) == [1, 0, None]


@pytest.mark.parametrize(
    ("cells", "rule", "words"),
    [
        ([1, 0, -1, -1], {"is": 1}, "column 'y' holds, beside 1, -1 (2 rows), 0 (1 row); say which of them is label 0, as in `labels: {1: 1, 0: 0}`"),
        ([1, -1, -1], {"is": 1}, "column 'y' holds, beside 1, -1 (2 rows); say"),
        (["yes", "Yes", "yes"], {"is": "yes"}, "column 'y' holds, beside 'yes', 'Yes' (1 row); say"),
        (["yes", "no", "No", "maybe"], {"is": "yes"}, "column 'y' holds, beside 'yes', 'no' (1 row), 'No' (1 row), 'maybe' (1 row); say"),
        ([0, 4, 4], {"is": "4"}, "no row has '4' in column 'y'; it holds 4 (2 rows), 0 (1 row); numbers stand without quotes: write `is: 4`."),
        (["0", "4", "4"], {"is": "4"}, "no row has '4' in column 'y'; it holds 4 (2 rows), 0 (1 row); numbers stand without quotes: write `is: 4`."),
        (["ham", "eggs"], {"is": "spam"}, "no row has 'spam' in column 'y'; it holds 'ham' (1 row), 'eggs' (1 row); correct `is`."),
        (["spam", "spam", ""], {"is": "spam"}, "every label in column 'y' is 'spam'; name a column with both labels."),
        (["spam", "ham", "Spam", "eggs", "eggs"], {"labels": SPAM}, "row 2: column 'y' holds what is no label, 'eggs' (2 rows), 'Spam' (1 row); did you mean 'spam' by 'Spam'? Correct it, or write"),
    ],
)  # fmt: skip
def test_other_values_are_refused_with_their_counts(cells, rule, words):
    with pytest.raises(InputError) as caught:
        labels(cells, **rule)
    assert str(caught.value).removeprefix("here").lstrip(":, ").startswith(words)


def test_other_values_are_dropped_or_taken_for_label_0_if_the_entry_says_so():
    assert labels(["spam", "ham", "Spam", 7], labels=SPAM, others="drop") == [1, 0, None, None]
    assert labels([1, 0, -1], **{"is": 1, "others": "drop"}) == [1, 0, None]
    assert labels(["a", "b", "c", ""], **{"is": "a", "others": "label_0"}) == [1, 0, 0, None]
    with pytest.raises(InputError, match="say which of them is label 0"):
        labels(["a", "b", "c"], **{"is": "a", "others": "drop"})


def test_rows_whose_gold_label_is_dropped_leave_the_table_and_are_counted(tmp_path):
    rule = {"column": "gold", "labels": SPAM, "others": "drop"}
    found = table(tmp_path, {"gold": ["spam", "ham", "unsure", "", "unsure"]}, label=rule)
    assert [(row.number, row.gold) for row in found.rows] == [("1", 1), ("2", 0), ("4", None)]
    assert found.dropped == {"gold": 2}


def test_a_word_may_say_neither_label_in_weak_columns_alone(tmp_path):
    columns = {"gold": ["spam", "ham", ""], "llm": ["unclear", "ham", "spam"], "sure": [0.7, 0.9, 0.8]}
    rule = {"column": "gold", "labels": SPAM | {"unclear": 0.5}}
    weak = [{"name": "llm", "column": "llm"}]
    assert [row.votes for row in table(tmp_path, columns, label=rule, weak=weak).rows] == [(0.5,), (0,), (1,)]
    weak = [{"name": "llm", "column": "llm", "labels": rule["labels"], "confidence": "sure"}]
    sure = [row.votes for row in table(tmp_path, columns, label=rule, weak=weak).rows]
    assert sure == [(0.5,), (pytest.approx(0.1),), (0.8,)], "one that says neither is never sure"
    columns["gold"][2] = "unclear"
    with pytest.raises(InputError, match=r"row 3: column 'gold' holds what is no label, 'unclear' \(1 row\); write 0"):
        table(tmp_path, columns, label=rule, weak=weak)


def test_words_of_the_gold_labels_hold_for_weak_columns_that_have_no_rule_of_their_own(tmp_path):
    columns = {"gold": ["spam", "ham", ""], "llm": ["ham", 0.25, "?"], "other": ["junk", "fine", "junk"]}
    weak = [{"name": "llm", "column": "llm"}, {"name": "other", "column": "other", "labels": {"junk": 1, "fine": 0}}]
    for rule in ({"is": "spam"}, {"labels": SPAM}):
        found = table(tmp_path, columns, label={"column": "gold"} | rule, weak=weak)
        assert [row.votes for row in found.rows] == [(0, 1), (0.25, 0), (None, 1)]
    columns["llm"][0] = "eggs"
    with pytest.raises(
        InputError, match=r"row 1: column 'llm' holds what is no label, 'eggs' \(1 row\); .*`others: drop`"
    ):
        table(tmp_path, columns, label={"column": "gold"} | rule, weak=weak)
    weak[0]["others"] = "drop"
    found = table(tmp_path, columns, label={"column": "gold"} | rule, weak=weak)
    assert found.rows[0].votes == (None, 1) and found.dropped == {"llm": 1}


def test_codes_of_the_gold_labels_do_not_turn_probabilities_round(tmp_path):
    columns = {"gold": [1, 0, 1], "llm": [1, 0.0, 0.75]}
    rule = {"column": "gold", "labels": {"1": 0, "0": 1}}
    found = table(tmp_path, columns, label=rule, weak=[{"name": "llm", "column": "llm"}])
    assert [(row.gold, *row.votes) for row in found.rows] == [(0, 1), (1, 0), (0, 0.75)]


# A task's files


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("none", ["", "NA", "?"])
def test_a_task_counts_rows_without_a_label_and_drops_them_if_told(tmp_path, kind, none):
    (tmp_path / "a").mkdir()
    words = [none, "yes", "no"]
    rows = [(f"text {i}", words[i % 3]) for i in range(120)]
    lines = ["text,label", *(f"{text},{label}" for text, label in rows)]
    if kind == "jsonl":
        lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    (tmp_path / f"a/train.{kind}").write_text("\n".join(lines))
    task = {"name": "a", "local": "a", "splits": {"train": "train", "test": 30}, "text": "{text}"}
    task |= {"pool_size": 20, "test_size": 10, "supervision_size": 4, "label": {"column": "label", "is": "yes"}}
    first = 2 if kind == "csv" else 1
    with pytest.raises(
        InputError, match=f"row {first}: 40 of 120 rows have no label in column 'label', this one first"
    ):
        prepare_task(task, "local", str(tmp_path))
    task["label"]["others"] = "drop"
    sets = prepare_task(task, "local", str(tmp_path))
    numbers = {
        int(text.split()[1]): gold for rows in sets.values() for text, gold in zip(rows.text, rows.gold, strict=True)
    }
    assert all(number % 3 == 2 - gold for number, gold in numbers.items())


# Columns of supervisors


def test_patterns_name_the_columns_that_have_no_entry_of_their_own():
    entry = Columns(name="crowd", columns={"w*": 0.02, "w2": 0.05, "llm": 0.1}, aggregate="mean")
    assert entry.prices_in(["w1", "w2", "x"], "mine") == {"w2": 0.05, "llm": 0.1, "w1": 0.02}
    with pytest.raises(InputError, match=r"no column of the table of 'mine' fits 'w\*'; it has \['x'\]"):
        entry.prices_in(["x"], "mine")
    odd = Columns(name="crowd", columns={"Is it spam?": 0.02, "b": 0.1}, aggregate="mean")
    assert list(odd.prices_in(["Is it spam?", "Is it spam!"], "mine")) == ["Is it spam?", "b"], (
        "a name goes before a pattern"
    )


def test_a_label_and_its_confidence_make_a_probability(tmp_path):
    columns = {"gold": [1, 0, 1, 0], "label": ["spam", "ham", "ham", "?"], "sure": [90, "80%", 55, None]}
    entry = {"price": 0.05, "label": "label", "confidence": "sure", "percent": True}
    weak = Columns(name="gpt", columns={"gpt": entry}, labels=SPAM).settings_of(["label", "sure"], "mine")
    found = table(tmp_path, columns, weak=weak)
    assert [row.votes[0] for row in found.rows] == [0.9, pytest.approx(0.2), pytest.approx(0.45), None]
    columns["sure"][2] = 120
    with pytest.raises(
        InputError,
        match=r"row 3: column 'sure' holds what is no label, 120 \(1 row\); write a confidence, from 0 to 100",
    ):
        table(tmp_path, columns, weak=weak)


@pytest.mark.parametrize("others", ["refuse", "drop"])
def test_numbers_on_another_scale_are_refused_and_never_dropped(tmp_path, others):
    stars = {"gold": [1, 0, 1, 0], "rater": [5, 1, 4, 2], "label": [1, 0, 1, 0], "sure": [90, 80, 55, 1]}
    rater = [{"name": "rater", "column": "rater", "others": others}]
    with pytest.raises(
        InputError, match=r"these numbers stand on another scale: .* from 0 to 1; of percentages say `per"
    ):
        table(tmp_path, stars, weak=rater)
    # A study that says what the numbers mean may drop others.
    rater = [rater[0] | {"others": "drop", "labels": {"5": 1, "1": 0}}]
    assert [row.votes for row in table(tmp_path, stars, weak=rater).rows] == [(1,), (0,), (None,), (None,)]
    entry = {"price": 0.05, "label": "label", "confidence": "sure"}
    gpt = Columns(name="gpt", columns={"gpt": entry}, others=others).settings_of(["label", "sure"], "mine")
    with pytest.raises(
        InputError, match="a confidence, from 0 to 1, beside every label; of percentages say `percent: t"
    ):
        table(tmp_path, stars, weak=gpt)


def test_probabilities_may_be_percentages(tmp_path):
    weak = [{"name": "p", "column": "p", "percent": True}]
    found = table(tmp_path, {"gold": [1, 0, 1], "p": [1, "85 %", None]}, weak=weak)
    assert [row.votes[0] for row in found.rows] == [0.01, 0.85, None]


def test_columns_that_a_table_lacks_are_named(tmp_path):
    entry = Columns(name="gpt", columns={"gpt": {"price": 0.05, "label": "label", "confidence": "sure"}})
    with pytest.raises(InputError, match="row 1: the column 'sure' is missing"):
        table(tmp_path, {"gold": [1, 0], "label": [1, 0]}, weak=entry.settings_of(["label"], "mine"))
    (tmp_path / "t.csv").write_text("text,gold\na,1\nb,0\n")
    assert len(read_rows(TASK | {"table": "t.csv"}, str(tmp_path))) == 2


# What annotation tools export, by these keys alone


def test_an_export_of_prodigy_is_read_by_what_its_answers_mean(tmp_path):
    answers = ["accept", "reject", "ignore", "accept"]
    lines = [
        {"text": f"t{i}", "_input_hash": i, "label": "SPAM", "answer": answer, "meta": {"source": "x"}}
        for i, answer in enumerate(answers)
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, lines)))
    rule = {"column": "answer", "labels": {"accept": 1, "reject": 0}, "missing": ["ignore"]}
    rows = read_rows(TASK | {"table": "p.jsonl", "label": rule}, str(tmp_path))
    assert [row.gold for row in rows] == [1, 0, None, 1]


def test_an_export_of_label_studio_is_a_table_with_one_row_for_each_annotation(tmp_path):
    header = "annotation_id,annotator,created_at,id,lead_time,sentiment,text,updated_at"
    votes = [("1", "Positive"), ("2", "Negative"), ("3", "Positive")]
    rows = [
        f'{n},{who},2024-01-01T00:00:00Z,7,3.5,{what},"Good, or not",2024-01-02' for n, (who, what) in enumerate(votes)
    ]
    gold = ["gold", "1", "1", "1"]
    lines = [f"{line},{label}" for line, label in zip([header, *rows], gold, strict=True)]
    (tmp_path / "ls.csv").write_text("\n".join(lines))
    labels = {"Positive": 1, "Negative": 0}
    entry = Columns(name="a", columns={"sentiment": 0.1}, worker="annotator", labels=labels, aggregate="mean")
    weak = entry.settings_of(["annotator", "sentiment"], "mine")
    [row] = join_repeated(read_rows(TASK | {"table": "ls.csv"}, str(tmp_path), weak))
    assert (row.text, row.gold, row.votes) == ("Good, or not", 1, ({"1": 1, "2": 0, "3": 1},))
