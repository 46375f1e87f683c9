"""The posterior over scores, fitted to all that was measured: a table of means and factors of their covariance."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.linalg import block_diag
from scipy.ndimage import binary_dilation

from elicitation.analysis.evidence import CONFIGURATION, ENDS, SAID, Evidence, average_evidence, evidence_by_task
from elicitation.analysis.lattice import make_lattice
from elicitation.analysis.names import AVERAGE, PURCHASE
from elicitation.analysis.noise import noise_covariance
from elicitation.analysis.process import JITTER, Data, Places, fit_hyperparameters, mixture, posterior

# What the posterior keeps of a configuration that was run.
MEASURED = ["measured", "n_seeds", "n_test", "n_texts", *SAID, *ENDS]


def places_of(table: pd.DataFrame, others: np.ndarray | int, own: float, names: list[list[str]]) -> Places:
    """Where the rows' scores are. table: CONFIGURATION; names: all supervisors and all methods, in a fixed order."""
    n_weak, n_gold = table[["n_weak", "n_gold"]].to_numpy(dtype=float).T
    supervisors, methods = (
        table[kind].map({name: i for i, name in enumerate(known)}).to_numpy()
        for kind, known in zip(("supervisor", "method"), names, strict=True)
    )
    others = np.broadcast_to(others, n_weak.shape)
    return Places(np.log1p(n_weak), np.log1p(n_gold), supervisors, methods, others, own)


def data_of(evidence: Evidence, rest: Evidence | None, own: float, names: list[list[str]]) -> tuple[Data, float]:
    """The scores of one task and the means of those on others, less what purchases have on average, which comes second.

    rest: of purchases alone.
    """
    parts = [(evidence, 0)] + ([(rest, rest.points.n_tasks.to_numpy())] if rest else [])
    table = pd.concat([part.points for part, _ in parts], ignore_index=True)
    others = np.concatenate([np.broadcast_to(number, len(part.points)) for part, number in parts])
    noise = block_diag(*(noise_covariance(part) for part, _ in parts)) + JITTER * np.eye(len(table))
    # What costs nothing stands last.
    order = np.argsort(table.kind != PURCHASE, kind="stable")
    table, others, noise = table.loc[order], others[order], noise[np.ix_(order, order)]
    bought = table.kind == PURCHASE
    level = table.score.where(bought).groupby(others > 0).transform("mean").fillna(0).to_numpy()
    places = places_of(table[bought], others[bought], own, names)
    return Data(places, table.score.to_numpy() - level, noise), float(level[0])


def nodes_of(evidence: Evidence, groups: pd.DataFrame) -> pd.DataFrame:
    """Where the posterior is kept: every lattice of the groups (supervisor, method), and what costs nothing.

    `studied` says whether a node lies among purchases that were run; the columns MEASURED are of the
    configuration that was run there, if any was.
    """
    points = evidence.points.rename(columns={"score": "measured"})
    bought, tables = points[points.kind == PURCHASE], []
    for supervisor, method in groups.itertuples(index=False):
        runs = bought[bought.supervisor.isin([supervisor, ""]) & (bought.method == method)]
        if runs.empty:
            continue
        lattice = make_lattice(runs[["n_weak", "n_gold"]].to_numpy())
        n_weak, n_gold = np.meshgrid(lattice.weak, lattice.gold, indexing="ij")
        nodes = pd.DataFrame({"n_weak": n_weak.ravel(), "n_gold": n_gold.ravel(), "studied": lattice.studied.ravel()})
        nodes = nodes[needed(lattice.studied).ravel()]
        nodes = nodes.merge(runs[["n_weak", "n_gold", *MEASURED]], how="left", on=["n_weak", "n_gold"])
        tables.append(nodes.assign(kind=PURCHASE, supervisor=supervisor, method=method))
    free = points[points.kind != PURCHASE]
    tables.append(free[[*CONFIGURATION, *MEASURED]].assign(studied=True))
    return pd.concat(tables, ignore_index=True)


def needed(studied: np.ndarray) -> np.ndarray:
    """(W, G) the corners of all cells with a corner that was studied, so that scores can be interpolated there."""
    return binary_dilation(studied, np.ones((3, 3)))


def fit_posterior(table: pd.DataFrame, groups: pd.DataFrame, over: Sequence[str]) -> pd.DataFrame:
    """The posterior of every student on every task, and on average over the tasks `over` where these are several.

    table: all rows of results/evidence.parquet; groups: student, task, supervisor and method of what trains or prompts
    with labels. Returns a row a node: student, task, what `nodes_of` returns, n_tasks, score (the mean) and factors.
    The scores of a student and task have the covariance F Fᵀ, where F are their factors. Where gold labels may be wrong
    (`gold_shift` in the table), one factor is the same for all of them: it widens intervals, and no comparison.
    """
    names = [["", *table.supervisor.unique()], ["", *table.method.unique()]]
    found = []
    for student, task, evidence, rest, own in blocks(table, over):
        data, level = data_of(evidence, rest, own, names)
        found.append((student, task, evidence, own, data, level))
    # The average holds nothing that its tasks do not.
    likeliest = fit_hyperparameters([data for _, task, _, _, data, _ in found if task != AVERAGE])
    tables = []
    for student, task, evidence, own, data, level in found:
        rows = groups[(groups.student == student) & ((groups.task == task) | (task == AVERAGE))]
        nodes = nodes_of(evidence, rows[["supervisor", "method"]].drop_duplicates())
        places = places_of(nodes[nodes.kind == PURCHASE], 0, own, names)
        mean, factors = mixture([posterior(free, data, places) for free in likeliest])
        shift = shift_of(table, over if task == AVERAGE else [task])
        if shift:
            factors = np.column_stack([factors, np.full(len(factors), shift)])
        n_tasks = int(evidence.points.n_tasks.iloc[0])
        columns = {"student": student, "task": task, "n_tasks": n_tasks, "score": level + mean}
        tables.append(nodes.assign(**columns, factors=list(factors.astype(np.float32))))
    return pd.concat(tables, ignore_index=True)


def shift_of(table: pd.DataFrame, tasks: Sequence[str]) -> float:
    """By how much wrong gold labels may move all scores together, on average over the tasks; 0 if nothing says so."""
    if "gold_shift" not in table:
        return 0.0
    return float(table.groupby("task").gold_shift.first()[[*tasks]].mean())


def blocks(table: pd.DataFrame, over: Sequence[str]) -> Iterator[tuple[str, str, Evidence, Evidence | None, float]]:
    """student, task, its evidence, the mean of the evidence on the student's other tasks, and `own` of its places."""
    every = list(evidence_by_task(table, over))
    for student, task, evidence in every:
        if task == AVERAGE:
            yield student, task, evidence, None, 1 / len(over)
            continue
        bought = evidence.points[evidence.points.kind == PURCHASE]
        others = [part for name, other, part in every if name == student and other not in (task, AVERAGE)]
        yield student, task, evidence, average_evidence(others, bought) if others else None, 1.0
