import pandas as pd
import pytest

from elicitation.errors import InputError
from elicitation.lengths import check_context, count_tokens, longest_prompt, tokens_per_label
from elicitation.methods import Shots
from elicitation.models import load_tokenizer, tokenize
from elicitation.prompts import PromptFormat
from elicitation.purchases import order_pool
from elicitation.sandbox import CONTEXT


def test_tokens_are_counted_as_the_model_reads_them(llama_folder, examples):
    texts = [*examples.text, "soup " * 100]
    token_ids = tokenize(load_tokenizer(llama_folder), texts)
    assert count_tokens(llama_folder, texts) == [len(ids) for ids in token_ids]


def test_the_start_token_counts(llama_folder):
    assert count_tokens(llama_folder, ["", "the soup was bad ."]) == [1, 6]


def test_texts_that_just_fit_pass(llama_folder):
    assert check_context(llama_folder, [CONTEXT, 3], ["a", "b"], "verdict") == CONTEXT


def test_the_longest_text_that_does_not_fit_is_named(llama_folder):
    with pytest.raises(InputError, match=r"'verdict': text b has 1026 tokens.*'llama' reads at most 1024"):
        check_context(llama_folder, [1025, 1026, 3], ["a", "b", "c"], "verdict")


def test_a_text_that_fits_alone_may_not_fit_behind_its_prompt(llama_folder):
    assert check_context(llama_folder, [24], ["a"], "verdict", prompt=1000) == CONTEXT
    with pytest.raises(InputError, match=r"25 tokens behind a prompt of 1000"):
        check_context(llama_folder, [25], ["a"], "verdict", prompt=1000)


def test_the_longest_prompt_is_that_of_the_examples_bought_first():
    pool = pd.Series([1, 10, 100, 1000], list("abcd"))
    weak_first, *_, gold_first = order_pool(pool.index, seed=3)
    expected = {"weak": pool[weak_first] + 5, "gold": pool[gold_first] + 5}
    for quality, tokens in expected.items():
        assert longest_prompt(pool, 5, [Shots(quality, 1)], [3]) == tokens
    assert longest_prompt(pool, 5, [Shots("weak", 4), Shots("gold", 1)], [3, 4]) == 1111 + 4 * 5
    assert longest_prompt(pool, 5, [], []) == 0


def test_what_stands_around_a_label_counts(llama_folder):
    # The start token, "mood", ":" and the label.
    assert tokens_per_label(llama_folder, PromptFormat(" mood :", (" unhappy", " happy"))) >= 3
