import pytest
from tokenizers import Tokenizer, decoders, models, normalizers
from transformers import PreTrainedTokenizerFast

from elicitation.data.prompts import PromptFormat, label_token_ids, write_prompt
from elicitation.errors import InputError
from elicitation.models.loading import load_tokenizer


def test_a_prompt_is_written_as_in_the_paper_to_the_character():
    shots = [("Sent 1: a", 1), ("Sent 1: b", 0)]
    assert write_prompt(shots, "Sent 1: c", PromptFormat()) == "Sent 1: a\n1\n\nSent 1: b\n0\n\nSent 1: c\n"


def test_a_task_may_have_words_of_its_own():
    style = PromptFormat(cue=" mood :", labels=(" unhappy", " happy"), separator=" ; ")
    assert write_prompt([("bad soup .", 0)], "good cake .", style) == "bad soup . mood : unhappy ; good cake . mood :"


def test_without_examples_only_the_text_is_asked():
    assert write_prompt([], "text", PromptFormat()) == "text\n"


def test_labels_are_found_by_their_exact_token(llama_folder):
    tokenizer = load_tokenizer(llama_folder)
    ids = label_token_ids(tokenizer.backend_tokenizer, PromptFormat(labels=(" unhappy", " happy")), "llama")
    assert tokenizer.convert_ids_to_tokens(ids) == ["unhappy", "happy"]


@pytest.fixture
def sentencepiece():
    """A tokenizer like Llama-2's: what begins a text gets a space, which makes other tokens of it."""
    letters = ["t", "e", "x", "0", "1", "▁", "\n", ":", "a"]
    words = ["▁t", "▁te", "▁tex", "▁text", "▁1", "1a"]
    merges = [("▁", "t"), ("▁t", "e"), ("▁te", "x"), ("▁tex", "t"), ("▁", "1"), ("1", "a")]
    vocabulary = {token: i for i, token in enumerate(["<unk>", *letters, *words])}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Replace("▁", " ")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")


def test_labels_are_the_tokens_that_stand_behind_the_cue(sentencepiece):
    ids = label_token_ids(sentencepiece.backend_tokenizer, PromptFormat(), "llama-2")
    assert sentencepiece.convert_ids_to_tokens(ids) == ["0", "1"]
    # Alone, the label 0 is two tokens, and 1 is another one.
    alone = [sentencepiece(label)["input_ids"] for label in "01"]
    assert [sentencepiece.convert_ids_to_tokens(found) for found in alone] == [["▁", "0"], ["▁1"]]
    prompt = sentencepiece(write_prompt([("te", 1)], "tex", PromptFormat()))["input_ids"]
    assert ids[1] in prompt and prompt[-1] == sentencepiece.convert_tokens_to_ids("\n")


@pytest.mark.parametrize(("cue", "labels"), [("\n1", ("0", "a")), ("\n", ("0", "11"))], ids=["joined", "two tokens"])
def test_labels_that_the_cue_would_swallow_are_refused(sentencepiece, cue, labels):
    with pytest.raises(InputError, match=r"'(a|11)' is \d tokens or an unknown one behind"):
        label_token_ids(sentencepiece.backend_tokenizer, PromptFormat(cue, labels), "llama-2")


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (("0", "1"), "label '0' is 1 tokens or an unknown one"),
        (("happy", "very happy"), "label 'very happy' is 2 tokens"),
        (("happy", " happy"), "same token"),
    ],
)
def test_labels_that_are_not_one_token_each_are_refused(llama_folder, labels, sentence):
    with pytest.raises(InputError, match=sentence):
        label_token_ids(load_tokenizer(llama_folder).backend_tokenizer, PromptFormat(labels=labels), "llama")
