"""What is recommended as the budget grows, in words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import pandas as pd

from elicitation.analysis.captions import cost_words, describe_purchase, percent_text, price_words
from elicitation.analysis.names import COMMONER, FREE_WORDS, LABELS, NOTHING_BOUGHT, PLAIN, UNDETERMINED
from elicitation.analysis.posterior import Block, Free
from elicitation.buying.amounts import GOLD_LABELS, Money, amount_words
from elicitation.buying.prices import cost
from elicitation.errors import listed

# What is bought, in words.
THINGS = {"weak only": "weak", "mixed": "a mix", "gold only": "gold", NOTHING_BOUGHT: "nothing"}
# A finding names so many stretches of budgets at most.
MOST_STRETCHES = 4


class OfAll(NamedTuple):
    """Weak labels as they are of all texts that there are to label."""

    labels: Free
    n_texts: int
    cost: float
    """Of all of them, in gold labels."""


class Panel(NamedTuple):
    """What there is to say at some prices."""

    prices: dict[str, float]
    """Of a weak label, by supervisor, in gold labels."""
    rows: pd.DataFrame
    """What elicitation.analysis.advice.advise says at them."""
    ready: Sequence[Free] = ()
    """Of ready_labels."""
    of_all: Sequence[OfAll] = ()
    """Of labels_of_all."""


def budget_words(budget: float, money: Money = GOLD_LABELS) -> str:
    """A budget as one would say it, with two digits that count."""
    rounded = float(f"{money.of(budget):.2g}")
    if money.currency:
        return amount_words(rounded, money.currency)
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"


@dataclass(frozen=True)
class Stretch:
    """Budgets that have the same choice."""

    choice: str
    """A key of THINGS, or UNDETERMINED."""
    begin: int
    """The position of the first budget."""
    end: int
    """The position of the first budget after it."""
    has_gaps: bool = False
    """Whether some budgets in it are undetermined."""


def stretches(choices: list[str]) -> list[Stretch]:
    """The stretches of the same choice (n,). What is decided alike before and after a gap is one stretch with gaps."""
    found, end = [], 0
    for choice, group in groupby(choices):
        begin, end = end, end + len(list(group))
        if len(found) > 1 and found[-1].choice == UNDETERMINED and found[-2].choice == choice:
            found[-2:] = [replace(found[-2], end=end, has_gaps=True)]
        else:
            found.append(Stretch(choice, begin, end))
    return found


def main_stretches(rows: pd.DataFrame) -> list[Stretch]:
    """What is decided where; the shortest stretches are left undetermined where there are too many to tell.

    rows: as elicitation.analysis.advice.advise returns them, evenly on a logarithmic scale.
    """
    choices = rows.leading.mask(rows.regime == UNDETERMINED, UNDETERMINED).tolist()
    while True:
        found = stretches(choices)
        decided = [stretch for stretch in found if stretch.choice != UNDETERMINED]
        if len(decided) <= MOST_STRETCHES:
            return found
        shortest = min(decided, key=lambda stretch: stretch.end - stretch.begin)
        choices[shortest.begin : shortest.end] = [UNDETERMINED] * (shortest.end - shortest.begin)


def range_words(stretch: Stretch, budgets: list[float], money: Money) -> str:
    """Where a stretch is, among all budgets (n,)."""
    is_first, is_last = stretch.begin == 0, stretch.end == len(budgets)
    begin, end = (budget_words(budgets[min(at, len(budgets) - 1)], money) for at in (stretch.begin, stretch.end))
    if is_first and is_last:
        return "at most budgets" if stretch.has_gaps else "at every budget"
    where = f"up to {end}" if is_first else f"from {begin}" if is_last else f"from {begin} to {end}"
    return where + " with gaps" * stretch.has_gaps


def finding(rows: pd.DataFrame, money: Money = GOLD_LABELS) -> str:
    """What to buy as the budget grows, in one sentence without its full stop.

    rows: as elicitation.analysis.advice.advise returns them.
    """
    found, budgets = main_stretches(rows), rows.budget.tolist()
    decided = [
        f"{THINGS[stretch.choice]} {range_words(stretch, budgets, money)}"
        for stretch in found
        if stretch.choice in THINGS
    ]
    if not decided:
        return "Undetermined at every budget"
    places = ["below", *["between"] * (len(found) - 2), "above"] if len(found) > 1 else [""]
    open_at = {place for place, stretch in zip(places, found, strict=True) if stretch.choice == UNDETERMINED}
    open_at |= {"between" for stretch in found if stretch.has_gaps}
    places = [place for place in ("below", "between", "above") if place in open_at]
    where = "elsewhere" if len(places) > 2 else " and ".join(places)
    rest = f"; {where}, undetermined" if places else ""
    # Once said, labels are what is bought.
    return re.sub("(weak|gold)", r"\1 labels", f"Buy {', '.join(decided)}{rest}", count=1)


def heading(panel: Panel, money: Money) -> str:
    """The finding; where weak labels as they are beat all students, that these are to be used."""
    if not panel.ready:
        return finding(panel.rows, money)
    return f"Use the weak labels of {panel.ready[0].supervisor} as they are: no student is better"


def student_words(panel: Panel, money: Money) -> str:
    """The finding, which is about students alone where weak labels as they are beat all of them; else nothing."""
    found = finding(panel.rows, money)
    return f"To train a student: {found[0].lower()}{found[1:]}" if panel.ready else ""


def ready_labels(block: Block, prices: dict[str, float], rows: pd.DataFrame) -> list[Free]:
    """The weak labels to use as they are, the best ones first, then cheaper ones for more texts.

    By the rules of elicitation.analysis.ready_labels: there are some where no student beats the best ones, which cost
    less than gold labels; the others beat at least what is recommended for the smallest budget. prices: of a weak
    label, by supervisor; rows: what `advise` says at them.
    """
    labels = [free for free in block.free if free.kind == LABELS and prices.get(free.supervisor)]
    costs = {free.supervisor: prices[free.supervisor] * free.paid for free in labels}
    best = max(labels, key=lambda free: free.scores.mean[0], default=None)
    if best is None or costs[best.supervisor] >= 1 or best.scores.mean[0] <= rows.score.max():
        return []
    beaten = max(rows.score.min(), *(free.scores.mean[0] for free in block.free if free.kind == COMMONER))
    found: list[Free] = []
    for free in sorted(labels, key=lambda free: (-free.scores.mean[0], costs[free.supervisor])):
        is_cheaper = not found or costs[free.supervisor] < costs[found[-1].supervisor]
        if is_cheaper and free.scores.mean[0] > beaten:
            found.append(free)
    return found


def labels_of_all(block: Block, prices: dict[str, float], n_texts: int | None) -> list[OfAll]:
    """The weak labels of each source for all texts that there are, the best first; none where these are not counted."""
    labels = sorted((free for free in block.free if free.kind == LABELS), key=lambda free: -free.scores.mean[0])
    return [OfAll(free, n_texts, cost(n_texts, 0, prices[free.supervisor] * free.paid)) for free in labels if n_texts]


def of_all_words(panels: list[Panel], money: Money) -> str:
    """What all texts bring and cost as they are, in a sentence, where that is the same in all panels; else nothing."""
    first = panels[0].of_all
    if not first or any(panel.of_all != first for panel in panels):
        return ""
    costs = ((each.labels, "nothing" if not each.cost else cost_words(each.cost, money)) for each in first)
    said = listed([f"{free.supervisor} {percent_text(free.scores.mean[0])} % for {paid}" for free, paid in costs])
    return f"As they are for all {first[0].n_texts:,} texts: {said}."


def ready_words(labels: list[Free]) -> str:
    """What weak labels bring as they are, in a sentence; empty without any. labels: of ready_labels."""
    if not labels:
        return ""
    first, *others = (f"of {free.supervisor} {percent_text(free.scores.mean[0])} %" for free in labels)
    more = f"; for less money {', '.join(f'those {other}' for other in others)}" if others else ""
    lines = "dashed lines" if others else "dashed line"
    return f"As they are, without training: the weak labels {first}{more} ({lines}); each text then costs a label."


def prices_words(prices: dict[str, float], money: Money = GOLD_LABELS) -> str:
    """What weak labels cost: one price, or that of each supervisor."""
    names = {price: [name for name, own in prices.items() if own == price] for price in prices.values()}
    each = [
        price_words(price, money) + (f" ({', '.join(own)})" if len(names) > 1 else "") for price, own in names.items()
    ]
    return f"a weak label costs {listed(each)}"


def choice_line(row: pd.Series, titles: dict[str, str], money: Money) -> str:
    """What to buy with one budget, what to expect, and what costs nothing."""
    expected = f"{percent_text(row.score)} % ({percent_text(row.score_low)} to {percent_text(row.score_high)})"
    free = FREE_WORDS[row.free]
    if row.leading == NOTHING_BOUGHT:
        words = f"{PLAIN[NOTHING_BOUGHT]}: {free} -> {expected}"
    else:
        source = f" of {row.supervisor}" if row.n_weak else ""
        paid = cost_words(row.weak_cost + row.gold_cost, money)
        bought = f"{describe_purchase(row.n_weak, row.n_gold)}{source} by {titles[row.method]}, cost {paid}"
        words = f"{PLAIN[row.leading]}: {bought} -> {expected}; {free} {percent_text(row.free_score)} %"
    budget = money.words(row.budget) if money.currency else f"{row.budget:,g}"
    return f"- {budget}: {words}{'; undetermined' if row.regime == UNDETERMINED else ''}"


def advice_caption(
    where: str,
    panels: list[Panel],
    budgets: list[float],
    titles: dict[str, str],
    end: str = "",
    money: Money = GOLD_LABELS,
) -> str:
    """The caption of figures/what_to_buy.pdf. where: the task and student; budgets: those to tell; end: its last line.

    The budgets must be among those of the panels.
    """
    lines = caption_lines(where, panels, budgets, titles, money)
    return "\n".join([*lines, *filter(None, [end])]) + "\n"


def caption_lines(
    where: str, panels: list[Panel], budgets: list[float], titles: dict[str, str], money: Money
) -> Iterator[str]:
    """The lines of `advice_caption` but for the last."""
    yield f"# What to buy: {where}"
    for panel in panels:
        yield f"\n**{heading(panel, money)}** ({prices_words(panel.prices, money)}).\n"
        if panel.ready:
            said = filter(None, (ready_words(panel.ready), of_all_words([panel], money)))
            yield f"{' '.join(said)}\n\n{student_words(panel, money)}.\n"
        rows = panel.rows
        yield from (choice_line(row, titles, money) for _, row in rows[rows.budget.isin(budgets)].iterrows())
    gold = f"; a gold label costs {money.words(1)}" if money.currency else ""
    yield f"\nBudgets and costs are in {money.unit}{gold}. In brackets: 95 % intervals of the posterior."
