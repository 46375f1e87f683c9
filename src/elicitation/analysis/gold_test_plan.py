"""How many gold test labels an interval of a wished width takes, with weak labels on more texts and without them.

With n gold test labels among T test texts the variance of an accuracy a is a(1 - a)((1 - r²) / n + r² / T), where r is
the correlation of being right and agreeing with the weak label (elicitation.analysis.prediction_powered, by its best
weight). The cheapest n and T for a variance are those of double sampling (Neyman 1938, Contribution to the theory of
sampling human populations, Journal of the American Statistical Association 33).
"""

import math
from dataclasses import dataclass, replace

import pandas as pd

from elicitation.analysis.findings import Findings, Question, narrow, price_of
from elicitation.analysis.names import ABSTAINED, AVERAGE, LEAST_TEST_GOLD
from elicitation.analysis.posterior import Block, Z
from elicitation.analysis.ready_labels import ready_labels
from elicitation.analysis.recommended import Recommendation, WeakLabels
from elicitation.errors import InputError

# Weak labels that are cheaper, or free, are planned at this price, gold = 1, since texts are not without end.
LEAST_PRICE = 0.001


@dataclass(frozen=True)
class LabelPlan:
    """What an interval of a width takes, with the weak labels of one supervisor."""

    supervisor: str
    width: float
    accuracy: float
    """Of the supervisor's best purchase that was run, whose interval is planned."""
    gold_alone: int
    """Gold test labels where no weak ones take part."""
    gold: int
    """Gold test labels where weak ones do; as many as alone where that saves nothing."""
    texts: int
    """Test texts, all with a weak label."""
    saved: float
    """The share of the cost of gold labels alone that is saved."""
    held: int | None = None
    """Texts with a label of the supervisor or a gold one that the reader's table holds, to train on and to test; None
    where there is no such table."""


@dataclass(frozen=True)
class ReadyPlan:
    """What an interval of a width takes for weak labels that are to be used as they are."""

    supervisor: str
    width: float
    accuracy: float
    """Of the labels."""
    gold: int
    """Gold test labels for the width, by themselves."""
    gold_now: int
    """Those that score them now."""
    cost: float
    """Of those that it lacks, in the question's currency."""
    key: str
    """Of the study, which says how many there are; empty where the reader's table does, all of whose score them."""


def squared_correlation(accuracy: float, weak_accuracy: float, agreement: float) -> float:
    """r² of a student's being right and its agreeing with the weak label; 0 where one of both never changes.

    Both are right on a share (accuracy + weak_accuracy + agreement - 1) / 2 of the texts, since they agree where both
    are right and where both are wrong.
    """
    variances = accuracy * (1 - accuracy) * agreement * (1 - agreement)
    covariance = (accuracy + weak_accuracy + agreement - 1) / 2 - accuracy * agreement
    return min(covariance**2 / variances, 1.0) if variances > 0 else 0.0


def gold_for(width: float, variance: float) -> float:
    """How many gold test labels alone make a 95 % interval so wide. variance: of a text's being right."""
    return variance / (width / (2 * Z)) ** 2


def plan_labels(supervisor: str, width: float, accuracy: float, r2: float, price: float) -> LabelPlan:
    """The cheapest test labels for a 95 % interval of the width; price: of a weak label, gold = 1."""
    gold_alone = gold_for(width, accuracy * (1 - accuracy))
    price = max(price, LEAST_PRICE)
    root = math.sqrt(1 - r2) + math.sqrt(r2 * price)
    gold, texts = (math.ceil(gold_alone * root * share) for share in (math.sqrt(1 - r2), math.sqrt(r2 / price)))
    gold, gold_alone = max(gold, LEAST_TEST_GOLD), max(math.ceil(gold_alone), LEAST_TEST_GOLD)
    saved = 1 - (gold + price * texts) / gold_alone
    if texts <= gold or saved <= 0:
        gold, texts, saved = gold_alone, gold_alone, 0.0
    return LabelPlan(supervisor, width, accuracy, gold_alone, gold, texts, saved)


def check_width(findings: Findings, block: Block, width: float) -> None:
    """InputError if the width is 0, if the question leaves open the task, or if the study's measure is no accuracy."""
    if not width:
        raise InputError("--width 0 would take endless labels; name a width such as 5%.")
    if findings.measure != "accuracy":
        raise InputError(
            f"--width plans intervals of accuracies, but the study's measure is {findings.measure}. Write `inference: "
            "{measure: accuracy}` in the study and run it again, which trains nothing; then ask again."
        )
    if block.task == AVERAGE:
        raise InputError("--width plans the test set of one task; name it by --task.")


def variance_of(labels: WeakLabels) -> float:
    """The variance that one more gold test label lessens: that of a text's being right, by weak labels as they are."""
    right, coverage = labels.score.mean, labels.coverage
    if labels.gaps == ABSTAINED:
        # Texts without a weak label count as half right, all of them.
        return max(0.0, right * (1 - right) - (1 - coverage) / 4)
    # Texts without one do not count, so they need a gold label in vain.
    return right * (1 - right) / coverage


def plan_ready_tests(findings: Findings, answer: Recommendation, width: float) -> list[ReadyPlan]:
    """A plan for weak labels that an answer says to use as they are, in its order. width: a share of 1.

    Raises InputError as check_width does.
    """
    question = answer.question
    block = narrow(findings.posterior, question)
    check_width(findings, block, width)
    key, plans = "test_size" if block.n_texts == block.n_test else "test_gold", []
    for found in ready_labels(answer):
        gold = max(math.ceil(gold_for(width, variance_of(found.labels))), LEAST_TEST_GOLD)
        plan = ReadyPlan(
            supervisor=found.labels.supervisor,
            width=width,
            accuracy=found.labels.score.mean,
            gold=gold,
            gold_now=found.labels.n_test,
            cost=max(0, gold - found.labels.n_test) * question.gold_price,
            key="" if block.task in findings.held else key,
        )
        plans.append(plan)
    return plans


def plan_gold_tests(findings: Findings, metrics: pd.DataFrame, question: Question, width: float) -> list[LabelPlan]:
    """A plan for every supervisor that the question leaves open, the one that saves most first.

    metrics: results/metrics.parquet; width: a share of 1. Raises InputError as check_width does, or if the question
    names what is not there.
    """
    block, plans = narrow(findings.posterior, question), []
    check_width(findings, block, width)
    if "accuracy_classical" in metrics:
        # All three by gold labels alone, since r² compares them.
        metrics = metrics.assign(accuracy=metrics.accuracy_classical.fillna(metrics.accuracy))
    held = findings.held.get(block.task)
    metrics = metrics[(metrics.task == block.task) & (metrics.student == block.student)]
    for supervisor in dict.fromkeys(surface.supervisor for surface in block.surfaces):
        methods = [surface.method for surface in block.only(supervisor).surfaces]
        runs = metrics[(metrics.supervisor == supervisor) & metrics.method.isin(methods)]
        scores = runs.groupby(["method", "n_weak", "n_gold"])[["accuracy", "weak_accuracy", "weak_agreement"]].mean()
        best = scores.loc[scores.accuracy.idxmax()]
        price = float(price_of(supervisor, question, findings))
        plan = plan_labels(supervisor, width, best.accuracy, squared_correlation(*best), price)
        # What a model writes stands in no table, and any text can have it.
        in_table = held and supervisor in held.weak
        plans.append(replace(plan, held=held.supply(supervisor).examples + block.n_texts if in_table else None))
    return sorted(plans, key=lambda plan: -plan.saved)
