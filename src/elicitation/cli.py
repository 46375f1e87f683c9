"""The command `elicitation`: questions about results and studies. Each subcommand is a function and its arguments."""

import argparse
import json
import shutil
import signal
import sys
from contextlib import chdir
from pathlib import Path

from elicitation.errors import InputError
from elicitation.jobs.processes import open_standard_streams

# Price or budget; the largest is 1 over it.
SMALLEST = 1e-12


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
    from elicitation.study.estimate import describe
    from elicitation.study.validation import read_study

    print(describe(read_study(arguments.study), arguments.folder))
    return 0


def recommend(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from elicitation.analysis.findings import Question, read_findings
    from elicitation.analysis.recommendation import recommend
    from elicitation.analysis.recommendation_text import recommendation_lines

    names = {name: getattr(arguments, name) for name in ("task", "supervisor", "student", "method")}
    question = Question(arguments.budget, arguments.weak_price, arguments.gold_price, **names)
    answer = recommend(read_findings(arguments.folder), question)
    print(json.dumps(asdict(answer), indent=1) if arguments.json else "\n".join(recommendation_lines(answer)))
    return 0


def positive(text: str) -> float:
    """A number above 0, of an argument."""
    number = float(text)
    if not SMALLEST <= number <= 1 / SMALLEST:
        raise argparse.ArgumentTypeError(f"{text} must be a number from {SMALLEST:g} to {1 / SMALLEST:g}")
    return number


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="elicitation", description="Questions about results and studies, and repairs."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("trace", help="how a result came to be, and the command that makes it again")
    command.add_argument(
        "result", help="a file under results/ or figures/, or a run: task/supervisor/student/method/block"
    )
    command.add_argument("--all", action="store_true", help="every input, however many")
    command.set_defaults(function=trace)

    command = commands.add_parser("verify", help="check all results of a study against their records")
    command.add_argument("folder", nargs="?", default=".", help="the study's folder (this one)")
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
    command.add_argument("folder", nargs="?", type=Path, default=Path(), help="the study's folder (this one)")
    command.add_argument(
        "options",
        nargs="*",
        help="further options of Snakemake, after `--`, for instance: elicitation repair . -- --profile profiles/slurm",
    )
    command.set_defaults(function=repair)

    command = commands.add_parser("estimate", help="what a study will cost, before anything runs")
    command.add_argument("study", nargs="?", type=Path, default=Path("config.yaml"), help="its file (config.yaml)")
    command.add_argument("folder", nargs="?", type=Path, default=Path(), help="where its results are or will be (here)")
    command.set_defaults(function=estimate)

    command = commands.add_parser("recommend", help="what to buy for a budget, from the results of a study")
    command.add_argument("folder", nargs="?", type=Path, default=Path(), help="the study's folder (this one)")
    command.add_argument("--budget", type=positive, required=True, help="what all labels may cost together")
    command.add_argument(
        "--weak-price", type=positive, help="of one weak label (the supervisor's own, where it has one)"
    )
    command.add_argument("--gold-price", type=positive, default=1.0, help="of one gold label (1)")
    command.add_argument("--task", help="the task (the average over tasks)")
    command.add_argument("--student", help="the student (the only one)")
    command.add_argument("--supervisor", help="the supervisor (the best)")
    command.add_argument("--method", help="the method (the best)")
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.set_defaults(function=recommend)
    return parser


def main(words: list[str] | None = None) -> int:
    """Run one subcommand; the exit status is 0 if all is well."""
    open_standard_streams()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Quiet when `| head` has read enough.
    arguments = build_parser().parse_args(words)
    try:
        return arguments.function(arguments)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
