# PYTHON_ARGCOMPLETE_OK
"""The command `elicitation`: questions about results and studies. Each subcommand is a function and its arguments."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from contextlib import chdir
from difflib import get_close_matches
from pathlib import Path

from elicitation.cli_ask import add_next, add_recommend
from elicitation.cli_explore import add_explore
from elicitation.cli_help import EXAMPLES, Version, complete
from elicitation.cli_init import add_init
from elicitation.cli_light import missing_part, require_run
from elicitation.cli_tune import add_tune
from elicitation.errors import CLOSE, InputError
from elicitation.jobs.processes import open_standard_streams


def trace(arguments: argparse.Namespace) -> int:
    from elicitation.jobs.audit import trace

    for line in trace(arguments.result, arguments.all):
        print(line)
    return 0


def verify(arguments: argparse.Namespace) -> int:
    from elicitation.jobs.audit import verify
    from elicitation.jobs.records import call_again
    from elicitation.jobs.study_folder import refuse_running

    root = Path(arguments.folder)
    alone = refuse_running(root) if arguments.delete else None  # noqa: F841 (held to the end)
    records, problems = verify(root, arguments.mixed_code)
    for problem in problems:
        print(problem.sentence)
    checked = f"{sum(len(record['outputs']) for record in records.values())} results of {len(records)} jobs"
    print(f"{checked}; problems: {len(problems)}.")
    wrong = sorted({path for problem in problems for path in problem.delete if (root / path).exists()})
    missing = sorted({path for problem in problems for path in problem.missing})
    if wrong and arguments.delete:
        for path in (root / path for path in wrong):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        print(f"Deleted {len(wrong)} files and folders.")
        missing += wrong
    elif wrong:
        print("To delete what is wrong, so that it can be made again: elicitation verify --delete")
    if missing:
        # Named, since Snakemake makes nothing again for results that are there already.
        command = call_again(next(iter(records.values()))["command"], root, "--", "all", *missing)
        print(f"To make again what is missing, and all that comes from it: {command}")
    return int(bool(problems))


def repair(arguments: argparse.Namespace) -> int:
    from elicitation.jobs.repair import repair

    require_run()
    if not arguments.folder.is_dir():
        raise InputError(f"There is no folder {arguments.folder}; name the folder of a study.")
    with chdir(arguments.folder):
        asked, left = repair(arguments.options)
        if not asked:
            print(f"Nothing is noted as damaged in {Path.cwd()}; `elicitation verify` checks all results.")
    if left:
        raise InputError(
            f"{', '.join(left)} could not be made again (the lines above say why); repair again once that is fixed."
        )
    if asked:
        print(f"Made again: {', '.join(asked)}. What came from them stays as it was.")
    return 0


def estimate(arguments: argparse.Namespace) -> int:
    from elicitation.cli_init import cores_here
    from elicitation.study.estimate_text import describe
    from elicitation.study.validation import read_study

    require_run()
    print(describe(read_study(arguments.study), arguments.folder, cores_here()))
    return 0


class Parser(argparse.ArgumentParser):
    """Tells what is wrong in one sentence."""

    def parse_known_args(self, args=None, namespace=None):
        """As argparse does, but each subcommand refuses itself what it does not know, so that its help is named."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.refuse(unknown)
        return found, unknown

    def refuse(self, unknown: list[str]):
        """Say which option is none, and the one that was meant."""
        wrong = next((word.partition("=")[0] for word in unknown if word.startswith("-")), "")
        if not wrong:
            self.error(f"{' '.join(unknown)} is too much")
        close = get_close_matches(wrong, self._option_string_actions, n=1, cutoff=CLOSE)
        self.error(f"there is no option {wrong}{f'; did you mean {close[0]}?' if close else ''}")

    def error(self, message: str):
        if "expected one argument" in message:
            message += "; put an amount such as '$2' in quotes, since a shell makes nothing of $2"
        stop = "" if message.endswith("?") else "."
        self.exit(2, f"Error: {message}{stop} All options: {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = Parser(
        prog="elicitation",
        description="How many cheap and how many expensive labels to buy: questions about studies and their results.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=Version, nargs=0, help="print the version and end")
    # Without a command.
    parser.set_defaults(function=lambda arguments: parser.print_help() or 0)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", parser_class=Parser)

    command = commands.add_parser("trace", help="how a result came to be, and the command that makes it again")
    command.add_argument(
        "result", help="a file under results/ or figures/, or a run: task/supervisor/student/method/block"
    )
    command.add_argument("--all", action="store_true", help="the tree of all files that it comes from")
    command.set_defaults(function=trace)

    command = commands.add_parser("verify", help="check all results of a study against their records")
    command.add_argument("folder", nargs="?", default=".", help="the study's folder; default: this one")
    command.add_argument("--mixed-code", action="store_true", help="accept results of several versions of the code")
    command.add_argument("--delete", action="store_true", help="delete what is wrong, for the next run to make again")
    command.set_defaults(function=verify)

    command = commands.add_parser(
        "repair",
        help="make damaged results again, and nothing that came from them",
        description="Make again the files that a run found damaged (they are noted in results/damaged.txt), and "
        "nothing that came from them. Prints the call of Snakemake that it runs. It can be stopped or killed at any "
        "moment and repeated. It is refused while the study runs.",
    )
    command.add_argument("folder", nargs="?", type=Path, default=Path(), help="the study's folder; default: this one")
    command.add_argument(
        "options",
        nargs="*",
        help="further options of Snakemake, after `--`, for instance: elicitation repair . -- --profile profiles/slurm",
    )
    command.set_defaults(function=repair)

    command = commands.add_parser("estimate", help="what a study will cost, before anything runs")
    command.add_argument(
        "study", nargs="?", type=Path, default=Path("config.yaml"), help="its file; default: config.yaml"
    )
    command.add_argument(
        "folder", nargs="?", type=Path, default=Path(), help="where its results are or will be; default: here"
    )
    command.set_defaults(function=estimate)

    add_tune(commands)
    add_init(commands)
    add_recommend(commands)
    add_next(commands)
    add_explore(commands)
    return parser


def main(words: list[str] | None = None) -> int:
    """Run one subcommand; the exit status is 0 if all is well."""
    parser = build_parser()
    complete(parser)
    arguments = parser.parse_args(words)
    try:
        return arguments.function(arguments)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"Error: {missing_part(error)}", file=sys.stderr)
    return 1


def run() -> int:
    """Set this process up as the command, whose words are the subcommand; see `main`."""
    open_standard_streams()
    # Quiet when `| head` has read enough. Windows has no such signal.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return main()


if __name__ == "__main__":
    sys.exit(run())
