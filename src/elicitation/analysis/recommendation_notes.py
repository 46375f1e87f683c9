"""What a buyer should know beside a recommendation, in sentences. Imports nothing heavy."""

from collections.abc import Iterator

from elicitation.analysis.beyond_study import beyond_words, is_beyond, more_words
from elicitation.analysis.gold_for_all import gold_cost, gold_for_all, missing_gold
from elicitation.analysis.gold_for_some import some_words
from elicitation.analysis.names import ASKING, COMMONER, LABELS, TUNED
from elicitation.analysis.ready_labels import (
    asks_price,
    asks_what_to_buy,
    best_as_they_are,
    better_labels,
    for_all_texts,
    goal_labels,
    is_too_dear,
    leading_labels,
    need_no_student,
    ready_labels,
    told_labels,
    unbeaten_labels,
)
from elicitation.analysis.ready_labels_text import behind_words, by_labels_of
from elicitation.analysis.recommendation_words import (
    FREE_WORDS,
    LOPSIDED,
    ahead_words,
    as_they_are,
    bring_words,
    labels_words,
    limits_text,
    money,
    of_text,
    percent,
    price_text,
    votes_words,
)
from elicitation.analysis.recommended import Recommendation
from elicitation.buying.prices import exact
from elicitation.errors import listed

# What guessing scores by every measure, where either label is as common.
GUESSING = 0.5


def undertrained_notes(answer: Recommendation) -> Iterator[str]:
    """That no student that was trained beats what needs no training, where that is so."""
    best = best_as_they_are(answer)
    if not answer.undertrained or (best and is_too_dear(answer, best)):
        return
    # Behind an API no key of `training` says how long.
    longer = f" (`{answer.longer}` in `training`)" if answer.longer else ""
    unknown = f" A student that is trained longer{longer} or on more labels (`grid.budgets`) was not studied."
    unknown *= not answer.learns_nothing
    useless = f"Training a model is not worth it here: no student that was trained{by_labels_of(answer)} beats"
    if best is None:
        commoner = f"{FREE_WORDS[COMMONER]} ({percent(answer.baseline.commoner.mean)} %)"
        yield f"{useless} {commoner}, and no weak labels do as they are.{unknown}"
        return
    told = best in told_labels(answer)
    if told and answer.learns_nothing:
        # hopeless_notes say more.
        return
    if need_no_student(answer):
        # The answer begins with that.
        yield from [unknown.strip()] * bool(unknown)
        return
    told |= not answer.purchase and answer.baseline.free == (LABELS, best.supervisor)
    score = "" if told else f": {bring_words(answer, best)}"
    # Where a student is told that labels more texts than are paid for, it is worth something.
    beaten = f"No student that was trained here{by_labels_of(answer)} beats" if says_student(answer) else useless
    yield f"{beaten} {as_they_are(best.supervisor)}{score}.{unknown}"


def says_student(answer: Recommendation) -> bool:
    """Whether the answer says before its notes how to train a student."""
    return answer.purchase is not None and not need_no_student(answer)


def hopeless_notes(answer: Recommendation) -> Iterator[str]:
    """That nothing shows that the student can do the task, and what to try, where that is so."""
    if not answer.learns_nothing:
        return
    asking = "neither asking it nor" if answer.baseline.asking else "no"
    rates = f" ({listed([f'{rate:g}' for rate in higher_rates(answer)], 'or')})" if higher_rates(answer) else ""
    tries = ["another question (the `prompt` of the task)", "a larger model"]
    tries += [f"a higher `learning_rate`{rates}"] * (answer.learning_rate not in (None, TUNED))
    lead = "To train a student all the same, try" if need_no_student(answer) else "Try"
    yield (
        f"Nothing shows that {answer.student} can do this task: {asking} training that was studied is clearly better "
        f"than {FREE_WORDS[COMMONER]} ({percent(answer.baseline.commoner.mean)} %). {lead} {listed(tries, 'or')}."
    )


def higher_rates(answer: Recommendation) -> list[float]:
    """Of the learning rates that may be tried in place of the student's, those above it."""
    if answer.learning_rate in (None, TUNED):
        return []
    return [rate for rate in answer.rates_to_try if rate > answer.learning_rate]


def chance_notes(answer: Recommendation) -> Iterator[str]:
    """What to do where gold labels alone leave the student at chance, though it could learn and one is wanted."""
    if not answer.at_chance or need_no_student(answer):
        return
    numbers = listed([f"{n:,}" for n in sorted({found.n_gold for found in answer.at_chance})], "or")
    tasks = list(dict.fromkeys(found.task for found in answer.at_chance))
    is_average = tasks != [answer.task]
    where = f" on {listed(tasks)}" * is_average
    best = max(answer.at_chance, key=lambda found: found.better_score)
    other = FREE_WORDS.get(best.better, labels_words(best.better_weak, best.better_gold))
    reach = "reaches" if best.better == ASKING else "reach"
    yield (
        f"Nothing shows that {answer.student} learns from {numbers} gold labels alone{where}, though {other} {reach} "
        f"{percent(best.better_score)} %{f' on {best.task}' * is_average}. {rate_words(answer)}"
    )


def rate_words(answer: Recommendation) -> str:
    """What to try where a student learns nothing, in a sentence."""
    if answer.learning_rate == TUNED:
        return "Its learning rate is tuned already; try more labels or another method."
    higher = higher_rates(answer)
    rates = [f"{rate:g}" for rate in higher or answer.rates_to_try]
    try_it = f"try {listed(rates, 'or')} as `learning_rate`" if rates else "set `learning_rate: tuned`"
    wrong = "too low" if higher else "wrong"
    return f"Its learning rate may be {wrong}: {try_it} in its entry of `models`."


def price_notes(answer: Recommendation) -> Iterator[str]:
    """That prices and budget are other ones than those of the study."""
    if answer.lowest_price:
        yield (
            "With a budget of 0 no label is bought that costs anything, so prices do not matter; of several that the "
            "study looks at, the lowest stands here."
        )
    if answer.replaced_prices:
        prices = answer.replaced_prices.items()
        own = ", ".join(f"{price_text(answer, price)}{of_text(answer, name)} ({name})" for name, price in prices)
        if asks_price(answer):
            yield f"All weak labels have one price here, that which is looked for, in place of their own: {own}."
        elif answer.question.weak_prices:
            yield f"What you name replaces the labels' own price: {own}."
        elif price := answer.question.weak_price:
            yield f"The price of {price_text(answer, price)} a weak label replaces the labels' own: {own}."
        else:
            yield f"Weak labels are taken as free, in place of their own price: {own}."
    yield from votes_notes(answer)
    if is_beyond(answer):
        yield beyond_words(answer)
    elif words := more_words(answer):
        yield words
    for entry in filter(lambda entry: is_too_dear(answer, entry), answer.baseline.weak_labels):
        yield (
            f"A weak label of {entry.supervisor}{votes_words(entry.votes)} costs {price_text(answer, entry.price)}, as "
            "much as a gold label or more, so none is bought."
        )


def votes_notes(answer: Recommendation) -> Iterator[str]:
    """That a price which is named, or looked for, is that of a text, where its label joins several votes."""
    for entry in answer.baseline.weak_labels:
        if entry.votes == 1 or entry.supervisor not in answer.replaced_prices or not entry.price:
            continue
        has = f"a text of {entry.supervisor}, which has {entry.votes:.3g} votes on average"
        if asks_price(answer):
            yield f"The price is that of {has}."
            continue
        price = float(f"{entry.price * entry.votes:.3g}")
        named = price_text(answer, entry.price)
        yield f"{named} is taken for {has}; for {named} a vote write `--weak-price {entry.supervisor}={price:g}`."


def held_notes(answer: Recommendation) -> Iterator[str]:
    """How to have the labels counted as paid that the reader's own table holds to train on, where none were."""
    held, question = answer.held, answer.question
    if not held or question.have_weak or question.have_gold:
        return
    if for_all_texts(answer):
        first = leading_labels(answer).supervisor
        named = f"`--supervisor {first}`, " * (len(answer.baseline.weak_labels) > 1)
        yield (
            "Costs are as if you had no labels; to count all that your table holds, those of test texts too, ask "
            f"`elicitation recommend` with {named}`--have-weak` and `--have-gold`, each with a number."
        )
        return
    asked = [entry.supervisor for entry in answer.baseline.weak_labels]
    weak, several = {name: n for name, n in held.weak.items() if n and name in asked}, len(asked) > 1
    gold = [f"--have-gold {held.gold}"] * bool(held.gold)
    # One supervisor's labels can be counted.
    options = [[f"--supervisor {name}"] * several + [f"--have-weak {n}", *gold] for name, n in weak.items()] or [gold]
    if weak or held.gold:
        added = listed([f"`{' '.join(each)}`" for each in options], "or")
        yield (
            "Costs are as if you had no labels; to count those that your table holds to train on, ask `elicitation "
            f"recommend` with {added}."
        )


def together_notes(answer: Recommendation) -> Iterator[str]:
    """How many of the reader's own labels are used together, where weak and gold ones are counted as paid."""
    held, question = answer.held, answer.question
    own = [entry.supervisor for entry in answer.baseline.weak_labels]
    if for_all_texts(answer):
        return
    if held and question.have_weak and question.have_gold and own[0] in held.weak:
        most = held.supply(own[0]).examples
        if most < question.have_weak + question.have_gold:
            yield f"A text is used with one label only, so of your own labels at most {most:,} are used together."


def overcounted_notes(answer: Recommendation) -> Iterator[str]:
    """That more labels are counted as paid than the reader's table holds for texts to train on."""
    have, held = (answer.question.have_weak, answer.question.have_gold), counted(answer)
    # Labels as they are of all texts count wherever they stand.
    if have != held and not for_all_texts(answer):
        yield (
            f"You count {labels_words(*have)} as paid, but of texts to train on your table holds "
            f"{labels_words(*held)}; the others, such as those of the test set, train no student."
        )


def counted(answer: Recommendation) -> tuple[int, int]:
    """How many own weak and gold labels count as paid: those that the reader's table, if any, holds to train on."""
    held, question = answer.held, answer.question
    own = question.have_weak, question.have_gold
    # Weak labels are counted of one supervisor.
    supervisor = next((entry.supervisor for entry in answer.baseline.weak_labels), "")
    return held.counted(*own, supervisor) if held else own


def unused_notes(answer: Recommendation) -> Iterator[str]:
    """Which of the reader's own labels take no part in what is recommended."""
    if for_all_texts(answer):
        return
    bought, (have_weak, have_gold) = answer.purchase, counted(answer)
    n_weak, n_gold = (bought.n_weak, bought.n_gold) if bought else (0, 0)
    weak, gold = max(0, have_weak - n_weak), max(0, have_gold - n_gold)
    if leading_labels(answer):
        # As they are all of them are used.
        weak = 0
    if weak or gold:
        trained = "no student is trained"
        if says_student(answer):
            alone = " alone" * (not (n_weak and n_gold))
            trained = f"the student is trained on {labels_words(n_weak, n_gold)}{alone}"
        yield f"Of your own labels {labels_words(weak, gold)} are left over: {trained}."


def left_out_notes(answer: Recommendation) -> Iterator[str]:
    """Which weak labels, as they are, a question leaves out by naming another source, where they would be better."""
    leading = leading_labels(answer)
    found = [
        f"{as_they_are(entry.supervisor)}: {bring_words(answer, entry)}"
        for entry in answer.left_out
        if entry.score.mean > max(answer.expected.mean, answer.baseline.commoner.mean)
        and not is_too_dear(answer, entry)
        and (answer.goal or entry.text_price <= answer.question.budget)
        and not (leading and leading.text_price <= entry.text_price and leading.score.mean >= entry.score.mean)
    ]
    if found:
        yield f"`--supervisor` leaves out {'; '.join(found)}."


def better_notes(answer: Recommendation) -> Iterator[str]:
    """Which weak labels are better as they are; beside those that undertrained_notes names only cheaper ones."""
    leading = leading_labels(answer)
    for entry in better_labels(answer):
        if leading:
            use = f"{as_they_are(entry.supervisor)}, {behind_words(leading, entry)}"
            yield f"For less: {use}: {bring_words(answer, entry)}."
            continue
        # The cheapest way to a score is not the best one.
        beaten = "What is recommended" if answer.goal else f"No purchase within {limits_text(answer)}"
        yield (
            f"{beaten} is {'not ' * bool(answer.goal)}expected to beat {as_they_are(entry.supervisor)}: "
            f"{bring_words(answer, entry)}."
        )


def worse_notes(answer: Recommendation) -> Iterator[str]:
    """Which weak labels are dearer than those that no student beats, and no better."""
    best = unbeaten_labels(answer)
    for entry in answer.baseline.weak_labels if best and best.price else ():
        if entry.text_price > best.text_price and entry.score.mean <= best.score.mean:
            yield (
                f"Weak labels of {entry.supervisor} cost {entry.text_price / best.text_price:.3g} times as much as "
                f"those of {best.supervisor} and are not seen to be better: as they are {percent(entry.score.mean)} %, "
                f"{ahead_words(entry.ahead[best.supervisor])}."
            )


def lopsided_notes(answer: Recommendation) -> Iterator[str]:
    """What balanced accuracy is, or that accuracy says little where nearly all texts have the same label."""
    commoner, (zero, one) = answer.baseline.commoner.mean, answer.label_words
    if answer.measure == "balanced_accuracy":
        yield (
            f"Balanced accuracy is the mean of two shares: how many of the texts with label {one} are found, and how "
            f"many of those with label {zero}. {FREE_WORDS[COMMONER].capitalize()} has 50 %."
        )
    if commoner > LOPSIDED and answer.measure == "accuracy":
        yield (
            f"{percent(commoner)} % of the texts have the same label, so accuracy says little; choose "
            "`inference: {measure: auroc}` or `balanced_accuracy` in the study."
        )


def pool_notes(answer: Recommendation) -> Iterator[str]:
    """What depends on how many texts there are: of how many gold labels are paid for; or how to say the number."""
    question = answer.question
    if question.pool is None:
        if goal_labels(answer) or (ready_labels(answer) and not need_no_student(answer)):
            yield (
                "If you know how many texts you have, ask `elicitation recommend` for so many, as by `--pool 2000`, or "
                "write `texts_to_label: 2000` in the study."
            )
        return
    # Where all texts have weak labels as they are, the answer says it beside these.
    if not asks_what_to_buy(answer) or answer.offer or gold_for_all(answer) or for_all_texts(answer):
        return
    own, paid = question.have_gold, int(exact(question.budget) / exact(question.gold_price))
    if paid and missing_gold(answer):
        some, whole = some_words(answer, own + paid, paid), money(answer, gold_cost(answer))
        yield f"Your budget pays for {some} in place of weak ones; those of all cost {whole}."


def own_texts_notes(answer: Recommendation) -> Iterator[str]:
    """That the reader's own labels are taken for those of some of the texts that there are."""
    question = answer.question
    options = {"--have-weak": question.have_weak, "--have-gold": question.have_gold}
    if question.pool is not None and any(options.values()) and not asks_price(answer):
        counted = listed(f"`{option}`" for option, own in options.items() if own)
        yield (
            f"Your own labels are taken for those of some of the {question.pool:,} texts; for {question.pool:,} other "
            f"ones ask without {counted}."
        )


def tested_notes(answer: Recommendation) -> Iterator[str]:
    """Where labels as they are are scored by more gold labels than students, who may be trained on these."""
    labels = leading_labels(answer)
    if labels and labels.n_test > answer.studied.n_test:
        yield (
            f"Weak labels as they are are scored by all {labels.n_test:,} gold labels of your table, students by the "
            f"{answer.studied.n_test:,} of them that test."
        )


def asking_notes(answer: Recommendation) -> Iterator[str]:
    """That a student is no better than guessing where it is asked without labels, and what to try."""
    asking, learns = answer.baseline.asking, not answer.learns_nothing
    if asking and asking.high < GUESSING:
        yield (
            f"Asked without labels, {answer.student} is worse than guessing. It may not understand the question, or "
            "the label words in `prompt` stand the wrong way round."
        )
    elif asking and learns and asking.low <= max(GUESSING, answer.baseline.commoner.mean):
        yield (
            f"Asked without labels, {answer.student} is not clearly better than {FREE_WORDS[COMMONER]}, though it "
            "learns from labels: it may not understand the question. Small models go on with a text more readily than "
            "they answer; try a heading such as `Sentiment:` (docs/how-to/own-study.md)."
        )


def notes(answer: Recommendation) -> Iterator[str]:
    """What a buyer should know before following the answer; first that training achieved too little."""
    kinds = (undertrained_notes, hopeless_notes, worse_notes, chance_notes, pool_notes, own_texts_notes, price_notes)
    kinds += (held_notes, overcounted_notes, together_notes, unused_notes, better_notes, left_out_notes)
    kinds += (lopsided_notes, asking_notes, tested_notes)
    return (note for kind in kinds for note in kind(answer))
