"""The study's answer in three plain sentences: what to buy for a small, a middle and a large budget."""

import math
from dataclasses import replace
from itertools import groupby

from elicitation.analysis.gold_for_all import gold_for_all, gold_lines, gold_order, otherwise_words
from elicitation.analysis.names import ASKING, COMMONER, DEMONSTRATION, PLAIN, UNDETERMINED
from elicitation.analysis.ready_labels import (
    better_labels,
    for_all_texts,
    leading_labels,
    need_no_student,
    ready_labels,
)
from elicitation.analysis.ready_labels_text import beyond_ready, not_worth_words, ready_lines, use_words
from elicitation.analysis.recommendation_notes import better_notes, held_notes, notes, pool_notes, undertrained_notes
from elicitation.analysis.recommendation_text import Said, order_and_details
from elicitation.analysis.recommendation_words import (
    FREE_WORDS,
    MEASURE_WORDS,
    as_they_are,
    bought_at,
    cheaper_words,
    estimator_words,
    for_texts,
    free_words,
    gaps_words,
    labels_at_price,
    labels_score,
    long_brackets,
    money,
    percent,
    price_text,
    seeds_words,
    with_ends,
)
from elicitation.analysis.recommended import Purchase, Recommendation, WeakLabels
from elicitation.buying.amounts import amount_words
from elicitation.errors import listed

# What budgets are called in the sentences, from the smallest to the largest, by how many are told.
BUDGET_SIZES = {1: ("",), 2: ("small", "large"), 3: ("small", "middle", "large")}


def price_shown(answers: list[Recommendation], wanted: float) -> float | None:
    """The price of a weak label that the sentences are about: of the prices asked for, the one nearest to `wanted`.

    None where all labels have a price of their own, so that none is asked for."""
    asked = {answer.question.weak_price for answer in answers} - {None}
    return min(sorted(asked), key=lambda price: abs(price - wanted), default=None)


def choose_answers(
    answers: list[Recommendation], weak_price: float, own_budget: float | None = None
) -> dict[str, list[Recommendation]]:
    """The answers that the sentences tell, by the size of their budget: those of the first task (the average, where
    there is one) and student, at the price nearest to weak_price, up to the reader's own budget.

    Neighbouring budgets with the same best purchase are told together. Then it is the best one between them too: it is
    the best of all that the largest of them buys, and the smallest buys it.
    """
    first = answers[0]
    alike = [answer for answer in answers if (answer.task, answer.student) == (first.task, first.student)]
    price = price_shown(alike, weak_price * first.question.gold_price)
    most = math.inf if own_budget is None else own_budget
    told = (answer for answer in alike if answer.question.weak_price == price and answer.question.budget <= most)
    alike = sorted(told, key=lambda answer: answer.question.budget)
    groups = [list(group) for _, group in groupby(alike, key=best_words)]
    told = groups if len(groups) in BUDGET_SIZES else [groups[0], groups[len(groups) // 2], groups[-1]]
    return dict(zip(BUDGET_SIZES[len(told)], told, strict=True))


def purchase_words(answer: Recommendation, bought: Purchase) -> str:
    """A purchase with its way of spending, source, method and cost."""
    weak = f"{bought.n_weak:,} weak labels of {bought.supervisor} {bought_at(answer, bought)}"
    kinds = [weak] * (bought.n_weak > 0) + [f"{bought.n_gold:,} gold labels"] * (bought.n_gold > 0)
    cost = money(answer, bought.cost)
    return f"{PLAIN[bought.strategy]} ({' and '.join(kinds)}, used by {bought.title}) for {cost}"


def nothing_words(answer: Recommendation) -> str:
    """What buying no label achieves, in a sentence."""
    baseline = answer.baseline
    commoner = f"{FREE_WORDS[COMMONER]} {percent(baseline.commoner.mean)} %"
    asking = f"{FREE_WORDS[ASKING]} {with_ends(baseline.asking)}; " if baseline.asking else ""
    free = [entry for entry in baseline.weak_labels if not entry.price]
    labels = "".join(f"; {as_they_are(entry.supervisor)} {labels_score(answer, entry)}" for entry in free)
    return f"Without training: {asking}{commoner}{labels}."


def best_words(answer: Recommendation) -> str:
    """The best purchase, and whether it is recommended; nothing where none is affordable."""
    recommended = "" if answer.purchase else "not "
    return f"{recommended}{purchase_words(answer, answer.best)}" if answer.best else ""


def budgets_words(size: str, alike: list[Recommendation], own_budget: float | None = None) -> str:
    """With which budgets, and at which of them alone it is undetermined what to do. own_budget: as of study_answer."""
    budgets = [amount_words(each.question.budget, each.currency) for each in alike]
    unsure = [budget for budget, each in zip(budgets, alike, strict=True) if each.regime.name == UNDETERMINED]
    ends = " to ".join(dict.fromkeys((budgets[0], budgets[-1]))) + ("" if alike[0].currency else " gold labels")
    if 0 < len(unsure) < len(budgets):
        ends += f"; undetermined at {listed(unsure)}"
    if alike[-1].question.budget == own_budget:
        return f"With {'budgets up to yours' if len(budgets) > 1 else 'your budget'} ({ends})"
    if size:
        return f"With a {size} budget of those studied ({ends})"
    return f"With every budget studied ({ends})" if len(budgets) > 1 else f"With the budget of {ends}"


def sentence(size: str, alike: list[Recommendation], own_budget: float | None = None) -> str:
    """What to do with a budget in one sentence, and in another what is nearly as good for less.

    alike: the answers for one budget or several, which have the same best purchase; own_budget: as of study_answer.
    """
    answer, start = alike[0], budgets_words(size, alike, own_budget)
    labels = rivals_words(alike[-1])
    decided = any(each.regime.name != UNDETERMINED for each in alike)
    if answer.purchase:
        choice = f"{purchase_words(answer, answer.purchase)}: expected {with_ends(answer.expected)}{labels}"
        guess = "" if decided else "it is undetermined how to spend it; the best guess is to "
        return " ".join([f"{start} {guess}{choice}.", *cheaper_words(answer)])
    other, free = answer.best_alternative, free_words(answer)
    if other is None:
        return f"{start} nothing that was studied is affordable{labels}."
    best = f"the best one is to {purchase_words(answer, other)}: expected {with_ends(other.expected)}"
    beaten = f"no purchase studied beats {free}; {best}{labels}."
    if need_no_student(alike[-1]):
        return f"{start} {beaten}"
    guess = "" if decided else "it is undetermined what to do; the best guess is to "
    nothing = "train no student" if ready_labels(answer) else "buy nothing"
    return f"{start} {guess}{nothing}, since {beaten}"


def rivals_words(answer: Recommendation) -> str:
    """The weak labels that are at least as good as they are, for the end of a sentence; else nothing.

    Nothing either where the answer begins with such labels, or with a budget of 0, which pays for none.
    """
    if leading_labels(answer) or not answer.question.budget:
        return ""
    return "".join(f"; {rival_words(answer, entry)}" for entry in better_labels(answer))


def rival_words(answer: Recommendation, entry: WeakLabels) -> str:
    """The price and the score of weak labels as they are."""
    return f"{labels_at_price(answer, entry)}: {percent(entry.score.mean)} %{gaps_words(answer, entry)}"


def heading_of(told: list[Recommendation]) -> str:
    """What the sentences hold for: the texts, the task, the student and the price of a weak label."""
    first = told[0]
    price = first.question.weak_price
    costs = "weak labels at their own prices" if price is None else f"a weak label costs {price_text(first, price)}"
    bought = {answer.purchase.weak_price for answer in told if answer.purchase}
    ready = {entry.price for answer in told for entry in answer.baseline.weak_labels}
    if price is not None and (bought | ready) - {price}:
        costs += " unless it has a price of its own"
    return f"# What to buy{for_texts(first.question)}: {first.task}, student {first.student}, {costs}"


def without_more(answer: Recommendation) -> Recommendation:
    """The answer without what to add to the study for more labels, which is said of the largest budget alone."""
    return replace(answer, studied=replace(answer.studied, beyond=False, larger=None))


def notes_of(told: list[Recommendation]) -> dict[str, None]:
    """What is to be known of answers for rising budgets, each note once.

    What beats all students, what to add for more labels, of how many texts gold labels are paid for, and how to count
    one's own, is said of the largest budget alone; which weak labels beat a purchase as they are, in its sentence.
    """
    *smaller, largest = told
    of_largest = (undertrained_notes, pool_notes, held_notes)
    left_out = {note for kind in of_largest for answer in smaller for note in kind(answer)}
    left_out -= {note for kind in of_largest for note in kind(largest)}
    left_out |= {note for answer in told if rivals_words(answer) for note in better_notes(answer)}
    found = dict.fromkeys(note for answer in [*map(without_more, smaller), largest] for note in notes(answer))
    return {note: None for note in found if note not in left_out}


def support_lines(answer: Recommendation, unsure: bool) -> list[str]:
    """What scores are and rest on, and what undetermined means, if anything is."""
    seeds, wanted = seeds_words(answer.studied.n_seeds), f"{percent(answer.regime.wanted)} %"
    estimated = f", {estimator_words(answer)}" if estimator_words(answer) else ""
    return [
        f"Scores: {MEASURE_WORDS[answer.measure]}{estimated}, with 95 % intervals; at least {seeds} a purchase.",
        f"{f'Undetermined: less sure than {wanted}. ' * unsure}Every budget and price: results/recommendation.md.",
    ]


def study_answer(
    answers: list[Recommendation], weak_price: float, invented: bool = False, own_budget: float | None = None
) -> Said:
    """The sentences, with the task, student and price that they hold for.

    weak_price: in gold labels, as of choose_answers; invented: whether the study's data are; own_budget: what the
    reader has to spend, which is among the answers, where the study says it.
    """
    warning = [DEMONSTRATION, ""] * invented
    if not any(answer.purchase or answer.alternatives for answer in answers):
        nothing = "No budget of this study buys any label at its prices."
        return Said([*warning, "# What to buy"], details=[nothing])
    chosen = choose_answers(answers, weak_price, own_budget)
    # Of budgets that are told together, what is to be known of the largest holds for all.
    told = [alike[-1] for alike in chosen.values()]
    first = next(iter(chosen.values()))[0]
    order, details = "", [nothing_words(first)]
    # The largest budget is what its owner said that there is to spend.
    if ready_labels(largest := told[-1]):
        trains = any(answer.purchase for answer in told)
        beyond = [beyond_ready(largest, trains)]
        needless = all(need_no_student(answer) for alike in chosen.values() for answer in alike)
        if needless or for_all_texts(largest):
            own = "the largest budget" if own_budget is None else "your budget"
            at = "these budgets" if needless else own
            beyond = [not_worth_words(largest, at), "What training would bring, for comparison:"]
        order, details = use_words(largest), [*ready_lines(largest), *details, *beyond]
    if gold_for_all(largest):
        also = [] if order else [otherwise_words(largest)]
        order, details = gold_order(largest), [*gold_lines(largest, order), *details, *also]
    elif own_budget is not None and not order:
        order, own_details = order_and_details(largest)
        details = [*own_details, *details]
    budgets = [f"{i}. {sentence(*each, own_budget)}" for i, each in enumerate(chosen.items(), 1)]
    return Said(
        heading=[*warning, heading_of(told)],
        order=order,
        details=details,
        budgets=budgets,
        notes=notes_of(told),
        support=support_lines(first, any(UNDETERMINED in line for line in budgets)),
        brackets=dict.fromkeys(words for answer in told for words in long_brackets(answer)),
    )
