"""The file of the first study of a table, with what a person wants to know who edits it."""

import math
from collections.abc import Iterable, Iterator, Mapping

import yaml

from elicitation.buying.prices import labels_for
from elicitation.study.first_study import Looked
from elicitation.study.first_study_sources import price_of_label
from elicitation.study.reference import SCHEMA_FILE

# What the file says where texts have no label of a source.
GAPS = (
    "# gaps: why texts have no label. abstained: nothing could be said of them, so they count as half right.",
    "# paid: the same, but the source was paid for that, so these texts have the label 0.5 at its price.",
    "# not_asked: nobody asked yet, so only texts with a label count. It decides how good the labels are as they are.",
)
# What it says where a source says label 1 from another value on.
THRESHOLD = (
    "# threshold: above it a value says label 1, since these are no probabilities. It was chosen by gold labels that",
    "# do not test. Without it 0.5 is taken.",
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
            *need_lines(config),
            "",
            "tasks:",
            f"  # Of {gold:,} texts with a gold label {task['test_size']} test what is learned, others can be bought.",
            *entry(task),
            "",
            "# Sources of weak labels, with the price of one label, or vote, of each column.",
            *(GAPS if any("gaps" in source for source in config["supervisors"]) else ()),
            *(THRESHOLD if looked.thresholds else ()),
            "supervisors:",
            *(f"  - {flow(source)}" for source in config["supervisors"]),
            "",
            "# A language model of 135 million parameters that the environment holds. A larger one learns more, and",
            "# wants a GPU (studies/own.yaml).",
            "models:",
            *entry(model),
            *lines("students", "methods", "seeds"),
            "",
            "# What is trained on: for each budget weak labels alone, gold ones alone, and half of each.",
            "grid:",
            "  # In gold labels.",
            *(f"  {key}: {flow(grid[key])}" for key in ("budgets", "gold_shares")),
            *price_lines(config, unit_of_prices),
            f"  weak_price: {flow(grid['weak_price'])}",
            *rate_lines(grid),
            *more_lines(grid),
            *asking_lines(grid),
            "",
            *(
                ["# One label is much commoner than the other, so both count alike and are shown as often."]
                * ("inference" in config)
            ),
            *lines("inference", "training", "labelling"),
            "",
        ]
    )


def need_lines(config: dict) -> Iterator[str]:
    """What the file says where it is known how many texts there are to label, and what there is to spend."""
    if "texts_to_label" in config:
        yield ""
        yield "# Answers are for so many texts, those of the table among them, unless a question names another number."
        yield f"texts_to_label: {config['texts_to_label']}"
    if "budget" in config:
        yield ""
        yield "# Answers begin with what this money buys. It trains nothing: budgets to train on stand under `grid`."
        yield f"budget: {flow(config['budget'])}"


def price_lines(config: dict, unit: str) -> Iterator[str]:
    """What the file says of the price at which budgets are split."""
    if all_free(config["supervisors"]):
        yield f"  # All weak labels are free. So budgets are split at a price, {unit}, at which the largest one buys"
        yield "  # as many as this study trains on; answers are at the true price."
    else:
        yield f"  # Of a weak label of the most expensive source, {unit}; answers are at each one's own."
        yield "  # Sources that cost as much as gold labels do not count, since none of theirs is bought."


def all_free(sources: Iterable[Mapping]) -> bool:
    """Whether no source has a price above 0 for its labels."""
    return not any(map(price_of_label, sources))


def rate_lines(grid: dict) -> Iterator[str]:
    """What the file says where a table has fewer texts than the largest budget would buy weak labels."""
    if rate := grid.get("most_weak_per_gold"):
        largest = max(grid["budgets"])
        yield "  # At that price the largest budget would buy more weak labels than this study trains on. So every"
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
