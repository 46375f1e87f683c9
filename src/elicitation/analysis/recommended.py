"""What a recommendation says, in plain values. docs/reference/json.md documents it as JSON. Imports nothing heavy."""

from dataclasses import dataclass, field

from elicitation.analysis.chance import AtChance
from elicitation.analysis.findings import Held, Question
from elicitation.analysis.names import ABSTAINED, ASKING, COMMONER, LABELS


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
class Cheaper:
    """What costs clearly less than what is recommended and is nearly as good."""

    purchase: Purchase | None
    """None: the best of what costs nothing."""
    expected: Estimate
    difference: Estimate
    """By how much its score is above that of what is recommended."""
    as_good: float
    """The probability that what is recommended is not ahead of it by more than choices.MIN_GAIN."""


@dataclass(frozen=True)
class WeakLabels:
    """The weak labels of a supervisor as they are, without any student."""

    supervisor: str
    price: float
    """Of a label."""
    score: Estimate
    difference: Estimate
    """By how much it is above that of what is recommended."""
    coverage: float
    """The share of the texts that score them which have one."""
    n_test: int
    """Gold labels that score them."""
    gaps: str = ABSTAINED
    """Why the others have none: names.ABSTAINED, and they count as half right; or NOT_ASKED, and they do not count."""
    paid: float = 1.0
    """The share of the texts that costs the price: all; where the source abstains for nothing, those with a label."""
    votes: float = 1.0
    """How many votes a text has on average, where its label joins several; the price is that of all of them."""
    ones_found: float | None = None
    """Of the test texts with label 1 the share that has it; None where results are too old to say it."""
    zeros_found: float | None = None
    """The same of label 0."""
    ahead: dict[str, Estimate] = field(default_factory=dict)
    """By supervisor of other weak labels, by how much its score is above theirs."""

    @property
    def text_price(self) -> float:
        """Of each text that is sorted, on average; to six digits where not all are paid for, since that is measured."""
        return self.price if self.paid == 1 else float(f"{self.price * self.paid:.6g}")


@dataclass(frozen=True)
class Baseline:
    """What is achieved without training on any label."""

    asking: Estimate | None
    """The student asked without any label; None where that was not measured."""
    commoner: Estimate
    """Always giving the commoner label."""
    weak_labels: list[WeakLabels]

    @property
    def free(self) -> tuple[str, str]:
        """The best of what costs nothing: ASKING, COMMONER or LABELS, and of labels whose they are."""
        scores = {(ASKING, ""): self.asking} if self.asking else {}
        scores |= {(COMMONER, ""): self.commoner}
        scores |= {(LABELS, entry.supervisor): entry.score for entry in self.weak_labels if not entry.price}
        return max(scores, key=lambda key: scores[key].mean)

    def labels_of(self, supervisor: str) -> WeakLabels:
        """The weak labels of a supervisor."""
        return next(entry for entry in self.weak_labels if entry.supervisor == supervisor)


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
    """Test texts with a gold label."""
    n_texts: int
    """Test texts. Where more than have a gold label, scores are prediction-powered."""
    larger: tuple[int, int] | None = None
    """Where much of the budget or of own labels is left, since no more were run: the best purchase with as many more
    weak and gold labels as there are already or the budget pays for, and the reader's table holds if it holds more,
    which the study could run. None where it can run no such thing, or has run it."""


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
    nearest: Purchase | None = None
    """The nearest purchase that was run, where nothing can be expected."""


@dataclass(frozen=True)
class Goal:
    """A score that was asked for."""

    score: float
    reached: bool
    """Whether what is recommended is expected to reach it; else no purchase studied is."""


@dataclass(frozen=True)
class PriceInterval:
    """The 95 % interval of the price of a weak label from which on none is bought."""

    low: float
    high: float
    open: bool
    """Whether it reaches beyond `high`, above which no weak labels that were studied fit the budget."""


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
    cheaper: Cheaper | None
    """None where nothing is bought, or nothing that is clearly cheaper is nearly as good."""
    studied: Studied
    undertrained: bool = False
    """Whether no purchase studied, however expensive, is expected to beat the best of what needs no training: weak
    labels as they are, or always giving the commoner label."""
    learns_nothing: bool = False
    """Whether no run, asking included, is clearly better than always giving the commoner label."""
    at_chance: list[AtChance] = field(default_factory=list)
    """Gold labels bought alone from which the student learned nothing, though it could have, on all tasks of the
    answer."""
    learning_rate: float | str | None = None
    """The student's, as the study says it; None of students behind an API."""
    rates_to_try: list[float] = field(default_factory=list)
    """What may be tried in its place where the study cannot tune it."""
    longer: str = ""
    """What is to be written in the study's `training`, so that the student is trained longer; empty behind an API."""
    held: Held | None = None
    """What the task's table holds; None where it is no table of one's own."""
    left_out: list[WeakLabels] = field(default_factory=list)
    """Those of other sources, where the question names one."""
    lowest_price: bool = False
    """Whether of several prices that the study looks at the lowest stands here, since nothing is bought that costs
    anything."""
    largest_budget: bool = False
    """Whether the study's largest budget stands here, since none was named."""
    goal: Goal | None = None
    """Only where a score was asked for."""
    offer: Offer | None = None
    """Only where a purchase was asked about."""
    break_even: float | None = None
    """Only where it was asked for: the price of a weak label from which on none is bought; 0 if none is bought at any
    price, the price of a gold label if some are bought at any price below."""
    price_interval: PriceInterval | None = None
    """Of break_even or, in its place, fits_up_to; None where one seed has no spread, or no price was asked for."""
    fits_up_to: float | None = None
    """In place of it where it is not known: the price from which on no weak labels that were studied fit the budget,
    though they are worth more there than what is bought instead."""
    replaced_prices: dict[str, float] = field(default_factory=dict)
    """By supervisor, the price of its own in place of which that of the question counts."""
    label_words: list[str] = field(default_factory=lambda: ["0", "1"])
    """What label 0 and label 1 are called in the task's table."""

    @property
    def best_alternative(self) -> Alternative | None:
        """The purchase with the highest expected score beside what is recommended."""
        return max(self.alternatives.values(), key=lambda other: other.expected.mean, default=None)

    @property
    def best(self) -> Purchase | None:
        """What is to be bought, or else the best of what could be."""
        return self.purchase or self.best_alternative


def recommendation_from(entry: dict) -> Recommendation:
    """The recommendation that `dataclasses.asdict` made plain values of, as results/recommendation.json holds it."""
    # A question by command, whose answer is not read back, should not wait for the import.
    from pydantic import TypeAdapter

    return TypeAdapter(Recommendation).validate_python(entry)
