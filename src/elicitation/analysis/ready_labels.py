"""Where weak labels are to be used as they are, without any student. Imports nothing heavy."""

import math
from dataclasses import dataclass
from fractions import Fraction

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
    """Whether the weak label of a text costs as much as a gold one."""
    return entry.text_price >= answer.question.gold_price


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
    for entry in sorted(cheap, key=lambda entry: (entry.text_price, -entry.score.mean)):
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
    n_new = question.pool if answer.goal else int(exact(question.budget) / exact(entry.text_price))
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
    for entry in sorted(answer.baseline.weak_labels, key=lambda entry: (-entry.score.mean, entry.text_price)):
        beats = entry.score.mean > max(answer.expected.mean, answer.baseline.commoner.mean)
        if beats and entry.text_price and not is_too_dear(answer, entry):
            one = ready(answer, entry)
            if one.n_texts > (found[-1].n_texts if found else 0):
                found.append(one)
    if found and found[-1].n_texts == answer.question.pool:
        return [found[-1], *found[:-1]]
    return found


@dataclass(frozen=True)
class Split:
    """Weak labels as they are of two sources, which share the texts that there are at random."""

    cheaper: WeakLabels
    better: WeakLabels
    n_cheaper: int
    n_better: int

    @property
    def exact_cost(self) -> Fraction:
        """Of both, in the question's currency."""
        return self.n_cheaper * exact(self.cheaper.text_price) + self.n_better * exact(self.better.text_price)

    @property
    def extra(self) -> float:
        """By how much they cost more than the cheaper ones for all texts."""
        return float(self.n_better * (exact(self.better.text_price) - exact(self.cheaper.text_price)))

    @property
    def share(self) -> float:
        """Of the texts that have better labels."""
        return self.n_better / (self.n_better + self.n_cheaper)

    @property
    def score(self) -> Estimate:
        """Over all texts. The interval takes both scores for off in the same direction, so it is never too narrow."""
        one, other, share = vars(self.better.score), vars(self.cheaper.score), self.share
        return Estimate(**{end: share * one[end] + (1 - share) * other[end] for end in one})

    @property
    def gain(self) -> Estimate:
        """By how much it is above that of the cheaper labels for all texts."""
        ahead = self.better.ahead[self.cheaper.supervisor]
        return Estimate(**{end: self.share * value for end, value in vars(ahead).items()})


def can_share(answer: Recommendation) -> bool:
    """Whether two sources may share the texts.

    It is known how many there are, and no labels are the reader's own. An AUROC of two sources is not known.
    """
    question = answer.question
    return question.pool is not None and not question.have_weak and answer.measure != "auroc"


def best_split(answer: Recommendation) -> Split | None:
    """What is left of a budget that pays for a weak label of all texts, spent on better labels for some of them.

    None where nothing is left for it.
    """
    question = answer.question
    if not for_all_texts(answer) or not can_share(answer):
        return None
    first, *others = (found.labels for found in ready_labels(answer))
    budget, price = exact(question.budget), exact(first.text_price)
    splits = []
    for other in others:
        n = int((budget - question.pool * price) / (exact(other.text_price) - price))
        splits.append(Split(first, other, question.pool - n, n))
    return max((split for split in splits if split.n_better), key=lambda split: split.score.mean, default=None)


def goal_split(answer: Recommendation) -> Split | None:
    """The cheapest way of sharing all texts between two sources that reaches a score; None where one alone costs less.

    The cheaper labels beat always giving the commoner label.
    """
    goal, pool, enough = answer.goal, answer.question.pool, goal_ready(answer)
    if not can_share(answer) or not enough or enough[0].score.mean < goal.score:
        return None
    splits = []
    for better in enough:
        for cheaper in answer.baseline.weak_labels:
            score = cheaper.score.mean
            if answer.baseline.commoner.mean < score < goal.score and cheaper.text_price < better.text_price:
                n = math.ceil(pool * (goal.score - score) / (better.score.mean - score))
                splits.append(Split(cheaper, better, pool - n, n))
    best = min(splits, key=lambda split: split.exact_cost, default=None)
    return best if best and best.exact_cost < pool * exact(enough[0].text_price) else None


def texts_before_student(answer: Recommendation) -> int:
    """For more texts than these a student that reaches a score costs less than the labels that do as they are."""
    both = goal_split(answer)
    price = both.exact_cost / answer.question.pool if both else exact(goal_labels(answer).text_price)
    return int(exact(answer.purchase.cost) / price)


def leading_labels(answer: Recommendation) -> WeakLabels | None:
    """The weak labels with which the answer begins: to be used as they are."""
    if found := ready_labels(answer):
        return found[0].labels
    return goal_labels(answer)


def told_labels(answer: Recommendation) -> list[WeakLabels]:
    """The weak labels of which the answer says before its notes what they bring as they are."""
    beside = labels_beside_price(answer)
    both = goal_split(answer)
    shared = [both.cheaper] if both else []
    ready_ones = [found.labels for found in ready_labels(answer)]
    return ready_ones + cheaper_for_all(answer) + shared + goal_ready(answer) + [beside] * (beside is not None)


def labels_as_good(answer: Recommendation) -> list[WeakLabels]:
    """The weak labels that are expected to be at least as good as they are, and cost less than a gold label.

    Beside those that no student beats only cheaper ones.
    """
    named = leading_labels(answer) or unbeaten_labels(answer)
    limit = named.text_price if named else answer.question.gold_price
    return [
        entry
        for entry in answer.baseline.weak_labels
        if 0 < entry.text_price < limit and entry.score.mean >= answer.expected.mean
    ]


def cheaper_for_all(answer: Recommendation) -> list[WeakLabels]:
    """Where the answer begins with labels of all texts: the cheaper ones that no student beats either."""
    return labels_as_good(answer) if for_all_texts(answer) else []


def better_labels(answer: Recommendation) -> list[WeakLabels]:
    """Those of labels_as_good of which nothing is said before the notes."""
    told = told_labels(answer)
    return [entry for entry in labels_as_good(answer) if entry not in told]


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


def trains_student(answer: Recommendation) -> bool:
    """Whether the answer says to train a student, if only for more texts than labels as they are are paid for."""
    if not answer.purchase or need_no_student(answer):
        return False
    if not goal_ready(answer):
        return True
    pool = answer.question.pool
    return answer.goal.reached and (pool is None or pool > texts_before_student(answer))
