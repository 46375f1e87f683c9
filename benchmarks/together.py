"""Seconds a step and student: runs that train one by one, and the same runs at once on one body (`runs_together`).

Both ways take turns in one process, on the same labels, from the same first weights. On a CPU, CPU seconds count; on a
GPU, seconds. Calls of operators, each about one kernel of a GPU, and the bytes that they move are counted too.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from smollm2 import NAME, write_language_model
from training_ways import Count
from transformers import LlamaConfig, LlamaForSequenceClassification

from elicitation.data import sandbox
from elicitation.models.hardware import Hardware
from elicitation.models.pretraining import build_tokenizer
from elicitation.seeds import stream
from elicitation.training.loop import stage_training, train, train_alone
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student
from elicitation.training.together import StepsTogether

# Shapes of models with random weights: the sandbox's student, SmolLM2 135M, Qwen 2.5 0.5B, Llama 3.2 1B.
SHAPES = {
    "sandbox": {"hidden_size": 96, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 3},
    "0.1b": {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9}
    | {"num_key_value_heads": 3},
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14}
    | {"num_key_value_heads": 2},
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32}
    | {"num_key_value_heads": 8},
}
MODELS = (NAME, *SHAPES)
N_TEXTS, N_HELD_OUT, WARM_UP_STEPS = 400, 2, 3


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", choices=MODELS, nargs="+", help="what is trained; all but smollm2 at random weights")
    parser.add_argument("--adapt-layers", type=int, help="upper layers with adapters, over a trunk (default: all)")
    parser.add_argument("--students", type=int, nargs="+", default=[4], help="at once (default: 4)")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 32], help="labels a step (default: 1 32)")
    parser.add_argument("--steps", type=int, default=20, help="of each student (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of both ways; medians count (default: %(default)s)")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], help="default: what is usual for the device")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    return parser.parse_args()


def make_model(name: str, folder: Path, hardware: Hardware) -> None:
    """Write SmolLM2, or a classifier with random weights and the sandbox's tokenizer."""
    if name == NAME:
        write_language_model(folder)
        return
    tokenizer = build_tokenizer()
    config = LlamaConfig(**SHAPES[name], vocab_size=len(tokenizer), num_labels=2, pad_token_id=tokenizer.pad_token_id)
    with torch.device(hardware.device):
        LlamaForSequenceClassification(config).to(getattr(torch, hardware.dtype)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def write_examples() -> pd.DataFrame:
    """id and text of reviews."""
    rng = stream(0, "benchmark")
    texts = [sandbox.write_review(rng, sandbox.TASK_STYLE).text for _ in range(N_TEXTS)]
    return pd.DataFrame({"id": [str(i) for i in range(N_TEXTS)], "text": texts})


def trainings_of(students: list[Student], batch_size: int, steps: int) -> list:
    """A stage of each student from its first weights, on labels of its own."""
    n, trainings = batch_size * steps, []
    # One pass; it validates once, at its end.
    protocol = Protocol("early_stopping", 1e-3, batch_size, presentations=n, evaluate_every=steps, held_out=N_HELD_OUT)
    for seed, student in enumerate(students):
        rng, texts = np.random.default_rng(seed), list(student.texts.values())
        drawn = [texts[i] for i in rng.integers(0, len(texts), n + N_HELD_OUT)]
        p = rng.random(len(drawn))
        trainings.append(stage_training(student.fresh(), drawn, p, protocol, seed, "gold", log=lambda line: None))
    return trainings


def one_by_one(students: list[Student], trainings: list) -> None:
    for training in trainings:
        train_alone(training)


def at_once(students: list[Student], trainings: list) -> None:
    train(trainings, StepsTogether([student.model for student in students]))


def measure(
    way: Callable, students: list[Student], batch_size: int, steps: int, clock: Callable[[], float]
) -> tuple[float, np.ndarray]:
    """Seconds a step and student, and the students' log-odds (students, texts) afterwards."""
    trainings, started = trainings_of(students, batch_size, steps), clock()
    way(students, trainings)
    seconds = (clock() - started) / (steps * len(students))
    ids = list(students[0].texts)[:20]
    return seconds, np.array([student.predict(student.model, ids) for student in students])


def count(way: Callable, students: list[Student], batch_size: int) -> tuple[float, float]:
    """Calls of operators, and the bytes that they move, a step and student: what one more step adds."""
    counts = []
    for steps in (WARM_UP_STEPS, WARM_UP_STEPS + 1):
        trainings = trainings_of(students, batch_size, steps)
        with Count() as counted:
            way(students, trainings)
        counts.append(np.array([counted.calls, counted.bytes]) / len(students))
    return tuple(counts[1] - counts[0])


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    hardware = Hardware(arguments.device, precision=arguments.precision)
    # Each step ends with its loss read from the device, so that nothing is still being computed.
    clock = time.process_time if arguments.device == "cpu" else time.perf_counter
    print("| model | precision | students | labels a step | one by one, s | at once, s | ratio ", end="")
    print("| log-odds differ by | calls, one by one | at once | moved, MB, one by one | at once |")
    print("|---|---" + 10 * "|---:" + "|", flush=True)
    for name in arguments.models:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / name
            make_model(name, folder, hardware)
            protocol = Protocol("early_stopping", 1e-3)
            student = Student(folder, hardware, write_examples(), 0, protocol, arguments.adapt_layers)
        twins = [student.twin() for _ in range(max(arguments.students))]
        for n in arguments.students:
            for batch_size in arguments.batch_sizes:
                ways = {one_by_one: [], at_once: []}
                # Which warms up, too.
                counts = zip(*(count(way, twins[:n], batch_size) for way in ways), strict=True)
                (calls, calls_together), (moved, moved_together) = counts
                for _ in range(arguments.rounds):
                    for way, measured in ways.items():
                        measured.append(measure(way, twins[:n], batch_size, arguments.steps, clock))
                alone, together = (np.median([seconds for seconds, _ in measured]) for measured in ways.values())
                difference = np.abs(np.subtract(*(measured[-1][1] for measured in ways.values()))).max()
                layers = "" if arguments.adapt_layers is None else f", upper {arguments.adapt_layers} layers"
                print(
                    f"| {name}{layers} | {hardware.dtype} | {n} | {batch_size} | {alone:.4f} | {together:.4f} | "
                    f"{alone / together:.2f} | {difference:.0e} | {calls:,.0f} | {calls_together:,.0f} | "
                    f"{moved / 1e6:,.1f} | {moved_together / 1e6:,.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
