"""What was measured: the score of every purchase that was run and of what costs nothing, and how uncertain it is."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from elicitation.analysis.intervals import wilson
from elicitation.analysis.measures import MEASURES, contributions, right_answers
from elicitation.analysis.names import ABSTAINED, ASKING, AVERAGE, COMMONER, FREE, LABELS, NOT_ASKED, PURCHASE
from elicitation.analysis.prediction_powered import powered_contributions
from elicitation.errors import InputError

# So many test texts with a gold label and a weak one are scored alone at least.
LEAST_ASKED = 20
# What tells the rows of one student on one task apart.
CONFIGURATION = ["kind", "supervisor", "method", "n_weak", "n_gold"]
# Of the test texts with label 1, and of those with 0, the share whose weak label says so.
FOUND = ["ones_found", "zeros_found"]
# The ends of a measured score's 95 % interval, where a better one is known than the normal one of its variance.
ENDS = ["low", "high"]
# What is known of weak labels: the shares of texts that have one, that cost one, and that they find.
SAID = ["coverage", "paid", *FOUND]


def score_configuration(measure: str, log_odds: np.ndarray, gold: np.ndarray, p_weak: np.ndarray | None = None) -> dict:
    """The row of one configuration. log_odds: (seeds, n) of its runs; gold: (n,) of 0/1.

    Where gold labels are missing (NaN), the measure is accuracy, and weak labels, p_weak (n,), take part in it: see
    elicitation.analysis.prediction_powered. `n_texts` counts the texts, and `n_test` those with a gold label.
    `examples` is what each test example contributes, on average over the seeds; `seed_variance` is what the draw of the
    seeds adds to the variance of the mean over them: their variance less the noise of single predictions, which the
    examples hold too (two-way analysis of variance without repetition). One seed has none.
    """
    known = ~np.isnan(gold)
    whole = known.all()
    each = contributions(measure, log_odds, gold) if whole else powered_contributions(log_odds, gold, p_weak)
    seeds, n = each.shape
    examples, by_seed = each.mean(axis=0), each.mean(axis=1)
    row = {"score": each.mean(), "n_seeds": seeds, "n_test": int(known.sum()), "n_texts": n}
    row |= {"examples": examples.astype(np.float32)}
    if seeds == 1:
        return row | {"seed_variance": np.nan}
    rest = each - examples - by_seed[:, None] + each.mean()
    noise = (rest**2).sum() / ((seeds - 1) * (n - 1)) / n
    return row | {"seed_variance": max(by_seed.var(ddof=1) - noise, 0.0) / seeds}


def score_labels(measure: str, gold: np.ndarray, p_weak: np.ndarray, gaps: str) -> dict:
    """The row of the weak labels p_weak (n,) as they are, as of score_configuration; missing where there is none.

    gaps: where their source ABSTAINED, nothing is said, which is right in half of the cases; where it was NOT_ASKED,
    only the texts that have a label count. InputError if these are too few.
    """
    given = ~np.isnan(p_weak)
    if gaps == ABSTAINED or given.all():
        said = np.nan_to_num(p_weak, nan=0.5) - 0.5
        row = score_configuration(measure, said[None], gold, p_weak)
        return row | found_by(said, gold) | ends_of(measure, said, gold)
    zeros, ones = int((gold[given] == 0).sum()), int((gold[given] == 1).sum())
    if zeros + ones < LEAST_ASKED or (measure != "accuracy" and not zeros * ones):
        raise InputError(
            f"Of the texts that have a weak label {zeros} have the gold label 0 and {ones} the label 1, too few "
            f"to score them alone by {MEASURES[measure]}; write `gaps: abstained` for the supervisor, or have more of "
            "them labelled."
        )
    row = score_configuration(measure, p_weak[None, given] - 0.5, gold[given], p_weak[given])
    row |= found_by(p_weak[given] - 0.5, gold[given]) | ends_of(measure, p_weak[given] - 0.5, gold[given])
    return spread(row, given) | {"n_test": int((~np.isnan(gold)).sum()), "n_texts": len(gold)}


def ends_of(measure: str, log_odds: np.ndarray, gold: np.ndarray) -> dict[str, float]:
    """The columns ENDS of answers (n,): of an accuracy Wilson's interval, as in results/label_quality.csv.

    Missing for other measures, and where some of the gold labels are.
    """
    if measure != "accuracy" or np.isnan(gold).any():
        return dict.fromkeys(ENDS, math.nan)
    right = right_answers(log_odds, gold)
    return dict(zip(ENDS, wilson(float(right.sum()), len(right), int((right == 0.5).sum())), strict=True))


def spread(row: dict, scored: np.ndarray) -> dict:
    """The row of a score on some texts, given by a mask (n,), with what each of all texts contributes to it.

    The mean is that of those on which it is scored, each of which moves it by so much more; the others do not move it.
    """
    examples = np.full(len(scored), row["score"], dtype=np.float32)
    examples[scored] += (row["examples"] - row["score"]) * (len(scored) / scored.sum())
    return row | {"examples": examples}


def found_by(log_odds: np.ndarray, gold: np.ndarray) -> dict[str, float]:
    """The columns FOUND of answers (n,) to texts whose gold labels (n,) are 0, 1 or missing."""
    right = right_answers(log_odds, gold)
    of_label = {name: right[gold == label] for name, label in zip(FOUND, (1, 0), strict=True)}
    return {name: float(found.mean()) if len(found) else math.nan for name, found in of_label.items()}


def evidence_rows(
    names: dict[str, str],
    test: pd.DataFrame,
    predictions: pd.DataFrame,
    measure: str,
    gaps: str = ABSTAINED,
    further: pd.DataFrame | None = None,
    tuned: bool = False,
) -> pd.DataFrame:
    """The rows of one task, supervisor, student and method (`names`), and of what costs nothing there.

    test: id, gold (missing where it is not known) and p_weak (missing where a source has no label); predictions: seed,
    n_weak, n_gold, id, log_odds; gaps: as of score_labels; further: as test, of texts on which students may be trained:
    they score what needs no student, beside the test texts; tuned: whether their gold labels may have chosen how weak
    labels are read, so that these are scored by the test texts alone. `coverage` is the share of the texts which score
    weak labels that have one; where the source ABSTAINED, one other than 0.5, which says nothing either. `paid` is the
    share that costs the price of a label: where the source ABSTAINED, also one of 0.5, but not a missing one; where it
    was NOT_ASKED, all would. The columns FOUND are of these labels.
    """
    every = test if further is None else pd.concat([test, further], ignore_index=True)
    gold, p_weak, rows = every.gold.to_numpy(), every.p_weak.to_numpy(dtype=float), []
    tested, n = np.arange(len(every)) < len(test), len(test)
    for (n_weak, n_gold), runs in predictions.groupby(["n_weak", "n_gold"]):
        log_odds = runs.pivot(index="seed", columns="id", values="log_odds")[test.id].to_numpy()
        kind = PURCHASE if n_weak + n_gold else ASKING
        row = {"kind": kind, "n_weak": n_weak, "n_gold": n_gold}
        rows.append(row | spread(score_configuration(measure, log_odds, gold[:n], p_weak[:n]), tested))
    commoner = np.full((1, len(gold)), 1.0 if np.nanmean(gold) >= 0.5 else -1.0)
    free = {COMMONER: score_configuration(measure, commoner, gold, p_weak)}
    scoring = tested if tuned else np.ones_like(tested)
    gold, p_weak = gold[scoring], p_weak[scoring]
    free[LABELS] = spread(score_labels(measure, gold, p_weak, gaps), scoring)
    rows += [{"kind": kind, "n_weak": 0, "n_gold": 0} | row for kind, row in free.items()]
    given = ~np.isnan(p_weak)
    says = given & ((gaps == NOT_ASKED) | (p_weak != 0.5))
    paid = 1.0 if gaps == NOT_ASKED else given.mean()
    return pd.DataFrame(rows).assign(coverage=says.mean(), paid=paid, **names)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The measured scores of one student on one task, or on average over tasks."""

    points: pd.DataFrame
    """A row a configuration: CONFIGURATION, score, n_seeds, n_test, n_texts, coverage, paid, FOUND, seed_variance,
    seed_freedom (its degrees of freedom) and n_tasks. Runs without weak labels, which supervisors share, stand once."""
    covariance: np.ndarray
    """(configurations, configurations) of the scores' errors from the draw of the test examples, which all share."""

    def on(self, rows: np.ndarray) -> "Evidence":
        """The evidence on some rows, given by a mask or by positions."""
        points = self.points.reset_index(drop=True)[rows] if rows.dtype == bool else self.points.iloc[rows]
        return Evidence(points.reset_index(drop=True), self.covariance[rows][:, rows])


def evidence_on(table: pd.DataFrame) -> Evidence:
    """The evidence in the rows of one student on one task of what `evidence_rows` returns for its methods."""
    shared = table.kind.isin([ASKING, COMMONER]) | ((table.kind == PURCHASE) & (table.n_weak == 0))
    table = table.assign(
        supervisor=table.supervisor.mask(shared, ""), method=table.method.mask(table.kind.isin(FREE), "")
    )
    table = table.drop_duplicates(CONFIGURATION, ignore_index=True)
    covariance = np.atleast_2d(np.cov(np.stack(table.examples))) / len(table.examples.iloc[0])
    # Asking, the commoner label and the weak labels themselves are the same whatever the seed.
    free = table.kind.isin(FREE)
    variance, freedom = table.seed_variance.mask(free, 0.0), (table.n_seeds - 1).mask(free, 1)
    points = table.drop(columns="examples").assign(seed_variance=variance, seed_freedom=freedom, n_tasks=1)
    # Older results do not say all of it.
    return Evidence(points.reindex(columns=points.columns.union([*SAID, *ENDS], sort=False)), covariance)


def average_evidence(parts: Sequence[Evidence], wanted: pd.DataFrame | None = None) -> Evidence | None:
    """The mean over tasks of the configurations that all of them have, or of those in `wanted` that any of them has.

    wanted: with the columns CONFIGURATION. Tasks have test examples and seeds of their own, so their errors are
    independent. None where there is no such configuration.
    """
    tables = [part.points.assign(position=np.arange(len(part.points))) for part in parts]
    every = pd.concat(tables, keys=range(len(parts)), names=["part", None]).reset_index(level="part")
    sizes = every.groupby(CONFIGURATION, sort=False).part.transform("size")
    every = every[sizes == len(parts)] if wanted is None else every.merge(wanted[CONFIGURATION])
    if every.empty:
        return None
    every = every.assign(row=every.groupby(CONFIGURATION, sort=False).ngroup())
    by_row = every.groupby("row")
    n_tasks = by_row.size().to_numpy()
    covariance = np.zeros((len(n_tasks), len(n_tasks)))
    for part, rows in every.groupby("part"):
        own = parts[part].covariance[np.ix_(rows.position, rows.position)]
        covariance[np.ix_(rows.row, rows.row)] += own / np.outer(n_tasks[rows.row], n_tasks[rows.row])
    points = (
        by_row[CONFIGURATION]
        .first()
        .assign(
            score=by_row.score.mean(),
            n_seeds=by_row.n_seeds.min(),
            n_test=by_row.n_test.sum(),
            n_texts=by_row.n_texts.sum(),
            **{name: by_row[name].mean() for name in SAID},
            # The ends of a mean are no means of ends.
            **dict.fromkeys(ENDS, np.nan),
            # Tasks with a single seed are taken to vary as the others do.
            seed_variance=by_row.seed_variance.mean() / n_tasks,
            seed_freedom=by_row.seed_freedom.sum(),
            n_tasks=n_tasks,
        )
    )
    return Evidence(points.reset_index(drop=True), covariance)


def evidence_by_task(table: pd.DataFrame, over: Sequence[str]) -> Iterator[tuple[str, str, Evidence]]:
    """Each student and task with its evidence; before a student's tasks their average over `over`, if several.

    table: all rows of results/evidence.parquet.
    """
    for student, rows in table.groupby("student", sort=False):
        tasks = {task: evidence_on(own) for task, own in rows.groupby("task", sort=False)}
        if len(over) > 1 and set(over) <= set(tasks) and (mean := average_evidence([tasks[task] for task in over])):
            yield student, AVERAGE, mean
        for task, evidence in tasks.items():
            yield student, task, evidence
