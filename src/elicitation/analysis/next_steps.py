"""What could be done next, by how much it is expected to gain: more runs, more test examples, labels in rounds.

What is bought is the purchase with the highest expected score. An observation changes the expected scores, and so, at
times, what is bought; the expected rise of the score of what is bought is the observation's value (the knowledge
gradient; Frazier, Powell & Dayanik 2009, INFORMS Journal on Computing 21). How far expected scores will change is
known before the observation is made: the posterior of a block is m + F z with standard normal z (r,), and an
observation of precision M (r, r) about z changes the means by F W e, where W Wᵀ = I - (I + M)⁻¹ and e is standard
normal too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from elicitation.analysis.beyond_study import unranked_words
from elicitation.analysis.choices import Options, find_options, missing_strategies
from elicitation.analysis.evidence import Evidence, evidence_by_task
from elicitation.analysis.findings import Findings, Question, finished_file, narrow, terms_of
from elicitation.analysis.gold_test_plan import LabelPlan, ReadyPlan
from elicitation.analysis.names import AVERAGE, PURCHASE, STRATEGIES
from elicitation.analysis.noise import noise_covariance, seed_variances
from elicitation.analysis.posterior import Block, Scores, Surface, joined
from elicitation.analysis.ready_labels import need_no_student
from elicitation.analysis.recommendation import answer, ask, questions
from elicitation.analysis.recommendation_notes import chance_notes, hopeless_notes, undertrained_notes
from elicitation.analysis.recommended import Recommendation
from elicitation.buying.prices import exact

# Added to variances so that matrices can be inverted in binary numbers.
JITTER = 1e-8
# So many times the test examples are looked at.
MORE_EXAMPLES = (2, 4)
# So many steps of each kind are told.
TOLD = 5
# Purchases whose labels of either kind differ by less than this factor are told once.
ALIKE = 1.5
# A first round may cost this share of the budget at most.
FIRST_ROUND = 0.75
# A gain below this is none.
LEAST_GAIN = 1e-9


@dataclass(frozen=True)
class Step:
    """Something that could be done next."""

    kind: str
    """`run`: one more seed of a purchase; `test`: more test examples; `labels`: buy these, then ask again."""
    gain: float
    """By how much the score of what is then bought is expected to rise."""
    hours: float | None
    """Of training; None where no finished run tells how long one takes."""
    gold_labels: int = 0
    """Gold labels to pay for it; those of `labels` are part of what is bought anyway."""
    n_weak: int = 0
    n_gold: int = 0
    supervisor: str = ""
    method: str = ""
    title: str = ""
    n_seeds: int = 0
    """How many runs of the purchase there are."""
    n_test: int = 0
    """How many test examples there would be."""
    cost: float = 0.0
    """Of the labels to pay for, in the question's currency."""
    key: str = ""
    """Of the study, which is to be changed for it."""

    @property
    def rate(self) -> float:
        """Gain an hour; the gain where hours are not known."""
        return self.gain / self.hours if self.hours else self.gain


def read_evidence(folder: Path) -> pd.DataFrame:
    """What was measured in a study's folder; InputError if the study is not finished."""
    return pd.read_parquet(finished_file(folder, "evidence.parquet"))


def expected_rise(means: np.ndarray, changes: np.ndarray) -> float:
    """By how much the highest of several expected scores is expected to rise.

    means: (n,); changes: (n, m) factors of the covariance of what they will change by. Of the best one and each other
    one the rise has a closed form; that of all of them is at least the largest of these, which is returned.
    """
    best = int(means.argmax())
    behind, spread = means[best] - means, np.linalg.norm(changes - changes[best], axis=1)
    z = behind / np.maximum(spread, 1e-12)
    return float((spread * norm.pdf(z) - behind * norm.sf(z)).max())


@dataclass(frozen=True, eq=False)
class Known:
    """The posterior of a student on a task, and how far its measured scores may be off."""

    block: Block
    evidence: Evidence
    """The measured scores, without those that the posterior does not keep."""
    factors: np.ndarray
    """(n, r) of their posterior."""
    variances: np.ndarray
    """(n,) of them by the draw of seeds."""
    inverse: np.ndarray
    """(n, n) of the covariance of their errors."""

    def one_more_seed(self, surface: Surface, n_weak: int, n_gold: int) -> np.ndarray:
        """(r, 1) how the posterior changes by one more run of a purchase, which may be the first one of it."""
        points = self.evidence.points
        bought = points[points.kind == PURCHASE]
        apart = np.abs(np.log1p(bought[["n_weak", "n_gold"]]) - np.log1p([n_weak, n_gold])).sum(axis=1)
        own = bought.supervisor.isin([surface.supervisor, ""]) & (bought.method == surface.method)
        nearest = apart.where(own, np.inf).idxmin()
        variance = self.variances[nearest]
        n_seeds = int(points.n_seeds[nearest])
        if apart[nearest] > 0:
            # Nearby purchases are as noisy; the test examples are of this purchase's own.
            direction = surface.at([n_weak], [n_gold]).factors[0]
            precision = 1 / (variance * n_seeds + self.evidence.covariance[nearest, nearest] + JITTER)
        else:
            # The variance of the mean over seeds shrinks, that of the test examples stays as it is.
            less = variance / (n_seeds + 1)
            direction = self.factors.T @ self.inverse[nearest]
            precision = less / (1 - less * self.inverse[nearest, nearest])
        return (direction * np.sqrt(precision / (1 + precision * (direction @ direction))))[:, None]

    def more_examples(self, times: float) -> np.ndarray:
        """(r, m) how the posterior changes by so many times the test examples, on which all runs are tested."""
        points = self.evidence.points
        # What needs no student may be scored by more gold labels, to which as many are added.
        n_test = points.n_test + (times - 1) * self.block.n_test
        less = (points.n_test / n_test).to_numpy()
        covariance = self.evidence.covariance * np.maximum.outer(less, less)
        noise = noise_covariance(replace(self.evidence, points=points.assign(n_test=n_test), covariance=covariance))
        gained = np.linalg.inv(noise + JITTER * np.eye(len(noise))) - self.inverse
        values, vectors = np.linalg.eigh(self.factors.T @ gained @ self.factors)
        values = values.clip(0)
        return vectors * np.sqrt(values / (1 + values))


def known_of(findings: Findings, table: pd.DataFrame, block: Block) -> Known:
    """The posterior of the block's student on its task with all surfaces. table: results/evidence.parquet."""
    pair = (block.student, block.task)
    whole = next(other for other in findings.posterior.blocks if (other.student, other.task) == pair)
    found = evidence_by_task(table, findings.average_over)
    evidence = next(evidence for student, task, evidence in found if (student, task) == pair)
    scores = [score_of(whole, point) for point in evidence.points.itertuples()]
    evidence = evidence.on(np.array([score is not None for score in scores]))
    factors = joined([score for score in scores if score is not None]).factors
    noise = noise_covariance(evidence)
    return Known(whole, evidence, factors, seed_variances(evidence), np.linalg.inv(noise + JITTER * np.eye(len(noise))))


def score_of(block: Block, point) -> Scores | None:
    """The posterior score of a measured configuration; None where the block does not keep it."""
    if point.kind != PURCHASE:
        alike = (free for free in block.free if (free.kind, free.supervisor) == (point.kind, point.supervisor))
        return next((free.scores for free in alike), None)
    for surface in block.surfaces:
        if surface.method == point.method and point.supervisor in ("", surface.supervisor):
            scores = surface.at([point.n_weak], [point.n_gold])
            return scores if np.isfinite(scores.mean[0]) else None
    return None


@dataclass(frozen=True, eq=False)
class Arms:
    """What could be bought, at one budget and price, and what costs nothing."""

    options: Options
    scores: Scores
    """Of the options, then of what costs nothing."""
    missing: list[str]
    """The strategies of which no purchase was studied that could be bought."""

    def gain(self, change: np.ndarray, among: np.ndarray | None = None) -> float:
        """The expected rise by an observation, if only the options of a mask `among` can still be bought after it."""
        free = len(self.scores.mean) - len(self.options.cost)
        kept = slice(None) if among is None else np.concatenate([among, np.ones(free, dtype=bool)])
        scores = self.scores.on(kept)
        return scores.mean.max() + expected_rise(scores.mean, scores.factors @ change) - self.scores.mean.max()


def arms_of(findings: Findings, question: Question) -> Arms:
    """What a question's budget could buy. Labels that have one price keep it where the question names none."""
    block = narrow(findings.posterior, question)
    terms = terms_of(block, question, findings)
    options = find_options(block, terms)
    scores = joined([options.scores, *(free.scores for free in block.free_at(terms.prices))])
    return Arms(options, scores, missing_strategies(options, terms))


def asked_of(findings: Findings, question: Question) -> list[tuple[Findings, Question]]:
    """The question, or where it has no budget the study's budgets and prices, each with the prices that hold there."""
    if question.budget:
        return [(findings, question)]
    block, found = narrow(findings.posterior, question), []
    for each in questions(findings):
        if each.student == block.student and each.task in (block.task, AVERAGE):
            asked = None if each.weak_price is None else float(each.in_gold(each.weak_price))
            prices = {n: every if len(every) == 1 else [asked] for n, every in findings.prices.items()}
            budget = each.budget_in_gold * exact(question.gold_price)
            own = replace(question, budget=float(budget), task=block.task, student=block.student)
            found.append((replace(findings, prices=prices), own))
    return found


def hours_of(times: pd.DataFrame, student: str, labels: float) -> float | None:
    """Hours that one run of so many labels trains, by a straight line through the finished ones; None without any."""
    own = times[times.student == student]
    if own.empty:
        return None
    spread = own.labels.var(ddof=0)
    slope = max(0.0, np.cov(own.labels, own.seconds, ddof=0)[0, 1] / spread) if spread else 0.0
    seconds = own.seconds.mean() + slope * (labels - own.labels.mean())
    return float(max(seconds, own.seconds.min())) / 3600


@dataclass(frozen=True)
class Plan:
    """What could be done next."""

    question: Question
    task: str
    student: str
    measure: str
    expected: float
    """The score of what is bought now; the mean over the study's budgets and prices where none was named."""
    n_test: int
    recommendation: Recommendation
    """What is recommended now; with the largest of the study's budgets where none was named."""
    no_student: bool
    """Whether weak labels as they are need no student at any of the budgets. Then nothing is ranked."""
    runs: list[Step] = field(default_factory=list)
    """By gain an hour."""
    tests: list[Step] = field(default_factory=list)
    """By gain."""
    labels: list[Step] = field(default_factory=list)
    """By gain. Empty where no budget was named."""
    missing: list[str] = field(default_factory=list)
    """The strategies of which nothing is known, since no purchase of theirs within the budgets was run."""
    gold_tests: list[LabelPlan] = field(default_factory=list)
    """What an interval of a wished width takes, with weak labels of each supervisor; empty where none was named."""
    ready_tests: list[ReadyPlan] = field(default_factory=list)
    """The same of weak labels that are to be used as they are."""
    advice: list[str] = field(default_factory=list)
    """What a recommendation says of training otherwise, in sentences; nothing is known of what it would bring."""
    unranked: str = ""
    """What a recommendation says of larger purchases than were studied, in sentences, where the budget pays for some;
    else, and where no budget was named, nothing."""


def plan(findings: Findings, table: pd.DataFrame, question: Question, times: pd.DataFrame) -> Plan:
    """What could be done next, by how much it is expected to gain.

    table: results/evidence.parquet; question: whose budget may be 0, for all budgets and prices of the study; times:
    of elicitation.jobs.training_times. Raises InputError if the question names what is not there.
    """
    block, asked = narrow(findings.posterior, question), asked_of(findings, question)
    arms, found = [arms_of(*pair) for pair in asked], answer(ask(*asked[-1]))
    nothing = Plan(
        question=question,
        task=block.task,
        student=block.student,
        measure=findings.measure,
        expected=float(np.mean([each.scores.mean.max() for each in arms])),
        n_test=block.n_test,
        recommendation=found,
        no_student=all(need_no_student(answer(ask(*pair))) for pair in asked),
        advice=advice_on(found),
    )
    if nothing.no_student:
        return nothing
    known = known_of(findings, table, block)

    def gain(change: np.ndarray) -> float:
        return float(np.mean([each.gain(change) for each in arms]))

    changes = {replace(step, gain=gain(change)): change for step, change in further_runs(known, block, findings, times)}
    # What only prompts has its ways of spending from its name.
    can_mix = not findings.trained or any(surface.method in findings.trained for surface in block.surfaces)
    first = first_rounds(changes, arms[0], question, block, findings) if question.budget else []
    return replace(
        nothing,
        runs=told(sorted(changes, key=lambda step: -step.rate)),
        tests=more_tests(known, gain, times, question),
        labels=told(sorted(first, key=lambda step: -step.gain)),
        missing=[name for name in STRATEGIES if can_mix and all(name in each.missing for each in arms)],
        unranked=unranked_words(found) if question.budget else "",
    )


def further_runs(
    known: Known, block: Block, findings: Findings, times: pd.DataFrame
) -> Iterator[tuple[Step, np.ndarray]]:
    """One more seed of every purchase that was studied, whose gain is not known yet, and how the posterior changes."""
    for surface, n_weak, n_gold in candidates(block):
        hours = hours_of(times, block.student, n_weak + n_gold)
        n_seeds = surface.n_seeds[np.searchsorted(surface.weak, n_weak), np.searchsorted(surface.gold, n_gold)]
        bought = {"n_weak": n_weak, "n_gold": n_gold, "supervisor": surface.supervisor if n_weak else ""}
        bought |= {"method": surface.method, "title": findings.titles.get(surface.method, surface.method)}
        bought |= {"n_seeds": int(n_seeds), "key": key_of_runs(int(n_seeds), surface.method, findings)}
        step = Step("run", 0.0, hours and hours * block.n_tasks, **bought)
        yield step, known.one_more_seed(surface, n_weak, n_gold)


def advice_on(found: Recommendation) -> list[str]:
    """What a recommendation says of training otherwise, which no run of the study can tell."""
    return [note for notes in (undertrained_notes, hopeless_notes, chance_notes) for note in notes(found)]


def key_of_runs(n_seeds: int, method: str, findings: Findings) -> str:
    """The key of a study that takes one more run of a purchase, of which there are n_seeds."""
    if n_seeds:
        return "seeds"
    # Without any method that trains, all labels are for students behind an API.
    return "grid.shots" if findings.trained and method not in findings.trained else "grid.more_purchases"


def candidates(block: Block) -> Iterator[tuple[Surface, int, int]]:
    """Every purchase that was studied, once where all supervisors share it."""
    seen = set()
    for surface in block.surfaces:
        for i, j in np.argwhere(surface.studied).tolist():
            n_weak, n_gold = int(surface.weak[i]), int(surface.gold[j])
            key = (surface.supervisor if n_weak else "", surface.method, n_weak, n_gold)
            if n_weak + n_gold and key not in seen:
                seen.add(key)
                yield surface, n_weak, n_gold


def more_tests(known: Known, gain, times: pd.DataFrame, question: Question) -> list[Step]:
    """More test examples, of which none cost more than the budget. All runs are made again, models are not kept."""
    block, points = known.block, known.evidence.points
    runs = points[points.kind == PURCHASE]
    each = [hours_of(times, block.student, row.n_weak + row.n_gold) for row in runs.itertuples()]
    hours = None if None in each else float((np.array(each) * runs.n_seeds).sum() * block.n_tasks)
    key, steps = "test_size" if block.n_texts == block.n_test else "test_gold", []
    for factor in MORE_EXAMPLES:
        n_test = factor * block.n_test
        more = n_test - block.n_test
        said = {"n_test": n_test, "cost": more * question.gold_price, "key": key}
        steps.append(Step("test", gain(known.more_examples(factor)), hours, more, **said))
    most = question.budget or float("inf")
    return [step for step in sorted(steps, key=lambda step: -step.gain) if step.gain > LEAST_GAIN and step.cost <= most]


def first_rounds(
    changes: dict[Step, np.ndarray], arms: Arms, question: Question, block: Block, findings: Findings
) -> list[Step]:
    """Labels to buy first, as the runs on them would be: what is bought at the end holds them."""
    terms, options, steps = terms_of(block, question, findings), arms.options, []
    supervisors = np.array([surface.supervisor for surface in options.surfaces])[options.surface]
    for step, change in changes.items():
        cost = float(terms.to_pay(step.n_weak, step.n_gold, step.supervisor))
        if not 0 < cost <= FIRST_ROUND * float(terms.budget):
            continue
        among = (options.n_weak >= step.n_weak) & (options.n_gold >= step.n_gold)
        among &= (supervisors == step.supervisor) | (step.n_weak == 0)
        if among.any():
            paid = float(exact(cost) * exact(question.gold_price))
            steps.append(replace(step, kind="labels", gain=arms.gain(change, among), cost=paid))
    return steps


def told(steps: Sequence[Step]) -> list[Step]:
    """The first few steps that gain something, without those that are nearly the same as an earlier one."""
    kept: list[Step] = []
    for step in steps:
        near = [other for other in kept if (other.supervisor, other.method) == (step.supervisor, step.method)]
        apart = [
            max(abs(np.log((1 + a) / (1 + b))) for a, b in ((one.n_weak, step.n_weak), (one.n_gold, step.n_gold)))
            for one in near
        ]
        if step.gain > LEAST_GAIN and all(distance > np.log(ALIKE) for distance in apart):
            kept.append(step)
    return kept[:TOLD]
