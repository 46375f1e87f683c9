"""What can be bought of a table of one's own, and what its card says of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from elicitation.buying.purchases import Supply
from elicitation.data.formatting import text_key
from elicitation.data.labels import column_of
from elicitation.data.own_labels import OwnTable, Row, read_own_table, read_rows, table_file
from elicitation.data.table_sets import by_voter, draw_sets, join_repeated, refuse_further_votes
from elicitation.data.vote_files import vote_files
from elicitation.errors import InputError

if TYPE_CHECKING:
    from elicitation.data.near_copies import NearCopies

# The place of the gold label in a pattern; see count_patterns.
GOLD = 0


class Votes(NamedTuple):
    """What a weak column says, and how it goes with the gold labels."""

    share: float
    """Its votes for each text that its source labels; 1 if it has no gaps and nobody else votes."""
    voters: int
    """How many vote in it."""
    lowest: float | None
    highest: float | None
    """Its least and its greatest value; None if it has none."""
    known: tuple[int, int]
    """Its labels of texts whose gold label is 0, and of those whose is 1."""
    for_one: tuple[float, float]
    """How many of each vote for label 1; even odds count half."""
    n: int
    """How many there are."""
    halves: int
    """How many of them are 0.5, which says neither."""
    known_halves: int
    """Of those the ones with a gold label."""
    hard: bool
    """Whether none says how sure it is: all are 0, 1, or 0.5 for neither."""


@dataclass(frozen=True)
class Survey:
    """How many labels a table can give to a study and its weak sources."""

    pool: Supply
    """What the pool can give to whoever labels all of its texts."""
    supplies: dict[str, Supply]
    """What it can give to each supervisor, those among them whose labels are composed from several."""
    votes: dict[str, dict[str, Votes]]
    """By source and column."""
    lacking: dict[str, int]
    """By source, the texts that have no label of it."""
    reached: dict[str, tuple[float, float]]
    """By source, the share of the texts with a gold label that have a label of it, and that of the others."""
    files: dict[str, dict[str, int]]
    """Of sources whose labels stand in files of their own, how these and the table go together."""


def count_patterns(rows: Iterable[Row]) -> Counter[tuple[bool, ...]]:
    """The number of rows by what labels they have: whether a gold one (at place GOLD), then whether each vote."""
    return Counter(tuple(label is not None for label in (row.gold, *row.votes)) for row in rows)


def rows_with(patterns: Counter[tuple[bool, ...]], *sources: Collection[int], or_gold: bool = False) -> int:
    """The number of rows that have a label of each source, in any of its places; or_gold: or that have a gold one."""
    return sum(
        n
        for pattern, n in patterns.items()
        if (or_gold and pattern[GOLD]) or all(any(pattern[place] for place in places) for places in sources)
    )


def share_with(patterns: Counter[tuple[bool, ...]], places: Collection[int]) -> float:
    """The share of rows that have a label in any of a source's places; of no rows, all."""
    return rows_with(patterns, places) / patterns.total() if patterns else 1.0


def describe_votes(rows: Iterable[Row], place: int, labelled: int) -> Votes:
    """What the votes at a place of the rows say; labelled: texts with any vote of the source."""
    votes, voters = [], set()
    for row in rows:
        by = by_voter(row.votes[place])
        votes += [(vote, row.gold) for vote in by.values()]
        voters |= by.keys()
    values = [vote for vote, _ in votes]
    known, for_one, known_halves = [0, 0], [0.0, 0.0], 0
    for vote, gold in votes:
        if gold is not None:
            known[gold] += 1
            for_one[gold] += 0.5 if vote == 0.5 else vote > 0.5
            known_halves += vote == 0.5
    return Votes(
        len(votes) / labelled,
        len(voters),
        min(values, default=None),
        max(values, default=None),
        tuple(known),
        tuple(for_one),
        len(votes),
        values.count(0.5),
        known_halves,
        {*values} <= {0, 0.5, 1},
    )


def survey_table(
    task: dict,
    data_folder: str | None,
    sources: Mapping[str, list[dict]],
    supervisors: Mapping[str, Collection[str]] | None = None,
) -> Survey:
    """What the task's table can give; sources: the columns of each weak source, as of own_labels.read_own_table.

    supervisors: each with the sources a label of which its own labels take; by default the sources themselves.

    Raises InputError if the table is malformed, or a source labels nothing or nothing of the test set.
    """
    path = table_file(task, data_folder)
    columns = [column_of(column) for entries in sources.values() for column in entries]
    files = [file for column in columns if column.files for file in vote_files(column.files, task, data_folder)]
    supervisors = supervisors or {source: [source] for source in sources}
    return survey_unchanged(str(path), states((path, *files)), json.dumps([task, data_folder, sources, supervisors]))


# Files by their paths, with the times when they were changed and their sizes.
States = tuple[tuple[str, int, int], ...]


def states(paths: Iterable[Path]) -> States:
    """The states of some files; what is read of them is kept until these change."""
    return tuple((str(path), state.st_mtime_ns, state.st_size) for path in paths if (state := path.stat()))


@cache
def survey_unchanged(path: str, files: States, settings: str) -> Survey:
    """As survey_table, but computed once for each state of the files, since a study asks for it in several places."""
    task, data_folder, sources, supervisors = json.loads(settings)
    columns = [column for entries in sources.values() for column in entries]
    columns = [column for place, column in enumerate(columns) if column not in columns[:place]]
    table = read_own_table(task, data_folder, columns)
    rows = table.rows
    if "repeated" not in task:
        refuse_further_votes(rows, [column["column"] for column in columns], f"Task {task['name']!r}, {path}")
    rows = join_repeated(rows)
    sets = draw_sets(rows, task)
    tested = count_patterns(row for row in sets["test"] if row.gold is not None)
    untold = count_patterns(row for row in sets["test"] if row.gold is None)
    everywhere, in_pool = count_patterns(rows), count_patterns(sets["pool"])
    with_gold = Counter({pattern: n for pattern, n in everywhere.items() if pattern[GOLD]})
    pool = Supply(in_pool.total(), in_pool.total(), rows_with(in_pool, [GOLD]))
    supplies, votes, places, lacking, reached = {}, {}, {}, {}, {}
    for source, entries in sources.items():
        places[source] = [1 + columns.index(column) for column in entries]
        if not (labelled := rows_with(everywhere, places[source])):
            raise InputError(f"Task {task['name']!r}, {path}: no row has a label of {source!r}; write some or drop it.")
        lacking[source] = len(rows) - labelled
        reached[source] = tuple(share_with(part, places[source]) for part in (with_gold, everywhere - with_gold))
        votes[source] = {
            column["name"]: describe_votes(rows, place - 1, labelled)
            for column, place in zip(entries, places[source], strict=True)
        }
    for name, taken in supervisors.items():
        together = [places[source] for source in taken]
        if not rows_with(tested, *together):
            raise InputError(
                f"Task {task['name']!r}, {path}: no text of the test set, {tested.total()} of those with a gold "
                f"label, has a label of {name!r}, so its quality cannot be told; let it label texts with gold ones."
            )
        if untold and not rows_with(untold, *together):
            raise InputError(
                f"Task {task['name']!r}, {path}: none of the {untold.total()} test texts without a gold label has a "
                f"label of {name!r}, so they tell nothing; let it label them, or drop test_gold."
            )
        labelled = (rows_with(in_pool, *together, or_gold=or_gold) for or_gold in (True, False))
        supplies[name] = Supply(*labelled, pool.gold)
    found = {source: table.files[columns.index(entries[0])] for source, entries in sources.items()}
    files = {source: counts for source, counts in found.items() if counts}
    return Survey(pool, supplies, votes, lacking, reached, files)


def survey_copies(task: dict, data_folder: str | None) -> NearCopies:
    """The texts of the task's test set that nearly equal one outside of it, by what its table calls their rows."""
    path = table_file(task, data_folder)
    return copies_unchanged(states([path]), json.dumps([task, data_folder]))


@cache
def copies_unchanged(files: States, settings: str) -> NearCopies:
    """As survey_copies, but computed once for each state of the file."""
    # Where it is first needed, since most studies are planned without arrays.
    from elicitation.data.near_copies import find_near_copies

    task, data_folder = json.loads(settings)
    sets = draw_sets(join_repeated(read_rows(task, data_folder)), task)
    known = attrgetter("source_id" if "id" in task else "number", "text")
    return find_near_copies({part: [*map(known, rows)] for part, rows in sets.items()})


def describe_table(task: dict, data_folder: str | None) -> dict:
    """What a task's card says of its table. Its sets are not rebalanced: they keep the proportion of the labels."""
    table = read_own_table(task, data_folder)
    return count_texts(table) | {"rebalanced": False, "dropped": table.dropped, "read as": table.format}


def count_texts(table: OwnTable) -> dict[str, float]:
    """How many rows, texts and gold labels a table holds."""
    rows = table.rows
    different, texts = len({text_key(row.text) for row in rows}), join_repeated(rows)
    gold = [row.gold for row in texts if row.gold is not None]
    counts = {"rows": len(rows), "different texts": different, "contradictory texts": different - len(texts)}
    return counts | {"gold labels": len(gold), "share of label 1": sum(gold) / len(gold)}
