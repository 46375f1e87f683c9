"""What `make docs` writes: docs/reference/cli.md from the help of the command, and what the study's models say."""

import argparse
from functools import partial
from pathlib import Path

from elicitation.cli import build_parser
from elicitation.study.reference import ROOT, reference

COMMAND_FILE = ROOT / "docs/reference/cli.md"
# Columns of a line of help, whatever the terminal has.
WIDTH = 80
HEADING = """\
# The command `elicitation`

Made from the command's own help by `make docs`. Activate the environment first (`. .venv/bin/activate`). The exit
status is 0 if all is well, 1 if something is wrong with the study or its results, 2 if a word of the call is wrong.
"""


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands of a parser, by name."""
    # argparse has no public list of them.
    kinds = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name: command for action in kinds for name, command in action.choices.items()}


def help_of(parser: argparse.ArgumentParser) -> str:
    """The help of a command in lines of WIDTH."""
    parser.formatter_class = partial(parser.formatter_class, width=WIDTH)
    return parser.format_help().rstrip()


def command_page() -> str:
    """docs/reference/cli.md."""
    parser = build_parser()
    sections = {"All commands": parser} | {f"elicitation {name}": one for name, one in commands_of(parser).items()}
    return HEADING + "".join(f"\n## {title}\n```text\n{help_of(one)}\n```\n" for title, one in sections.items())


def pages() -> dict[Path, str]:
    """All that is made from the code, by its file."""
    return reference() | {COMMAND_FILE: command_page()}


if __name__ == "__main__":
    for file, content in pages().items():
        file.write_text(content)
