import pytest

from elicitation.errors import InputError
from elicitation.models import load_tokenizer
from elicitation.prompts import PromptFormat, label_token_ids, write_prompt


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
    ids = label_token_ids(tokenizer, PromptFormat(labels=(" unhappy", " happy")), "llama")
    assert tokenizer.convert_ids_to_tokens(ids) == ["unhappy", "happy"]


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
        label_token_ids(load_tokenizer(llama_folder), PromptFormat(labels=labels), "llama")
