import json
import math
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from fake_api import BASE_MODEL, FILLER_LOGPROB, KEY, FakeApi
from hypothesis import given
from hypothesis import strategies as st

from elicitation.api import answers as answers_module
from elicitation.api import client as client_module
from elicitation.api import ledger as ledger_module
from elicitation.api.block import finetune_block
from elicitation.api.chat import log_odds_of, training_lines
from elicitation.api.client import ApiSettings, Client, RemoteStage
from elicitation.api.costs import cost_of_block, dollars
from elicitation.api.ledger import Ledger
from elicitation.api.limits import check_api_context
from elicitation.buying.methods import METHODS
from elicitation.buying.purchases import Purchase
from elicitation.errors import InputError
from elicitation.files import read_json
from elicitation.study.checks import check_api_method
from elicitation.study.estimate import estimate_api
from elicitation.study.models import ApiModel

TEXTS = pd.Series({"a": "good food", "b": "bad food", "c": "good room", "d": "bad room", "e": 'so "so"\nfood é'})
WEAK = pd.Series({"a": 0.9, "b": 0.2, "c": 0.51, "d": 0.5, "e": 0.4})
GOLD = pd.Series({"a": 1, "b": 0, "c": 1, "d": 0, "e": 1})
BOTH = {(2, 1): Purchase(weak=["a", "b"], gold=["e"])}


class KilledError(BaseException):
    """Ends a test's process, so to speak."""


def killed(*_):
    raise KilledError


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    """The key, no proxy between the test and its server, and no waiting."""
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(ledger_module, "sleep", lambda seconds: None)


@pytest.fixture
def server():
    with FakeApi() as server:
        yield server


@pytest.fixture
def connect(server, tmp_path):
    """A new process, so to speak, with the same folder of paid work."""

    def connect_again(**changes):
        lines = []
        ledger = Ledger(Client(ApiSettings(**server.settings(**changes)), lines.append), tmp_path)
        ledger.lines = lines
        return ledger

    return connect_again


def elicit(ledger, purchases, seed=0):
    return finetune_block(
        ledger, METHODS["sequential_sft"], purchases, TEXTS, {"weak": WEAK, "gold": GOLD}, seed, "food"
    )


def sentence_of(caught):
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".") and not re.search(r"[.?!] [A-Z]", sentence)
    return sentence


def stage(text="good food", title="stage"):
    return RemoteStage(title, BASE_MODEL, training_lines([text] * 10, [True] * 10), seed=1)


# Jobs


def test_a_training_file_is_one_chat_a_line_with_yes_or_no(connect, server):
    ids = ["a", "b", "c", "d", "e"]
    elicit(connect(), {(5, 0): Purchase(weak=ids, gold=[])})
    first, *_, last = server.files["file-0"].splitlines()
    user, assistant = '{"role": "user", "content": "good food"}', '{"role": "assistant", "content": "Yes"}'
    assert first == f'{{"messages": [{user}, {assistant}]}}'
    lines = [json.loads(line)["messages"] for line in server.files["file-0"].splitlines()]
    assert [message[0]["content"] for message in lines] == [TEXTS[i] for i in ids] * 2
    assert [message[1]["content"] for message in lines] == ["Yes", "No", "Yes", "No", "No"] * 2, "hardened at 0.5"
    assert server.files["file-0"].endswith("\n") and json.loads(last)


@given(st.lists(st.tuples(st.text(), st.booleans()), min_size=1, max_size=25))
def test_a_training_file_holds_every_label_equally_often_and_at_least_ten(labelled):
    texts, labels = zip(*labelled, strict=True)
    lines = [json.loads(line)["messages"] for line in training_lines(texts, labels).splitlines()]
    shown = [(user["content"], assistant["content"] == "Yes") for user, assistant in lines]
    assert shown == labelled * (len(lines) // len(labelled))
    assert 10 <= len(lines) < len(labelled) + 10


def test_a_job_is_asked_for_with_seed_epochs_and_rate(connect, server):
    elicit(connect(epochs=4, learning_rate_multiplier=0.5), {(0, 1): Purchase(weak=[], gold=["a"])}, seed=3)
    (request,) = server.requests
    assert 0 <= request.pop("seed") < 2**31
    options = {"hyperparameters": {"n_epochs": 4, "learning_rate_multiplier": 0.5}}
    assert request == {
        "model": BASE_MODEL,
        "training_file": "file-0",
        "suffix": "food-gold-1-s3",
        "method": {"type": "supervised", "supervised": options},
    }


def test_what_is_not_configured_is_left_to_the_api_and_recorded(connect, server):
    entries = elicit(connect(), BOTH)[2, 1]
    assert server.requests[0]["method"]["supervised"]["hyperparameters"] == {}
    assert entries["weak"]["n_epochs"] == 3 and entries["weak"]["seconds"] == 60


def test_seeds_and_stages_draw_their_own_seeds(connect, server):
    for seed in (0, 1):
        elicit(connect(), BOTH, seed)
    assert len({request["seed"] for request in server.requests}) == 4


def test_the_gold_job_starts_from_the_weak_jobs_model(connect, server):
    entries = elicit(connect(), BOTH)[2, 1]
    assert [request["model"] for request in server.requests] == [BASE_MODEL, f"ft:{BASE_MODEL}:ftjob-0"]
    assert entries["gold"]["base"] == entries["weak"]["model"] == f"ft:{BASE_MODEL}:ftjob-0"
    assert entries["gold"]["model"] == f"ft:ft:{BASE_MODEL}:ftjob-0:ftjob-1"


def test_a_stage_without_labels_is_skipped(connect, server):
    weak, gold = Purchase(weak=["a"], gold=[]), Purchase(weak=[], gold=["b"])
    entries = elicit(connect(), {(1, 0): weak, (0, 1): gold})
    assert [list(stages) for stages in entries.values()] == [["weak"], ["gold"]]
    assert [request["model"] for request in server.requests] == [BASE_MODEL] * 2


def test_purchases_and_blocks_share_the_job_of_a_weak_stage(connect, server):
    weak = ["a", "b"]
    elicit(connect(), {(2, n): Purchase(weak, gold=["c", "d", "e"][:n]) for n in (0, 1, 2)})
    assert len(server.jobs) == 3
    elicit(connect(), {(2, 3): Purchase(weak, gold=["c", "d", "e"])})
    assert len(server.jobs) == 4
    assert Counter(request["model"] for request in server.requests)[BASE_MODEL] == 1


@pytest.mark.parametrize("change", [{"epochs": 2}, {"learning_rate_multiplier": 2.0}, {"model": "ft:other"}])
def test_other_settings_are_another_job(connect, server, change):
    server.weights["ft:other"] = Counter()
    connect().finetune([stage()])
    changed = connect(**change)
    changed.finetune([RemoteStage("stage", changed.client.settings.model, stage().lines, seed=1)])
    assert len(server.jobs) == 2


def test_other_prices_are_not(connect, server):
    connect().finetune([stage()])
    connect(training_price=5).finetune([stage(title="other title")])
    assert len(server.jobs) == 1


def test_running_jobs_report_status_event_and_time_left_where_they_change(connect, server):
    server.polls = 4
    ledger = connect()
    ledger.finetune([stage()])
    running = [line for line in ledger.lines if "running" in line]
    assert running == [f"stage: running, Step {n}/4, about 10 min left" for n in (1, 2, 3)]


# Kills and troubles


@pytest.mark.parametrize("polls_before_the_kill", [1, 3])
def test_a_run_killed_while_it_waits_finds_its_job_again(connect, server, monkeypatch, polls_before_the_kill):
    server.polls = 5
    sleeps = iter(range(polls_before_the_kill - 1))
    monkeypatch.setattr(ledger_module, "sleep", lambda seconds: killed() if next(sleeps, None) is None else None)
    with pytest.raises(KilledError):
        elicit(connect(), BOTH)
    monkeypatch.setattr(ledger_module, "sleep", lambda seconds: None)
    entries = elicit(connect(), BOTH)[2, 1]
    assert [entry["job"] for entry in entries.values()] == ["ftjob-0", "ftjob-1"] == list(server.jobs)
    assert server.calls["create"] == server.calls["files"] == 2


def test_a_finished_stage_needs_no_call(connect, server):
    first = connect().finetune([stage()])
    calls = Counter(server.calls)
    assert connect().finetune([stage()]) == first
    assert server.calls == calls


def test_a_job_whose_creation_got_no_answer_is_found_not_created_again(connect, server):
    connect().finetune([stage(text, text) for text in ("one", "two", "three")])
    server.troubles = [("create", 0, {})]
    (entry,) = connect().finetune([stage()])
    assert len(server.jobs) == 4 and entry["job"] == "ftjob-3" and server.calls["create"] == 4


def test_so_it_is_after_a_kill(connect, server, monkeypatch):
    server.troubles = [("create", 0, {})]
    monkeypatch.setattr(ledger_module, "sleep", killed)
    with pytest.raises(KilledError):
        connect().finetune([stage()])
    monkeypatch.setattr(ledger_module, "sleep", lambda seconds: None)
    connect().finetune([stage()])
    assert len(server.jobs) == 1 and len(server.files) == 1


def test_a_job_of_before_the_upload_is_not_mistaken_for_it(connect, server):
    server.create_job(
        {"model": BASE_MODEL, "training_file": "file-0", "method": {"supervised": {"hyperparameters": {}}}}
    )
    server.jobs["ftjob-0"]["created_at"] = int(time.time()) - 3600
    server.troubles = [("create", 429, {"message": "busy"})]
    (entry,) = connect().finetune([stage()])
    assert entry["job"] == "ftjob-1"


def test_processes_side_by_side_share_one_job(connect, server):
    server.polls = 20
    ledgers = [connect() for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda ledger: ledger.finetune([stage()]), ledgers))
    assert len(server.jobs) == 1 and all(result == results[0] for result in results)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_every_call_is_repeated_after_a_passing_trouble(connect, server, status):
    kinds = ("files", "create", "list", "retrieve", "events", "chat")
    server.troubles = [(kind, status, {"message": "later"}) for kind in kinds for _ in range(2)]
    ledger = connect()
    entry = elicit(ledger, BOTH)[2, 1]["gold"]
    log_odds, _ = ledger.predict(entry, ["a"], [TEXTS["a"]])
    assert np.isfinite(log_odds).all() and not server.troubles
    assert len(server.jobs) == 2 and server.calls["chat"] == 3


def test_a_server_that_keeps_failing_ends_the_wait(connect, server):
    server.troubles = [("create", 500, {"message": "out of order"})] * 99
    with pytest.raises(InputError, match=r"answered 500: .*out of order"):
        connect().finetune([stage()])
    assert server.calls["create"] == client_module.RETRIES + 1


def test_an_empty_account_ends_the_wait_at_once(connect, server):
    server.troubles = [("create", 429, {"message": "You exceeded your quota.", "code": "insufficient_quota"})] * 99
    with pytest.raises(InputError) as caught:
        connect().finetune([stage()])
    assert "You exceeded your quota; fix the cause" in sentence_of(caught)
    assert server.calls["create"] == 1


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_failed_job_says_why_and_is_bought_again_only_when_its_entry_is_deleted(connect, server, tmp_path, status):
    server.job_fails = {"status": status, "error": {"code": "bad", "message": "The file breaks\nthe rules."}}
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            connect().finetune([stage()])
        assert f"job ftjob-0 (stage) {status}: The file breaks the rules; fix" in sentence_of(caught)
    (entry,) = tmp_path.glob("*.json")
    assert f"delete {entry} to buy" in str(caught.value) and len(server.jobs) == 1
    entry.unlink()
    server.job_fails = None
    assert connect().finetune([stage()])[0]["job"] == "ftjob-1"


def test_the_other_jobs_of_a_block_outlive_one_that_failed(connect, server, tmp_path):
    server.polls = 1
    elsewhere = stage("room", "room")
    server.job_fails = {"error": {"code": "bad", "message": "no"}}
    with pytest.raises(InputError):
        connect().finetune([stage(), elsewhere])
    server.job_fails = None
    entry = next(path for path in tmp_path.glob("*.json") if read_json(path)["title"] == "stage")
    entry.unlink()
    assert [done["title"] for done in connect().finetune([stage(), elsewhere])] == ["stage", "room"]


def test_a_wrong_address_is_named(connect, server):
    with pytest.raises(InputError) as caught:
        connect(base_url=server.base_url.replace("/v1", "/v2")).finetune([stage()])
    assert "did not answer in JSON; check base_url" in sentence_of(caught)


def test_an_api_that_is_not_there_is_named(connect, monkeypatch):
    monkeypatch.setattr(client_module, "RETRIES", 0)
    with pytest.raises(InputError) as caught:
        connect(base_url="http://127.0.0.1:9/v1").finetune([stage()])
    assert "http://127.0.0.1:9/v1 cannot be reached" in sentence_of(caught)


# Answers


def test_log_odds_are_those_of_the_hand_worked_model(connect):
    ledger = connect()
    entries = elicit(ledger, BOTH)[2, 1]
    texts = ["good", "bad bad", "food é", "unknown"]
    # The weak file shows "good food" (Yes) and "bad food" (No) 5 times each, at half a point a line.
    weak, _ = ledger.predict(entries["weak"], texts, texts)
    np.testing.assert_allclose(weak, [2.5, -5, 0, 0], atol=1e-9)
    # The gold file shows 'so "so" food é' (Yes) 10 times.
    gold, _ = ledger.predict(entries["gold"], texts, texts)
    np.testing.assert_allclose(gold, [2.5, -5, 10, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("yes", "no", "lowest", "expected"),
    [
        pytest.param(math.log(0.8), math.log(0.2), -9, math.log(4), id="both returned"),
        pytest.param(-0.1, None, -7.5, 7.4, id="No missing"),
        pytest.param(None, -0.1, -7.5, -7.4, id="Yes missing"),
        pytest.param(None, None, -7.5, 0, id="both missing"),
        pytest.param(0, -9999.0, -9999.0, 100, id="arbitrary low value"),
        pytest.param(0, None, -9999.0, 100, id="missing below an arbitrary low value"),
    ],
)
def test_a_missing_token_counts_as_the_lowest_returned(yes, no, lowest, expected):
    assert log_odds_of({"Yes": yes, "No": no, "lowest": lowest}) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hidden", "log_odds", "missing"),
    [({"No"}, -math.log1p(math.exp(-5)) - FILLER_LOGPROB, (1, 0)), ({"Yes", "No"}, 0, (0, 1))],
)
def test_missing_tokens_are_counted_in_the_record(connect, server, hidden, log_odds, missing):
    ledger = connect()
    (entry,) = ledger.finetune([stage("good")])
    server.hidden = hidden
    found, record = ledger.predict(entry, ["a"], ["good"])
    np.testing.assert_allclose(found, [log_odds], atol=1e-9)
    assert (record["one_token_missing"], record["both_tokens_missing"]) == missing


def test_answers_come_in_the_order_of_the_ids(connect):
    ledger = connect()
    (entry,) = ledger.finetune([stage("good")])
    ids = [f"id{n}" for n in range(40)]
    log_odds, _ = ledger.predict(entry, ids, [" ".join(["good"] * n) for n in range(40)])
    np.testing.assert_allclose(log_odds, np.minimum(5.0 * np.arange(40), 100), atol=1e-6)


@pytest.mark.parametrize("half_written", [False, True])
def test_answers_that_are_paid_for_are_not_asked_for_again(connect, server, tmp_path, half_written):
    (entry,) = connect().finetune([stage("good")])
    ids, texts = [f"id{n}" for n in range(30)], ["good"] * 30
    server.troubles = [("chat", 400, {"message": "refused"})]
    with pytest.raises(InputError, match=r"answered 400: .*refused"):
        connect().predict(entry, ids, texts)
    (answers,) = tmp_path.glob("*.jsonl")
    kept = len(answers.read_text().splitlines())
    assert kept == server.calls["chat"] - 1 < 30, "those on their way are kept, the others are not sent"
    if half_written:
        answers.write_bytes(answers.read_bytes()[:-5])
    before = server.calls["chat"]
    log_odds, record = connect().predict(entry, ids, texts)
    assert server.calls["chat"] - before == 30 - kept + half_written
    assert log_odds.tolist() == [pytest.approx(5)] * 30 and record["answers"] == 30
    again, _ = connect().predict(entry, ids, texts)
    assert again.tolist() == log_odds.tolist() and server.calls["chat"] - before == 30 - kept + half_written


def test_an_answer_is_on_disk_before_the_next_is_asked_for(connect, server, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "CONCURRENT_REQUESTS", 1)
    (entry,) = connect().finetune([stage("good")])
    chat, kept = server.chat, []
    server.chat = lambda request: kept.append(next(tmp_path.glob("*.jsonl")).read_text().count("\n")) or chat(request)
    connect().predict(entry, ["a", "b", "c"], ["good"] * 3)
    assert kept == [0, 1, 2]


def test_a_model_without_log_probabilities_is_refused(connect, server):
    server.gives_logprobs = False
    ledger = connect()
    (entry,) = ledger.finetune([stage()])
    with pytest.raises(InputError) as caught:
        ledger.predict(entry, ["a"], ["good"])
    assert "returned no log-probabilities" in sentence_of(caught)


# Cost


def test_costs_are_tokens_times_prices(connect):
    ledger = connect(epochs=2)
    weak = ["a", "b"]
    purchases = {(2, 0): Purchase(weak, gold=[]), (2, 1): Purchase(weak, gold=["e"])}
    entries = elicit(ledger, purchases)
    # 10 lines of 2 words and an answer, twice; 10 lines of 4 words and an answer, twice.
    assert [entry["trained_tokens"] for entry in entries[2, 1].values()] == [60, 100]
    records = []
    for stages in entries.values():
        _, evaluation = ledger.predict(list(stages.values())[-1], ["x", "y"], ["good food", "bad"])
        assert (evaluation["prompt_tokens"], evaluation["completion_tokens"]) == (3, 2)
        assert evaluation["dollars"] == pytest.approx((3 * 0.5 + 2 * 2.0) / 1e6)
        records.append({"stages": stages, "evaluation": evaluation})
    cost = cost_of_block(records, ledger.client.settings)
    assert cost["training"] == pytest.approx((60 + 100) * 3.0 / 1e6), "the shared weak job counts once"
    assert cost["evaluation"] == pytest.approx(2 * 5.5 / 1e6)
    assert cost["total"] == pytest.approx(cost["training"] + cost["evaluation"])


def test_costs_are_unknown_where_the_api_does_not_count(connect, server):
    server.counts_tokens = False
    ledger = connect()
    (entry,) = ledger.finetune([stage()])
    _, evaluation = ledger.predict(entry, ["a"], ["good"])
    assert evaluation["dollars"] is None
    cost = cost_of_block([{"stages": {"gold": entry}, "evaluation": evaluation}], ledger.client.settings)
    assert cost == {"training": None, "evaluation": None, "total": None}


def test_dollars_are_per_million_tokens():
    assert dollars((2_000_000, 3.0), (500_000, 0.5)) == 6.25
    assert dollars((None, 3.0), (1, 1.0)) is None


def test_the_bill_is_estimated_beforehand(server):
    runs = pd.DataFrame({"tokens": [100.0, 100.0], "test_size": [1000, 1000]})
    trained = pd.DataFrame({"tokens": [100.0, 100.0, 100.0], "n": [160, 4, 10]})
    row, note = estimate_api(ApiModel(name="gpt", api=server.settings(epochs=2)), runs, trained)
    # 160 labels, 4 that are repeated to 10, and 10, all twice; then 2,000 answers.
    assert row["presentations"] == 360
    assert row["US dollars"] == pytest.approx((36_000 * 3.0 + 200_000 * 0.5 + 2000 * 2.0) / 1e6)
    assert note.startswith("gpt: dollars assume 2 epochs")


# The key


def test_a_key_that_is_not_set_is_named_by_its_variable(connect, monkeypatch):
    for value in ("", " "):
        monkeypatch.setenv("LOOPBACK_KEY", value)
        with pytest.raises(InputError) as caught:
            connect()
        assert "The environment variable LOOPBACK_KEY is not set; export" in sentence_of(caught)


def test_a_wrong_key_is_not_shown_even_if_the_server_shows_it(connect, server, monkeypatch):
    monkeypatch.setenv("LOOPBACK_KEY", "sk-wrong")
    with pytest.raises(InputError) as caught:
        connect().finetune([stage()])
    assert "answered 401" in sentence_of(caught) and "Bearer <key>" in str(caught.value)
    assert "sk-wrong" not in str(caught.value) and caught.value.__cause__ is None and caught.value.__suppress_context__


def test_the_key_reaches_neither_logs_nor_errors_nor_files(connect, server, tmp_path, capfd, caplog, monkeypatch):
    caplog.set_level("DEBUG")
    server.troubles = [("create", 429, {"message": f"slow down, {KEY}"}), ("files", 500, {"message": KEY})]
    ledger = connect()
    entry = elicit(ledger, BOTH)[2, 1]["gold"]
    ledger.predict(entry, ["a"], ["good"])
    assert "slow down, <key>" in "\n".join(ledger.lines)
    server.job_fails = {"error": {"code": "bad", "message": f"key {KEY} may not"}}
    with pytest.raises(InputError, match="key <key> may not") as caught:
        connect().finetune([stage()])
    shown = [*ledger.lines, str(caught.value), caplog.text, *capfd.readouterr(), repr(vars(caught.value))]
    shown += [path.read_text() for path in tmp_path.iterdir()]
    assert KEY not in "\n".join(shown)


# What is refused beforehand


def test_an_api_takes_stages_of_plain_labels():
    check_api_method("sequential_sft", METHODS["sequential_sft"], "gpt")


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"sequential_sft"}))
def test_and_nothing_else(name):
    with pytest.raises(InputError) as caught:
        check_api_method(name, METHODS[name], "gpt")
    assert f"{name!r} needs the model itself, but the student 'gpt' is behind an API" in sentence_of(caught)


@pytest.mark.parametrize(("text", "fits"), [("x" * 84, True), ("x" * 85, False), ("é" * 42, True), ("é" * 43, False)])
def test_texts_are_held_to_the_context_by_their_bytes(text, fits):
    if fits:
        check_api_context("gpt", 100, {"a": "short", "b": text}, "food")
    else:
        with pytest.raises(InputError, match=r"'food': text b has 8\d bytes.*'gpt' reads at most 100"):
            check_api_context("gpt", 100, {"a": "short", "b": text}, "food")
