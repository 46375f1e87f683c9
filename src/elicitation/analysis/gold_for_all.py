"""Gold labels of all texts that there are, where a budget pays for them. Imports nothing heavy."""

from collections.abc import Iterator

from elicitation.analysis.ready_labels import asks_what_to_buy, ready_labels
from elicitation.analysis.recommendation_words import money, own_words
from elicitation.analysis.recommended import Recommendation
from elicitation.buying.prices import exact


def missing_gold(answer: Recommendation) -> int:
    """How many of the texts that there are have no gold label yet; 0 where their number is not known."""
    question = answer.question
    return max(0, (question.pool or 0) - question.have_gold)


def gold_cost(answer: Recommendation) -> float:
    """What gold labels of these texts cost."""
    return missing_gold(answer) * answer.question.gold_price


def gold_for_all(answer: Recommendation) -> bool:
    """Whether it was asked what to buy for a budget that pays for them, so that the answer begins with them."""
    question, missing = answer.question, missing_gold(answer)
    if not missing or not asks_what_to_buy(answer) or answer.offer:
        return False
    return missing * exact(question.gold_price) <= exact(question.budget)


def gold_order(answer: Recommendation) -> str:
    """That they are to be bought."""
    pool = answer.question.pool
    return f"Buy gold labels of all {pool:,} texts{own_words(pool, missing_gold(answer))}"


def gold_lines(answer: Recommendation, order: str) -> Iterator[str]:
    """What they cost, and what to do otherwise. order: that, without a full stop."""
    yield f"They are right by definition, and cost {money(answer, gold_cost(answer))}."
    if order:
        yield f"{otherwise_words(answer)} {order[0].lower()}{order[1:]}."


def otherwise_words(answer: Recommendation) -> str:
    """How what else can be done is introduced: mostly it costs less."""
    cost, otherwise = answer.purchase.cost if answer.purchase else 0, "To train a student:"
    if ready := ready_labels(answer):
        cost, otherwise = ready[0].n_new * ready[0].labels.text_price, "Otherwise:"
    return "For less:" if cost < gold_cost(answer) else otherwise
