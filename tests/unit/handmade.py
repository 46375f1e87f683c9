"""Posteriors written down by hand: independent scores at purchases, and what costs nothing."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from elicitation.analysis.names import ASKING, COMMONER, PURCHASE
from elicitation.analysis.posterior import Posterior

NAMES = {"student": "s", "task": "t", "supervisor": "v", "method": "m"}


def posterior_of(
    purchases: Sequence[tuple[int, int, float]],
    error: float = 0.001,
    asking: float | None = None,
    commoner: float = 0.5,
    n_seeds: int = 4,
    n_tasks: int = 1,
    **names: str,
) -> Posterior:
    """The posterior of one student, task, supervisor and method, which was run at these (n_weak, n_gold, score) alone.

    error: the standard deviation of every score; asking, commoner: scores of what costs nothing (None: not measured);
    names: others than NAMES.
    """
    rows = [{"kind": PURCHASE, "n_weak": w, "n_gold": g, "score": score} for w, g, score in purchases]
    free = {ASKING: asking, COMMONER: commoner}
    rows += [
        {"kind": kind, "n_weak": 0, "n_gold": 0, "score": score, "supervisor": "", "method": ""}
        for kind, score in free.items()
        if score is not None
    ]
    table = pd.DataFrame(rows)
    for name, value in (NAMES | names).items():
        table[name] = table[name].fillna(value) if name in table else value
    factors = list(error * np.eye(len(table), dtype=np.float32))
    counts = {"n_seeds": n_seeds, "n_test": 500, "n_texts": 500, "coverage": 1.0, "paid": 1.0, "n_tasks": n_tasks}
    return Posterior(table.assign(studied=True, measured=table.score, factors=factors, **counts))


def joined(*posteriors: Posterior) -> Posterior:
    """Several as one; those of the same student and task share what costs nothing with the first of them."""
    tables = []
    for posterior in posteriors:
        table = posterior.table
        for known in tables:
            same = (known.student.iloc[0], known.task.iloc[0]) == (table.student.iloc[0], table.task.iloc[0])
            table = table[table.kind == PURCHASE] if same else table
        tables.append(table)
    every = pd.concat(tables, ignore_index=True)
    longest = max(map(len, every.factors))
    return Posterior(every.assign(factors=[np.pad(row, (0, longest - len(row))) for row in every.factors]))
