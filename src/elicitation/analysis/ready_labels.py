"""Where weak labels are to be used as they are, without any student. Imports nothing heavy."""

from dataclasses import dataclass

from elicitation.analysis.recommended import Recommendation, WeakLabels
from elicitation.buying.prices import exact


def best_as_they_are(answer: Recommendation) -> WeakLabels | None:
    """The best weak labels as they are, if they beat always giving the commoner label."""
    baseline = answer.baseline
    best = max(baseline.weak_labels, key=lambda entry: entry.score.mean, default=None)
    return best if best and best.score.mean > baseline.commoner.mean else None


def asks_price(answer: Recommendation) -> bool:
    """Whether it was asked up to which price weak labels are bought."""
    return answer.break_even is not None or answer.fits_up_to is not None


def asks_what_to_buy(answer: Recommendation) -> bool:
    """Whether it was asked what to buy for some money; for that of an offer too."""
    return not (answer.goal or asks_price(answer))


def is_too_dear(answer: Recommendation, entry: WeakLabels) -> bool:
    """Whether a weak label costs as much as a gold one."""
    return entry.price >= answer.question.gold_price


def unbeaten_labels(answer: Recommendation) -> WeakLabels | None:
    """The best weak labels as they are, where no student that was trained beats them and they cost less than gold."""
    best = best_as_they_are(answer)
    return best if answer.undertrained and best and not is_too_dear(answer, best) else None


def labels_beside_price(answer: Recommendation) -> WeakLabels | None:
    """The weak labels that are the best answer as they are, where the price of those to train on was asked for."""
    best = best_as_they_are(answer)
    return best if asks_price(answer) and best and best.score.mean >= answer.expected.mean else None


def sufficient_labels(answer: Recommendation, score: float) -> WeakLabels | None:
    """The best weak labels, if they reach a score as they are and cost less than gold ones."""
    best = best_as_they_are(answer)
    return best if best and best.score.mean >= score and not is_too_dear(answer, best) else None


@dataclass(frozen=True)
class Ready:
    """Weak labels that are worth to be used as they are."""

    labels: WeakLabels
    n_texts: int
    """That have one then: as many as the budget pays for, beside the reader's own, but no more than there are."""
    n_new: int
    """Those of them that are still to be labelled."""


def ready(answer: Recommendation, entry: WeakLabels) -> Ready:
    """How many texts the budget gives a weak label of this source, which costs something."""
    question = answer.question
    n_new = int(exact(question.budget) / exact(entry.price))
    if question.pool is not None:
        n_new = min(n_new, max(0, question.pool - question.have_weak))
    return Ready(entry, n_new + question.have_weak, n_new)


def ready_labels(answer: Recommendation) -> list[Ready]:
    """The weak labels to use as they are, the better for fewer texts, the others for more; those to begin with first.

    There are some where no student that was trained is expected to beat the best of them. They beat what is
    recommended at this budget, and cost less than a gold label and no more than the budget. The best ones come first;
    but where it is known how many texts there are, those that the budget gives to all of them.
    """
    if not asks_what_to_buy(answer) or unbeaten_labels(answer) is None:
        return []
    found: list[Ready] = []
    for entry in sorted(answer.baseline.weak_labels, key=lambda entry: (-entry.score.mean, entry.price)):
        beats = entry.score.mean > max(answer.expected.mean, answer.baseline.commoner.mean)
        if beats and not is_too_dear(answer, entry) and 0 < entry.price <= answer.question.budget:
            one = ready(answer, entry)
            if one.n_new and (not found or one.n_texts > found[-1].n_texts):
                found.append(one)
    if found and found[-1].n_texts == answer.question.pool:
        return [found[-1], *found[:-1]]
    return found


def leading_labels(answer: Recommendation) -> WeakLabels | None:
    """The weak labels with which the answer begins: to be used as they are."""
    return found[0].labels if (found := ready_labels(answer)) else None


def need_no_student(answer: Recommendation) -> bool:
    """Whether the budget gives all texts that there are a weak label that is best used as it is."""
    found = ready_labels(answer)
    return bool(found) and found[0].n_texts == answer.question.pool
