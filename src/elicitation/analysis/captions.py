"""What the figures show, in words."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from elicitation.analysis.averages import average_rows, buys_labels
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.names import (
    AVERAGE,
    COMMONER,
    FREE_WORDS,
    PLAIN,
    PURCHASE,
    REGIMES,
    SETTING,
    UNDETERMINED,
)
from elicitation.buying.amounts import GOLD_LABELS, Money

# A caption names so many of the purchases that a task lacks; it counts the others.
LISTED = 2
# A caption names so many of the supervisors, students and methods that no average has; it counts the others.
NAMED = 4
# What is said of scores on parts of the test texts, which no posterior smooths.
AS_MEASURED = (
    "These scores are as measured in the runs of the purchase alone. Expected scores also use neighbouring purchases, "
    "so the two may differ by some points."
)
# Prices are written as shares of a gold label, such as 1/18, down to one part in so many.
LARGEST_PANEL = 50


def percent_text(value: float) -> str:
    """A share in percent, as captions write it, without the sign."""
    return f"{100 * value:.1f}"


def price_words(price: float, money: Money = GOLD_LABELS) -> str:
    """A price as people write it: 1/18 for what rounds to that share of a gold label, but 0.5 rather than 1/2."""
    if money.currency or not price:
        return money.words(price)
    parts = round(1 / price) if price else 0
    is_share = 0 < parts <= LARGEST_PANEL and abs(parts * price - 1) < 5e-4 and float(f"{price:.3g}") != price
    return f"1/{parts}" if is_share else f"{price:g}"


def plain_amount(cost: float, money: Money = GOLD_LABELS) -> str:
    """An amount in the currency; without one the number of gold labels."""
    return money.words(cost) if money.currency else f"{cost:g}"


def cost_words(cost: float, money: Money = GOLD_LABELS) -> str:
    """A cost, in gold labels where there is no currency, without digits that say nothing."""
    if money.currency:
        return money.words(cost)
    return f"{cost:.3g}" if cost < 100 else f"{cost:,.0f}"


def varying(table: pd.DataFrame, names: list[str]) -> list[str]:
    """Those of the columns that hold more than one value."""
    return [name for name in names if table[name].nunique() > 1]


def usual_seeds(points: pd.DataFrame) -> int:
    """The number of seeds behind most purchases; figures mark those with another number."""
    return int(with_labels(points).n_seeds.mode()[0])


def with_labels(points: pd.DataFrame) -> pd.DataFrame:
    """The rows of purchases that hold a label, which alone know seeds; all rows where there are no others."""
    bought = buys_labels(points)
    return points[bought] if bought.any() else points


def precision_of_runs(metrics: str | Path) -> str:
    """The sentence for the runs in results/metrics.parquet."""
    return precision_sentence(pd.read_parquet(metrics, columns=["precision"]).precision)


def precision_sentence(precisions: Iterable[str]) -> str:
    """In which precision models computed what a figure shows; empty where none of them says so."""
    named = sorted(set(precisions) - {""})
    return f"Models computed in {' and '.join(named)}." if named else ""


def describe_purchase(n_weak: int, n_gold: int) -> str:
    """How many labels of either kind a purchase holds."""
    return f"{n_weak:.0f} weak + {n_gold:.0f} gold labels"


def group_words(student: str, supervisor: str, method: str, titles: dict[str, str]) -> str:
    """Who learns, who labels, and how; titles: what methods are called in figures."""
    return f"Student {student}, weak labels of {supervisor}, {titles.get(method, method)}"


def seeds_and_tasks(seeds: str, points: pd.DataFrame) -> str:
    """How many seeds, and on how many tasks where there are several. seeds: their number, or a range of numbers."""
    n_tasks = points.n_tasks.iloc[0]
    return f"{seeds} seed{'' if seeds == '1' else 's'}" + (f" on each of {n_tasks} tasks" if n_tasks > 1 else "")


def seed_range(points: pd.DataFrame) -> str:
    """The fewest and the most seeds behind a point."""
    bought = with_labels(points)
    return " to ".join(map(str, sorted({bought.n_seeds.min(), bought.n_seeds.max()})))


def interval_sentence(intervals: str = "Bars") -> str:
    """Of what the intervals in a figure are. intervals: what draws them."""
    return f"{intervals}: 95 % intervals of the posterior, which learns from all runs together."


def count_sentence(points: pd.DataFrame, intervals: str = "Bars") -> str:
    """How many runs stand behind each point of a figure, and of what its interval is; intervals: what draws them."""
    points = with_labels(points)
    runs = seeds_and_tasks(str(usual_seeds(points)), points)
    marked = " (other numbers of seeds stand beside their points)" if points.n_seeds.nunique() > 1 else ""
    return f"Each point: {runs}{marked}. {interval_sentence(intervals)}"


def missing_sentence(missing: pd.DataFrame, titles: dict[str, str]) -> str:
    """Which runs are left out of an average because a task lacks them; empty where none is missing.

    missing: as elicitation.analysis.averages.missing_runs returns it; titles: what methods are called in figures.
    """
    if missing.empty:
        return ""
    tasks = []
    for task, runs in missing.groupby("task", sort=False):
        purchases = [
            f"seed {', '.join(map(str, seeds))} of {describe_purchase(n_weak, n_gold)} ({titles[method]})"
            for (method, n_weak, n_gold), seeds in runs.groupby(["method", "n_weak", "n_gold"], sort=False).seed
        ]
        more = len(purchases) - LISTED
        tail = [f"seeds of {more} more purchase{'s' if more > 1 else ''}"] if more > 0 else []
        tasks.append(f"{task} lacks {', '.join(purchases[:LISTED] + tail)}")
    return f"Missing, so not averaged: {'; '.join(tasks)} (results/missing.csv has all)."


def unaveraged_sentence(table: pd.DataFrame, titles: dict[str, str]) -> str:
    """Which supervisors, students and methods have results, but no average, since not all its tasks have them.

    table: with the rows of the average, if there is any, and of the single tasks. Empty where none is left out.
    """
    averaged = table[table.task == AVERAGE][SETTING].drop_duplicates()
    everywhere = table[SETTING].drop_duplicates().merge(averaged, how="left", indicator="found")
    alone = everywhere[everywhere.found == "left_only"]
    if averaged.empty or alone.empty:
        return ""
    shared = {kind: averaged[kind].iloc[0] for kind in SETTING if kind not in varying(averaged, SETTING)}
    listed = [
        ", ".join(titles.get(row[kind], row[kind]) for kind in reversed(SETTING) if row[kind] != shared.get(kind))
        for _, row in alone.iterrows()
    ]
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    return f"Not on every task that is averaged, so not shown: {'; '.join(listed[:NAMED])}{more}."


def footnote(points: pd.DataFrame, missing: pd.DataFrame, titles: dict[str, str], intervals: str = "Bars") -> str:
    """What all points of a figure have in common, the runs behind each, and what is missing from their averages."""
    shared = {name: points[name].iloc[0] for name in SETTING if name not in varying(points, SETTING)}
    words = {"student": "student {}", "supervisor": "weak labels of {}", "method": "{}"}
    common = [text.format(titles.get(shared[name], shared[name])) for name, text in words.items() if name in shared]
    head = ", ".join(common)
    sentences = [f"{head[0].upper()}{head[1:]}." if head else "", count_sentence(points, intervals)]
    if (points.task == AVERAGE).all():
        sentences.append(missing_sentence(missing.merge(points[SETTING].drop_duplicates()), titles))
    return " ".join(filter(None, sentences))


def describe_point(point: pd.Series, titles: dict[str, str], money: Money = GOLD_LABELS) -> str:
    """One point of the frontier: its cost, its purchase, its score, and how sure its place on the frontier is."""
    score, low, high = map(percent_text, (point.score, point.score_low, point.score_high))
    if point.kind != PURCHASE:
        return f"cost 0: {FREE_WORDS[point.kind]} -> {score} % ({low} to {high})"
    return (
        f"cost {cost_words(point.cost, money)}: {describe_purchase(point.n_weak, point.n_gold)} by "
        f"{titles[point.method]} -> {score} % ({low} to {high}; {point.n_seeds:.0f} seeds; "
        f"on the frontier with probability {point.probability:.2f})"
    )


def frontier_sentences(frontier: pd.DataFrame, titles: dict[str, str], money: Money = GOLD_LABELS) -> list[str]:
    """One line a point on the frontier: that of the average over tasks, or of each task where nothing is averaged.

    What always giving the commoner label achieves comes first, whether or not it is on the frontier.
    """
    table = average_rows(frontier)
    lines, several = [], varying(table, ["task"])
    for key, group in table.groupby(["task", "student", "supervisor", "weak_price"], sort=False):
        task, student, supervisor, price = key
        where = f"{task}: " if several else ""
        lines.append(
            f"\n{where}{student} with labels of {supervisor}, a weak label costs {price_words(price, money)}:\n"
        )
        shown = group[group.on_frontier | (group.kind == COMMONER)].sort_values("cost", kind="stable")
        in_order = pd.concat([shown[shown.kind == COMMONER], shown[shown.kind != COMMONER]])
        lines += [f"- {describe_point(point, titles, money)}" for _, point in in_order.iterrows()]
    return lines


def regime_sentences(regimes: pd.DataFrame, titles: dict[str, str], money: Money = GOLD_LABELS) -> list[str]:
    """For each regime where it was found, and how often none was."""
    names = ["task", *varying(regimes, SETTING)]
    lines = []
    for choice, words in PLAIN.items():
        regime = REGIMES.get(choice, choice)
        found = regimes[regimes.regime == regime]
        where = "; ".join(
            f"{', '.join(titles.get(name, name) for name in key)} at "
            + ", ".join(
                f"{plain_amount(row.budget, money)} (weak label {price_words(row.weak_price, money)})"
                for row in group.itertuples()
            )
            for key, group in found.groupby(names, sort=False)
        )
        lines.append(f"- {words} ({regime}): {where if len(found) else 'not found'}")
    undetermined = (regimes.regime == UNDETERMINED).sum()
    return [*lines, f"- {UNDETERMINED}: {undetermined} of {len(regimes)} (results/regimes.csv has all)"]


def alone_words(regimes: pd.DataFrame) -> str:
    """Among which purchases each regime was found, where other answers compare more; else nothing."""
    kinds = {"supervisor": "of that source", "method": "by that method"}
    several = [kinds[name] for name in varying(regimes, list(kinds))]
    return f", among purchases {' and '.join(several)} alone" if several else ""


def pareto_caption(
    frontier: pd.DataFrame,
    regimes: pd.DataFrame,
    missing: pd.DataFrame,
    titles: dict[str, str],
    measure: str,
    verdict: float,
    precision: str = "",
    money: Money = GOLD_LABELS,
) -> str:
    """The caption of figures/pareto.pdf. measure: one of MEASURES; precision: of precision_sentence."""
    name = MEASURES[measure]
    lines = [
        f"Expected {name} of every purchase that was run against its cost, in {money.unit}, with 95 % intervals of the",
        "posterior, which learns from all runs together. On the frontier is what no cheaper purchase beats.",
        *filter(
            None,
            [
                missing_sentence(missing, titles),
                unaveraged_sentence(frontier[frontier.kind == PURCHASE], titles),
                precision,
            ],
        ),
        *frontier_sentences(frontier, titles, money),
        f"\nWhat to buy (task, budget, price of a weak label) with a probability of at least {verdict:g}"
        f"{alone_words(regimes)}:\n",
        *regime_sentences(regimes, titles, money),
    ]
    return "\n".join(lines) + "\n"
