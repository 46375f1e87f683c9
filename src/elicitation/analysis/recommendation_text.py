"""A recommendation in words, as lines of Markdown. Imports nothing heavy."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from elicitation.analysis.beyond_study import try_words
from elicitation.analysis.choices import MIN_GAIN, ONE_SEED
from elicitation.analysis.gold_for_all import gold_for_all, gold_lines, gold_order
from elicitation.analysis.gold_for_some import goal_words
from elicitation.analysis.names import ASKING, COMMONER, LABELS, NOTHING_BOUGHT, PLAIN, UNDETERMINED
from elicitation.analysis.ready_labels import (
    asks_price,
    better_labels,
    goal_labels,
    labels_beside_price,
    leading_labels,
    need_no_student,
    ready_labels,
    told_labels,
    unbeaten_labels,
)
from elicitation.analysis.ready_labels_text import beyond_ready, goal_lines, not_worth_words, ready_lines, use_words
from elicitation.analysis.recommendation_notes import notes
from elicitation.analysis.recommendation_words import (
    FREE_WORDS,
    MEASURE_WORDS,
    all_texts_words,
    as_they_are,
    at_price,
    cheaper_words,
    estimator_words,
    expected_words,
    for_texts,
    found_words,
    free_words,
    labels_at_price,
    labels_score,
    labels_words,
    limits_text,
    long_brackets,
    money,
    of_text,
    order_words,
    percent,
    points_of,
    price_asked,
    price_text,
    probability,
    purchase_words,
    said_once,
    seeds_words,
    with_ends,
)
from elicitation.analysis.recommended import Alternative, Purchase, Recommendation
from elicitation.buying.amounts import amount_words
from elicitation.errors import listed


@dataclass(frozen=True)
class Said:
    """The parts of an answer. `lines` alone decides in which order they are said."""

    heading: Sequence[str]
    """What is asked, on which terms."""
    reply: Sequence[str] = ()
    """To a question about a score, a purchase or the price of a weak label."""
    order: str = ""
    """What to do, without a full stop: all that is bold."""
    details: Sequence[str] = ()
    """What it costs and brings, and what is nearly as good."""
    budgets: Sequence[str] = ()
    """What to do with each budget, as a list, where an answer is about several."""
    notes: Iterable[str] = ()
    """What to know before following it."""
    beside: Sequence[str] = ()
    """What else was studied, as a list."""
    support: Sequence[str] = ()
    """How sure it is, and what it rests on."""
    brackets: Iterable[str] = ()
    """Parts of the sentences that are said whole once, and then by a short form."""

    @property
    def without_support(self) -> "Said":
        """What to do, as a terminal shows it."""
        return replace(self, support=())

    def lines(self) -> list[str]:
        """Lines of Markdown, an empty one between two parts."""
        return said_once("\n".join(self.every_line()), self.brackets).split("\n")

    def every_line(self) -> Iterator[str]:
        """The lines, with all that they say whole."""
        bold = [f"**{self.order}.**"] if self.order else []
        said = (self.heading, self.reply, [*bold, *self.details], self.budgets)
        said += ([f"Note: {note}" for note in self.notes], self.beside, self.support)
        for i, part in enumerate(filter(None, said)):
            yield from [""] * (i > 0)
            yield from part


def nothing_words(answer: Recommendation) -> str:
    """That and why nothing is to be bought."""
    best, studied = f"{free_words(answer)} ({percent(answer.expected.mean)} %)", answer.studied
    free = f"{best} cost{'s' * (answer.baseline.free[0] != LABELS)} nothing"
    if answer.goal:
        return f"Buy nothing: {free}"
    if studied.cheapest is None:
        return f"Nothing that was studied can be bought on these terms; {free}"
    if not answer.alternatives:
        cheapest = money(answer, studied.cheapest)
        return f"Nothing that was studied is affordable: the cheapest purchase costs {cheapest}; {free}"
    # Labels as they are that are best are bought to be used so.
    nothing = "Train no student" if labels_beside_price(answer) else "Buy nothing"
    return f"{nothing}: no purchase studied beats {best} at this budget"


def baseline_lines(answer: Recommendation) -> Iterator[str]:
    """What is achieved without training on any label, as lines of a list."""
    baseline = answer.baseline
    if baseline.asking:
        yield f"- {FREE_WORDS[ASKING]}: {with_ends(baseline.asking)}"
    yield f"- {FREE_WORDS[COMMONER]}: {percent(baseline.commoner.mean)} %"
    told = told_labels(answer)
    # What these cost for all texts is said where they are named before.
    named = [*told, *better_labels(answer), unbeaten_labels(answer)]
    for entry in baseline.weak_labels:
        of_all = "" if entry in named else all_texts_words(answer, entry)
        found = "" if entry in told else found_words(answer, entry)
        score = f"{labels_score(answer, entry)}{f'. {found}' * bool(found)}"
        yield f"- {labels_at_price(answer, entry)}{of_all}: {score}"


def student_line(answer: Recommendation) -> Iterator[str]:
    """The best student, as a line of a list, where labels as they are need none."""
    if need_no_student(answer) and (bought := answer.purchase):
        use = f"{purchase_words(answer, bought)} by {bought.title} for {money(answer, bought.cost)}"
        yield f"- the best student, {use}: {with_ends(answer.expected)}"


def alternative_line(answer: Recommendation, name: str, other: Alternative) -> str:
    """The best purchase of another strategy, as a line of a list."""
    method = f" by {other.title}" if answer.purchase is None or other.method != answer.purchase.method else ""
    said, cost = purchase_words(answer, other), money(answer, other.cost)
    bought = said + method + (f" for {cost}" if cost != said else "")
    return f"- {PLAIN[name]}, {bought}: {percent(other.expected.mean)} % ({points_of(other.difference)})"


def reply_lines(answer: Recommendation) -> Iterator[str]:
    """The answer to a question about a score, a purchase or the price of a weak label, if there was one."""
    goal, offer = answer.goal, answer.offer
    name = MEASURE_WORDS[answer.measure]
    if goal and goal.reached and not answer.purchase:
        yield f"Nothing has to be bought for {percent(goal.score)} % {name}."
    elif goal and goal.reached and goal_labels(answer):
        yield f"Weak labels as they are reach {percent(goal.score)} % {name}:"
    elif goal and goal.reached:
        yield f"The cheapest purchase studied that is expected to reach {percent(goal.score)} % {name}:"
    elif goal and (labels := goal_labels(answer)) and labels.score.mean >= goal.score:
        yield f"No student studied is expected to reach {percent(goal.score)} % {name}; weak labels as they are do:"
    elif goal:
        price = f", at {money(answer, answer.question.gold_price)} a text" * bool(answer.currency)
        sure = f"The sure way is a gold label for each text{price}: it is right by definition."
        reached = f"Nothing studied is expected to reach {percent(goal.score)} % {name}. {sure}{goal_words(answer)}"
        yield f"{reached} Best of what was studied:"
    if offer:
        asked = offer.purchase
        yield f"{purchase_words(answer, asked)} by {asked.title} cost {money(answer, asked.cost)}."
        if offer.expected is None:
            nearest = f"{purchase_words(answer, offer.nearest)} by {offer.nearest.title}"
            yield (
                "What they bring is not known: they lie too far from all purchases that were run, of which the nearest "
                f"is {nearest}. {try_words(answer, asked)} For that money:"
            )
        else:
            beyond = f" They do not lie among the purchases of their kind that were run. {try_words(answer, asked)}"
            yield f"Expected {name} {with_ends(offer.expected)}.{beyond * (not offer.studied)}"
            free = f"{free_words(answer)} ({percent(answer.expected.mean)} %)"
            nothing = f"{free}, since no purchase is recommended for that money"
            rival = "what is recommended for that money" if answer.purchase or leading_labels(answer) else nothing
            yield f"Against {rival}: {points_of(offer.difference)}."
    if labels := labels_beside_price(answer):
        yield (
            f"Best at this budget, as long as one costs less than a gold label, are {as_they_are(labels.supervisor)}, "
            f"without any student: {labels_score(answer, labels)}; each text then costs a label."
            f"{' For training a student:' if answer.purchase else ''}"
        )
    if answer.break_even is not None:
        yield f"{break_even_words(answer, answer.break_even)}"
    if answer.fits_up_to is not None:
        yield (
            "The highest price of a weak label for which the study has an answer at this budget is "
            f"{price_text(answer, answer.fits_up_to)}; there they are still bought. The limit lies above and is not "
            f"known{interval_words(answer)}, since at higher prices the purchases that were studied do not fit the "
            "budget."
        )


def break_even_words(answer: Recommendation, price: float) -> str:
    """From which price of a weak label on none is bought, and how sure that is."""
    if not price:
        return worthless_words(answer)
    sure = interval_words(answer)
    if price == answer.question.gold_price:
        return f"At this budget weak labels are bought at any price below that of a gold label{sure}."
    told = price_text(answer, price)
    if any_price(answer):
        undetermined = "At this budget it is undetermined up to which price weak labels are bought"
        return f"{undetermined}{sure}; the best guess is {told}. There:"
    return f"At this budget weak labels are bought up to a price of {told}{sure}, and none above. There:"


def any_price(answer: Recommendation) -> bool:
    """Whether the interval of a break-even price reaches from nothing to the price of a gold label."""
    interval = answer.price_interval
    return bool(interval and not interval.low and (interval.open or interval.high == answer.question.gold_price))


def interval_words(answer: Recommendation) -> str:
    """How sure a break-even price is, in brackets; nothing where its interval has no width."""
    interval = answer.price_interval
    if interval is None:
        return f" (undetermined: {ONE_SEED})"
    if interval.low == interval.high and not interval.open:
        return ""
    low, high = (amount_words(end, answer.currency) for end in (interval.low, interval.high))
    return f" (95 % interval: {low} to {high}{' or more' * interval.open})"


def worthless_words(answer: Recommendation) -> str:
    """That no weak label is bought even for nothing, and whether that is decided."""
    with_weak = [other for other in answer.alternatives.values() if other.n_weak]
    if not with_weak:
        return "What weak labels are worth is undetermined: no purchase with any was studied within this budget."
    if answer.regime.name != UNDETERMINED and not any_price(answer):
        none = "At this budget weak labels are worth nothing to a student: none is bought, however cheap"
        return f"{none}{interval_words(answer)}."
    best = max(with_weak, key=lambda other: other.expected.mean)
    return (
        "At this budget it is undetermined what weak labels are worth to a student. The best guess is to buy none, "
        f"however cheap{interval_words(answer)}: the best purchase with any is expected to bring "
        f"{points_of(best.difference)}."
    )


def verdict_line(answer: Recommendation) -> str:
    """Whether the data support the way of spending."""
    regime = answer.regime
    shares = ", ".join(
        f"{PLAIN[name]} {probability(share, regime.wanted)}" for name, share in regime.probabilities.items()
    )
    beaten = probability(regime.beats_nothing, regime.wanted)
    beats = f"{free_words(answer)} with a probability of {beaten}"
    # Ways that are as good count together, so the shares may come to more than 1.
    best = f"probability that no other way is more than {percent(MIN_GAIN)} points better"
    wanted = f"ways as good as each other all count; decided from {percent(regime.wanted)} % on"
    said = regime.reason or f"{best}: {shares} ({wanted})"
    said += f"; the purchase beats {beats}"
    if regime.strategy == NOTHING_BOUGHT:
        said = regime.reason or f"the probability that a purchase beats {free_words(answer)} is {beaten}"
    if answer.goal:
        said = f"among purchases that cost no more, {said}"
    # Beside labels of the texts themselves, it is about the student.
    trains = leading_labels(answer) is not None or gold_for_all(answer)
    if answer.supported:
        it = "this way of spending" if answer.goal and not answer.goal.reached else "it"
        student = "this way of training a student" if answer.purchase else "training no student"
        return f"The data support {student if trains else it}: {said}."
    if regime.name != UNDETERMINED:
        amount = "that money" if answer.offer else "your budget"
        how = " how to train a student" if trains else ""
        return f"Within what was studied it is decided{how} ({said}), but {amount} lies beyond."
    if answer.question.budget == 0:
        unsure = "how to train a student best on these labels"
        return f"Undetermined {unsure if trains else 'whether these labels are used in the best way'}: {said}."
    decides = "`elicitation next` says what would decide it."
    if regime.reason not in ("", ONE_SEED):
        decides = f"Only a study with such purchases, within {limits_text(answer)}, could decide it."
    unsure = "how to train a student best" if trains else "whether this is the best way of spending"
    return f"Undetermined {unsure}: {said}. {decides}"


def heading_lines(answer: Recommendation) -> list[str]:
    """On which terms an answer holds, and what it rests on."""
    question, price = answer.question, price_asked(answer)
    gold = money(answer, question.gold_price) if answer.currency else f"{question.gold_price:g}"
    weak = own_prices_words(answer)
    if price is not None:
        weak = f"a weak label costs {price_text(answer, price)}{of_text(answer) * bool(price)}"
    if asks_price(answer):
        weak = "up to which price weak labels are bought"
    tasks = f" ({answer.studied.n_tasks} tasks)" if answer.studied.n_tasks > 1 else ""
    rests_on = f"Task {answer.task}{tasks}, student {answer.student}, at least {seeds_words(answer.studied.n_seeds)}."
    estimated = f" Scores are {estimator_words(answer)}." if estimator_words(answer) else ""
    gold_words = f"a gold one {'costs ' * asks_price(answer)}{gold}"
    return [f"## {asked_words(answer)}{for_texts(question)}: {weak}, {gold_words}", "", rests_on + estimated]


def own_prices_words(answer: Recommendation) -> str:
    """That weak labels have prices of their own, and which ones the question names."""
    question = answer.question
    if not question.weak_prices:
        return "weak labels at their own prices"
    others = "at their own prices" if question.weak_price is None else at_price(answer, question.weak_price)
    prices = question.weak_prices.items()
    named = [f"those of {name} {at_price(answer, price, of_text(answer, name))}" for name, price in prices]
    return f"weak labels {others}, but {listed(named)}"


def asked_words(answer: Recommendation) -> str:
    """What the question names: a score, a purchase or a budget."""
    if answer.goal:
        return f"{percent(answer.goal.score)} % {MEASURE_WORDS[answer.measure]}"
    if answer.offer:
        return purchase_words(answer, answer.offer.purchase)
    largest = ", the study's largest" if answer.largest_budget else ""
    return f"Budget {amount_words(answer.question.budget, answer.currency)}{largest}"


def purchase_details(answer: Recommendation, bought: Purchase) -> Iterator[str]:
    """What a purchase that is recommended costs and brings."""
    rest = f"; {money(answer, bought.unspent)} are left" if bought.unspent > 0.005 * answer.question.budget else ""
    if rest and answer.studied.larger and not answer.studied.beyond:
        together = " together" * bool(bought.n_weak and bought.n_gold)
        rest += f", since more than {labels_words(bought.n_weak, bought.n_gold)}{together} were not tried"
    yield f"Cost: {money(answer, bought.cost)}{rest}."
    yield expected_line(answer)
    yield from cheaper_words(answer)


def expected_line(answer: Recommendation) -> str:
    """The score to expect of what is recommended."""
    return f"Expected {MEASURE_WORDS[answer.measure]}: {expected_words(answer)}."


def order_and_details(answer: Recommendation) -> tuple[str, list[str]]:
    """What to do, and what it costs and brings; first gold labels of all texts, where they are paid for."""
    order, details = studied_order(answer)
    if gold_for_all(answer):
        return gold_order(answer), [*gold_lines(answer, order), *details]
    return order, details


def studied_order(answer: Recommendation) -> tuple[str, list[str]]:
    """What to do of what was studied, and what it costs and brings."""
    bought = answer.purchase
    order = order_words(answer, bought) if bought else nothing_words(answer)
    details = [*purchase_details(answer, bought)] if bought else [expected_line(answer)]
    if goal_labels(answer):
        also = [f"{order}.", *details] if answer.goal.reached else []
        return use_words(answer), [*goal_lines(answer), *also]
    if not ready_labels(answer):
        return order, details
    use, ready = use_words(answer), list(ready_lines(answer))
    if need_no_student(answer):
        return use, [*ready, not_worth_words(answer)]
    student = [f"{order}.", *details] if bought else []
    return use, [*ready, beyond_ready(answer, bool(bought)), *student]


def says_verdict(answer: Recommendation) -> bool:
    """Whether there is a way of spending of which to say how sure it is."""
    no_student = need_no_student(answer) or goal_labels(answer) is not None
    return bool(answer.alternatives or answer.purchase) and not no_student


def recommendation_lines(answer: Recommendation, said: Collection[str] = ()) -> list[str]:
    """The answer as lines of Markdown. said: notes that stand elsewhere."""
    order, details = order_and_details(answer)
    others = [alternative_line(answer, *entry) for entry in answer.alternatives.items()]
    return Said(
        heading=heading_lines(answer),
        reply=list(reply_lines(answer)),
        order=order,
        details=details,
        notes=[note for note in notes(answer) if note not in said],
        beside=[*baseline_lines(answer), *student_line(answer), *others],
        support=[verdict_line(answer)] if says_verdict(answer) else [],
        brackets=long_brackets(answer),
    ).lines()
