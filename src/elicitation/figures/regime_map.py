"""Which way of spending wins at every budget and price, and where the runs leave it open."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator

from elicitation.analysis.captions import SETTING, price_words, varying
from elicitation.analysis.names import PLAIN, REGIMES, UNDETERMINED
from elicitation.figures import style

# So many panels stand in a row.
COLUMNS = 4
# The map has so many budgets and as many prices.
CELLS = 28
# The map goes beyond the study's budgets and prices by this factor on either side.
BEYOND = 1.5
# A cell's budget and price have so many significant digits.
DIGITS = 15
# The colour of each regime.
REGIME_COLOURS = dict(zip(REGIMES.values(), (style.NAMED_COLOURS[i] for i in (0, 2, 1)), strict=True))
# The colour has this strength where the leading regime is undetermined.
PALE = 0.3
WHITE = np.ones(3)


def map_axes(budgets: list[float], weak_prices: list[float]) -> tuple[list[float], list[float]]:
    """Budgets, and prices of a weak label, between and a little beyond the study's, evenly on logarithmic scales.

    Purchases that spend a budget of the study may do so in a cell too. So that they do not fail for the last digit,
    budgets are rounded up and prices down.
    """
    up, down = (Context(prec=DIGITS, rounding=rounding) for rounding in (ROUND_CEILING, ROUND_FLOOR))
    return (
        [float(up.create_decimal(str(budget))) for budget in spaced(budgets)],
        [float(down.create_decimal(str(price))) for price in spaced(weak_prices)],
    )


def spaced(values: list[float]) -> np.ndarray:
    """CELLS numbers from a little below the smallest value to a little above the largest, on a logarithmic scale."""
    return np.geomspace(min(values) / BEYOND, max(values) * BEYOND, CELLS)


def cell_colour(cell: pd.Series) -> np.ndarray:
    """The colour of a cell (3,): strong where a regime is decided, pale where one leads, white where none can."""
    probabilities = cell[list(REGIMES.values())].astype(float)
    if probabilities.isna().any():
        return WHITE
    strength = PALE if cell.regime == UNDETERMINED else 1.0
    return WHITE + strength * (np.array(to_rgb(REGIME_COLOURS[probabilities.idxmax()])) - WHITE)


def draw_map(axes: Axes, cells: pd.DataFrame) -> None:
    """Draw the cells (with a column `colour`) by budget and price."""
    by_price = cells.pivot(index="weak_price", columns="budget", values="colour")
    colours = np.array([[np.asarray(colour) for colour in row] for row in by_price.to_numpy()])
    axes.pcolormesh(by_price.columns, by_price.index, colours, shading="nearest", rasterized=True)
    axes.grid(False)


def plot_regime_map(
    cells: pd.DataFrame, titles: dict[str, str], budgets: list[float], weak_prices: list[float], verdict: float
) -> Figure:
    """A panel a task.

    cells: as elicitation.analysis.regimes.find_regimes returns them, at the budgets and prices of `map_axes`, for one
    supervisor, student and method. The study's own budgets and prices are the ticks.
    """
    style.set_style()
    cells = cells.assign(colour=[cell_colour(cell) for _, cell in cells.iterrows()])
    tasks = list(cells.groupby("task", sort=False))
    figure, panels = style.make_panels(len(tasks), COLUMNS)
    for axes, (task, group) in zip(panels, tasks, strict=True):
        draw_map(axes, group)
        for axis, ticks, scale in ((axes.xaxis, budgets, axes.set_xscale), (axes.yaxis, weak_prices, axes.set_yscale)):
            scale("log")
            axis.set_major_locator(FixedLocator(ticks))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(lambda at, _: price_words(at))
        style.set_title(axes, task, len(panels[:COLUMNS]))
    handles = [
        Patch(facecolor=REGIME_COLOURS[regime], label=f"{PLAIN[strategy]} ({regime})")
        for strategy, regime in REGIMES.items()
    ]
    tints = [WHITE + PALE * (np.array(to_rgb(colour)) - WHITE) for colour in REGIME_COLOURS.values()]
    handles += [
        Patch(facecolor=np.mean(tints, axis=0), label="pale: leads, undetermined"),
        Patch(facecolor="white", edgecolor="0.6", label="white: a strategy has no purchase"),
    ]
    style.add_legend(figure, handles)
    names = {name: cells[name].iloc[0] for name in SETTING if name not in varying(cells, SETTING)}
    shared = f"Student {names['student']}, weak labels of {names['supervisor']}, {titles[names['method']]}."
    colours = (
        "the regime that most resamplings of seeds and test examples find best, strong from a share of "
        f"{verdict:g} on (never from one seed)"
    )
    note = f"{shared} Colour: {colours}."
    style.finish_figure(figure, note, "budget, in gold labels", "price of a weak label")
    return figure
