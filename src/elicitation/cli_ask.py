"""The commands `elicitation recommend` and `elicitation next`: questions to the results of a study."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from elicitation.buying.amounts import SMALLEST, common_currency, read_amount, read_currency, sign_of
from elicitation.cli_help import argument, completes, count, texts_to_label
from elicitation.errors import InputError, listed

if TYPE_CHECKING:
    from elicitation.analysis.findings import Findings, Question
    from elicitation.buying.amounts import Amount, Money

# Floats in JSON have so many significant digits; what comes after is the error of binary numbers.
DIGITS = 9
# What an option that chooses among a study's findings chooses by default.
CHOICES = {
    "task": "the average over tasks",
    "student": "the only one",
    "supervisor": "the best one",
    "method": "the best one",
}


def currency_of(arguments: argparse.Namespace, named: str | None = None) -> str:
    """The currency of all amounts that a command is given; InputError if there are two. named: where none is said."""
    prices = [amount for _, amount in arguments.weak_price]
    given = [amount for amount in (arguments.budget, arguments.gold_price, *prices) if amount]
    said = arguments.currency or any(amount.currency for amount in given)
    return common_currency(given, arguments.currency if said else named)


def question_of(
    arguments: argparse.Namespace, money: Money, texts_to_label: int | None = None, own_budget: float | None = None
) -> Question:
    """The question that a command's arguments ask; InputError if they contradict each other.

    money: of the study, which amounts are in where no other currency is named; texts_to_label, own_budget: of the
    study, which the question is about where it names no others.
    """
    from elicitation.analysis.findings import Question

    budget, gold_price = (amount and amount.value for amount in (arguments.budget, arguments.gold_price))
    prices = {name: amount.value for name, amount in arguments.weak_price}
    if len(prices) < len(arguments.weak_price):
        raise InputError("--weak-price says one price twice; name each supervisor once, or one price for all.")
    weak_price = prices.pop("", None)
    currency = currency_of(arguments, money.currency)
    if sign_of(currency) == sign_of(money.currency):
        currency = money.currency
    if gold_price is None and currency == money.currency:
        gold_price = money.gold_price
    if currency and gold_price is None:
        if money.currency:
            raise InputError(
                f"The study's prices are in {money.currency}, but this amount is in {currency}; write it in "
                f"{money.currency}, or say by --gold-price what a gold label costs in {currency}."
            )
        raise InputError(f"Amounts are in {currency}, so say what a gold label costs, such as --gold-price 3.")
    if budget is None and own_budget is not None:
        budget = own_budget if currency == money.currency else money.in_gold(own_budget) * gold_price
    names = ("task", "supervisor", "student", "method", "have_weak", "have_gold")
    asked = {name: getattr(arguments, name) for name in names}
    asked["pool"] = texts_to_label if arguments.pool is None else arguments.pool
    return Question(budget or 0.0, weak_price, gold_price or 1.0, currency=currency, weak_prices=prices, **asked)


def rounded(value):
    """The value, or all that a list or dictionary holds, with floats rounded to DIGITS."""
    if isinstance(value, dict):
        return {name: rounded(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def print_answer(folder: Path, findings: Findings, answer: dict, lines: Iterable[str], as_json: bool) -> None:
    """Print an answer from the findings in a folder in its lines, or as JSON.

    First is said where the data are invented, and where the study or its table has changed since.
    """
    from elicitation.analysis.names import DEMONSTRATION
    from elicitation.study.changes import change_sentences

    for sentence in [*[DEMONSTRATION] * findings.invented, *change_sentences(folder)]:
        # Beside JSON, which programs read.
        print(sentence, file=sys.stderr if as_json else sys.stdout)
    if as_json:
        print(json.dumps(rounded(answer), indent=1))
    else:
        # The lines are of reports too, in Markdown.
        print(re.sub(r"^## |\*\*", "", "\n".join(lines), flags=re.MULTILINE))


def findings_in(folder: Path) -> Findings:
    """The findings in a study's folder; InputError if it is not finished, with the command that goes on, if known."""
    from elicitation.analysis.findings import STARTED, read_findings
    from elicitation.jobs.records import call_again, read_record

    try:
        return read_findings(folder)
    except InputError as error:
        # What a study makes first.
        cards = map(read_record, sorted((folder / "results/tasks").glob("*/card.json")))
        command = next((card["command"] for card in cards if card and card.get("command")), "")
        if not command:
            raise
        again = f"this command: {call_again(command, folder)}"
        raise InputError(str(error).replace(f"{STARTED}.", again)) from error


def check_recommend(arguments: argparse.Namespace) -> None:
    """InputError if the options of `elicitation recommend` contradict each other; it names them as they were typed."""
    bought, budget = arguments.buy, arguments.budget
    asked = [arguments.score[0]] if arguments.score else []
    asked += ["--buy"] * (bought is not None)
    every = asked + ["--break-even"] * arguments.break_even
    if len(every) > 1:
        raise InputError(f"{listed(every)} are questions of their own; ask one at a time.")
    if asked and budget:
        raise InputError(
            f"{asked[0]} finds out itself what is spent: leave out --budget, or leave out {asked[0]} to ask what that "
            "budget brings."
        )
    if arguments.break_even and budget and not budget.value:
        raise InputError("--break-even compares labels for the same money; give a --budget above 0.")
    if arguments.break_even and arguments.weak_price:
        raise InputError("--break-even searches for the price of a weak label; leave out --weak-price.")
    if bought is not None and not sum(bought):
        raise InputError("--buy names no label; give the weak and the gold labels, such as --buy 1000 100.")


def recommend(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from elicitation.analysis.questions import break_even, offer, reach, with_largest_budget
    from elicitation.analysis.recommendation import recommend
    from elicitation.analysis.recommendation_json import plain_answer
    from elicitation.analysis.recommendation_text import recommendation_lines

    check_recommend(arguments)
    currency_of(arguments)
    findings = findings_in(arguments.folder)
    question = question_of(arguments, findings.money, findings.texts_to_label, findings.budget)
    if arguments.score is not None:
        _, score = arguments.score
        answer = reach(findings, question, score)
    elif arguments.buy is not None:
        answer = offer(findings, question, *arguments.buy)
    else:
        largest = arguments.budget is None and findings.budget is None
        asked = with_largest_budget(findings, question) if largest else question
        found = (break_even if arguments.break_even else recommend)(findings, asked)
        answer = replace(found, largest_budget=largest)
    print_answer(arguments.folder, findings, plain_answer(answer), recommendation_lines(answer), arguments.json)
    return 0


def next_steps(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict, replace

    import pandas as pd

    from elicitation.analysis.findings import finished_file
    from elicitation.analysis.gold_test_plan import plan_gold_tests, plan_ready_tests
    from elicitation.analysis.next_steps import plan, read_evidence
    from elicitation.analysis.next_steps_text import HowTo, plan_lines
    from elicitation.jobs.training_times import training_times
    from elicitation.study.changes import where_to_change

    folder = arguments.folder
    findings = findings_in(folder)
    question = question_of(arguments, findings.money, findings.texts_to_label, findings.budget)
    found = plan(findings, read_evidence(folder), question, training_times(folder))
    if arguments.width is not None:
        found = replace(found, ready_tests=plan_ready_tests(findings, found.recommendation, arguments.width))
    if arguments.width is not None and not found.no_student:
        metrics = pd.read_parquet(finished_file(folder, "metrics.parquet"))
        found = replace(found, gold_tests=plan_gold_tests(findings, metrics, question, arguments.width))
    how = HowTo(*where_to_change(folder), str(folder), findings.money)
    print_answer(folder, findings, asdict(found), plan_lines(found, how), arguments.json)
    return 0


def weak_price(text: str) -> tuple[str, Amount]:
    """The supervisor, or nothing for all, and the price of a label; ValueError says in a sentence what is wrong."""
    name, _, amount = text.rpartition("=")
    return name, read_amount(amount, least=0)


def share(text: str) -> float:
    """A score from 0 to 1, or in percent; ValueError says in a sentence what is wrong."""
    found = re.fullmatch(r"(\d*\.?\d+|\d+\.)\s*(%?)", text)
    value = float(found[1]) / (100 if found[2] else 1) if found else 2.0
    if value > 1:
        raise ValueError(f"{text} must be a score from 0 to 1, or in percent, such as 0.9 or 90%")
    return value


class AsTyped(argparse.Action):
    """Keeps the option as it was typed, of several names, with its value."""

    def __call__(self, parser, namespace, value, option=None) -> None:
        setattr(namespace, self.dest, (option, value))


def add_question(command: argparse.ArgumentParser, budget: str, least: float = SMALLEST) -> None:
    """Arguments of all commands that answer from a study's findings. budget: what help says of it; least: its least."""
    amount = argument(read_amount)
    money = argument(lambda text: read_amount(text, least=least))
    whole = argument(count)
    command.add_argument("folder", nargs="?", type=Path, default=Path(), help="the study's folder; default: this one")
    command.add_argument("--budget", type=money, help=budget)
    command.add_argument(
        "--weak-price",
        type=argument(weak_price),
        action="append",
        default=[],
        metavar="[NAME=]PRICE",
        help="of one weak label, such as --weak-price 2c, or free: --weak-price 0; of one supervisor's alone: "
        "--weak-price intern=2c, once for each; default: the supervisor's own",
    )
    command.add_argument(
        "--gold-price", type=amount, help="of one gold label, such as --gold-price '$3'; default: the study's, or 1"
    )
    command.add_argument(
        "--currency",
        type=argument(read_currency),
        help="of amounts that name none, such as --currency €; default: the study's",
    )
    have = (
        "labels that are paid already, such as --have-gold 200 --have-weak 1000; those of your own table are "
        "named in results/answer.md; default: 0"
    )
    command.add_argument("--have-weak", type=whole, default=0, help=f"weak {have}")
    command.add_argument("--have-gold", type=whole, default=0, help=f"gold {have}")
    command.add_argument(
        "--pool",
        type=argument(texts_to_label),
        help="how many texts are to have a label in all, those of your table among them, such as --pool 3000; "
        "default: the study's texts_to_label, or any number",
    )
    for kind, default in CHOICES.items():
        completes(command.add_argument(f"--{kind}", help=f"the {kind}; default: {default}"))
    command.add_argument("--json", action="store_true", help="print the answer as JSON (docs/reference/json.md)")


def add_recommend(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "recommend",
        help="what to buy, from the results of a study",
        description="What to buy for a budget, from the results of a study (docs/how-to/questions.md).",
    )
    costs = (
        "what all labels may cost together: --budget '$500' --gold-price '$3' --weak-price 2c; what can be done with "
        "labels that you have: --budget 0 --have-gold 200; default: the study's budget, or else its largest"
    )
    add_question(command, costs, least=0)
    command.add_argument(
        "--score",
        "--accuracy",
        dest="score",
        type=argument(share),
        action=AsTyped,
        help="what is the cheapest purchase that is expected to reach this score: --accuracy 0.9",
    )
    command.add_argument(
        "--buy",
        nargs=2,
        type=argument(count),
        metavar=("WEAK", "GOLD"),
        help="what would so many labels bring, against the best for that money: --buy 1000 100",
    )
    command.add_argument(
        "--break-even",
        action="store_true",
        help="up to which price is a weak label bought: --break-even --budget 100",
    )
    command.set_defaults(function=recommend)


def add_next(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "next",
        help="what to run, test or buy next, by what it is expected to gain",
        description="What could be done next, by how much it is expected to raise the score of what is then bought.",
    )
    add_question(
        command,
        "what the labels may cost that are bought in the end, such as --budget 100, not runs and test examples; "
        "default: the study's budget, or else each that it looks at",
    )
    command.add_argument(
        "--width",
        type=argument(share),
        help="how many gold test labels make the 95 %% interval of an accuracy so wide, by themselves and with weak "
        "labels on more texts: --width 5%%",
    )
    command.set_defaults(function=next_steps)
