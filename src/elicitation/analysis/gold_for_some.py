"""Gold labels of some of the texts that there are, and weak ones as they are of the others. Imports nothing heavy."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from elicitation.analysis.gold_for_all import gold_cost, gold_for_all, missing_gold
from elicitation.analysis.ready_labels import for_all_texts, goal_labels, ready_labels
from elicitation.analysis.recommendation_words import as_they_are, money, own_words, with_ends
from elicitation.analysis.recommended import Estimate, Recommendation, WeakLabels
from elicitation.buying.prices import exact

# What is assumed of the texts with a gold label, and what would be better.
AT_RANDOM = ", if these texts are drawn at random; probably more for those of which the weak labels are least sure"


@dataclass(frozen=True)
class GoldForSome:
    """All texts that there are, of which some, drawn at random, have a gold label, and the others a weak one."""

    labels: WeakLabels
    """Of the others."""
    n_gold: int
    """Texts with a gold label, the reader's own among them."""
    n_new: int
    """Gold labels that are still to be bought."""
    cost: Fraction
    """Of all labels that are still to be bought."""
    score: Estimate | None
    """Of all texts; None of an AUROC, since labels of two kinds have none together."""


def score_with_gold(answer: Recommendation, labels: WeakLabels, n_gold: int) -> Estimate | None:
    """The score of weak labels once so many of all texts have a gold label, which is right by definition."""
    share = n_gold / answer.question.pool
    ends = {end: share + (1 - share) * value for end, value in vars(labels.score).items()}
    return None if answer.measure == "auroc" else Estimate(**ends)


def gold_for_rest(answer: Recommendation) -> GoldForSome | None:
    """What is left of a budget that gives all texts a weak label, spent on gold labels in place of some of them.

    None where it pays for no gold label, or for those of all texts.
    """
    if not for_all_texts(answer) or gold_for_all(answer):
        return None
    question, first = answer.question, ready_labels(answer)[0]
    spent, price = first.n_new * exact(first.labels.text_price), exact(question.gold_price)
    n_new = min(int((exact(question.budget) - spent) / price), missing_gold(answer))
    n_gold = question.have_gold + n_new
    score = score_with_gold(answer, first.labels, n_gold)
    return GoldForSome(first.labels, n_gold, n_new, spent + n_new * price, score) if n_new else None


def gold_for_goal(answer: Recommendation) -> GoldForSome | None:
    """The cheapest way to a score that nothing studied reaches: gold labels of as many texts as it takes.

    The weak labels of the others beat always giving the commoner label.
    """
    question, goal, labels = answer.question, answer.goal, goal_labels(answer)
    reached = goal is None or goal.reached or (labels is not None and labels.score.mean >= goal.score)
    if reached or question.pool is None or answer.measure == "auroc":
        return None
    found = []
    for entry in answer.baseline.weak_labels:
        if answer.baseline.commoner.mean < entry.score.mean < goal.score:
            # Rounded, since a binary number may lie a little above a whole one.
            n_gold = math.ceil(round(question.pool * (goal.score - entry.score.mean) / (1 - entry.score.mean), 6))
            n_new, n_weak = max(0, n_gold - question.have_gold), max(0, question.pool - n_gold - question.have_weak)
            cost = n_new * exact(question.gold_price) + n_weak * exact(entry.text_price)
            found.append(GoldForSome(entry, n_gold, n_new, cost, score_with_gold(answer, entry, n_gold)))
    best = min(found, key=lambda some: some.cost, default=None)
    return best if best and best.cost < exact(gold_cost(answer)) else None


def some_words(answer: Recommendation, n_gold: int, n_new: int) -> str:
    """Gold labels of so many of the texts that there are."""
    return f"gold labels of {n_gold:,} of the {answer.question.pool:,} texts{own_words(n_gold, n_new)}"


def rest_lines(answer: Recommendation) -> Iterator[str]:
    """What is left of the budget pays for, and what is expected then, in sentences; nothing where that is nothing."""
    if found := gold_for_rest(answer):
        budget = exact(answer.question.budget)
        left = budget - found.cost + found.n_new * exact(answer.question.gold_price)
        pays = "Your budget pays" if left == budget else f"{money(answer, float(left))} are left, which pay"
        some = some_words(answer, found.n_gold, found.n_new)
        then = f" Expected then: {with_ends(found.score)}{AT_RANDOM}." if found.score else ""
        whole = f"Those of all cost {money(answer, gold_cost(answer))}."
        yield f"{pays} for {some} in place of weak ones.{then} {whole}"


def goal_words(answer: Recommendation) -> str:
    """How gold labels of some texts reach the score that is asked for, in a sentence; empty where they do not."""
    found = gold_for_goal(answer)
    if found is None:
        return ""
    some = some_words(answer, found.n_gold, found.n_new)
    others = f"{as_they_are(found.labels.supervisor)} for the others"
    return f" For less, {money(answer, float(found.cost))}: {some}, at random, and {others}."
