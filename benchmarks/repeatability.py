"""How far two runs of one job differ, each in a fresh process: a block of training, and labelling by both engines."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# What each job's values are.
JOBS = {"training": "log-odds", "vllm": "probability", "transformers": "probability"}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("student", type=Path, help="folder of a pretrained model")
    parser.add_argument("supervisor", type=Path, help="folder of a finetuned, merged supervisor")
    parser.add_argument("task", type=Path, help="folder with pool.parquet and test.parquet")
    parser.add_argument("--weak", type=int, default=320, help="labels of the first stage (default: %(default)s)")
    parser.add_argument("--gold", type=int, default=32, help="labels of the second stage (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=5e-3, help="default: %(default)s")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: cpu")
    parser.add_argument("--repeats", type=int, default=2, help="fresh processes a job (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    for name, kind in (("--job", str), ("--output", Path)):  # What the script passes to its own children.
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """The child: do the job and leave its values (n,) in the output."""
    import numpy as np
    import pandas as pd

    from elicitation.buying.methods import Stage
    from elicitation.models.engines import ENGINES
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import load_tokenizer, tokenize
    from elicitation.training.schedule import Protocol
    from elicitation.training.student import Student

    hardware = Hardware(arguments.device)
    pool, test = (pd.read_parquet(arguments.task / f"{part}.parquet") for part in ("pool", "test"))
    if arguments.job == "training":
        protocol = Protocol("early_stopping", arguments.learning_rate)
        student = Student(arguments.student, hardware, pd.concat([pool, test]), 0, protocol)
        model, gold = student.fresh(), pool.set_index("id").gold.astype(float)
        student.train(model, Stage("weak"), gold[: arguments.weak], print)
        student.train(model, Stage("gold"), gold[-arguments.gold :], print)
        values = student.predict(model, test.id.tolist())
    else:
        token_ids = tokenize(load_tokenizer(arguments.supervisor), pool.text.tolist())
        values = ENGINES[arguments.job](arguments.supervisor, token_ids, hardware).p
    np.save(arguments.output, values)
    sys.stdout.flush()
    os._exit(0)


def measure(job: str, output: Path):
    """The values of one fresh process."""
    import numpy as np

    command = [sys.executable, *sys.argv, "--job", job, "--output", str(output)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:
        raise SystemExit(f"{job} failed:\n{child.stderr[-4000:]}")
    return np.load(output)


def main() -> None:
    arguments = parse_arguments()
    os.environ |= {"OMP_NUM_THREADS": str(arguments.threads), "TOKENIZERS_PARALLELISM": "false"}
    if arguments.job:
        run(arguments)
    import numpy as np

    print("| job | values | equal to the last bit | largest difference |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for job, kind in JOBS.items():
            first, *others = [measure(job, Path(folder) / "values.npy") for _ in range(arguments.repeats)]
            equal = np.mean([first == other for other in others])
            largest = max(np.abs(first - other).max() for other in others)
            print(f"| {job} | {len(first):,} | {equal:.1%} | {largest:.1e} ({kind}) |", flush=True)


if __name__ == "__main__":
    main()
