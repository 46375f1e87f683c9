"""Steps per second and validation accuracy: this project's training loop against transformers' Trainer.

The Trainer works as in the paper, one text at a time with gradients accumulated over a batch. Both loops get the
same initial weights, gold labels, batches in the same order, optimizer, learning-rate schedule and clipping.
"""

import argparse
import os
import tempfile
from pathlib import Path

NAME = "benchmark"
BATCH_SIZE = 32
VALIDATION_SIZE = 1000
"""Further labels of the pool that both are scored on."""
WARM_UP_STEPS = 3
"""Optimizer steps of an untimed round that pays for what happens once in a process."""
IN_ORDER = {"train_sampling_strategy": "sequential"}
QUIET = {"save_strategy": "no", "logging_strategy": "no", "report_to": "none", "disable_tqdm": True}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of a pretrained model")
    parser.add_argument("task", type=Path, help="folder with pool.parquet")
    parser.add_argument("--steps", type=int, default=150, help="optimizer steps (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=7e-3, help="default: %(default)s")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one round each (default: 0)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    return parser.parse_args()


def train_ours(model, token_ids, gold, protocol, seed: int) -> float:
    """Train in place; seconds."""
    from elicitation.training import train_stage

    return train_stage(model, token_ids, gold, protocol, seed, NAME, log=lambda line: None).seconds


def train_with_trainer(model, token_ids, gold, protocol, seed: int) -> float:
    """Train in place; seconds."""
    import torch
    from transformers import PrinterCallback, Trainer, TrainingArguments

    from elicitation.seeds import stream
    from elicitation.training import MAX_GRADIENT_NORM, learning_rate_factor, plan_schedule, trainable_weights

    schedule = plan_schedule(len(gold), protocol)
    # The labels and the batches of train_stage, in its order.
    order = stream(seed, NAME, "split").permutation(len(gold))[: schedule.n_train]
    order = order[stream(seed, NAME, "batches").permutation(len(order))]
    rows = [{"input_ids": token_ids[i], "labels": int(gold[i])} for i in order]
    settings = {"lr": protocol.learning_rate, "betas": (0.9, 0.95), "weight_decay": protocol.weight_decay}
    optimizer = torch.optim.AdamW(trainable_weights(model).values(), **settings)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: learning_rate_factor(step, schedule.warmup_steps, schedule.steps)
    )
    with tempfile.TemporaryDirectory() as folder:
        paper = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": schedule.batch_size}
        shared = {"max_steps": schedule.steps, "max_grad_norm": MAX_GRADIENT_NORM}
        arguments = TrainingArguments(folder, **paper, **shared, **IN_ORDER, **QUIET, use_cpu=True)
        trainer = Trainer(model, arguments, train_dataset=rows, optimizers=(optimizer, scheduler))
        trainer.remove_callback(PrinterCallback)
        # The Trainer believes that the model averages over all accumulated labels; a sequence classifier of
        # transformers 5.19 averages over the micro-batch only, so gradients would be 32 times too large.
        trainer.model_accepts_loss_kwargs = False
        return trainer.train().metrics["train_runtime"]


def main() -> None:
    arguments = parse_arguments()
    os.environ |= {"OMP_NUM_THREADS": str(arguments.threads), "TOKENIZERS_PARALLELISM": "false"}
    import numpy as np
    import pandas as pd

    from elicitation.hardware import CPU
    from elicitation.runs import Student
    from elicitation.training import MIN_VALIDATION, Protocol

    pool = pd.read_parquet(arguments.task / "pool.parquet")
    loops = (train_ours, train_with_trainer)

    def measure(loop, steps: int, seed: int) -> tuple[float, float]:
        """Steps per second and validation accuracy of one loop."""
        n = steps * BATCH_SIZE
        if (needed := n + MIN_VALIDATION + VALIDATION_SIZE) > len(pool):
            raise SystemExit(f"{steps} steps need {needed} labels, but the pool holds {len(pool)}.")
        # One pass; train_stage validates once, at its end and on the fewest labels that it allows.
        once = {"presentations": n, "evaluate_every": steps, "validation_share": 0}
        protocol = Protocol("early_stopping", arguments.learning_rate, BATCH_SIZE, **once)
        drawn = pool.sample(needed, random_state=seed)
        bought, validation = drawn[:-VALIDATION_SIZE], drawn[-VALIDATION_SIZE:]
        student = Student(arguments.model, CPU, drawn, seed, protocol)
        model, token_ids = student.fresh(), [student.token_ids[i] for i in bought.id]
        seconds = loop(model, token_ids, bought.gold.to_numpy(float), protocol, seed)
        return steps / seconds, np.mean((student.predict(model, validation.id.tolist()) > 0) == (validation.gold == 1))

    for loop in loops:
        measure(loop, min(WARM_UP_STEPS, arguments.steps), seed=0)
    print("| seed | ours, steps/s | Trainer, steps/s | ratio | ours, accuracy | Trainer, accuracy |")
    print("|---|---:|---:|---:|---:|---:|")
    rounds = []
    for place, seed in enumerate(arguments.seeds):
        # Whoever comes first takes turns, so that a drifting machine favours nobody.
        measured = {loop: measure(loop, arguments.steps, seed) for loop in loops[:: -1 if place % 2 else 1]}
        (ours, our_accuracy), (theirs, their_accuracy) = (measured[loop] for loop in loops)
        rounds.append((ours, theirs, ours / theirs, our_accuracy, their_accuracy))
        print("| {} | {:.2f} | {:.2f} | {:.1f} | {:.3f} | {:.3f} |".format(seed, *rounds[-1]), flush=True)
    print("| **mean** | {:.2f} | {:.2f} | {:.1f} | {:.3f} | {:.3f} |".format(*np.mean(rounds, axis=0)))


if __name__ == "__main__":
    main()
