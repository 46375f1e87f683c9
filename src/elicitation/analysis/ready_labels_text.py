"""Weak labels that are to be used as they are, in words. Imports nothing heavy."""

from collections.abc import Iterator

from elicitation.analysis.choices import NEARLY
from elicitation.analysis.gold_for_some import rest_lines
from elicitation.analysis.names import COMMONER
from elicitation.analysis.ready_labels import (
    Ready,
    Split,
    best_split,
    cheaper_for_all,
    for_all_texts,
    goal_ready,
    goal_split,
    leading_labels,
    ready_labels,
    texts_before_student,
    widest,
)
from elicitation.analysis.recommendation_words import (
    MEASURE_WORDS,
    ahead_words,
    as_they_are,
    bring_words,
    budget_text,
    found_words,
    free_words,
    is_open,
    money,
    new_cost,
    of_all_words,
    own_words,
    percent,
    purchase_words,
    with_ends,
)
from elicitation.analysis.recommended import Estimate, Recommendation, WeakLabels

# What is said where better labels are bought for some texts.
LEAST_SURE = (
    "Where the first says how sure it is, better ones for the texts of which it is least sure are likely to bring "
    "more; a supervisor with `second_share` in the study measures how much."
)
# What a score of two sources is compared with.
OF_FIRST = " of the first alone"


def use_words(answer: Recommendation) -> str:
    """That the weak labels with which the answer begins are to be used as they are."""
    if both := goal_split(answer):
        texts = f"{both.n_cheaper:,} of the {answer.question.pool:,} texts"
        others = f"those of {both.better.supervisor} for the other {both.n_better:,}"
        return f"Use {as_they_are(both.cheaper.supervisor)} for {texts}, and {others}, at random"
    return f"Use {as_they_are(leading_labels(answer).supervisor)}"


def texts_words(answer: Recommendation, found: Ready) -> str:
    """How many texts have weak labels then: of those that there are, if that is known."""
    pool = answer.question.pool
    if pool is None:
        return f"{found.n_texts:,} texts{own_words(found.n_texts, found.n_new)}"
    costs = found.n_texts == pool and found.n_new > 0
    return of_all_words(found, pool) + f", which cost {new_cost(answer, found)}" * costs


def behind_words(best: WeakLabels, other: WeakLabels) -> str:
    """By how much other labels are worse than the best ones, and cheaper: `2.0 points behind at 1.3 % of the price`."""
    share = 100 * other.text_price / best.text_price
    return f"{ahead_words(other.ahead[best.supervisor])} at {share:.2g} % of the price"


def better_words(gap: Estimate) -> str:
    """That other labels are better, or perhaps so. gap: by how much."""
    return "Perhaps better" if is_open(gap) else "Better"


def split_words(answer: Recommendation, both: Split) -> str:
    """What two sources bring that share all texts, and how much more that is than the first alone, in sentences."""
    gain = ahead_words(both.gain, OF_FIRST)
    cost, more = money(answer, float(both.exact_cost)), money(answer, both.extra)
    return f"{with_ends(both.score)}, for {cost}. That is {gain} for {more} more. {LEAST_SURE}"


def ready_lines(answer: Recommendation) -> Iterator[str]:
    """What the weak labels bring, and for how many texts the budget pays; then those of other sources."""
    first, *others = ready_labels(answer)
    yield bring_line(answer, first.labels)
    yield paid_line(answer, first)
    for cheaper in cheaper_for_all(answer):
        yield f"{less_line(answer, first.labels, cheaper)} {found_words(answer, cheaper)}".rstrip()
    for other in others:
        use, bring = as_they_are(other.labels.supervisor), bring_words(answer, other.labels)
        if other.n_texts > first.n_texts:
            behind = first.labels.score.mean - other.labels.score.mean
            lead = "Nearly as good for less" if behind <= NEARLY else "For less"
            less = behind_words(first.labels, other.labels)
            said = f"{lead}, so for up to {other.n_texts:,} texts: {use}, {less}: {bring}."
        else:
            gap = other.labels.ahead[first.labels.supervisor]
            paid = f"paid for {texts_words(answer, other)} only"
            said = f"{better_words(gap)}, but {paid}: {use}, {ahead_words(gap)}: {bring}."
        yield f"{said} {found_words(answer, other.labels)}".rstrip()
    if both := best_split(answer):
        shares = f"better ones for {both.n_better:,} of the texts, at random, and the first for {both.n_cheaper:,}"
        yield f"With both, the {shares}: {split_words(answer, both)}"
    yield from rest_lines(answer)


def less_line(answer: Recommendation, first: WeakLabels, cheaper: WeakLabels) -> str:
    """What cheaper labels than the first bring, in a sentence."""
    lead = "Perhaps as good for less" if is_open(cheaper.ahead[first.supervisor]) else "For less"
    use = f"{as_they_are(cheaper.supervisor)}, {behind_words(first, cheaper)}"
    return f"{lead}: {use}: {bring_words(answer, cheaper)}."


def paid_line(answer: Recommendation, found: Ready) -> str:
    """For how many texts the weak labels are paid for, or are there already."""
    paid = f"A budget of {budget_text(answer)} pays for" if found.n_new else "You have them for"
    return f"{paid} {texts_words(answer, found)}."


def bring_line(answer: Recommendation, labels: WeakLabels) -> str:
    """What weak labels as they are are expected to bring, in a sentence or two."""
    found = found_words(answer, labels)
    return f"Expected {MEASURE_WORDS[answer.measure]}: {bring_words(answer, labels)}. {found}".rstrip()


def goal_lines(answer: Recommendation) -> Iterator[str]:
    """What weak labels as they are bring where a score is asked for, and what the best student does.

    Where that reaches the score too, it costs less from so many texts on; what to buy for it is said afterwards.
    """
    first, *others = goal_ready(answer)
    if both := goal_split(answer):
        yield f"Expected {MEASURE_WORDS[answer.measure]}: {split_words(answer, both)}"
        first, others = both.cheaper, [first, *others]
        yield f"The first alone: {bring_words(answer, first)}. {found_words(answer, first)}".rstrip()
    else:
        yield bring_line(answer, first)
    for other in others:
        gap = other.ahead[first.supervisor]
        use = f"{as_they_are(other.supervisor)}, {ahead_words(gap, OF_FIRST if both else '')}"
        said = f"{better_words(gap)}, for more money: {use}: {bring_words(answer, other)}."
        yield f"{said} {found_words(answer, other)}".rstrip()
    bought = answer.purchase
    if bought and answer.goal and answer.goal.reached:
        yield f"For more than {texts_before_student(answer):,} texts a student costs less:"
    elif bought:
        use = f"{purchase_words(answer, bought)} by {bought.title} for {money(answer, bought.cost)}"
        yield f"The best student is expected to reach {with_ends(answer.expected)}: {use}."


def not_worth_words(answer: Recommendation, at: str = "this budget") -> str:
    """That no student is to be trained, since better labels are paid for on all texts, or on very many.

    at: with which money.
    """
    found = widest(answer)
    paid = f", and a budget of {budget_text(answer)} pays for those of {found.n_texts:,} texts"
    return (
        f"Training a model is not worth it at {at}: no student that was studied{by_labels_of(answer)} beats "
        f"{as_they_are(found.labels.supervisor)}{'' if for_all_texts(answer) else paid}."
    )


def by_labels_of(answer: Recommendation) -> str:
    """On labels of which source a student was trained, where the question leaves others out."""
    return f" on weak labels of {answer.question.supervisor}, or on gold ones," if answer.left_out else ""


def beyond_ready(answer: Recommendation, trains: bool) -> str:
    """What to do with more texts than the budget pays for. trains: whether what follows trains a student for them."""
    for_more = f"o label more than {max(found.n_texts for found in ready_labels(answer)):,} texts"
    if trains:
        return f"T{for_more}, train a student instead:"
    score, studied = f"{percent(answer.expected.mean)} %", f"no student that was studied{by_labels_of(answer)}"
    if answer.baseline.free[0] != COMMONER:
        return f"T{for_more}: {studied} beats {free_words(answer)} ({score}), which costs nothing."
    none = f"is better than guessing at this budget ({free_words(answer)}: {score})"
    none = none if answer.alternatives else "is affordable"
    return f"N{studied[1:]} {none}; t{for_more}, you need more money or a cheaper source."
