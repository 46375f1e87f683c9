"""What the explorer's page carries, as plain values for JSON."""

import base64
from dataclasses import dataclass

import numpy as np
import pandas as pd

from elicitation.analysis import (
    captions,
    choices,
    frontier,
    gold_for_some,
    posterior,
    questions,
    ready_labels,
    ready_labels_text,
)
from elicitation.analysis.chance import shows_nothing
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.names import (
    DEMONSTRATION,
    LABELS,
    NOTHING_BOUGHT,
    PLAIN,
    REGIMES,
    STRATEGIES,
    UNDETERMINED,
)
from elicitation.analysis.posterior import Block, Free, Posterior, Scores, Surface, standard_draws
from elicitation.buying.amounts import Money

# The factors of all scores may take so many characters in the page; where they would take more, they are carried as
# whole numbers of two bytes.
FACTOR_CHARACTERS = 12_000_000
# Base64 takes so many characters for a byte.
BASE64 = 4 / 3
# The largest whole number of two bytes.
MOST_SHORT = 32767


def encode(values: np.ndarray, kind: str) -> str:
    """Numbers as little-endian `f4` or `i2` in base64."""
    return base64.b64encode(np.ascontiguousarray(values).astype(f"<{kind}").tobytes()).decode()


@dataclass(frozen=True)
class FactorCode:
    """How the page carries factors: as floats, or in units of `unit` as whole numbers of two bytes."""

    kind: str
    unit: float

    def encode(self, factors: np.ndarray) -> str:
        return encode(factors if self.kind == "f4" else np.round(factors / self.unit), self.kind)


def factor_code(blocks: list[Block]) -> FactorCode:
    """Floats, unless these take more than FACTOR_CHARACTERS."""
    every = [scores.factors for block in blocks for scores in all_scores(block)]
    if 4 * BASE64 * sum(factors.size for factors in every) <= FACTOR_CHARACTERS:
        return FactorCode("f4", 1.0)
    return FactorCode("i2", max(float(np.abs(factors).max(initial=0)) for factors in every) / MOST_SHORT)


def kept(surface: Surface) -> np.ndarray:
    """(n,) positions of the crossings that have a score, counted along the gold labels first."""
    return np.flatnonzero(~np.isnan(surface.mean))


def scores_of(surface: Surface) -> Scores:
    """The scores at the crossings that have one."""
    at = kept(surface)
    return Scores(surface.mean.ravel()[at], surface.factors.reshape(surface.mean.size, -1)[at])


def all_scores(block: Block) -> list[Scores]:
    """The scores of all surfaces of a block and of what costs nothing."""
    return [*map(scores_of, block.surfaces), *(free.scores for free in block.free)]


def describe_surface(surface: Surface, code: FactorCode) -> dict:
    """The crossings that have a score, as columns; `at` says where they are."""
    at, scores = kept(surface), scores_of(surface)
    measured = surface.measured.ravel()[at]
    return {
        **{"supervisor": surface.supervisor, "method": surface.method},
        **{"weak": surface.weak.tolist(), "gold": surface.gold.tolist(), "at": at.tolist()},
        "mean": scores.mean.tolist(),
        "factors": code.encode(scores.factors),
        "studied": surface.studied.ravel()[at].astype(int).tolist(),
        "nSeeds": surface.n_seeds.ravel()[at].tolist(),
        "measured": [None if np.isnan(value) else value for value in measured.tolist()],
    }


def describe_free(free: Free, code: FactorCode) -> dict:
    """What needs no label to train on."""
    names = {"kind": free.kind, "supervisor": free.supervisor, "nTest": free.n_test}
    # Ends that are known better than by the factors.
    own = free.scores.ends is not None and not np.isnan(free.scores.ends).any()
    names |= {"coverage": free.coverage, "paid": free.paid, "ends": free.scores.ends[0].tolist() if own else None}
    return names | {"mean": float(free.scores.mean[0]), "factors": code.encode(free.scores.factors)}


def describe_block(block: Block, code: FactorCode) -> dict:
    """The posterior of one student on one task."""
    return {
        **{"task": block.task, "student": block.student, "nTasks": block.n_tasks, "nTest": block.n_test},
        "learnsNothing": shows_nothing(block),
        "rank": block.free[0].scores.factors.shape[1],
        "free": [describe_free(free, code) for free in block.free],
        "surfaces": [describe_surface(surface, code) for surface in block.surfaces],
    }


def shared_constants() -> dict:
    """The constants by which the page computes what Python computes, by the names that they have there.

    STRATEGIES, REGIMES and PLAIN are lists in the same order.
    """
    of_choices = ("MIN_GAIN", "SAME_SCORE", "CLEARLY_CHEAPER", "NEARLY")
    modules = {choices: of_choices, frontier: ("SAME_COST",), posterior: ("DRAWS", "Z")}
    modules |= {ready_labels: ("MANY_TEXTS",), ready_labels_text: ("LEAST_SURE",), captions: ("AS_MEASURED",)}
    modules |= {gold_for_some: ("AT_RANDOM",)}
    constants = {name: getattr(module, name) for module, names in modules.items() for name in names}
    ways = {
        name: [words[strategy] for strategy in STRATEGIES] for name, words in (("REGIMES", REGIMES), ("PLAIN", PLAIN))
    }
    names = {"UNDETERMINED": UNDETERMINED, "NOTHING_BOUGHT": NOTHING_BOUGHT, "LABELS": LABELS}
    # 400 for 1/400.
    precision = {"PRECISION": questions.PRECISION.denominator}
    return constants | ways | names | precision | {"STRATEGIES": list(STRATEGIES)}


def describe_part(row: dict, part: str) -> dict | None:
    """The accuracy on one part of the test examples with the ends of its interval; None where it holds none."""
    ends = {name: row[f"accuracy_{part}{end}"] for name, end in (("mean", ""), ("low", "_low"), ("high", "_high"))}
    return None if np.isnan(ends["mean"]) else ends


def describe_parts(summary: pd.DataFrame) -> list[dict]:
    """Of every configuration how right it is where the weak label is wrong, and where it is right.

    summary: results/summary.parquet, with the scores of elicitation.analysis.error_parts.
    """
    names = ("task", "supervisor", "student", "method")
    counts = {"nWeak": "n_weak", "nGold": "n_gold", "nSeeds": "n_seeds", "nWrong": "n_wrong", "nRight": "n_right"}
    return [
        {name: row[name] for name in names}
        | {name: round(row[column]) for name, column in counts.items()}
        | {part: describe_part(row, part) for part in ("wrong", "right")}
        for row in summary.to_dict("records")
    ]


def page_data(posterior: Posterior, summary: pd.DataFrame, study: dict) -> dict:
    """All that the page carries. summary: results/summary.parquet.

    study: name, titles (of methods), prices (of a weak label, by supervisor), weak_price (at which the page opens),
    budgets, verdict, pool_sizes (by task, the average among them), measure (a key of MEASURES) and precision (a
    sentence, or nothing); money, where its amounts are in a currency; invented, where its data are; not_asked, the
    supervisors that were not asked for the labels that texts lack, where there are any; texts_to_label and budget,
    where it says them; parts, of supervisors whose labels are composed, as of Findings.
    """
    blocks, money = posterior.blocks, Money(**study.get("money", {}))
    code = factor_code(blocks)
    described = [describe_block(block, code) for block in blocks]
    return {
        "study": {
            "name": study["name"],
            "titles": study["titles"],
            "prices": study["prices"],
            "weakPrice": study["weak_price"],
            "currency": money.currency,
            "goldPrice": money.gold_price,
            "budgets": sorted(study["budgets"]),
            "verdict": study["verdict"],
            "poolSizes": study["pool_sizes"],
            "measure": {"key": study["measure"], "title": MEASURES[study["measure"]]},
            "precision": study["precision"],
            "notAsked": study.get("not_asked", []),
            "parts": study.get("parts", {}),
            "textsToLabel": study.get("texts_to_label"),
            "ownBudget": study.get("budget"),
            "warning": DEMONSTRATION if study.get("invented") else "",
        },
        "constants": shared_constants(),
        "factors": {"kind": code.kind, "unit": code.unit},
        "draws": encode(standard_draws(max(block["rank"] for block in described)), "f4"),
        "blocks": described,
        "parts": describe_parts(summary),
    }
