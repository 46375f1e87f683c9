"""Questions about purchases other than what to buy for a budget. Imports nothing heavy."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Context
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from elicitation.analysis.choices import MIN_GAIN, ONE_SEED, Decision, Options, decide, find_options
from elicitation.analysis.findings import Findings, Question
from elicitation.analysis.posterior import Surface
from elicitation.analysis.ready_labels import leading_labels
from elicitation.analysis.recommendation import UNLIMITED, Asked, answer, ask, difference, estimate, score_of
from elicitation.analysis.recommended import Goal, Offer, PriceInterval, Purchase, Recommendation
from elicitation.buying.prices import exact
from elicitation.errors import InputError

# Budgets and prices are searched until they are known to this share.
PRECISION = Fraction(1, 400)
# The lowest and the highest price that are searched, in gold labels.
LOWEST_PRICE = Fraction(1, 10**9)
ALMOST_GOLD = 1 - LOWEST_PRICE
# The share of draws beyond either end of a 95 % interval.
BEYOND = 0.025
# Prices found are told in so many digits.
DIGITS = 3


def with_largest_budget(findings: Findings, question: Question) -> Question:
    """The question at the largest budget of the study; InputError if it has none."""
    if not findings.budgets:
        raise InputError("The study has no budgets, so say what all labels may cost together: --budget 100.")
    return replace(question, budget=float(exact(max(findings.budgets)) * exact(question.gold_price)))


def with_budget(asked: Asked, budget) -> Asked:
    """The same question at another budget, in gold labels."""
    question = replace(asked.question, budget=asked.money(budget))
    return replace(asked, question=question, terms=replace(asked.terms, budget=exact(budget)))


def lowest(holds: Callable[[Fraction], bool], low: Fraction, high: Fraction) -> Fraction:
    """The lowest number from which on a condition holds, to PRECISION; it holds at `high` and not at `low`."""
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def reach(findings: Findings, question: Question, score: float) -> Recommendation:
    """What to buy so that the expected score is at least this, for as little money as possible.

    question: whose budget does not matter. Where no purchase studied is expected to reach it, the best one is told.
    """
    asked = ask(findings, question)

    def best(budget) -> tuple[float, Fraction]:
        """The expected score of the best purchase within a budget, and its cost."""
        options = find_options(asked.block, replace(asked.terms, budget=exact(budget)))
        if not len(options.cost):
            return -np.inf, exact(0)
        position = options.best()
        return float(options.scores.mean[position]), asked.exact_cost(options, position)

    if asked.block.best_free(asked.terms.prices).scores.mean[0] >= score:
        return replace(answer(with_budget(asked, 0)), goal=Goal(score, True))
    top, budget = best(UNLIMITED)
    if top >= score:
        # Labels that are there already may be enough.
        enough = best(0)[0] >= score
        budget = exact(0) if enough else lowest(lambda money: best(money)[0] >= score, exact(0), budget)
        # What is left over is not needed, unless labels between two purchases make the difference.
        cost = best(budget)[1]
        budget = cost if best(cost)[0] >= score else budget
    return replace(answer(with_budget(asked, budget)), goal=Goal(score, top >= score))


class Run(NamedTuple):
    """A purchase that was run, and how far it is from another one."""

    apart: float
    n_weak: int
    n_gold: int


def nearest_run(surface: Surface, n_weak: int, n_gold: int) -> Run:
    """The nearest purchase of a surface that was run, by the logarithms of labels."""
    i, j = surface.runs.T
    weak, gold = surface.weak[i], surface.gold[j]
    apart = np.abs(np.log1p(weak) - np.log1p(n_weak)) + np.abs(np.log1p(gold) - np.log1p(n_gold))
    return Run(*min(zip(apart.tolist(), weak.tolist(), gold.tolist(), strict=True)))


def offer(findings: Findings, question: Question, n_weak: int, n_gold: int) -> Recommendation:
    """What a purchase would bring, beside what is recommended for its cost.

    question: whose budget does not matter. The purchase is made from the supervisor and by the method that bring most.
    """
    asked = ask(findings, question)
    terms, surfaces = asked.terms, asked.block.surfaces
    scores = [surface.at([n_weak], [n_gold]) for surface in surfaces]
    runs = [nearest_run(surface, n_weak, n_gold) for surface in surfaces]
    # Of what is not known, which stands last, that of the nearest run.
    chosen = max(range(len(surfaces)), key=lambda i: (np.nan_to_num(scores[i].mean[0], nan=-1), -runs[i].apart))
    surface, found, run = surfaces[chosen], scores[chosen], runs[chosen]
    cost = terms.to_pay(n_weak, n_gold, surface.supervisor)
    asked = with_budget(asked, cost)

    def one(n_weak: int, n_gold: int) -> Purchase:
        numbers = (np.array([number]) for number in (chosen, n_weak, n_gold, float(cost)))
        return asked.purchase(Options(surfaces, *numbers, found), 0)

    recommended, known = answer(asked), bool(np.isfinite(found.mean[0]))
    labels = leading_labels(recommended)
    decision = decide(asked.block, asked.terms, findings.verdict)
    base = asked.block.labels_of(labels.supervisor).scores if labels else score_of(decision)
    told = Offer(
        purchase=one(n_weak, n_gold),
        expected=estimate(found) if known else None,
        difference=difference(found, base) if known else None,
        studied=bool(surface.is_studied(n_weak, n_gold)),
        nearest=None if known else one(run.n_weak, run.n_gold),
    )
    return replace(recommended, offer=told)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What is best in every draw from the posterior."""

    scores: np.ndarray
    """(DRAWS,) of what is best."""
    with_weak: np.ndarray
    """(DRAWS,) whether that is a purchase with weak labels."""


def outcomes(asked: Asked) -> Outcomes:
    """What is best in every draw of what a question allows to buy, and of what costs nothing."""
    options, free = find_options(asked.block, asked.terms), asked.block.best_free(asked.terms.prices)
    draws, has_weak = options.scores.draws, options.n_weak > 0
    without = np.concatenate([free.scores.draws, draws[~has_weak]]).max(axis=0)
    weak = draws[has_weak].max(axis=0, initial=-np.inf)
    return Outcomes(np.maximum(weak, without), weak > without)


def stops_fitting(at: Callable[[Fraction], Asked], price: Fraction) -> bool:
    """Whether draws that buy weak labels below a price, but not at it, lose by that.

    Where they do, the labels that were studied stop fitting the budget there, and may be worth a higher price.
    """
    below, above = outcomes(at(price * (1 - PRECISION))), outcomes(at(price))
    stopped = below.with_weak & ~above.with_weak
    return bool(stopped.any() and (below.scores - above.scores)[stopped].mean() > MIN_GAIN)


def price_interval(at: Callable[[Fraction], Asked], price: Fraction) -> PriceInterval:
    """The 95 % interval, in gold labels, of the price from which on no weak label is bought.

    at: the question at a price; price: the one that is told, which the interval holds.
    """

    def falls_to(share: float, low: Fraction, high: Fraction) -> Fraction:
        """The price between these from which on at most a share of the draws buys weak labels; `high` if none is."""

        def few_buy(price: Fraction) -> bool:
            return outcomes(at(price)).with_weak.mean() <= share

        if few_buy(low):
            return low
        return lowest(few_buy, low, high) if few_buy(high) else high

    price = min(max(price, LOWEST_PRICE), ALMOST_GOLD)
    low, high = falls_to(1 - BEYOND, LOWEST_PRICE, price), falls_to(BEYOND, price, ALMOST_GOLD)
    is_open = high not in (LOWEST_PRICE, ALMOST_GOLD) and stops_fitting(at, high)
    return PriceInterval(told_end(low), told_end(high), is_open)


def told_digits(price: Fraction) -> Fraction:
    """A price that was found, rounded down to the digits that are told."""
    return Fraction(Context(prec=DIGITS, rounding=ROUND_DOWN).create_decimal_from_float(float(price)))


def told_end(price: Fraction) -> float:
    """The end of an interval of prices; what lies beyond the prices that are searched is nothing, or a gold label's."""
    return {LOWEST_PRICE: 0.0, ALMOST_GOLD: 1.0}.get(price, float(told_digits(price)))


def break_even(findings: Findings, question: Question) -> Recommendation:
    """The price from which on no weak label is bought, and what is bought just below; see Recommendation.break_even.

    At a price at which weak labels stop being worth it, what is bought below and above is as good. Where that is not
    so, the weak labels that were studied only stop fitting the budget there; see Recommendation.fits_up_to.
    """
    asked = ask(findings, replace(question, weak_price=0.0))

    def at(price: Fraction) -> Asked:
        prices = dict.fromkeys(asked.terms.prices, price)
        return replace(asked, terms=replace(asked.terms, prices=prices))

    def decided(price: Fraction) -> Decision:
        return decide(at(price).block, at(price).terms, findings.verdict)

    def buys_none(price: Fraction) -> bool:
        decision = decided(price)
        return not decision.buys or not decision.options.n_weak[decision.best]

    def told(price: Fraction, break_even) -> Recommendation:
        own = replace(at(price), question=replace(question, weak_price=asked.money(price)))
        found = replace(answer(own), break_even=asked.money(break_even))
        if found.regime.reason == ONE_SEED:
            return found
        interval = price_interval(at, price)
        ends = {"low": asked.money(interval.low), "high": asked.money(interval.high)}
        return replace(found, price_interval=replace(interval, **ends))

    if buys_none(LOWEST_PRICE):
        return told(exact(0), 0)
    if not buys_none(ALMOST_GOLD):
        return told(ALMOST_GOLD, 1)
    above = lowest(buys_none, LOWEST_PRICE, ALMOST_GOLD)
    price = told_digits(above * (1 - PRECISION))
    found = told(price, price)
    if score_of(decided(price)).mean[0] - score_of(decided(above)).mean[0] > MIN_GAIN:
        return replace(found, break_even=None, fits_up_to=found.break_even)
    return found
