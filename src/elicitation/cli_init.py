"""The command `elicitation init`: from a table of labels to a study of it, and the call that runs it."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from elicitation.analysis.names import ABSTAINED, NOT_ASKED, PAID
from elicitation.buying.amounts import Amount, common_currency, read_amount, read_currency
from elicitation.cli_help import argument, texts_to_label
from elicitation.cli_light import can_run
from elicitation.errors import InputError, listed, nearest

if TYPE_CHECKING:
    from elicitation.study.first_study import Wanted

# The currency of prices that name none.
CURRENCY = "$"
# Why texts have no weak label, as an option says it, and as a study does.
GAPS = {reason.replace("_", "-"): reason for reason in (ABSTAINED, PAID, NOT_ASKED)}
# How to run a study that was written without the packages that run one.
ELSEWHERE = (
    "To run it, take it and the table to the project's folder on a machine where `make env` was called, write the "
    "table's folder there as data_folder, and call this"
)


def priced_column(text: str) -> tuple[str, Amount]:
    """A weak column or pattern with the price of one of its labels, written as `llm=0.02`."""
    name, separator, price = text.rpartition("=")
    if not separator or not name:
        several = "; give each of several columns its own price, as in llm=0.02 rater=0.20" if "," in text else ""
        raise argparse.ArgumentTypeError(f"{text} must name a column and the price of a label, as in llm=0.02{several}")
    try:
        return name, read_amount(price, least=0)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def label_values(text: str) -> dict[str, float]:
    """The label of each value, written as `spam=1,ham=0`; 0.5 says neither."""
    known, pairs = {"0": 0, "1": 1, "0.5": 0.5}, [pair.rpartition("=") for pair in text.split(",")]
    labels = {value.strip(): known.get(label.strip()) for value, _, label in pairs}
    if len(labels) != len(pairs) or "" in labels or None in labels.values() or not {0, 1} <= {*labels.values()}:
        raise argparse.ArgumentTypeError(
            f"{text} must give values, each once, the labels 1, 0 and, for what says neither, 0.5, as in "
            "spam=1,ham=0,unclear=0.5"
        )
    return labels


def question(text: str) -> str:
    """A question about a text, or a heading for its label, in one line."""
    if not text.strip() or len(text.splitlines()) > 1:
        raise argparse.ArgumentTypeError("it must be in one line, as in --question 'Is it spam?'")
    return text.strip()


def encoding(name: str) -> str:
    """The name of an encoding of text."""
    try:
        "a".encode(name)
    except (LookupError, ValueError):
        raise argparse.ArgumentTypeError(f"{name} is no encoding; name one, as in --encoding windows-1252") from None
    return name


def gap_reason(text: str) -> tuple[str, str]:
    """A weak column, or "" for all of them, and why texts have no label of it: written as `llm=not-asked`."""
    name, _, reason = text.rpartition("=")
    if reason not in GAPS:
        raise argparse.ArgumentTypeError(f"{text} must end with {listed([*GAPS], 'or')}, as in llm=not-asked")
    return name, GAPS[reason]


def sure_column(text: str) -> tuple[str, str]:
    """A weak column and the column that says how sure it is, written as `llm=llm_confidence`."""
    name, _, column = text.partition("=")
    if not name or not column:
        raise argparse.ArgumentTypeError(f"{text} must name two columns, as in llm=llm_confidence")
    return name, column


def add_init(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "init",
        help="a study of your own table of labels",
        description="Look at a table of texts and labels, and write a study of it that is sized to table and machine.",
    )
    command.add_argument(
        "table", type=Path, help="the table: CSV, JSON, parquet or Excel (docs/tutorials/your-labels.md)"
    )
    command.add_argument("--gold", default="gold", help="its column of labels that you trust; default: gold")
    command.add_argument(
        "--weak",
        nargs="+",
        required=True,
        type=priced_column,
        metavar="COLUMN=PRICE",
        help="its columns of cheaper labels, each with the price of one, 0 if it is free: --weak llm=0.02 'ann*'=0.05 "
        "rule=0",
    )
    command.add_argument(
        "--gold-price",
        type=argument(read_amount),
        help="of one gold label: --gold-price 3; without: weak ones cost shares of it",
    )
    command.add_argument(
        "--budget",
        type=argument(read_amount),
        help="the most that you can spend on labels, as --budget 60: answers begin with it, and it is the largest "
        "budget to train on, in whole gold labels, as far as the table has these; of several budgets name the largest, "
        "since answers for smaller ones can be asked for afterwards; without: budgets follow from the table",
    )
    command.add_argument(
        "--pool",
        type=argument(texts_to_label),
        help="how many texts are to have a label in the end, those of the table among them, such as --pool 8000: "
        "answers are for so many; without: for any number",
    )
    command.add_argument(
        "--currency", type=argument(read_currency), help=f"of prices that name none; default: {CURRENCY}"
    )
    command.add_argument(
        "--question",
        type=question,
        help="ask the student this of each text, without any label: a heading that the words of --labels can stand "
        "behind, such as 'Sentiment:', or a question where yes means label 1, such as 'Is it spam?'",
    )
    add_reading(command)
    command.add_argument("--output", type=Path, help="the study's file; default: named after the table, here")
    command.set_defaults(function=init)


def add_reading(command: argparse.ArgumentParser) -> None:
    """The options that say how the table is read."""
    command.add_argument("--text", help="its column of texts; default: the one that is by far the longest")
    command.add_argument("--id", help="its column of ids, by which texts are named; default: rows are by their number")
    command.add_argument("--labels", type=label_values, help="what the gold labels mean: --labels spam=1,ham=0")
    command.add_argument(
        "--others",
        choices=["refuse", "drop"],
        default="refuse",
        help="what becomes of other values, in gold and weak columns, and of rows without a text; default: refuse",
    )
    command.add_argument(
        "--repeated",
        choices=["refuse", "first"],
        default="refuse",
        help="what becomes of texts that stand in several rows with different weak labels: first has the first row "
        "count; default: refuse",
    )
    command.add_argument(
        "--confidence",
        nargs="+",
        default=[],
        type=sure_column,
        metavar="COLUMN=CONFIDENCE",
        help="of a weak column of labels, the column that says how sure each one is, from 0 to 1: "
        "--confidence llm=llm_confidence",
    )
    command.add_argument("--worker", help="its column that says who votes, if each row is one vote")
    command.add_argument(
        "--gaps",
        nargs="+",
        default=[],
        type=gap_reason,
        metavar="[COLUMN=]REASON",
        help="why texts have no label of a weak column: abstained, paid or not-asked (docs/how-to/own-study.md): "
        "--gaps not-asked, or --gaps llm=not-asked; default: abstained",
    )
    command.add_argument(
        "--encoding", type=encoding, help="of a text file, such as --encoding windows-1252; default: UTF-8"
    )


def wanted_of(arguments: argparse.Namespace) -> Wanted:
    """What the arguments say of the table; InputError if they contradict each other."""
    from elicitation.buying.amounts import Money
    from elicitation.study.first_study import Wanted

    amounts = [amount for _, amount in arguments.weak]
    currency = common_currency([*amounts, arguments.gold_price, arguments.budget], arguments.currency)
    if currency and not arguments.gold_price:
        raise InputError(f"Prices are in {currency}, so say what a gold label costs, such as --gold-price 3.")
    money = Money(currency or CURRENCY, arguments.gold_price.value) if arguments.gold_price else Money()
    weak = {name: amount.value for name, amount in arguments.weak}
    if len(weak) < len(arguments.weak):
        raise InputError("--weak names a column twice; give each column once.")
    if arguments.worker and len(weak) > 1:
        raise InputError("--worker says who votes in one column; give --weak a single column.")
    return Wanted(
        arguments.table,
        arguments.gold,
        weak,
        money,
        text=arguments.text,
        labels=arguments.labels,
        drops=arguments.others == "drop",
        worker=arguments.worker,
        first_counts=arguments.repeated == "first",
        encoding=arguments.encoding,
        id=arguments.id,
        question=arguments.question,
        budget=arguments.budget and arguments.budget.value,
        texts_to_label=arguments.pool,
        gaps=gaps_of(arguments.gaps, weak, arguments.worker),
        confidence=confidence_of(arguments.confidence, weak),
    )


def gaps_of(given: list[tuple[str, str]], weak: Collection[str], worker: str | None) -> dict[str, str]:
    """Why texts have no label, by weak column; InputError for a column that is none of them, or votes in rows."""
    gaps = {}
    # What is said of one column goes before what is said of all.
    for name, reason in sorted(given):
        if name and name not in weak:
            raise InputError(f"--gaps names {name!r}, which is no column of --weak{nearest(name, [*weak])}")
        if reason == PAID and worker:
            raise InputError("--gaps says paid, but with --worker each row is a vote; write 0.5 in those paid for.")
        gaps |= {name: reason} if name else dict.fromkeys(weak, reason)
    return gaps


def confidence_of(given: list[tuple[str, str]], weak: Collection[str]) -> dict[str, str]:
    """The columns that say how sure weak columns are; InputError for those of what is no single column of --weak."""
    from elicitation.data.labels import is_pattern

    for name, _ in given:
        if name not in weak or is_pattern(name):
            raise InputError(
                f"--confidence names {name!r}, which is no single column of --weak{nearest(name, [*weak])}"
            )
    return dict(given)


def runs_studies() -> bool:
    """Whether this installation is of a checkout and has the packages that run studies."""
    from elicitation.jobs.records import ROOT

    return (ROOT / "Snakefile").is_file() and can_run()


def run_command(study: Path, folder: Path) -> str:
    """The call of Snakemake that runs a study in a folder, as it can be typed here.

    Where studies cannot be run, it is to be typed in a checkout in which they can.
    """
    from elicitation.jobs.processes import program_here
    from elicitation.jobs.records import ROOT

    if not runs_studies():
        return shlex.join(
            ["snakemake", "--cores", "all", "--directory", folder.as_posix(), "--configfile", study.as_posix()]
        )
    here = Path.cwd() == ROOT
    words = [
        program_here("snakemake"),
        "--cores",
        "all",
        "--directory",
        str(folder if here else folder.absolute()),
    ]
    words += ["--configfile", str(study if here else study.absolute())]
    return ("" if here else f"cd {shlex.quote(str(ROOT))} && ") + shlex.join(words)


def cores_here() -> int:
    """The cores that Snakemake uses here by `--cores all`."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def init(arguments: argparse.Namespace) -> int:
    from elicitation.study.first_study import look, slug
    from elicitation.study.first_study_file import study_text
    from elicitation.study.first_study_size import size_study
    from elicitation.study.first_study_text import look_lines, size_lines
    from elicitation.study.warnings import warn_of_copies

    wanted = wanted_of(arguments)
    if not wanted.path.is_file():
        raise InputError(f"There is no file {wanted.path}; name a table of texts and labels.")
    output = arguments.output or Path(f"{slug(wanted.path.stem)}.yaml")
    if output.exists():
        raise InputError(f"{output} exists; name another file by --output, or move it away.")
    if not output.absolute().parent.is_dir():
        raise InputError(f"There is no folder {output.absolute().parent}; make it, or name another file by --output.")
    looked = look(wanted)
    print("\n".join(look_lines(looked, wanted)))
    cores, folder = cores_here(), Path("runs") / output.stem
    config, study, minutes = size_study(looked, wanted, cores, folder)
    for warning in (*study.warnings, *warn_of_copies(study, study.task_named)):
        print(f"Warning: {warning}")
    command = run_command(output, folder)
    output.write_text(study_text(config, looked, command, minutes), encoding="utf-8")
    print("\n" + "\n".join(size_lines(study, looked, minutes, cores, wanted)))
    run_it = "Run it" if runs_studies() else ELSEWHERE
    print(f"It stands in {output}. {run_it}, then read {folder}/results/answer.md:\n\n  {command}")
    return 0
