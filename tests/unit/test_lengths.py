import pandas as pd
import pytest
import torch
from transformers import AutoModel

from elicitation.buying.methods import Shots
from elicitation.buying.purchases import order_pool
from elicitation.data.prompts import PromptFormat
from elicitation.data.sandbox import CONTEXT
from elicitation.errors import InputError
from elicitation.models.lengths import (
    check_context,
    context_of,
    count_tokens,
    longest_prompt,
    must_fit,
    tokens_per_label,
)
from elicitation.models.loading import load_tokenizer, tokenize


def test_tokens_are_counted_as_the_model_reads_them(llama_folder, examples):
    texts = [*examples.text, "soup " * 100]
    token_ids = tokenize(load_tokenizer(llama_folder), texts)
    assert count_tokens(llama_folder, texts) == [len(ids) for ids in token_ids]


def test_the_start_token_counts(llama_folder):
    assert count_tokens(llama_folder, ["", "the soup was bad ."]) == [1, 6]


@pytest.mark.parametrize(
    ("name", "context"),
    # RoBERTa numbers a text's positions from the padding token's id + 1 on.
    [("llama", CONTEXT), ("bert", 128), ("gpt2", 128), ("distilbert", 128), ("roberta", 127)],
)
def test_the_context_is_found_in_the_config_of_every_architecture(model_folders, name, context):
    tokenizer = load_tokenizer(model_folders[name])
    assert context_of(model_folders[name]) == context
    model = AutoModel.from_pretrained(model_folders[name])
    ids = [tokenizer.convert_tokens_to_ids("soup")] * context
    model(torch.tensor([ids]))
    assert tokenize(tokenizer, ["soup " * (context - 3)])
    with pytest.raises(InputError, match=f"reads {context} at most"):
        tokenize(tokenizer, ["soup " * (context + 1)])


def test_a_model_without_positions_knows_no_limit(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bloom"}')
    assert context_of(tmp_path) > 10**9


def test_a_tokenizer_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match=r"tokenizer.json cannot be read \(.*\); get the model again"):
        count_tokens(tmp_path, ["a"])


def test_the_fewest_examples_must_fit():
    few = [Shots(quality, k) for quality in ("weak", "gold") for k in (8, 2)]
    assert must_fit(few) == [Shots("weak", 2), Shots("gold", 2)] and must_fit([]) == []


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


def test_asking_without_examples_takes_no_other_number_s_place():
    shots = [Shots("gold", k) for k in (0, 4, 8)] + [Shots("weak", 0)]
    assert must_fit(shots) == [Shots("gold", 0), Shots("gold", 4), Shots("weak", 0)]
    assert must_fit([Shots("gold", 0)]) == [Shots("gold", 0)]
