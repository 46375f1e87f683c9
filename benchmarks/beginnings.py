"""Seconds of a training step on texts behind examples: each text passes whole, and what texts begin with passes once.

Both ways take turns in one process, on the same random tokens and weights. On a CPU, CPU seconds count; on a GPU,
seconds. The optimizer's rate is 0, so both ways meet the same weights, and their gradients can be compared.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from gpu import BATCH_SIZE, SIZES, make_model

from elicitation.models import batches
from elicitation.models.beginnings import apart, families_of, tokens_of
from elicitation.models.hardware import MICRO_BATCH_TOKENS, Hardware
from elicitation.models.loading import new_lora_classifier
from elicitation.training.loop import train_step
from elicitation.training.validation import trainable_weights

# How texts are put together to families, by the name of the way.
WAYS = {"whole": lambda texts, owners=None: apart(texts), "shared": families_of}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("size", choices=SIZES, nargs="?", default="tiny", help="default: %(default)s")
    parser.add_argument("--examples", type=int, nargs="+", default=[8, 32], help="before a text (default: 8 32)")
    parser.add_argument("--orders", type=int, default=4, help="of the examples (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=20, help="of an example and a text (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=3, help="medians count (default: %(default)s)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    return parser.parse_args()


def texts_behind(examples: int, orders: int, tokens: int, vocabulary: int) -> list[list[int]]:
    """The texts of a step, each behind all examples in one of so many orders."""
    rng = np.random.default_rng(examples)
    shown = rng.integers(10, vocabulary, (examples, tokens))
    beginnings = [rng.permutation(shown).ravel().tolist() for _ in range(orders)]
    return [beginnings[i % orders] + rng.integers(10, vocabulary, tokens).tolist() for i in range(BATCH_SIZE)]


def measure(way: str, step: Callable[[], float], clock: Callable[[], float]) -> float:
    """Seconds of a step that is taken in this way."""
    batches.families_of = WAYS[way]
    started = clock()
    step()
    return clock() - started


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    hardware = Hardware(arguments.device)
    # A step ends with its loss read from the device, so that nothing is still being computed.
    clock = time.process_time if arguments.device == "cpu" else time.perf_counter
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / arguments.size
        make_model(arguments.size, folder, arguments.device)
        model = new_lora_classifier(folder, hardware, 0, seed=0)
    weights = list(trainable_weights(model).values())
    optimizer = torch.optim.AdamW(weights, lr=0.0, fused=True)
    p, ones = torch.linspace(0, 1, BATCH_SIZE), torch.ones(BATCH_SIZE)
    model.train()
    print(
        "| size | precision | examples | orders | tokens, whole | shared | step, whole, s | shared, s | ratio ", end=""
    )
    print("| gradients differ by |\n|---|---" + 8 * "|---:" + "|", flush=True)
    for examples in arguments.examples:
        texts = texts_behind(examples, arguments.orders, arguments.tokens, SIZES[arguments.size]["vocab_size"])
        seconds, gradients = {way: [] for way in WAYS}, {}

        def step(texts: list = texts) -> float:
            return train_step(model, optimizer, texts, p, ones, MICRO_BATCH_TOKENS)

        # The first turn warms up.
        for _ in range(1 + arguments.steps):
            for way in WAYS:
                seconds[way].append(measure(way, step, clock))
                gradients[way] = torch.cat([weight.grad.flatten() for weight in weights]).clone()
        whole, shared = (np.median(taken[1:]) for taken in seconds.values())
        passing = [sum(tokens_of(texts, together(texts))) for together in WAYS.values()]
        apart_by = (gradients["whole"] - gradients["shared"]).abs().max() / gradients["whole"].abs().max()
        print(
            f"| {arguments.size} | {hardware.dtype} | {examples} | {arguments.orders} | {passing[0]:,} | "
            f"{passing[1]:,} | {whole:.3f} | {shared:.3f} | {whole / shared:.1f} | {apart_by:.0e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
