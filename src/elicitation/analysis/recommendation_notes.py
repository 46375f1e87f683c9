"""What a buyer should know beside a recommendation, in sentences. Imports nothing heavy."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from elicitation.analysis.findings import Held
from elicitation.analysis.names import ASKING, COMMONER, LABELS, TUNED
from elicitation.analysis.recommendation_words import (
    FREE_WORDS,
    MEASURE_WORDS,
    as_they_are,
    at_price,
    free_words,
    labels_score,
    labels_words,
    limits_text,
    money,
    percent,
    price_text,
    purchase_words,
)
from elicitation.analysis.recommended import Purchase, Recommendation, WeakLabels
from elicitation.errors import listed

# From this share of the commoner label on, accuracy says little.
LOPSIDED = 0.7


def best_as_they_are(answer: Recommendation) -> WeakLabels | None:
    """The best weak labels as they are, if they beat always giving the commoner label."""
    baseline = answer.baseline
    best = max(baseline.weak_labels, key=lambda entry: entry.score.mean, default=None)
    return best if best and best.score.mean > baseline.commoner.mean else None


def asks_price(answer: Recommendation) -> bool:
    """Whether it was asked up to which price weak labels are bought."""
    return answer.break_even is not None or answer.fits_up_to is not None


def asks_what_to_buy(answer: Recommendation) -> bool:
    """Whether nothing else was asked than what to buy."""
    return not (answer.goal or answer.offer or asks_price(answer))


def is_too_dear(answer: Recommendation, entry: WeakLabels) -> bool:
    """Whether a weak label costs as much as a gold one."""
    return entry.price >= answer.question.gold_price


def unbeaten_labels(answer: Recommendation) -> WeakLabels | None:
    """The best weak labels as they are, where no student that was trained beats them and they cost less than gold."""
    best = best_as_they_are(answer)
    return best if answer.undertrained and best and not is_too_dear(answer, best) else None


def leading_labels(answer: Recommendation) -> WeakLabels | None:
    """The weak labels that are to be used as they are, since no student that was trained is expected to beat them.

    None where something that is recommended does, as what costs nothing may; where a label costs as much as a gold one,
    or more than the budget; and where something else was asked than what to buy.
    """
    best = unbeaten_labels(answer)
    if not asks_what_to_buy(answer) or best is None or best.price > answer.question.budget:
        return None
    return best if best.score.mean > answer.expected.mean else None


def labels_beside_price(answer: Recommendation) -> WeakLabels | None:
    """The weak labels that are the best answer as they are, where the price of those to train on was asked for."""
    best = best_as_they_are(answer)
    return best if asks_price(answer) and best and best.score.mean >= answer.expected.mean else None


def sufficient_labels(answer: Recommendation, score: float) -> WeakLabels | None:
    """The best weak labels, if they reach a score as they are and cost less than gold ones."""
    best = best_as_they_are(answer)
    return best if best and best.score.mean >= score and not is_too_dear(answer, best) else None


def undertrained_notes(answer: Recommendation) -> Iterator[str]:
    """That no student that was trained beats what needs no training, where that is so."""
    best = best_as_they_are(answer)
    if not answer.undertrained or (best and is_too_dear(answer, best)):
        return
    # Behind an API no key of `training` says how long.
    longer = (
        " (`training.presentations`, or with fixed epochs `training.epochs_factor`)" if answer.learning_rate else ""
    )
    unknown = f"A student that is trained longer{longer} or on more labels (`grid.budgets`) was not studied."
    if best is None:
        commoner = f"{FREE_WORDS[COMMONER]} ({percent(answer.baseline.commoner.mean)} %)"
        yield f"No student that was trained here beats {commoner}, and no weak labels do as they are. {unknown}"
        return
    told = best in (leading_labels(answer), labels_beside_price(answer))
    told |= not answer.purchase and answer.baseline.free == (LABELS, best.supervisor)
    score = "" if told else f": {bring_words(answer, best)}"
    yield f"No student that was trained here beats {as_they_are(best.supervisor)}{score}. {unknown}"


def bring_words(answer: Recommendation, entry: WeakLabels) -> str:
    """What weak labels as they are bring and cost."""
    price = at_price(answer, entry.price, " for each text")
    return f"{labels_score(answer, entry)}, without any training, {price}"


def chance_notes(answer: Recommendation) -> Iterator[str]:
    """What to do where gold labels alone leave the student at chance, though it could learn."""
    if not answer.at_chance:
        return
    purchases = "; ".join(
        f"{found.n_gold:,} on {found.task} by {found.title}: {percent(found.score)} %, between {percent(found.low)} "
        f"and {percent(found.high)} %"
        for found in answer.at_chance
    )
    best = max(answer.at_chance, key=lambda found: found.better_score)
    other = FREE_WORDS.get(best.better, labels_words(best.better_weak, best.better_gold))
    fix = "is tuned already, so what is left to try is more labels or another method"
    if answer.learning_rate != TUNED:
        higher = [rate for rate in answer.rates_to_try if rate > answer.learning_rate]
        rates = [f"{rate:g}" for rate in higher or answer.rates_to_try]
        try_it = f"try {listed(rates, 'or')} as `learning_rate`" if rates else "set `learning_rate: tuned`"
        wrong = "too low" if higher else "wrong"
        fix = f"of {answer.learning_rate:g} may be {wrong} for so few: {try_it} in its entry of `models`"
    reach = "reaches" if best.better == ASKING else "reach"
    yield (
        f"{answer.student} stays at chance with gold labels alone ({purchases}), though {other} {reach} "
        f"{percent(best.better_score)} % on {best.task}; its learning rate {fix}."
    )


def price_notes(answer: Recommendation) -> Iterator[str]:
    """That prices and budget are other ones than those of the study."""
    question, sources = answer.question, answer.baseline.weak_labels
    unpriced = question.weak_price is None and any(entry.price for entry in sources)
    if unpriced and not question.budget and asks_what_to_buy(answer):
        yield (
            "With a budget of 0 no label is bought that costs anything, so prices do not matter; of several that the "
            "study looks at, the lowest stands here."
        )
    if answer.replaced_prices:
        own = ", ".join(f"{price_text(answer, price)} ({name})" for name, price in answer.replaced_prices.items())
        if price := answer.question.weak_price:
            yield f"The price of {price_text(answer, price)} a weak label replaces the labels' own: {own}."
        else:
            yield f"Weak labels are taken as free, in place of their own price: {own}."
    if answer.studied.beyond:
        yield beyond_words(answer)
    for entry in filter(lambda entry: is_too_dear(answer, entry), answer.baseline.weak_labels):
        yield (
            f"A weak label of {entry.supervisor} costs {price_text(answer, entry.price)}, as much as a gold label or "
            "more, so none is bought."
        )


def beyond_words(answer: Recommendation) -> str:
    """How far the study reaches, what is best there, and what to add to it, where a budget lies beyond."""
    studied, question, bought = answer.studied, answer.question, answer.purchase
    beside = " beside your own labels" if question.have_weak or question.have_gold else ""
    most = "at most " * bool(studied.most_expensive) + money(answer, studied.most_expensive)
    best = f"no purchase there beats {free_words(answer)}"
    if bought:
        best = f"the best purchase there is {purchase_words(answer, bought)} by {bought.title}"
    words = (
        f"{'That money' if answer.offer else 'The budget'} lies beyond what was studied, which at these prices costs "
        f"{most}{beside}; {best}. {money(answer, studied.unspent)} are left unspent, since what more labels would "
        "bring is not known."
    )
    # An offer says how to have itself studied.
    if studied.larger is None or answer.offer:
        return words
    n_weak, n_gold = studied.larger
    return f"{words} {try_words(answer, replace(answer.best, n_weak=n_weak, n_gold=n_gold))}"


def try_words(answer: Recommendation, bought: Purchase) -> str:
    """How to have a purchase run of which little is known, or why the reader's table does not allow it."""
    held, source = answer.held, bought.supervisor
    key = f"`more_purchases: [[{bought.n_weak}, {bought.n_gold}]]`"
    add = f"To know it, add {key} to `grid` in the study, and run that again."
    if held is None or source not in held.weak or held.supply(held.weak).serves(bought.n_weak, bought.n_gold):
        return add
    own = held.supply([source])
    if own.serves(bought.n_weak, bought.n_gold):
        return f"To know it, study {source} on its own, since other sources label fewer texts, with {key} in `grid`."
    return (
        f"Your table has too few texts for it: of those to train on {own.weak:,} have a weak label of {source} and "
        f"{own.gold:,} a gold one. A text is used with one label only, so at most {own.examples:,} labels are. "
        "To know it, have more texts labelled, and run the study on them."
    )


def held_notes(answer: Recommendation) -> Iterator[str]:
    """What the reader's own table holds and how to have it counted as paid, where nothing was."""
    held, question = answer.held, answer.question
    if not held or question.have_weak or question.have_gold:
        return
    asked = [entry.supervisor for entry in answer.baseline.weak_labels]
    weak, several = {name: n for name, n in held.weak.items() if n and name in asked}, len(asked) > 1
    kinds = [labels_words(n, 0, f" of {name}") for name, n in weak.items()]
    kinds += [labels_words(0, held.gold)] * bool(held.gold)
    gold = [f"--have-gold {held.gold}"] * bool(held.gold)
    # One supervisor's labels can be counted.
    options = [[f"--supervisor {name}"] * several + [f"--have-weak {n}", *gold] for name, n in weak.items()] or [gold]
    if kinds:
        added = listed([f"`{' '.join(each)}`" for each in options], "or")
        yield (
            f"Your table holds {listed(kinds)} of texts to train on. Costs here are as if you had none; to have yours "
            f"counted as paid, ask `elicitation recommend` with {added}.{together_words(held, weak)} What more labels "
            "than these would bring is not known."
        )


def together_words(held: Held, supervisors: Collection[str]) -> str:
    """How many labels of a table are used together, where texts have both a weak label and a gold one."""
    supplies = {name: held.supply([name]) for name in supervisors}
    fewer = {name: own.examples for name, own in supplies.items() if own.examples < own.weak + own.gold}
    most = [f"{n:,}" + f" ({name})" * (len(supplies) > 1) for name, n in fewer.items()]
    return f" A text is used with one label only, so together at most {listed(most, 'or')} are." if most else ""


def overcounted_notes(answer: Recommendation) -> Iterator[str]:
    """That more labels are counted as paid than the reader's table holds for texts to train on."""
    held, question = answer.held, answer.question
    if not held:
        return
    # Labels are counted of one supervisor; those that a model writes stand in no table.
    sources = [entry.supervisor for entry in answer.baseline.weak_labels if entry.supervisor in held.weak]
    weak = question.have_weak if sources else 0
    n_weak, n_gold = held.weak[sources[0]] if weak else 0, held.gold if question.have_gold else 0
    if weak > n_weak or question.have_gold > n_gold:
        yield (
            f"You count {labels_words(weak, question.have_gold)} as paid, but of texts to train on your table holds "
            f"{labels_words(n_weak, n_gold)}; the others, such as those of the test set, train no student."
            f"{together_words(held, sources) if weak and n_gold else ''}"
        )


def unused_notes(answer: Recommendation) -> Iterator[str]:
    """Which of the reader's own labels take no part in what is recommended."""
    question, bought = answer.question, answer.purchase
    n_weak, n_gold = (bought.n_weak, bought.n_gold) if bought else (0, 0)
    weak, gold = max(0, question.have_weak - n_weak), max(0, question.have_gold - n_gold)
    if weak or gold:
        yield f"Of your own labels {labels_words(weak, gold)} take no part in it."


def better_notes(answer: Recommendation) -> Iterator[str]:
    """Which weak labels are better as they are; beside those that undertrained_notes names only cheaper ones."""
    named, told = unbeaten_labels(answer), labels_beside_price(answer)
    limit = named.price if named else answer.question.gold_price
    for entry in answer.baseline.weak_labels:
        if entry.score.mean > answer.expected.mean and entry.price < limit and entry != told:
            # The cheapest way to a score is not the best one.
            beaten = "What is recommended" if answer.goal else f"No purchase within {limits_text(answer)}"
            yield (
                f"{beaten} is {'not ' * bool(answer.goal)}expected to beat {as_they_are(entry.supervisor)}: "
                f"{bring_words(answer, entry)}."
            )


def worse_notes(answer: Recommendation) -> Iterator[str]:
    """Which weak labels are both dearer and clearly worse than those that no student beats."""
    best = unbeaten_labels(answer)
    for entry in answer.baseline.weak_labels if best and best.price else ():
        if entry.price > best.price and entry.score.high < best.score.low:
            yield (
                f"Weak labels of {entry.supervisor} cost {entry.price / best.price:.3g} times as much as those of "
                f"{best.supervisor}, and as they are their {MEASURE_WORDS[answer.measure]} is lower "
                f"({percent(entry.score.mean)} %, {percent(best.score.mean)} %)."
            )


def lopsided_notes(answer: Recommendation) -> Iterator[str]:
    """That accuracy says little where nearly all texts have the same label."""
    commoner = answer.baseline.commoner.mean
    if commoner > LOPSIDED and answer.measure == "accuracy":
        yield (
            f"{percent(commoner)} % of the texts have the same label, so accuracy says little; choose "
            "`inference: {measure: auroc}` or `balanced_accuracy` in the study."
        )


def notes(answer: Recommendation) -> Iterator[str]:
    """What a buyer should know before following the answer; first that training achieved too little."""
    kinds = (undertrained_notes, worse_notes, chance_notes, price_notes, held_notes, overcounted_notes, unused_notes)
    kinds += (better_notes, lopsided_notes)
    return (note for kind in kinds for note in kind(answer))
