"""Weak labels that are to be used as they are, in words. Imports nothing heavy."""

from collections.abc import Iterator

from elicitation.analysis.names import COMMONER
from elicitation.analysis.ready_labels import Ready, ready_labels
from elicitation.analysis.recommendation_words import (
    MEASURE_WORDS,
    as_they_are,
    bring_words,
    budget_text,
    free_words,
    money,
    own_words,
    percent,
)
from elicitation.analysis.recommended import Recommendation
from elicitation.buying.prices import exact


def use_words(answer: Recommendation) -> str:
    """That the weak labels with which the answer begins are to be used as they are."""
    return f"Use {as_they_are(ready_labels(answer)[0].labels.supervisor)}"


def texts_words(answer: Recommendation, found: Ready) -> str:
    """How many texts have weak labels then: of those that there are, if that is known."""
    pool, own = answer.question.pool, own_words(found.n_texts, found.n_new)
    if pool is None:
        return f"{found.n_texts:,} texts{own}"
    if found.n_texts < pool:
        return f"{found.n_texts:,} of the {pool:,} texts{own}"
    cost = money(answer, float(found.n_new * exact(found.labels.price)))
    return f"all {pool:,} texts{own}, which cost {cost}"


def ready_lines(answer: Recommendation) -> Iterator[str]:
    """What the weak labels bring, and for how many texts the budget pays; then those of other sources."""
    first, *others = ready_labels(answer)
    yield f"Expected {MEASURE_WORDS[answer.measure]}: {bring_words(answer, first.labels)}."
    yield f"A budget of {budget_text(answer)} pays for {texts_words(answer, first)}."
    for other in others:
        use = f"{as_they_are(other.labels.supervisor)}: {bring_words(answer, other.labels)}"
        if other.n_texts > first.n_texts:
            yield f"To label more texts, up to {other.n_texts:,}, use {use}."
        else:
            yield f"Better, but paid for {texts_words(answer, other)} only: {use}."


def beyond_ready(answer: Recommendation, trains: bool) -> str:
    """What to do with more texts than the budget pays for. trains: whether what follows trains a student for them."""
    for_more = f"o label more than {max(found.n_texts for found in ready_labels(answer)):,} texts"
    if trains:
        return f"T{for_more}, train a student:"
    score = f"{percent(answer.expected.mean)} %"
    if answer.baseline.free[0] != COMMONER:
        return f"T{for_more}: no student that was studied beats {free_words(answer)} ({score}), which costs nothing."
    none = f"is better than guessing at this budget ({free_words(answer)}: {score})"
    none = none if answer.alternatives else "is affordable"
    return f"No student that was studied {none}; t{for_more}, you need more money or a cheaper source."
