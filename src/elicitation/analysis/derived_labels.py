"""Weak labels that are made from others: several sources joined into one, errors dealt out at random."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from elicitation.analysis.label_quality import describe_sources, describe_workers, quality_by_set
from elicitation.data.labels import column_of
from elicitation.data.own_labels import read_own_table
from elicitation.data.table_sets import by_voter, join_repeated
from elicitation.errors import InputError
from elicitation.seeds import stream

# The probability that votes for neither label.
UNDECIDED = 0.5


def shuffle_errors(gold: np.ndarray, p: np.ndarray, *names: str) -> np.ndarray:
    """Soft labels whose errors |p - gold| are those of p (n,), dealt to the examples at random.

    As many and as large errors, but no longer systematic: a control of Mallen & Belrose (2024), arXiv 2410.13215.
    names: of the random stream.
    """
    errors = stream(0, "shuffled errors", *names).permutation(np.abs(p - gold))
    return np.abs(gold - errors)


def dawid_skene(votes: pd.DataFrame) -> pd.Series:
    """Probability of label 1 by the model of Dawid & Skene (1979), Applied Statistics 28; NaN where nobody votes.

    votes: (examples, annotators) of 0, 1 or NaN. The model learns from the votes alone how often each annotator takes
    either label for the other.
    """
    from crowdkit.aggregation import DawidSkene

    long = votes.stack().dropna().rename("label").astype(int).reset_index()
    p = DawidSkene().fit_predict_proba(long.set_axis(["task", "worker", "label"], axis=1))
    # A label that nobody gives has no column.
    return p.reindex(columns=[0, 1], fill_value=0.0)[1].reindex(votes.index)


def majority(votes: pd.DataFrame) -> pd.Series:
    """Of each example the label of most votes (examples, annotators): 0 or 1, or 0.5 where they are even."""
    return np.sign(votes.mean(axis=1) - 0.5) / 2 + 0.5


def join_labels(labels: pd.DataFrame, how: str | None) -> pd.Series:
    """One probability of label 1 for each example from the labels of several sources; NaN where none has one.

    labels: (examples, sources), probabilities or votes, with gaps. how: `mean` of the probabilities; `majority` of the
    votes, 0.5 where they are even; `dawid_skene`. None where there is one source. Probabilities vote for the likelier
    label.
    """
    if how in (None, "mean"):
        return labels.mean(axis=1)
    votes = (labels > UNDECIDED).astype(float).where(labels.notna() & (labels != UNDECIDED))
    p = {"dawid_skene": dawid_skene, "majority": majority}[how](votes)
    return p.fillna(UNDECIDED).where(labels.notna().any(axis=1))


class JoinedLabels(NamedTuple):
    """The weak labels of several sources, joined, and how good they are."""

    labels: pd.DataFrame
    """id and p_weak of every text of pool and test set."""
    quality: dict[str, dict]
    """By set, what `quality_by_set` says of them."""
    sources: list[dict]
    """How good each source is on all examples, as `describe_sources` returns it."""
    table: dict = {}  # noqa: RUF012
    """What was passed over in reading them, and how files of their own go together with the table."""


def join_votes(
    votes: pd.DataFrame,
    gold: pd.Series,
    aggregate: str | None,
    sets: dict[str, pd.DataFrame],
    column: str | None = None,
) -> JoinedLabels:
    """Join the votes of several sources (examples, sources) into one weak label for each text of the sets (id, gold).

    gold: by example, missing where it is not known; aggregate: as `how` of `join_labels`. All examples have a part in
    joining, bought or not: the votes are there, and no gold label is used. column: the one in which all sources stand,
    if they are workers of one table.
    """
    p, wanted = join_labels(votes, aggregate), pd.concat(sets.values()).id
    labels = pd.DataFrame({"id": wanted, "p_weak": p[wanted].to_numpy()})
    if column is None:
        sources = describe_sources(gold, votes, p, aggregate)
    else:
        sources = describe_workers(gold, votes, p, column, aggregate)
    return JoinedLabels(labels, quality_by_set(labels, sets), sources)


def join_columns(
    task: Mapping, data_folder: str, columns: Sequence[Mapping], aggregate: str | None, sets: dict[str, pd.DataFrame]
) -> JoinedLabels:
    """Join columns of a task's table into one weak label for each text of the sets.

    task: its settings; columns: theirs, as of elicitation.data.own_labels.read_own_table.
    """
    table = read_own_table(task, data_folder, columns)
    rows = join_repeated(table.rows)
    ids, names = [row.id for row in rows], [column["name"] for column in columns]
    gold = pd.Series([row.gold for row in rows], ids, dtype=float)
    if column_of(columns[0]).has_voters:
        votes = pd.DataFrame([by_voter(row.votes[0]) for row in rows], ids, dtype=float)
        joined = join_votes(votes, gold, aggregate, sets, column=names[0])
    else:
        votes = pd.DataFrame([row.votes for row in rows], ids, names, dtype=float)
        joined = join_votes(votes, gold, aggregate, sets)
    if joined.labels.p_weak.nunique() == 1:
        raise InputError(
            f"Task {task['name']!r}: {' + '.join(names)} give every text the same label, "
            f"{joined.labels.p_weak.dropna().iloc[0]:g}, of which nothing can be learned; choose another "
            "`aggregate` or other columns."
        )
    return joined._replace(table={"dropped": table.dropped, "files": table.files[0]})


def shuffled_labels(labels: pd.DataFrame, sets: dict[str, pd.DataFrame], task: str) -> pd.DataFrame:
    """id and p_weak of every set (id, gold) by its name, with the errors of the labels (id, p_weak) shuffled."""
    p = labels.set_index("id").p_weak
    return pd.concat(
        pd.DataFrame({"id": s.id, "p_weak": shuffle_errors(s.gold.to_numpy(), p[s.id].to_numpy(), task, part)})
        for part, s in sets.items()
    )
