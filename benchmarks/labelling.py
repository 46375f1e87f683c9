"""Rows per second and start-up of the two labelling engines, each in a fresh process.

Start-up is everything from the start of the process to the moment the first batch of texts can be labelled.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROW = "| {0} | {rate:,.0f} | {startup:.1f} | {total:.1f} | {cpu:.1f} | {memory:,.0f} |"
ENGINES = ("vllm", "transformers")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("supervisor", type=Path, help="folder of a finetuned, merged supervisor")
    parser.add_argument("task", type=Path, help="folder with pool.parquet")
    parser.add_argument("--rows", type=int, default=20_000, help="default: %(default)s")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: cpu")
    parser.add_argument("--repeats", type=int, default=3, help="fresh processes an engine (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    for name, kind in (("--engine", str), ("--folder", Path)):  # What the script passes to its own children.
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    return parser.parse_args()


def collect_texts(task: Path, rows: int) -> list[str]:
    """Distinct texts: the pool's, then freshly written ones of the sandbox (all its tasks have the same texts)."""
    import pandas as pd

    from elicitation.data.tasks import write_examples

    texts = pd.read_parquet(task / "pool.parquet").text.tolist()[:rows]
    if len(texts) < rows:
        known = set(texts)
        fresh = [text for text in write_examples("topic", "benchmark", rows).text if text not in known]
        texts += fresh[: rows - len(texts)]
    return texts


def label(arguments: argparse.Namespace) -> None:
    """The child: label the rows and leave the figures in the folder."""
    import numpy as np

    from elicitation.models import engines
    from elicitation.models.hardware import Hardware

    token_ids = json.loads((arguments.folder / "token_ids.json").read_text())
    labels = engines.ENGINES[arguments.engine](arguments.supervisor, token_ids, Hardware(arguments.device))
    ended = time.time()
    np.save(arguments.folder / f"{arguments.engine}.npy", labels.p)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result = {
        "ended": ended,
        "rate": labels.rows_per_second,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss / 1024,
    }
    (arguments.folder / "result.json").write_text(json.dumps(result))
    sys.stderr.flush()
    os._exit(0)


def measure(engine: str, folder: Path, rows: int) -> dict:
    """Figures of one fresh process."""
    command = [sys.executable, *sys.argv, "--engine", engine, "--folder", str(folder)]
    started = time.time()
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:
        raise SystemExit(f"{engine} failed:\n{child.stderr[-4000:]}")
    result = json.loads((folder / "result.json").read_text())
    return result | {"total": result["ended"] - started, "startup": result["ended"] - started - rows / result["rate"]}


def main() -> None:
    arguments = parse_arguments()
    os.environ |= {"OMP_NUM_THREADS": str(arguments.threads), "TOKENIZERS_PARALLELISM": "false"}
    if arguments.engine:
        label(arguments)
    import numpy as np

    from elicitation.models.loading import load_tokenizer, tokenize

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = collect_texts(arguments.task, arguments.rows)
        token_ids = tokenize(load_tokenizer(arguments.supervisor), texts)
        (folder / "token_ids.json").write_text(json.dumps(token_ids))
        measured = {engine: [] for engine in ENGINES}
        for repeat in range(arguments.repeats):
            for engine in ENGINES[:: -1 if repeat % 2 else 1]:
                measured[engine].append(measure(engine, folder, len(texts)))
        difference = np.abs(np.subtract(*(np.load(folder / f"{engine}.npy") for engine in ENGINES))).max()
    print("| engine | rows/s, started | start-up, s | total, s | CPU, s | peak memory, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for engine, results in measured.items():
        middle = {key: median(result[key] for result in results) for key in results[0]}
        print(ROW.format(engine, **middle))
    print(f"\n{len(texts):,} distinct texts; medians of {arguments.repeats}; probabilities within {difference:.1e}.")


if __name__ == "__main__":
    main()
