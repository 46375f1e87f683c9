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
    TextLimit,
    check_context,
    check_prompts,
    check_texts,
    context_of,
    count_tokens,
    names_of,
    shown_ids,
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


@pytest.mark.parametrize("positions", ["null", '"many"', "[1]", "true", "0", "-1", "1.5"])
def test_a_number_of_positions_that_is_none_is_refused(tmp_path, positions):
    (tmp_path / "config.json").write_text(f'{{"model_type": "llama", "max_position_embeddings": {positions}}}')
    with pytest.raises(
        InputError, match=r"says max_position_embeddings .*, which must be a whole number of at least 1"
    ):
        context_of(tmp_path)


def test_a_padding_token_that_is_none_is_refused_where_positions_begin_behind_it(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "roberta", "pad_token_id": null, "n_positions": 9}')
    with pytest.raises(InputError, match="says pad_token_id null, which must be"):
        context_of(tmp_path)


def test_a_tokenizer_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match=r"tokenizer.json cannot be read \(.*\); get the model again"):
        count_tokens(tmp_path, ["a"])


def test_texts_that_just_fit_pass(llama_folder):
    assert check_context(llama_folder, [CONTEXT, 3], ["a", "b"], "verdict") == CONTEXT


def test_texts_that_do_not_fit_are_counted_and_the_longest_are_named(llama_folder):
    with pytest.raises(InputError, match=r"'verdict': 2 of 3 texts are too long .* 1024 tokens: b \(1026 tok.*a"):
        check_context(llama_folder, [1025, 1026, 3], ["a", "b", "c"], "verdict")
    with pytest.raises(InputError, match=r"i \(1033 tokens\), .*, e \(1029 tokens\) and 4 more; shorten or drop them"):
        check_context(llama_folder, list(range(1025, 1034)), list("abcdefghi"), "verdict")


def test_texts_that_are_too_long_are_found_or_cut_in_the_middle(llama_folder):
    words = ["the", "soup", "was", "bad", "."]
    texts = ["the soup was bad .", " ".join(words[i % 5] for i in range(3000)) + " good room", "bad"]
    limit = TextLimit([llama_folder])
    assert limit.fits(texts) == [True, False, True] and limit.found == 1
    short = limit.shorten(texts)
    [n] = count_tokens(llama_folder, short[1:2])
    assert CONTEXT - 10 <= n <= CONTEXT and short[0::2] == texts[0::2]
    assert short[1].startswith(texts[1][:2000]) and short[1].endswith(texts[1][-200:])
    assert TextLimit([]).shorten(texts) == texts


def test_texts_that_are_too_long_are_called_as_in_their_table():
    texts = pd.DataFrame({"id": ["0f", "a1"], "source_id": ["12", "x-1"]})
    assert names_of(texts) == ["row 12", "row 'x-1'"] and names_of(texts[["id"]]) == ["text 0f", "text a1"]


def test_a_text_that_fits_alone_may_not_fit_behind_its_prompt(llama_folder):
    assert check_context(llama_folder, [24], ["a"], "verdict", prompt=1000) == CONTEXT
    with pytest.raises(InputError, match=r"1024 tokens behind a prompt of 1000: a \(25 tokens\)"):
        check_context(llama_folder, [25], ["a"], "verdict", prompt=1000)


def test_prompts_show_the_examples_bought_first():
    pool = pd.DataFrame({"id": list("abcd"), "gold": 1})
    ordering = order_pool(pool.id, seed=3)
    assert shown_ids(pool, Shots("weak", 3), 3) == ordering[:3]
    assert shown_ids(pool, Shots("gold", 3), 3) == ordering[::-1][:3]
    assert shown_ids(pool, Shots("mixed", 3), 3) == [*ordering[:2], ordering[-1]]


def test_what_stands_around_a_label_counts(llama_folder):
    # The start token, "mood", ":" and the label.
    assert tokens_per_label(llama_folder, PromptFormat(" mood :", (" unhappy", " happy"))) >= 3


@pytest.fixture
def sets():
    """Pool, test and supervision set, whose texts have as many words as their names say."""
    pool, test, supervision = ({"a1": 1, "b4": 4, "c9": 9}, {"d2": 2, "e5": 5}, {"f3": 3, "g30": 30})
    rows = {"pool": pool, "test": test, "supervision": supervision}
    return {
        part: pd.DataFrame({"id": list(words), "text": ["soup " * n for n in words.values()], "gold": 1})
        for part, words in rows.items()
    }


STYLE = PromptFormat(" mood :", (" unhappy", " happy"))


def test_texts_are_counted_and_the_context_is_told(llama_folder, sets):
    # Each text has a start token too.
    assert check_texts(llama_folder, sets.values(), "verdict") == {
        "longest": 31, "mean": (1 + 4 + 9 + 2 + 5 + 3 + 30 + 7) / 7, "context": CONTEXT
    }  # fmt: skip


def test_a_prompt_is_its_examples_their_labels_and_the_cue_behind_the_text(llama_folder, sets):
    label = tokens_per_label(llama_folder, STYLE)

    def prompt(source, k, seed=0):
        return check_prompts(llama_folder, sets, "verdict", STYLE, seed, source, k, asked=False)

    assert prompt("supervision", 0) == {"prompt": label, "longest": 10, "context": CONTEXT}
    assert prompt("supervision", 1)["prompt"] == 4 + 2 * label
    assert prompt("supervision", 2)["prompt"] == 4 + 31 + 3 * label
    for seed in range(3):
        first, *_, last = order_pool(sets["pool"].id, seed)
        assert prompt("weak", 1, seed)["prompt"] == int(first[1:]) + 1 + 2 * label
        assert prompt("gold", 1, seed)["prompt"] == int(last[1:]) + 1 + 2 * label


def test_a_model_that_is_asked_must_have_label_tokens(llama_folder, sets):
    arguments = (llama_folder, sets, "verdict", PromptFormat(" mood :", (" not happy", " happy")), 0, "weak", 1)
    check_prompts(*arguments, asked=False)
    with pytest.raises(InputError, match="the label ' not happy' is 2 tokens"):
        check_prompts(*arguments, asked=True)
