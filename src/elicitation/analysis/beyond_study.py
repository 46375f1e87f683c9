"""What lies beyond what was studied, and how to have it run, in words. Imports nothing heavy."""

from dataclasses import replace

from elicitation.analysis.findings import Held
from elicitation.analysis.ready_labels import for_all_texts, leading_labels, need_no_student
from elicitation.analysis.recommendation_words import free_words, money, purchase_words
from elicitation.analysis.recommended import Purchase, Recommendation


def is_beyond(answer: Recommendation) -> bool:
    """Whether the money lies beyond what was studied, and more of that would help."""
    return answer.studied.beyond and not for_all_texts(answer)


def beyond_words(answer: Recommendation) -> str:
    """How far the study reaches, what is best there, and what to add to it, where a budget lies beyond."""
    bought = answer.purchase
    best = f"no purchase there beats {free_words(answer)}"
    if bought:
        best = f"the best purchase there is {purchase_words(answer, bought)} by {bought.title}"
    # Labels that are used as they are cost all of it.
    spent = leading_labels(answer) is not None
    left = "W" if spent else f"{money(answer, answer.studied.unspent)} are left unspent, since w"
    unknown = f"{left}hat more labels would bring {'a student ' * spent}is not known."
    return f"{reach_words(answer)}; {best}. {unknown}{larger_words(answer)}"


def reach_words(answer: Recommendation) -> str:
    """That the money lies beyond what was studied, and what that costs at most, without a full stop."""
    studied, question = answer.studied, answer.question
    beside = " beside your own labels" if question.have_weak or question.have_gold else ""
    most = "at most " * bool(studied.most_expensive) + money(answer, studied.most_expensive)
    whole = "That money" if answer.offer else "The budget"
    return f"{whole} lies beyond what was studied, which at these prices costs {most}{beside}"


def more_words(answer: Recommendation) -> str:
    """What to add to the study where money is left within it, since no more labels of the best kind were run."""
    words = larger_words(answer) if answer.purchase and not need_no_student(answer) else ""
    return f"What more labels would bring is not known.{words}" if words else ""


def unranked_words(answer: Recommendation) -> str:
    """That steps are ranked within what was studied alone, and what to add to it, where more could be bought."""
    if is_beyond(answer):
        within = f"{reach_words(answer)}; only what lies within it is ranked here"
        return f"{within}. What larger purchases would bring is not known.{larger_words(answer)}"
    if words := more_words(answer):
        return f"Only what lies within the study is ranked here. {words}"
    return ""


def larger_words(answer: Recommendation) -> str:
    """How to have more labels run than were; an offer says how to have itself studied."""
    if answer.studied.larger is None or answer.offer:
        return ""
    n_weak, n_gold = answer.studied.larger
    return f" {try_words(answer, replace(answer.best, n_weak=n_weak, n_gold=n_gold))}"


def held_words(held: Held, source: str) -> str:
    """How many labels the reader's table holds to train on, of those that a source and gold labels give."""
    own, more = held.supply(source), "To know it, have more texts labelled, and run the study on them."
    if source not in held.weak:
        return f"of those to train on {own.gold:,} have a gold label. {more}"
    return (
        f"of those to train on {own.weak:,} have a weak label of {source} and {own.gold:,} a gold one. A text is used "
        f"with one label only, so at most {own.examples:,} labels are. {more}"
    )


def try_words(answer: Recommendation, bought: Purchase) -> str:
    """How to have a purchase run of which little is known, or why the reader's table does not allow it."""
    held, source, labels = answer.held, bought.supervisor, (bought.n_weak, bought.n_gold)
    served = {name: held.supply(name).serves(*labels) for name in {source, *held.weak}} if held else {}
    if not served.get(source, True):
        return f"Your table has too few texts for it: {held_words(held, source)}"
    key = f"`more_purchases: [[{bought.n_weak}, {bought.n_gold}]]` to `grid` in the study"
    key += "" if all(served.values()) else ", with `beyond_pool: leave_out` since other sources label fewer texts"
    return f"To know it, add {key}, and run that again."
