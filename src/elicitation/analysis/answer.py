"""The study's answer in three plain sentences: what to buy for a small, a middle and a large budget."""

from collections.abc import Iterator

from elicitation.analysis.captions import percent_text, price_words
from elicitation.analysis.names import PLAIN, UNDETERMINED
from elicitation.analysis.recommendation import Recommendation
from elicitation.analysis.recommendation_text import with_ends

# What budgets are called in the sentences, from the smallest to the largest.
BUDGET_SIZES = ("small", "middle", "large")


def price_shown(answers: list[Recommendation], wanted: float) -> float | None:
    """The price of a weak label that the sentences are about: of the prices asked for, the one nearest to `wanted`.

    None where all labels have a price of their own, so that none is asked for."""
    asked = {answer.question.weak_price for answer in answers} - {None}
    return min(sorted(asked), key=lambda price: abs(price - wanted), default=None)


def choose_answers(answers: list[Recommendation], weak_price: float) -> dict[str, Recommendation]:
    """The answers that the sentences tell, by the size of their budget: those of the first task (the average, where
    there is one) and student, at the price nearest to weak_price."""
    first = answers[0]
    alike = [answer for answer in answers if (answer.task, answer.student) == (first.task, first.student)]
    price = price_shown(alike, weak_price)
    at_price = (answer for answer in alike if answer.question.weak_price == price)
    alike = sorted(at_price, key=lambda answer: answer.question.budget)
    if len(alike) < len(BUDGET_SIZES):
        return dict(zip(("small", "large"), alike, strict=False))
    return dict(zip(BUDGET_SIZES, (alike[0], alike[len(alike) // 2], alike[-1]), strict=True))


def purchase_words(answer: Recommendation) -> str:
    """A purchase with its way of spending, source, method, accuracy and seeds."""
    bought, seeds = answer.recommended, answer.n_seeds
    kinds = (
        [f"{bought.n_weak:,} weak labels of {bought.supervisor} at {price_words(answer.weak_price)}"]
        if bought.n_weak
        else []
    )
    kinds += [f"{bought.n_gold:,} gold labels"] if bought.n_gold else []
    way = f"{PLAIN[bought.strategy]} ({' and '.join(kinds)}, used by {bought.title})"
    return f"{way}: right on {with_ends(answer.accuracy)}, {seeds} seed{'' if seeds == 1 else 's'}"


def nothing_words(answer: Recommendation) -> str:
    """What buying no label achieves, in words."""
    nothing = answer.nothing
    commoner = f"always giving the commoner label {percent_text(nothing.commoner)} %"
    if nothing.asking is None:
        return f"doing nothing: {commoner}"
    return f"doing nothing: asking without labels {with_ends(nothing.asking.accuracy)}, {commoner}"


def sentence(size: str, answer: Recommendation) -> str:
    """What to do with a budget, in one sentence."""
    start = f"With a {size} budget ({answer.question.budget:g} gold labels)"
    choice, nothing, worth = purchase_words(answer), nothing_words(answer), answer.worth_buying
    if worth == "no":
        return f"{start} buy nothing and ask the model without labels; the best purchase is to {choice}; {nothing}."
    if worth == UNDETERMINED:
        return f"{start} it is undetermined whether to buy or to ask without labels; if you buy, {choice}; {nothing}."
    if not answer.supported:
        return f"{start} buy, but how is undetermined; the best guess is to {choice}; {nothing}."
    return f"{start} {choice}; {nothing}."


def answer_lines(answers: list[Recommendation], weak_price: float) -> Iterator[str]:
    """The sentences as lines of Markdown, with the task, student and price that they hold for."""
    if not answers:
        yield "# What to buy\n\nNo budget of this study buys any label at its prices."
        return
    chosen = choose_answers(answers, weak_price)
    first = next(iter(chosen.values()))
    price = first.question.weak_price
    costs = "weak labels at their own prices" if price is None else f"a weak label costs {price_words(price)}"
    if price is not None and any(answer.weak_price != price for answer in chosen.values()):
        costs += " unless it has a price of its own"
    yield f"# What to buy: {first.task}, student {first.student}, {costs}\n"
    yield from (f"{i}. {sentence(size, answer)}" for i, (size, answer) in enumerate(chosen.items(), 1))
    wanted = f"{100 * first.wanted:.0f} %"
    yield "\nIn brackets: 95 % intervals; that of asking without labels is over the test examples alone."
    yield f"Undetermined: less sure than {wanted}. Every budget and price: results/recommendation.md."
