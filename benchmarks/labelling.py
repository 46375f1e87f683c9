"""Rows per second and start-up of the two labelling engines, each in a fresh process.

Start-up is everything from the start of the process to the moment the first batch of texts can be labelled. The texts
are those of a task and the model a finetuned supervisor; or film sentences, and SmolLM2's first layers (--layers).
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

ROW = "| {model} | {engine} | {rate:,.0f} | {startup:.1f} | {total:.1f} | {cpu:.1f} | {memory:,.0f} |"
ENGINES = ("vllm", "transformers")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("supervisor", type=Path, nargs="?", help="folder of a finetuned, merged supervisor")
    parser.add_argument("task", type=Path, nargs="?", help="folder with pool.parquet")
    parser.add_argument("--layers", type=int, nargs="+", help="of SmolLM2, instead of a supervisor and a task")
    parser.add_argument("--archive", help="a copy of the archive with the film sentences (default: it is downloaded)")
    parser.add_argument("--rows", type=int, default=20_000, help="default: %(default)s")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: cpu")
    parser.add_argument("--repeats", type=int, default=3, help="fresh processes an engine (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    # What the script passes to its own children.
    for name, kind in (("--engine", str), ("--model", Path), ("--folder", Path)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not (arguments.task or arguments.layers):
        parser.error("name a supervisor and a task, or layers of SmolLM2 (--layers)")
    return arguments


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
    labels = engines.ENGINES[arguments.engine](arguments.model, token_ids, Hardware(arguments.device))
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


def find_models(arguments: argparse.Namespace, folder: Path) -> tuple[dict[str, Path], list[str]]:
    """The folders of the models to measure, by what the table calls them, and the texts."""
    if not arguments.layers:
        return {"supervisor": arguments.supervisor}, collect_texts(arguments.task, arguments.rows)
    from smollm2 import read_sentences, write_classifier, write_language_model

    models = {f"SmolLM2, {layers} layers": folder / str(layers) for layers in arguments.layers}
    write_language_model(folder / "whole")
    for layers, model in zip(arguments.layers, models.values(), strict=True):
        write_classifier(folder / "whole", layers, model)
    return models, [text for text, _ in read_sentences(arguments.archive)][: arguments.rows]


def measure(engine: str, model: Path, folder: Path, rows: int) -> dict:
    """Figures of one fresh process."""
    command = [sys.executable, *sys.argv, "--engine", engine, "--model", str(model), "--folder", str(folder)]
    started = time.time()
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:
        raise SystemExit(f"{engine} failed:\n{child.stderr[-4000:]}")
    result = json.loads((folder / "result.json").read_text())
    return result | {"total": result["ended"] - started, "startup": result["ended"] - started - rows / result["rate"]}


def rows_to_pay(vllm: dict, transformers: dict) -> str:
    """From how many rows on vLLM's start-up has paid off."""
    saved = 1 / transformers["rate"] - 1 / vllm["rate"]
    if saved <= 0:
        return "never"
    return f"from {(vllm['startup'] - transformers['startup']) / saved:,.0f} rows on"


def compare(model: Path, arguments: argparse.Namespace, folder: Path, rows: int) -> tuple[dict[str, dict], float]:
    """The engines' figures for a model, in turns, and the largest difference between their probabilities."""
    import numpy as np

    measured = {engine: [] for engine in ENGINES}
    for repeat in range(arguments.repeats):
        for engine in ENGINES[:: -1 if repeat % 2 else 1]:
            measured[engine].append(measure(engine, model, folder, rows))
    middle = {
        engine: {key: median(result[key] for result in results) for key in results[0]}
        for engine, results in measured.items()
    }
    return middle, np.abs(np.subtract(*(np.load(folder / f"{engine}.npy") for engine in ENGINES))).max()


def main() -> None:
    arguments = parse_arguments()
    os.environ |= {"OMP_NUM_THREADS": str(arguments.threads), "TOKENIZERS_PARALLELISM": "false"}
    if arguments.engine:
        label(arguments)
    from elicitation.models.loading import load_tokenizer, tokenize

    notes = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models, texts = find_models(arguments, folder)
        token_ids = tokenize(load_tokenizer(next(iter(models.values()))), texts)
        (folder / "token_ids.json").write_text(json.dumps(token_ids))
        print("| model | engine | rows/s, started | start-up, s | total, s | CPU, s | peak memory, MB |")
        print("|---|---|---:|---:|---:|---:|---:|")
        for title, model in models.items():
            figures, difference = compare(model, arguments, folder, len(texts))
            for engine in ENGINES:
                print(ROW.format(model=title, engine=engine, **figures[engine]), flush=True)
            notes.append(f"{title}: vLLM pays {rows_to_pay(**figures)}; probabilities within {difference:.1e}.")
    print(f"\n{len(texts):,} distinct texts; medians of {arguments.repeats}.", *notes, sep="\n")


if __name__ == "__main__":
    main()
