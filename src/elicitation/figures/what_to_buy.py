"""What to buy as the budget grows: the answer of a study in one picture."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from elicitation.analysis.advice_text import Panel, heading, of_all_words, prices_words, ready_words, student_words
from elicitation.analysis.captions import cost_words, percent_text, price_words
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.names import (
    ASKING,
    COMMONER,
    FREE_WORDS,
    LABELS,
    NOTHING_BOUGHT,
    PLAIN,
    STRATEGIES,
    UNDETERMINED,
)
from elicitation.analysis.posterior import Free
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.figures import style
from elicitation.figures.style import CHOICE_COLOURS, in_percent

# A row of budgets has so many.
BUDGETS = 120
# What the strategies, and what costs nothing, are called at the ends of their lines; the footnote says it whole.
LINE_WORDS = {"weak only": "weak", "mixed": "mix", "gold only": "gold"}
FREE_ENDS = {ASKING: "asking", COMMONER: "commoner", LABELS: "free labels"}
# The heights of the panels of scores and of purchases, in inches.
HEIGHTS = (2.2, 1.1)
# The words at the ends of lines have this size, in points.
END_SIZE = 7.5
# Where words stand beneath a line.
BELOW = {"xytext": (0, -2), "va": "top"}
# Titles have this size, in points.
TITLE_SIZE = 7.5
# The look of what is recommended, over which the strategies' lines are drawn.
BEST = {"color": "0.75", "linewidth": 5, "solid_capstyle": "butt"}
# The look of budgets at which it is undecided how to spend them.
UNDECIDED = {"hatch": "/////", "facecolor": "none", "edgecolor": "0.25", "linewidth": 0}
# How strong the colour of a mix is where its money goes to gold labels.
PALE = 0.5
# To find places for words purchases are looked at as a picture of so many rows and columns.
PICTURE = (40, 80)


def draw_scores(axes: Axes, rows: pd.DataFrame, asking: float | None, ready: Sequence[Free]) -> None:
    """The expected score of what is recommended with its interval, of each strategy, and of what costs nothing.

    asking, ready: as of plot_what_to_buy; the latter are weak labels as they are.
    """
    axes.fill_between(rows.budget, in_percent(rows.score_low), in_percent(rows.score_high), color="0.92", linewidth=0)
    axes.plot(rows.budget, in_percent(rows.score), **BEST)
    for name in STRATEGIES:
        axes.plot(rows.budget, in_percent(rows[name]), color=CHOICE_COLOURS[name], linewidth=1.4)
    axes.axhline(100 * rows.free_score.iloc[0], **style.FREE_LOOKS[rows.free.iloc[0]])
    if asking is not None and rows.free.iloc[0] != ASKING:
        axes.axhline(100 * asking, **style.ASKED)
    for free in ready:
        axes.axhline(100 * free.scores.mean[0], **style.WEAK_LABELS)


def draw_of_all(axes: Axes, panel: Panel, money: Money, columns: int) -> None:
    """Points where weak labels that are best used as they are suffice for all texts, with what these cost and bring."""
    low, high = axes.get_xlim()
    for labels, n_texts, cost in panel.of_all:
        x, score = money.of(cost), labels.scores.mean[0]
        if labels not in panel.ready or not low <= x <= high:
            continue
        axes.plot(x, 100 * score, marker="o", color=style.WEAK_LABELS["color"], zorder=4)
        paid = cost_words(cost, money)
        words = f"{labels.supervisor} for all {n_texts:,} texts: {paid}, {percent_text(score)} %"
        if len(words) > style.TITLE_LENGTH // columns:
            words = f"all texts: {paid}"
        is_left = x < np.sqrt(low * high)
        axes.annotate(
            words,
            (x, 100 * score),
            (0, 4),
            textcoords="offset points",
            ha="left" if is_left else "right",
            va="bottom",
            fontsize=END_SIZE,
            fontweight="bold",
            color=style.WEAK_LABELS["color"],
            path_effects=style.OUTLINE,
        )


def label_names(labels: Free, columns: int) -> str:
    """Whose weak labels a line is of, as long as it fits a panel among so many columns."""
    whose = f"labels of {labels.supervisor}"
    choices = (f"{whose} as they are", whose)
    return next((words for words in choices if len(words) <= style.TITLE_LENGTH // columns), "weak labels as they are")


def gap_of_words(axes: Axes) -> float:
    """How far words must be apart on the axis of scores, which has its limits."""
    bottom, top = axes.get_ylim()
    height = axes.get_window_extent().height / axes.figure.dpi
    return style.CHARACTER[1] * END_SIZE / 72 / height * (top - bottom)


def name_labels(axes: Axes, ready: Sequence[Free], columns: int) -> None:
    """At the left ends of the lines of weak labels as they are: whose they are; below, of several above the highest."""
    scores = in_percent([free.scores.mean[0] for free in ready])
    look = {"color": style.WEAK_LABELS["color"], "fontsize": END_SIZE, "path_effects": style.OUTLINE}
    for free, score, place in zip(ready, scores, style.spread(scores, gap_of_words(axes)), strict=True):
        above = len(ready) > 1 and score == max(scores)
        place = {"xy": (0.03, score), "xytext": (0, 2), "va": "bottom"} if above else {"xy": (0.03, place)} | BELOW
        place["textcoords"] = "offset points"
        axes.annotate(label_names(free, columns), xycoords=("axes fraction", "data"), **place, **look)


def name_lines(axes: Axes, rows: pd.DataFrame, asking: float | None) -> None:
    """Beside the right ends of the lines: what they are."""
    last = rows.iloc[-1]
    ends = {LINE_WORDS[name]: (last[name], CHOICE_COLOURS[name]) for name in STRATEGIES if not np.isnan(last[name])}
    free = {last.free: last.free_score} | ({} if asking is None else {ASKING: asking})
    ends |= {FREE_ENDS[kind]: (score, style.FREE_LOOKS[kind]["color"]) for kind, score in free.items()}
    scores = in_percent([score for score, _ in ends.values()])
    places = style.spread(scores, gap_of_words(axes))
    for (words, (_, colour)), score, place in zip(ends.items(), scores, places, strict=True):
        axes.annotate(
            words,
            (1, score),
            (1.02, place),
            xycoords=("axes fraction", "data"),
            color=colour,
            fontsize=END_SIZE,
            va="center",
        )


def draw_purchases(axes: Axes, rows: pd.DataFrame) -> None:
    """What share of each budget goes to weak and to gold labels, hatched where that is undecided.

    The colour is that of the way of spending; of a mix what goes to gold labels is paler.
    """
    weak, spent = rows.weak_cost / rows.budget, (rows.weak_cost + rows.gold_cost) / rows.budget
    for name in STRATEGIES:
        own = rows.leading == name
        for low, high, strength in ((0 * weak, weak, 1), (weak, spent, PALE if name == "mixed" else 1)):
            area = (in_percent(end.where(own, 0.0)) for end in (low, high))
            look = {"color": CHOICE_COLOURS[name], "alpha": strength, "linewidth": 0, "step": "post"}
            axes.fill_between(rows.budget, *area, **look)
    undecided = rows.regime == UNDETERMINED
    axes.fill_between(rows.budget, 0, 100, where=undecided, step="post", **UNDECIDED)
    axes.set(ylim=(0, 100), yticks=(0, 50, 100), xlim=(rows.budget.iloc[0], rows.budget.iloc[-1]))


def name_areas(axes: Axes, rows: pd.DataFrame) -> None:
    """Words in the areas of `draw_purchases`, where they fit."""
    even = np.geomspace(rows.budget.iloc[0], rows.budget.iloc[-1], PICTURE[1])
    at = rows.iloc[np.searchsorted(rows.budget, even * (1 - 1e-9))]
    height = (np.arange(PICTURE[0])[:, None] + 0.5) / PICTURE[0]
    leading, spent = at.leading.to_numpy(), ((at.weak_cost + at.gold_cost) / at.budget).to_numpy()
    bought = leading != NOTHING_BOUGHT
    masks = {word: (leading == name) & (height < spent) for name, word in LINE_WORDS.items()}
    masks |= {
        "not\nspent": bought & (height >= spent),
        PLAIN[NOTHING_BOUGHT].replace(" ", "\n"): np.broadcast_to(~bought, (PICTURE[0], len(at))),
    }
    for text, mask in masks.items():
        style.write_in_area(axes, mask, text, END_SIZE)


def asked_words(prices: dict[str, float], panels: list[Panel], money: Money) -> str:
    """What those weak labels cost whose price differs between panels; of a single panel what all cost."""
    asked = {name: price for name, price in prices.items() if len({panel.prices[name] for panel in panels}) > 1}
    return prices_words(asked or prices, money)


def own_words(panels: list[Panel], money: Money) -> str:
    """What those weak labels cost whose price is the same in all of several panels, as a sentence."""
    listed = [panel.prices for panel in panels]
    own = {name: price for name, price in listed[0].items() if len({prices[name] for prices in listed}) == 1}
    each = ", ".join(f"{price_words(price, money)} ({name})" for name, price in own.items())
    return f"At the same price everywhere: {each}." if each and len(panels) > 1 else ""


def every_ready(panels: list[Panel]) -> list[Free]:
    """The weak labels as they are that any panel has a line of, each source once."""
    return list({free.supervisor: free for panel in panels for free in panel.ready}.values())


def note_words(where: str, panels: list[Panel], verdict: float, money: Money, asking: float | None = None) -> str:
    """What stands below the figure."""
    ready, kinds = every_ready(panels), pd.concat([panel.rows.free for panel in panels]).unique().tolist()
    free = " or ".join(dict.fromkeys(FREE_WORDS[kind] for kind in [*kinds, *[ASKING] * (asking is not None)]))
    student = " to train a student" if ready else ""
    note = (
        f"{where}. Above: the best purchase of each kind within the budget, and {free} (cost 0). Wide grey line: "
        f"what is recommended{student}, with its 95 % interval. Below: the money of that purchase, in the colour of "
        "its kind; of a mix what goes to weak labels is dark, what goes to gold ones pale. Hatched from bottom to top: "
        f"at these budgets it is undetermined how to spend them, since no way is {100 * verdict:.0f} % sure, or a way "
        "has no purchase there to compare. All sources of weak labels and methods compete."
    )
    return " ".join(filter(None, (note, own_words(panels, money), ready_words(ready), of_all_words(panels, money))))


def write_title(axes: Axes, price: str, found: str, columns: int) -> None:
    """Above a panel: the price, and below it in bold what was found."""
    words = textwrap.fill(found, style.TITLE_LENGTH // columns + 2)
    place = {"xytext": (0, 4), "xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(words, (0.5, 1), ha="center", va="bottom", fontsize=TITLE_SIZE, fontweight="bold", **place)
    lines = 1 + words.count("\n")
    axes.set_title(price, fontsize=TITLE_SIZE, pad=6 + style.CHARACTER[1] * TITLE_SIZE * lines)


def in_money(rows: pd.DataFrame, money: Money) -> pd.DataFrame:
    """The rows with their amounts in a currency."""
    return rows.assign(**{name: money.of(rows[name]) for name in ("budget", "weak_cost", "gold_cost") if name in rows})


def plot_what_to_buy(
    panels: list[Panel],
    where: str,
    measure: str,
    verdict: float,
    money: Money = GOLD_LABELS,
    budgets: Sequence[float] = (),
    asking: float | None = None,
) -> Figure:
    """A column for each set of prices: above scores, below what to buy.

    panels: all at the same budgets; where: the task and student; measure: one of MEASURES; verdict: the probability
    from which on something is decided; budgets: those to name on the axis, in gold labels; asking: the score of asking
    without labels, if that was measured.
    """
    style.set_style()
    figure, grid = plt.subplots(
        2,
        len(panels),
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=HEIGHTS,
        figsize=(style.PRINT_WIDTH, sum(HEIGHTS) + 0.9),
        layout="constrained",
    )
    every = pd.concat([panel.rows for panel in panels])
    lines = [free.scores.mean[0] for free in every_ready(panels)] + [asking] * (asking is not None)
    shown = pd.concat([every[name] for name in (*STRATEGIES, "score", "free_score")] + [pd.Series(lines, dtype=float)])
    for (above, below), panel in zip(grid.T, panels, strict=True):
        rows = in_money(panel.rows, money)
        draw_scores(above, rows, asking, panel.ready)
        draw_purchases(below, rows)
        style.set_cost_axis(below, [money.of(budget) for budget in budgets])
        style.set_score_axis(above, shown)
        write_title(above, asked_words(panel.prices, panels, money), heading(panel, money), len(panels))
        student = textwrap.fill(student_words(panel, money), style.TITLE_LENGTH // len(panels) + 2)
        below.set_title(student, fontsize=TITLE_SIZE)
    grid[0, 0].set_ylabel(f"expected {MEASURES[measure]}, %")
    grid[1, 0].set_ylabel("share of the\nbudget, %")
    style.finish_figure(figure, note_words(where, panels, verdict, money, asking), f"budget, in {money.unit}")
    figure.draw_without_rendering()
    for (above, below), panel in zip(grid.T, panels, strict=True):
        name_lines(above, panel.rows, asking)
        name_labels(above, panel.ready, len(panels))
        draw_of_all(above, panel, money, len(panels))
        name_areas(below, in_money(panel.rows, money))
    return figure
