import subprocess
import sys
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from elicitation.errors import InputError
from elicitation.models import engines
from elicitation.models.batches import predict
from elicitation.models.engines import (
    GRAPH_TOKENS,
    CacheUse,
    Labelling,
    Labels,
    Reading,
    ask_vllm,
    label,
    label_with_transformers,
    last_error_line,
    not_loaded,
    runs_eager,
    vllm_options,
)
from elicitation.models.hardware import CPU, Hardware
from elicitation.models.loading import load_classifier, load_tokenizer, new_lora_classifier, save_merged, tokenize
from elicitation.models.parity import FEWEST, MOST, SHARE, check_parity, rows_to_compare, spread
from elicitation.models.prefixes import common_length, computed_tokens, prefix_order
from elicitation.training.loop import train_stage
from elicitation.training.schedule import Protocol


@pytest.fixture
def supervisor(llama_folder, examples, tmp_path):
    tokenizer = load_tokenizer(llama_folder)
    token_ids = tokenize(tokenizer, examples.text.tolist())
    model = new_lora_classifier(llama_folder, CPU, tokenizer.pad_token_id, 0)
    protocol = Protocol("fixed_epochs", 0.02)
    train_stage(model, token_ids, examples.gold.to_numpy(float), protocol, 0, "supervision", lambda line: None)
    save_merged(model, tokenizer, tmp_path)
    return tmp_path


def test_transformers_labels_each_text_with_its_probability_of_1(supervisor, examples):
    tokenizer = load_tokenizer(supervisor)
    token_ids = tokenize(tokenizer, examples.text.tolist())
    labels = label_with_transformers(supervisor, token_ids, CPU)
    log_odds = predict(load_classifier(supervisor, CPU, tokenizer.pad_token_id), token_ids, 1000)
    np.testing.assert_allclose(np.log(labels.p / (1 - labels.p)), log_odds, atol=1e-4)
    assert log_odds.std() > 0.05
    assert (labels.engine, labels.dtype) == ("transformers", "float32")
    assert labels.rows_per_second > 0


def test_parity_is_the_largest_difference():
    assert check_parity(np.array([0.1, 0.5]), np.array([0.1, 0.49]), 0.05, "vllm") == pytest.approx(0.01)


@pytest.mark.parametrize("p", [[0.1, 0.6], [0.1, float("nan")]], ids=["too far", "not a number"])
def test_engines_that_disagree_are_an_error(p):
    with pytest.raises(InputError, match="vllm and transformers differ"):
        check_parity(np.array(p), np.array([0.1, 0.5]), 0.05, "vllm")


def test_the_sample_that_is_compared_is_spread_over_all_rows(monkeypatch):
    compared = []

    def by_transformers(folder, token_ids, hardware, label_ids=None):
        compared.append([ids[0] for ids in token_ids])
        return Labels(np.array([ids[0] / 100 for ids in token_ids]), "transformers", "", "", 0, 0)

    monkeypatch.setattr(engines, "label_with_transformers", by_transformers)
    monkeypatch.setitem(engines.ENGINES, "other", by_transformers)
    settings = Labelling("other", parity_rows=4, parity_tolerance=1e-3)
    _, record = label("folder", [[i] for i in range(100)], settings, CPU)
    assert compared == [list(range(100)), [0, 33, 66, 99]]
    assert record["parity"].pop("seconds") >= 0 and record["parity"] == {"rows": 4, "largest_difference": 0}
    _, record = label("folder", [[i] for i in range(3)], settings, CPU)
    assert record["parity"]["rows"] == 3
    # No number is named, so it follows from the texts.
    _, record = label("folder", [[i] for i in range(100)], Labelling("other"), CPU)
    assert record["parity"]["rows"] == 5


def test_transformers_is_not_compared_with_itself(monkeypatch):
    asked = []

    def by_transformers(folder, token_ids, hardware, label_ids=None):
        asked.append(len(token_ids))
        return Labels(np.full(len(token_ids), 0.5), "transformers", "", "", 0, 0)

    monkeypatch.setitem(engines.ENGINES, "transformers", by_transformers)
    monkeypatch.setattr(engines, "label_with_transformers", by_transformers)
    _, record = label("folder", [[1]] * 30, Labelling("transformers", parity_rows=10), CPU)
    assert asked == [30] and record["parity"] is None and record["engine"]["prefix_cache"] is None


@pytest.mark.parametrize(
    ("device", "configured", "difference", "accepted"),
    [("cpu", None, 0.01, False), ("cuda", None, 0.06, True), ("cuda", None, 0.11, False), ("cpu", 0.02, 0.01, True)],
)
def test_engines_may_differ_by_what_the_precision_explains(monkeypatch, device, configured, difference, accepted):
    def labels(p):
        return lambda *arguments: Labels(np.full(3, p), "any", "", "", 0, 0)

    monkeypatch.setattr(engines, "label_with_transformers", labels(0.5))
    monkeypatch.setitem(engines.ENGINES, "other", labels(0.5 + difference))
    settings = Labelling("other", parity_rows=3, parity_tolerance=configured)
    with nullcontext() if accepted else pytest.raises(InputError, match="differ by"):
        label("folder", [[0]] * 3, settings, Hardware(device))


# Three texts behind each of two examples, mixed.
EXAMPLES = {7: [7] * 40, 5: [5] * 40}
PROMPTS = [EXAMPLES[7] + [1, 2], EXAMPLES[5] + [9], EXAMPLES[7] + [1, 1], EXAMPLES[5] + [2, 8], EXAMPLES[7] + [3]]


class FakeVllm:
    """Answers a prompt by its last token, and has cached what the prompt before began with."""

    def __init__(self):
        self.given = []

    def run(self, prompts, answer):
        """What vLLM returns: `answer` of each prompt's last token, and how many tokens the cache served."""
        outputs = []
        for ids in (prompt["prompt_token_ids"] for prompt in prompts):
            served = common_length(self.given[-1], ids) if self.given else 0
            self.given.append(ids)
            outputs.append(SimpleNamespace(outputs=answer(ids[-1]), num_cached_tokens=served))
        return outputs

    def generate(self, prompts, sampling, use_tqdm):
        zero, one = sampling["logprob_token_ids"]
        row = {zero: SimpleNamespace(logprob=-1.0)}
        return self.run(
            prompts, lambda last: [SimpleNamespace(logprobs=[row | {one: SimpleNamespace(logprob=last - 1.0)}])]
        )

    def classify(self, prompts, use_tqdm):
        return self.run(prompts, lambda last: SimpleNamespace(probs=[1 - last / 10, last / 10]))


@pytest.mark.parametrize("label_ids", [None, (20, 30)], ids=["classifier", "language model"])
def test_texts_that_begin_alike_are_given_to_vllm_side_by_side_and_answered_in_their_own_order(monkeypatch, label_ids):
    monkeypatch.setitem(sys.modules, "vllm", SimpleNamespace(SamplingParams=dict))
    llm, cache = FakeVllm(), CacheUse()
    p = ask_vllm(llm, PROMPTS, label_ids, cache)
    last = np.array([ids[-1] for ids in PROMPTS])
    np.testing.assert_allclose(p, last / 10 if label_ids is None else 1 / (1 + np.exp(-last)))
    assert [ids[0] for ids in llm.given] == [5, 5, 7, 7, 7] and sorted(llm.given) == sorted(PROMPTS)
    tokens = sum(map(len, PROMPTS))
    # Each example is read once, and one token that two texts begin with.
    assert cache.record == {"queries": tokens, "hits": 121, "hit_rate": 121 / tokens}
    assert computed_tokens(PROMPTS) == tokens - 121
    ask_vllm(llm, PROMPTS, label_ids, cache)
    assert (cache.queries, cache.hits) == (2 * tokens, 2 * 121)


def test_beginnings_are_counted_once():
    assert common_length([1, 2, 3], [1, 2, 4, 5]) == 2 and common_length([1, 2, 4, 5], [1, 2]) == 1
    assert common_length([], [1]) == common_length([2, 3], [1, 3]) == 0
    assert prefix_order([[2], [1, 5], [1], [1, 4, 4]]) == [2, 3, 1, 0]
    assert computed_tokens([[1, 2, 3], [1, 2, 4], [9]]) == 5
    # The answer to an equal text is computed all the same.
    assert computed_tokens([[1, 2], [1, 2]]) == 3


def texts_behind(examples: int, n: int) -> list[list[int]]:
    """n texts of 20 tokens behind so many tokens that they share."""
    return [[0] * examples + [i + 1] * 20 for i in range(n)]


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(("examples", "n"), [(0, 100), (0, 4000), (20, 1000), (1000, 2000)])
def test_the_comparison_computes_a_twentieth_of_the_tokens_that_the_engine_computes(examples, n, shared):
    texts = texts_behind(examples, n)

    def share(rows):
        sample = [texts[i] for i in spread(rows, n)]
        return (computed_tokens(sample) if shared else sum(map(len, sample))) / computed_tokens(texts)

    rows = rows_to_compare(texts, shared)
    assert rows == rows_to_compare(texts, shared) and rows <= MOST
    assert share(rows) <= SHARE < share(rows + 1) or (rows == FEWEST and not shared)


def test_the_comparison_has_a_few_rows_and_not_too_many():
    assert rows_to_compare(texts_behind(1000, 200), shared=True) == FEWEST
    # Here 500 prompts are enough for more than the fewest, since the examples are computed once.
    assert FEWEST < rows_to_compare(texts_behind(200, 500), shared=True) < 30
    assert rows_to_compare(texts_behind(0, 20_000), shared=False) == MOST


def test_vllm_records_graphs_on_a_gpu_with_much_to_compute():
    gpu = Hardware("cuda")
    assert runs_eager(gpu, GRAPH_TOKENS - 1) and not runs_eager(gpu, GRAPH_TOKENS)
    assert runs_eager(CPU, 10 * GRAPH_TOKENS)
    eager = [vllm_options("f", Reading(9, tokens), gpu, (1, 2))["enforce_eager"] for tokens in (1, GRAPH_TOKENS)]
    assert eager == [True, False]


ON_TWO_GPUS = """
(Worker_TP1 pid=71) ERROR 01-02 03:04:05 [multiproc_executor.py:597] Traceback (most recent call last):
(Worker_TP1 pid=71) ERROR 01-02 03:04:05 [multiproc_executor.py:597]     self.model = load(self.config)
(Worker_TP1 pid=71) ERROR 01-02 03:04:05 [multiproc_executor.py:597] torch.OutOfMemoryError: CUDA out of memory.
(EngineCore pid=70) ERROR 01-02 03:04:06 [core.py:700] EngineCore failed to start.
(EngineCore pid=70) Exception: WorkerProc initialization failed due to an exception in a background process.
"""


ELSEWHERE = "Engine core initialization failed. See root cause above."


@pytest.mark.parametrize(
    ("message", "log", "line"),
    [
        pytest.param("first\nhead_dim=8 is not supported", ON_TWO_GPUS, "head_dim=8 is not supported", id="its own"),
        pytest.param(ELSEWHERE, ON_TWO_GPUS, "torch.OutOfMemoryError: CUDA out of memory.", id="a worker's"),
        pytest.param(ELSEWHERE, "", ELSEWHERE, id="nowhere"),
        pytest.param("", "", "RuntimeError", id="no words"),
        pytest.param("failed:\nNo C++ compiler\n\nSet VERBOSE=1.", "", "No C++ compiler", id="advice below"),
    ],
)
def test_the_line_that_names_the_cause_is_found(message, log, line):
    assert last_error_line(RuntimeError(message), log) == line


def test_what_was_written_to_stderr_is_read_back_where_it_is_a_file(tmp_path):
    code = (
        "import os; from elicitation.models.engines import written_to_stderr as read; os.write(2, b'oh'); print(read())"
    )
    said = []
    for stderr in ((tmp_path / "log").open("w"), subprocess.DEVNULL):
        command = [sys.executable, "-c", code]
        said.append(subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, text=True, check=True).stdout)
    assert said == ["oh\n", "\n"]


IMPORT_LOGGED = "Failed to import from vllm._C: ImportError('libnuma.so.1: cannot open shared object file')"


def test_what_vllms_import_only_logs_is_found():
    assert not_loaded(f"(MainProcess pid=7) WARNING 11-28 16:01:56 [cpu.py:644] {IMPORT_LOGGED}\nmore") == IMPORT_LOGGED


def test_where_another_process_has_imported_vllm_a_new_one_says_what_did_not_load(monkeypatch):
    assert not_loaded("") == ""
    monkeypatch.setattr(engines, "IMPORT_KERNELS", f"print({IMPORT_LOGGED!r})")
    assert not_loaded("") == IMPORT_LOGGED


def test_the_sentence_of_a_vllm_that_fails_begins_with_what_its_import_logged(monkeypatch, tmp_path):
    monkeypatch.setattr(engines, "written_to_stderr", lambda: IMPORT_LOGGED)
    # A module that has no LLM.
    monkeypatch.setitem(sys.modules, "vllm", ModuleType("vllm"))
    with pytest.raises(InputError) as error:
        engines.label_with_vllm(tmp_path, [[1]], CPU)
    assert str(error.value).startswith(f"vLLM failed on {tmp_path}: {IMPORT_LOGGED}; then: cannot import name 'LLM'")
