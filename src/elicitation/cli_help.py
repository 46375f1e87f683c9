"""What the command `elicitation` says of itself, and the names that a shell completes."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable

# What help begins with is made by argparse.
EXAMPLES = """examples:
  elicitation init labels.csv --gold is_spam --weak llm=0.02 --gold-price 3 --budget 60
                                                   # a study of your own table
  elicitation estimate studies/paper.yaml          # what a study will cost
  elicitation recommend --budget 100 --weak-price 0.1
                                                   # what to buy, once a study has run
  elicitation recommend --accuracy 90% --weak-price 0.1
                                                   # what reaches 90 %
  elicitation next                                 # what to run, test or buy next
  elicitation next --width 5% --weak-price 0.1     # gold test labels for an interval 5 points wide
  elicitation trace figures/pareto.pdf             # where a result comes from
  elicitation verify                               # whether all results are what they were
  elicitation COMMAND --help                       # all options of a command

pages:
  docs/tutorials/your-labels.md                      from your own labels to an answer
  docs/how-to/questions.md                           what can be asked, and how answers are read
  docs/how-to/slurm.md                               clusters; beside it GPUs and repairs
  docs/reference/cli.md                              every command and option

tab completion: eval "$(register-python-argcomplete elicitation)"
"""


class Version(argparse.Action):
    """Prints the version of what is installed."""

    def __call__(self, parser: argparse.ArgumentParser, *_) -> None:
        from importlib.metadata import version

        print(f"elicitation {version('elicitation')}")
        parser.exit()


def names_found(kind: str, folder) -> list[str]:
    """The tasks, students, supervisors or methods of which a study's folder holds findings; none where it has none."""
    from elicitation.files import read_json

    try:
        record = read_json(folder / "results/recommendation.json")
        if kind in ("task", "student"):
            return sorted({answer[kind] for answer in record["answers"]})
        return list(record["settings"][{"supervisor": "prices", "method": "titles"}[kind]])
    # A shell that asks for names wants no error.
    except (OSError, ValueError, KeyError, TypeError):
        return []


def argument(read: Callable[[str], object]) -> Callable[[str], object]:
    """A reader of an argument's text whose ValueError is the sentence that the user sees."""

    def read_argument(text: str):
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read_argument


def count(text: str, least: int = 0) -> int:
    """A whole number from `least` on; ValueError says in a sentence what is wrong."""
    number = int(text.replace(",", "")) if re.fullmatch(r"\d+|\d{1,3}(,\d{3})+", text) else -1
    if number < least:
        raise ValueError(f"{text} must be a whole number from {least} on")
    return number


def texts_to_label(text: str) -> int:
    """How many texts are to have a label; ValueError as of count."""
    return count(text, least=1)


def completes(action: argparse.Action) -> None:
    """Let the shell complete the names of what an option chooses, from the results in the command's folder."""
    action.completer = lambda parsed_args, **_: names_found(action.dest, parsed_args.folder)


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for completions, and end; else do nothing."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)
