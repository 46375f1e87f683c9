"""What a budget can buy, and which of it is the best: the one choice that every answer and picture shows."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from elicitation.analysis.names import NOTHING_BOUGHT, REGIMES, STRATEGIES, UNDETERMINED
from elicitation.analysis.posterior import Block, Free, Scores, Surface, joined
from elicitation.buying.prices import cost, exact

# A score that is higher by no more than this is no gain: of purchases within it of the best one the cheapest is taken,
# and none at all if what costs nothing is within it.
SAME_SCORE = 0.0005
# A strategy is the best one in a draw unless another is ahead by more than this.
MIN_GAIN = 0.002
# What costs at most this share of a purchase is clearly cheaper.
CLEARLY_CHEAPER = 0.5
# A score that is lower by no more than this is nearly as good.
NEARLY = 0.015
# Why a way of spending is undetermined where the best purchase was run once.
ONE_SEED = "one seed has no spread"


@dataclass(frozen=True)
class Terms:
    """On which terms labels are bought. All amounts are in gold labels."""

    budget: Fraction
    prices: dict[str, Fraction]
    """Of a weak label, by supervisor; it may be 0."""
    pool: int | None = None
    """How many texts can be labelled in all; None: however many."""
    have_weak: int = 0
    """Weak labels that are paid already."""
    have_gold: int = 0
    """Gold labels that are paid already."""

    def to_pay(self, n_weak: int, n_gold: int, supervisor: str) -> Fraction:
        """What is left to pay for a purchase, exactly. supervisor: whose the weak labels are, if there are any."""
        new_weak, new_gold = max(0, n_weak - self.have_weak), max(0, n_gold - self.have_gold)
        return new_gold + (new_weak * self.prices[supervisor] if n_weak else Fraction(0))


def room(budget: Fraction, price: Fraction, most: int) -> int:
    """How many labels the budget buys at this price, none for less than nothing; `most` where they are free."""
    if budget < 0:
        return -1
    return min(most, int(budget / price)) if price else most


def most_beside(lines: np.ndarray, own: tuple[Fraction, int], other: tuple[Fraction, int, int], terms: Terms):
    """(n,) how many of the other kind of label can be bought beside each number of one kind; below 0: that is too many.

    own: price and how many there are already of the kind whose numbers `lines` (n,) are; other: the same of the other
    kind, and the most that was studied.
    """
    (price, have), (other_price, other_have, most) = own, other
    found = []
    for n in lines.tolist():
        left = terms.budget - price * max(0, n - have)
        bought = room(left, other_price, most)
        within = min(most, other_have + bought) if bought >= 0 else -1
        found.append(within if terms.pool is None else min(within, terms.pool - n))
    return np.array(found)


@dataclass(frozen=True, eq=False)
class Options:
    """What can be bought of one student on one task."""

    surfaces: list[Surface]
    """Those that purchases are of."""
    surface: np.ndarray
    """(n,) which of the surfaces each purchase is on."""
    n_weak: np.ndarray
    """(n,)"""
    n_gold: np.ndarray
    """(n,)"""
    cost: np.ndarray
    """(n,) what is left to pay for them, in gold labels."""
    scores: Scores

    @property
    def strategy(self) -> np.ndarray:
        """(n,) positions in STRATEGIES."""
        return np.where(self.n_weak == 0, 2, np.where(self.n_gold == 0, 0, 1))

    def surface_of(self, position: int) -> Surface:
        """The surface that a purchase is on."""
        return self.surfaces[self.surface[position]]

    def best(self, among: np.ndarray | None = None) -> int:
        """Which has the highest mean score, or nearly so and costs least; among: positions, all by default."""
        among = np.arange(len(self.n_weak)) if among is None else among
        means = self.scores.mean[among]
        near = among[means >= means.max() - SAME_SCORE]
        return int(near[np.lexsort((-self.scores.mean[near], self.cost[near]))[0]])


def affordable(surface: Surface, terms: Terms) -> tuple[np.ndarray, np.ndarray]:
    """(n,) weak and (n,) gold labels of the purchases that were studied and are within the terms.

    They are the affordable crossings of the surface's lines, and the places where the lines meet the limit of what is
    affordable. Between crossings scores are linear along a line, so more money never finds a lower best score.
    """
    price = terms.prices[surface.supervisor]
    weak, gold = surface.weak, surface.gold
    of_weak, of_gold = (price, terms.have_weak), (Fraction(1), terms.have_gold)
    most_weak = most_beside(gold, of_gold, (*of_weak, int(weak[-1])), terms)
    most_gold = most_beside(weak, of_weak, (*of_gold, int(gold[-1])), terms)
    # A weak label that costs as much as a gold one is not worth it, unless it is paid already.
    studied = surface.studied & ((weak <= terms.have_weak) | (price < 1))[:, None]
    i, j = np.nonzero(studied & (weak[:, None] <= most_weak))
    bought = [(weak[i], gold[j])]
    at_limit, across = limits_on_lines(weak, most_weak, studied)
    bought.append((at_limit, gold[across]))
    at_limit, across = limits_on_lines(gold, most_gold, studied.T)
    bought.append((weak[across], at_limit))
    n_weak, n_gold = (np.concatenate(numbers) for numbers in zip(*bought, strict=True))
    some = n_weak + n_gold > 0
    return n_weak[some], n_gold[some]


def limits_on_lines(lines: np.ndarray, limits: np.ndarray, studied: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The limits that lie between two neighbouring crossings that were studied, and on which lines they do.

    lines: (n,) numbers of one kind of label; limits: (m,) the most of that kind on each line of the other; studied:
    (n, m).
    """
    below = np.searchsorted(lines, limits, side="right") - 1
    across = np.flatnonzero((below >= 0) & (below + 1 < len(lines)))
    between = limits[across] > lines[below[across]]
    across = across[between & studied[below[across], across] & studied[below[across] + 1, across]]
    return limits[across], across


def find_options(block: Block, terms: Terms) -> Options:
    """All that the terms allow to buy."""
    bought = [affordable(surface, terms) for surface in block.surfaces]
    # A student that is only asked has no surface.
    n_weak, n_gold = np.concatenate([np.empty((2, 0), dtype=int), *bought], axis=1)
    surface = np.repeat(np.arange(len(bought)), np.array([len(pair[0]) for pair in bought], dtype=int))
    prices = np.array([float(terms.prices[s.supervisor]) for s in block.surfaces])
    to_pay = cost(np.maximum(n_weak - terms.have_weak, 0), np.maximum(n_gold - terms.have_gold, 0), prices[surface])
    none = block.free[0].scores.on([])
    scores = joined([none, *(s.at(*pair) for s, pair in zip(block.surfaces, bought, strict=True))])
    return Options(block.surfaces, surface, n_weak, n_gold, to_pay, scores)


@dataclass(frozen=True, eq=False)
class Decision:
    """What to buy, and how sure the way of spending is."""

    options: Options
    best: int | None
    """The position of the best purchase; None where nothing can be bought."""
    by_strategy: dict[str, int]
    """The position of the best purchase of each strategy that has any."""
    free: Free
    """The best of what costs nothing."""
    buys: bool
    """Whether the best purchase is expected to beat what costs nothing; else nothing is bought."""
    probabilities: dict[str, float]
    """By strategy, that none of the others is ahead, among those with a purchase."""
    beats_free: float
    """The probability that the best purchase beats what costs nothing."""
    regime: str
    """The regime of what is recommended, NOTHING_BOUGHT, or UNDETERMINED."""
    reason: str
    """Why it is undetermined where no probability says so."""

    @property
    def leading(self) -> str:
        """The strategy that is recommended, or NOTHING_BOUGHT."""
        return STRATEGIES[self.options.strategy[self.best]] if self.buys else NOTHING_BOUGHT


def decide(block: Block, terms: Terms, verdict: float) -> Decision:
    """The best of what the terms allow, decided where its probability reaches `verdict`.

    The purchase with the highest expected score is recommended, if it beats what costs nothing. Its way of spending is
    decided where no other way has a purchase that is better by more than MIN_GAIN, in at least a share `verdict` of
    the draws from the posterior; that nothing is to be bought, where no purchase at all is.
    """
    options, free = find_options(block, terms), block.best_free(terms.prices)
    strategies = options.strategy
    among = {name: np.flatnonzero(strategies == i) for i, name in enumerate(STRATEGIES)}
    among = {name: rows for name, rows in among.items() if len(rows)}
    if not among:
        return Decision(options, None, {}, free, False, {}, 0.0, NOTHING_BOUGHT, "")
    draws, base = options.scores.draws, free.scores.draws[0]
    tops = {name: draws[rows].max(axis=0) for name, rows in among.items()}
    by_strategy = {name: options.best(rows) for name, rows in among.items()}
    best = options.best()
    buys = bool(options.scores.mean.max() > free.scores.mean[0] + SAME_SCORE)
    probabilities = {
        name: share_ahead(top, [t for other, t in tops.items() if other != name]) for name, top in tops.items()
    }
    beats_free = float((draws[best] > base).mean())
    leading = STRATEGIES[strategies[best]]
    missing = missing_strategies(options, terms)
    if buys:
        reason = f"no purchase within these limits is {' or '.join(missing)}" if missing else ""
        probability, regime = probabilities[leading], REGIMES[leading]
    else:
        reason, regime = "", NOTHING_BOUGHT
        probability = share_ahead(base, list(tops.values()))
    if not reason and options.surface_of(best).fewest_seeds < 2:
        reason = ONE_SEED
    decided = not reason and probability >= verdict
    return Decision(
        options, best, by_strategy, free, buys, probabilities, beats_free, regime if decided else UNDETERMINED, reason
    )


def missing_strategies(options: Options, terms: Terms) -> list[str]:
    """The strategies that could compete, but of which the terms allow no purchase that was studied."""
    # None competes whose weak labels cost as much as gold ones.
    worth_it = terms.have_weak > 0 or any(price < 1 for price in terms.prices.values())
    known = {STRATEGIES[i] for i in options.strategy}
    return [name for name in (STRATEGIES if worth_it else ["gold only"]) if name not in known]


def share_ahead(own: np.ndarray, others: list[np.ndarray]) -> float:
    """The share of the draws (n,) in which none of the others is ahead by more than MIN_GAIN."""
    return float(np.all([own >= other - MIN_GAIN for other in others], axis=0).mean()) if others else 1.0


@dataclass(frozen=True)
class Cheaper:
    """What costs clearly less than the best purchase and is nearly as good."""

    position: int | None
    """Of the purchase; None: what costs nothing."""
    as_good: float
    """The probability that the best purchase is not ahead of it by more than MIN_GAIN."""


def find_cheaper(decision: Decision, verdict: float) -> Cheaper | None:
    """The cheapest that is clearly cheaper than what is bought, expected to be nearly as good, and perhaps as good.

    Perhaps: that the best purchase is ahead by more than MIN_GAIN is not decided, which it is from `verdict` on. None
    where there is no such thing, or nothing is bought.
    """
    if not decision.buys:
        return None
    options, best = decision.options, decision.best
    costs, scores = np.append(options.cost, 0.0), joined([options.scores, decision.free.scores])
    less = (costs < costs[best]) & (costs <= CLEARLY_CHEAPER * costs[best])
    near = np.flatnonzero(less & (scores.mean >= scores.mean[best] - NEARLY))
    [top] = scores.on([best]).draws
    for position in near[np.lexsort((-scores.mean[near], costs[near]))].tolist():
        as_good = share_ahead(scores.on([position]).draws[0], [top])
        if as_good > 1 - verdict:
            return Cheaper(position if position < len(options.cost) else None, as_good)
    return None


def terms_for(budget, prices: dict[str, float], **more) -> Terms:
    """Terms from plain numbers: a budget and prices in gold labels."""
    return Terms(exact(budget), {name: exact(price) for name, price in prices.items()}, **more)
