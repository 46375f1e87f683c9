"""Few-shot prompts of SmolLM2: one by one through transformers, and as this project's jobs ask them, through vLLM.

Each way answers in a fresh process, from its start to its answers. What a job does beside, here too: examples that all
prompts share are computed once, and a sample is compared with transformers. One by one is timed on some of the prompts,
spread evenly; the others are taken to cost as much.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The prompts in a file of the folder, with what an answer needs besides.
PROMPTS = "prompts.json"
ROW = "| {way} | {startup:.1f} | {each:.3f} | {parity:.1f} | {total:.0f} |"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=int, default=32, help="examples before each text (default: %(default)s)")
    parser.add_argument("--texts", type=int, default=500, help="default: %(default)s")
    parser.add_argument("--alone", type=int, default=25, help="of them, asked one by one (default: %(default)s)")
    parser.add_argument("--archive", help="a copy of the archive with the ratings (default: it is downloaded)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    for name, kind in (("--way", str), ("--folder", Path)):  # What the script passes to its own children.
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_prompts(arguments: argparse.Namespace, folder: Path) -> None:
    """Write the model and the prompts that its children read."""
    from smollm2 import NAME, STYLE, read_sentences, write_language_model

    from elicitation.data.prompts import label_token_ids, write_prompt
    from elicitation.models.loading import load_tokenizer, tokenize

    write_language_model(folder / NAME)
    tokenizer = load_tokenizer(folder / NAME)
    sentences = read_sentences(arguments.archive)
    shots, asked = sentences[: arguments.shots], sentences[arguments.shots :][: arguments.texts]
    token_ids = tokenize(tokenizer, [write_prompt(shots, text, STYLE) for text, _ in asked])
    label_ids = label_token_ids(tokenizer.backend_tokenizer, STYLE, NAME)
    prompts = {"model": str(folder / NAME), "token_ids": token_ids, "label_ids": label_ids}
    (folder / PROMPTS).write_text(json.dumps(prompts))


def spread_of(arguments: argparse.Namespace) -> list[int]:
    """The prompts that are asked one by one."""
    from elicitation.models.parity import spread

    return spread(arguments.alone, arguments.texts).tolist()


def ask_alone(prompts: dict, arguments: argparse.Namespace) -> dict:
    """One prompt at a time, whole, by transformers as it comes."""
    import torch
    from scipy.special import expit
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(prompts["model"], dtype=torch.float32).eval()
    zero, one = prompts["label_ids"]
    p = []
    started = time.time()
    with torch.inference_mode():
        for i in spread_of(arguments):
            logits = model(torch.tensor([prompts["token_ids"][i]]), use_cache=False, logits_to_keep=1).logits[0, -1]
            p.append(float(expit((logits[one] - logits[zero]).item())))
    return {"started": started, "each": (time.time() - started) / len(p), "parity": {"seconds": 0.0}, "p": p}


def ask_by_job(prompts: dict, arguments: argparse.Namespace) -> dict:
    """All prompts, as a job of a study asks them."""
    from elicitation.models.engines import Labelling, label
    from elicitation.models.hardware import CPU

    begun = time.time()
    labels, record = label(prompts["model"], prompts["token_ids"], Labelling("vllm"), CPU, prompts["label_ids"])
    started = begun + labels.startup_seconds
    return {"started": started, "each": 1 / labels.rows_per_second, "p": labels.p.tolist()} | record


WAYS = {"one by one, transformers": ask_alone, "a job, vLLM": ask_by_job}


def measure(way: str, folder: Path, texts: int) -> dict:
    """Figures of one fresh process."""
    begun = time.time()
    command = [sys.executable, *sys.argv, "--way", way, "--folder", str(folder)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:
        raise SystemExit(f"{way} failed:\n{child.stderr[-4000:]}")
    result = json.loads((folder / "answers.json").read_text())
    startup = result["started"] - begun
    parity = result["parity"]["seconds"]
    return result | {"startup": startup, "total": startup + result["each"] * texts + parity}


def main() -> None:
    arguments = parse_arguments()
    os.environ |= {"OMP_NUM_THREADS": str(arguments.threads), "TOKENIZERS_PARALLELISM": "false"}
    if arguments.way:
        prompts = json.loads((arguments.folder / PROMPTS).read_text())
        (arguments.folder / "answers.json").write_text(json.dumps(WAYS[arguments.way](prompts, arguments)))
        sys.stderr.flush()
        os._exit(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_prompts(arguments, folder)
        tokens = [len(ids) for ids in json.loads((folder / PROMPTS).read_text())["token_ids"]]
        results = {way: measure(way, folder, arguments.texts) for way in WAYS}
    print("| way | start-up, s | a prompt, s | comparison, s | all, s |")
    print("|---|---:|---:|---:|---:|")
    for way, result in results.items():
        figures = {key: result[key] for key in ("startup", "each", "total")}
        print(ROW.format(way=way, parity=result["parity"]["seconds"], **figures))
    alone, job = results.values()
    sample = spread_of(arguments)
    difference = max(abs(job["p"][i] - p) for i, p in zip(sample, alone["p"], strict=True))
    all_longer, longer = (alone[key] / job[key] for key in ("total", "each"))
    hit_rate, parity = job["engine"]["prefix_cache"]["hit_rate"], job["parity"]
    print(
        f"\n{arguments.texts:,} prompts of {arguments.shots} examples, {sum(tokens) / len(tokens):,.0f} tokens each; "
        f"one by one they take {all_longer:.1f} times as long (without start-up and comparison {longer:.1f} times). "
        f"The cache served {hit_rate:.1%} of all tokens; {parity['rows']} prompts were compared, in "
        f"{parity['seconds'] / job['total']:.1%} of the job. Probabilities within {difference:.1e}."
    )


if __name__ == "__main__":
    main()
