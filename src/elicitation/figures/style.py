"""What the figures share: look, panels, axes, curves with error bars, legend and footnote."""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETDOWN, CARETUP
from matplotlib.patheffects import withStroke
from matplotlib.ticker import Locator, MaxNLocator, NullFormatter, NullLocator
from scipy.ndimage import distance_transform_edt

from elicitation.analysis.names import ASKING, COMMONER, FREE_WORDS, LABELS, NOTHING_BOUGHT, STRATEGIES
from elicitation.files import replacing

# The colours of the weak labels' share, dark for all weak. They are perceptually uniform and safe for colour-blind
# readers.
SHARE_COLOURS = sns.color_palette("cividis_r", as_cmap=True)
# The colours of amounts from small to large; they are as safe.
ORDERED_COLOURS = sns.color_palette("viridis_r", as_cmap=True)
# The colours of names that have no order.
NAMED_COLOURS = sns.color_palette("colorblind")
# The colours of what is recommended: of each strategy, and of buying nothing.
CHOICE_COLOURS = dict(zip((*STRATEGIES, NOTHING_BOUGHT), (NAMED_COLOURS[i] for i in (0, 4, 1, 2)), strict=True))
MARKERS = "osD^vPX<>p*hd8"
# The width of a page's text, in inches.
PRINT_WIDTH = 7.2
# The height that the panels on a page may take, in inches.
PRINT_HEIGHT = 9.0
# So many characters fit the page's width: in a footnote, a legend and a title.
FOOTNOTE_LENGTH, LEGEND_LENGTH, TITLE_LENGTH = 130, 105, 86
# The line and the gaps of a legend's entry take the room of so many characters.
HANDLE_LENGTH = 8
# The height of a legend's row, in inches.
LEGEND_ROW = 0.18
# The resolution of figures that are pictures, in dots per inch.
RESOLUTION = 200
# The leading digits of the numbers on a logarithmic axis: of several choices the first that gives two numbers is taken.
LEADING_DIGITS = ((1,), (1, 3), (1, 2, 5), range(1, 10))
# Round numbers stay so many times above or below a preferred one beside which they stand.
TICKS_APART = 2
# A number on an axis takes so many inches for each of its characters, and for the gap to the next.
DIGIT_WIDTH = 0.08
# The mark by which the text below a figure is found again.
FOOTNOTE = "footnote"
# Neighbouring curves are moved aside by this factor on a logarithmic axis.
LOG_STEP = 1.07
# What the footnote says of that.
MOVED_ASIDE = "Points beside each other cost the same; they are moved aside, so that no bar hides another."
# The looks of points, and of the lines of what all points of a panel are compared with.
POINT = {"markersize": 4.5, "markeredgecolor": "black", "markeredgewidth": 0.4}
WEAK_LABELS = {"color": "0.4", "linestyle": "--", "linewidth": 1}
ASKED = {"color": NAMED_COLOURS[2], "linestyle": "-.", "linewidth": 1}
# The look of the point of asking without labels, on the left edge.
ASKED_POINT = {"marker": ">", "markersize": 7, "markeredgecolor": "black", "markeredgewidth": 0.6}
ALWAYS_COMMONER = {"color": "0.6", "linestyle": ":", "linewidth": 1}
# The looks of what costs nothing.
FREE_LOOKS = {ASKING: ASKED, COMMONER: ALWAYS_COMMONER, LABELS: WEAK_LABELS}
# The white edge of words and lines that stand over others.
OUTLINE = [withStroke(linewidth=2.5, foreground="white")]
# How wide a character and how high a line of the words in an area is, as shares of the font's size.
CHARACTER = (0.55, 1.3)
# Words fit where the nearest edge is farther than this, in widths and heights of the words.
FITS = 0.68


def set_style() -> None:
    """Set the look of all figures that are drawn from now on."""
    # A $ is money, not mathematics.
    look = {"axes.grid": True, "grid.alpha": 0.25, "savefig.bbox": "tight", "text.parse_math": False}
    sns.set_theme(context="paper", style="ticks", rc=look)


def save_figure(figure: Figure, paths: list[str | Path], last_line: str = "") -> None:
    """Write the figure under every name, in the format of its ending, without a date.

    last_line: stands below the footnote; a figure without footnote shows no scores and gets none.
    """
    for note in figure.findobj(lambda found: found.get_gid() == FOOTNOTE):
        note.set_text(f"{note.get_text()}\n{last_line}".strip())
    for path in paths:
        with replacing(path) as temporary:
            metadata = {"CreationDate": None} if Path(path).suffix == ".pdf" else None
            figure.savefig(temporary, metadata=metadata, dpi=RESOLUTION)
    plt.close(figure)


def in_percent(values) -> np.ndarray:
    """Shares in percent, as axes show them."""
    return 100 * np.asarray(values, dtype=float)


def shades(amounts) -> dict:
    """A colour for each of the amounts, the darkest for the largest."""
    return dict(zip(sorted(amounts), ORDERED_COLOURS(np.linspace(0.1, 0.95, len(amounts))), strict=True))


def offsets(n: int) -> np.ndarray:
    """By how many steps each of n curves is moved aside, so that no bar hides another: -1, 0, 1 for three."""
    return np.arange(n) - (n - 1) / 2


def make_panels(n: int, columns: int, height: float = 2.3) -> tuple[Figure, list[Axes]]:
    """A figure of the print's width with n panels in rows of `columns`, of at most `height` inches each."""
    columns, rows = min(columns, n), math.ceil(n / columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        sharey=True,
        squeeze=False,
        figsize=(PRINT_WIDTH, 0.6 + rows * min(height, PRINT_HEIGHT / rows)),
        layout="constrained",
    )
    for unused in grid.flat[n:]:
        unused.remove()
    return figure, list(grid.flat[:n])


def set_title(axes: Axes, text: str, columns: int = 1) -> None:
    """Set a title, broken into lines that fit one of `columns` panels beside each other."""
    axes.set_title("\n".join(textwrap.fill(line, TITLE_LENGTH // columns) for line in text.splitlines()))


def cost_ticks(low: float, high: float, preferred: Sequence[float] = ()) -> np.ndarray:
    """Numbers for a logarithmic axis from low to high: at least two.

    They are the preferred ones, and of powers of ten, or of the coarsest other round numbers of which two lie on the
    axis, those that are far from them. Below the preferred ones no power of ten of the axis is without a number.
    """
    powers = 10.0 ** np.arange(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    choices = [*(np.outer(powers, digits).ravel() for digits in LEADING_DIGITS)]
    choices.append(MaxNLocator(4, min_n_ticks=2).tick_values(low, high))
    wanted, *within = (ticks[(low <= ticks) & (ticks <= high)] for ticks in (np.sort(preferred), *choices))
    is_bare = len(wanted) > 0 and low < wanted[0] / 10
    for round_ones in within:
        apart = [tick for tick in round_ones if all(max(tick / one, one / tick) > TICKS_APART for one in wanted)]
        if len(round_ones) > 1 and not (is_bare and min(apart, default=high) > wanted[0]):
            break
    return np.sort([*wanted, *apart]) if len(wanted) + len(apart) > 1 else round_ones


class CostLocator(Locator):
    """Puts the numbers of `cost_ticks` on a logarithmic axis, without those for which there is no room."""

    def __init__(self, preferred: Sequence[float] = ()) -> None:
        self.preferred = preferred

    def __call__(self) -> list[float]:
        low, high = sorted(self.axis.get_view_interval())
        inches = self.axis.axes.get_window_extent().width / self.axis.get_figure().dpi
        return self.fitting(cost_ticks(low, high, self.preferred), inches / math.log10(high / low))

    @staticmethod
    def fitting(ticks: Sequence[float], inches_per_power: float) -> list[float]:
        """The ticks without those that would touch their neighbour; the first and the last stay."""

        def apart(left: float, right: float) -> bool:
            width = DIGIT_WIDTH * (len(f"{left:g}{right:g}") / 2 + 1)
            return math.log10(right / left) * inches_per_power > width

        first, *between, last = ticks
        kept = [first]
        for tick in between:
            if apart(kept[-1], tick) and apart(tick, last):
                kept.append(tick)
        return [*kept, last]


def set_cost_axis(axes: Axes, ticks: Sequence[float] = ()) -> None:
    """Make the axis of costs logarithmic, with plain numbers: those of `ticks`, and round ones far from them."""
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(CostLocator(ticks))
    if ticks:
        axes.xaxis.set_minor_locator(NullLocator())


def set_score_axis(axes: Axes, scores: pd.Series) -> None:
    """Set the limits of the axis of scores, in percent, so that all means have room. Wide intervals are cut off."""
    axes.set_ylim(100 * scores.min() - 6, min(102, 100 * scores.max() + 8))


def error_bars(points: pd.DataFrame, column: str) -> np.ndarray:
    """(2, n) distances in percent from the column's values down and up to the ends of their intervals."""
    values = points[column]
    distances = in_percent([values - points[f"{column}_low"], points[f"{column}_high"] - values])
    # At 0 and 1 an end may be off the value by a rounding error.
    return np.maximum(distances, 0)


def draw_curve(axes: Axes, x, points: pd.DataFrame, column: str, color, marker: str, **look) -> None:
    """The column over x with error bars."""
    axes.errorbar(
        x,
        in_percent(points[column]),
        yerr=error_bars(points, column),
        color=color,
        marker=marker,
        elinewidth=0.8,
        capsize=2,
        **POINT | {"linewidth": 1.3} | look,
    )


def draw_band(axes: Axes, x, points: pd.DataFrame, column: str, usual_seeds: int, color, marker: str) -> None:
    """Draw the column over x with a band for its intervals, and a triangle at the edge where one leaves the panel.

    The axis must have its limits. A single point has a bar, since a band needs two.
    """
    x, y = np.asarray(x), in_percent(points[column])
    low, high = (in_percent(points[f"{column}_{end}"]) for end in ("low", "high"))
    if len(points) > 1:
        axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
    else:
        axes.errorbar(x, y, yerr=error_bars(points, column), color=color, elinewidth=0.8, capsize=2)
    axes.plot(x, y, color=color, marker=marker, linewidth=1.3, **POINT)
    bottom, top = axes.get_ylim()
    for beyond, edge, triangle in ((low < bottom, bottom, CARETDOWN), (high > top, top, CARETUP)):
        axes.plot(x[beyond], np.full(beyond.sum(), edge), linestyle="", marker=triangle, color=color, markersize=4)
    draw_seed_counts(axes, x, y, points.n_seeds, usual_seeds)


def draw_seed_counts(axes: Axes, x, y, n_seeds, usual_seeds: int) -> None:
    """A small number beside each point that has not the usual number of seeds."""
    for at_x, at_y, n in zip(x, y, n_seeds, strict=True):
        if n != usual_seeds:
            axes.annotate(f"{n}", (at_x, at_y), (3, 3), textcoords="offset points", fontsize=6)


def draw_weak_labels(axes: Axes, points: pd.DataFrame) -> None:
    """The score of the weak labels themselves, which all points of a panel share, with its interval."""
    point = points.iloc[0]
    axes.axhspan(100 * point.weak_score_low, 100 * point.weak_score_high, color="0.4", alpha=0.1, linewidth=0)
    axes.axhline(100 * point.weak_score, zorder=1, **WEAK_LABELS)


def write_in_area(axes: Axes, mask: np.ndarray, text: str, size: float = 8, **look) -> None:
    """Write words in the middle of an area, where they fit into it.

    mask: (rows, columns) of points spread evenly over all of the axes, from the lower left; true where the area is. The
    figure must have been laid out, so that sizes are known.
    """
    window, dpi = axes.get_window_extent(), axes.figure.dpi
    inches = np.array([window.height, window.width]) / dpi
    lines = text.splitlines()
    words = np.array([CHARACTER[1] * len(lines), CHARACTER[0] * max(map(len, lines))]) * size / 72
    depth = distance_transform_edt(np.pad(mask, 1), sampling=inches / words / mask.shape)[1:-1, 1:-1]
    if depth.max() > FITS:
        # Of several places that are as good, the middle one.
        deepest = np.argwhere(depth > 0.99 * depth.max())
        row, column = deepest[len(deepest) // 2]
        place = (column + 0.5) / mask.shape[1], (row + 0.5) / mask.shape[0]
        look = {"color": "black", "path_effects": OUTLINE} | look
        axes.text(*place, text, transform=axes.transAxes, ha="center", va="center", fontsize=size, **look)


def spread(places: np.ndarray, gap: float) -> np.ndarray:
    """The places (n,), moved as little as needed for neighbours to be `gap` apart."""
    order, moved = np.argsort(places), np.sort(places).astype(float)
    # Where two are too near, both give way; so often that all find room.
    for _ in range(len(moved) ** 2):
        for i in range(len(moved) - 1):
            lacking = max(0.0, gap - (moved[i + 1] - moved[i])) / 2
            moved[i : i + 2] += [-lacking, lacking]
    found = np.empty(len(moved))
    found[order] = moved
    return found


def with_room(places: np.ndarray, room: Sequence[float]) -> list[int]:
    """Which places (n, d) can have words: each is so far (d,) from all before it that have them, in one direction."""
    kept: list[int] = []
    for i, place in enumerate(places):
        if (np.abs(places[kept] - place) >= room).any(axis=1).all():
            kept.append(i)
    return kept


def left_edge(costs: pd.Series) -> float:
    """Where a logarithmic axis of costs begins: below the cheapest of them that is not 0."""
    return float(costs[costs > 0].min()) / 1.8 if (costs > 0).any() else 1.0


def draw_asking(axes: Axes, point: pd.Series, edge: float | None = None) -> None:
    """The score of asking without any label at no cost: a line with its interval, and a point on an edge."""
    low, high = 100 * point.score_low, 100 * point.score_high
    axes.axhspan(low, high, color=ASKED["color"], alpha=0.12, linewidth=0, zorder=0)
    axes.axhline(100 * point.score, zorder=1, **ASKED)
    if edge:
        look = ASKED_POINT | {"color": ASKED["color"], "linestyle": "none", "clip_on": False, "zorder": 4}
        axes.plot([edge], [100 * point.score], **look)


def asking_handle() -> Line2D:
    """The legend's entry for asking without labels."""
    return handle(f"{FREE_WORDS[ASKING]} (cost 0)", **ASKED | ASKED_POINT)


def draw_commoner(axes: Axes, points: pd.DataFrame) -> None:
    """What always giving the commoner label achieves, which all points of a panel share."""
    axes.axhline(100 * points.commoner_score.iloc[0], zorder=1, **ALWAYS_COMMONER)


def commoner_handle() -> Line2D:
    """The legend's entry for always giving the commoner label."""
    return handle(FREE_WORDS[COMMONER], **ALWAYS_COMMONER)


def handle(label: str, **look) -> Line2D:
    """An entry of a legend."""
    return Line2D([], [], label=label, **POINT | look)


def weak_labels_handle() -> Line2D:
    """The legend's entry for the weak labels themselves."""
    return handle("the weak labels themselves", **WEAK_LABELS)


def add_legend(figure: Figure, handles: list[Line2D], title: str | None = None) -> None:
    """Put a legend above the panels, in as many rows as its entries need, and make the figure higher by them."""
    lengths = [len(entry.get_label()) + HANDLE_LENGTH for entry in handles]
    fits = sum(lengths) <= LEGEND_LENGTH
    columns = len(handles) if fits else max(1, LEGEND_LENGTH // max(lengths))
    figure.set_figheight(figure.get_figheight() + LEGEND_ROW * (math.ceil(len(handles) / columns) - 1))
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False, title=title)


def sentence_figure(sentence: str) -> Figure:
    """What stands in the place of a figure that has nothing to show: why that is so."""
    figure = plt.figure(figsize=(PRINT_WIDTH, 0.6))
    figure.text(0.5, 0.5, textwrap.fill(sentence, FOOTNOTE_LENGTH), ha="center", va="center", fontsize=8)
    return figure


def finish_figure(figure: Figure, footnote: str, x_label: str = "", y_label: str = "") -> None:
    """Write the axis labels that the panels share, and a footnote below all."""
    if x_label:
        figure.supxlabel(x_label, fontsize="medium")
    if y_label:
        figure.supylabel(y_label, fontsize="medium")
    # No line begins with a percent sign.
    note = textwrap.fill(footnote.replace(" %", "\xa0%"), FOOTNOTE_LENGTH)
    figure.text(0.01, -0.02, note, va="top", fontsize=7, color="0.3", gid=FOOTNOTE)
    sns.despine(figure)
