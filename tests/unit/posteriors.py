"""Posteriors to ask questions of: some made up from given scores, some fitted to runs drawn from a known truth."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from elicitation.analysis.evidence import score_configuration
from elicitation.analysis.findings import Findings
from elicitation.analysis.lattice import make_lattice
from elicitation.analysis.names import ASKING, COMMONER, LABELS, PURCHASE
from elicitation.analysis.posterior import Posterior
from elicitation.analysis.posterior_fitting import fit_posterior

PURCHASES = [(40, 0), (20, 2), (0, 4), (160, 0), (80, 8), (0, 16), (640, 0), (320, 32), (0, 64)]
# Test examples of drawn studies.
N_TEST = 400


def rising(n_weak, n_gold):
    """A score that rises in both kinds of labels; mixing is best."""
    return 0.55 + 0.06 * np.log1p(n_gold) + 0.03 * np.log1p(n_weak)


def posterior_table(
    truth: Callable = rising,
    purchases: Sequence[tuple[int, int]] = PURCHASES,
    spread: float = 0.01,
    asking: float | None = 0.6,
    commoner: float = 0.5,
    labels: float = 0.6,
    n_seeds: int = 3,
    coverage: float = 1.0,
    paid: float = 1.0,
    n_texts: int = N_TEST,
    **names: str,
) -> pd.DataFrame:
    """A posterior whose means are the truth, each with an error of its own. names: task, supervisor, ... of others."""
    names = {"task": "t", "supervisor": "v", "student": "s", "method": "m"} | names
    lattice = make_lattice(np.array(purchases))
    n_weak, n_gold = (part.ravel() for part in np.meshgrid(lattice.weak, lattice.gold, indexing="ij"))
    run = np.array([pair in purchases for pair in zip(n_weak.tolist(), n_gold.tolist(), strict=True)])
    score = truth(n_weak.astype(float), n_gold.astype(float))
    nodes = pd.DataFrame({"kind": PURCHASE, "n_weak": n_weak, "n_gold": n_gold, "studied": lattice.studied.ravel()})
    nodes = nodes.assign(score=score, n_seeds=np.where(run, n_seeds, np.nan), measured=np.where(run, score, np.nan))
    free = {ASKING: ("", asking), COMMONER: ("", commoner), LABELS: (names["supervisor"], labels)}
    rows = [
        {"kind": kind, "supervisor": supervisor, "method": "", "n_weak": 0, "n_gold": 0, "studied": True}
        | {"score": value, "measured": value, "n_seeds": 1}
        for kind, (supervisor, value) in free.items()
        if value is not None
    ]
    bought = nodes.assign(supervisor=names["supervisor"], method=names["method"])
    table = pd.concat([bought, pd.DataFrame(rows)], ignore_index=True)
    table = table.assign(
        task=names["task"],
        student=names["student"],
        n_test=N_TEST,
        n_texts=n_texts,
        n_tasks=1,
        coverage=coverage,
        paid=paid,
    )
    return table.assign(factors=list(spread * np.eye(len(table), dtype=np.float32)))


def several(*parts: pd.DataFrame) -> pd.DataFrame:
    """Posteriors of several supervisors or methods on one task as one, with independent errors."""
    table = pd.concat(parts, ignore_index=True).drop_duplicates(
        ["task", "student", "kind", "supervisor", "method", "n_weak", "n_gold"], ignore_index=True
    )
    return table.assign(factors=list(table.factors.map(max).max() * np.eye(len(table), dtype=np.float32)))


def findings_on(table: pd.DataFrame, prices: dict[str, list[float]] | None = None, **more) -> Findings:
    """Findings as the commands read them."""
    titles = {"m": "Method M"}
    settings = {"prices": prices or {"v": [0.1]}, "titles": titles, "verdict": 0.9, "budgets": [4.0, 16.0, 64.0]}
    return Findings(Posterior(table), **settings | more)


def drawn_evidence(
    truth: Callable,
    purchases: Sequence[tuple[int, int]],
    seed: int,
    asking: float,
    commoner: float = 0.5,
    luck: float = 0.02,
    **names: str,
) -> pd.DataFrame:
    """Rows as in results/evidence.parquet, of three seeds a purchase."""
    rng, gold = np.random.default_rng(seed), (np.arange(N_TEST) < commoner * N_TEST).astype(int)
    difficulty = rng.standard_normal(N_TEST)

    def answers(score: float) -> np.ndarray:
        """(N_TEST,) log-odds that are right on about this share of the examples, the easiest ones mostly."""
        rank = (difficulty + 0.7 * rng.standard_normal(N_TEST)).argsort().argsort()
        return np.where((rank < score * N_TEST) == (gold == 1), 1.0, -1.0)

    rows = []
    for n_weak, n_gold in purchases:
        expected = float(truth(n_weak, n_gold))
        runs = np.array([answers(np.clip(expected + luck * rng.standard_normal(), 0, 1)) for _ in range(3)])
        kind = {"kind": PURCHASE, "n_weak": n_weak, "n_gold": n_gold}
        rows.append(kind | score_configuration("accuracy", runs, gold))
    free = {ASKING: answers(asking), COMMONER: np.ones(N_TEST), LABELS: answers(0.75)}
    for kind, said in free.items():
        row = {"kind": kind, "n_weak": 0, "n_gold": 0}
        rows.append(row | score_configuration("accuracy", said[None], gold))
    return pd.DataFrame(rows).assign(
        **{"task": "t", "supervisor": "v", "student": "s", "method": "m", "coverage": 1.0, "paid": 1.0} | names
    )


def fitted(evidence: pd.DataFrame, over: Sequence[str] = ()) -> pd.DataFrame:
    """The posterior of what was measured."""
    bought = evidence[evidence.kind == PURCHASE]
    groups = bought[["student", "task", "supervisor", "method"]].drop_duplicates()
    return fit_posterior(evidence, groups, over)
