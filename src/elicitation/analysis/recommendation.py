"""What to buy for a budget, by which method, and whether the data support it. Imports nothing heavy.

Nothing is computed here that `elicitation.analysis.choices.decide` did not choose: a recommendation is its decision in
plain values, with what people want to know beside it. docs/reference/json.md documents it as JSON.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from pydantic import TypeAdapter

from elicitation.analysis.chance import AtChance, gold_at_chance
from elicitation.analysis.choices import SAME_SCORE, Decision, Options, Terms, decide, find_options
from elicitation.analysis.findings import Findings, Question, narrow, price_of, terms_of
from elicitation.analysis.names import ASKING, AVERAGE, COMMONER, LABELS, STRATEGIES, UNDETERMINED
from elicitation.analysis.posterior import Block, Scores, gap
from elicitation.buying.prices import exact

# More than any budget, in gold labels.
UNLIMITED = Fraction(10**15)


@dataclass(frozen=True)
class Estimate:
    """A mean with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Purchase:
    """Labels, and the method that uses them. Amounts are in the question's currency."""

    n_weak: int
    """Weak labels that the student is trained on."""
    n_gold: int
    """Gold labels that the student is trained on."""
    new_weak: int
    """Those of them that are still to be bought."""
    new_gold: int
    """Those of them that are still to be bought."""
    supervisor: str
    """Whose the weak labels are."""
    weak_price: float
    """Of one of them."""
    method: str
    title: str
    """What the method is called."""
    strategy: str
    """One of STRATEGIES."""
    cost: float
    """Of what is still to be bought."""
    unspent: float
    """What is left of the budget."""


@dataclass(frozen=True)
class Alternative(Purchase):
    """Another purchase beside what is recommended."""

    expected: Estimate
    difference: Estimate
    """By how much its score is above that of what is recommended."""


@dataclass(frozen=True)
class WeakLabels:
    """The weak labels of a supervisor as they are, without any student."""

    supervisor: str
    price: float
    """Of each text that is labelled."""
    score: Estimate
    difference: Estimate
    """By how much it is above that of what is recommended."""


@dataclass(frozen=True)
class Baseline:
    """What is achieved without training on any label."""

    asking: Estimate | None
    """The student asked without any label; None where that was not measured."""
    commoner: Estimate
    """Always giving the commoner label."""
    weak_labels: list[WeakLabels]

    @property
    def free(self) -> str:
        """The best of what costs nothing: ASKING or COMMONER."""
        return ASKING if self.asking and self.asking.mean >= self.commoner.mean else COMMONER


@dataclass(frozen=True)
class Regime:
    """Which way of spending is the best one."""

    name: str
    """One of REGIMES' values, NOTHING_BOUGHT or UNDETERMINED."""
    strategy: str
    """What is recommended: one of STRATEGIES, or NOTHING_BOUGHT."""
    probabilities: dict[str, float]
    """By strategy that can be bought, that no other one is ahead of it."""
    beats_nothing: float
    """The probability that the best purchase beats what costs nothing."""
    wanted: float
    """The probability from which on something is decided."""
    reason: str
    """Why it is undetermined where no probability says so."""


@dataclass(frozen=True)
class Studied:
    """What the answer rests on."""

    within: bool
    """Whether the budget is neither below the cheapest nor above the most expensive purchase that was studied."""
    beyond: bool
    """Whether it is above the most expensive one, so that some of it cannot be spent on anything known."""
    cheapest: float | None
    """The cost of the cheapest purchase that was studied, at these prices; None where nothing can be bought at any."""
    most_expensive: float | None
    unspent: float
    """What is left of the budget."""
    n_seeds: int
    """The fewest behind a purchase that was run by the method."""
    n_tasks: int
    n_test: int


@dataclass(frozen=True)
class Offer:
    """A purchase that was asked about."""

    purchase: Purchase
    expected: Estimate | None
    """None where nothing near was studied."""
    difference: Estimate | None
    """By how much its score is above that of what is recommended for its cost."""
    studied: bool
    """Whether it lies among purchases that were run."""


@dataclass(frozen=True)
class Goal:
    """A score that was asked for."""

    score: float
    reached: bool
    """Whether what is recommended is expected to reach it; else no purchase studied is."""


@dataclass(frozen=True)
class Recommendation:
    """What to buy, what to expect of it, and how sure this is."""

    question: Question
    task: str
    student: str
    measure: str
    """The score: one of measures.MEASURES."""
    currency: str
    """Of all amounts; empty where they are in gold labels."""
    purchase: Purchase | None
    """None where nothing is to be bought."""
    expected: Estimate
    """The score of the purchase, or of the best of what costs nothing."""
    baseline: Baseline
    regime: Regime
    supported: bool
    """Whether the way of spending is decided, and the budget lies within what was studied."""
    alternatives: dict[str, Alternative]
    """The best purchase of every other strategy."""
    studied: Studied
    undertrained: bool = False
    """Whether no purchase studied, however expensive, is expected to beat the best of what needs no training: weak
    labels as they are, or always giving the commoner label."""
    at_chance: list[AtChance] = field(default_factory=list)
    """Gold labels bought alone from which the student learned nothing, though it could have, on all tasks of the
    answer."""
    learning_rate: float | str | None = None
    """The student's, as the study says it; None of students behind an API."""
    goal: Goal | None = None
    """Only where a score was asked for."""
    offer: Offer | None = None
    """Only where a purchase was asked about."""
    break_even: float | None = None
    """Only where it was asked for: the price of a weak label from which on none is bought; 0 if none is bought at any
    price, the price of a gold label if some are bought at any price below."""
    fits_up_to: float | None = None
    """In place of it where it is not known: the price from which on no weak labels that were studied fit the budget,
    though they are worth more there than what is bought instead."""
    replaced_prices: dict[str, float] = field(default_factory=dict)
    """By supervisor, the price of its own in place of which that of the question counts."""


RECOMMENDATION = TypeAdapter(Recommendation)


def recommendation_from(entry: dict) -> Recommendation:
    """The recommendation that `dataclasses.asdict` made plain values of, as results/recommendation.json holds it."""
    return RECOMMENDATION.validate_python(entry)


def estimate(scores: Scores) -> Estimate:
    """A single score."""
    low, high = scores.interval[:, 0]
    return Estimate(float(scores.mean[0]), float(low), float(high))


def difference(scores: Scores, base: Scores) -> Estimate:
    """By how much a single score is above another, jointly normal with it."""
    return Estimate(*gap(scores, base))


@dataclass(frozen=True, eq=False)
class Asked:
    """A question with what it is about."""

    findings: Findings
    question: Question
    block: Block
    terms: Terms

    def money(self, amount) -> float:
        """An amount of gold labels in the question's currency."""
        return float(exact(amount) * exact(self.question.gold_price))

    def exact_cost(self, options: Options, position: int) -> Fraction:
        """What is left to pay for an option, in gold labels."""
        bought = int(options.n_weak[position]), int(options.n_gold[position])
        return self.terms.to_pay(*bought, options.surface_of(position).supervisor)

    def purchase(self, options: Options, position: int) -> Purchase:
        """The purchase at this position among options."""
        surface, terms = options.surface_of(position), self.terms
        n_weak, n_gold = int(options.n_weak[position]), int(options.n_gold[position])
        cost = self.exact_cost(options, position)
        return Purchase(
            n_weak=n_weak,
            n_gold=n_gold,
            new_weak=max(0, n_weak - terms.have_weak),
            new_gold=max(0, n_gold - terms.have_gold),
            supervisor=surface.supervisor,
            weak_price=self.money(terms.prices[surface.supervisor]),
            method=surface.method,
            title=self.findings.titles.get(surface.method, surface.method),
            strategy=STRATEGIES[options.strategy[position]],
            cost=self.money(cost),
            unspent=self.money(terms.budget - cost),
        )

    def studied(self, decision: Decision, purchase: Purchase | None) -> Studied:
        """What the answer rests on. purchase: what is recommended."""
        every = find_options(self.block, replace(self.terms, budget=UNLIMITED))
        costs = every.cost
        beyond = bool(len(costs)) and self.terms.budget > self.exact_cost(every, int(costs.argmax()))
        options = decision.options
        surfaces = self.block.surfaces if decision.best is None else [options.surface_of(decision.best)]
        return Studied(
            within=decision.best is not None and not beyond,
            beyond=beyond,
            cheapest=self.money(float(costs.min())) if len(costs) else None,
            most_expensive=self.money(float(costs.max())) if len(costs) else None,
            unspent=purchase.unspent if purchase else self.money(self.terms.budget),
            n_seeds=min(surface.fewest_seeds for surface in surfaces),
            n_tasks=self.block.n_tasks,
            n_test=self.block.n_test,
        )

    @property
    def replaced_prices(self) -> dict[str, float]:
        """The prices of supervisors, where each has its own, in place of which the question names another."""
        if self.question.weak_price is None:
            return {}
        with_own = [name for name in self.terms.prices if len(self.findings.prices[name]) == 1]
        unasked = replace(self.question, weak_price=None)
        own = {name: price_of(name, unasked, self.findings) for name in with_own}
        return {name: self.money(price) for name, price in own.items() if price != self.terms.prices[name]}

    @property
    def undertrained(self) -> bool:
        """Whether no student that was trained is expected to beat weak labels as they are or the commoner label.

        All that was studied counts, also what the question leaves out: other methods, other supervisors, more texts.
        """
        of_student = replace(
            self.question, task=self.block.task, student=self.block.student, supervisor=None, method=None
        )
        block = narrow(self.findings.posterior, of_student)
        for_nothing = {surface.supervisor: Fraction(0) for surface in block.surfaces}
        every = find_options(block, Terms(UNLIMITED, for_nothing))
        supervisors = {*self.terms.prices, ""}
        untrained = [free for free in self.block.free if free.kind != ASKING and free.supervisor in supervisors]
        best = max(float(free.scores.mean[0]) for free in untrained)
        return bool(len(every.cost)) and float(every.scores.mean.max()) <= best + SAME_SCORE

    def baseline(self, base: Scores) -> Baseline:
        """What is achieved without training. base: the score of what is recommended."""
        free, prices = self.block.free, self.terms.prices
        by_kind = {entry.kind: estimate(entry.scores) for entry in free}
        weak_labels = [
            WeakLabels(
                entry.supervisor,
                self.money(prices[entry.supervisor]),
                estimate(entry.scores),
                difference(entry.scores, base),
            )
            for entry in free
            if entry.kind == LABELS and entry.supervisor in prices
        ]
        return Baseline(by_kind.get(ASKING), by_kind[COMMONER], weak_labels)


def score_of(decision: Decision) -> Scores:
    """The score of what is recommended: of the best purchase, or of the best of what costs nothing."""
    return decision.options.scores.on([decision.best]) if decision.buys else decision.free.scores


def ask(findings: Findings, question: Question) -> Asked:
    """The question with what it is about; InputError if it names what is not there."""
    block = narrow(findings.posterior, question)
    return Asked(findings, question, block, terms_of(block, question, findings))


def recommend(findings: Findings, question: Question) -> Recommendation:
    """What to buy, what to expect of it beside the alternatives, and how sure this is.

    Raises InputError if the question names what is not there.
    """
    return answer(ask(findings, question))


def answer(asked: Asked) -> Recommendation:
    """The recommendation on a question."""
    findings, decision = asked.findings, decide(asked.block, asked.terms, asked.findings.verdict)
    options = decision.options
    purchase = asked.purchase(options, decision.best) if decision.buys else None
    base = score_of(decision)
    alternatives = {
        name: Alternative(
            **vars(asked.purchase(options, position)),
            expected=estimate(options.scores.on([position])),
            difference=difference(options.scores.on([position]), base),
        )
        for name, position in decision.by_strategy.items()
        if purchase is None or name != purchase.strategy
    }
    studied = asked.studied(decision, purchase)
    return Recommendation(
        question=asked.question,
        task=asked.block.task,
        student=asked.block.student,
        measure=findings.measure,
        currency=asked.question.currency,
        purchase=purchase,
        expected=estimate(base),
        baseline=asked.baseline(base),
        regime=Regime(
            name=decision.regime,
            strategy=decision.leading,
            probabilities=decision.probabilities,
            beats_nothing=decision.beats_free,
            wanted=findings.verdict,
            reason=decision.reason,
        ),
        supported=studied.within and decision.regime != UNDETERMINED,
        alternatives=alternatives,
        studied=studied,
        undertrained=asked.undertrained,
        replaced_prices=asked.replaced_prices,
        at_chance=gold_at_chance(findings, asked.block),
        learning_rate=findings.learning_rates.get(asked.block.student),
    )


def questions(findings: Findings, budgets: list[float]) -> Iterator[Question]:
    """Every budget and price that the study looks at, for each student's average over tasks or else its tasks.

    Where all sources have one price, none is asked for.
    """
    several, money = [prices for prices in findings.prices.values() if len(prices) > 1], findings.money
    every = sorted({price for prices in several for price in prices}, reverse=True) or [None]
    blocks = [block for block in findings.posterior.blocks if block.surfaces]
    terms = {"gold_price": money.gold_price, "currency": money.currency}
    for student in dict.fromkeys(block.student for block in blocks):
        tasks = [block.task for block in blocks if block.student == student]
        for task in [AVERAGE] if AVERAGE in tasks else tasks:
            for price in every:
                weak_price = None if price is None else money.of(price)
                for budget in budgets:
                    yield Question(money.of(budget), weak_price, task=task, student=student, **terms)


def with_own_prices(findings: Findings, question: Question) -> Asked:
    """The question, where labels that have one price, such as those of a user's own columns, keep it."""
    asked = None if question.weak_price is None else float(question.in_gold(question.weak_price))
    prices = {name: own if len(own) == 1 else [asked] for name, own in findings.prices.items()}
    return ask(replace(findings, prices=prices), replace(question, weak_price=None))


def answer_all(findings: Findings) -> list[Recommendation]:
    """The recommendations for the study's `questions`, whose single prices stay as they are."""
    every = questions(findings, findings.budgets)
    return [replace(answer(with_own_prices(findings, question)), question=question) for question in every]
