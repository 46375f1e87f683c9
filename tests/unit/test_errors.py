import io
import json
from time import perf_counter
from urllib.parse import quote

import pytest

from elicitation.errors import InputError, Redacted, nearest, one_line, redact, repeated, shown

KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "some_password", "AWS_SECRET"])
def test_the_value_of_a_secret_is_replaced_by_its_name(monkeypatch, name):
    monkeypatch.setenv(name, KEY)
    assert redact(f"Bearer {KEY}, {KEY}") == f"Bearer ${name}, ${name}"


@pytest.mark.parametrize("write", [json.dumps, repr, quote, lambda text: json.dumps(text, ensure_ascii=False)])
@pytest.mark.parametrize("key", ['say "friend"\\ and', "schlüssel-字-😀", "two\nlines of it", "a/b c%d+e=="])
def test_a_secret_is_found_however_it_is_written(monkeypatch, write, key):
    monkeypatch.setenv("A_KEY", key)
    assert "$A_KEY" in redact(f"it is {write(key)}.")
    written = redact(json.dumps({"answer": f"it is {key}."}))
    assert json.loads(written) == {"answer": "it is $A_KEY."}


def test_an_address_loses_its_user():
    assert redact("see https://me:secret@host:80/v1 and a@b") == "see https://...@host:80/v1 and a@b"


def test_a_stream_writes_no_secret(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY)
    stream = io.StringIO()
    print("the key is", KEY, file=Redacted(stream))
    assert stream.getvalue() == "the key is $A_KEY\n" and Redacted(stream).readable()


def test_words_and_ordinary_variables_stay(monkeypatch):
    monkeypatch.setenv("STUDY_FOLDER", "/data/study")
    monkeypatch.setenv("SHORT_KEY", "false")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "sometimes")
    text = "/data/study is false sometimes"
    assert redact(text) == text


def test_a_secret_that_contains_another_leaves_nothing_of_itself(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY)
    monkeypatch.setenv("B_KEY", f"{KEY}-and-more")
    assert redact(f"{KEY}-and-more") == "$B_KEY"


def test_an_error_is_one_line_that_is_safe_to_print(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY)
    error = InputError(f"The column\n'\x1b[31mred\x07'  is missing {KEY}.")
    assert str(error) == "The column '\\x1b[31mred\\x07' is missing $A_KEY."


@pytest.mark.parametrize("letter", ["ä", "😀", "字", "'"])
def test_letters_of_any_language_stay(letter):
    assert one_line(letter) == letter


def test_values_are_shown_at_a_readable_length():
    assert shown("x") == "'x'"
    assert len(shown("x" * 1000)) < 250


@pytest.mark.parametrize(
    ("values", "second"),
    [
        ([1, 2], None),
        ([0, 0.0], 0.0),
        (["a", "b", "b", "a"], "b"),
        ([[1, 2], [1, 2]], [1, 2]),
        ([{"a": 1}] * 2, {"a": 1}),
    ],
)
def test_the_first_value_that_stands_a_second_time_is_found(values, second):
    assert repeated(values) == second


def test_a_hundred_thousand_values_are_compared_in_a_moment():
    started = perf_counter()
    assert repeated([[n, n] for n in range(100_000)] + [[99_999, 99_999]]) == [99_999, 99_999]
    assert perf_counter() - started < 2


@pytest.mark.parametrize(("name", "meant"), [("txt", "text"), ("sentnce", "sentence"), ("is_spm", "is_spam")])
def test_a_misspelt_name_finds_the_right_one(name, meant):
    assert nearest(name, ["text", "sentence", "is_spam", "rater1"]) == f"; did you mean {meant!r}?"


@pytest.mark.parametrize("name", ["vote", "label", "worker"])
def test_of_another_name_all_that_are_known_are_listed(name):
    assert nearest(name, ["text", "table", "gold"]) == "; known are gold, table, text."
