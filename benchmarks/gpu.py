"""What a GPU makes of models of real sizes, with random weights: training now and before, and labelling.

Ways of training are compared in one process, in turns: the reference's micro-batches of one text, this project's loop
as it was, as it is, and with its layers compiled. The limit is that of matrix products at the pace that a large one
reaches on this device: 4 operations for each parameter that computes and each token, 6 with checkpointing. A step of
each way that is not compiled is also counted: calls of operators, each about one kernel of a GPU, the operations of
matrix products with weights, as a multiple of the limit's, the bytes that are read and written, and those that are kept
for the backward pass. With `--device cpu` the counts are what there is to see. Then students train at once
(together.py), steps read what texts begin with once (beginnings.py), and both engines label, vLLM at last with CUDA
graphs too. It all takes at most 12 minutes: what is not measured by then says so.
"""

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from elicitation.jobs.devices import prepare_allocator

# Before torch is imported.
# ruff: noqa: E402
prepare_allocator()

import torch
from training_ways import BEFORE, COMPILED, NOW, REFERENCE, STAND_IN, WAYS, Count, Way, let_compile, use
from transformers import LlamaConfig, LlamaForSequenceClassification

from elicitation.models import batches
from elicitation.models.hardware import Hardware
from elicitation.models.loading import new_lora_classifier
from elicitation.models.pretraining import build_tokenizer
from elicitation.training.validation import trainable_weights

# Shapes of Qwen 2.5 0.5B and Llama 3 8B, and one with the proportions of the latter for a CPU.
SIZES = {
    "tiny": {"hidden_size": 64, "intermediate_size": 224, "num_hidden_layers": 2, "num_attention_heads": 4}
    | {"num_key_value_heads": 1, "vocab_size": 512},
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14}
    | {"num_key_value_heads": 2, "vocab_size": 151_936},
    "8b": {"hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32, "num_attention_heads": 32}
    | {"num_key_value_heads": 8, "vocab_size": 128_256},
}
PRECISIONS = {"bfloat16": {"precision": "bfloat16"}, "nf4": {"quantization": "nf4"}}
# The last one is vLLM with CUDA graphs, which jobs have from so many tokens on that a benchmark would take too long.
GRAPHS = "vllm-graphs"
ENGINES = ("vllm", "transformers", GRAPHS)
# The other scripts that have something to show on a GPU, and how they are called from here.
OTHERS = {
    "cuda": {
        "together.py": ["0.5b", "--students", "4", "--steps", "5", "--rounds", "1"],
        "beginnings.py": ["0.5b", "--examples", "32"],
    },
    "cpu": {"together.py": ["sandbox", "--students", "2", "--batch-sizes", "1", "--steps", "2", "--rounds", "1"]},
}
# Nothing begins later; a minute is left for what has begun.
MINUTES = 11
WARM_UP_STEPS, BATCH_SIZE = 2, 32
# Width of the square matrices whose product is the device's pace, and how many are timed.
LARGE_PRODUCT, PRODUCTS = {"cpu": 256, "cuda": 8192}, 20


@dataclass
class Measured:
    """What one way took."""

    rates: list[float] = field(default_factory=list)
    """Tokens a second of each timed step."""
    steps: list[float] = field(default_factory=list)
    """Their seconds."""
    peak_bytes: int = 0
    """Of the GPU's memory that tensors took."""
    allocations: int = 0
    """How often the driver was asked for memory in timed steps, each time slowly."""
    calls: int = 0
    operations: float = 0.0
    moved: int = 0
    kept: int = 0
    """The last four of one step: calls of operators, operations for each token, bytes that were read and written, bytes
    kept for backward (of many micro-batches about the largest one's, since they are told apart by their place in
    memory)."""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", choices=SIZES, nargs="*", default=["0.5b", "8b"], help="default: 0.5b 8b")
    parser.add_argument("--tokens", type=int, default=150, help="of a text, on the average (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=10, help="timed optimizer steps (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=2000, help="to label (default: %(default)s)")
    parser.add_argument("--precisions", choices=PRECISIONS, nargs="*", help="default: all, on a CPU bfloat16")
    parser.add_argument("--engines", choices=ENGINES, nargs="*", default=ENGINES, help="default: all")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda", help="default: cuda")
    parser.add_argument("--alone", action="store_true", help="without the other scripts")
    parser.add_argument("--compiled", action="store_true", help="on a CPU too, which takes a C++ compiler")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="default: %(default)s")
    # What the script passes to its own children.
    for name, kind in (("--job", str), ("--size", str), ("--folder", Path)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.precisions = arguments.precisions or (["bfloat16"] if arguments.device == "cpu" else list(PRECISIONS))
    return arguments


def make_model(size: str, folder: Path, device: str) -> None:
    """Write a classifier with random weights, and the sandbox's tokenizer."""
    config = LlamaConfig(**SIZES[size], num_labels=2, pad_token_id=0, max_position_embeddings=4096)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        LlamaForSequenceClassification(config).save_pretrained(folder)
    torch.set_default_dtype(usual)
    build_tokenizer().save_pretrained(folder)


def write_texts(n: int, tokens: int, vocabulary: int, seed: int = 0) -> list[list[int]]:
    """Random token ids of texts between half and one and a half times `tokens` long."""
    rng = np.random.default_rng(seed)
    return [rng.integers(10, vocabulary, rng.integers(tokens // 2, tokens * 3 // 2)).tolist() for _ in range(n)]


def now_on(device: str) -> float:
    """Seconds of a clock, when all that the device was told to do is done."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def matmul_rate(device: str) -> float:
    """Operations a second of a large matrix product in bfloat16."""
    n = LARGE_PRODUCT[device]
    a, b = (torch.randn(n, n, device=device).bfloat16() for _ in range(2))
    a @ b
    started = now_on(device)
    for _ in range(PRODUCTS):
        a @ b
    return PRODUCTS * 2 * n**3 / (now_on(device) - started)


def computing_parameters(model) -> int:
    """Parameters that matrix products read: all but the embeddings."""
    named = [(name, weight) for name, weight in model.named_parameters() if "embed" not in name]
    # In 4 bits, two weights are a byte.
    return sum(weight.numel() * (2 if weight.dtype == torch.uint8 else 1) for _, weight in named)


def count_step(model, step: Callable[[], float], tokens: int, measured: Measured) -> None:
    """Take a step and note its calls, operations and bytes."""
    weights, kept = {weight.data_ptr() for weight in model.parameters()}, {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with Count() as count, torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        step()
    measured.calls, measured.operations = count.calls, count.operations / tokens
    measured.moved, measured.kept = count.bytes, sum(kept.values())


def time_step(step: Callable[[], float], tokens: int, device: str, measured: Measured) -> None:
    """Take a step and note its time and memory."""
    before = {}
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_stats()
    started = now_on(device)
    step()
    seconds = now_on(device) - started
    measured.steps.append(seconds)
    measured.rates.append(tokens / seconds)
    if device == "cuda":
        measured.peak_bytes = max(measured.peak_bytes, torch.cuda.max_memory_allocated())
        measured.allocations += torch.cuda.memory_stats()["num_device_alloc"] - before["num_device_alloc"]


def train(model, ways: tuple[Way, ...], vocabulary: int, arguments: argparse.Namespace, ends: float) -> dict:
    """What each way took, all of them in turns on the same texts; fewer steps where the time is up before."""
    device, rng = arguments.device, np.random.default_rng(1)
    weights, measured = torch.ones(BATCH_SIZE), {way: Measured() for way in ways}
    adapted = list(trainable_weights(model).values())
    optimizers = {way: torch.optim.AdamW(adapted, lr=1e-5, fused=not way.before) for way in ways}
    model.train()
    for turn in range(WARM_UP_STEPS + arguments.steps):
        texts = write_texts(BATCH_SIZE, arguments.tokens, vocabulary, seed=turn)
        p = torch.tensor(rng.random(BATCH_SIZE), dtype=torch.float32)
        for way in ways:
            if time.monotonic() > ends:
                return measured
            use(model, way)

            def step(way: Way = way, texts: list = texts, p: torch.Tensor = p) -> float:
                return way.step(model, optimizers[way], texts, p, weights, way.micro_batch_tokens)

            if turn == 0:
                step()
            elif turn < WARM_UP_STEPS:
                # Of what is compiled, nothing sees single operators.
                if not way.compiled:
                    count_step(model, step, sum(map(len, texts)), measured[way])
            else:
                time_step(step, sum(map(len, texts)), device, measured[way])
    return measured


def row(size: str, precision: str, way: Way, found: Measured, parameters: int, peak: float) -> str:
    """A line of the table of training."""
    cells, limit = [size, precision, way.name], way.operations * parameters
    if found.rates:
        rate = np.median(found.rates)
        cells += [f"{np.median(found.steps):.3f}", f"{rate:,.0f}", f"{rate * limit / peak:.1%}"]
        cells += [f"{found.peak_bytes / 1e9:,.1f}", f"{found.allocations}"] if found.peak_bytes else ["", ""]
    else:
        cells += ["time was up"] + 4 * [""]
    counts = [f"{found.calls:,}", f"{found.operations / limit:.2f}"]
    counts += [f"{found.moved / 1e6:,.2f}", f"{found.kept / 1e6:,.2f}"]
    cells += counts if found.calls else 4 * [""]
    return "| " + " | ".join(cells) + " |"


def training_rows(size: str, precision: str, folder: Path, arguments: argparse.Namespace, ends: float) -> Iterator[str]:
    """The lines of one model: of each way, and how much faster the loop is than the reference and than before."""
    device, ways = arguments.device, WAYS[precision]
    if device == "cpu":
        # Attention in one kernel, as on a GPU.
        batches.SHORT_TEXT = 0
        ways = (*(way for way in ways if arguments.compiled or not way.compiled), STAND_IN)
    model = new_lora_classifier(folder, Hardware(device, **PRECISIONS[precision]), 0, seed=0)
    if COMPILED in ways:
        let_compile(model)
    parameters, peak = computing_parameters(model), matmul_rate(device)
    found = train(model, ways, SIZES[size]["vocab_size"], arguments, ends)
    use(model, NOW)
    for way in ways:
        yield row(size, precision, way, found[way], parameters, peak)
    timed = {way: np.median(each.rates) for way, each in found.items() if each.rates}
    for way in (REFERENCE, BEFORE, COMPILED):
        if way in timed and NOW in timed:
            yield f"\n{size}, {precision}: {timed[NOW] / timed[way]:.2f} times the rate of {way.name!r}."
    yield f"\n{size}, {precision}: a matrix product reaches {peak:.3g} operations a second.\n"


def free_memory() -> None:
    """Give back what earlier models took."""
    gc.collect()
    torch.cuda.empty_cache()


def label(size: str, folder: Path, engine: str, arguments: argparse.Namespace) -> None:
    """One row: start-up, rows and tokens a second; leaves the probabilities (n,) in the folder."""
    from elicitation.models import engines

    run = engines.label_with_transformers if engine == "transformers" else engines.label_with_vllm
    if engine == GRAPHS:
        engines.GRAPH_TOKENS = 0
    token_ids = write_texts(arguments.rows, arguments.tokens, SIZES[size]["vocab_size"])
    labels = run(folder, token_ids, Hardware(arguments.device))
    np.save(folder / f"{engine}.npy", labels.p)
    rate = labels.rows_per_second
    tokens = rate * sum(map(len, token_ids)) / len(token_ids)
    cells = [size, engine, f"{labels.startup_seconds:.1f}", f"{rate:,.0f}", f"{tokens:,.0f}", labels.version]
    print("| " + " | ".join(cells) + " |", flush=True)


def run_child(what: str, words: list[str], ends: float, late: str) -> str:
    """What a script prints in a process of its own, whose memory ends with it. words: it and its arguments; late: what
    is said where time is up."""
    try:
        left = max(1.0, ends - time.monotonic())
        command = [sys.executable, *words]
        child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=left)
    except subprocess.TimeoutExpired:
        return late
    if child.returncode:
        raise SystemExit(f"{what} failed, see above.")
    return child.stdout.rstrip("\n")


def labelling_rows(folders: dict[str, Path], engines: list[str], ends: float) -> Iterator[str]:
    """A line of each engine and size, and how far the engines' probabilities differ."""
    for engine in engines:
        for size, folder in folders.items():
            words = [*sys.argv, "--job", engine, "--size", size, "--folder", str(folder)]
            yield run_child(f"{size}: {engine}", words, ends, f"| {size} | {engine} | time was up | | | |")
    for size, folder in folders.items():
        found = [np.load(path) for engine in engines if (path := folder / f"{engine}.npy").exists()]
        if len(found) > 1:
            apart = np.ptp(found, axis=0)
            yield f"\n{size}: probabilities differ by {apart.max():.1e} at most, {apart.mean():.1e} on average."


def main() -> None:
    arguments = parse_arguments()
    if arguments.job:
        label(arguments.size, arguments.folder, arguments.job, arguments)
        sys.stdout.flush()
        os._exit(0)
    ends = time.monotonic() + 60 * arguments.minutes
    with tempfile.TemporaryDirectory() as name:
        folders = {size: Path(name) / size for size in arguments.sizes}
        print("| size | precision | way | step, s | tokens/s | of the limit | memory, GB | allocations ", end="")
        print("| calls | operations | moved, MB | kept, MB |\n|---|---|---" + 9 * "|---:" + "|", flush=True)
        jobs = [(size, precision) for size in folders for precision in arguments.precisions]
        for size, precision in jobs:
            if time.monotonic() > ends:
                print(f"\n{size}, {precision}: time was up.\n")
                continue
            if not folders[size].exists():
                make_model(size, folders[size], arguments.device)
            for line in training_rows(size, precision, folders[size], arguments, ends):
                print(line, flush=True)
            free_memory()
        for script, settings in ({} if arguments.alone else OTHERS[arguments.device]).items():
            words = [str(Path(__file__).with_name(script)), *settings, "--device", arguments.device]
            print("\n" + run_child(script, words, ends, f"{script}: time was up."), flush=True)
        print("\n| size | engine | start-up, s | rows/s | tokens/s | version |\n|---|---|---:|---:|---:|---|")
        made = {size: folder for size, folder in folders.items() if folder.exists()}
        for line in labelling_rows(made, arguments.engines, ends):
            print(line, flush=True)


if __name__ == "__main__":
    main()
