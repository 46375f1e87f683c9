"""The first study of a table in words: what was found in the table, and the file of the study."""

import math
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import yaml

from elicitation.analysis.intervals import wilson
from elicitation.analysis.recommendation_words import percent
from elicitation.buying.amounts import Money, amount_words
from elicitation.data.table_survey import Votes
from elicitation.errors import join_words, listed
from elicitation.study.first_study import Looked, Wanted
from elicitation.study.reference import SCHEMA_FILE
from elicitation.study.study import Study

# Columns and heads of the table of weak labels.
HEADS = ("weak column", "price", "right", "95 % interval", "gold rows", "coverage")

# A source was probably asked for the texts with a gold label alone if it labels this share of them, and of the others
# a share that is this much lower.
NEARLY_ALL, CLEARLY_LOWER = 0.95, 0.1
# A purchase of this share of a source's labels stands for one of all.
MOSTLY = 0.95
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
        yield "  # At that price the texts do not suffice for the largest budget, so no more weak labels than these are"
        yield "  # bought in place of a gold one."
        yield f"  most_weak_per_gold: {flow(rate)}"


def more_lines(grid: dict) -> Iterator[str]:
    """What the file says where cheaper sources give more labels than the budgets buy of the most expensive one."""
    if more := grid.get("more_purchases"):
        yield "  # More weak labels of each source, since cheaper ones cost less than that: [weak labels, gold labels]."
        yield f"  more_purchases: {flow(more)}"


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
    ones = sum(looked.gold)
    shares = f"{percent(ones / len(looked.gold))} % label 1, {percent(1 - ones / len(looked.gold))} % label 0"
    yield f"gold labels: {wanted.gold}, of {len(looked.gold):,} different texts: {shares}"
    yield ""
    yield from aligned([HEADS, *rows_of_table(looked, wanted)])
    prices = "" if wanted.money.currency else "; prices are in gold labels"
    yield f"right: on all gold rows, while the study's answers are of its {looked.task['test_size']} test texts{prices}"
    for source, entry in looked.sources.items():
        if "aggregate" in entry:
            votes = looked.survey.votes[source]
            voters = f"the votes of all {wanted.worker}" if wanted.worker else join_words({*votes}, "and")
            yield f"{source} joins {voters} by {entry['aggregate']}"
    if gaps := [f"{n:,} of {source}" for source, n in looked.survey.lacking.items() if n]:
        yield (
            f"texts without a label: {', '.join(gaps)}; taken as abstentions, which count as half right; if nobody "
            f"asked there yet, write gaps: not_asked in the study{''.join(unasked_words(looked))}"
        )


def unasked_words(looked: Looked) -> Iterator[str]:
    """Of each source that was probably asked for the texts with a gold label alone, what speaks for it."""
    for source, (of_gold, of_others) in looked.survey.reached.items():
        if of_gold >= NEARLY_ALL and of_others <= of_gold - CLEARLY_LOWER:
            yield (
                f"; {source} has a label of {percent(of_gold)} % of the texts with a gold one, but of "
                f"{percent(of_others)} % of the others: probably not asked there"
            )


def costs_words(numbers: list[int], price: float, money: Money) -> str:
    """What some numbers of labels cost: `$1.44 and $4.36`. price: of one of them, in gold labels."""
    unit = "" if money.currency else " gold labels"
    return listed([money.words(n * price) for n in numbers]) + unit


def weak_words(numbers: list[int], of: str, study: Study, money: Money) -> str:
    """Some numbers of weak labels, and what they cost of each source; of: whose they are, if that is to be said."""
    costs = "; ".join(f"{name} {costs_words(numbers, price, money)}" for name, [price] in study.prices.items())
    return f"{listed([f'{n:,}' for n in numbers])} weak labels{of} ({costs})"


def size_lines(study: Study, looked: Looked, minutes: float, cores: int, money: Money) -> Iterator[str]:
    """How the study is sized: what it buys of each kind of label, at the prices of the sources, and its time."""
    runs, student = study.made_runs, study.students[0]
    more = [n for n, _ in study.grid.more_purchases]
    # Asking without any label buys neither.
    weak = sorted({run["n_weak"] for run in runs if not run["n_gold"]} - {0, *more})
    gold = sorted({run["n_gold"] for run in runs if not run["n_weak"]} - {0})
    asks = bool(study.grid.shots)
    of_gold = f" ({costs_words(gold, 1, money)})" if money.currency else ""
    bought = [weak_words(weak, "", study, money), f"on {listed([f'{n:,}' for n in gold])} gold ones{of_gold}"]
    bought += ["on half as many of both", *(f"on {weak_words([n], ' of each source', study, money)}" for n in more)]
    yield (
        f"The study: {looked.task['test_size']} of the gold labels test; it trains on {', '.join(bought[:-1])}, and "
        f"{bought[-1]}; {len(study.seeds)} seeds, {len(runs)} runs of {student}"
        f"{', one of which asks it without any label' * asks}; about {minutes_words(minutes)} on {cores} "
        f"core{'' if cores == 1 else 's'}."
    )
    yield from unbought_lines(looked, max(*weak, *more))
    if not asks:
        yield (
            f"What {student} knows without any label, which costs nothing, can be studied too: by --question "
            "'Is it spam?', say, where yes means label 1."
        )
    yield "It says what labels are worth up to these numbers. Of more labels than the table holds it can say nothing."


def unbought_lines(looked: Looked, most: int) -> Iterator[str]:
    """Of the sources whose labels are not nearly all bought, what would buy them. most: weak labels of a purchase."""
    found = looked.survey.weak
    fewest = min(found, key=found.__getitem__)
    unbought = sorted((n, source) for source, n in found.items() if most < MOSTLY * n)
    for n, group in groupby(unbought, key=itemgetter(0)):
        sources = listed([source for _, source in group], "or")
        fix = f"`more_purchases: [[{n}, 0]]` under `grid` in the file adds it"
        if n > found[fewest]:
            fix = f"study {sources} on its own for that (a single --weak), since {fewest} labels fewer texts"
        yield f"Not run: a purchase of all {n:,} weak labels of {sources}; {fix}."
