"""The study's answer in three plain sentences: what to buy for a small, a middle and a large budget."""

from collections.abc import Iterator

from elicitation.analysis.captions import percent, price_words
from elicitation.analysis.names import PLAIN, UNDETERMINED
from elicitation.analysis.recommendation import with_ends, worth_buying

SIZES = ("small", "middle", "large")


def price_shown(answers: list[dict], wanted: float) -> float | None:
    """The price of a weak label that the sentences are about: the asked one nearest to the wanted; None where all
    labels have a price of their own, so that none is asked for."""
    asked = {answer["question"]["weak_price"] for answer in answers} - {None}
    return min(sorted(asked), key=lambda price: abs(price - wanted), default=None)


def choose(answers: list[dict], weak_price: float) -> dict[str, dict]:
    """The answers that the sentences tell, by the size of their budget: those of the first task (the average, where
    there is one) and student, at the price nearest to weak_price."""
    first = answers[0]
    alike = [answer for answer in answers if all(answer[kind] == first[kind] for kind in ("task", "student"))]
    price = price_shown(alike, weak_price)
    alike = sorted(
        (a for a in alike if a["question"]["weak_price"] == price), key=lambda answer: answer["question"]["budget"]
    )
    if len(alike) < len(SIZES):
        return dict(zip(("small", "large"), alike, strict=False))
    return dict(zip(SIZES, (alike[0], alike[len(alike) // 2], alike[-1]), strict=True))


def describe_choice(answer: dict) -> str:
    """A purchase with its way of spending, source, method, accuracy and seeds."""
    bought, seeds = answer["recommended"], answer["n_seeds"]
    kinds = (
        [f"{bought['n_weak']:,} weak labels of {bought['supervisor']} at {price_words(answer['weak_price'])}"]
        if bought["n_weak"]
        else []
    )
    kinds += [f"{bought['n_gold']:,} gold labels"] if bought["n_gold"] else []
    way = f"{PLAIN[bought['strategy']]} ({' and '.join(kinds)}, used by {bought['title']})"
    return f"{way}: right on {with_ends(answer['accuracy'])}, {seeds} seed{'' if seeds == 1 else 's'}"


def nothing_words(answer: dict) -> str:
    """What doing nothing achieves."""
    nothing = answer["nothing"]
    commoner = f"always giving the commoner label {percent(nothing['commoner'])} %"
    if nothing["asking"] is None:
        return f"doing nothing: {commoner}"
    return f"doing nothing: asking without labels {with_ends(nothing['asking']['accuracy'])}, {commoner}"


def sentence(size: str, answer: dict) -> str:
    """What to do with a budget, in one sentence."""
    start = f"With a {size} budget ({answer['question']['budget']:g} gold labels)"
    choice, nothing, worth = describe_choice(answer), nothing_words(answer), worth_buying(answer)
    if worth == "no":
        return f"{start} buy nothing and ask the model without labels; the best purchase is to {choice}; {nothing}."
    if worth == UNDETERMINED:
        return f"{start} it is undetermined whether to buy or to ask without labels; if you buy, {choice}; {nothing}."
    if not answer["supported"]:
        return f"{start} buy, but how is undetermined; the best guess is to {choice}; {nothing}."
    return f"{start} {choice}; {nothing}."


def answer_lines(answers: list[dict], weak_price: float) -> Iterator[str]:
    """The sentences as Markdown, and what they hold for."""
    if not answers:
        yield "# What to buy\n\nNo budget of this study buys any label at its prices."
        return
    chosen = choose(answers, weak_price)
    first = next(iter(chosen.values()))
    price = first["question"]["weak_price"]
    costs = "weak labels at their own prices" if price is None else f"a weak label costs {price_words(price)}"
    if price is not None and any(answer["weak_price"] != price for answer in chosen.values()):
        costs += " unless it has a price of its own"
    yield f"# What to buy: {first['task']}, student {first['student']}, {costs}\n"
    yield from (f"{i}. {sentence(size, answer)}" for i, (size, answer) in enumerate(chosen.items(), 1))
    wanted = f"{100 * first['wanted']:.0f} %"
    yield "\nIn brackets: 95 % intervals; that of asking without labels is over the test examples alone."
    yield f"Undetermined: less sure than {wanted}. Every budget and price: results/recommendation.md."
