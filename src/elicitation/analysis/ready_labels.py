"""Where weak labels are to be used as they are, without any student. Imports nothing heavy."""

from dataclasses import dataclass

from elicitation.analysis.recommended import Estimate, Recommendation, WeakLabels
from elicitation.buying.prices import exact

# Where better labels are paid for on so many texts, a student that could label more is of no use.
MANY_TEXTS = 100_000


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


def goal_ready(answer: Recommendation) -> list[WeakLabels]:
    """The weak labels to use as they are for a score that was asked for, since they reach it or no student does.

    Those that reach it, the cheapest first, and then only better ones; or else the best, if they beat the best student.
    None where something reaches it for nothing. Labels that cost as much as gold ones do not count.
    """
    goal, cheap = answer.goal, [entry for entry in answer.baseline.weak_labels if not is_too_dear(answer, entry)]
    if goal is None or (goal.reached and not (answer.purchase and answer.purchase.cost)):
        return []
    found: list[WeakLabels] = []
    for entry in sorted(cheap, key=lambda entry: (entry.price, -entry.score.mean)):
        if entry.score.mean >= goal.score and (not found or entry.score.mean > found[-1].score.mean):
            found.append(entry)
    beaten = max(answer.expected.mean, answer.baseline.commoner.mean)
    if found or goal.reached:
        return found
    return sorted((entry for entry in cheap if entry.score.mean > beaten), key=lambda entry: -entry.score.mean)[:1]


def goal_labels(answer: Recommendation) -> WeakLabels | None:
    """The first of goal_ready."""
    return next(iter(goal_ready(answer)), None)


@dataclass(frozen=True)
class Ready:
    """Weak labels that are worth to be used as they are."""

    labels: WeakLabels
    n_texts: int
    """That have one then: as many as the budget pays for, beside the reader's own, but no more than there are."""
    n_new: int
    """Those of them that are still to be labelled."""


def ready(answer: Recommendation, entry: WeakLabels) -> Ready:
    """How many texts the budget gives a weak label of this source, which costs something.

    A score that is asked for has no budget: then all texts that there are get one.
    """
    question = answer.question
    own = 0 if entry in answer.left_out else question.have_weak
    n_new = question.pool if answer.goal else int(exact(question.budget) / exact(entry.price))
    if question.pool is not None:
        own = min(own, question.pool)
        n_new = min(n_new, question.pool - own)
    return Ready(entry, n_new + own, n_new)


def ready_labels(answer: Recommendation) -> list[Ready]:
    """The weak labels to use as they are, the better for fewer texts, the others for more; those to begin with first.

    There are some where no student that was trained is expected to beat the best of them. They beat what is
    recommended at this budget, and cost less than a gold label; some are the reader's own, or the budget pays for one.
    The best ones come first; but where it is known how many texts there are, those that all of them can have.
    """
    if not asks_what_to_buy(answer) or unbeaten_labels(answer) is None:
        return []
    found: list[Ready] = []
    for entry in sorted(answer.baseline.weak_labels, key=lambda entry: (-entry.score.mean, entry.price)):
        beats = entry.score.mean > max(answer.expected.mean, answer.baseline.commoner.mean)
        if beats and entry.price and not is_too_dear(answer, entry):
            one = ready(answer, entry)
            if one.n_texts > (found[-1].n_texts if found else 0):
                found.append(one)
    if found and found[-1].n_texts == answer.question.pool:
        return [found[-1], *found[:-1]]
    return found


@dataclass(frozen=True)
class Split:
    """Weak labels as they are of two sources, which share the texts that there are."""

    n_better: int
    """Texts that the better labels are bought for; the others have the cheaper ones."""
    n_cheaper: int
    cost: float
    """Of both, in the question's currency."""
    score: Estimate
    """Over all texts, which are shared out at random."""


def best_split(answer: Recommendation) -> Split | None:
    """What is left of a budget that pays for a weak label of all texts, spent on better labels for some of them.

    None where nothing is left for it, or labels are the reader's own. The interval is that of two scores which are off
    in the same direction, so it is never too narrow. An AUROC of two sources is not known.
    """
    question = answer.question
    if not for_all_texts(answer) or question.have_weak or answer.measure == "auroc":
        return None
    first, *others = (found.labels for found in ready_labels(answer))
    budget, price = exact(question.budget), exact(first.price)
    splits = []
    for other in others:
        n = int((budget - question.pool * price) / (exact(other.price) - price))
        share, cost = n / question.pool, question.pool * price + n * (exact(other.price) - price)
        ends = (
            share * getattr(other.score, end) + (1 - share) * getattr(first.score, end)
            for end in ("mean", "low", "high")
        )
        splits.append(Split(n, question.pool - n, float(cost), Estimate(*ends)))
    return max((split for split in splits if split.n_better), key=lambda split: split.score.mean, default=None)


def leading_labels(answer: Recommendation) -> WeakLabels | None:
    """The weak labels with which the answer begins: to be used as they are."""
    if found := ready_labels(answer):
        return found[0].labels
    return goal_labels(answer)


def told_labels(answer: Recommendation) -> list[WeakLabels]:
    """The weak labels of which the answer says before its notes what they bring as they are."""
    beside = labels_beside_price(answer)
    return [found.labels for found in ready_labels(answer)] + goal_ready(answer) + [beside] * (beside is not None)


def better_labels(answer: Recommendation) -> list[WeakLabels]:
    """Other weak labels that are expected to be at least as good as they are, and cost less than a gold label.

    Beside those that no student beats only cheaper ones.
    """
    named, told = leading_labels(answer) or unbeaten_labels(answer), told_labels(answer)
    limit = named.price if named else answer.question.gold_price
    return [
        entry
        for entry in answer.baseline.weak_labels
        if 0 < entry.price < limit and entry.score.mean >= answer.expected.mean and entry not in told
    ]


def for_all_texts(answer: Recommendation) -> bool:
    """Whether the budget gives all texts that there are a weak label that is best used as it is."""
    found = ready_labels(answer)
    return bool(found) and found[0].n_texts == answer.question.pool


def widest(answer: Recommendation) -> Ready | None:
    """Of the weak labels to use as they are those that the budget pays for on most texts."""
    return max(ready_labels(answer), key=lambda found: found.n_texts, default=None)


def need_no_student(answer: Recommendation) -> bool:
    """Whether the budget gives all texts, or more than are likely to be there, a weak label that beats its student."""
    found = widest(answer)
    return found is not None and (for_all_texts(answer) or found.n_texts >= MANY_TEXTS)
