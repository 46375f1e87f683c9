"""The sources of weak labels in a table of one's own, as its first study has them (elicitation.study.first_study)."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Collection, Container, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from elicitation.analysis.derived_labels import as_votes, join_labels, least_sure, read_sources, second_look
from elicitation.analysis.measures import agreement
from elicitation.analysis.source_comparison import share_silent
from elicitation.analysis.thresholds import Threshold, choose_threshold
from elicitation.data.own_labels import stretch, table_columns
from elicitation.data.table_survey import Votes
from elicitation.errors import InputError, nearest
from elicitation.study.supervisors import Columns, is_pattern
from elicitation.study.warnings import clearly_more

if TYPE_CHECKING:
    from elicitation.study.first_study import Wanted


# What a source is not to be called.
STUDENT = "student"
# The share of the texts that have a second look where `init` proposes it for what a source is unsure of.
SECOND_SHARE = 0.2
# A source that says nothing of so many texts is told who could; and by how much that must better its labels.
LEAST_SILENT, WORTH_IT = 0.02, 0.02


class Joined(NamedTuple):
    """How good the labels of a source are that joins several votes, one for each text."""

    right: float
    """How many are right."""
    known: int
    """Of how many the gold label is known."""
    coverage: float
    """The share of the texts that have one which is not undecided."""


def slug(name: str, taken: Container[str] = ()) -> str:
    """A name that an entry of a study may have, made of a column's or a file's, and none of those taken.

    It is not STUDENT, which in answers is the model that learns.
    """
    plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:60] or "own"
    plain = f"{plain}-labels" if plain == STUDENT else plain
    return next(each for each in (plain, *(f"{plain}-{n}" for n in range(2, 1000))) if each not in taken)


def refuse_commas(names: Iterable[str], prices: Mapping[str, float], columns: Container[str], where: str) -> None:
    """InputError if commas stand between several weak columns, which become one name that no column has."""
    for name in names:
        if "," in name and name not in columns:
            parts = [part.strip() for part in name.split(",")]
            apart = [part if "=" in part else f"{part}={prices[name]:g}" for part in parts if part]
            raise InputError(
                f"{where}: no column is called {name!r}; write several with spaces between them, each with the price "
                f"of a label, as in --weak {shlex.join(apart)}"
            )


def find_sources(wanted: Wanted, task: dict) -> dict[str, dict]:
    """The supervisors, one for each column or pattern; several columns are joined by their mean.

    Ways of joining that learn how often each annotator errs win little and lose much where votes are few
    (docs/explanation/methods.md#joining-votes).
    """
    columns, sources = table_columns(task, wanted.folder), {}
    for name, price in wanted.weak.items():
        priced = {"price": price, "confidence": wanted.confidence[name]} if name in wanted.confidence else price
        source = {"columns": {name: priced}} | ({"worker": wanted.worker} if wanted.worker else {})
        key = slug(name, sources)
        if is_pattern(name):
            probe = Columns.model_construct(name=key, columns={name: price})
            eligible = [column for column in columns if column != wanted.worker]
            require_fitting(name, eligible, str(wanted.path))
            found = probe.found_in(eligible, task["name"])
            source = {"columns": found} if len(found) == 1 else source
        elif name not in columns:
            kind = {wanted.gold: "gold labels", wanted.id: "ids"}.get(name, "texts")
            raise InputError(f"{wanted.path}: {name!r} is the column of the {kind}; name one of weak labels by --weak.")
        if wanted.worker or is_pattern(*source["columns"]):
            source["aggregate"] = "mean"
        source |= {"others": "drop"} if wanted.drops else {}
        sources[key] = source | ({"gaps": wanted.gaps[name]} if name in wanted.gaps else {})
    return sources


def price_of_label(source: Mapping) -> float:
    """What a label, or a vote, of a source costs; all of its columns have one price."""
    entry = next(iter(source["columns"].values()))
    return entry["price"] if isinstance(entry, Mapping) else entry


def votes_each(columns: Mapping[str, Votes]) -> float:
    """How many votes a text has, of those that have any of a source; its columns."""
    return sum(votes.share for votes in columns.values())


def require_fitting(pattern: str, columns: Collection[str], where: str) -> None:
    """InputError unless a column fits the pattern; it names the nearest column, or pattern of numbered ones."""
    if not any(fnmatchcase(column, pattern) for column in columns):
        patterns = {re.sub(r"\d+", "*", column) for column in columns}
        near = nearest(pattern, sorted({*columns, *patterns}))
        raise InputError(f"{where}: no column of weak labels fits {pattern!r} of --weak{near}")


class Said(NamedTuple):
    """What a source says of the texts of a table; a row each, by the text's id."""

    p: pd.Series
    """The probability of label 1, of several votes joined; missing where it says nothing."""
    gold: pd.Series
    """The gold label; missing where it is not known."""
    n_dropped: int
    """Its answers that are no label and were dropped."""


def labels_of_sources(task: dict, sources: Mapping[str, dict], folder: str) -> dict[str, Said]:
    """What each source says, by its name."""
    columns, found = table_columns(task, folder), {}
    for name, source in sources.items():
        settings = Columns.model_validate({"name": name} | source).settings_of(columns, task["name"])
        said = read_sources(task, folder, settings)
        dropped = sum(said.passed_over["dropped"].get(column["name"], 0) for column in settings)
        found[name] = Said(join_labels(said.votes, source.get("aggregate")), said.gold, dropped)
    return found


def joined_of(said: Said) -> Joined:
    """How good the labels of a source are."""
    votes = as_votes(said.p)
    known = votes.notna() & said.gold.notna()
    right = (votes[known] == said.gold[known]).sum()
    return Joined(float(right), int(known.sum()), 1 - share_silent(said.p))


def is_hard(p: pd.Series) -> bool:
    """Whether no label says how sure it is: all are 0 or 1, or 0.5 for neither."""
    return bool(p.dropna().isin([0, 0.5, 1]).all())


class SecondLook(NamedTuple):
    """What the labels of another source bring for the texts of which a first one is least sure, or says nothing."""

    first: str
    second: str
    share: float
    """Of the texts that have the second one's label."""
    silent: bool
    """Whether these are those of which the first one says nothing."""
    right: float
    """Of the texts with a gold label the share that is labelled rightly then; where nothing is said, half are."""
    alone: float
    """The same by the first source alone."""


def second_looks(said: Mapping[str, Said], prices: Mapping[str, float]) -> list[SecondLook]:
    """The best second look at what each source leaves open, and at what the cheapest of the others is unsure of.

    Only those by which clearly more texts are labelled rightly than by any source that costs no more. prices: of a
    text, by source.
    """
    says_nothing = {name: share_silent(each.p) for name, each in said.items()}
    silent = {name: math.ceil(100 * share) / 100 for name, share in says_nothing.items() if share >= LEAST_SILENT}
    unsure = [name for name in said if name not in silent and not is_hard(said[name].p)]
    cheapest = sorted(unsure, key=lambda name: prices[name])[:1]
    looks = []
    for first, share in (silent | dict.fromkeys(cheapest, SECOND_SHARE)).items():
        others = [name for name in said if name != first and (first in silent or prices[name] > prices[first])]
        tried = (look_at(said, first, second, share, first in silent) for second in others)
        looks.append(max(tried, key=lambda look: look.right, default=None))
    alone = {name: share_right(each.p, each.gold) for name, each in said.items()}

    def rival(look: SecondLook) -> float:
        cost = prices[look.first] + look.share * prices[look.second]
        return max(right for name, right in alone.items() if prices[name] <= cost)

    return [look for look in looks if look and look.right >= rival(look) + WORTH_IT]


def share_right(p: pd.Series, gold: pd.Series) -> float:
    """How many labels p are right, of the texts with a gold label; a missing one is half right."""
    known = gold.notna()
    return float(agreement(p[known].fillna(0.5).to_numpy(dtype=float), gold[known].to_numpy() == 1).mean())


def look_at(said: Mapping[str, Said], first: str, second: str, share: float, silent: bool) -> SecondLook:
    """How good the labels of two sources are together, on the texts with a gold label."""
    p, gold = said[first].p, said[first].gold
    both = second_look(p, said[second].p, least_sure(p, share, ""))
    return SecondLook(first, second, share, silent, share_right(both, gold), share_right(p, gold))


def threshold_of(said: Said, test_ids: Collection[str], balanced: bool) -> Threshold | None:
    """Where a source's probabilities are parted best, if that is clearly not at 0.5; chosen by texts that do not test.

    balanced: whether both gold labels count alike.
    """
    if is_hard(said.p):
        return None
    known = said.p.notna() & said.gold.notna()
    p, gold = (values[known].to_numpy(dtype=float) for values in (said.p, said.gold))
    return choose_threshold(p, gold, said.p.index[known].isin([*test_ids]), balanced)


def by_threshold(said: Said, threshold: float) -> Said:
    """What a source says, with its probabilities stretched so that they are parted at 0.5."""
    return said._replace(p=said.p.map(lambda p: stretch(p, threshold), na_action="ignore"))


class Gaps(NamedTuple):
    """Of the texts with a gold label, the share of label 1 among those that a source labels, and among the others."""

    labelled: float
    others: float


def uneven_gaps(said: Said) -> Gaps | None:
    """The shares of label 1, if they clearly differ, so that a source does not lack labels at random."""
    has, gold = said.p.notna(), said.gold
    labelled, others = ((gold[part].sum(), gold[part].count()) for part in (has, ~has))
    if not labelled[1] or not others[1]:
        return None
    clearly = clearly_more(labelled, others) or clearly_more(others, labelled)
    return Gaps(*(float(ones / n) for ones, n in (labelled, others))) if clearly else None
