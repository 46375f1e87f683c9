"""The recommendations in words: one in Markdown lines, and the report on all of a study. Imports nothing heavy."""

from collections.abc import Iterator

from elicitation.analysis.captions import cost_words, describe_purchase, percent_text, price_words
from elicitation.analysis.names import PLAIN, REGIMES, UNDETERMINED
from elicitation.analysis.recommendation import Choice, Estimate, Recommendation


def source_of(bought: Choice, weak_price: float, asked: float) -> str:
    """Whose weak labels are bought, and at what price if that is not the one asked for."""
    own = f", which cost {price_words(weak_price)}" if weak_price != asked else ""
    return f" (weak ones of {bought.supervisor}{own})" if bought.n_weak else ""


def points_of(gap: Estimate) -> str:
    """A difference of accuracies in percentage points with the ends of its interval."""
    return f"{100 * gap.mean:+.1f} points ({100 * gap.low:+.1f} to {100 * gap.high:+.1f})"


def with_ends(accuracy: Estimate) -> str:
    """An accuracy in percent with the ends of its interval."""
    return f"{percent_text(accuracy.mean)} % ({percent_text(accuracy.low)} to {percent_text(accuracy.high)})"


def nothing_lines(answer: Recommendation) -> Iterator[str]:
    """What no label at all achieves, as lines of a list."""
    nothing = answer.nothing
    yield f"- no label, always the commoner answer: {percent_text(nothing.commoner)} %"
    if asking := nothing.asking:
        chance = f"{100 * asking.probability:.0f} %"
        yield (
            f"- no label, asking the model: {with_ends(asking.accuracy)}; it is the same for every seed, so this "
            f"interval is over {asking.n_test} test examples alone. The purchase against that: "
            f"{points_of(asking.difference)}; better with a probability of {chance}"
            + (" (undetermined)" if answer.worth_buying == UNDETERMINED else "")
        )


def recommendation_lines(answer: Recommendation) -> Iterator[str]:
    """The answer as lines of Markdown."""
    question, bought = answer.question, answer.recommended
    asked = answer.price_asked
    prices = f"a weak label costs {price_words(asked)}, a gold one {question.gold_price:g}"
    yield f"## Budget {question.budget:g}: {prices}"
    yield f"\nTask {answer.task}, student {answer.student}, {answer.n_seeds} seeds.\n"
    labels = describe_purchase(bought.n_weak, bought.n_gold)
    source = source_of(bought, answer.weak_price, asked)
    if answer.asking_is_as_good:
        accuracy = with_ends(answer.nothing.asking.accuracy)
        yield f"**Buy nothing: asking without any label is expected to be at least as good.** Right on {accuracy}."
        yield f"If labels are bought all the same: buy {labels}{source} and use them by {bought.title}."
    else:
        yield f"**Buy {labels}{source} and use them by {bought.title}.**"
    yield f"Cost: {cost_words(bought.cost)}."
    ends = f"{percent_text(answer.accuracy.low)} to {percent_text(answer.accuracy.high)}"
    yield f"Expected accuracy: {percent_text(answer.accuracy.mean)} % ({ends}).\n"
    yield from nothing_lines(answer)
    for name, other in answer.pure_strategies.items():
        labels = describe_purchase(other.n_weak, other.n_gold)
        source = f" of {other.supervisor}" if other.n_weak and other.supervisor != bought.supervisor else ""
        method = f" by {other.title}" if other.method != bought.method else ""
        yield f"- {name} ({labels}{source}{method}): {points_of(other.difference)} against that"
    regime, wanted = answer.regime, f"{100 * answer.wanted:.0f} % are asked for"
    shares = {PLAIN[strategy]: regime[name] for strategy, name in REGIMES.items() if name in regime}
    chances = ", ".join(f"{words} {100 * share:.0f} %" for words, share in shares.items())
    why = f"; {regime['reason']}" if regime["reason"] else ""
    said = regime["reason"] if regime["missing"] else f"by the runs alone, {chances} ({wanted}{why})"
    if answer.supported:
        yield f"\nThe data support it: {said}."
    else:
        beyond = "" if answer.studied else ", and such a purchase lies beyond the study"
        yield f"\nUndetermined whether this is the best way of spending: {said}{beyond}."
        most = percent_text(answer.loss_at_most)
        yield f"Another split would be better by at most {most} points, if the basis below holds."
    yield from (f"What would decide it: {step}." for step in answer.next)
    yield f"\nBasis: {answer.basis}."


def recommendation_report(answers: list[Recommendation]) -> str:
    """Markdown: a table of all recommendations, then each in words."""
    heads = ["task", "student", "weak label costs", "budget", "buy", "method", "accuracy", "seeds", "decided"]
    heads += ["asking without labels", "always the commoner label"]
    lines = ["# What to buy\n", "Bold: where asking without labels is expected to be at least as good, buy nothing.\n"]
    lines += [f"| {' | '.join(heads)} |", "|---|---|---:|---:|---|---|---|---:|---|---|---|"]
    several = len({answer.recommended.supervisor for answer in answers}) > 1
    for answer in answers:
        bought, nothing = answer.recommended, answer.nothing
        asking = with_ends(nothing.asking.accuracy) if nothing.asking else "not measured"
        asking = f"**{asking}**" if answer.asking_is_as_good else asking
        regime = PLAIN[bought.strategy] if answer.supported else UNDETERMINED
        labels = describe_purchase(bought.n_weak, bought.n_gold)
        if several or answer.weak_price != answer.price_asked:
            labels += source_of(bought, answer.weak_price, answer.price_asked)
        cells = (
            answer.task,
            answer.student,
            price_words(answer.price_asked),
            f"{answer.question.budget:g}",
        )
        found = (labels, bought.title, with_ends(answer.accuracy), str(answer.n_seeds), regime)
        lines.append(f"| {' | '.join((*cells, *found, asking, percent_text(nothing.commoner) + ' %'))} |")
    for answer in answers:
        lines += ["", *recommendation_lines(answer)]
    return "\n".join(lines) + "\n"
