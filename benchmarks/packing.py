"""CPU seconds of an optimizer step: several texts as one sequence (packs), or padded micro-batches of similar length.

Both train SmolLM2 on the same sentences of the default study, in turns. All layers have adapters: with upper ones
alone, a trunk hands on states, which are always packed. With --texts, the share of padding for any texts instead.
"""

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from elicitation.models.batches import lengths_of, micro_batches
from elicitation.models.hardware import Hardware
from elicitation.models.lengths import count_tokens
from elicitation.training.loop import train_step, trainable_weights
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student

BATCH_SIZE = 32
MICRO_BATCH_TOKENS = 512
PRECISIONS = ("float32", "bfloat16")
# The attention by which transformers reads padded batches.
PADDED = "sdpa"
# Of each file of texts: the rows that are read, the random batches that are drawn, the tokens of a micro-batch.
ROWS, BATCHES, LARGE_MICRO_BATCH = 2000, 50, 4096


def seconds_of_step(student: Student, model, texts: list) -> float:
    """CPU seconds of one optimizer step on all texts."""
    optimizer = torch.optim.AdamW(trainable_weights(model).values(), lr=1e-4)
    p, weights = torch.full((len(texts),), 0.5), torch.ones(len(texts))
    started = time.process_time()
    train_step(model, optimizer, texts, p, weights, student.protocol.micro_batch_tokens)
    return time.process_time() - started


def padding(batches: Iterable[np.ndarray]) -> float:
    """The share of padding among the tokens that pass through a model, of batches of texts of these lengths."""
    batches = list(batches)
    return 1 - sum(lengths.sum() for lengths in batches) / sum(lengths.max() * len(lengths) for lengths in batches)


def step_padding(texts: list) -> float:
    """The share of padding in a step that is not packed."""
    lengths = lengths_of(texts)
    return padding(lengths[group] for group in micro_batches(lengths, MICRO_BATCH_TOKENS, False))


def padding_row(file: Path, tokenizer: Path) -> str:
    """The padding of a file of records, whose columns are joined to texts: as one batch, micro-batches, predictions."""
    texts = pd.read_parquet(file).head(ROWS).astype(str).agg(" ".join, axis=1)
    lengths = np.array(count_tokens(tokenizer, list(texts)))
    rng = np.random.default_rng(0)
    steps = [lengths[rng.choice(len(lengths), BATCH_SIZE, replace=False)] for _ in range(BATCHES)]
    groups = [step[group] for step in steps for group in micro_batches(step, LARGE_MICRO_BATCH, False)]
    predicted = [lengths[group] for group in micro_batches(lengths, LARGE_MICRO_BATCH, False)]
    shares = " | ".join(f"{100 * padding(batches):.1f}" for batches in (steps, groups, predicted))
    return f"| {file.parent.name} | {lengths.mean():.0f} | {shares} | {len(groups) / BATCHES:.1f} |"


def print_padding(folder: Path, tokenizer: Path) -> None:
    print("| texts | tokens | one padded batch | micro-batches | predictions | micro-batches of a batch |")
    print("|---|---:|---:|---:|---:|---:|")
    for data in sorted(path for path in folder.iterdir() if path.is_dir()):
        print(padding_row(min(data.rglob("*.parquet")), tokenizer))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(), help="of the finished default study (default: this one)")
    parser.add_argument("--repeats", type=int, default=5, help="steps of each, after one to warm up (default: 5)")
    parser.add_argument("--texts", type=Path, help="a folder of data sets, each a folder with parquet files")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = arguments.folder / "results"
    if arguments.texts:
        print_padding(arguments.texts, results / "models/smollm2")
        return
    examples = pd.read_parquet(results / "tasks/film/pool.parquet").head(BATCH_SIZE)
    protocol = Protocol("early_stopping", 1e-4, micro_batch_tokens=MICRO_BATCH_TOKENS)
    print("| layers | precision | packs, CPU s a step | micro-batches | padding of these |")
    print("|---|---|---:|---:|---:|")
    for precision in PRECISIONS:
        student = Student(results / "models/smollm2", Hardware("cpu", precision=precision), examples, 0, protocol)
        model, texts = student.fresh(), [student.texts[i] for i in examples.id]
        model.train()
        base = model.get_base_model()
        ways = {base.config._attn_implementation: [], PADDED: []}
        for _ in range(arguments.repeats + 1):
            for way, seconds in ways.items():
                base.set_attn_implementation(way)
                seconds.append(seconds_of_step(student, model, texts))
        packs, padded = (np.median(seconds[1:]) for seconds in ways.values())
        print(f"| all | {precision} | {packs:.2f} | {padded:.2f} | {step_padding(texts):.0%} |")


if __name__ == "__main__":
    main()
