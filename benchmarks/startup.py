"""Where the start-up of a training job goes, step by step, in fresh processes.

One column times each step inside a job, after the steps above it; the other a process that imports only that. The last
rows are whole jobs: that end normally, that end at once, and that a server forks which has done the imports.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from elicitation.jobs.forkserver import start_fork_server

IMPORTS = ("torch", "transformers", "peft", "pandas", "elicitation.training.runs")
BATCH_SIZE = 32
TEXT = "the staff was kind"
NORMAL, QUICK, FORKED = "normal exit", "os._exit", "os._exit, forked"
# How whole jobs begin and end.
JOBS = {
    NORMAL: ("", "raise SystemExit(0)"),
    QUICK: ("", "os._exit(0)"),
    FORKED: ("from elicitation.jobs.forkserver import run_forked; run_forked()", "os._exit(0)"),
}

# The job: prints the moments at which its steps end.
JOB = """
{beginning}
import time; moments = [time.time()]
import gc; gc.disable()  # as jobs do until all is imported
import json, os, sys
import torch; moments.append(time.time())
import transformers; moments.append(time.time())
import peft; moments.append(time.time())
import pandas; moments.append(time.time())
import elicitation.training.runs; moments.append(time.time())
from elicitation.models import loading as models
from elicitation.training.loop import train_step
from elicitation.training.validation import trainable_weights
from elicitation.models.hardware import Hardware
tokenizer = models.load_tokenizer({model!r})
model = models.new_lora_classifier({model!r}, Hardware("cpu"), tokenizer.pad_token_id, 0)
moments.append(time.time())
token_ids = models.tokenize(tokenizer, [{text!r}] * {batch_size})
p = torch.full(({batch_size},), 0.5)
model.train()
optimizer = torch.optim.AdamW(trainable_weights(model).values())
train_step(model, optimizer, token_ids, p, torch.ones_like(p), 16384); moments.append(time.time())
train_step(model, optimizer, token_ids, p, torch.ones_like(p), 16384); moments.append(time.time())
print(json.dumps(moments), flush=True)
{ending}
"""
STEPS = (
    "start Python",
    *(f"import {name}" for name in IMPORTS),
    "load model and tokenizer, add LoRA",
    "first train step",
    "second train step",
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of a pretrained model")
    parser.add_argument("--repeats", type=int, default=5, help="fresh processes a figure (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    return parser.parse_args()


def run(code: str) -> tuple[float, str, float]:
    """Run code in a fresh interpreter: when it started, what it printed, when it had ended."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(code)
        script.flush()
        started = time.time()
        child = subprocess.run([sys.executable, script.name], capture_output=True, text=True, check=False)
        ended = time.time()
    if child.returncode:
        raise SystemExit(f"The job failed:\n{child.stderr[-4000:]}")
    return started, child.stdout, ended


def time_job(model: Path, job: str) -> list[float]:
    """Seconds of each of STEPS, and of the exit."""
    beginning, ending = JOBS[job]
    code = JOB.format(beginning=beginning, model=str(model), text=TEXT, batch_size=BATCH_SIZE, ending=ending)
    started, printed, ended = run(code)
    moments = [started, *json.loads(printed.splitlines()[-1]), ended]
    return [after - before for before, after in itertools.pairwise(moments)]


def time_alone(step: str) -> float:
    """Seconds of a process that does nothing but this, to its quick exit."""
    statement = step if step.startswith("import") else "pass"
    started, _, ended = run(f"import os\n{statement}\nos._exit(0)")
    return ended - started


def main() -> None:
    arguments = parse_arguments()
    os.environ |= {"OMP_NUM_THREADS": str(arguments.threads), "TOKENIZERS_PARALLELISM": "false"}
    start_fork_server(["elicitation.training.runs"])
    # Unmeasured: fill the file cache, write missing bytecode, wait for the server.
    for job in JOBS:
        time_job(arguments.model, job)
    jobs = {job: [] for job in JOBS}
    alone = {step: [] for step in STEPS[: len(IMPORTS) + 1]}
    for _ in range(arguments.repeats):
        for job, measured in jobs.items():
            measured.append(time_job(arguments.model, job))
        for step, measured in alone.items():
            measured.append(time_alone(step))
    print("| step | in a job, s | alone, s |\n|---|---:|---:|")
    for place, step in enumerate(STEPS):
        in_job = median(seconds[place] for job in (NORMAL, QUICK) for seconds in jobs[job])
        apart = f"{median(alone[step]):.2f}" if step in alone else ""
        print(f"| {step} | {in_job:.2f} | {apart} |")
    for job in (NORMAL, QUICK):
        print(f"| {job} | {median(seconds[-1] for seconds in jobs[job]):.2f} | |")
    for job, measured in jobs.items():
        print(f"| **whole job, {job}** | {median(map(sum, measured)):.2f} | |")


if __name__ == "__main__":
    main()
