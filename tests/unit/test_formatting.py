import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elicitation.data.formatting import (
    RowError,
    draw_answer,
    draw_pair,
    format_row,
    label_column,
    read_label,
    row_stream,
    show,
    text_columns,
)

QUIZ = {"name": "quiz", "text": "{q}: {answer}", "answer": {"among": "options", "right": "key", "first": 0}}
PAIR = {"name": "pair", "text": "{first} or {second}? {number}", "pair": {"right": "good", "wrong": "bad"}}


def draws(function, row, rule, n=400):
    rng = np.random.default_rng(0)
    return [function(row, rule, rng) for _ in range(n)]


# Multiple choice


def test_half_of_the_answers_are_right_and_the_wrong_ones_are_equally_likely():
    row = {"options": ["a", "b", "c", "d"], "key": 2}
    shown = [(made["answer"], label) for made, label in draws(draw_answer, row, QUIZ["answer"], 3000)]
    assert set(shown) == {("c", 1), ("a", 0), ("b", 0), ("d", 0)}
    counts = [shown.count(pair) / 3000 for pair in (("c", 1), ("a", 0), ("b", 0), ("d", 0))]
    # Four standard errors.
    assert counts[0] == pytest.approx(1 / 2, abs=0.037)
    assert counts[1:] == pytest.approx([1 / 6] * 3, abs=0.028)


@pytest.mark.parametrize(
    ("rule", "row"),
    [
        ({"among": "options", "right": "key", "first": 0}, {"options": ["no", "yes"], "key": 1}),
        ({"among": "options", "right": "key", "first": 0}, {"options": np.array(["no", "yes"]), "key": "1"}),
        ({"among": "options", "right": "key", "first": 1}, {"options": ["no", "yes"], "key": "2"}),
        ({"among": ["a", "b"], "right": "key", "first": 0}, {"a": "no", "b": "yes", "key": 1}),
        (
            {"among": "o.text", "names": "o.label", "right": "key"},
            {"o": {"text": ["no", "yes"], "label": ["A", "B"]}, "key": "B"},
        ),
        ({"among": "options", "names": "options", "right": "key"}, {"options": ["no", "yes"], "key": "yes"}),
        ({"among": ["b", "a"], "names": ["b", "a"], "right": "b"}, {"a": "no", "b": "yes"}),
    ],
    ids=["number", "number as text", "counted from 1", "columns", "letters", "text", "column of its own"],
)
def test_the_right_answer_is_found_by(rule, row):
    assert {(made["answer"], label) for made, label in draws(draw_answer, row, rule)} == {("yes", 1), ("no", 0)}


def test_an_answer_that_reads_like_the_right_one_is_never_wrong():
    shown = draws(draw_answer, {"options": ["a", "b", "a"], "key": 0}, QUIZ["answer"])
    assert {(made["answer"], label) for made, label in shown} == {("a", 1), ("b", 0)}
    assert draw_answer({"options": ["a", "a"], "key": 0}, QUIZ["answer"], np.random.default_rng(0)) is None


def test_an_answer_that_is_never_right_gives_way_to_a_wrong_one():
    rule = QUIZ["answer"] | {"never_right": "none of these"}
    shown = draws(draw_answer, {"options": ["a", "none of these", "b"], "key": 1}, rule)
    assert {(made["answer"], label) for made, label in shown} == {("a", 0), ("b", 0)}
    shown = draws(draw_answer, {"options": ["a", "none of these"], "key": 0}, rule)
    assert {(made["answer"], label) for made, label in shown} == {("a", 1), ("none of these", 0)}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"options": ["a", "b"], "key": 2}, "the right answer in column 'key' is '2'"),
        ({"options": ["a", "b"], "key": ""}, "the right answer in column 'key' is ''"),
        ({"options": "ab", "key": 0}, "'options' is 'ab'"),
    ],
)
def test_a_row_without_a_right_answer_is_an_error(row, problem):
    with pytest.raises(RowError) as caught:
        draw_answer(row, QUIZ["answer"], np.random.default_rng(0))
    assert caught.value.problem == problem


# Pairs


def test_pairs_come_in_both_orders_with_both_numbers_equally_often():
    drawn = draws(draw_pair, {"good": "g", "bad": "b"}, PAIR["pair"])
    shown = [(made["first"], made["second"], made["number"], label) for made, label in drawn]
    kinds = [("g", "b", 1, 1), ("g", "b", 2, 0), ("b", "g", 1, 0), ("b", "g", 2, 1)]
    assert set(shown) == set(kinds)
    # Four standard errors of 1/4 among 400.
    assert all(shown.count(kind) / 400 == pytest.approx(1 / 4, abs=0.087) for kind in kinds)


def test_a_fixed_number_leaves_the_label_to_the_order():
    shown = draws(draw_pair, {"good": "g", "bad": "b"}, PAIR["pair"] | {"number": 2})
    assert {(made["first"], made["number"], label) for made, label in shown} == {("g", 2, 0), ("b", 2, 1)}


def test_a_shared_prompt_is_cut_off_with_its_last_mark():
    rule = PAIR["pair"] | {"prompt_ends": "\nA:"}
    row = {"good": "Q\nA: x\nQ\nA: yes", "bad": "Q\nA: x\nQ\nA: no"}
    made, _ = draw_pair(row, rule, np.random.default_rng(0))
    assert made["prompt"] == "Q\nA: x\nQ"
    assert {made["first"], made["second"]} == {" yes", " no"}


@pytest.mark.parametrize(
    ("good", "bad"),
    [("P A: x", "Q A: y"), ("P x", "P y"), ("P A: x", "P x"), ("P A: x A: y", "P A: z"), ("P A: x",) * 2],
)
def test_pairs_of_different_or_no_prompts_or_equal_texts_are_dropped(good, bad):
    rule = PAIR["pair"] | {"prompt_ends": " A:"}
    assert draw_pair({"good": good, "bad": bad}, rule, np.random.default_rng(0)) is None


# Labels


def test_a_label_may_be_what_a_value_means():
    numbers = {"column": "y", "labels": {"0": 1, "1": 0, "2": 0}}
    assert [read_label({"y": value}, numbers) for value in (0, 1, 2.0, "0")] == [1, 0, 0, 1]
    words = {"column": "y", "labels": {"yes": 1, "no": 0}, "others": "drop"}
    assert [read_label({"y": value}, words) for value in ("yes", " no ", "Yes", None, "")] == [1, 0, None, None, None]
    # What says neither label is no gold one.
    neither = words | {"labels": words["labels"] | {"unclear": 0.5}}
    assert [read_label({"y": value}, neither) for value in ("yes", "unclear")] == [1, None]
    with pytest.raises(RowError, match="the label in column 'y' is 'unclear'"):
        read_label({"y": "unclear"}, neither | {"others": "refuse"})


@pytest.mark.parametrize("rule", ["y", {"column": "y", "is": 1}])
@pytest.mark.parametrize("value", [None, float("nan"), np.array([1, 0])])
def test_a_missing_label_is_an_error(rule, value):
    with pytest.raises(RowError):
        read_label({"y": value}, rule)


# Columns, lists and randomness


def test_columns_are_those_of_template_and_rule_without_what_the_rule_makes():
    assert text_columns(QUIZ) == ["q", "options"] and label_column(QUIZ) == "key"
    assert text_columns(PAIR) == ["good", "bad"] and label_column(PAIR) is None
    letters = QUIZ | {"answer": {"among": "o.text", "names": "o.label", "right": "key"}, "filled": ["q", "hint"]}
    assert text_columns(letters) == ["q", "hint", "o"]
    assert label_column({"text": "{q}", "label": {"column": "y", "is": 1}}) == "y"


def test_lists_are_shown_as_lines():
    assert show("c", ["a", "b"], None) == show("c", np.array(["a", "b"]), None) == "a\nb"
    assert show("c", {"name": ["A", "B"], "text": np.array(["x", "y"])}, "{name}) {text}") == "A) x\nB) y"
    assert show("c", "plain", None) == "plain"


@pytest.mark.parametrize("value", ["plain", {"text": ["x"]}, {"name": ["A", "B"], "text": ["x"]}])
def test_a_column_that_does_not_fit_its_line_is_an_error(value):
    with pytest.raises(RowError) as caught:
        show("c", value, "{name}) {text}")
    assert caught.value.problem == f"the column 'c' is {value!r}"


@pytest.mark.parametrize("hint", ["", "  \n"])
def test_rows_without_text_or_with_an_empty_filled_column_are_dropped(hint):
    plain = {"name": "plain", "text": "{q}{hint}", "label": "y"}
    assert format_row({"q": "a", "hint": hint, "y": 1}, plain) == (f"a{hint}", 1)
    assert format_row({"q": "a", "hint": hint, "y": 1}, plain | {"filled": ["hint"]}) is None
    assert format_row({"q": " ", "hint": hint, "y": 1}, plain) is None


def test_what_a_rule_makes_hides_a_column_of_the_same_name():
    task = {"name": "t", "text": "{answer}", "answer": {"among": "options", "right": "answer", "first": 0}}
    assert format_row({"options": ["x", "y"], "answer": 1}, task)[0] in ("x", "y")


@settings(max_examples=50)
@given(st.lists(st.text(), min_size=2, max_size=4), st.integers(0, 1))
def test_a_row_has_one_text_whether_its_lists_are_lists_or_arrays(options, key):
    row = {"q": "?", "options": options, "key": key}
    array = row | {"options": np.array(options, dtype=object), "key": str(key)}
    assert format_row(row, QUIZ) == format_row(dict(reversed(array.items())), QUIZ)


def test_the_draws_of_a_row_never_change():
    """They make the texts, and so the ids, of examples that were labelled earlier."""
    row = {"q": "a", "options": ["b", "c"], "key": 0}
    assert row_stream(row, QUIZ).random() == 0.7651810747863108


def test_rows_and_tasks_draw_independently():
    rows = [{"q": str(i), "options": ["a", "b"], "key": 0} for i in range(200)]
    first, again, other = ([row_stream(row, QUIZ | {"name": n}).random() for row in rows] for n in ("a", "a", "b"))
    assert first == again and len(set(first)) == 200
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.3
