"""A supervisor behind an API: the fake server for a whole study and its faults, vLLM's own server for real answers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pytest
from fake_api import BASE_MODEL, KEY, FakeApi
from helpers import MINI, ROOT, TABLE, run_snakemake, snakemake_command
from scipy.special import expit

LABELS = "results/weak_labels/verdict/remote.parquet"
# Of the sandbox's reviews.
WEIGHTS = Counter({"and": 1.5, "but": -1.0, "the": 0.25, "was": -0.25})


@pytest.fixture(scope="module")
def server():
    with FakeApi() as server:
        server.weights[BASE_MODEL] = WEIGHTS
        server.words = ("unhappy", "happy")
        yield server


@pytest.fixture(scope="module")
def study(server):
    study = deepcopy(MINI) | {"tasks": deepcopy(MINI["tasks"][1:])}
    study["tasks"][0]["prompt"] = {"cue": "\nThe guest is", "labels": [" unhappy", " happy"]}
    api = server.label_settings(prices={"input": 1.0, "output": 2.0})
    study["supervisors"] = [{"name": "remote", "api": api, "prompted_shots": 2, "price": 0.02, "others": "drop"}]
    study |= {"models": study["models"][:1], "seeds": [0], "weak_prices": [0.5]}
    return study | {"grid": study["grid"] | {"budgets": [4]}}


@pytest.fixture(scope="module", autouse=True)
def surroundings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.delenv("LOOPBACK_KEY", raising=False)
        yield


def shown_by_processes(word: str) -> bool:
    """Whether the command line of any process, which all users of a machine see, holds a word."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if word.encode() in command.read_bytes():
                return True
    return False


@pytest.fixture(scope="module")
def finished(study, server, tmp_path_factory):
    """The study, whose labelling was killed once on the way."""
    folder = tmp_path_factory.mktemp("remote")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOPBACK_KEY", KEY)
        chat = server.chat

        def slow_chat(request):
            time.sleep(0.02)
            return chat(request)

        server.chat = slow_chat
        command = snakemake_command(folder, study, target=LABELS)
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
        )
        deadline = time.monotonic() + 120
        while server.calls["chat"] < 100 and process.poll() is None and time.monotonic() < deadline:
            assert not shown_by_processes(KEY)
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert server.calls["chat"] >= 100 and not (folder / LABELS).exists()
        server.chat = chat
        server.troubles = [("chat", 429, {"message": "slow down"}), ("chat", 500, {"message": "broken"})]
        # It is the rest in which a text is refused.
        run_snakemake(folder, study, "--unlock")
        result = run_snakemake(folder, study)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_a_dry_run_says_what_it_will_cost_and_needs_no_key(study, tmp_path):
    result = run_snakemake(tmp_path, study, "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "remote labels 360 texts of verdict by base-model at http://127.0.0.1" in result.stderr
    assert "for about $0.0" in result.stderr and "nothing is paid twice" in result.stderr


def test_without_a_key_nothing_is_asked(study, server, tmp_path):
    before = server.calls["chat"]
    result = run_snakemake(tmp_path, study, target=LABELS)
    assert result.returncode != 0 and "LOOPBACK_KEY is not set" in result.stderr
    assert "Traceback" not in result.stderr and server.calls["chat"] == before


def test_labels_are_the_models_own(finished):
    labels = pd.read_parquet(finished / LABELS).set_index("id").p_weak
    texts = pd.concat(pd.read_parquet(finished / f"results/tasks/verdict/{part}.parquet") for part in ("pool", "test"))
    assert labels.index.tolist() == texts.id.tolist()
    expected = [expit(sum(WEIGHTS[word] for word in f"{text}\nThe guest is".split())) for text in texts.text]
    np.testing.assert_allclose(labels, expected, atol=1e-9)


def test_a_kill_costs_the_answers_on_their_way_at_most(finished, server):
    lines = [line for file in (finished / "results/api/answers").glob("*.jsonl") for line in file.open()]
    assert len(lines) == len({json.loads(line)["id"] for line in lines}) == 360
    # The troubles count as calls too.
    assert 360 <= server.calls["chat"] - 2 <= 360 + 8


def test_tokens_are_counted_and_priced(finished):
    record = json.loads((finished / LABELS).with_suffix(".json").read_text())
    answers = record["answers"]
    assert (answers["texts"], answers["labelled"], answers["completion_tokens"]) == (360, 360, 360)
    quality = pd.read_csv(finished / "results/label_quality.csv")
    assert quality[["task", "supervisor", "column", "price"]].to_numpy().tolist() == [
        ["verdict", "remote", "base-model", 0.02]
    ]
    assert quality.dollars[0] == pytest.approx((answers["prompt_tokens"] + 2 * 360) / 1e6 / 360)
    assert quality.n[0] == 360 and quality.coverage[0] == 1


def test_results_are_shown_at_its_price(finished):
    frontier = pd.read_csv(finished / "results/frontier.csv")
    assert set(frontier.weak_price) == {0.02}
    assert (finished / "figures/weak_labels.pdf").read_bytes().startswith(b"%PDF")


def test_new_prices_ask_and_train_nothing(finished, study):
    dearer = deepcopy(study)
    dearer["supervisors"][0]["api"]["prices"] = {"input": 10.0, "output": 20.0}
    dearer["supervisors"][0]["price"] = 0.04
    result = run_snakemake(finished, dearer, *TABLE)
    planned = (result.stdout + result.stderr).partition("Job stats:")[2]
    assert "tabulate_label_quality" in planned and "find_frontier" in planned
    assert "ask_for_labels" not in planned and "train_" not in planned


def test_labels_that_are_lost_cost_nothing_again(finished, study, server, monkeypatch):
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    before, calls = (finished / LABELS).read_bytes(), server.calls["chat"]
    (finished / LABELS).unlink()
    assert run_snakemake(finished, study, target=LABELS).returncode == 0
    assert (finished / LABELS).read_bytes() == before and server.calls["chat"] == calls


def test_the_key_is_in_no_file(finished):
    files = [path for path in finished.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


# Real answers, of vLLM's own server

# The texts of its task, in pool and test set.
N_POOL, N_TEST = 16, 10
# The labels that the server should give, by transformers: the last token's log-probabilities of both words.
EXPECT = """
import json, sys
import torch, transformers
folder, messages = sys.argv[1], json.load(sys.stdin)
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
found = []
for chat in messages:
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
    with torch.no_grad():
        logprobs = torch.log_softmax(model(ids).logits[0, -1].double(), -1)
    top = logprobs.topk(20)
    found.append([[tokenizer.decode([i]), p] for i, p in zip(top.indices.tolist(), top.values.tolist())])
print("RESULT", json.dumps(found))
"""


@pytest.fixture(scope="module")
def smol(tmp_path_factory):
    """The folder of a study whose labels a server gives, and the study."""
    folder = tmp_path_factory.mktemp("smol")
    study = deepcopy(MINI) | {"tasks": deepcopy(MINI["tasks"][1:]), "seeds": [0]}
    study["tasks"][0] |= {"pool_size": N_POOL, "test_size": N_TEST}
    study["tasks"][0]["prompt"] = {"cue": "\nIs the guest happy?", "labels": [" No", " Yes"]}
    study["models"] = study["models"][:1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    api = {"base_url": f"http://127.0.0.1:{port}/v1", "model": "smollm2", "prices": {"input": 0.1, "output": 0.4}}
    api |= {"key_variable": "LOOPBACK_KEY"}
    study["supervisors"] = [{"name": "remote", "api": api, "prompted_shots": 2, "price": 0.05}]
    study["grid"] = study["grid"] | {"budgets": [4], "weak_price": 0.5}
    return folder, study


@pytest.fixture(scope="module")
def model(smollm2) -> Path:
    """The folder of SmolLM2."""
    return smollm2 / "results/models/smollm2"


@pytest.fixture(scope="module")
def vllm_server(smol, model):
    """vLLM's OpenAI-compatible server of SmolLM2, with a key."""
    folder, study = smol
    address = urlsplit(study["supervisors"][0]["api"]["base_url"])
    # What `vllm serve` runs; that command itself does not find its version where the CPU build is installed.
    command = [sys.executable, "-m", "vllm.entrypoints.launchers.api_server.entry"]
    options = {"model": model, "served-model-name": "smollm2", "host": "127.0.0.1"}
    options |= {"port": str(address.port), "dtype": "float32", "max-model-len": "512"}
    command += ["--enforce-eager", *(word for name, value in options.items() for word in (f"--{name}", value))]
    settings = {"VLLM_API_KEY": KEY, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    # It compiles small functions otherwise, which takes a C++ compiler.
    settings |= {"TORCHDYNAMO_DISABLE": "1"}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=log, start_new_session=True)
        try:
            deadline = time.monotonic() + 600
            while process.poll() is None and time.monotonic() < deadline:
                with suppress(OSError), urlopen(f"http://{address.netloc}/health", timeout=5):
                    break
                time.sleep(0.5)
            assert process.poll() is None, (folder / "server.log").read_text()[-3000:]
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def test_a_real_server_gives_the_models_own_log_probabilities(smol, model, vllm_server, monkeypatch):
    from elicitation.api.questions import probability, questionnaire
    from elicitation.data.prompts import PromptFormat

    folder, study = smol
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    result = run_snakemake(folder, study, target=LABELS)
    assert result.returncode == 0, result.stdout + result.stderr
    labels = pd.read_parquet(folder / LABELS).set_index("id").p_weak
    record = json.loads((folder / LABELS).with_suffix(".json").read_text())
    answers = record["answers"]
    assert answers["read from"] == "log-probabilities" and answers["labelled"] == answers["texts"] == N_POOL + N_TEST
    assert answers["completion_tokens"] == answers["texts"] and answers["prompt_tokens"] > 30 * answers["texts"]
    # The same chats, by the model itself.
    supervision = pd.read_parquet(folder / "results/tasks/verdict/supervision.parquet")
    shots = list(zip(supervision.text[:2], supervision.gold[:2], strict=True))
    style = PromptFormat(**study["tasks"][0]["prompt"])
    asked = questionnaire(shots, style, None, "verdict")
    texts = pd.read_parquet(folder / "results/tasks/verdict/test.parquet").set_index("id").text
    chats = [asked.messages(text) for text in texts]
    command = [sys.executable, "-c", EXPECT, model]
    made = subprocess.run(command, input=json.dumps(chats), capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    expected = [probability(top, asked.words) for top in json.loads(made.stdout.partition("RESULT ")[2])]
    np.testing.assert_allclose(labels[texts.index], expected, atol=1e-3)
    assert labels.nunique() > 20


def test_a_real_server_draws_answers_where_that_is_wanted(smol, vllm_server, monkeypatch):
    folder, study = deepcopy(smol)
    monkeypatch.setenv("LOOPBACK_KEY", KEY)
    study["supervisors"][0] |= {"name": "drawn", "others": "drop"}
    study["supervisors"][0]["api"] |= {"logprobs": False, "samples": 3, "answer_tokens": 4}
    labels = LABELS.replace("remote", "drawn")
    result = run_snakemake(folder, study, target=labels)
    assert result.returncode == 0, result.stdout + result.stderr
    p = pd.read_parquet(folder / labels).p_weak.dropna()
    record = json.loads((folder / labels).with_suffix(".json").read_text())["answers"]
    assert record["read from"] == "3 drawn answers" and record["labelled"] == len(p) > 0
    lines = [json.loads(line) for file in (folder / "results/api/answers").glob("*.jsonl") for line in file.open()]
    drawn = [line for line in lines if "top" not in line]
    assert len(drawn) == N_POOL + N_TEST and {len(line["said"]) for line in drawn} == {3}
