"""What to buy for a budget, by which method, and whether the data support it. Imports nothing heavy."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from elicitation.analysis.captions import describe_purchase
from elicitation.analysis.evidence import interval
from elicitation.analysis.findings import Findings, Question
from elicitation.analysis.names import AVERAGE, GROUP, REGIMES, STRATEGIES, UNDETERMINED
from elicitation.analysis.next_steps import next_steps
from elicitation.analysis.options import Options, find_options, scale_up
from elicitation.analysis.production import Z
from elicitation.analysis.regimes import PURE, regime_at
from elicitation.buying.prices import cost, exact
from elicitation.errors import InputError


@dataclass(frozen=True)
class Estimate:
    """A mean with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Choice:
    """A purchase and the method that uses it."""

    n_weak: int
    n_gold: int
    supervisor: str
    method: str
    strategy: str
    """One of STRATEGIES."""
    title: str
    """What the method is called."""
    cost: float
    """In the question's currency."""


@dataclass(frozen=True)
class Rival(Choice):
    """The best purchase of another strategy."""

    difference: Estimate
    """By how much its accuracy is above that of the recommended purchase."""


@dataclass(frozen=True)
class Asking:
    """Asking the student without any label, which costs nothing."""

    accuracy: Estimate
    """Asking is the same for every seed, so this interval is over the test examples alone."""
    n_test: int
    difference: Estimate
    """By how much the recommended purchase is above it."""
    probability: float
    """That the recommended purchase is above it."""


@dataclass(frozen=True)
class Nothing:
    """What no label at all achieves."""

    commoner: float
    """The accuracy of always giving the commoner label."""
    asking: Asking | None
    """None where it was not measured."""


@dataclass(frozen=True)
class Recommendation:
    """What to buy, what to expect of it, and how sure this is."""

    question: Question
    task: str
    student: str
    weak_price: float
    """Of the recommended labels, in the question's currency."""
    recommended: Choice
    accuracy: Estimate
    pure_strategies: dict[str, Rival]
    """By strategy: weak labels alone and gold labels alone, unless that is what is recommended."""
    nothing: Nothing
    loss_at_most: float
    """What any other option would gain: in 97.5 % of the draws no more than this."""
    regime: dict
    """What the runs alone say at this budget and price: what `observed_regime` returns."""
    wanted: float
    """Probability from which on something is decided."""
    supported: bool
    """Whether the runs decide for the recommended strategy."""
    studied: bool
    """Whether the purchase lies among those studied."""
    n_seeds: int
    basis: str
    """What the expected accuracy comes from."""
    next: list[str]
    """Which runs or labels would decide what is open."""

    @property
    def price_asked(self) -> float:
        """The price of a weak label that was asked for, else that of the recommended ones."""
        return self.weak_price if self.question.weak_price is None else self.question.weak_price

    @property
    def worth_buying(self) -> str:
        """Whether labels are better than asking without any: `yes`, `no` or `undetermined`; `yes` where nobody asked.

        A single seed has no spread, so it decides nothing here.
        """
        asking = self.nothing.asking
        if asking is None:
            return "yes"
        decided = self.n_seeds > 1
        if decided and asking.probability >= self.wanted:
            return "yes"
        return "no" if decided and asking.probability <= 1 - self.wanted else UNDETERMINED

    @property
    def asking_is_as_good(self) -> bool:
        """Whether asking without labels, which costs nothing, is expected to be at least as good as the purchase."""
        return self.nothing.asking is not None and self.nothing.asking.difference.mean <= 0


def recommendation_from(entry: dict) -> Recommendation:
    """The recommendation that `dataclasses.asdict` made plain values of, as results/recommendation.json holds it."""
    nothing, asking = entry["nothing"], entry["nothing"]["asking"]
    if asking is not None:
        estimates = {name: Estimate(**asking[name]) for name in ("accuracy", "difference")}
        asking = Asking(**asking | estimates)
    rivals = entry["pure_strategies"].items()
    parts = {
        "question": Question(**entry["question"]),
        "recommended": Choice(**entry["recommended"]),
        "accuracy": Estimate(**entry["accuracy"]),
        "pure_strategies": {n: Rival(**rival | {"difference": Estimate(**rival["difference"])}) for n, rival in rivals},
        "nothing": Nothing(nothing["commoner"], asking),
    }
    return Recommendation(**entry | parts)


def estimate(draws: np.ndarray, agree: np.ndarray | None = None, model_error: float = 0.0) -> Estimate:
    """Mean and 95 % interval of draws (replicates,), with the model's own error in quadrature.

    agree: (replicates,) mask of those whose choosing half makes the same choice; see analysis.frontier.score_points.
    """
    agree = np.ones(len(draws), dtype=bool) if agree is None else agree
    mean = float(draws[agree].mean())
    low, high = interval(draws - draws.mean()) * math.sqrt(2 - agree.mean())
    off = Z * model_error
    return Estimate(mean, mean - math.hypot(low, off), mean + math.hypot(high, off))


def describe_option(option: pd.Series, question: Question, titles: dict[str, str]) -> Choice:
    """An option as it is reported. titles: what methods are called."""
    return Choice(
        n_weak=int(option.n_weak),
        n_gold=int(option.n_gold),
        supervisor=option.supervisor,
        method=option.method,
        strategy=option.strategy,
        title=titles.get(option.method, option.method),
        cost=float(option.cost * question.gold_price),
    )


def points_like(findings: Findings, option: pd.Series) -> pd.DataFrame:
    """The points of the option's task, supervisor, student and method."""
    points = findings.evidence.points
    return points[(points[GROUP] == option[GROUP]).all(axis=1)]


def observed_regime(findings: Findings, option: pd.Series, question: Question) -> dict:
    """The regime at the question's budget and price by the purchases that were run, without any production function.

    What of a row of results/regimes.csv is known, and `missing`: the strategies of which no purchase is affordable.
    """
    evidence = findings.evidence.on(points_like(findings, option))
    row = regime_at(evidence, question.budget_in_gold, option.weak_price, findings.verdict)
    known = ("regime", "winner", "reason", *REGIMES.values(), "lead", "lead_low", "lead_high", "n_weak", "n_gold")
    missing = {"missing": [strategy for strategy in STRATEGIES if REGIMES[strategy] not in row]}
    return {name: row[name] for name in known if name in row} | missing


@dataclass(frozen=True, eq=False)
class Decision:
    """Which option is the best one, and which replicates say so."""

    best: int
    """Its position among the options."""
    regime: dict
    """What the runs say of the strategies, as `observed_regime` returns it."""
    agree: np.ndarray | None
    """(replicates,) mask of those whose choosing half makes the same choice; None where none does."""


def decide(options: Options, findings: Findings, question: Question) -> Decision:
    """Choose an option.

    Which strategy is the best one is decided by the runs alone, as in results/regimes.csv, and where they decide it
    they are followed: a smooth function always sees some use in either label.
    """
    every = np.arange(len(options.table))
    likeliest = options.table.iloc[options.best_among(every)]
    kin, regime = options.like(likeliest), observed_regime(findings, likeliest, question)
    decided = np.flatnonzero(kin & (options.table.strategy.map(REGIMES) == regime["regime"]))
    contenders = decided if len(decided) else every
    best = options.best_among(contenders)
    # Luck that made a supervisor, a method or, without a function to smooth it, a purchase look best counts only once.
    fitted = options.table.fitted.iloc[best]
    agree = kin[options.chosen(every)] if fitted else options.chosen(contenders) == best
    return Decision(best, regime, agree if agree.any() else None)


def pure_rivals(options: Options, decision: Decision, question: Question, titles: dict[str, str]) -> dict[str, Rival]:
    """The best purchases of weak labels alone and of gold labels alone, where these are not what was chosen."""
    table, best, rivals = options.table, decision.best, {}
    option, replicates = table.iloc[best], np.arange(options.draws.shape[1])
    for strategy in PURE:
        among = np.flatnonzero(table.strategy == strategy)
        if strategy == option.strategy or not len(among):
            continue
        rival = table.iloc[options.best_among(among)]
        gap = options.draws[options.chosen(among), replicates] - options.draws[best]
        difference = estimate(gap, decision.agree, math.hypot(option.model_error, rival.model_error))
        choice = describe_option(rival, question, titles)
        rivals[strategy] = Rival(**asdict(choice), difference=difference)
    return rivals


def do_nothing(findings: Findings, option: pd.Series, draws: np.ndarray, agree: np.ndarray | None) -> Nothing:
    """What no label at all achieves.

    option, draws: of the recommended purchase; agree: as in `estimate`.
    """
    points = findings.evidence.points
    same = findings.evidence.on(points[(points[["task", "student"]] == option[["task", "student"]]).all(axis=1)])
    commoner, asked = float(same.points.commoner_accuracy.iloc[0]), same.asked
    if asked.points.empty:
        return Nothing(commoner, None)
    # Every method and supervisor that shows it shows the same one.
    own = (asked.accuracy[0] + asked.deviations[0, : len(draws)]).clip(0, 1)
    ahead = draws - own
    known = ahead if agree is None else ahead[agree]
    asking = Asking(
        accuracy=estimate(own),
        n_test=int(asked.points.n_test.iloc[0]),
        difference=estimate(ahead, agree, option.model_error),
        # What is exactly as good counts half.
        probability=float(np.mean((known > 0) + (known == 0) / 2)),
    )
    return Nothing(commoner, asking)


def scaled(options: Options, best: int, findings: Findings, question: Question) -> pd.Series:
    """The option at this position as it is to be bought: its labels, cost, and in its basis what it was scaled from."""
    option, table = options.table.iloc[best].copy(), options.table
    alike = table[options.like(option) & (table.strategy == option.strategy)]
    most = points_like(findings, option)[["n_weak", "n_gold"]].max()
    run = int(option.n_weak), int(option.n_gold)
    bought = scale_up(option, alike, most, question.budget_in_gold, findings.pool_sizes.get(option.task))
    option["n_weak"], option["n_gold"] = bought
    option["cost"] = cost(*bought, float(option.weak_price))
    if bought != run:
        option["basis"] += f", scaled to the budget from {describe_purchase(*run)}, whose accuracy this is"
    return option


def recommend(findings: Findings, question: Question) -> Recommendation:
    """The purchase and method to choose, what to expect, how much worse the pure strategies are, and how sure this is.

    What to expect is the production function's word where it is good. Every replicate of the accuracies is a draw from
    what they may be; one side of it chooses and the other reports (see Options.chosen), so that nothing is reported by
    what chose it. Where production functions predict, differences between purchases hold their own errors too, as if
    these were independent. Raises InputError if the question names what is not there or nothing is affordable.
    """
    options = find_options(findings, question)
    decision = decide(options, findings, question)
    draws, regime, agree = options.draws[decision.best], decision.regime, decision.agree
    option = scaled(options, decision.best, findings, question)
    expected = estimate(draws, agree, option.model_error)
    loss = float(interval(options.draws.max(axis=0) - draws)[1])
    supported = regime["regime"] == REGIMES[option.strategy] and bool(option.studied)
    pool_size, budget = findings.pool_sizes.get(option.task, math.inf), question.budget_in_gold
    return Recommendation(
        question=question,
        task=option.task,
        student=option.student,
        weak_price=float(option.weak_price * exact(question.gold_price)),
        recommended=describe_option(option, question, findings.titles),
        accuracy=replace(expected, low=min(max(expected.low, 0.0), 1.0), high=min(max(expected.high, 0.0), 1.0)),
        pure_strategies=pure_rivals(options, decision, question, findings.titles),
        nothing=do_nothing(findings, option, draws, agree),
        loss_at_most=math.hypot(loss, Z * option.model_error, Z * options.table.model_error.max()),
        regime=regime,
        wanted=findings.verdict,
        supported=supported,
        studied=bool(option.studied),
        n_seeds=int(option.n_seeds),
        basis=option.basis,
        next=[] if supported else next_steps(option, regime, findings.verdict, budget, pool_size),
    )


def questions(findings: Findings, budgets: list[float]) -> Iterator[Question]:
    """Every budget and price that the study looks at, for each student's average over tasks or else its tasks.

    Where all sources have one price, none is asked for.
    """
    several = [prices for prices in findings.prices.values() if len(prices) > 1]
    every = sorted({price for prices in several for price in prices}, reverse=True) or [None]
    for student, points in findings.evidence.points.groupby("student", sort=False):
        tasks = points.task.unique()
        for task in [AVERAGE] if AVERAGE in tasks else tasks:
            for price in every:
                yield from (Question(budget, price, task=task, student=student) for budget in budgets)


def answer_all(findings: Findings, budgets: list[float]) -> list[Recommendation]:
    """The recommendations for `questions`, but for those where nothing is affordable.

    Labels that have one price, such as those of a user's own columns, keep it, whatever price is asked for.
    """
    answers = []
    for question in questions(findings, budgets):
        prices = {name: own if len(own) == 1 else [question.weak_price] for name, own in findings.prices.items()}
        with suppress(InputError):
            answer = recommend(replace(findings, prices=prices), replace(question, weak_price=None))
            answers.append(replace(answer, question=question))
    return answers
