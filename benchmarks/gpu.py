"""What a GPU makes of models of real sizes, with random weights: training, labelling, memory, the engines' parity.

Operations are counted as `elicitation estimate` counts them, so that its assumptions can be compared.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Shapes of Qwen 2.5 0.5B and Llama 3 8B.
SIZES = {
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14}
    | {"num_key_value_heads": 2, "vocab_size": 151_936},
    "8b": {"hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32, "num_attention_heads": 32}
    | {"num_key_value_heads": 8, "vocab_size": 128_256},
}
PRECISIONS = {
    "bfloat16": {},
    "bfloat16, checkpointing": {"gradient_checkpointing": True},
    "nf4": {"quantization": "nf4"},
}
ENGINES = ("vllm", "transformers")
WARM_UP_STEPS, BATCH_SIZE = 2, 32


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", choices=SIZES, nargs="*", default=["0.5b"], help="default: 0.5b")
    parser.add_argument("--tokens", type=int, default=150, help="of a text, on the average (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=10, help="timed optimizer steps (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=2000, help="to label (default: %(default)s)")
    parser.add_argument("--precisions", choices=PRECISIONS, nargs="*", default=PRECISIONS, help="default: all")
    parser.add_argument("--engines", choices=ENGINES, nargs="*", default=ENGINES, help="default: both")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda", help="default: cuda")
    # What the script passes to its own children.
    for name, kind in (("--job", str), ("--size", str), ("--folder", Path)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    return parser.parse_args()


def make_model(size: str, folder: Path, device: str) -> None:
    """Write a classifier with random weights, and the sandbox's tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForSequenceClassification

    from elicitation.models.hardware import Hardware
    from elicitation.models.pretraining import build_tokenizer

    config = LlamaConfig(**SIZES[size], num_labels=2, pad_token_id=0, max_position_embeddings=4096)
    torch.set_default_dtype(getattr(torch, Hardware(device).dtype))
    with torch.device(device):
        LlamaForSequenceClassification(config).save_pretrained(folder)
    build_tokenizer().save_pretrained(folder)


def write_texts(n: int, tokens: int, vocabulary: int) -> list[list[int]]:
    """Random token ids of texts between half and one and a half times `tokens` long."""
    import numpy as np

    rng = np.random.default_rng(0)
    return [rng.integers(10, vocabulary, rng.integers(tokens // 2, tokens * 3 // 2)).tolist() for _ in range(n)]


def show(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def train(size: str, folder: Path, precision: str, arguments: argparse.Namespace) -> None:
    """One row: seconds a step, tokens and operations a second, peak memory."""
    import numpy as np
    import torch

    from elicitation.jobs.records import peak_memory
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import new_lora_classifier
    from elicitation.study.estimate import BACKWARD, FORWARD
    from elicitation.training.loop import train_stage
    from elicitation.training.schedule import Protocol

    hardware = Hardware(arguments.device, **PRECISIONS[precision])
    started = time.perf_counter()
    model = new_lora_classifier(folder, hardware, 0, seed=0)
    loaded = time.perf_counter() - started
    n = arguments.steps * BATCH_SIZE
    token_ids = write_texts(n + 2, arguments.tokens, SIZES[size]["vocab_size"])
    p = np.random.default_rng(1).random(n + 2)

    def seconds(steps: int) -> float:
        """Of one pass over steps * BATCH_SIZE labels; it validates once, at its end and on two labels."""
        n = steps * BATCH_SIZE
        protocol = Protocol("early_stopping", 1e-4, presentations=n, evaluate_every=steps, validation_size=2)
        return train_stage(model, token_ids[: n + 2], p[: n + 2], protocol, 0, size, log=lambda line: None).seconds

    seconds(WARM_UP_STEPS)
    taken = seconds(arguments.steps)
    body = sum(weight.numel() for name, weight in model.named_parameters() if "embed" not in name)
    if hardware.quantization:  # Two weights a byte.
        body += sum(weight.numel() for weight in model.parameters() if weight.dtype == torch.uint8)
    rate = sum(map(len, token_ids[:n])) / taken
    operations = body * (FORWARD * (2 if hardware.gradient_checkpointing else 1) + BACKWARD) * rate
    memory = peak_memory()
    show(
        size,
        precision,
        f"{loaded:.1f}",
        f"{taken / arguments.steps:.3f}",
        f"{rate:,.0f}",
        f"{operations:.2g}",
        f"{memory.get('peak_gpu_memory_mb', memory['peak_memory_mb']):,.0f}",
    )


def label(size: str, folder: Path, engine: str, arguments: argparse.Namespace) -> None:
    """One row: start-up, rows and tokens a second; leaves the probabilities (n,) in the folder."""
    import numpy as np

    from elicitation.models.engines import ENGINES as RUN
    from elicitation.models.hardware import Hardware

    token_ids = write_texts(arguments.rows, arguments.tokens, SIZES[size]["vocab_size"])
    labels = RUN[engine](folder, token_ids, Hardware(arguments.device))
    np.save(folder / f"{engine}.npy", labels.p)
    rate = labels.rows_per_second
    tokens = rate * sum(map(len, token_ids)) / len(token_ids)
    show(size, engine, f"{labels.startup_seconds:.1f}", f"{rate:,.0f}", f"{tokens:,.0f}", labels.version)


def run_child(job: str, size: str, folder: Path) -> str:
    """What a job prints; it has a process of its own, whose memory ends with it."""
    command = [sys.executable, *sys.argv, "--job", job, "--size", size, "--folder", str(folder)]
    print(f"{size}: {job} ...", file=sys.stderr)
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if child.returncode:
        raise SystemExit(f"{size}: {job} failed, see above.")
    return child.stdout


def main() -> None:
    arguments = parse_arguments()
    if arguments.job == "make":
        make_model(arguments.size, arguments.folder, arguments.device)
    elif arguments.job in PRECISIONS:
        train(arguments.size, arguments.folder, arguments.job, arguments)
    elif arguments.job:
        label(arguments.size, arguments.folder, arguments.job, arguments)
    if arguments.job:
        sys.stdout.flush()
        os._exit(0)
    import numpy as np

    print("| size | precision | load, s | step, s | tokens/s | operations/s | peak memory, MB |")
    print("|---|---|---:|---:|---:|---:|---:|", flush=True)
    labelled = []
    with tempfile.TemporaryDirectory() as name:
        for size in arguments.sizes:
            folder = Path(name) / size
            run_child("make", size, folder)
            for precision in arguments.precisions:
                print(run_child(precision, size, folder), end="", flush=True)
            labelled += [run_child(engine, size, folder) for engine in arguments.engines]
            if len(arguments.engines) > 1:
                difference = np.abs(np.subtract(*(np.load(folder / f"{engine}.npy") for engine in ENGINES)))
                labelled[-1] = labelled[-1].rstrip("\n") + f" {difference.max():.1e} | {difference.mean():.1e} |\n"
            shutil.rmtree(folder)
    print("\n| size | engine | start-up, s | rows/s | tokens/s | version | largest difference | mean |")
    print("|---|---|---:|---:|---:|---|---:|---:|")
    print(*labelled, sep="", end="")


if __name__ == "__main__":
    main()
