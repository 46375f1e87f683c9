"""What the explorer's page carries, as plain values for JSON."""

import base64
from collections.abc import Sequence

import numpy as np
import pandas as pd

from elicitation.analysis.averages import buys_labels
from elicitation.analysis.names import GROUP, MODELS
from elicitation.analysis.production import FORMS, Fit
from elicitation.analysis.resampling import interval

# Most that all deviations may take in the page; beyond, fewer replicates are carried.
DEVIATION_BYTES = 7_000_000
# Most that the replicates of all production functions may take.
FIT_BYTES = 3_000_000
# Characters a byte.
BASE64 = 4 / 3
# What one view shows: the methods compete.
TOGETHER = [kind for kind in GROUP if kind != "method"]


def encode(values: np.ndarray, kind: str) -> str:
    """Numbers as little-endian floats (`f2` or `f4`) in base64."""
    return base64.b64encode(np.ascontiguousarray(values).astype(f"<{kind}").tobytes()).decode()


def carried(replicates: int, characters_each: float, limit: int) -> int:
    """How many of the replicates fit into the limit; at least one."""
    return max(1, min(replicates, int(limit / characters_each)))


def columns_of(points: pd.DataFrame, deviations: np.ndarray) -> dict:
    """Configurations as columns; `low` and `high` are the ends of the deviations' intervals, over all replicates."""
    low, high = interval(deviations)
    names = {"nWeak": "n_weak", "nGold": "n_gold", "nSeeds": "n_seeds", "nTasks": "n_tasks"}
    return {
        "method": points.method.tolist(),
        **{name: points[column].astype(int).tolist() for name, column in names.items()},
        "accuracy": points.accuracy.tolist(),
        "low": [round(value, 6) for value in low.tolist()],
        "high": [round(value, 6) for value in high.tolist()],
    }


def asked_of(points: pd.DataFrame, deviations: np.ndarray, replicates: int) -> dict | None:
    """What asking the student of these configurations without any label achieves, where that was measured.

    It is no purchase, so the page keeps it apart from them; every method and supervisor that has it has the same one.
    """
    asked = points[~buys_labels(points)]
    if asked.empty:
        return None
    own = deviations[asked.index[0]]
    low, high = interval(own)
    ends = {"low": float(low), "high": float(high), "nTest": int(asked.n_test.iloc[0])}
    return {"accuracy": float(asked.accuracy.iloc[0]), **ends, "deviations": encode(own[:replicates], "f2")}


def groups_of(points: pd.DataFrame, deviations: np.ndarray) -> list[dict]:
    """The configurations by TOGETHER, with the deviations of as many replicates as the page carries.

    points, deviations: as analysis.resampling.read_resamples returns them. Half-precision floats keep 11 bits: a
    deviation below 0.25 is off by less than 1e-4, a mean over replicates by far less.
    """
    n = carried(deviations.shape[1], 2 * BASE64 * len(points), DEVIATION_BYTES)
    alike = points.groupby(["task", "student"], sort=False)
    asked = {key: asked_of(group, deviations, n) for key, group in alike}
    return [
        dict(zip(TOGETHER, key, strict=True))
        | {
            "weakAccuracy": float(group.weak_accuracy.iloc[0]),
            "commonerAccuracy": float(group.commoner_accuracy.iloc[0]),
            "asked": asked[group.task.iloc[0], group.student.iloc[0]],
            "points": columns_of(group, deviations[group.index]),
            "deviations": encode(deviations[group.index, :n], "f2"),
        }
        for key, group in points[buys_labels(points)].groupby(TOGETHER, sort=False)
    ]


def describe_fits(fits: Sequence[Fit]) -> list[dict]:
    """The production functions, with as many replicates of their parameters as the page carries."""
    width = sum(4 * BASE64 * fit.replicates.shape[1] for fit in fits)
    return [
        {name: getattr(fit, name) for name in ("task", *MODELS, "form", "verdict", "reason", "error")}
        | {
            "modelError": fit.model_error,
            "parameters": list(fit.parameters.values()),
            "replicates": encode(fit.replicates[: carried(len(fit.replicates), width, FIT_BYTES)], "f4"),
            "purchases": fit.purchases.astype(int).tolist(),
            **{"weakPrice": fit.weak_price, "cheapest": fit.cheapest, "dearest": fit.dearest},
        }
        for fit in fits
    ]


def page_data(points: pd.DataFrame, deviations: np.ndarray, fits: Sequence[Fit], study: dict) -> dict:
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
            "replicates": deviations.shape[1],
            "carried": carried(deviations.shape[1], 2 * BASE64 * len(points), DEVIATION_BYTES),
        },
        "groups": groups_of(points, deviations),
        "fits": describe_fits(fits),
    }
