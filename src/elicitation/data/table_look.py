"""What a table of one's own seems to hold, before any study names its columns (docs/how-to/tables.md)."""

import difflib
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from elicitation.data.cells import is_missing, is_number, parse_number, spelled
from elicitation.data.labels import RARE, Rule, Unknown, count_values, label_of, listing, misspellings
from elicitation.data.table_files import Table, is_blank
from elicitation.errors import InputError, join_words, listed, nearest, shown

# What either label is called, mostly, in small letters.
ONES, ZEROS = ("1", "true", "yes", "y", "positive", "pos"), ("0", "false", "no", "n", "negative", "neg")
# A column of more values than this is hardly one of labels.
MOST_VALUES = 10
# So many rare values are named with their rows.
LISTED = 3
# The text column is looked for in so many rows.
ROWS_READ = 1000
# Texts have so many characters on average at least, and this many times those of any other column.
LEAST_LENGTH, LONGER = 15, 2


def check_columns(names: Iterable[str], table: Table, where: str) -> None:
    """InputError unless columns are called so; it names all that are not, each with the nearest one."""
    absent = [name for name in dict.fromkeys(names) if name not in table.columns]
    if absent:
        said = " And ".join(f"no column is called {name!r}{nearest(name, table.columns)}" for name in absent)
        raise InputError(f"{where}: {said}")


def mean_length(cells: Iterable) -> float:
    """The mean number of characters of the cells that hold words; 0 where none do."""
    lengths = [len(cell) for cell in cells if isinstance(cell, str) and not is_blank(cell)]
    return sum(lengths) / len(lengths) if lengths else 0.0


def find_text(table: Table, taken: Collection[str], where: str) -> str:
    """The one column that is obviously the text, by far the longest; InputError if there is none.

    taken: the columns that are something else.
    """
    records = [record for _, record in table.records[:ROWS_READ]]
    lengths = {
        column: mean_length(record.get(column) for record in records) for column in table.columns if column not in taken
    }
    ordered = sorted(lengths, key=lambda column: -lengths[column])
    long = [column for column in ordered if lengths[column] >= LEAST_LENGTH]
    if not long:
        raise InputError(f"{where}: no column looks like texts; name the one that does by --text.")
    near = [column for column in long if lengths[column] * LONGER > lengths[long[0]]]
    if len(near) > 1:
        raise InputError(
            f"{where}: {join_words({*near}, 'and')} could each be the text; name it by --text, as in --text {near[0]}."
        )
    return long[0]


def is_one(value: str, other: str) -> bool:
    """Whether one of two values says itself that it is label 1: `yes`, a higher number, `spam` beside `not spam`."""
    if is_number(value) and is_number(other):
        return parse_number(value) > parse_number(other)
    value, other = value.lower(), other.lower()
    return value in ONES or other in ZEROS or other.endswith(value)


def likely_labels(values: list[str]) -> dict[str, int]:
    """Two values as labels: the second of them as label 1, unless they say it themselves."""
    first, second = values
    one, zero = (first, second) if is_one(first, second) and not is_one(second, first) else (second, first)
    return {one: 1, zero: 0}


def halves(values: list[str]) -> dict[str, int]:
    """The labels of a scale's numbers, such as of one to five stars: of the lower half 0, of the upper one 1.

    None of words, and none where there are fewer than three numbers, or 0 and 1 beside at most two others.
    """
    scale = sorted((number, value) for value in values if (number := parse_number(value)) is not None)
    if len(scale) < 3 or ({0, 1} <= {number for number, _ in scale} and len(scale) < 5):
        return {}
    middle = (scale[0][0] + scale[-1][0]) / 2
    return {value: int(number > middle) for number, value in scale if number != middle}


def values_in(table: Table, column: str) -> Counter[str]:
    """How many rows have each value in a column, by its spelling; empty cells left out."""
    cells = [record.get(column) for _, record in table.records]
    return count_values(spelled(cell) for cell in cells if not is_missing(cell))


def rare_words(table: Table, column: str, values: Iterable[str], known: Collection[str]) -> str:
    """Where the values stand that few rows have, and which known value is meant where one may be misspelt."""
    places: dict[str, list[str]] = {value: [] for value in values}
    for number, record in table.records:
        if not is_missing(cell := record.get(column)) and spelled(cell) in places:
            places[spelled(cell)].append(table.shown_row(number))
    rare = {value: rows for value, rows in places.items() if len(rows) <= RARE}
    meant = misspellings({value: len(rows) for value, rows in rare.items()}, known)
    said = [
        f"{shown(value)} stands in row{'' if len(rows) == 1 else 's'} {listed(rows)}"
        + (f" (did you mean {meant[value]!r}? Then correct it there)" if value in meant else "")
        for value, rows in [*rare.items()][:LISTED]
    ]
    return "".join(f"; {one}" for one in said)


def loose(value: str) -> str:
    """A value without capitals and with single spaces."""
    return " ".join(value.split()).casefold()


def other_spellings(values: Iterable[str], labels: Mapping[str, int]) -> dict[str, int]:
    """The labels of values that differ from one in `labels` only by case or white space."""
    known = {loose(value): label for value, label in labels.items()}
    return {value: known[loose(value)] for value in values if value not in labels and loose(value) in known}


def closest(value: str, known: Collection[str]) -> str:
    """The known value that this one most likely means; itself where it is known, or none is near."""
    return value if value in known else next(iter(difflib.get_close_matches(value, known, n=1)), value)


def option_of(labels: Mapping[str, int]) -> str:
    """The option that names the labels of values, as it is typed."""
    return f"--labels {shlex.quote(','.join(f'{value}={label}' for value, label in labels.items()))}"


def check_spellings(table: Table, column: str, labels: Mapping[str, int], where: str) -> None:
    """InputError if a value differs from one in `labels` only by case or white space: it is no other value."""
    counts = values_in(table, column)
    if missed := other_spellings(counts, labels):
        meant = ",".join(f"{value}={label}" for value, label in missed.items())
        raise InputError(
            f"{where}: column {column!r} holds {listing(Counter({value: counts[value] for value in missed}))}, spelled "
            f"unlike --labels by case or white space only; did you mean {meant}? Name each spelling, as in "
            f"{option_of({**labels, **missed})}, or make them alike in the table."
        )


def check_gold_values(table: Table, column: str, labels: Mapping[str, int] | None, drops: bool, where: str) -> None:
    """InputError unless the gold labels are two values whose labels are known.

    labels: the label of each value, where the user says so; drops: whether other values are dropped.
    """
    counts = values_in(table, column)
    if not counts:
        raise InputError(f"{where}: column {column!r} is empty, so there is no gold label; name another one by --gold.")
    unknown = [value for value in counts if not is_known(value, Rule(column, labels=labels))]
    if not unknown or (labels and drops):
        return
    # Known values first, then those of most rows; the rarer one is what is looked for, mostly.
    common = sorted(counts, key=lambda value: (value in unknown, -counts[value]))
    first: dict[str, str] = {}
    for value in common:
        first.setdefault(loose(value), value)
    different = [*first.values()]
    if len(different) == 1:
        raise InputError(f"{where}: every gold label in {column!r} is {shown(*different)}; both labels are needed.")
    if not labels and len(different) > MOST_VALUES and sum(counts[value] for value in common[:2]) < counts.total() / 2:
        raise InputError(
            f"{where}: column {column!r} holds {len(different):,} different values, such as {shown(different[0])} and "
            f"{shown(different[1])}, and a gold label is one of two; name another column by --gold, or write one of 0 "
            "and 1 (of a score, 1 from a threshold on)."
        )
    # Labels that were given for values of which one label is never found would leave that label without rows.
    meant = {closest(value, counts): label for value, label in (labels or {}).items()}
    both = {meant[value] for value in counts if value in meant} == {0, 1}
    option = meant if both else halves(different) or likely_labels(different[:2])
    option |= other_spellings(counts, option)
    others = [value for value in counts if value not in option]
    drop, and_drop = (" --others drop", " and drop the others") if others else ("", "")
    rare = rare_words(table, column, others, option)
    absent = [value for value in labels or {} if value not in counts]
    none = f", and none is {join_words({*absent}, 'or')}" if absent else ""
    raise InputError(
        f"{where}: the gold labels in {column!r} are not 0 and 1 but {listing(counts)}{none}{rare}; say which value is "
        f"which label (1 is what you look for){and_drop}, as in {option_of(option)}{drop}."
    )


def is_known(value: str, rule: Rule) -> bool:
    """Whether a value is a label by the rule."""
    try:
        label_of(value, rule)
    except Unknown:
        return False
    return True
