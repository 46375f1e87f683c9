"""Files of paid answers: each is written down the moment it is there, and none is asked for twice."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from time import time
from typing import TypeVar

Example = TypeVar("Example")
# How many answers are asked for at the same time.
CONCURRENT_REQUESTS = 8
# The log says how far the answers are after each so many.
ANSWERS_A_LINE = 100


def read_answers(path: Path) -> list[dict]:
    """The paid answers, in the order in which they came. A line that a kill left half-written is cut off the file."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        os.truncate(path, len(whole))
    return [json.loads(line) for line in whole.splitlines()]


def buy_answers(
    path: Path,
    examples: Sequence[Example],
    ask: Callable[[Example], Iterable[dict]],
    title: str,
    log: Callable[[str], None],
) -> list[dict]:
    """The answers to all examples, in the order in which they come; each is added to the file at once.

    ask: the answers to one example, one request after the other. An error of one ends the others.
    """
    bought: list[dict] = []
    writing = Lock()
    with path.open("a") as file, ThreadPoolExecutor(CONCURRENT_REQUESTS) as pool:

        def ask_and_keep(example: Example) -> None:
            for answer in ask(example):
                with writing:
                    bought.append(answer)
                    file.write(json.dumps(answer) + "\n")
                    file.flush()

        # An error cancels the requests that wait; those on their way are still kept.
        started = time()
        for n, _ in enumerate(pool.map(ask_and_keep, examples), start=1):
            if n % ANSWERS_A_LINE == 0:
                left = (time() - started) / n * (len(examples) - n)
                log(f"{title}: {n}/{len(examples)} answers, about {left:.0f} s left")
    return bought
