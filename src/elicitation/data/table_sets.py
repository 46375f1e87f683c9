"""From the rows of a table of one's own to test set, supervision set and pool (docs/how-to/tables.md)."""

from collections.abc import Iterable, Mapping, Sequence

from elicitation.data.formatting import text_key
from elicitation.data.own_labels import Row, Vote
from elicitation.data.templates import template_fields
from elicitation.errors import InputError, listed
from elicitation.seeds import stream

# How a study says that each row is one vote. A command that writes studies has an option for it instead.
WORKER_IN_STUDY = "name the column that says whose by `worker` of the supervisor"
# How it says that the first row of a text counts; there is an option for that, too.
FIRST_IN_STUDY = "have the first row count by `repeated: first` of the task"
# So many rows are named that repeat a text.
LISTED = 10


def by_voter(vote: Vote) -> Mapping[str | int, float]:
    """What a column says of a text, by who says it: a worker, or a place in the cell."""
    if isinstance(vote, Mapping):
        return vote
    return dict(enumerate(vote if isinstance(vote, tuple) else () if vote is None else (vote,)))


def join_votes(first: Vote, further: Vote) -> Vote:
    """What a column says of a text that stands in two rows: all workers' votes, or the first row's label."""
    if isinstance(first, Mapping) and isinstance(further, Mapping):
        return {**further, **first}
    return further if first is None else first


def who_contradicts(one: Vote, other: Vote) -> str | None:
    """Who says different things of a text in two rows; "" for a column without workers; None where nobody does."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return next((worker for worker in one if worker in other and one[worker] != other[worker]), None)
    return "" if None not in (one, other) and one != other else None


def refuse_further_votes(rows: Sequence[Row], columns: Sequence[str], where: str) -> None:
    """InputError if texts stand in several rows whose labels in one of the columns differ, so that some are lost."""
    seen: dict[str, Row] = {}
    lost: list[str] = []
    for row in rows:
        first = seen.setdefault(text_key(row.text), row)
        for column, one, other in zip(columns, first.votes, row.votes, strict=True):
            if (by := who_contradicts(one, other)) is not None:
                whose = f" by {by!r}" if by else ""
                said = f"its text is that of row {first.number}, whose label{whose} in column {column!r} is another"
                lost.append(row.number if lost else f"row {row.number}: {said} one")
                break
        seen[text_key(row.text)] = first._replace(
            votes=tuple(join_votes(a, b) for a, b in zip(first.votes, row.votes, strict=True))
        )
    if lost:
        first, *others = lost
        named = others[:LISTED] + [f"{len(others) - LISTED} more"] * (len(others) > LISTED)
        also = f"; so it is in row{'s' * (len(others) > 1)} {listed(named)}" if others else ""
        raise InputError(
            f"{where}, {first} ({len(seen)} texts stand in {len(rows)} rows; capitals and white space do not tell "
            f"texts apart){also}; if each row is one vote, {WORKER_IN_STUDY}, else keep one row of each text, or "
            f"{FIRST_IN_STUDY}."
        )


def join_repeated(rows: Iterable[Row]) -> list[Row]:
    """Every text once, as it is written first, with the first label of each kind and worker that any of its rows has.

    Texts with the same key (of formatting.text_key) count as one. Texts with contradictory gold labels are dropped.
    """
    joined: dict[str, Row] = {}
    contradictory = set()
    for row in rows:
        key = text_key(row.text)
        first = joined.setdefault(key, row)
        if first is row:
            continue
        if None not in (first.gold, row.gold) and first.gold != row.gold:
            contradictory.add(key)
        votes = tuple(join_votes(a, b) for a, b in zip(first.votes, row.votes, strict=True))
        joined[key] = first._replace(gold=row.gold if first.gold is None else first.gold, votes=votes)
    return [row for key, row in joined.items() if key not in contradictory]


def take_in_proportion(rows: list[Row], n: int) -> list[Row]:
    """n of the rows, in the proportion of their gold labels, but with at least one of either label if possible.

    Of each label the first rows are taken. They keep their order, so that neither label comes first.
    """
    ones = [row for row in rows if row.gold == 1]
    zeros = [row for row in rows if row.gold == 0]
    n_ones = min(max(round(n * len(ones) / len(rows)), 1), n - 1, len(ones))
    n_ones = max(n_ones, n - len(zeros))
    taken = {row.id for row in ones[:n_ones] + zeros[: n - n_ones]}
    return [row for row in rows if row.id in taken]


def sets_version(task: Mapping) -> int:
    """Which version of a task's sets is made; texts of a table that are more than one column alone have a later one."""
    alone = "table" not in task or task["text"] in (f"{{{name}}}" for name in template_fields(task["text"]))
    return 5 if alone else 6


def draw_sets(rows: list[Row], task: dict) -> dict[str, list[Row]]:
    """Test, supervision set and pool, disjoint.

    Test and supervision set are drawn from the rows with gold labels and keep their proportion; where only `test_gold`
    test texts are to have a gold label, the others are drawn from the rows without. The pool takes all other rows, or
    as many as the task says, those with gold labels first. Words that a template puts around its columns
    play no part, as in ids (table_rows.contents_id). Raises InputError if there are too few.
    """
    name = task["name"]
    order = stream(0, "shuffle", name).permutation(len(rows))
    shuffled = [row for _, row in sorted(zip(order, sorted(rows, key=lambda row: row.id), strict=True))]
    left = [row for row in shuffled if row.gold is not None]
    without = [row for row in shuffled if row.gold is None]
    sizes = {"test": task.get("test_gold", task["test_size"]), "supervision": task.get("supervision_size", 0)}
    labels = sorted({row.gold for row in left})
    if len(left) < sum(sizes.values()) or len(labels) < 2:
        only = f"all of them {labels[0]}, " if len(labels) == 1 else ""
        raise InputError(
            f"Task {name!r}: {len(left)} texts of {task['table']} have a gold label, {only}but the test set takes "
            f"{sizes['test']} and the supervision set {sizes['supervision']}, of both labels; label more rows or lower "
            "the sizes."
        )
    sets = {}
    for part, size in sizes.items():
        sets[part] = take_in_proportion(left, size) if size else []
        taken = {row.id for row in sets[part]}
        left = [row for row in left if row.id not in taken]
    n_without = task["test_size"] - sizes["test"]
    if n_without > len(without):
        raise InputError(
            f"Task {name!r}: the test set takes {n_without} texts without a gold label, but {task['table']} has "
            f"{len(without)}; lower test_size or raise test_gold."
        )
    sets["test"] += without[:n_without]
    others = left + without[n_without:]
    size = task.get("pool_size", len(others))
    if size > len(others):
        raise InputError(
            f"Task {name!r}: the pool needs {size} examples, but only {len(others)} are left; ask for fewer in the "
            "config."
        )
    return sets | {"pool": others[:size]}
