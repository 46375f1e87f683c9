"""The recommendations in words: one in Markdown lines, and the report on all of a study. Imports nothing heavy."""

from collections.abc import Iterator, Mapping

from elicitation.analysis.captions import price_words
from elicitation.analysis.choices import MIN_GAIN, ONE_SEED
from elicitation.analysis.names import ASKING, COMMONER, DEMONSTRATION, NOTHING_BOUGHT, PLAIN, TUNED, UNDETERMINED
from elicitation.analysis.recommended import Alternative, Estimate, Purchase, Recommendation, WeakLabels
from elicitation.buying.amounts import amount_words

# What scores are called in sentences.
MEASURE_WORDS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}
# What costs nothing, in sentences.
FREE_WORDS = {ASKING: "asking without labels", COMMONER: "always giving the commoner label"}
# From this share of the commoner label on, accuracy says little.
LOPSIDED = 0.7


def percent(share: float) -> str:
    """A share in percent to one digit, without the sign: 95.4, 100."""
    return f"{round(100 * share, 1):g}"


def with_ends(score: Estimate) -> str:
    """A score in percent with the ends of its interval, where it has any width."""
    if score.low == score.high:
        return f"{percent(score.mean)} %"
    return f"{percent(score.mean)} %, between {percent(score.low)} and {percent(score.high)} %"


def seeds_words(n: int) -> str:
    """A number of seeds."""
    return f"{n} seed{'s' * (n != 1)}"


def more_or_less(difference: float) -> str:
    """A difference of scores: `1.7 points less`."""
    return f"{abs(100 * difference):.1f} points {'less' if round(100 * difference, 1) < 0 else 'more'}"


def points_of(gap: Estimate) -> str:
    """A difference of scores in percentage points with the ends of its interval, where it has any width."""
    if gap.low == gap.high:
        return more_or_less(gap.mean)
    return f"{more_or_less(gap.mean)}, between {more_or_less(gap.low)} and {more_or_less(gap.high)}"


def labels_words(n_weak: int, n_gold: int, source: str = "") -> str:
    """How many labels of either kind: `1,000 weak labels of small and 64 gold labels`."""
    weak = f"{n_weak:,} weak label{'' if n_weak == 1 else 's'}{source}"
    gold = f"{n_gold:,} gold label{'' if n_gold == 1 else 's'}"
    return " and ".join([weak] * (n_weak > 0) + [gold] * (n_gold > 0)) or "no label"


def money(answer: Recommendation, amount: float) -> str:
    """An amount in the answer's currency; in gold labels where it has none, and these cost 1."""
    return amount_words(amount, answer.currency, "gold labels" if answer.question.gold_price == 1 else "")


def price_asked(answer: Recommendation) -> float | None:
    """The price of a weak label that was asked for, else the one that all supervisors have; None: several."""
    if answer.question.weak_price is not None:
        return answer.question.weak_price
    prices = {entry.price for entry in answer.baseline.weak_labels}
    return prices.pop() if len(prices) == 1 else None


def budget_text(answer: Recommendation) -> str:
    """The budget in the answer's currency, or in gold labels."""
    budget = answer.question.budget
    return money(answer, budget) if answer.currency else f"{budget:g} gold labels"


def limits_text(answer: Recommendation) -> str:
    """Within what the question allows to buy: the budget, and how many texts if that is limited."""
    pool = answer.question.pool
    return budget_text(answer) + ("" if pool is None else f" and {pool:,} texts")


def price_text(answer: Recommendation, price: float) -> str:
    """A price of a weak label."""
    if answer.currency or not price:
        return amount_words(price, answer.currency)
    return price_words(price)


def purchase_words(answer: Recommendation, bought: Purchase) -> str:
    """A purchase, whose the weak labels are, and their price if it is not the one asked for."""
    own = bought.n_weak and bought.weak_price != price_asked(answer)
    source = f" of {bought.supervisor}" + (f" at {price_text(answer, bought.weak_price)}" if own else "")
    return labels_words(bought.n_weak, bought.n_gold, source)


def order_words(answer: Recommendation, bought: Purchase) -> str:
    """What to buy, beside what is there already."""
    if (bought.new_weak, bought.new_gold) == (bought.n_weak, bought.n_gold):
        return f"Buy {purchase_words(answer, bought)} and use them by {bought.title}"
    if not bought.new_weak + bought.new_gold:
        return f"Buy no more labels; use {labels_words(bought.n_weak, bought.n_gold)} of yours by {bought.title}"
    more, source = labels_words(bought.new_weak, bought.new_gold), f" of {bought.supervisor}"
    return f"Buy {more} more and use {labels_words(bought.n_weak, bought.n_gold, source)} in all by {bought.title}"


def nothing_words(answer: Recommendation) -> str:
    """That and why nothing is to be bought."""
    free = answer.baseline.free
    best = f"{FREE_WORDS[free]} ({percent(answer.expected.mean)} %)"
    studied = answer.studied
    if answer.goal:
        return f"Buy nothing: {best} costs nothing"
    if studied.cheapest is None:
        return f"Nothing that was studied can be bought on these terms; {best} costs nothing"
    if not answer.alternatives:
        cheapest = money(answer, studied.cheapest)
        return f"Nothing that was studied is affordable: the cheapest purchase costs {cheapest}; {best} costs nothing"
    return f"Buy nothing: no purchase studied beats {best} at this budget"


def best_as_they_are(answer: Recommendation) -> WeakLabels | None:
    """The best weak labels as they are, if they beat always giving the commoner label."""
    baseline = answer.baseline
    best = max(baseline.weak_labels, key=lambda entry: entry.score.mean, default=None)
    return best if best and best.score.mean > baseline.commoner.mean else None


def is_too_dear(answer: Recommendation, entry: WeakLabels) -> bool:
    """Whether a weak label costs as much as a gold one."""
    return entry.price >= answer.question.gold_price


def undertrained_words(answer: Recommendation) -> str:
    """What to do where no student that was trained beats what needs no training; else nothing."""
    if not answer.undertrained:
        return ""
    best, name = best_as_they_are(answer), MEASURE_WORDS[answer.measure]
    unknown = "A student that is trained longer or on more labels was not studied."
    if best is None:
        commoner = f"{FREE_WORDS[COMMONER]} ({percent(answer.baseline.commoner.mean)} %)"
        return f"No student that was trained here beats {commoner}, and no weak labels do as they are. {unknown}"
    if is_too_dear(answer, best):
        return ""
    right = "right" if answer.measure == "accuracy" else name
    return (
        f"No student that was trained here beats the weak labels of {best.supervisor}: use them as they are, "
        f"{percent(best.score.mean)} % {right}, between {percent(best.score.low)} and {percent(best.score.high)} %, at "
        f"{price_text(answer, best.price)} for each text. {unknown}"
    )


def chance_words(answer: Recommendation) -> str:
    """What to do where gold labels alone leave the student at chance, though it could learn; else nothing."""
    if not answer.at_chance:
        return ""
    purchases = "; ".join(
        f"{found.n_gold:,} on {found.task} by {found.title}: {percent(found.score)} %, between {percent(found.low)} "
        f"and {percent(found.high)} %"
        for found in answer.at_chance
    )
    best = max(answer.at_chance, key=lambda found: found.better_score)
    other = FREE_WORDS.get(best.better, labels_words(best.better_weak, best.better_gold))
    fix = "is tuned already, so what is left to try is more labels or another method"
    if answer.learning_rate != TUNED:
        fix = (
            f"of {answer.learning_rate:g} may be wrong for so few: set `learning_rate: tuned` in its entry of `models`"
        )
    reach = "reaches" if best.better == ASKING else "reach"
    return (
        f"{answer.student} stays at chance with gold labels alone ({purchases}), though {other} {reach} "
        f"{percent(best.better_score)} % on {best.task}; its learning rate {fix}."
    )


def warning_lines(answer: Recommendation) -> Iterator[str]:
    """What stands above the answer, in lines of Markdown: that training achieved too little, and the fix."""
    yield from (f"**{told}**\n" for told in (undertrained_words(answer), chance_words(answer)) if told)


def notes(answer: Recommendation) -> Iterator[str]:
    """What a buyer should know before following the answer, in sentences."""
    studied, baseline = answer.studied, answer.baseline
    if answer.replaced_prices:
        own = ", ".join(f"{price_text(answer, price)} ({name})" for name, price in answer.replaced_prices.items())
        asked = price_text(answer, answer.question.weak_price)
        yield f"The price of {asked} a weak label replaces the labels' own: {own}."
    if studied.beyond:
        yield (
            f"The budget lies beyond what was studied: the most expensive purchase at these prices costs "
            f"{money(answer, studied.most_expensive)}. {money(answer, studied.unspent)} are left unspent, since what "
            "more labels would bring is not known."
        )
    too_dear = [entry for entry in baseline.weak_labels if is_too_dear(answer, entry)]
    for entry in too_dear:
        yield (
            f"A weak label of {entry.supervisor} costs {price_text(answer, entry.price)}, as much as a gold label or "
            "more, so none is bought."
        )
    said = best_as_they_are(answer) if answer.undertrained else None
    for entry in baseline.weak_labels:
        if entry.score.mean > answer.expected.mean and entry not in too_dear and entry != said:
            # The cheapest way to a score is not the best one.
            beaten = "What is recommended" if answer.goal else f"No purchase within {limits_text(answer)}"
            yield (
                f"{beaten} is {'not ' * bool(answer.goal)}expected to beat the weak labels of {entry.supervisor} as "
                f"they are: {with_ends(entry.score)}, without any training, at {price_text(answer, entry.price)} for "
                "each text that you want to have sorted."
            )
    if baseline.commoner.mean > LOPSIDED and answer.measure == "accuracy":
        yield (
            f"{percent(baseline.commoner.mean)} % of the texts have the same label, so accuracy says little; choose "
            "`inference: {measure: auroc}` or `balanced_accuracy` in the study."
        )


def baseline_lines(answer: Recommendation) -> Iterator[str]:
    """What is achieved without training on any label, as lines of a list."""
    baseline = answer.baseline
    if baseline.asking:
        yield f"- {FREE_WORDS[ASKING]}: {with_ends(baseline.asking)}"
    yield f"- {FREE_WORDS[COMMONER]}: {percent(baseline.commoner.mean)} %"
    for entry in baseline.weak_labels:
        price = price_text(answer, entry.price)
        yield f"- the weak labels of {entry.supervisor} as they are, {price} a text: {with_ends(entry.score)}"


def alternative_line(answer: Recommendation, name: str, other: Alternative) -> str:
    """The best purchase of another strategy, as a line of a list."""
    method = f" by {other.title}" if answer.purchase is None or other.method != answer.purchase.method else ""
    said, cost = purchase_words(answer, other), money(answer, other.cost)
    bought = said + method + (f" for {cost}" if cost != said else "")
    return f"- {PLAIN[name]}, {bought}: {percent(other.expected.mean)} % ({points_of(other.difference)})"


def goal_line(answer: Recommendation) -> Iterator[str]:
    """The answer to a question about a score, a purchase or the price of a weak label, if there was one."""
    goal, offer = answer.goal, answer.offer
    name = MEASURE_WORDS[answer.measure]
    if goal and goal.reached and not answer.purchase:
        yield f"Nothing has to be bought for {percent(goal.score)} % {name}.\n"
    elif goal and goal.reached:
        yield f"The cheapest purchase studied that is expected to reach {percent(goal.score)} % {name}:\n"
    elif goal:
        yield f"No purchase studied is expected to reach {percent(goal.score)} % {name}; the best one is:\n"
    if offer:
        bought = f"{purchase_words(answer, offer.purchase)} by {offer.purchase.title}"
        yield f"{bought} cost {money(answer, offer.purchase.cost)}."
        if offer.expected is None:
            yield "Nothing like them was studied, so nothing can be expected of them. For that money:\n"
        else:
            beyond = "" if offer.studied else " They lie beyond what was studied."
            yield f"Expected {name} {with_ends(offer.expected)}.{beyond}"
            free = f"{FREE_WORDS[answer.baseline.free]} ({percent(answer.expected.mean)} %)"
            nothing = f"{free}, since no purchase is recommended for that money"
            rival = "what is recommended for that money" if answer.purchase else nothing
            yield f"Against {rival}: {points_of(offer.difference)}.\n"
    if answer.break_even is not None:
        yield f"{break_even_words(answer, answer.break_even)}\n"
    if answer.fits_up_to is not None:
        yield (
            f"At this budget weak labels are bought up to a price of {price_text(answer, answer.fits_up_to)}. There "
            "the purchases that were studied stop fitting the budget; weak labels are still worth more than what is "
            "bought instead, so up to which price they are is not known.\n"
        )


def break_even_words(answer: Recommendation, price: float) -> str:
    """From which price of a weak label on none is bought."""
    if not price:
        return "At this budget weak labels are worth nothing: none is bought, however cheap."
    if price == answer.question.gold_price:
        return "At this budget weak labels are bought at any price below that of a gold label."
    return f"At this budget weak labels are bought up to a price of {price_text(answer, price)}, and none above. There:"


def verdict_line(answer: Recommendation) -> str:
    """Whether the data support the way of spending."""
    regime = answer.regime
    shares = ", ".join(f"{PLAIN[name]} {100 * share:.0f} %" for name, share in regime.probabilities.items())
    beats = f"{FREE_WORDS[answer.baseline.free]} with a probability of {100 * regime.beats_nothing:.0f} %"
    # Ways that are as good count together, so the shares may come to more than 1.
    best = f"probability that no other way is more than {percent(MIN_GAIN)} points better"
    wanted = f"ways as good as each other all count; decided from {100 * regime.wanted:.0f} % on"
    said = regime.reason or f"{best}: {shares} ({wanted})"
    said += f"; the purchase beats {beats}"
    if regime.strategy == NOTHING_BOUGHT:
        said = regime.reason or f"the best purchase beats {beats}"
    if answer.supported:
        return f"The data support it: {said}."
    if regime.name != UNDETERMINED:
        return f"Within what was studied it is decided ({said}), but your budget lies beyond."
    decides = "`elicitation next` says what would decide it."
    if regime.reason not in ("", ONE_SEED):
        decides = f"Only a study with such purchases, within {limits_text(answer)}, could decide it."
    return f"Undetermined whether this is the best way of spending: {said}. {decides}"


def recommendation_lines(answer: Recommendation) -> Iterator[str]:
    """The answer as lines of Markdown."""
    question, bought, price = answer.question, answer.purchase, price_asked(answer)
    gold = money(answer, question.gold_price) if answer.currency else f"{question.gold_price:g}"
    weak = "weak labels at their own prices" if price is None else f"a weak label costs {price_text(answer, price)}"
    yield f"## Budget {amount_words(question.budget, answer.currency)}: {weak}, a gold one {gold}"
    tasks = f" ({answer.studied.n_tasks} tasks)" if answer.studied.n_tasks > 1 else ""
    yield f"\nTask {answer.task}{tasks}, student {answer.student}, at least {seeds_words(answer.studied.n_seeds)}.\n"
    yield from warning_lines(answer)
    yield from goal_line(answer)
    name = MEASURE_WORDS[answer.measure]
    if bought:
        yield f"**{order_words(answer, bought)}.**"
        rest = f"; {money(answer, bought.unspent)} are left" if bought.unspent > 0.005 * question.budget else ""
        yield f"Cost: {money(answer, bought.cost)}{rest}."
    else:
        yield f"**{nothing_words(answer)}.**"
    yield f"Expected {name}: {with_ends(answer.expected)}.\n"
    if told := [f"Note: {sentence}" for sentence in notes(answer)]:
        yield "\n".join(told) + "\n"
    yield from baseline_lines(answer)
    yield from (alternative_line(answer, *entry) for entry in answer.alternatives.items())
    if answer.alternatives or bought:
        yield f"\n{verdict_line(answer)}"


def decided_words(answer: Recommendation) -> str:
    """What is decided, for a table."""
    if not answer.supported:
        return UNDETERMINED
    return "buy nothing" if answer.regime.strategy == NOTHING_BOUGHT else PLAIN[answer.regime.strategy]


def noise_line(gold_noise: Mapping[str, float]) -> str:
    """What the intervals allow for. gold_noise: the share of wrong gold labels by task."""
    shares = ", ".join(f"{percent(noise)} % ({task})" for task, noise in gold_noise.items())
    return f"Intervals allow for wrong gold labels: {shares}.\n"


def recommendation_report(
    answers: list[Recommendation], gold_noise: Mapping[str, float] | None = None, invented: bool = False
) -> str:
    """Markdown: a table of all recommendations, then each in words.

    gold_noise: as of noise_line, where it is known; invented: whether the study's data are.
    """
    name = MEASURE_WORDS[answers[0].measure] if answers else ""
    heads = ["task", "student", "weak label costs", "budget", "buy", "method", f"expected {name}", "decided"]
    heads += [FREE_WORDS[ASKING], FREE_WORDS[COMMONER]]
    lines = [f"{DEMONSTRATION}\n"] * invented + ["# What to buy\n", *([noise_line(gold_noise)] if gold_noise else [])]
    lines += [f"| {' | '.join(heads)} |", "|---|---|---:|---:|---|---|---|---|---|---|"]
    for answer in answers:
        bought, baseline, price = answer.purchase, answer.baseline, price_asked(answer)
        cells = [answer.task, answer.student, "its own price" if price is None else price_text(answer, price)]
        cells += [amount_words(answer.question.budget, answer.currency)]
        cells += [purchase_words(answer, bought), bought.title] if bought else ["nothing", ""]
        asking = with_ends(baseline.asking) if baseline.asking else "not measured"
        cells += [with_ends(answer.expected), decided_words(answer), asking, f"{percent(baseline.commoner.mean)} %"]
        lines.append(f"| {' | '.join(cells)} |")
    for answer in answers:
        lines += ["", *recommendation_lines(answer)]
    return "\n".join(lines) + "\n"
