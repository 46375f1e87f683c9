"""The posterior of a small finished study for the tests of the explorer, made up in a moment."""

import numpy as np
import pandas as pd

from elicitation.analysis.lattice import make_lattice
from elicitation.analysis.names import ASKING, COMMONER, LABELS, PURCHASE
from elicitation.analysis.posterior import Posterior
from elicitation.analysis.posterior_fitting import needed
from elicitation.seeds import stream

TITLES = {
    "plain": "Sequential SFT",
    "prompted": "+ 2-shot, gold",
    "joint": "Joint SFT",
    "drawn": "+ uncertainty sampling",
}
BUDGETS = [16, 64, 256, 1024]
STUDY = {
    "name": "made-up",
    "titles": TITLES,
    "prices": {"small": [0.5, 0.1, 0.01]},
    "weak_price": 0.1,
    "budgets": BUDGETS,
    "verdict": 0.9,
    "pool_sizes": {"topic": 12000, "verdict": 12000, "average": 12000},
    "measure": "accuracy",
    "precision": "Models computed in bfloat16.",
}
# Of each method: how much better it is, how many gold labels its weak ones are worth at most, and how many of them are
# worth half of that. The weak labels of the last one do harm in the end.
METHODS = {"plain": (0, 60, 400), "prompted": (0.01, 40, 60), "joint": (-0.03, 90, 900), "drawn": (0.02, 50, 200)}
HARMFUL, HARM = "drawn", 0.006
# What costs nothing, and the weak labels themselves.
ASKED, COMMON, WEAK = 0.66, 0.55, 0.74
# The test texts, and what share of them has a weak label.
TESTED = {"n_test": 1000, "n_texts": 1000, "coverage": 0.9, "paid": 1.0}
# How many directions the scores may be wrong in, and how far in each.
RANK, SPREAD = 6, 0.012
# How far the ends of intervals are from a score on a part of the test examples.
ENDS = {"": 0, "_low": -0.05, "_high": 0.05}


def purchases_of(weak_price=0.1, shares=(0, 0.5, 0.8, 1)):
    """(n, 2) of n_weak, n_gold: every budget at every share of gold labels."""
    pairs = [(int((b - int(s * b)) / weak_price + 1e-9), int(s * b)) for b in BUDGETS for s in shares]
    return np.array(list(dict.fromkeys(pairs)))


def score_at(method, n_weak, n_gold):
    """The expected scores of purchases (n,)."""
    better, cap, half = METHODS[method]
    amount = n_gold + cap * n_weak / (n_weak + half)
    harm = HARM * np.log1p(n_weak) if method == HARMFUL else 0
    return 0.93 + better - 0.4 * (1 + amount / 25) ** -0.5 - harm


def factors_at(method, task, n_weak, n_gold):
    """(n, RANK) factors that are smooth in the logarithms of the labels, with something of its own in each method."""
    rng = stream(0, "factors", task)
    u, v = np.log1p(n_weak), np.log1p(n_gold)
    turns = rng.uniform(0.1, 0.5, (RANK, 2))
    phases = rng.uniform(0, 6, RANK) + 0.4 * list(METHODS).index(method)
    return SPREAD * np.cos(np.outer(u, turns[:, 0]) + np.outer(v, turns[:, 1]) + phases)


def nodes_of(method, task, purchases):
    """The rows of one surface."""
    lattice = make_lattice(purchases)
    n_weak, n_gold = (grid[needed(lattice.studied)] for grid in np.meshgrid(lattice.weak, lattice.gold, indexing="ij"))
    ran = (np.stack([n_weak, n_gold], axis=1)[:, None] == purchases).all(axis=2).any(axis=1)
    score = score_at(method, n_weak, n_gold)
    off = 0.01 * stream(0, "measured", task, method).standard_normal(len(score))
    return pd.DataFrame(
        {"n_weak": n_weak, "n_gold": n_gold, "studied": lattice.studied[needed(lattice.studied)], "score": score}
        | {"measured": np.where(ran, score + off, np.nan), "n_seeds": np.where(ran, 4, np.nan)}
        | TESTED
        | {"factors": list(factors_at(method, task, n_weak, n_gold)), "method": method, "supervisor": "small"}
    ).assign(kind=PURCHASE)


def free_rows(asked):
    """The rows of what needs no label to train on."""
    rows = [(ASKING, "", asked, 0.01), (COMMONER, "", COMMON, 0.0), (LABELS, "small", WEAK, 0.008)]
    return pd.DataFrame(
        [
            {"kind": kind, "supervisor": supervisor, "score": score, "measured": score, "method": "", "n_weak": 0}
            | {"n_gold": 0, "n_seeds": 1, "studied": True, "factors": np.full(RANK, off)}
            | TESTED
            for kind, supervisor, score, off in rows
        ]
    )


def summary_of(posterior):
    """The columns of results/summary.parquet that the page reads: what was run, right on fewer texts where weak labels
    are wrong."""
    table = posterior.table[(posterior.table.kind == PURCHASE) & posterior.table.measured.notna()]
    shares = {"wrong": 0.6 * table.score, "right": np.minimum(1, 1.1 * table.score)}
    ends = {f"accuracy_{part}{end}": share + off for part, share in shares.items() for end, off in ENDS.items()}
    return table.assign(n_wrong=260, n_right=740, **ends)


def make_study(tasks=("average", "topic", "verdict"), titles=TITLES, purchases=None, asked=ASKED):
    """A posterior in which every method was run with the same purchases on every task."""
    purchases = purchases_of() if purchases is None else np.array(purchases)
    tables = []
    for shift, task in enumerate(tasks):
        rows = pd.concat([*(nodes_of(method, task, purchases) for method in titles), free_rows(asked)])
        rows["score"] += np.where(rows.kind == PURCHASE, 0.01 * shift, 0)
        tables.append(rows.assign(task=task, student="big", n_tasks=2 if task == "average" else 1))
    table = pd.concat(tables, ignore_index=True)
    # As the table is written.
    return Posterior(table.assign(factors=[factors.astype(np.float32) for factors in table.factors]))
