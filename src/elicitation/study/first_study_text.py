"""The first study of a table in words: what was found in the table, and the file of the study."""

import math
import shlex
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

import yaml

from elicitation.analysis.intervals import wilson
from elicitation.analysis.names import ABSTAINED, NOT_ASKED
from elicitation.analysis.recommendation_words import percent
from elicitation.buying.amounts import Money, amount_words
from elicitation.buying.prices import labels_for
from elicitation.data.labels import is_number
from elicitation.data.table_survey import Votes
from elicitation.errors import join_words, listed
from elicitation.study.first_study import MOSTLY, Looked, Wanted, gold_labels_for, reason_of
from elicitation.study.reference import SCHEMA_FILE
from elicitation.study.study import Study

# Columns and heads of the table of weak labels.
HEADS = ("weak column", "price", "right", "95 % interval", "gold rows", "coverage")

# A source was probably asked for the texts with a gold label alone if it labels this share of them, and of the others
# a share that is this much lower.
NEARLY_ALL, CLEARLY_LOWER = 0.95, 0.1
# By why texts have no label, what they are taken as, and when they should not be.
GAPS_TAKEN = {
    ABSTAINED: ("abstentions, which count as half right", "nobody asked there yet"),
    NOT_ASKED: ("not asked, so that only texts with a label count", "nothing could be said of them"),
}
# What stands for the cost of labels that a source does not have.
FEWER = "too few"
# What the file says where texts have no label of a source.
GAPS = (
    "# gaps: why texts have no label. abstained: nothing could be said of them, so they count as half right.",
    "# not_asked: nobody asked yet, so only texts with a label count. It decides how good the labels are as they are.",
)


class OneLine(yaml.SafeDumper):
    """Writes YAML whose texts stand in one line, even if they hold several."""


def one_line_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """A text in YAML, in double quotes where it holds several lines, which alone keep it in one."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\n" in text else None)


OneLine.add_representer(str, one_line_text)


def flow(value) -> str:
    """A value as one line of YAML."""
    text = yaml.dump(
        value, Dumper=OneLine, default_flow_style=True, width=math.inf, sort_keys=False, allow_unicode=True
    )
    return text.removesuffix("...\n").strip()


def study_text(config: dict, looked: Looked, command: str, minutes: float) -> str:
    """The file of the study, with what a person wants to know who edits it. config: the values of the file."""
    [task], [model], grid = config["tasks"], config["models"], config["grid"]
    gold = len(looked.gold)

    def lines(*keys: str) -> Iterator[str]:
        return (f"{key}: {flow(config[key])}" for key in keys if key in config)

    def entry(values: dict) -> Iterator[str]:
        return (f"{'  - ' if i == 0 else '    '}{key}: {flow(value)}" for i, (key, value) in enumerate(values.items()))

    own = "in gold labels, so 0.05 means that 20 labels cost as much as a gold one"
    unit_of_prices = f"in {config.get('currency', 'gold labels')}"
    unit = unit_of_prices if "currency" in config else own
    return "\n".join(
        [
            *([f"# yaml-language-server: $schema={SCHEMA_FILE}"] if SCHEMA_FILE.is_file() else []),
            f"# What labels to buy for {task['table']}. Edit it as you like: docs/reference/config.md has the keys,",
            f"# docs/tutorials/your-labels.md table and results. About {minutes_words(minutes)} here, as it is:",
            f"#   {command}",
            *lines("study", "device", "precision", "sources", "data_folder"),
            "",
            f"# Prices are {unit}.",
            *lines("currency", "gold_price"),
            "",
            "tasks:",
            f"  # Of {gold:,} texts with a gold label {task['test_size']} test what is learned, others can be bought.",
            *entry(task),
            "",
            "# Sources of weak labels, with the price of one label of each column.",
            *(GAPS if any(looked.survey.lacking.values()) else ()),
            "supervisors:",
            *(f"  - {flow(source)}" for source in config["supervisors"]),
            "",
            "# A language model of 135 million parameters that the environment holds. A larger one learns more, and",
            "# wants a GPU (studies/own.yaml).",
            "models:",
            *entry(model),
            *lines("students", "methods", "seeds"),
            "",
            "# What is trained on: each budget spent on weak labels, on gold ones, and half on each.",
            "grid:",
            "  # In gold labels.",
            *(f"  {key}: {flow(grid[key])}" for key in ("budgets", "gold_shares")),
            f"  # Of a weak label of the most expensive source, {unit_of_prices}; answers are at each one's own.",
            "  # Sources that cost as much as gold labels do not count, since none of theirs is bought.",
            f"  weak_price: {flow(grid['weak_price'])}",
            *rate_lines(grid),
            *more_lines(grid),
            *asking_lines(grid),
            "",
            *(["# One label is much commoner than the other."] if "inference" in config else []),
            *lines("inference", "training", "labelling"),
            "",
        ]
    )


def rate_lines(grid: dict) -> Iterator[str]:
    """What the file says where a table has fewer texts than the largest budget would buy weak labels."""
    if rate := grid.get("most_weak_per_gold"):
        largest = max(grid["budgets"])
        yield "  # At that price the largest budget would buy more weak labels than there are to train on. So every"
        yield f"  # budget buys {flow(rate)} of them in place of a gold one; the largest {largest:,} x {flow(rate)},"
        yield f"  # which is {labels_for(largest, 1 / rate):,}."
        yield f"  most_weak_per_gold: {flow(rate)}"


def more_lines(grid: dict) -> Iterator[str]:
    """What the file says where sources give more or fewer labels than the budgets buy of the most expensive one."""
    if more := grid.get("more_purchases"):
        yield "  # Beside the budgets, since sources differ in price or number of labels: [weak labels, gold labels]."
        yield f"  more_purchases: {flow(more)}"
    if "beyond_pool" in grid:
        yield "  # What a source has too few labels for is left out."
        yield f"  beyond_pool: {grid['beyond_pool']}"


def asking_lines(grid: dict) -> Iterator[str]:
    """What the file says where the student is asked without any label."""
    if "shots" in grid:
        yield "  # few_shot_gold shows so many examples in its prompt; with 0 it asks the task's question (`prompt`)."
        yield f"  shots: {flow(grid['shots'])}"


def minutes_words(minutes: float) -> str:
    """A time to wait, in whole minutes."""
    whole = max(1, round(minutes))
    return f"{whole} minute{'' if whole == 1 else 's'}"


def rows_of_table(looked: Looked, wanted: Wanted) -> Iterator[tuple[str, ...]]:
    """A row for each weak column: price, how often it is right on gold rows, of how many, and coverage."""
    for source, columns in looked.survey.votes.items():
        priced = looked.sources[source]["columns"]
        for column, votes in columns.items():
            price = priced.get(column, next(iter(priced.values())))
            words = amount_words(price, wanted.money.currency)
            yield (column, words, *quality_of(votes), f"{percent(looked.coverage(column))} %")


def quality_of(votes: Votes) -> tuple[str, str, str]:
    """How often a column is right on gold rows, the interval of that, and the number of such rows."""
    n = sum(votes.known)
    if not n:
        return "", "", "0"
    right = votes.known[0] - votes.for_one[0] + votes.for_one[1]
    low, high = wilson(right, n)
    return f"{100 * right / n:.0f} %", f"{100 * low:.0f} to {100 * high:.0f} %", f"{n:,}"


def aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Rows of cells as lines with columns; the first column is of words, the others of numbers."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for first, *cells in rows:
        numbers = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *numbers]).rstrip()


def look_lines(looked: Looked, wanted: Wanted) -> Iterator[str]:
    """What was understood of a table."""
    table = looked.table
    how = ", ".join([table.format["format"], *(str(v) for k, v in table.format.items() if k != "format")])
    yield f"{wanted.path}: {how}; {len(table.records):,} rows; columns {', '.join(table.columns)}"
    yield f"texts: {looked.text}{'' if wanted.text else ' (by far the longest; another one: --text)'}"
    yield from text_lines(looked, wanted)
    ones = sum(looked.gold)
    shares = f"{percent(ones / len(looked.gold))} % label 1, {percent(1 - ones / len(looked.gold))} % label 0"
    price = f"; one costs {wanted.money.words(1)}" if wanted.money.currency else ""
    yield f"gold labels: {wanted.gold}, of {len(looked.gold):,} different texts: {shares}{price}"
    yield ""
    yield from aligned([HEADS, *rows_of_table(looked, wanted)])
    prices = "" if wanted.money.currency else "; prices are in gold labels"
    yield f"right: on all gold rows, while the study's answers are of its {looked.task['test_size']} test texts{prices}"
    for source, entry in looked.sources.items():
        if "aggregate" in entry:
            votes = looked.survey.votes[source]
            voters = f"the votes of all {wanted.worker}" if wanted.worker else join_words({*votes}, "and")
            yield f"{source} joins {voters} by {entry['aggregate']}"
    yield from gap_lines(looked, wanted)


def gap_lines(looked: Looked, wanted: Wanted) -> Iterator[str]:
    """For each reason why sources have no label of some texts: which they are, and the option for the other reason."""
    for taken, (taken_as, otherwise) in GAPS_TAKEN.items():
        options = {
            source: f"{name}={(NOT_ASKED if taken == ABSTAINED else ABSTAINED).replace('_', '-')}"
            for source, name in zip(looked.sources, wanted.weak, strict=True)
            if looked.survey.lacking[source] and reason_of(looked.sources[source]) == taken
        }
        if options:
            gaps = ", ".join(f"{looked.survey.lacking[source]:,} of {source}" for source in options)
            unasked = "".join(unasked_words(looked, options)) if taken == ABSTAINED else ""
            yield (
                f"texts without a label: {gaps}; taken as {taken_as}; if {otherwise}, give --gaps "
                f"{shlex.join(options.values())}{unasked}"
            )


def text_lines(looked: Looked, wanted: Wanted) -> Iterator[str]:
    """What is said of rows that are no text of their own, if there are any."""
    rows, different, contradictory = (looked.counts[key] for key in ("rows", "different texts", "contradictory texts"))
    if different < rows:
        yield f"texts that stand in several rows count once: {rows:,} rows hold {different:,} texts"
    left_out = [
        (looked.dropped.get(looked.text, 0), "row", "without a text"),
        (looked.dropped.get(wanted.gold, 0), "row", "with another value as gold label"),
        (contradictory, "text", "with both gold labels"),
    ]
    if said := [f"{n:,} {what}{'' if n == 1 else 's'} {which}" for n, what, which in left_out if n]:
        yield f"left out: {', '.join(said)}"


def unasked_words(looked: Looked, sources: Collection[str]) -> Iterator[str]:
    """Of each of the sources that was probably asked for the texts with a gold label alone, what speaks for it."""
    for source, (of_gold, of_others) in looked.survey.reached.items():
        if source in sources and of_gold >= NEARLY_ALL and of_others <= of_gold - CLEARLY_LOWER:
            yield (
                f"; {source} has a label of {percent(of_gold)} % of the texts with a gold one, but of "
                f"{percent(of_others)} % of the others: probably not asked there"
            )


def purchase_rows(study: Study, looked: Looked, money: Money) -> Iterator[tuple[str, ...]]:
    """A row for each budget: the gold labels or the weak ones that it buys, and what these cost at each source."""
    weak_price = study.grid.weak_price
    bought = [(money.words(n), f"{n:,}", labels_for(n, weak_price)) for n in study.grid.budgets]
    bought += [("more", f"{gold:,}" if gold else "-", weak) for weak, gold in study.grid.more_purchases]
    sources = [(price, looked.survey.supplies[name].weak) for name, [price] in study.prices.items()]
    yield ("budget", "gold labels", "weak labels", *(f"from {name}" for name in study.prices))
    for budget, gold, weak in bought:
        costs = (money.words(weak * price) if weak <= most else FEWER for price, most in sources)
        yield (budget, gold, f"{weak:,}", *costs)


def within_budget(study: Study, wanted: Wanted) -> dict[str, float]:
    """The most weak labels of each source that the budget pays for which the user named."""
    most = wanted.money.in_gold(wanted.budget) if wanted.budget else math.inf
    return {name: most / price for name, [price] in study.prices.items()}


def size_lines(study: Study, looked: Looked, minutes: float, cores: int, wanted: Wanted) -> Iterator[str]:
    """How the study is sized: what it buys of each kind of label, at the prices of the sources, and its time."""
    runs, student = study.made_runs, study.students[0]
    asks = bool(study.grid.shots)
    yield (
        f"The study: {looked.task['test_size']} of the gold labels test what is learned. Each budget is spent in three "
        "ways: on gold labels, on weak ones, and half on each."
    )
    yield ""
    yield from aligned(rows := [*purchase_rows(study, looked, wanted.money)])
    units = "" if wanted.money.currency else "; in gold labels"
    yield f"from …: what these weak labels cost there{units}"
    if study.grid.more_purchases:
        yield "more: beside the budgets, since sources differ in price or number of labels"
    if any(FEWER in row for row in rows):
        yield f"{FEWER}: the source has fewer labels, so this is not run there"
    yield ""
    yield (
        f"{len(study.seeds)} seeds, {len(runs)} runs of {student}{', one of which asks it without any label' * asks}; "
        f"about {minutes_words(minutes)} on {cores} core{'' if cores == 1 else 's'}."
    )
    yield from budget_lines(study, wanted)
    yield from unbought_lines(study, looked, within_budget(study, wanted))
    if not asks:
        yield (
            f"What {student} knows without any label, which costs nothing, can be studied too: by --question "
            f"{question_words(wanted)}"
        )
    yield "It says what labels are worth up to these numbers. Of more labels than the table holds it can say nothing."


def question_words(wanted: Wanted) -> str:
    """How the option asks of a text whether it has label 1, in the user's own word for that where it is one."""
    word = next((value for value, label in (wanted.labels or {}).items() if label and not is_number(value)), "…")
    return f"{shlex.quote(f'Is the text {word}?')}, say, where yes means label 1."


def budget_lines(study: Study, wanted: Wanted) -> Iterator[str]:
    """What is said of a budget of the user's own: that there is an option, or that the study has nearly that one."""
    if not wanted.budget:
        yield "An answer for a budget between these is interpolated. Name yours by --budget, and it is studied."
        return
    named = amount_words(wanted.budget, wanted.money.currency)
    largest = max(study.grid.budgets)
    studied = wanted.money.words(largest)
    if gold_labels_for(wanted.budget, wanted.money) > largest:
        yield (
            f"Besides those that test, the table has {largest:,} gold labels to train on, so of your {named} the study "
            f"goes up to {studied}; an answer for more is the best purchase up to there, and says what money is left."
        )
    elif named != studied:
        yield f"Budgets are whole gold labels, so yours of {named} is studied as {studied}."


def unbought_lines(study: Study, looked: Looked, affordable: Mapping[str, float]) -> Iterator[str]:
    """Of the sources whose labels are not nearly all bought, what would buy them.

    affordable: the most labels that the user can pay for, by source.
    """
    unbought = []
    for source, supply in looked.survey.supplies.items():
        most = max(run["n_weak"] for run in study.planned_runs if run["supervisor"] == source)
        if most < MOSTLY * supply.weak <= MOSTLY * affordable[source]:
            unbought.append((supply.weak, source))
    for n, group in groupby(sorted(unbought), key=itemgetter(0)):
        sources = listed([source for _, source in group], "or")
        fix = f"`more_purchases: [[{n}, 0]]` under `grid` in the file adds it"
        yield f"Not run: a purchase of all {n:,} weak labels of {sources}; {fix}."
