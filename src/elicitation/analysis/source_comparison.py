"""How sources of weak labels compare: how often they agree, how often they say nothing, and where they err most."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations

import pandas as pd

from elicitation.analysis.derived_labels import Sources, as_votes

# Of every source so many wrong labels are listed, those that it is surest of.
LISTED = 10
# What the other workers of a column are called together.
OTHERS = "all others"
AGREEMENT = ["n", "agreement", "kappa"]


def kappa(agreement: float, one: float, other: float) -> float | None:
    """How much of the agreement that chance leaves open is there; None if chance leaves none.

    one, other: shares of the votes for label 1. Source: Cohen (1960), Educational and Psychological Measurement 20(1).
    """
    chance = one * other + (1 - one) * (1 - other)
    return (agreement - chance) / (1 - chance) if chance < 1 else None


def compare_votes(one: pd.Series, other: pd.Series) -> dict:
    """On how many texts both vote (0, 1 or NaN), on what share of them alike, and kappa; without the latter if none."""
    both = one.notna() & other.notna()
    if not both.any():
        return {"n": 0}
    one, other = one[both], other[both]
    agreement = float((one == other).mean())
    return {"n": int(both.sum()), "agreement": agreement, "kappa": kappa(agreement, one.mean(), other.mean())}


def compare_columns(votes: pd.DataFrame) -> list[dict]:
    """A row for every source and every other one. votes: (examples, sources) of 0, 1 or NaN."""
    return [
        {"source": one, "other": other} | compare_votes(votes[one], votes[other])
        for one, other in permutations(votes, 2)
    ]


def compare_workers(votes: pd.DataFrame) -> list[dict]:
    """A row for every worker: how often single votes of others agree with theirs. votes: (examples, workers).

    n counts pairs of votes for the same text. There may be hundreds of workers, most of whom share no text.
    """
    ones, numbers = votes.sum(axis=1), votes.notna().sum(axis=1)
    rows = []
    for worker in votes:
        own = votes[worker].dropna()
        others = numbers[own.index] - 1
        others_for_one = ones[own.index] - own
        row, n = {"source": worker, "other": OTHERS}, int(others.sum())
        if n:
            same = own * others_for_one + (1 - own) * (others - others_for_one)
            agreement = float(same.sum() / n)
            by_chance = float((own * others).sum() / n), float(others_for_one.sum() / n)
            row |= {"agreement": agreement, "kappa": kappa(agreement, *by_chance)}
        rows.append(row | {"n": n})
    return rows


def share_silent(labels: pd.Series) -> float:
    """The share of labels that say nothing: there is none, or it is 0.5."""
    return float(as_votes(labels).isna().mean())


def surest_errors(gold: pd.Series, labels: pd.Series) -> pd.Series:
    """The labels (by example) that are most confident and wrong, the first ones among equals."""
    off = (labels - gold.reindex(labels.index)).abs()
    return labels[off[off > 0.5].nlargest(LISTED).index]


def compare_sources(sources: Sources, joined: pd.Series, how: str | None) -> tuple[dict, list[dict]]:
    """How a supervisor's sources compare, and the wrong labels that each of them is surest of, with their texts.

    joined: the supervisor's own labels, by example; how: they are joined, if there are several sources. The first has
    `abstentions`, a share for each row of `describe_sources` or `describe_workers`, and `agreement`.
    """
    votes = as_votes(sources.votes)
    if sources.column is None:
        labels = {name: sources.votes[name] for name in sources.votes}
        silent = [share_silent(own) for own in labels.values()]
        agreement = compare_columns(votes)
    else:
        labels, silent = {}, [share_silent(sources.votes.stack().dropna())]
        agreement = compare_workers(votes)
    kinds = dict.fromkeys(labels, "")
    if how:
        name = sources.column or " + ".join(sources.votes)
        labels[name], kinds[name] = joined, how
        silent.append(share_silent(joined))
    errors = []
    for name, own in labels.items():
        for example, label in surest_errors(sources.gold, own).items():
            row = {"column": name, "aggregate": kinds[name], "label": label, "gold": int(sources.gold[example])}
            errors.append(row | sources.texts.loc[example].to_dict())
    return {"abstentions": silent, "agreement": agreement}, errors


def tabulate_agreement(comparisons: Iterable[Mapping], labels: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """A row for every source and every other one of the same supervisor, then for all supervisors of the same task.

    comparisons: records of what `compare_sources` returns; labels: id and p_weak by (task, supervisor).
    """
    rows = [record["wildcards"] | row for record in comparisons for row in record["agreement"]]
    rows += compare_joined(labels)
    return pd.DataFrame(rows, columns=["task", "supervisor", "source", "other", *AGREEMENT])


def compare_joined(labels: Mapping[tuple[str, str], pd.DataFrame]) -> Iterator[dict]:
    """A row for every two supervisors of a task; the column `supervisor` is empty, since they are the sources."""
    votes: dict[str, dict[str, pd.Series]] = {}
    for (task, supervisor), table in labels.items():
        votes.setdefault(task, {})[supervisor] = as_votes(table.set_index("id").p_weak)
    for task, by_supervisor in votes.items():
        for row in compare_columns(pd.DataFrame(by_supervisor)):
            yield {"task": task, "supervisor": ""} | row
