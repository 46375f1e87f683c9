import pytest

from elicitation.errors import InputError, one_line, redact, shown

KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "some_password", "AWS_SECRET"])
def test_the_value_of_a_secret_is_replaced_by_its_name(monkeypatch, name):
    monkeypatch.setenv(name, KEY)
    assert redact(f"Bearer {KEY}, {KEY}") == f"Bearer ${name}, ${name}"


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
