"""What a question about purchases asks, and what a study found, as the answer needs it. Imports nothing heavy."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path

from elicitation.analysis.choices import Terms
from elicitation.analysis.names import AVERAGE
from elicitation.analysis.posterior import Block, Posterior, read_posterior
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.buying.prices import exact
from elicitation.buying.purchases import Supply
from elicitation.errors import InputError
from elicitation.files import hash_file, read_json

# More labels than anybody buys.
ENDLESS = 10**15
# The files in a study's folder `results` that hold its findings.
FINDING_FILES = ("posterior.parquet", "recommendation.json")
# What stands for the command of a study where nobody knows it.
STARTED = "the command that started it"
FINISH = f"run the study to its end first, with {STARTED}."


@dataclass(frozen=True)
class Question:
    """What is asked; None leaves it open. Prices and budget are in one currency."""

    budget: float
    weak_price: float | None = None
    """None: that of the supervisor, where it has one only. It may be 0."""
    gold_price: float = 1.0
    task: str | None = None
    """None: the average over tasks, or the only one."""
    supervisor: str | None = None
    student: str | None = None
    method: str | None = None
    have_weak: int = 0
    """Weak labels that are there already and need no money."""
    have_gold: int = 0
    """Gold labels that are there already and need no money."""
    pool: int | None = None
    """How many texts can be labelled in all, those of the reader's table among them; None: however many."""
    currency: str = ""
    """Of prices, budget and answers; empty where they are in gold labels."""
    weak_prices: dict[str, float] = field(default_factory=dict)
    """By supervisor, the price of its weak labels where it is named by itself; it goes before weak_price."""

    @property
    def budget_in_gold(self) -> Fraction:
        """The budget in gold labels."""
        return self.in_gold(self.budget)

    def in_gold(self, amount: float) -> Fraction:
        """An amount in gold labels."""
        return exact(amount) / exact(self.gold_price)


@dataclass(frozen=True)
class Held:
    """Labels that a user's own table holds for texts that a student may be trained on."""

    gold: int
    weak: dict[str, int]
    """By supervisor whose labels stand in the table."""
    texts: dict[str, int] = field(default_factory=dict)
    """By the same, the texts with its label or a gold one; results that do not say it take them for different texts."""

    def counted(self, n_weak: int, n_gold: int, supervisor: str) -> tuple[int, int]:
        """Of so many weak and gold labels those that the table can hold; what a model writes stands in no table."""
        return min(n_weak, self.weak.get(supervisor, n_weak)), min(n_gold, self.gold)

    def supply(self, supervisor: str) -> Supply:
        """What the table can give to a supervisor; a model's weak labels stand in no table, so they have no end."""
        weak = self.weak.get(supervisor, ENDLESS)
        return Supply(self.texts.get(supervisor, weak + self.gold), weak, self.gold)


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study found, as the recommendation needs it."""

    posterior: Posterior
    prices: dict[str, list[float]]
    """Of the weak labels of each supervisor, gold = 1."""
    titles: dict[str, str]
    """What methods are called."""
    verdict: float
    """Probability from which on something is decided."""
    measure: str = "accuracy"
    """The score: one of measures.MEASURES."""
    budgets: list[float] = field(default_factory=list)
    """That the study looks at, in gold labels."""
    average_over: list[str] = field(default_factory=list)
    """The tasks that are averaged."""
    money: Money = GOLD_LABELS
    """What the study's prices are in."""
    invented: bool = False
    """Whether its data are invented, so that answers are no advice and begin with names.DEMONSTRATION."""
    trained: list[str] = field(default_factory=list)
    """The methods that train."""
    learning_rates: dict[str, float | str] = field(default_factory=dict)
    """As the study says them, by student that is trained here."""
    rates_to_try: dict[str, list[float]] = field(default_factory=dict)
    """By student whose learning rate this study cannot tune, those that may be tried in its place."""
    longer: str = ""
    """What is to be written in the section `training` of the study, so that students are trained longer."""
    held: dict[str, Held] = field(default_factory=dict)
    """By task that is a user's own table."""
    not_asked: list[str] = field(default_factory=list)
    """The supervisors that were not asked for the labels that texts lack; others abstained."""
    votes: dict[str, float] = field(default_factory=dict)
    """By supervisor whose labels join several votes, how many of them a text has on average; its price is theirs."""
    label_words: dict[str, list[str]] = field(default_factory=dict)
    """By task that is a user's own table, the words that stand there for label 0 and for label 1."""
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    """By supervisor whose labels are composed, how many labels of each source one of its own pays for."""
    texts_to_label: int | None = None
    """The pool of questions that name none."""
    budget: float | None = None
    """The budget of questions that name none, in `money`: what the reader has to spend."""

    @property
    def amounts(self) -> list[float]:
        """The budgets of the study's answers, in `money`."""
        if self.budget is None:
            return list(map(self.money.of, self.budgets))
        own = self.money.in_gold(self.budget)
        return [self.budget if n == own else self.money.of(n) for n in with_own(self.budgets, own)]


def with_own(budgets: Iterable[float], own: float | None) -> list[float]:
    """A study's budgets and the reader's own, in gold labels, without one that buys just as many of them as that."""
    return sorted(budgets if own is None else {own, *(n for n in budgets if n != math.floor(own))})


def finished_file(folder: Path, name: str) -> Path:
    """A file of the results in a study's folder; InputError if it is not there."""
    path = folder / "results" / name
    if not path.is_file():
        raise InputError(f"{path} is not there; name the folder of a finished study, or {FINISH}")
    return path


def read_findings(folder: Path) -> Findings:
    """The findings in a study's folder; InputError if the study is not finished, or not since it was extended."""
    posterior, record = read_finding_files(folder)
    return make_findings(posterior, record["settings"])


def read_finding_files(folder: Path) -> tuple[Path, dict]:
    """Where the posterior of a study's folder is, and the record of its recommendation; InputError as of read_findings.

    The record's settings say of the study what its findings and its explorer need to know.
    """
    posterior, recommendation = (finished_file(folder, name) for name in FINDING_FILES)
    try:
        record = read_json(recommendation)
    except ValueError as error:
        raise InputError(f"{recommendation} cannot be read ({error}); delete it. Then {FINISH}") from error
    # By its content alone: in another workflow the study may lie below a prefix.
    if hash_file(posterior) not in record.get("inputs", {}).values():
        raise InputError(f"{recommendation} comes from another posterior than {posterior}; {FINISH}")
    return posterior, record


def make_findings(posterior: str | Path, settings: dict) -> Findings:
    """The findings from result files; settings: all but the posterior, by the names of Findings."""
    names = ("prices", "titles", "verdict", "measure", "budgets", "average_over")
    # Only jobs of studies that have a currency, own tables, invented data, students that are trained here, gaps that
    # nobody was asked about, several votes for a text, composed labels, a number of texts to label or a budget of the
    # reader's are told of it.
    rare_names = ("invented", "trained", "learning_rates", "rates_to_try", "longer", "not_asked", "votes")
    rare_names += ("label_words", "parts", "texts_to_label", "budget")
    names += tuple(name for name in rare_names if name in settings)
    rare = {"money": Money(**settings.get("money", {}))}
    rare["held"] = {task: Held(**labels) for task, labels in settings.get("held", {}).items()}
    return Findings(read_posterior(posterior), **{name: settings[name] for name in names}, **rare)


def only(values: list[str], kind: str) -> str:
    """The value, if there is one; InputError names the choice otherwise."""
    if len(values) > 1:
        raise InputError(f"The study has several {kind}s: {', '.join(values)}; name one by --{kind}.")
    return values[0]


def narrow(posterior: Posterior, question: Question) -> Block:
    """What the question is about, all of one task and student; InputError if there is no such thing."""
    blocks, asked = posterior.blocks, asdict(question)
    for kind in ("supervisor", "method", "student", "task"):
        if (wanted := asked[kind]) is None:
            continue
        if kind in ("supervisor", "method"):
            known = dict.fromkeys(getattr(surface, kind) for block in blocks for surface in block.surfaces)
            blocks = [block.only(**{kind: wanted}) for block in blocks]
            blocks = [block for block in blocks if block.surfaces]
        else:
            known = dict.fromkeys(getattr(block, kind) for block in blocks)
            blocks = [block for block in blocks if getattr(block, kind) == wanted]
        if not blocks:
            raise InputError(f"There is no result for the {kind} {wanted!r}; known are {', '.join(known)}.")
    blocks = [block for block in blocks if block.surfaces]
    if not blocks:
        raise InputError("The study bought no labels, so it cannot say what they bring.")
    tasks = list(dict.fromkeys(block.task for block in blocks))
    task = AVERAGE if AVERAGE in tasks else only(tasks, "task")
    blocks = [block for block in blocks if block.task == task]
    return {block.student: block for block in blocks}[only([block.student for block in blocks], "student")]


def is_named(supervisor: str, question: Question, findings: Findings) -> bool:
    """Whether the question names a price of a supervisor's labels, or of those that they are composed from."""
    parts = findings.parts.get(supervisor, {})
    return supervisor in question.weak_prices or any(is_named(part, question, findings) for part in parts)


def price_of(supervisor: str, question: Question, findings: Findings) -> Fraction:
    """Price of a weak label, gold = 1; InputError if it must be named."""
    parts = findings.parts.get(supervisor, {})
    if supervisor not in question.weak_prices and any(is_named(part, question, findings) for part in parts):
        return sum((exact(n) * price_of(part, question, findings) for part, n in parts.items()), Fraction(0))
    named = question.weak_prices.get(supervisor, question.weak_price)
    if named is not None:
        return question.in_gold(named)
    prices, money = findings.prices[supervisor], findings.money
    if len(prices) > 1:
        shown = ", ".join(f"{money.of(price):g}" for price in prices)
        raise InputError(f"The study looks at several prices of a weak label ({shown}); name yours by --weak-price.")
    if money.currency and money.currency == question.currency:
        # Money stays what it is when gold labels cost another price.
        return exact(prices[0]) * exact(money.gold_price) / exact(question.gold_price)
    return exact(prices[0])


def terms_of(block: Block, question: Question, findings: Findings) -> Terms:
    """On which terms the question buys labels of the block's supervisors; InputError if a price must be named.

    Of labels that are there already those count that the reader's table, if any, holds to train on.
    """
    supervisors = list(dict.fromkeys(surface.supervisor for surface in block.surfaces))
    if unknown := [name for name in question.weak_prices if name not in findings.prices]:
        known = ", ".join(findings.prices)
        raise InputError(f"--weak-price names the supervisor {unknown[0]!r}; known are {known}.")
    if question.have_weak:
        only(supervisors, "supervisor")
    have = question.have_weak, question.have_gold
    if held := findings.held.get(block.task):
        have = held.counted(*have, supervisors[0])
    prices = {name: price_of(name, question, findings) for name in supervisors}
    return Terms(question.budget_in_gold, prices, question.pool, *have)
