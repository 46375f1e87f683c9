import pytest

from elicitation.errors import InputError
from elicitation.lengths import check_context, count_tokens
from elicitation.models import load_tokenizer, tokenize


def test_tokens_are_counted_as_the_model_reads_them(llama_folder, examples):
    texts = [*examples.text, "soup " * 100]
    token_ids = tokenize(load_tokenizer(llama_folder), texts)
    assert count_tokens(llama_folder, texts) == [len(ids) for ids in token_ids]


def test_the_start_token_counts(llama_folder):
    assert count_tokens(llama_folder, ["", "the soup was bad ."]) == [1, 6]


def test_texts_that_just_fit_pass(llama_folder):
    assert check_context(llama_folder, [64, 3], ["a", "b"], "verdict") == 64


def test_the_longest_text_that_does_not_fit_is_named(llama_folder):
    with pytest.raises(InputError, match=r"'verdict': text b has 66 tokens.*'llama' reads at most 64"):
        check_context(llama_folder, [65, 66, 3], ["a", "b", "c"], "verdict")
