"""What is said at the end of a run that made the study's answer: the answer, what to open, and how to ask another."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from elicitation.files import read_json
from elicitation.jobs.processes import program_here

# The record of the answer, which holds what is said, and that of all answers.
ANSWER, ANSWERS = "results/answer.json", "results/recommendation.json"
# What to open, each with what it is.
DOORS = {
    "figures/what_to_buy.pdf": "what to buy as the budget grows",
    "figures/explorer.html": "the page on which you set your own prices",
    "results/recommendation.md": "what to buy at every budget and price",
}


def ending_lines(folder: Path) -> Iterator[str]:
    """The study's answer, the paths of what to open, and a question as a command; nothing where there is no answer."""
    if not (folder / ANSWER).is_file():
        return
    yield ""
    yield from (line.removeprefix("# ").replace("**", "") for line in read_json(folder / ANSWER)["answer"] if line)
    yield ""
    doors = {folder.resolve() / path: what for path, what in DOORS.items() if (folder / path).is_file()}
    width = max((len(str(path)) for path in doors), default=0)
    yield from (f"Open {path!s:{width}}  {what}" for path, what in doors.items())
    if (folder / ANSWERS).is_file():
        recommended = read_json(folder / ANSWERS)
        command = question(recommended["answers"], folder, recommended["settings"].get("budget"))
        yield f"Ask with your own budget and price: {command}"


def question(answers: list[dict], folder: Path, budget: float | None = None) -> str:
    """The command that asks of a budget, else of the study's largest, at its middle price, for the reader to change."""
    first = answers[0]
    alike = [
        answer["question"] for answer in answers if all(answer[kind] == first[kind] for kind in ("task", "student"))
    ]
    budget, price = budget or max(asked["budget"] for asked in alike), alike[len(alike) // 2]["weak_price"]
    words = [program_here("elicitation"), "recommend", str(folder.resolve()), "--budget", f"{budget:.10g}"]
    words += ["--weak-price", f"{price:.10g}"] if price is not None else []
    # What a study has one of need not be named.
    for kind in ("task", "student"):
        words += [f"--{kind}", first[kind]] if len({answer[kind] for answer in answers}) > 1 else []
    return shlex.join(words)
