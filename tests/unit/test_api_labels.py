"""Weak labels by a model behind an API: questions, answers, faults, the ledger and the bill."""

import math
import re
import time
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from fake_api import BASE_MODEL, KEY, FakeApi, RefusedError
from hypothesis import given, settings
from hypothesis import strategies as st

from elicitation.api import answers as answers_module
from elicitation.api import client as client_module
from elicitation.api.asking import LabelServer, adapted, first_options
from elicitation.api.costs import label_dollars
from elicitation.api.labelling import HANDFUL, label_by_api
from elicitation.api.questions import label_from, probability, questionnaire, word_of
from elicitation.data.prompts import PromptFormat
from elicitation.errors import InputError

YES_NO = PromptFormat("\n", ("No", "Yes"))
WORDS = ("No", "Yes")
# Log-odds of Yes by the fake model: good 2, bad -3; others say nothing.
WEIGHTS = Counter({"good": 2.0, "bad": -3.0})
SUPERVISION = pd.DataFrame({"text": ["fine food", "foul food", "late"], "gold": [1, 0, 0]})


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server():
    with FakeApi() as server:
        server.weights[BASE_MODEL] = WEIGHTS
        yield server


@pytest.fixture
def label(server, tmp_path):
    """Labels texts in a new process, so to speak, with the same folder of paid answers."""

    def label_again(texts, shots=0, others="refuse", style=YES_NO, task="food", **changes):
        supervisor = {"name": "gpt", "prompted_shots": shots, "others": others}
        supervisor["api"] = server.label_settings(**changes)
        examples = pd.DataFrame({"id": [f"id{n}" for n in range(len(texts))], "text": texts})
        label_again.lines = []
        p, record = label_by_api(
            supervisor, task, examples, SUPERVISION, style, tmp_path / "answers", label_again.lines.append
        )
        return p.tolist(), record["answers"]

    return label_again


def refuse():
    raise RefusedError({"message": "stop"})


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def sentence_of(caught):
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith((".", "kept).")) and not re.search(r"[.?!] [A-Z]", sentence)
    return sentence


# What is asked


def test_examples_are_turns_of_a_chat_and_the_instruction_comes_first(label, server):
    label(["good", "bad"], shots=2, style=PromptFormat(" Tasty?", (" no", " yes")))
    assert server.chats[0]["messages"] == [
        {"role": "user", "content": "Answer with one word, no or yes.\n\nfine food Tasty?"},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": "foul food Tasty?"},
        {"role": "assistant", "content": "no"},
        {"role": "user", "content": "good Tasty?"},
    ]


def test_without_examples_the_text_follows_the_instruction(label, server):
    label(["good", "bad"], instruction="Is it tasty? Say Yes or No.")
    assert server.chats[0]["messages"] == [{"role": "user", "content": "Is it tasty? Say Yes or No.\n\ngood"}]
    assert {key: server.chats[0][key] for key in ("max_tokens", "logprobs", "top_logprobs", "temperature")} == {
        "max_tokens": 1,
        "logprobs": True,
        "top_logprobs": 20,
        "temperature": 1,
    }


@pytest.mark.parametrize("labels", [(" ", "Yes"), ("yes", " Yes")])
def test_labels_that_are_no_two_words_are_refused(labels):
    with pytest.raises(InputError, match=r"'food': the labels .* are no two different words"):
        questionnaire([], PromptFormat("\n", labels), None, "food")


# How answers are read


def test_log_probabilities_are_those_of_the_hand_worked_model(label):
    p, record = label(["good", "bad", "good bad", "unknown"])
    assert p == pytest.approx([sigmoid(2), sigmoid(-3), sigmoid(-1), 0.5])
    assert record["labelled"] == 4 and record["read from"] == "log-probabilities"


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        pytest.param([("Yes", math.log(0.6)), ("No", math.log(0.2))], 0.75, id="normalised"),
        pytest.param(
            [(" yes", math.log(0.3)), ("YES", math.log(0.3)), ("No", math.log(0.2))], 0.75, id="spellings sum up"
        ),
        pytest.param([("\u0120Yes", math.log(0.6)), ('"No', math.log(0.2))], 0.75, id="signs around a token"),
        pytest.param([("Yes", -0.1), ("Maybe", -7.5)], sigmoid(7.4), id="No is missing"),
        pytest.param([("No", -0.1), ("Maybe", -7.5)], sigmoid(-7.4), id="Yes is missing"),
        pytest.param([("Yes", 0.0), ("No", -9999.0)], 1.0, id="arbitrary low value"),
        pytest.param([("I", -0.01), ("Yes", math.log(1e-3)), ("No", math.log(2e-3))], None, id="about to say more"),
        pytest.param([("Maybe", -0.1), ("Y", -3.0)], sigmoid(0), id="a beginning, as the least"),
        pytest.param([("The", -0.1)], None, id="neither"),
        pytest.param([], None, id="no token"),
    ],
)
def test_a_probability_is_read_from_the_first_tokens(top, expected):
    found = probability(top, WORDS)
    assert found is None if expected is None else found == pytest.approx(expected)


def test_words_of_several_tokens_are_told_by_their_beginnings():
    top = [("un", math.log(0.2)), ("happy", math.log(0.6))]
    assert probability(top, ("unhappy", "happy")) == pytest.approx(0.75)
    # Both begin so.
    assert probability([("label", -0.1)], ("label one", "label two")) is None


@pytest.mark.parametrize(
    ("said", "label"),
    [
        *(("Yes", 1), ("no.", 0), (" **Yes**, it is", 1), ('"No"', 0), ("No, yes", 0)),
        *(("Not", None), ("Yesterday", None), ("It is: Yes", None), ("", None), ("I cannot say", None)),
    ],
)
def test_a_drawn_answer_begins_with_its_word(said, label):
    assert word_of(said, WORDS) == label


def test_the_longer_of_two_words_is_looked_for_first():
    assert word_of("Spam free", ("spam free", "spam")) == 0 and word_of("spam", ("spam free", "spam")) == 1


@settings(max_examples=30)
@given(st.text(), st.sampled_from([WORDS, ("0", "1"), ("a+b", "(c)"), ("not spam", "spam")]))
def test_any_answer_can_be_read(said, words):
    assert word_of(said, words) in (None, 0, 1)
    assert word_of(words[1], words) == 1 and word_of(words[0].upper(), words) == 0


def test_drawn_answers_are_a_share(label, server):
    server.gives_logprobs = False
    server.says = {"a": ["Yes", "Yes", "No", "Yes", "No"], "b": ["no"], "c": ["Maybe", "Yes", "I", "Yes", "No"]}
    # The first text is asked once for log-probabilities; that answer ends after a token and counts for nothing.
    p, record = label(["first", "a", "b", "c"])
    assert p == pytest.approx([0, 0.6, 0, 2 / 3])
    assert record["read from"] == "5 drawn answers" and record["completion_tokens"] == 4 * 5 + 1
    assert server.chats[1]["n"] == 5 and server.chats[1]["max_tokens"] == 16 and "logprobs" not in server.chats[1]


def test_thoughts_before_an_answer_do_not_count(label, server):
    server.says = {"a": ["<think>No, or is it? No.</think>\n\nYes"], "b": ["<think>Yes?</think>No"]}
    p, _ = label(["a", "b"], logprobs=False, samples=2, answer_tokens=500)
    assert p == [1, 0] and [chat["max_tokens"] for chat in server.chats] == [500, 500]


def test_a_server_that_draws_one_answer_a_request_is_asked_again(label, server):
    server.says = {"a": ["Yes", "No"], "b": ["No"]}
    server.draws_several = False
    p, _ = label(["a", "b"], logprobs=False, samples=4)
    assert p == [0.5, 0] and [chat["n"] for chat in server.chats[:4]] == [4, 3, 2, 1]


# What servers refuse


@pytest.mark.parametrize(
    ("unknown", "left"),
    [
        ({"temperature"}, {"max_tokens", "logprobs", "top_logprobs"}),
        ({"logprobs"}, {"max_tokens", "temperature", "n"}),
        ({"top_logprobs", "logprobs"}, {"max_tokens", "temperature", "n"}),
        ({"logprobs", "n", "temperature"}, {"max_tokens"}),
    ],
)
def test_what_a_server_does_not_take_is_left_out_once_and_for_all(label, server, unknown, left):
    server.unknown = unknown
    texts = [f"good {i}" for i in range(10)] + ["bad"]
    p, _ = label(texts)
    assert p[0] > 0.5 > p[-1]
    refused = [chat for chat in server.chats if unknown & set(chat)]
    assert len(refused) <= len(unknown) + 1 and refused == server.chats[: len(refused)]
    assert {frozenset(chat) for chat in server.chats[len(refused) :]} == {frozenset({"model", "messages"} | left)}
    before = len(server.chats)
    label([*texts, "another"])
    # What was learned is kept.
    assert not [chat for chat in server.chats[before:] if unknown & set(chat)]


def test_other_names_and_fewer_log_probabilities_are_tried():
    options = first_options(LabelServer(base_url="", model=""))
    says = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    renamed = adapted(options, says, None)
    assert renamed == {"temperature": 1, "logprobs": True, "top_logprobs": 20, "max_completion_tokens": 1}
    fewer = adapted(options, "top_logprobs must be at most 5", None)
    assert fewer == options | {"top_logprobs": 5}
    server = LabelServer(base_url="", model="", samples=3, answer_tokens=9)
    drawn = adapted(renamed | {"top_logprobs": 5}, "top_logprobs is too large", server)
    assert drawn == {"temperature": 1, "max_completion_tokens": 9, "n": 3}
    assert adapted(drawn, "n must be 1", server) == {"temperature": 1, "max_completion_tokens": 9}
    assert adapted(options, "the model is not there", server) is None


def test_busy_servers_are_waited_for_as_they_ask(label, server):
    server.retry_after = {"retry-after": "1"}
    server.troubles = [("chat", 429, {"message": "slow down"}), ("chat", 503, {"message": "busy"})]
    started = time.monotonic()
    assert label(["good", "bad"])[0] == pytest.approx([sigmoid(2), sigmoid(-3)])
    assert time.monotonic() - started >= 2 and server.calls["chat"] == 4


def test_a_server_that_hangs_up_is_asked_again(label, server):
    server.troubles = [("chat", 0, {})]
    assert label(["good", "bad"])[1]["labelled"] == 2


def test_a_server_that_stays_busy_is_named(label, server, monkeypatch):
    monkeypatch.setattr(client_module, "RETRIES", 1)
    server.troubles = [("chat", 429, {"message": "quota is used up"})] * 2
    with pytest.raises(InputError) as caught:
        label(["good", "bad"])
    assert "answered 429: " in sentence_of(caught) and "quota is used up; fix" in str(caught.value)


def test_what_is_no_completion_is_named(label, server):
    server.chat = lambda request: ["no", "completion"]
    with pytest.raises(InputError, match="gave an answer that cannot be read"):
        label(["good", "bad"])
    with pytest.raises(InputError, match="did not answer in JSON; check base_url"):
        label(["good", "bad"], base_url=server.base_url.replace("/v1", "/v2"))


# Texts without a label


@pytest.fixture
def faulty(server):
    """A refusal by the model, one by a filter, and an answer that is neither word."""
    server.says = {"r": [None], "m": ["I cannot say"]}
    server.filtered = {"f"}
    return ["good", "bad", "r", "f", "m"]


def test_texts_without_a_label_are_dropped_and_counted(label, faulty):
    p, record = label(faulty, others="drop", logprobs=False, samples=2)
    assert p[:2] == [1, 0] and np.isnan(p[2:]).all()
    assert {key: record[key] for key in ("texts", "labelled", "refused", "malformed")} == {
        "texts": 5,
        "labelled": 2,
        "refused": 2,
        "malformed": 1,
    }


def test_or_refused_with_their_count(label, faulty):
    with pytest.raises(InputError) as caught:
        label(faulty, logprobs=False, samples=2)
    sentence = sentence_of(caught)
    assert "Supervisor 'gpt', task 'food': 3 of 5 texts got no label, 2 refused and 1 answered by neither" in sentence
    assert "text id2, text id3, text id4; set `others: drop`" in sentence


def test_rows_of_a_table_are_called_by_their_numbers(server, tmp_path, faulty):
    supervisor = {"name": "gpt", "prompted_shots": 0, "others": "refuse", "api": server.label_settings(logprobs=False)}
    examples = pd.DataFrame({"id": list("abcde"), "text": faulty, "source_id": ["2", "3", "T4", "5", "6"]})
    with pytest.raises(InputError, match=r": row 'T4', row 5, row 6; set `others: drop`"):
        label_by_api(supervisor, "own", examples, SUPERVISION, YES_NO, tmp_path, print)


def test_what_was_refused_is_not_asked_for_again(label, server, faulty):
    label(faulty, others="drop", logprobs=False, samples=2)
    before = len(server.chats)
    label(faulty, others="drop", logprobs=False, samples=2)
    assert len(server.chats) == before


def test_refusals_count_where_log_probabilities_are_read_too(label, server):
    server.says, server.filtered = {"r": [None]}, {"f"}
    p, record = label(["good", "r", "f", "bad"], others="drop")
    assert np.isnan(p).tolist() == [False, True, True, False] and record["refused"] == 2


@pytest.mark.parametrize("refusal", ["filter", "model"])
def test_a_refusal_teaches_nothing_of_how_the_server_answers(label, server, refusal):
    server.gives_logprobs = False
    server.says, server.filtered = ({"r": [None]}, set()) if refusal == "model" else ({}, {"r"})
    p, record = label(["r", "good", "bad"], others="drop", samples=3)
    assert p[1:] == [1, 0] and np.isnan(p[0]) and record["read from"] == "3 drawn answers"


def test_an_answer_that_lacks_its_log_probabilities_is_no_label(label, server):
    asked = server.chat

    def chat(request):
        server.gives_logprobs = not request["messages"][-1]["content"].endswith("odd")
        return asked(request)

    server.chat = chat
    p, record = label(["good", "bad", "good odd"], others="drop")
    assert np.isnan(p).tolist() == [False, False, True] and record["malformed"] == 1


def test_nothing_more_is_paid_for_if_a_first_handful_gets_no_label(label, server):
    server.words = ("Nope", "Yep")
    with pytest.raises(InputError) as caught:
        label([f"good {n}" for n in range(100)], others="drop")
    assert len(server.chats) == HANDFUL and f"none of the first {HANDFUL} answers is 'No' or 'Yes'" in str(caught.value)
    assert "for instance, 'Yep'" in sentence_of(caught)


def test_a_model_that_always_says_the_same_is_refused(label):
    with pytest.raises(InputError, match=r"gives every text the same label, 0\.5, of which nothing can be learned"):
        label(["unknown", "neither"])


def test_texts_that_may_not_fit_are_found_before_anything_is_paid_for(label, server):
    with pytest.raises(InputError, match=r"text id1 has 300 bytes behind \d+ of other messages.*'gpt' reads at most"):
        label(["good", "x" * 300], shots=2, context=350)
    assert not server.chats
    label(["good", "bad"], shots=2, context=350)


# The ledger


def test_nothing_is_asked_for_twice(label, server):
    texts = [f"good {n}" for n in range(30)] + ["bad"]
    first, record = label(texts)
    assert len(server.chats) == 31
    again, recorded = label(texts[::-1], task="another")
    assert again == first[::-1] and recorded == record and len(server.chats) == 31
    label([*texts, "bad too"])
    assert len(server.chats) == 32


def test_a_text_that_several_examples_have_is_asked_about_and_billed_once(label, server):
    labels, record = label(["good", "bad", "good", "good"])
    assert len(server.chats) == 2 and labels[0] == labels[2] == labels[3] != labels[1]
    assert record["texts"] == record["labelled"] == 4 and record["completion_tokens"] == 2


@pytest.mark.parametrize(
    "change", [{"shots": 1}, {"instruction": "Yes or No?"}, {"style": PromptFormat(" Tasty?", ("No", "Yes"))}]
)
def test_another_question_is_another_answer(label, server, change):
    label(["good", "bad"])
    label(["good", "bad"], **change)
    assert len(server.chats) == 4


def test_more_samples_are_only_the_further_ones(label, server):
    server.says = {"a": ["Yes", "No", "No", "Yes"], "b": ["No"]}
    assert label(["a", "b"], logprobs=False, samples=2)[0] == [0.5, 0]
    assert label(["a", "b"], logprobs=False, samples=3)[0] == pytest.approx([1 / 3, 0])
    assert [chat["n"] for chat in server.chats] == [2, 2, 1, 1]
    # Of more answers than are wanted the first ones count.
    assert label(["a", "b"], logprobs=False, samples=2)[0] == [0.5, 0]
    assert len(server.chats) == 4


@pytest.mark.parametrize("half_written", [False, True])
def test_what_was_paid_for_before_a_kill_is_kept(label, server, tmp_path, half_written):
    texts = [f"good {n}" for n in range(39)] + ["bad"]
    asked = server.chat
    server.chat = lambda request: asked(request) if len(server.chats) < 25 else refuse()
    with pytest.raises(InputError, match=r"answered 400: .*stop"):
        label(texts)
    (file,) = (tmp_path / "answers").glob("*.jsonl")
    kept = len(file.read_text().splitlines())
    assert kept == len(server.chats) == 25
    if half_written:
        file.write_bytes(file.read_bytes()[:-5])
    server.chat = asked
    assert label(texts)[1]["labelled"] == 40
    assert len(server.chats) == 40 + half_written


def test_an_answer_is_on_disk_before_the_next_is_asked_for(label, server, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "CONCURRENT_REQUESTS", 1)
    asked, kept = server.chat, []

    def chat(request):
        kept.append(sum(file.read_text().count("\n") for file in (tmp_path / "answers").glob("*.jsonl")))
        return asked(request)

    server.chat = chat
    label(["good", "bad", "so"])
    assert kept == [0, 1, 2]


# The key


def test_a_key_that_is_not_set_is_named_before_anything_is_asked(label, server, monkeypatch):
    monkeypatch.delenv("LOOPBACK_KEY")
    with pytest.raises(InputError, match="LOOPBACK_KEY is not set"):
        label(["good", "bad"])
    assert not server.chats


def test_a_server_without_a_key_is_asked_without_one(label, server, monkeypatch):
    monkeypatch.delenv("LOOPBACK_KEY")
    server.wants_key = False
    assert label(["good", "bad"], key_variable=None)[1]["labelled"] == 2


def test_the_key_reaches_neither_logs_nor_errors_nor_files(label, server, tmp_path, capfd, caplog):
    caplog.set_level("DEBUG")
    server.unknown, server.troubles = {"temperature"}, [("chat", 500, {"message": KEY})]
    label(["good", "bad"])
    lines = label.lines
    server.troubles = [("chat", 400, {"message": f"key {KEY} may not"})]
    with pytest.raises(InputError, match="key <key> may not") as caught:
        label(["good", "bad", "new"])
    shown = [*lines, *label.lines, str(caught.value), caplog.text, *capfd.readouterr(), repr(vars(caught.value))]
    shown += [path.read_text() for path in (tmp_path / "answers").iterdir()]
    assert KEY not in "\n".join(shown)


# Cost


def test_tokens_are_counted_and_priced_by_the_label(label, server):
    server.filtered = {"f"}
    _, record = label(["good", "bad", "f"], others="drop", instruction="one two three")
    # Three words of the instruction and one of the text; what a filter refuses bills nothing.
    assert (record["prompt_tokens"], record["completion_tokens"]) == (8, 2)
    paid = label_dollars({"answers": record}, {"input": 3.0, "output": 6.0})
    assert paid == pytest.approx((8 * 3 + 2 * 6) / 1e6 / 2)


def test_costs_are_unknown_where_tokens_are_not_counted(label, server):
    server.counts_tokens = False
    _, record = label(["good", "bad"])
    assert record["prompt_tokens"] is None and label_dollars({"answers": record}, {"input": 1, "output": 1}) is None


def test_a_text_that_gets_no_answer_in_any_draw_keeps_its_refusals():
    assert label_from([{"said": [None, None]}], WORDS, 2)[1] == "refused"
    assert label_from([{"said": ["Maybe", None]}], WORDS, 2)[1] == "refused"
    assert label_from([{"said": ["Maybe", ""]}], WORDS, 2)[1] == "malformed"
    p, fate = label_from([{"said": [None, "Yes"]}], WORDS, 2)
    assert (p, fate) == (1, "labelled")
