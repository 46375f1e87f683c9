"""A first study of a table of one's own, sized to the table and the machine (docs/tutorials/your-labels.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from elicitation.analysis.recommendation_notes import LOPSIDED
from elicitation.analysis.thresholds import Threshold
from elicitation.buying.amounts import Money
from elicitation.data.cells import is_number
from elicitation.data.labels import DROP_IN_STUDY, PERCENT_IN_STUDY, VOTES_IN_STUDY
from elicitation.data.own_labels import read_own_table, table_columns
from elicitation.data.table_files import ENCODING_IN_STUDY, UTF16_IN_STUDY, Table, read_table
from elicitation.data.table_look import check_columns, check_gold_values, check_spellings, find_text
from elicitation.data.table_rows import TEXT_IN_STUDY
from elicitation.data.table_sets import FIRST_IN_STUDY, WORKER_IN_STUDY, draw_sets, join_repeated
from elicitation.data.table_survey import Survey, count_texts, survey_table
from elicitation.errors import InputError
from elicitation.study.first_study_sources import (
    Gaps,
    Joined,
    Said,
    by_threshold,
    find_sources,
    joined_of,
    labels_of_sources,
    price_of_label,
    refuse_commas,
    slug,
    threshold_of,
    uneven_gaps,
    votes_each,
)
from elicitation.study.supervisors import Columns, is_pattern

# Texts with gold labels that are needed, and those of the rarer label.
LEAST_GOLD, LEAST_RARER = 100, 10
# The share of the gold labels that test what is learned, and the most that do.
TEST_SHARE, MOST_TEST = 2 / 3, 500
# Weak labels that a source must have for texts outside of the test set.
LEAST_WEAK = 32
# What keys of a study decide, by options: there is no study yet in which anything could be given.
BY_OPTION = {
    ENCODING_IN_STUDY: "name its encoding by --encoding windows-1252.",
    UTF16_IN_STUDY: "name its encoding by --encoding utf-16-le.",
    VOTES_IN_STUDY: "name its words beside the values of the gold labels, as in --labels 1=1,0=0,spam=1,ham=0 "
    "and unclear=0.5 for what says neither, or leave such labels out by --others drop.",
    PERCENT_IN_STUDY: ", such as 0.85 or 85%",
    DROP_IN_STUDY: "leave such labels out by --others drop.",
    TEXT_IN_STUDY: "write one, or leave all such rows out by --others drop.",
    WORKER_IN_STUDY: "name the column that says whose by --worker",
    FIRST_IN_STUDY: "have the first row count by --repeated first",
}


@dataclass(frozen=True)
class Wanted:
    """What a user says of a table."""

    path: Path
    gold: str
    """The column of the gold labels."""
    weak: Mapping[str, float]
    """The price of a weak label, by column or pattern; in the currency, or in gold labels."""
    money: Money
    text: str | None = None
    """The column of the texts; None: found by their length."""
    labels: Mapping[str, float] | None = None
    """The label of each value, where gold labels are not 0 and 1."""
    drops: bool = False
    """Whether rows with other gold labels, and other weak labels, are dropped."""
    worker: str | None = None
    """The column that says who votes, in a table with one row for each vote."""
    first_counts: bool = False
    """Whether the first row of a text counts that stands in several; else those with different labels are refused."""
    encoding: str | None = None
    id: str | None = None
    """The column of the rows' ids; None: rows are known by their numbers."""
    question: str | None = None
    """What the student is asked of each text: a question where yes means label 1, or a heading, which ends with a
    colon; None: it is only trained."""
    gaps: Mapping[str, str] = field(default_factory=dict)
    """Why texts have no weak label, by column or pattern, as of the key `gaps` of a study; else ABSTAINED."""
    confidence: Mapping[str, str] = field(default_factory=dict)
    """By weak column, the column that says how sure each of its labels is."""
    budget: float | None = None
    """What all labels may cost together, in the same unit as prices; None: budgets follow from the table alone."""
    texts_to_label: int | None = None
    """How many texts are to have a label in the end; None: any number."""

    @property
    def words(self) -> tuple[str, str] | None:
        """The first word for label 0 and that for label 1; None where there are not both."""
        words = [(value, label) for value, label in (self.labels or {}).items() if not is_number(value)]
        zero, one = (next((value for value, own in words if own == label), None) for label in (0, 1))
        return (zero, one) if zero and one else None

    @property
    def folder(self) -> str:
        """The folder of the table."""
        return str(self.path.resolve().parent)


@dataclass(frozen=True)
class Looked:
    """What was found in a table."""

    table: Table
    task: dict
    """As a study has it."""
    sources: dict[str, dict]
    """The supervisors, by name, as a study has them."""
    gold: list[int]
    """The gold label of every text that has one."""
    survey: Survey
    said: dict[str, Said]
    """What each source says of the texts."""
    joined: dict[str, Joined]
    """By source, how good its labels are where it joins several votes."""
    thresholds: dict[str, Threshold]
    """Of the sources whose labels are clearly not parted best at 0.5."""
    no_labels: dict[str, int]
    """Of the sources whose answers were dropped in part, how many."""
    uneven: dict[str, Gaps]
    """Of the sources that clearly lack labels of texts with one gold label more often."""
    counts: dict[str, float]
    """How many rows and texts it holds, as of count_texts."""
    dropped: dict[str, int]
    """Rows that were left out, by the column that lacks something usable."""

    @property
    def text(self) -> str:
        """The column of the texts."""
        return self.task["text"][1:-1]

    def price_of_text(self, source: str) -> float:
        """What a source's votes for a text cost, on average."""
        return votes_each(self.survey.votes[source]) * price_of_label(self.sources[source])

    @property
    def commoner(self) -> float:
        """The share of the commoner gold label."""
        return share_of_commoner(self.gold)

    @property
    def is_lopsided(self) -> bool:
        """Whether both gold labels are to count alike, since one is much commoner."""
        return is_lopsided(self.gold)

    @property
    def commoner_label(self) -> int:
        """The gold label that is the commoner one."""
        return int(2 * sum(self.gold) >= len(self.gold))


def share_of_commoner(gold: list[int]) -> float:
    """The share of the commoner gold label."""
    return max(sum(gold), len(gold) - sum(gold)) / len(gold)


def is_lopsided(gold: list[int]) -> bool:
    """Whether one gold label is so much commoner that an accuracy says little."""
    return share_of_commoner(gold) > LOPSIDED


def look(wanted: Wanted) -> Looked:
    """What the table holds, by the project's own reading; InputError on the first thing that is wrong."""
    try:
        return look_into(wanted)
    except InputError as error:
        says = str(error)
        for in_study, by_option in BY_OPTION.items():
            says = says.replace(in_study, by_option)
        raise InputError(says) from error


def look_into(wanted: Wanted) -> Looked:
    """As look, but its sentences name keys of a study."""
    where = str(wanted.path)
    table = read_table(wanted.path, where, wanted.encoding)
    named = [name for name in wanted.weak if not is_pattern(name)]
    others = [name for name in (wanted.text, wanted.worker, wanted.id, *wanted.confidence.values()) if name]
    refuse_commas(named, wanted.weak, table.columns, where)
    check_columns((wanted.gold, *named, *others), table, where)
    for column in table.columns:
        if wanted.labels and any(fnmatchcase(column, name) for name in (wanted.gold, *wanted.weak)):
            check_spellings(table, column, wanted.labels, where)
    check_gold_values(table, wanted.gold, wanted.labels, wanted.drops, where)
    text = wanted.text or find_text(table, {wanted.gold, *named, *others}, where)
    label = {"labels": wanted.labels} if wanted.labels else {}
    label |= {"others": "drop"} if wanted.drops else {}
    task = {"name": slug(wanted.path.stem), "table": wanted.path.name, "text": f"{{{text}}}"}
    task |= {"label": {"column": wanted.gold} | label if label else wanted.gold}
    task |= {key: value for key, value in (("id", wanted.id), ("encoding", wanted.encoding)) if value}
    task |= {"repeated": "first"} if wanted.first_counts else {}
    own = read_own_table(task, wanted.folder)
    texts = join_repeated(own.rows)
    gold = [row.gold for row in texts if row.gold is not None]
    check_gold(gold, where)
    task["test_size"] = min(MOST_TEST, 10 * round(len(gold) * TEST_SHARE / 10))
    sources = find_sources(wanted, task)
    said = labels_of_sources(task, sources, wanted.folder)
    joined = {name: joined_of(said[name]) for name, source in sources.items() if "aggregate" in source}
    test_ids, balanced = {row.id for row in draw_sets(texts, task)["test"]}, is_lopsided(gold)
    found = {name: threshold_of(said[name], test_ids, balanced) for name in sources if name not in joined}
    thresholds = {name: threshold for name, threshold in found.items() if threshold}
    for name, threshold in thresholds.items():
        sources[name]["threshold"] = threshold.value
        said[name] = by_threshold(said[name], threshold.value)
    uneven = {name: gaps for name in sources if (gaps := uneven_gaps(said[name]))}
    survey = survey_of(task, sources, wanted.folder)
    no_labels = {name: n for name in sources if (n := said[name].n_dropped)}
    counts = count_texts(own)
    looked = Looked(
        table, task, sources, gold, survey, said, joined, thresholds, no_labels, uneven, counts, own.dropped
    )
    check_supply(looked, where)
    return looked


def check_gold(gold: list[int], where: str) -> None:
    """InputError unless there are enough gold labels to test and to buy."""
    if len(gold) < LEAST_GOLD:
        raise InputError(
            f"{where}: {len(gold)} texts have a gold label, but {LEAST_GOLD} are needed, two thirds of them to test "
            f"what is learned; label {LEAST_GOLD - len(gold)} more, drawn at random."
        )
    if (rarer := min(sum(gold), len(gold) - sum(gold))) < LEAST_RARER:
        raise InputError(
            f"{where}: {rarer} of the {len(gold)} gold labels are {int(sum(gold) == rarer)}, but at least "
            f"{LEAST_RARER} of either label are needed; label more rows."
        )


def survey_of(task: dict, sources: Mapping[str, dict], folder: str) -> Survey:
    """What the table can give to the sources; InputError as of survey_table."""
    columns = table_columns(task, folder)
    settings = {
        name: Columns.model_validate({"name": name} | source).settings_of(columns, task["name"])
        for name, source in sources.items()
    }
    return survey_table(task, folder, settings)


def check_supply(looked: Looked, where: str) -> None:
    """InputError if a source has too few weak labels of texts outside of the test set."""
    for source, supply in looked.survey.supplies.items():
        if supply.weak < LEAST_WEAK:
            raise InputError(
                f"{where}: {supply.weak} texts outside of the test set have a label of {source!r}, but {LEAST_WEAK} "
                "are needed; have it label more texts, or leave it out."
            )
