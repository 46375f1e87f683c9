"""What could be done next, in words."""

from collections.abc import Iterator

from elicitation.analysis.gold_test_plan import LabelPlan
from elicitation.analysis.next_steps import Plan, Step
from elicitation.analysis.recommendation_text import MEASURE_WORDS, labels_words, percent
from elicitation.buying.amounts import amount_words

# A gain that would be written as 0 is not told.
LEAST_TOLD = 5e-5


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


def run_words(step: Step) -> str:
    """One more seed of a purchase."""
    if not step.n_seeds:
        return f"a first run of {purchase_words(step)}: {gain_words(step)}"
    return f"one more seed of {purchase_words(step)} (now {step.n_seeds}): {gain_words(step)}"


def gold_test_words(plan: LabelPlan) -> str:
    """What an interval of a width takes, with the weak labels of one supervisor and without."""
    alone = f"{plan.gold_alone:,} by themselves (accuracy {percent(plan.accuracy)} %)"
    if not plan.saved:
        return f"{alone}; weak labels of {plan.supervisor} save nothing"
    return (
        f"{alone}; {plan.gold:,} with weak labels of {plan.supervisor} on {plan.texts:,} test texts, which saves "
        f"{percent(plan.saved)} % of the cost (`test_size: {plan.texts}`, `test_gold: {plan.gold}`)"
    )


def plan_lines(plan: Plan) -> Iterator[str]:
    """The plan as lines of Markdown."""
    question, name = plan.question, MEASURE_WORDS[plan.measure]
    runs, tests, labels = (
        [step for step in steps if step.gain >= LEAST_TOLD] for steps in (plan.runs, plan.tests, plan.labels)
    )
    at = f"budget {amount_words(question.budget, question.currency)}" if question.budget else "the study's budgets"
    yield f"## What next? {plan.task}, student {plan.student}, {at}\n"
    now = f"What is recommended now is expected to bring {percent(plan.expected)} % {name}."
    yield f"{now} By so much it is expected to rise, because something better may be found:\n"
    if runs:
        yield "More runs, by gain an hour:\n"
        yield from (f"{i}. {run_words(step)}" for i, step in enumerate(runs, 1))
    if tests:
        yield "\nMore test examples (all runs are made again, since models are not kept):\n"
        for step in tests:
            more = f"{step.gold_labels:,} more gold labels"
            yield f"- {step.n_test:,} in all (now {plan.n_test:,}), {more}: {gain_words(step)}"
    if labels:
        yield "\nLabels in rounds, part of what is bought in the end:\n"
        for step in labels:
            have = f"--have-weak {step.n_weak} " * (step.n_weak > 0) + f"--have-gold {step.n_gold}" * (step.n_gold > 0)
            yield f"- buy {purchase_words(step)} first, train once, ask again with {have.strip()}: {gain_words(step)}"
    if plan.gold_tests:
        width = percent(plan.gold_tests[0].width)
        yield f"\nGold test labels that make the 95 % interval of an accuracy {width} points wide:\n"
        yield from (f"- {gold_test_words(each)}" for each in plan.gold_tests)
    if not runs + tests + labels:
        yield "Nothing is expected to raise it by 0.01 points: what is best is known as well as it needs to be."
