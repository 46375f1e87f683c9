"""What the explorer's page carries, as plain values for JSON."""

import base64
from collections.abc import Sequence

import numpy as np

from elicitation.analysis import evidence as evidence_module
from elicitation.analysis import frontier, production
from elicitation.analysis.evidence import Evidence
from elicitation.analysis.names import GROUP, REGIMES, SETTING, STRATEGIES, UNDETERMINED
from elicitation.analysis.production import FORMS, Fit
from elicitation.analysis.regimes import PURE
from elicitation.buying import prices

# The deviations may take so many bytes in the page; where they would take more, fewer replicates are carried.
DEVIATION_BYTES = 7_000_000
# The replicates of the production functions may take so many bytes in the page.
FIT_BYTES = 3_000_000
# Base64 takes so many characters for a byte.
BASE64 = 4 / 3
# One view of the page shows what shares these columns: in it the methods compete.
TOGETHER = [kind for kind in GROUP if kind != "method"]


def encode(values: np.ndarray, kind: str) -> str:
    """Numbers as little-endian floats (`f2` or `f4`) in base64."""
    return base64.b64encode(np.ascontiguousarray(values).astype(f"<{kind}").tobytes()).decode()


def carried(replicates: int, characters_each: float, limit: int) -> int:
    """How many of the replicates fit into the limit; at least one."""
    return max(1, min(replicates, int(limit / characters_each)))


def carried_deviations(evidence: Evidence) -> int:
    """How many replicates of all deviations the page carries."""
    return carried(evidence.replicates, 2 * BASE64 * len(evidence.points), DEVIATION_BYTES)


def describe_points(evidence: Evidence) -> dict:
    """Configurations as columns; `low` and `high` are the ends of the deviations' intervals, over all replicates."""
    points, (low, high) = evidence.points, evidence.interval()
    names = {"nWeak": "n_weak", "nGold": "n_gold", "nSeeds": "n_seeds", "nTasks": "n_tasks"}
    return {
        "method": points.method.tolist(),
        **{name: points[column].astype(int).tolist() for name, column in names.items()},
        "accuracy": points.accuracy.tolist(),
        "low": [round(value, 6) for value in low.tolist()],
        "high": [round(value, 6) for value in high.tolist()],
    }


def describe_asking(evidence: Evidence, replicates: int) -> dict | None:
    """What asking the student of these configurations without any label achieves, where that was measured.

    It is no purchase, so the page keeps it apart from them; every method and supervisor that has it has the same one.
    """
    asked = evidence.asked
    if asked.points.empty:
        return None
    point, (low, high) = asked.points.iloc[0], asked.interval()[:, 0]
    ends = {"low": float(low), "high": float(high), "nTest": int(point.n_test)}
    return {"accuracy": float(point.accuracy), **ends, "deviations": encode(asked.deviations[0, :replicates], "f2")}


def describe_groups(evidence: Evidence) -> list[dict]:
    """The configurations by TOGETHER, with the deviations of as many replicates as the page carries.

    Half-precision floats keep 11 bits: a deviation below 0.25 is off by less than 1e-4, a mean over replicates by far
    less.
    """
    n = carried_deviations(evidence)
    asked = {tuple(names.values()): describe_asking(alike, n) for names, alike in evidence.by(["task", "student"])}
    return [
        names
        | {
            "weakAccuracy": float(group.points.weak_accuracy.iloc[0]),
            "commonerAccuracy": float(group.points.commoner_accuracy.iloc[0]),
            "asked": asked[names["task"], names["student"]],
            "points": describe_points(group),
            "deviations": encode(group.deviations[:, :n], "f2"),
        }
        for names, group in evidence.bought.by(TOGETHER)
    ]


def describe_fits(fits: Sequence[Fit]) -> list[dict]:
    """The production functions, with as many replicates of their parameters as the page carries."""
    width = sum(4 * BASE64 * fit.replicates.shape[1] for fit in fits)
    return [
        {name: getattr(fit, name) for name in ("task", *SETTING, "form", "verdict", "reason", "error")}
        | {
            "modelError": fit.model_error,
            "parameters": list(fit.parameters.values()),
            "replicates": encode(fit.replicates[: carried(len(fit.replicates), width, FIT_BYTES)], "f4"),
            "purchases": fit.purchases.astype(int).tolist(),
            **{"weakPrice": fit.weak_price, "cheapest": fit.cheapest, "dearest": fit.dearest},
        }
        for fit in fits
    ]


def shared_constants() -> dict:
    """The constants by which the page computes what Python computes, by the names that they have there.

    Strategies and regimes are lists in the same order; PURE holds the positions of the pure strategies in it.
    """
    modules = {
        prices: ("BINARY_ERROR",),
        frontier: ("MIN_GAIN", "SAME_COST", "SHOWN_FROM"),
        evidence_module: ("TAIL_SHARE",),
        production: ("CHANCE", "FINE_STEPS", "GOOD_FIT", "MARGIN", "NEAR_BEST", "NUDGE", "STEPS", "Z"),
    }
    constants = {name: getattr(module, name) for module, names in modules.items() for name in names}
    pure = [STRATEGIES.index(strategy) for strategy in PURE]
    ways = {"STRATEGIES": list(STRATEGIES), "PURE": pure, "REGIMES": [REGIMES[strategy] for strategy in STRATEGIES]}
    return constants | ways | {"UNDETERMINED": UNDETERMINED}


def page_data(evidence: Evidence, fits: Sequence[Fit], study: dict) -> dict:
    """All that the page carries.

    study: name, titles (of methods), prices (of a weak label, by supervisor), weak_price (at which the page opens),
    budgets, verdict, pool_sizes (by task, the average among them) and precision (a sentence, or nothing).
    """
    return {
        "study": {
            "name": study["name"],
            "titles": study["titles"],
            "prices": study["prices"],
            "weakPrice": study["weak_price"],
            "budgets": sorted(study["budgets"]),
            "verdict": study["verdict"],
            "poolSizes": study["pool_sizes"],
            "precision": study["precision"],
            "forms": {name: form.title for name, form in FORMS.items()},
            "replicates": evidence.replicates,
            "carried": carried_deviations(evidence),
        },
        "constants": shared_constants(),
        "groups": describe_groups(evidence),
        "fits": describe_fits(fits),
    }
