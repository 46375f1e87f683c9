"""What could be done next, in words."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from elicitation.analysis.findings import Question
from elicitation.analysis.gold_for_some import rest_lines
from elicitation.analysis.gold_test_plan import LabelPlan, ReadyPlan
from elicitation.analysis.names import AVERAGE, PLAIN
from elicitation.analysis.next_steps import Plan, Step
from elicitation.analysis.ready_labels import better_labels, for_all_texts, need_no_student, ready_labels, widest
from elicitation.analysis.ready_labels_text import bring_line, not_worth_words, paid_line, use_words
from elicitation.analysis.recommendation_words import (
    MEASURE_WORDS,
    amount_text,
    as_they_are,
    budget_text,
    for_texts,
    labels_words,
    percent,
)
from elicitation.buying.amounts import Money, amount_words

# The share of a budget for gold labels by which a study buys in each way.
SHARES = {"weak only": 0, "mixed": 0.5, "gold only": 1}
# What is never in the list.
BEYOND = (
    "Not ranked, since nothing is known of it: what lies beyond the study, such as larger budgets, another model or "
    "other learning rates."
)
# The same where nothing is ranked.
UNKNOWN = (
    "Nothing is known of what lies beyond the study, such as larger budgets, another model or other learning rates."
)
# The same where what is to be known of larger budgets is said before.
NOT_LARGER = "Nothing is known either of another model or other learning rates, so these are not ranked."
# A gain that would be written as 0 is not told.
LEAST_TOLD = 5e-5


@dataclass(frozen=True)
class HowTo:
    """Where and how a study is changed and asked."""

    study: str
    """Its file."""
    again: str
    """The command that runs it again."""
    folder: str
    """That of its results, as a command takes it."""
    money: Money
    """What its prices are in."""


def gain_words(step: Step) -> str:
    """The gain of a step, and what it takes of time."""
    time = "" if step.hours is None else f", {time_words(step.hours)} of training"
    return f"{100 * step.gain:.2f} points more{time}"


def time_words(hours: float) -> str:
    """Hours, or minutes where it is less than one."""
    return f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.1f} minutes"


def purchase_words(step: Step) -> str:
    """The labels and the method of a step."""
    source = f" of {step.supervisor}" if step.supervisor else ""
    return f"{labels_words(step.n_weak, step.n_gold, source)} by {step.title}"


def key_words(step: Step) -> str:
    """What to change in the study for a step."""
    if step.kind == "test":
        return f"`{step.key}` {step.n_test // (step.n_test - step.gold_labels)} times as large"
    if step.key == "seeds":
        return "one more number in `seeds`, for all purchases"
    number = step.n_weak + step.n_gold if step.key == "grid.shots" else f"[{step.n_weak}, {step.n_gold}]"
    return f"{number} in `{step.key}`"


def run_words(step: Step) -> str:
    """One more seed of a purchase."""
    bought = purchase_words(step)
    what = f"one more seed of {bought} (now {step.n_seeds})" if step.n_seeds else f"a first run of {bought}"
    return f"{what}: {gain_words(step)} ({key_words(step)})"


def examples_words(step: Step, plan: Plan) -> str:
    """More test examples, and what their gold labels cost."""
    cost = amount_text(plan.question, step.cost)
    paid = f", {cost}" if plan.question.currency else ""
    more = f"{step.gold_labels:,} more gold labels{paid}"
    return f"{step.n_test:,} in all (now {plan.n_test:,}), {more}: {gain_words(step)} ({key_words(step)})"


def round_words(step: Step, plan: Plan, how: HowTo) -> str:
    """A first round of labels, and how to ask again after it."""
    cost = amount_text(plan.question, step.cost)
    again = shlex.join(["elicitation", "recommend", how.folder, *options_after(step, plan.question, how.money)])
    then = f"train once ({key_words(step)}), then ask `{again}`"
    return f"buy {purchase_words(step)} first for {cost}, {then}: {gain_words(step)}"


def options_after(step: Step, question: Question, money: Money) -> Iterator[str]:
    """The options of the same question once the labels of a step are bought. money: of the study."""
    asked = {
        "--budget": f"{question.budget - step.cost:.10g}",
        "--have-weak": max(question.have_weak, step.n_weak),
        "--have-gold": max(question.have_gold, step.n_gold),
        "--pool": question.pool,
        "--weak-price": None if question.weak_price is None else f"{question.weak_price:.10g}",
    }
    if (question.currency, question.gold_price) != (money.currency, money.gold_price):
        asked |= {"--gold-price": f"{question.gold_price:.10g}", "--currency": question.currency}
    asked |= {f"--{name}": getattr(question, name) for name in ("task", "student", "method")}
    asked["--supervisor"] = step.supervisor or question.supervisor
    for option, value in asked.items():
        # A price of 0 is a text, and says something.
        if value:
            yield from (option, str(value))
    for name, price in question.weak_prices.items():
        yield from ("--weak-price", f"{name}={price:.10g}")


def gold_test_words(plan: LabelPlan) -> str:
    """What an interval of a width takes, with the weak labels of one supervisor and without."""
    alone = f"{plan.gold_alone:,} by themselves for a student (accuracy {percent(plan.accuracy)} %)"
    few = plan.held is not None and plan.held < plan.texts
    missing = f"; your table has only {plan.held:,} texts with one of both labels" if few else ""
    if not plan.saved:
        return f"{alone}; weak labels of {plan.supervisor} save nothing{missing}"
    return (
        f"{alone}; {plan.gold:,} with weak labels of {plan.supervisor} on {plan.texts:,} test texts, which saves "
        f"{percent(plan.saved)} % of the cost (`test_size: {plan.texts}`, `test_gold: {plan.gold}`){missing}"
    )


def ready_test_words(plan: ReadyPlan, question: Question) -> str:
    """What an interval of a width takes for weak labels that are used as they are."""
    alone = f"{plan.gold:,} by themselves for {as_they_are(plan.supervisor)} (accuracy {percent(plan.accuracy)} %)"
    whose, key = ("the study", f" (`{plan.key}: {plan.gold}`)") if plan.key else ("your table", "")
    if plan.gold <= plan.gold_now:
        return f"{alone}; {whose} has {plan.gold_now:,}"
    cost = f", {amount_text(question, plan.cost)}" if question.currency else ""
    return f"{alone}, {plan.gold - plan.gold_now:,} more than {whose} has{cost}{key}"


def ready_parts(plan: Plan) -> Iterator[str]:
    """The labels with which the recommendation begins, and what is ranked beside them; nothing where there are none."""
    answer = plan.recommendation
    found = next(iter(ready_labels(answer)), None)
    if found is None:
        return
    use, every = use_words(answer), ""
    if not plan.question.budget:
        use, every = f"With the largest, {budget_text(answer)}, u{use[1:]}", " with any of them"
    if plan.no_student:
        yield f"{use}; no student is needed{every}, so no run is ranked."
    elif need_no_student(answer):
        yield f"{use}; what is ranked here is for smaller budgets alone."
    else:
        yield f"{use}; what is ranked here is for more than {widest(answer).n_texts:,} texts alone."
    beaten = plan.no_student and not for_all_texts(answer)
    paid = not_worth_words(answer) if beaten else paid_line(answer, found)
    yield " ".join([bring_line(answer, found.labels), paid, *rest_lines(answer)])


def nothing_words(plan: Plan) -> str:
    """That no step is worth it, of those that are ranked."""
    within, there = (" within the study", " there") if plan.unranked else ("", "")
    known = f"what is best{there} is known as well as it needs to be"
    return f"Nothing{within} is expected to raise it by 0.01 points: {known}."


def plan_lines(plan: Plan, how: HowTo) -> list[str]:
    """The plan as lines of Markdown."""
    return "\n\n".join(plan_parts(plan, how)).split("\n")


def plan_parts(plan: Plan, how: HowTo) -> Iterator[str]:
    """The parts of a plan, between which an empty line stands."""
    question = plan.question
    at = f"budget {amount_words(question.budget, question.currency)}" if question.budget else "the study's budgets"
    yield f"## What next? {plan.task}, student {plan.student}, {at}{for_texts(question)}"
    yield from ready_parts(plan)
    yield from learning_parts(plan) if plan.no_student else ranked_parts(plan, how)
    if plan.gold_tests or plan.ready_tests:
        width = percent([*plan.gold_tests, *plan.ready_tests][0].width)
        tests = [ready_test_words(each, question) for each in plan.ready_tests]
        tests += [gold_test_words(each) for each in plan.gold_tests]
        yield part(f"Gold test labels that make the 95 % interval of an accuracy {width} points wide:", tests)
    yield UNKNOWN if plan.no_student else NOT_LARGER if plan.unranked else BEYOND
    if plan.advice:
        also = "Said" if plan.no_student else "Not ranked either, but advised"
        yield part(f"{also} by `elicitation recommend`:", plan.advice)
    # More gold labels of the reader's own table change no key.
    keyed = [test for test in plan.ready_tests if test.key and test.gold > test.gold_now]
    if any((plan.gold_tests, keyed, plan.missing, *told_steps(plan))):
        yield f"To run what you choose, change the keys in brackets in {how.study}, then run {how.again}"


def part(title: str, entries: Iterable[str]) -> str:
    """A title and a list."""
    return "\n".join([title, "", *(f"- {entry}" for entry in entries)])


def learning_parts(plan: Plan) -> Iterator[str]:
    """What could still be learned where no student is needed, if it is not asked already."""
    if plan.measure == "accuracy" and plan.task != AVERAGE and not plan.ready_tests:
        yield (
            "What could still be learned is how right these labels are: with `--width 5%` the answer says how many "
            "gold test labels make the interval of their accuracy 5 points wide."
        )


def told_steps(plan: Plan) -> list[list[Step]]:
    """Runs, test examples and labels in rounds, each without what gains too little to be told."""
    return [[step for step in steps if step.gain >= LEAST_TOLD] for steps in (plan.runs, plan.tests, plan.labels)]


def expected_words(plan: Plan) -> str:
    """What is recommended now, or for texts without a label that is used as it is, and what it is expected to bring."""
    ready = ready_labels(plan.recommendation)
    what = "What is best there now" if ready else "What is recommended now"
    mean = "" if plan.question.budget else " as the mean over these budgets"
    better = max(better_labels(plan.recommendation), key=lambda entry: entry.score.mean, default=None)
    is_better = better and not ready and better.score.mean > plan.expected
    as_are = f"; {as_they_are(better.supervisor)} bring {percent(better.score.mean)} %" if is_better else ""
    return f"{what} is expected to bring {percent(plan.expected)} % {MEASURE_WORDS[plan.measure]}{mean}{as_are}."


def ranked_parts(plan: Plan, how: HowTo) -> Iterator[str]:
    """The steps by what they are expected to gain, and what is not ranked among them."""
    runs, tests, labels = told_steps(plan)
    if plan.unranked:
        yield plan.unranked
    if plan.question.budget:
        yield (
            "The budget is for what is bought in the end, at once or in rounds, not for runs or test examples. Test "
            "examples whose gold labels cost more than it are left out."
        )
    yield f"{expected_words(plan)} By so much it is expected to rise, because something better may be found:"
    if runs:
        numbered = (f"{i}. {run_words(step)}" for i, step in enumerate(runs, 1))
        yield "\n".join(["More runs, by gain an hour:", "", *numbered])
    if tests:
        again = "More test examples (all runs are made again, since models are not kept):"
        yield part(again, [examples_words(step, plan) for step in tests])
    if labels:
        rounds = [round_words(step, plan, how) for step in labels]
        yield part("Labels in rounds, part of what is bought in the end:", rounds)
    if plan.missing:
        ways = ", ".join(f"{PLAIN[name]} ({SHARES[name]} in `grid.gold_shares`)" for name in plan.missing)
        yield f"Not ranked, since no such purchase within the budget was run and nothing is known of it: {ways}."
    if not runs + tests + labels + plan.missing:
        yield nothing_words(plan)
