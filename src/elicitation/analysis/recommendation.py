"""What to buy for a budget, by which method, and whether the data support it. Imports nothing heavy.

Nothing is computed here that `elicitation.analysis.choices.decide` did not choose: a recommendation is its decision in
plain values (elicitation.analysis.recommended), with what people want to know beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from elicitation.analysis.chance import gold_at_chance, shows_nothing
from elicitation.analysis.choices import SAME_SCORE, Decision, Options, Terms, decide, find_cheaper, find_options
from elicitation.analysis.findings import Findings, Question, narrow, price_of, terms_of
from elicitation.analysis.names import (
    ABSTAINED,
    ASKING,
    AVERAGE,
    COMMONER,
    LABELS,
    NOT_ASKED,
    STRATEGIES,
    UNDETERMINED,
)
from elicitation.analysis.posterior import Block, Scores, gap
from elicitation.analysis.recommended import (
    Alternative,
    Baseline,
    Cheaper,
    Estimate,
    Purchase,
    Recommendation,
    Regime,
    Studied,
    WeakLabels,
)
from elicitation.buying.prices import exact

# More than any budget, in gold labels.
UNLIMITED = Fraction(10**15)
# From this share of a budget on it is said why money is left.
MUCH_LEFT = Fraction(1, 10)


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
        beyond = bool(len(costs)) and self.spendable > self.exact_cost(every, int(costs.argmax()))
        options = decision.options
        wants_more = beyond or bool(purchase and self.is_cut_short(options, decision.best))
        larger = self.larger(options, decision.best) if wants_more else None
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
            n_texts=self.block.n_texts,
            larger=larger,
        )

    @property
    def spendable(self) -> Fraction:
        """The budget, or what gold labels of all texts cost that there are: nobody can spend more."""
        terms = self.terms
        return terms.budget if terms.pool is None else min(terms.budget, Fraction(max(0, terms.pool - terms.have_gold)))

    def is_cut_short(self, options: Options, position: int) -> bool:
        """Whether a purchase leaves money or own labels of its kinds, since no more of these were run."""
        surface, n_weak, n_gold = options.surface_of(position), options.n_weak[position], options.n_gold[position]
        terms, left = self.terms, self.terms.budget - self.exact_cost(options, position)
        used = (n_weak, terms.have_weak), (n_gold, terms.have_gold)
        own_left = any(0 < n < (1 - MUCH_LEFT) * own for n, own in used)
        if left <= MUCH_LEFT * terms.budget and not own_left:
            return False
        return not surface.is_studied(int(n_weak + (n_weak > 0)), int(n_gold + (n_gold > 0)))

    def larger(self, options: Options, position: int) -> tuple[int, int] | None:
        """The purchase at this position with as many more labels as there are or are paid for; see Studied.larger."""
        surface, terms, trained = options.surface_of(position), self.terms, self.findings.trained
        bought = int(options.n_weak[position]), int(options.n_gold[position])
        # All own labels of the kinds that it has cost no more than those that it uses.
        whole = [max(n, own) if n else 0 for n, own in zip(bought, (terms.have_weak, terms.have_gold), strict=True)]
        worth = whole[1] + whole[0] * terms.prices[surface.supervisor]
        # Of examples in prompts there are never many.
        if not worth or (trained and surface.method not in trained):
            return None
        times = 1 + (terms.budget - self.exact_cost(options, position)) / worth
        if terms.pool is not None:
            times = min(times, Fraction(terms.pool, sum(whole)))
        afforded = tuple(int(n * times) for n in whole)
        # Where the reader's table holds more than was run, all that it holds can be run now.
        held = tuple(int(n * min(times, self.held_times(surface.supervisor, whole))) for n in whole)
        unknown = (n for n in (held, afforded) if sum(n) > sum(bought) and not surface.is_studied(*n))
        return next(unknown, None)

    def held_times(self, supervisor: str, labels: list[int]) -> Fraction:
        """How many times so many weak and gold labels the reader's own table holds; without a table, UNLIMITED."""
        held = self.findings.held.get(self.block.task)
        if held is None:
            return UNLIMITED
        own = held.supply(supervisor)
        most = zip((own.weak, own.gold, own.examples), (*labels, sum(labels)), strict=True)
        return min(Fraction(there, n) for there, n in most if n)

    def cheaper(self, decision: Decision) -> Cheaper | None:
        """What costs clearly less than what is bought and is nearly as good."""
        found = find_cheaper(decision, self.findings.verdict)
        if found is None:
            return None
        options, position = decision.options, found.position
        scores = decision.free.scores if position is None else options.scores.on([position])
        bought = None if position is None else self.purchase(options, position)
        return Cheaper(bought, estimate(scores), difference(scores, score_of(decision)), found.as_good)

    @property
    def replaced_prices(self) -> dict[str, float]:
        """The prices of supervisors, where each has its own, in place of which the question names another."""
        with_own = [name for name in self.terms.prices if len(self.findings.prices[name]) == 1]
        own = {name: self.own_price(name) for name in with_own}
        return {name: self.money(price) for name, price in own.items() if price != self.terms.prices[name]}

    def own_price(self, supervisor: str) -> Fraction:
        """That of a supervisor which has one only, whatever the question names."""
        return price_of(supervisor, replace(self.question, weak_price=None, weak_prices={}), self.findings)

    @cached_property
    def everything(self) -> Block:
        """All that was studied of the student on the task, also what the question leaves out."""
        own = {"task": self.block.task, "student": self.block.student}
        return narrow(self.findings.posterior, replace(self.question, supervisor=None, method=None, **own))

    @property
    def undertrained(self) -> bool:
        """Whether no student that was trained is expected to beat weak labels as they are or the commoner label.

        All that was studied of the question's supervisors counts, also other methods and more texts than it names.
        """
        by_any_method = narrow(self.findings.posterior, replace(self.question, method=None))
        every = find_options(by_any_method, Terms(UNLIMITED, dict.fromkeys(self.terms.prices, Fraction(0))))
        supervisors = {*self.terms.prices, ""}
        untrained = [free for free in self.block.free if free.kind != ASKING and free.supervisor in supervisors]
        best = max(float(free.scores.mean[0]) for free in untrained)
        return bool(len(every.cost)) and float(every.scores.mean.max()) <= best + SAME_SCORE

    def baseline(self, base: Scores) -> Baseline:
        """What is achieved without training. base: the score of what is recommended."""
        by_kind = {entry.kind: estimate(entry.scores) for entry in self.block.free}
        return Baseline(by_kind.get(ASKING), by_kind[COMMONER], self.weak_labels(self.terms.prices, base))

    def left_out(self, base: Scores) -> list[WeakLabels]:
        """The weak labels of the supervisors that the question leaves out by naming another one."""
        others = {surface.supervisor for surface in self.everything.surfaces} - self.terms.prices.keys()
        # The price that is asked of one source says nothing of those of others.
        priced = [name for name in others if len(self.findings.prices[name]) == 1]
        return self.weak_labels({name: self.own_price(name) for name in priced}, base)

    def weak_labels(self, prices: Mapping[str, Fraction], base: Scores) -> list[WeakLabels]:
        """The weak labels as they are of the supervisors with these prices. base: as of baseline."""
        every = [entry for entry in self.block.free if entry.kind == LABELS]
        return [
            WeakLabels(
                entry.supervisor,
                self.money(prices[entry.supervisor]),
                estimate(entry.scores),
                difference(entry.scores, base),
                entry.coverage,
                entry.n_test,
                NOT_ASKED if entry.supervisor in self.findings.not_asked else ABSTAINED,
                entry.paid,
                self.findings.votes.get(entry.supervisor, 1.0),
                *(entry.found or (None, None)),
                {other.supervisor: difference(entry.scores, other.scores) for other in every if other is not entry},
            )
            for entry in every
            if entry.supervisor in prices
        ]


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
    if not question.budget and question.weak_price is None:
        # Nothing that costs anything is bought, so of several prices the answer does not depend on which one it is.
        prices = {name: [min(filter(None, every), default=0.0)] for name, every in findings.prices.items()}
        asked = ask(replace(findings, prices=prices), question)
        several = any(len(findings.prices[name]) > 1 for name in asked.terms.prices)
        return replace(answer(asked), lowest_price=several)
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
        cheaper=asked.cheaper(decision),
        studied=studied,
        undertrained=asked.undertrained,
        learns_nothing=shows_nothing(asked.everything),
        replaced_prices=asked.replaced_prices,
        at_chance=gold_at_chance(findings, asked.block),
        learning_rate=findings.learning_rates.get(asked.block.student),
        rates_to_try=findings.rates_to_try.get(asked.block.student, []),
        longer=findings.longer if asked.block.student in findings.learning_rates else "",
        held=findings.held.get(asked.block.task),
        left_out=asked.left_out(base),
        label_words=findings.label_words.get(asked.block.task, ["0", "1"]),
    )


def questions(findings: Findings) -> Iterator[Question]:
    """Every budget and price of the study's answers, for each student's average over tasks or else its tasks.

    Where all sources have one price, none is asked for.
    """
    several, money = [prices for prices in findings.prices.values() if len(prices) > 1], findings.money
    every = sorted({price for prices in several for price in prices}, reverse=True) or [None]
    blocks = [block for block in findings.posterior.blocks if block.surfaces]
    terms = {"gold_price": money.gold_price, "currency": money.currency, "pool": findings.texts_to_label}
    for student in dict.fromkeys(block.student for block in blocks):
        tasks = [block.task for block in blocks if block.student == student]
        for task in [AVERAGE] if AVERAGE in tasks else tasks:
            for price in every:
                weak_price = None if price is None else money.of(price)
                for budget in findings.amounts:
                    yield Question(budget, weak_price, task=task, student=student, **terms)


def with_own_prices(findings: Findings, question: Question) -> Asked:
    """The question, where labels that have one price, such as those of a user's own columns, keep it."""
    asked = None if question.weak_price is None else float(question.in_gold(question.weak_price))
    prices = {name: own if len(own) == 1 else [asked] for name, own in findings.prices.items()}
    return ask(replace(findings, prices=prices), replace(question, weak_price=None))


def answer_all(findings: Findings) -> list[Recommendation]:
    """The recommendations for the study's `questions`, whose single prices stay as they are."""
    return [replace(answer(with_own_prices(findings, each)), question=each) for each in questions(findings)]
