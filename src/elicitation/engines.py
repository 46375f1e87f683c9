"""What runs a supervisor over many texts. Nothing here falls back from one engine to the other."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elicitation.errors import InputError

DTYPES = {"cpu": "float32", "cuda": "bfloat16"}
MIN_CPU_CACHE_GB = "1"


@dataclass(frozen=True)
class Labels:
    """p: (n,) probabilities of label 1, in the order of the texts."""

    p: np.ndarray
    engine: str
    version: str
    dtype: str
    startup_seconds: float
    rows_per_second: float


def label_with_vllm(folder: str | Path, token_ids: list[list[int]], device: str) -> Labels:
    """Classify by vLLM, whose engine runs in this process and keeps the memory until the process ends.

    Raises InputError with vLLM's last error line if it fails, which it nearly always does at the start.
    """
    # One process starts in a third of the time; it must be set before vLLM is imported.
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    os.environ["VLLM_NO_USAGE_STATS"] = "1"
    if device == "cpu":
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", MIN_CPU_CACHE_GB)
    started = time.perf_counter()
    try:
        import vllm

        llm = vllm.LLM(
            model=str(folder),
            runner="pooling",
            convert="classify",
            dtype=DTYPES[device],
            enforce_eager=True,
            max_model_len=max(map(len, token_ids)),
            disable_log_stats=True,
            seed=0,
        )
        ready = time.perf_counter()
        outputs = llm.classify([{"prompt_token_ids": ids} for ids in token_ids], use_tqdm=False)
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"vLLM failed on {folder}: {lines[-1]} (mend its installation, or set labelling.engine: transformers)."
        ) from error
    seconds = time.perf_counter() - ready
    p = np.array([output.outputs.probs[1] for output in outputs], dtype=np.float64)
    return Labels(p, "vllm", vllm.__version__, DTYPES[device], ready - started, len(p) / seconds)


def label_with_transformers(folder: str | Path, token_ids: list[list[int]], device: str) -> Labels:
    """Classify by transformers, batched by length."""
    import transformers

    from elicitation.models import load_classifier, load_tokenizer
    from elicitation.training import Protocol, predict

    started = time.perf_counter()
    model = load_classifier(folder, device, load_tokenizer(folder).pad_token_id)
    ready = time.perf_counter()
    log_odds = predict(model, token_ids, Protocol.micro_batch_tokens)
    seconds = time.perf_counter() - ready
    p = 1 / (1 + np.exp(-log_odds))
    return Labels(p, "transformers", transformers.__version__, DTYPES[device], ready - started, len(p) / seconds)


ENGINES: dict[str, Callable[..., Labels]] = {"vllm": label_with_vllm, "transformers": label_with_transformers}


def check_parity(p: np.ndarray, reference: np.ndarray, tolerance: float, engine: str) -> float:
    """Largest difference in probability between two engines on the same rows; InputError above the tolerance."""
    difference = float(np.abs(p - reference).max())
    if not difference <= tolerance:  # Nor may it be NaN.
        raise InputError(
            f"{engine} and transformers differ by {difference:.2g} in probability, more than "
            f"labelling.parity_tolerance {tolerance:g}; raise it if the dtype explains that, else report a bug."
        )
    return difference
