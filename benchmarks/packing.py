"""CPU seconds of an optimizer step: several texts as one sequence (packs), or padded micro-batches of similar length.

Both train SmolLM2 on the same sentences of the default study, in turns. All layers have adapters: with upper ones
alone, a trunk hands on states, which are always packed.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from elicitation.models.batches import is_packed, lengths_of, micro_batches
from elicitation.models.hardware import Hardware
from elicitation.training.loop import train_step, trainable_weights
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student

BATCH_SIZE = 32
MICRO_BATCH_TOKENS = 512
PRECISIONS = ("float32", "bfloat16")
# The attention by which transformers reads padded batches.
PADDED = "sdpa"


def seconds_of_step(student: Student, model, texts: list) -> float:
    """CPU seconds of one optimizer step on all texts."""
    optimizer = torch.optim.AdamW(trainable_weights(model).values(), lr=1e-4)
    p, weights = torch.full((len(texts),), 0.5), torch.ones(len(texts))
    started = time.process_time()
    train_step(model, optimizer, texts, p, weights, student.protocol.micro_batch_tokens)
    return time.process_time() - started


def padding(model, texts: list) -> float:
    """The share of padding among the tokens that pass through the model."""
    lengths = lengths_of(texts)
    groups = micro_batches(lengths, MICRO_BATCH_TOKENS, is_packed(model))
    passed = sum(lengths[group].sum() if is_packed(model) else lengths[group].max() * len(group) for group in groups)
    return 1 - lengths.sum() / passed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(), help="of the finished default study (default: this one)")
    parser.add_argument("--repeats", type=int, default=5, help="steps of each, after one to warm up (default: 5)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = arguments.folder / "results"
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
        print(f"| all | {precision} | {packs:.2f} | {padded:.2f} | {padding(model, texts):.0%} |")


if __name__ == "__main__":
    main()
