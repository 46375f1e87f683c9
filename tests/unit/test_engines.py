import subprocess
import sys
from contextlib import nullcontext
from types import ModuleType

import numpy as np
import pytest

from elicitation.errors import InputError
from elicitation.models import engines
from elicitation.models.batches import predict
from elicitation.models.engines import (
    Labelling,
    Labels,
    check_parity,
    label,
    label_with_transformers,
    last_error_line,
    not_loaded,
)
from elicitation.models.hardware import CPU, Hardware
from elicitation.models.loading import load_classifier, load_tokenizer, new_lora_classifier, save_merged, tokenize
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
    assert record["parity"] == {"rows": 4, "largest_difference": 0}
    _, record = label("folder", [[i] for i in range(3)], settings, CPU)
    assert record["parity"]["rows"] == 3


@pytest.mark.parametrize(
    ("device", "configured", "difference", "accepted"),
    [("cpu", None, 0.01, False), ("cuda", None, 0.01, True), ("cuda", None, 0.1, False), ("cpu", 0.02, 0.01, True)],
)
def test_engines_may_differ_by_what_the_precision_explains(monkeypatch, device, configured, difference, accepted):
    def labels(p):
        return lambda *arguments: Labels(np.full(3, p), "any", "", "", 0, 0)

    monkeypatch.setattr(engines, "label_with_transformers", labels(0.5))
    monkeypatch.setitem(engines.ENGINES, "other", labels(0.5 + difference))
    settings = Labelling("other", parity_rows=3, parity_tolerance=configured)
    with nullcontext() if accepted else pytest.raises(InputError, match="differ by"):
        label("folder", [[0]] * 3, settings, Hardware(device))


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
