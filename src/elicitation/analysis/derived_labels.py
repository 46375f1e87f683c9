"""Weak labels that are made from others: joined, dealt out to tiers of sources, or with errors at random places."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from elicitation.analysis.error_parts import parts_of
from elicitation.analysis.label_quality import describe_sources, describe_workers, quality_by_set
from elicitation.data.labels import column_of
from elicitation.data.own_labels import read_own_table
from elicitation.data.table_sets import by_voter, join_repeated
from elicitation.data.word_rules import contains_any
from elicitation.errors import InputError
from elicitation.seeds import derive_seed, stream

# The probability that votes for neither label.
UNDECIDED = 0.5


def shuffle_errors(gold: np.ndarray, p: np.ndarray, *names: str) -> np.ndarray:
    """Soft labels whose errors |p - gold| are those of p (n,), dealt to the examples at random.

    As many and as large errors, but no longer systematic: a control of Mallen & Belrose (2024), arXiv 2410.13215.
    names: of the random stream.
    """
    errors = stream(0, "shuffled errors", *names).permutation(np.abs(p - gold))
    return np.abs(gold - errors)


def long_votes(votes: pd.DataFrame) -> pd.DataFrame:
    """Votes (examples, annotators) of 0, 1 or NaN as crowd-kit reads them: a row each, with task, worker and label."""
    long = votes.stack().dropna().rename("label").astype(int).reset_index()
    return long.set_axis(["task", "worker", "label"], axis=1)


def dawid_skene(votes: pd.DataFrame) -> pd.Series:
    """Probability of label 1 by the model of Dawid & Skene (1979), Applied Statistics 28; NaN where nobody votes.

    votes: (examples, annotators) of 0, 1 or NaN. The model learns from the votes alone how often each annotator takes
    either label for the other.
    """
    from crowdkit.aggregation import DawidSkene

    p = DawidSkene().fit_predict_proba(long_votes(votes))
    # A label that nobody gives has no column.
    return p.reindex(columns=[0, 1], fill_value=0.0)[1].reindex(votes.index)


def mace(votes: pd.DataFrame) -> pd.Series:
    """Probability of label 1 by the model of Hovy et al. (2013), Learning Whom to Trust with MACE, NAACL; NaN where
    nobody votes.

    votes: (examples, annotators) of 0, 1 or NaN. The model learns from the votes alone how often each annotator knows
    the label, and which labels they give when they do not.
    """
    from crowdkit.aggregation import MACE

    # crowd-kit counts labels and workers in their order, but looks the counts up by the order in which they come. So
    # both come in order, first those who vote for label 0 at all.
    long = long_votes(votes)
    first = long.groupby("worker").label.transform("min")
    long = long.assign(first=first).sort_values(["first", "worker", "label"], kind="stable").drop(columns="first")
    long["worker"] = pd.factorize(long.worker)[0]
    # All of its restarts begin with the same numbers.
    p = MACE(n_restarts=1).fit_predict_proba(long)
    return p.reindex(columns=[0, 1], fill_value=0.0)[1].reindex(votes.index)


def as_votes(labels: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    """Probabilities or votes as votes for the likelier label, 0 or 1; NaN where there is none or it is 0.5."""
    return (labels > UNDECIDED).astype(float).where(labels.notna() & (labels != UNDECIDED))


def majority(votes: pd.DataFrame) -> pd.Series:
    """Of each example the label of most votes (examples, annotators): 0 or 1, or 0.5 where they are even."""
    return np.sign(votes.mean(axis=1) - 0.5) / 2 + 0.5


# How votes become one label, by the names that studies use.
JOINING = {"majority": majority, "dawid_skene": dawid_skene, "mace": mace}


def join_labels(labels: pd.DataFrame, how: str | None) -> pd.Series:
    """One probability of label 1 for each example from the labels of several sources; NaN where none has one.

    labels: (examples, sources), probabilities or votes, with gaps. how: `mean` of the probabilities; `majority` of the
    votes, 0.5 where they are even; or another of JOINING. None where there is one source. Probabilities vote for the
    likelier label.
    """
    if how in (None, "mean"):
        return labels.mean(axis=1)
    p = JOINING[how](as_votes(labels))
    return p.fillna(UNDECIDED).where(labels.notna().any(axis=1))


class Sources(NamedTuple):
    """What several sources say of the same examples."""

    texts: pd.DataFrame
    """The text of each example, and what its table calls it."""
    gold: pd.Series
    """By example; missing where it is not known."""
    votes: pd.DataFrame
    """(examples, sources), with gaps."""
    column: str | None = None
    """The one in which all sources stand, if they are workers of one table."""
    passed_over: dict = {}  # noqa: RUF012
    """What was dropped in reading them, and how files of their own go together with the table."""


class JoinedLabels(NamedTuple):
    """The weak labels of several sources, joined, and how good they are."""

    labels: pd.DataFrame
    """id and p_weak of every text of pool and test set."""
    quality: dict[str, dict]
    """By set, what `quality_by_set` says of them."""
    sources: list[dict]
    """How good each source is on all examples, as `describe_sources` returns it."""
    passed_over: dict = {}  # noqa: RUF012
    """As of Sources."""


def labels_in(sets: dict[str, pd.DataFrame], p: pd.Series) -> pd.DataFrame:
    """id and p_weak of every text of the sets; p: by example."""
    wanted = pd.concat(sets.values()).id
    return pd.DataFrame({"id": wanted, "p_weak": p[wanted].to_numpy()})


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
    p = join_labels(votes, aggregate)
    labels = labels_in(sets, p)
    if column is None:
        sources = describe_sources(gold, votes, p, aggregate)
    else:
        sources = describe_workers(gold, votes, p, column, aggregate)
    return JoinedLabels(labels, quality_by_set(labels, sets), sources)


def read_sources(task: Mapping, data_folder: str, columns: Sequence[Mapping]) -> Sources:
    """What columns of a task's table say of its texts.

    task: its settings; columns: theirs, as of elicitation.data.own_labels.read_own_table.
    """
    table = read_own_table(task, data_folder, columns)
    rows = join_repeated(table.rows)
    ids, names = [row.id for row in rows], [column["name"] for column in columns]
    texts = pd.DataFrame({"source_id": [row.source_id for row in rows], "text": [row.text for row in rows]}, ids)
    gold = pd.Series([row.gold for row in rows], ids, dtype=float)
    if column_of(columns[0]).has_voters:
        votes = pd.DataFrame([by_voter(row.votes[0]) for row in rows], ids, dtype=float)
        column = names[0]
    else:
        votes, column = pd.DataFrame([row.votes for row in rows], ids, names, dtype=float), None
    return Sources(texts, gold, votes, column, {"dropped": table.dropped, "files": table.files[0]})


def join_columns(
    task: Mapping, data_folder: str, columns: Sequence[Mapping], aggregate: str | None, sets: dict[str, pd.DataFrame]
) -> JoinedLabels:
    """Join columns of a task's table (as of read_sources) into one weak label for each text of the sets."""
    found = read_sources(task, data_folder, columns)
    joined = join_votes(found.votes, found.gold, aggregate, sets, found.column)
    if joined.labels.p_weak.nunique() == 1:
        names = " + ".join(column["name"] for column in columns)
        raise InputError(
            f"Task {task['name']!r}: {names} give every text the same label, "
            f"{joined.labels.p_weak.dropna().iloc[0]:g}, of which nothing can be learned; choose another "
            "`aggregate` or other columns."
        )
    return joined._replace(passed_over=found.passed_over)


def label_by_rule(
    rule: Mapping, texts: pd.Series, gold: pd.Series, sets: dict[str, pd.DataFrame], task: str, name: str
) -> JoinedLabels:
    """The labels of a supervisor called `name` that looks for the words of its rule, `contains`, in what it reads.

    texts, gold: by example; gold is missing where it is not known. Raises InputError if all labels are the same.
    """
    found = texts.map(lambda text: contains_any(text, rule["contains"])).astype(float)
    if found.nunique() == 1:
        says = "contain one" if found.iloc[0] else "contain none"
        raise InputError(
            f"Supervisor {name!r}, task {task!r}: all {len(found)} texts {says} of the words "
            f"{', '.join(rule['contains'])}, of which nothing can be learned; name other words in `rule.contains`."
        )
    return join_votes(found.to_frame(name), gold, None, sets)


def shuffled_labels(labels: pd.DataFrame, sets: dict[str, pd.DataFrame], task: str) -> pd.DataFrame:
    """id and p_weak of every set (id, gold) by its name, with the errors of the labels (id, p_weak) shuffled."""
    p = labels.set_index("id").p_weak
    return pd.concat(
        pd.DataFrame({"id": s.id, "p_weak": shuffle_errors(s.gold.to_numpy(), p[s.id].to_numpy(), task, part)})
        for part, s in sets.items()
    )


def draw_errors(gold: np.ndarray, p: np.ndarray, chances: np.ndarray, wrong: int, *names: str) -> np.ndarray:
    """Soft labels of which so many are wrong and all others right, each as sure as it is in p; all are (n,).

    The wrong ones are drawn one after another, with probabilities proportional to `chances`, of which at least `wrong`
    are not 0. A label of 0.5, or none, stays. names: of the random stream.
    """
    drawn = np.zeros(len(gold), dtype=bool)
    drawn[stream(0, "drawn errors", *names).choice(len(gold), wrong, replace=False, p=chances / chances.sum())] = True
    sure = np.maximum(p, 1 - p)
    return np.where((gold == 1) != drawn, sure, 1 - sure)


def wrong_ratings(votes: Mapping[str, Sequence[int]], gold: pd.Series) -> pd.Series:
    """By example, the share of its ratings that say the opposite of its gold label. votes: their signs, by example."""
    against = {example: -1 if label else 1 for example, label in gold.items()}
    return pd.Series({example: np.mean(np.equal(votes[example], sign)) for example, sign in against.items()})


def drawn_labels(
    labels: pd.DataFrame,
    sets: dict[str, pd.DataFrame],
    rate: float,
    task: str,
    name: str,
    chances: pd.Series | None = None,
) -> pd.DataFrame:
    """id and p_weak of every set (id, gold), of which a share `rate` is wrong, for a supervisor called `name`.

    The errors are drawn from those of the labels (id, p_weak), and all other labels are right, as sure as they were.
    With `chances`, of each example to be labelled wrongly, they are drawn by these, and the labels are 0 or 1.
    Raises InputError if there are too few errors to draw from.
    """
    found = []
    for part, s in sets.items():
        gold, p = s.gold.to_numpy(), labels.set_index("id").p_weak[s.id].to_numpy(dtype=float)
        weights = chances[s.id].to_numpy() if chances is not None else parts_of(gold, p)["wrong"].astype(float)
        n = len(p) - int(np.isnan(p).sum())
        wrong, most = round(rate * n), int((weights > 0).sum())
        if wrong > most:
            raise InputError(
                f"Supervisor {name!r}, task {task!r}: error_rate is {rate:g}, but the {part} set has errors to draw "
                f"from for {most} of {n} texts only; lower error_rate to {math.floor(1000 * most / n) / 1000:g}."
            )
        sure = p if chances is None else gold.astype(float)
        found.append(pd.DataFrame({"id": s.id, "p_weak": draw_errors(gold, sure, weights, wrong, task, part)}))
    return pd.concat(found)


def labels_of(files: Iterable[str]) -> pd.DataFrame:
    """The weak labels (examples, supervisors) in the files of several supervisors, which are called like these."""
    return pd.DataFrame({Path(file).stem: pd.read_parquet(file).set_index("id").p_weak for file in files})


def draw_tiers(ids: Iterable[str], shares: Mapping[str, float], name: str) -> np.ndarray:
    """(n,) the supervisor that labels each text (its id), drawn by their shares, which sum to 1.

    The draw depends on the text's id and on the `name` of the supervisor whose labels are composed, so it stays the
    same whatever else is in the pool or is bought.
    """
    # Sorted, so that it does not matter in which order a study names them.
    names = sorted(shares)
    uniform = [derive_seed(0, "tiers", name, text) / 2**63 for text in ids]
    return np.array(names)[np.searchsorted(np.cumsum([shares[tier] for tier in names])[:-1], uniform, side="right")]


def least_sure(p: pd.Series, share: float, name: str) -> pd.Series:
    """Whether a text (its id) is of the share of which labels p are least sure, those nearest to 1/2.

    Texts without a label go first, and are chosen even if they are more. Among texts of which labels are equally sure
    it is drawn, by the text's id and the `name` of the supervisor.
    """
    drawn = [derive_seed(0, "second look", name, text) for text in p.index]
    order = np.lexsort((drawn, (p - 0.5).abs().round(9).fillna(-1)))
    chosen = np.zeros(len(p), dtype=bool)
    chosen[order[: max(round(share * len(p)), int(p.isna().sum()))]] = True
    return pd.Series(chosen, p.index)


def second_look(first: pd.Series, second: pd.Series, unsure: pd.Series) -> pd.Series:
    """The first labels (by example), but of the texts that are `unsure` the second ones, where these say something."""
    says = as_votes(second).notna() | first.isna()
    return first.mask(unsure[first.index] & says, second)


def compose_labels(labels: pd.DataFrame, supervisor: Mapping, sets: dict[str, pd.DataFrame]) -> JoinedLabels:
    """The labels of a supervisor for every text of the sets (id, gold), composed from those of others.

    labels: (examples, supervisors), with gaps. supervisor: its settings. It joins the labels of all others, or takes
    that of one of them, drawn by `shares`; then a text with a gap has no label. Or in every set it takes that of
    `second`, if it says something, for the share of the texts of which `first` is least sure.
    """
    labels = labels.loc[pd.concat(sets.values()).id]
    whole = labels.notna().all(axis=1)
    if shares := supervisor.get("shares"):
        how, tiers = "shares", draw_tiers(labels.index, shares, supervisor["name"])
        p = labels.where(tiers[:, None] == labels.columns.to_numpy()).sum(axis=1).where(whole)
    elif first := supervisor.get("first"):
        how, asked = "second_look", (supervisor["second_share"], supervisor["name"])
        unsure = pd.concat(least_sure(labels.loc[s.id, first], *asked) for s in sets.values())
        p = second_look(labels[first], labels[supervisor["second"]], unsure)
    else:
        how = supervisor["aggregate"]
        p = join_labels(labels, how).where(whole)
    gold = pd.concat(sets.values()).set_index("id").gold
    composed = labels_in(sets, p)
    return JoinedLabels(composed, quality_by_set(composed, sets), describe_sources(gold, labels, p, how))
