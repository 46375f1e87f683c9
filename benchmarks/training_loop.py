"""CPU seconds a step and accuracy: this project's training loop against transformers' Trainer as the paper used it.

The Trainer gets one text at a time, in float32, with gradients accumulated over a batch. This project's loop packs the
batch and computes in the precision that the machine has, once with adapters on all layers, as the Trainer, and once on
the upper ones over a trunk. All three see the same gold labels in the same batches, and have the same
optimizer, learning rates, clipping and number of steps.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from stages import stages_of
from torch.optim.optimizer import register_optimizer_step_post_hook
from transformers import PrinterCallback, Trainer, TrainingArguments, get_cosine_schedule_with_warmup

from elicitation.buying.methods import Stage
from elicitation.jobs.audit import read_records
from elicitation.models.hardware import CPU, Hardware
from elicitation.models.loading import load_tokenizer, tokenize
from elicitation.models.trunk import compute_states
from elicitation.seeds import stream
from elicitation.training.loop import MAX_GRADIENT_NORM
from elicitation.training.schedule import MIN_VALIDATION, Protocol, plan_schedule
from elicitation.training.student import Student
from elicitation.training.validation import trainable_weights

STAGE = Stage("gold")
NATIVE = Hardware("cpu", precision="native")
TRAINING_RULES = ("train_weak_stage", "train_runs")
BATCH_SIZE = 32
# One step in so many is of the warm-up, in which the learning rate rises.
WARM_UP = 4
IN_ORDER = {"train_sampling_strategy": "sequential"}
QUIET = {"save_strategy": "no", "logging_strategy": "no", "report_to": "none", "disable_tqdm": True}
# Deviations of a normal variable that hold 95 %.
Z = 1.96


@dataclass(frozen=True)
class Loop:
    """One of those that are compared."""

    name: str
    train: Callable[[Student, pd.Series], None]
    """Trains the student's model in place, from its first weights, on gold labels by id."""
    hardware: Hardware
    layers: int | None = None
    """Upper layers with adapters, over a trunk; None: all."""


@dataclass(frozen=True)
class Round:
    """One loop's figures for one seed."""

    seconds: np.ndarray
    """CPU seconds (steps,) of the steps."""
    right: np.ndarray
    """(held-out texts,): whether the prediction is right."""
    text_in_trunk: float
    """CPU seconds of a text's only pass through the trunk; 0 without one."""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(), help="of a finished study (default: this one)")
    parser.add_argument("--student", default="smollm2", help="of the study (default: %(default)s)")
    parser.add_argument("--task", default="film", help="of the study (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=20, help="optimizer steps (default: %(default)s)")
    parser.add_argument("--adapt-layers", type=int, default=6, help="upper layers (default: %(default)s)")
    parser.add_argument("--held-out", type=int, default=300, help="test texts to score (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one round each (default: 0)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    return parser.parse_args()


def read_jobs(folder: Path, student: str, task: str) -> list[dict]:
    """Records of the jobs in which a study trained this student on this task."""
    jobs = [record for record in read_records(folder).values() if record["rule"] in TRAINING_RULES]
    jobs = [job for job in jobs if (job["wildcards"]["student"], job["wildcards"]["task"]) == (student, task)]
    if not jobs:
        raise SystemExit(
            f"{folder.resolve()} holds no run of student {student!r} on task {task!r}; run `make pareto` first, or "
            "name another finished study with --folder, --student and --task."
        )
    return jobs


def count_presentations(jobs: list[dict]) -> int:
    """Labels shown in all stages of these jobs."""
    return sum(stage["presentations"] for job in jobs for stage in stages_of(job))


def train_ours(student: Student, gold: pd.Series) -> None:
    student.train(student.fresh(), STAGE, gold, log=lambda line: None)


def train_with_trainer(student: Student, gold: pd.Series) -> None:
    model, protocol, seed = student.fresh(), student.protocol, student.seed
    # Attention to packs needs the forward pass of this project.
    model.get_base_model().set_attn_implementation("sdpa")
    schedule = plan_schedule(len(gold), protocol)
    # The labels and the batches of train_stage, in its order.
    order = stream(seed, STAGE.labels, "split").permutation(len(gold))[: schedule.n_train]
    order = order[stream(seed, STAGE.labels, "batches").permutation(len(order))]
    rows = [{"input_ids": student.texts[gold.index[i]], "labels": int(gold.iloc[i])} for i in order]
    settings = {"lr": protocol.learning_rate, "betas": (0.9, 0.95), "weight_decay": protocol.weight_decay}
    optimizer = torch.optim.AdamW(trainable_weights(model).values(), **settings)
    scheduler = get_cosine_schedule_with_warmup(optimizer, schedule.warmup_steps, schedule.steps)
    with tempfile.TemporaryDirectory() as folder:
        paper = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": schedule.batch_size}
        shared = {"max_steps": schedule.steps, "max_grad_norm": MAX_GRADIENT_NORM}
        arguments = TrainingArguments(folder, **paper, **shared, **IN_ORDER, **QUIET, use_cpu=True)
        trainer = Trainer(model, arguments, train_dataset=rows, optimizers=(optimizer, scheduler))
        trainer.remove_callback(PrinterCallback)
        # The Trainer believes that the model averages over all accumulated labels; a sequence classifier of
        # transformers 5.19 averages over the micro-batch only, so gradients would be 32 times too large.
        trainer.model_accepts_loss_kwargs = False
        trainer.train()


def step_seconds(loop: Loop, student: Student, gold: pd.Series) -> np.ndarray:
    """CPU seconds (steps,) from the end of one step to that of the next; the first includes what is made before it."""
    ends = [time.process_time()]
    hook = register_optimizer_step_post_hook(lambda *_: ends.append(time.process_time()))
    loop.train(student, gold)
    hook.remove()
    return np.diff(ends)


def text_seconds(student: Student, token_ids: list[list[int]]) -> float:
    """CPU seconds of a text's pass through the student's trunk."""
    started = time.process_time()
    compute_states(student.trunk, token_ids, student.protocol.micro_batch_tokens, last_only=False)
    return (time.process_time() - started) / len(token_ids)


def measure(
    loop: Loop,
    model: Path,
    bought: pd.DataFrame,
    held_out: pd.DataFrame,
    seed: int,
    protocol: Protocol,
) -> Round:
    """Train on the labels that were bought and score the texts that are held out."""
    student = Student(model, loop.hardware, pd.concat([bought, held_out]), seed, protocol, loop.layers)
    seconds = step_seconds(loop, student, bought.set_index("id").gold.astype(float))
    predicted = student.predict(student.model, held_out.id.tolist()) > 0
    in_trunk = 0.0
    if student.trunk:
        in_trunk = text_seconds(student, tokenize(load_tokenizer(model), held_out.text.tolist()))
    return Round(seconds, predicted == (held_out.gold == 1).to_numpy(), in_trunk)


def compare(right: np.ndarray, base: np.ndarray) -> str:
    """Difference of two accuracies on the same texts, in points, with its 95 % interval.

    Half a text is added to each of the four ways in which both can be right or wrong, so that the interval has a width
    where the two never differ. Source: Agresti & Min (2005), Statistics in Medicine 24, 729 to 740.
    """
    n, won, lost = len(right) + 2, (right & ~base).sum() + 0.5, (base & ~right).sum() + 0.5
    middle, deviation = (won - lost) / n, np.sqrt(won + lost - (won - lost) ** 2 / n) / n
    low, high = middle - Z * deviation, middle + Z * deviation
    verdict = "no difference seen" if low <= 0 <= high else "they differ"
    return f"{100 * (right.mean() - base.mean()):+.1f} ({100 * low:+.1f} to {100 * high:+.1f}): {verdict}"


def plan_protocol(trained: dict, steps: int) -> Protocol:
    """One pass over BATCH_SIZE labels a step; trained: the study's protocol."""
    return Protocol(
        "early_stopping",
        trained["learning_rate"],
        BATCH_SIZE,
        presentations=steps * BATCH_SIZE,
        warmup_steps=steps // WARM_UP,
        # Once, at the end and on MIN_VALIDATION labels: the fewest that train_stage allows.
        evaluate_every=steps,
        validation_share=0,
        micro_batch_tokens=trained["micro_batch_tokens"],
    )


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    results, task = arguments.folder / "results", arguments.task
    jobs = read_jobs(arguments.folder, arguments.student, task)
    protocol, layers = plan_protocol(jobs[0]["protocol"], arguments.steps), arguments.adapt_layers
    model = results / "models" / arguments.student
    pool, test = (pd.read_parquet(results / "tasks" / task / f"{part}.parquet") for part in ("pool", "test"))
    needed = arguments.steps * BATCH_SIZE + MIN_VALIDATION
    if needed > len(pool) or arguments.held_out > len(test):
        raise SystemExit(
            f"{needed} labels are needed of a pool of {len(pool)}, {arguments.held_out} of {len(test)} test texts; "
            "lower --steps or --held-out."
        )
    trainer = Loop("Trainer", train_with_trainer, CPU)
    ours = [Loop("all layers", train_ours, NATIVE), Loop(f"upper {layers} layers", train_ours, NATIVE, layers)]
    rounds: dict[Loop, list[Round]] = {loop: [] for loop in (trainer, *ours)}
    for seed in arguments.seeds:
        bought, held_out = pool.sample(needed, random_state=seed), test.sample(arguments.held_out, random_state=seed)
        for loop, measured in rounds.items():
            measured.append(measure(loop, model, bought, held_out, seed, protocol))
    n_texts, presentations = len(pool) + len(test), count_presentations(jobs)
    shares = {
        loop: np.mean([m.text_in_trunk for m in measured]) * BATCH_SIZE * n_texts / presentations
        for loop, measured in rounds.items()
    }
    steps = {
        loop: np.median(np.concatenate([m.seconds for m in measured])) + shares[loop]
        for loop, measured in rounds.items()
    }
    right = {loop: np.concatenate([m.right for m in measured]) for loop, measured in rounds.items()}
    print("| loop | CPU s a step | of it the trunk's share | accuracy | points more than the Trainer |")
    print("|---|---:|---:|---:|---:|")
    for loop in rounds:
        scored = f"{right[loop].mean():.1%} | {'' if loop == trainer else compare(right[loop], right[trainer])}"
        print(f"| {loop.name}, {loop.hardware.dtype} | {steps[loop]:.2f} | {shares[loop]:.2f} | {scored} |")
    print(
        f"\nFor each of {len(arguments.seeds)} seed(s): {arguments.steps} steps of {BATCH_SIZE} texts (their median "
        f"counts), and accuracy on {arguments.held_out} test texts (95 % intervals over texts). The trunk: {n_texts:,} "
        f"texts passed once, for {presentations:,} presentations."
    )
    for loop in ours:
        print(f"ratio, {loop.name}: {steps[trainer] / steps[loop]:.1f}")


if __name__ == "__main__":
    main()
