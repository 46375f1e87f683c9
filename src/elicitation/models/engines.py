"""Engines that run a model over many texts: a classifier, or a prompted language model, asked for its next token.

Where the engine that a study names fails, nothing here falls back on the other one.
"""

import gc
import importlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from elicitation.errors import InputError
from elicitation.models.hardware import MICRO_BATCH_TOKENS, Hardware
from elicitation.models.libraries import require_libraries
from elicitation.models.parity import TOLERANCE, check_parity, rows_to_compare, spread
from elicitation.models.prefixes import computed_tokens, prefix_order

# The least memory, in GB, that vLLM takes for its cache on a CPU.
MIN_CPU_CACHE_GB = "1"
# The share of a GPU's memory that vLLM takes for model and cache. transformers loads the model beside it, to compare.
GPU_SHARE = 0.5
# Tokens in a block of vLLM's cache on a CPU; prompts share whole blocks. This is the smallest number that its kernels
# take. With its own, 128, each prompt would compute 64 tokens of the examples again, on the average.
CPU_BLOCK = 32
# From so many tokens on, vLLM records CUDA graphs on a GPU before it begins. That takes about a minute; how much it
# saves was not measured. By the assumptions of study.estimate, so many tokens take a quarter of an hour and more.
GRAPH_TOKENS = 20_000_000
# What a started model says of texts by their token ids: probabilities of label 1, in their order.
Answer = Callable[[list[list[int]]], np.ndarray]
# Keeps log-odds finite where an engine returns a probability of 0 or 1.
CLIP = 1e-12
# The last line of an exception's traceback in a log, behind what vLLM's logger puts before each line.
EXCEPTION = re.compile(r"(?:^|[)\]] )([\w.]*(?:Error|Exception): .+)$", re.MULTILINE)
# What such a line says where the cause of the failure stands elsewhere in the log.
POINTS_ELSEWHERE = re.compile("see (root cause|stack trace)|background process", re.IGNORECASE)
# What vLLM's import logs of a compiled part that does not load; vLLM then goes on without it, and fails later.
NOT_LOADED = re.compile(r"(Failed to import from vllm\..+)$", re.MULTILINE)
# A program that loads vLLM's compiled parts and nothing else.
IMPORT_KERNELS = "from vllm.platforms import current_platform; current_platform.import_kernels()"
# The engine that runs in this process. It is kept until the process ends or starts another one, since vLLM's clean-up
# takes a second and more.
STARTED: list = []


@dataclass(frozen=True)
class Labelling:
    """How models are asked for labels: the `labelling` of a study."""

    engine: str
    """A key of ENGINES."""
    parity_rows: int | None = None
    """Rows that transformers labels too, to compare the engines; None: as many as parity.rows_to_compare says."""
    parity_tolerance: float | None = None
    """The largest difference in probability that is accepted; None: what parity.TOLERANCE says of the precision."""


@dataclass(frozen=True)
class Reading:
    """What an engine is started for."""

    longest: int
    """Tokens of the longest text that it will be given."""
    computed: int
    """Tokens that it will compute, at most."""


@dataclass
class CacheUse:
    """How many tokens of all texts an engine's prefix cache was asked for, and how many it had."""

    queries: int = 0
    hits: int = 0

    @property
    def record(self) -> dict:
        return vars(self) | {"hit_rate": self.hits / self.queries}


@dataclass(frozen=True)
class Engine:
    """An engine that has started with a model."""

    answer: Answer
    cache: CacheUse | None = None
    """Kept up by `answer`; None: the engine has no cache."""


def finite_log_odds(p: np.ndarray) -> np.ndarray:
    """Log-odds of probabilities, all finite."""
    return logit(np.clip(p, CLIP, 1 - CLIP))


@dataclass(frozen=True)
class Labels:
    """What an engine says of n texts, and how it fared."""

    p: np.ndarray
    """(n,) probabilities of label 1, in the order of the texts."""
    engine: str
    version: str
    """Of the engine's package."""
    dtype: str
    """`float32` or `bfloat16`, in which the model computed."""
    startup_seconds: float
    rows_per_second: float
    prefix_cache: dict | None = None
    """The record of the engine's CacheUse, if it has a cache."""

    @property
    def log_odds(self) -> np.ndarray:
        """Log-odds (n,) of label 1, all finite."""
        return finite_log_odds(self.p)


def written_to_stderr() -> str:
    """What this process and those that it started have written there, where it is a file: a job's log."""
    path = Path("/proc/self/fd/2")
    return path.read_text(errors="replace") if path.is_file() else ""


def last_error_line(error: Exception, log: str) -> str:
    """vLLM's own last error line: the exception's, or, where it says that a worker process failed, the worker's.

    log: what all processes have written to stderr.
    """
    # What follows an empty line is advice.
    line = (str(error).strip().partition("\n\n")[0].splitlines() or [type(error).__name__])[-1]
    if not POINTS_ELSEWHERE.search(line):
        return line
    causes = [found for found in EXCEPTION.findall(log) if not POINTS_ELSEWHERE.search(found)]
    return causes[-1] if causes else line


def not_loaded(log: str) -> str:
    """What vLLM's import logged of a compiled part that it could not load; empty if it loaded all.

    log: what this process has written. Where another process did the import, a new one does it again.
    """
    if not NOT_LOADED.search(log):
        environment = os.environ | {"VLLM_LOGGING_LEVEL": "WARNING"}
        again = subprocess.run([sys.executable, "-c", IMPORT_KERNELS], capture_output=True, text=True, env=environment)
        log = again.stdout + again.stderr
    return next(iter(NOT_LOADED.findall(log)), "")


def set_up_vllm(hardware: Hardware) -> None:
    """Set what vLLM, and torch for it, read when it is imported and starts."""
    # On one device the engine runs in this process, which starts in a third of the time.
    if hardware.gpus == 1:
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    os.environ["VLLM_NO_USAGE_STATS"] = "1"
    if hardware.device == "cpu":
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", MIN_CPU_CACHE_GB)
        import torch._dynamo

        # Eager or not, vLLM compiles a few small functions, for which machines may lack the C++ compiler.
        torch._dynamo.config.disable = True


def runs_eager(hardware: Hardware, tokens: int) -> bool:
    """Whether vLLM computes so many tokens without compiling the model and recording graphs before."""
    return hardware.device == "cpu" or tokens < GRAPH_TOKENS


def vllm_options(folder: str | Path, reading: Reading, hardware: Hardware, label_ids: tuple[int, int] | None) -> dict:
    """The arguments of vLLM's LLM; label_ids: as in open_vllm."""
    # vLLM itself knows which classifiers can have a prefix cache: encoders cannot.
    options = {"runner": "pooling", "convert": "classify"} if label_ids is None else {"enable_prefix_caching": True}
    options |= {"gpu_memory_utilization": GPU_SHARE} if hardware.device == "cuda" else {"block_size": CPU_BLOCK}
    return options | {
        "model": str(folder),
        "dtype": hardware.dtype,
        "enforce_eager": runs_eager(hardware, reading.computed),
        # One more than the longest text has: the token that is asked for.
        "max_model_len": reading.longest + (label_ids is not None),
        "tensor_parallel_size": hardware.gpus,
        "quantization": "bitsandbytes" if hardware.quantization else None,
        "disable_log_stats": True,
        "seed": 0,
    }


def ask_vllm(llm, token_ids: list[list[int]], label_ids: tuple[int, int] | None, cache: CacheUse) -> np.ndarray:
    """Probabilities of label 1, in the order of the texts, by a vLLM engine that runs; label_ids: as in open_vllm.

    Texts that begin alike are given to it side by side. cache: what its prefix cache serves is added to it.
    """
    from vllm import SamplingParams

    order = prefix_order(token_ids)
    prompts = [{"prompt_token_ids": token_ids[i]} for i in order]
    if label_ids is None:
        outputs = llm.classify(prompts, use_tqdm=False)
        answers = [output.outputs.probs[1] for output in outputs]
    else:
        sampling = SamplingParams(max_tokens=1, temperature=0, logprob_token_ids=list(label_ids), detokenize=False)
        outputs = llm.generate(prompts, sampling, use_tqdm=False)
        scored = [output.outputs[0].logprobs[0] for output in outputs]
        answers = [expit(row[label_ids[1]].logprob - row[label_ids[0]].logprob) for row in scored]
    cache.queries += sum(map(len, token_ids))
    cache.hits += sum(output.num_cached_tokens for output in outputs)
    p = np.empty(len(order))
    p[order] = answers
    return p


@contextmanager
def vllm_failures(folder: str | Path) -> Iterator[None]:
    """What fails within is an InputError with vLLM's last error line, and what its import logged of unloaded parts."""
    try:
        yield
    except Exception as error:
        log = written_to_stderr()
        lines = "; then: ".join(filter(None, [not_loaded(log), last_error_line(error, log)]))
        raise InputError(
            f"vLLM failed on {folder}: {lines} (fix its installation, or set labelling.engine: transformers)."
        ) from error


def open_vllm(
    folder: str | Path, reading: Reading, hardware: Hardware, label_ids: tuple[int, int] | None = None
) -> Engine:
    """Start vLLM, whose engine runs in this process and keeps its memory until the process ends or starts another one.

    label_ids: None for a classifier; for a language model the tokens of label 0 and label 1, whose probabilities as the
    next token are normalised to sum to 1. Prompts that begin alike are computed once (prefix caching). Raises
    InputError if vLLM fails, which it nearly always does at the start.
    """
    set_up_vllm(hardware)
    with vllm_failures(folder):
        from vllm import LLM

        STARTED.clear()
        # vLLM collects garbage several times, and each time would search all that has been imported.
        gc.freeze()
        llm = LLM(**vllm_options(folder, reading, hardware, label_ids))
        if hardware.gpus == 1:
            STARTED.append(llm)
    cache = CacheUse()

    def answer(token_ids: list[list[int]]) -> np.ndarray:
        with vllm_failures(folder):
            return ask_vllm(llm, token_ids, label_ids, cache)

    return Engine(answer, cache)


def open_transformers(
    folder: str | Path, reading: Reading, hardware: Hardware, label_ids: tuple[int, int] | None = None
) -> Engine:
    """Load the model by transformers, which batches texts by length; arguments as for vLLM."""
    from elicitation.models.batches import predict, predict_next_token
    from elicitation.models.loading import load_classifier, load_language_model, load_tokenizer

    load = load_classifier if label_ids is None else load_language_model
    model = load(folder, hardware, load_tokenizer(folder).pad_token_id)

    def answer(token_ids: list[list[int]]) -> np.ndarray:
        if label_ids is None:
            return expit(predict(model, token_ids, MICRO_BATCH_TOKENS))
        return expit(predict_next_token(model, token_ids, label_ids, MICRO_BATCH_TOKENS))

    return Engine(answer)


OPENED: dict[str, Callable[..., Engine]] = {"vllm": open_vllm, "transformers": open_transformers}


def label_with(
    engine: str,
    folder: str | Path,
    token_ids: list[list[int]],
    hardware: Hardware,
    label_ids: tuple[int, int] | None = None,
) -> Labels:
    """Start an engine, a key of OPENED, and label by it; label_ids: as in open_vllm."""
    started = time.perf_counter()
    opened = OPENED[engine](folder, Reading(max(map(len, token_ids)), computed_tokens(token_ids)), hardware, label_ids)
    ready = time.perf_counter()
    p = opened.answer(token_ids)
    seconds = time.perf_counter() - ready
    version = importlib.import_module(engine).__version__
    cache = opened.cache and opened.cache.record
    return Labels(p, engine, version, hardware.dtype, ready - started, len(p) / seconds, cache)


label_with_vllm, label_with_transformers = (partial(label_with, engine) for engine in OPENED)
ENGINES: dict[str, Callable[..., Labels]] = {"vllm": label_with_vllm, "transformers": label_with_transformers}


def start_vllm(hardware: Hardware) -> str:
    """Have a tiny random classifier and a language model label a text; vLLM's version. InputError if it fails here."""
    require_libraries()
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    from elicitation.models.pretraining import build_tokenizer

    sizes = {"vocab_size": 64, "hidden_size": 64, "intermediate_size": 64, "max_position_embeddings": 16}
    layers = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_labels": 2, "pad_token_id": 0}
    for architecture, label_ids in ((LlamaForSequenceClassification, None), (LlamaForCausalLM, (4, 5))):
        with tempfile.TemporaryDirectory() as folder:
            architecture(LlamaConfig(**sizes, **layers)).save_pretrained(folder)
            build_tokenizer().save_pretrained(folder)
            labels = label_with_vllm(folder, [[1, 2, 3]], hardware, label_ids)
    return labels.version


def label(
    folder: str | Path,
    token_ids: list[list[int]],
    labelling: Labelling,
    hardware: Hardware,
    label_ids: tuple[int, int] | None = None,
) -> tuple[Labels, dict]:
    """Label by the engine that the study names, and check a sample of the rows against transformers.

    label_ids: as in open_vllm. Returns the labels and what the record says of engine and parity, which is None where
    transformers itself has labelled. Raises InputError if the engines differ by more than the study accepts.
    """
    labels = ENGINES[labelling.engine](folder, token_ids, hardware, label_ids)
    engine = {name: value for name, value in vars(labels).items() if name != "p"}
    if labelling.engine == "transformers":
        return labels, {"engine": engine, "parity": None}
    started = time.perf_counter()
    rows = labelling.parity_rows or rows_to_compare(token_ids, shared=label_ids is not None)
    sample = spread(rows, len(token_ids))
    reference = label_with_transformers(folder, [token_ids[i] for i in sample], hardware, label_ids).p
    tolerance = labelling.parity_tolerance or TOLERANCE[hardware.dtype]
    difference = check_parity(labels.p[sample], reference, tolerance, labels.engine)
    seconds = time.perf_counter() - started
    parity = {"rows": len(sample), "largest_difference": difference, "seconds": seconds}
    return labels, {"engine": engine, "parity": parity}
