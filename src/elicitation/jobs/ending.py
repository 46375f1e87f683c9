"""What is said at the end of a run that made the study's answer: the answer, and what to open."""

from collections.abc import Iterator
from pathlib import Path

from elicitation.files import read_json

# The record of the answer, which holds what is said.
ANSWER = "results/answer.json"
# What to open, each with what it is.
DOORS = {
    "figures/what_to_buy.pdf": "what to buy as the budget grows",
    "figures/explorer.html": "the page on which you set your own prices",
    "results/recommendation.md": "what to buy at every budget and price",
}


def ending_lines(folder: Path) -> Iterator[str]:
    """The study's answer, and the paths of what to open; nothing where there is no answer."""
    if not (folder / ANSWER).is_file():
        return
    yield ""
    yield from (line.removeprefix("# ").replace("**", "") for line in read_json(folder / ANSWER)["answer"] if line)
    yield ""
    doors = {folder.resolve() / path: what for path, what in DOORS.items() if (folder / path).is_file()}
    width = max((len(str(path)) for path in doors), default=0)
    yield from (f"Open {path!s:{width}}  {what}" for path, what in doors.items())
