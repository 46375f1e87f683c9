"""What the cells of a column say: gold labels, votes and probabilities, as numbers or as words.

The same rules hold for tables of one's own and for tasks, whatever kind of file they come from.
"""

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from elicitation.data.cells import is_missing, is_number, is_value, parse_number, spelled
from elicitation.data.vote_cells import votes_in
from elicitation.errors import CLOSE, MAX_SHOWN, InputError, shown

# The label that says neither 0 nor 1.
NEITHER = 0.5
# Words that need no explanation.
TRUTH = {"0": 0, "1": 1, "false": 0, "true": 1}
# So many rows are looked at to guess what a column is.
SAMPLED = 1000
# How many different values a sentence lists.
LISTED = 5
# A value that so few rows have may be a misspelling.
RARE = 3
# How a study says what votes mean that are no label. A command that writes studies has options for it instead.
VOTES_IN_STUDY = "give the supervisor `labels: {spam: 1, ham: 0}` or `others: drop`."
DROP_IN_STUDY = "give the supervisor `others: drop`."
PERCENT_IN_STUDY = "; of percentages say `percent: true`"


class Rule(NamedTuple):
    """How labels stand in a column."""

    column: str
    one: str | int | None = None
    """The value of label 1, where every other value would be label 0."""
    labels: Mapping[str, float] | None = None
    """The label of each value, by its spelling: 0, 1, or 0.5 for what says neither."""
    others: str = "refuse"
    """What happens to other values: `refuse`, `drop`, or `label_0`."""
    missing: Sequence[str | int] = ()
    """Further values that stand for none."""

    @property
    def drops(self) -> bool:
        return self.others == "drop"


def rule_of(entry: str | Mapping | Rule) -> Rule:
    """The rule that a config's `label` gives: the name of a column, or a mapping."""
    if isinstance(entry, (str, Rule)):
        return Rule(entry) if isinstance(entry, str) else entry
    keys = {"column": "column", "is": "one", "labels": "labels", "others": "others", "missing": "missing"}
    return Rule(**{name: entry[key] for key, name in keys.items() if key in entry})


class Unknown(ValueError):
    """A value that is no label."""


def label_of(value, rule: Rule) -> float | None:
    """The label that a cell holds; None if it holds none. Raises Unknown if it holds something else."""
    key = spelled(value) if not hasattr(value, "__len__") or isinstance(value, str) else None
    if rule.labels and key in rule.labels:
        return rule.labels[key]
    if rule.one is not None and is_value(value, rule.one):
        return 1
    if is_missing(value) or any(key == str(word) for word in rule.missing):
        return None
    if rule.others == "label_0":
        return 0
    if rule.labels is None and rule.one is None:
        if isinstance(value, str) and (truth := TRUTH.get(value.strip().lower())) is not None:
            return truth
        number = parse_number(value)
        if number in (0, 1):
            return int(number)
    raise Unknown(value)


def gold_of(value, rule: Rule) -> int | None:
    """As label_of, but what says neither label is no gold one either."""
    label = label_of(value, rule)
    if label == NEITHER:
        raise Unknown(value)
    return label


def count_values(cells: Iterable) -> Counter:
    """How many cells hold each value. What cannot be counted, such as a list, is counted by how it is shown."""
    return Counter(cell if cell.__hash__ and not isinstance(cell, tuple) else shown(cell) for cell in cells)


def named(value) -> str:
    """A value as a study names it: numbers without quotes."""
    return spelled(value) if is_number(value) and len(spelled(value)) < MAX_SHOWN else shown(value)


def listing(counts: Counter) -> str:
    """The most frequent values with the number of their rows, for a sentence."""
    rows = [f"{named(value)} ({n} {'row' if n == 1 else 'rows'})" for value, n in counts.most_common(LISTED)]
    more = len(counts) - len(rows)
    return ", ".join(rows) + (f" and {more} other values" if more > 0 else "")


def misspellings(counts: Mapping, known: Collection[str]) -> dict[str, str]:
    """Of the words that few rows have, those that nearly equal a known one, and which one that is."""
    # Longer ones are no words, and take long to compare. A known one says neither label where one of both is wanted.
    words = (value for value in counts if isinstance(value, str) and len(value) <= MAX_SHOWN and value not in known)
    rare = [value for value in words if counts[value] <= RARE]
    near = {value: difflib.get_close_matches(value, known, n=1, cutoff=CLOSE) for value in rare}
    return {value: found[0] for value, found in near.items() if found}


def complete(rule: Rule, cells: Sequence, where: str) -> Rule:
    """The rule with the value of label 0 of a column in which one value is label 1; others as they are.

    Raises InputError, which begins with `where`, if that value is not there, or if it is not clear what label 0 is.
    """
    if rule.one is None or rule.others == "label_0":
        return rule
    counts = count_values(cell for cell in cells if not is_value(cell, rule.one))
    none = {spelled(word) for word in rule.missing}
    rest = Counter({value: n for value, n in counts.items() if not is_missing(value) and spelled(value) not in none})
    column = f"column {rule.column!r}"
    if sum(counts.values()) == len(cells):
        number = next((value for value in rest if spelled(value) == rule.one), None)
        fix = f"numbers stand without quotes: write `is: {spelled(number)}`" if number is not None else "correct `is`"
        raise InputError(f"{where}: no row has {shown(rule.one)} in {column}; it holds {listing(rest)}; {fix}.")
    others = [value for value in rest if can_be_zero(value, rule.one)]
    if len(others) == 1 and (len(rest) == 1 or rule.drops):
        return rule._replace(labels={spelled(others[0]): 0})
    if not rest:
        raise InputError(f"{where}: every label in {column} is {shown(rule.one)}; name a column with both labels.")
    zero = named(others[0] if others else next(iter(rest)))
    raise InputError(
        f"{where}: {column} holds, beside {named(rule.one)}, {listing(rest)}; say which of them is label 0, as in "
        f"`labels: {{{named(rule.one)}: 1, {zero}: 0}}`, what stands for none, as in `missing: [-1]`, and what becomes "
        "of others, by `others: drop` or `others: label_0`."
    )


def can_be_zero(value, one: str | int) -> bool:
    """Whether a value may be label 0 unnamed: neither -1, which often stands for none, nor another spelling of 1."""
    return spelled(value) != "-1" and spelled(value).casefold() != str(one).casefold()


def is_pattern(name: str) -> bool:
    """Whether a name may stand for several columns or files."""
    return "*" in name or "?" in name


class Column(NamedTuple):
    """How the weak labels of one source stand in a table."""

    name: str
    """What the source is called."""
    rule: Rule
    confidence: str | None = None
    """The column that says how sure the source is of its label."""
    percent: bool = False
    """Whether confidence or probability goes up to 100."""
    worker: str | None = None
    """The column that says who votes, in a table with one row for each vote."""
    votes: bool = False
    """Whether a cell holds several votes."""
    files: tuple[str, ...] = ()
    """Patterns of the files in which its labels stand; if none, they stand in the table."""
    format: str | None = None
    """The tool that exported the files."""
    threshold: float | None = None
    """The probability above which it says label 1; None: 0.5."""
    paid: bool = False
    """Whether it is paid for texts of which it says nothing, too; they have the label 0.5, which says neither."""

    @property
    def cells(self) -> list[str]:
        """The columns that it reads, of the table or of its files."""
        return [self.rule.column, *(column for column in (self.confidence, self.worker) if column)]

    @property
    def read(self) -> list[str]:
        """The columns of the table that it reads."""
        return [] if self.files else self.cells

    @property
    def has_voters(self) -> bool:
        """Whether several may vote for a text: workers, files, or the places in a cell."""
        several_files = len(self.files) > 1 or any(map(is_pattern, self.files))
        return self.worker is not None or self.votes or several_files


def column_of(entry: Mapping) -> Column:
    """The column that plain settings describe: a name, the keys of a rule, and those of Column."""
    keys = ("confidence", "percent", "worker", "votes", "format", "threshold", "paid")
    others = {key: entry[key] for key in keys if key in entry}
    return Column(entry["name"], rule_of(entry), files=tuple(entry.get("files", ())), **others)


class Decoded(NamedTuple):
    """What the cells of a column say, and what was passed over."""

    labels: list[float | tuple[float, ...] | None]
    dropped: Counter
    """Values that are no label and were dropped, as the rule says."""
    places: list[int]
    """Where they stand."""


def is_score(dropped: Counter, n_labels: int) -> bool:
    """Whether values that are no label are numbers on another scale: many different ones, or most that a column holds.

    One number alone, such as -1, often stands for none.
    """
    numbers = {value: n for value, n in dropped.items() if is_number(value)}
    return len(numbers) > LISTED or (len(numbers) > 1 and sum(numbers.values()) > n_labels)


def decode(
    cells: Sequence, rule: Rule, read, numbers: Sequence[int], where: str, fix: str, score_fix: str | None = None
) -> Decoded:
    """The label of every cell, by `read`, which raises Unknown for what is none.

    numbers: of the rows. Raises InputError, which begins with `where` and ends with `fix`, if there are such cells and
    the rule does not drop them, or nothing would be left; or with `score_fix`, if given, where they are a score, which
    is never dropped.
    """
    labels, dropped, places = [], Counter(), []
    for place, cell in enumerate(cells):
        try:
            labels.append(read(cell))
        except Unknown:
            labels.append(None)
            places.append(place)
    if places:
        dropped = count_values(cells[place] for place in places)
        n_labels = sum(label is not None for label in labels)
        scored = score_fix is not None and is_score(dropped, n_labels)
        if scored or not n_labels or not rule.drops:
            place, correct = places[0], ""
            if misspelt := misspellings(dropped, rule.labels or ()):
                word, meant = next(iter(misspelt.items()))
                place = next(place for place in places if cells[place] == word)
                correct = f"did you mean {meant!r} by {word!r}? Correct it, or "
            raise InputError(
                f"{where}, row {numbers[place]}: column {rule.column!r} holds what is no label, "
                f"{listing(dropped)}; {correct}{score_fix if scored else fix}"
            )
    return Decoded(labels, dropped, places)


def read_gold(cells: Sequence, rule: Rule, numbers: Sequence[int], where: str) -> Decoded:
    """The gold label of every row by a rule that is complete; InputError as of `decode`."""
    fix = (
        "write 0 or 1, or nothing where it is not known, or say what other values mean, as in "
        f"`label: {{column: {rule.column}, labels: {{spam: 1, ham: 0}}, others: drop}}`."
    )
    return decode(cells, rule, lambda cell: gold_of(cell, rule), numbers, where, fix)


def words_of(rule: Rule) -> dict[str, float]:
    """The labels that a complete rule gives to words; numbers mean other things in other columns."""
    labels = {**(rule.labels or {}), **({str(rule.one): 1} if rule.one is not None else {})}
    return {word: label for word, label in labels.items() if parse_number(word) is None}


def read_votes(
    cells: Sequence, column: Column, words: Mapping[str, float], numbers: Sequence[int], where: str, decimal_comma: bool
) -> Decoded:
    """The weak label of every row, from 0 to 1, or several, if they stand in one cell; InputError as of `decode`.

    words: the labels of words where the column has no rule for its own.
    """
    rule = complete(column.rule, cells, where)
    if rule.labels is None and rule.one is None and words:
        rule = rule._replace(labels=words)
    has_labels = rule.labels is not None or rule.one is not None

    def read(cell) -> float | None:
        if has_labels:
            try:
                return label_of(cell, rule)
            except Unknown:
                if column.confidence:
                    raise
        return read_probability(cell, rule, column.percent, decimal_comma)

    def read_several(cell) -> tuple[float, ...] | None:
        votes = [] if is_missing(cell) else votes_in(cell)
        if votes is None:
            raise Unknown(cell)
        return tuple(vote for one in votes if (vote := read(one)) is not None) or None

    highest = 100 if column.percent else 1
    fix = f"write a probability or a vote, from 0 to {highest}, or nothing where there is none, or {VOTES_IN_STUDY}"
    score_fix = (
        "these numbers stand on another scale: write votes of 0 and 1, or probabilities of label 1 from 0 to "
        f"{highest}{'' if column.percent else PERCENT_IN_STUDY}."
    )
    if not column.votes and any(holds_several(cell, read) for cell in cells[:SAMPLED]):
        fix = f"where cells hold several votes, say so, as in `{column.name}: {{price: 0.02, votes: true}}`."
    # Numbers of which a study says itself which are labels are no score.
    own = column.rule.labels is not None or column.rule.one is not None
    reads = read_several if column.votes else read
    return decode(cells, rule, reads, numbers, where, fix, None if own else score_fix)


def holds_several(cell, read) -> bool:
    """Whether a cell can only be several votes; read: as of `decode`."""
    votes = [] if is_missing(cell) else votes_in(cell) or []
    try:
        return len(votes) > 1 and all(read(vote) is not None for vote in votes)
    except Unknown:
        return False


def read_probability(cell, rule: Rule, percent: bool, decimal_comma: bool) -> float | None:
    """The probability in a cell; None if it holds none. Raises Unknown if it is no number from 0 to 1, or to 100."""
    if is_missing(cell) or any(spelled(cell) == str(word) for word in rule.missing):
        return None
    number = parse_number(cell, decimal_comma, percent)
    if number is None and isinstance(cell, str):
        number = TRUTH.get(cell.strip().lower())
    if number is None or not 0 <= number <= 1:
        raise Unknown(cell)
    return float(number)


def weigh(
    labels: Decoded, cells: Sequence, column: Column, numbers: Sequence[int], where: str, decimal_comma: bool
) -> Decoded:
    """Labels of 0 or 1 as the probabilities that their confidences (`cells`) make of them; InputError as of `decode`.

    A label of 1 has its confidence as probability, a label of 0 what its confidence lacks to 1.
    """
    rule = column.rule._replace(column=column.confidence)

    def read(cell) -> float:
        sure = read_probability(cell, rule, column.percent, decimal_comma)
        if sure is None:
            raise Unknown(cell)
        return sure

    # Where there is no label, or one that says neither, no confidence is wanted.
    wanted = [place for place, label in enumerate(labels.labels) if label not in (None, NEITHER)]
    within = f"write a confidence, from 0 to {100 if column.percent else 1}, beside every label"
    fix, score_fix = f"{within}, or {DROP_IN_STUDY}", f"{within}{PERCENT_IN_STUDY}."
    cells_wanted, rows = ([values[place] for place in wanted] for values in (cells, numbers))
    sure = decode(cells_wanted, rule, read, rows, where, fix, score_fix)
    weighed: list[float | None] = [label if label == NEITHER else None for label in labels.labels]
    for place, confidence in zip(wanted, sure.labels, strict=True):
        if confidence is not None:
            weighed[place] = confidence if labels.labels[place] == 1 else 1 - confidence
    return Decoded(weighed, labels.dropped + sure.dropped, labels.places)
