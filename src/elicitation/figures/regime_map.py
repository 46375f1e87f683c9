"""What to buy at every budget and price of a weak label, and where the runs leave it open."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator

from elicitation.analysis.captions import price_words
from elicitation.analysis.choices import decide, terms_for
from elicitation.analysis.names import PLAIN, REGIMES, UNDETERMINED
from elicitation.analysis.posterior import Block
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.figures import style
from elicitation.figures.style import CHOICE_COLOURS

# So many panels stand in a row.
COLUMNS = 4
# The map has so many budgets and as many prices.
CELLS = 48
# The map goes beyond the study's budgets and prices by this factor on either side.
BEYOND = 1.5
# The colour has this strength where it is undetermined what is best.
PALE = 0.35
WHITE = np.ones(3)


def map_axis(values: list[float]) -> np.ndarray:
    """(CELLS,) budgets or prices from a little below to a little above the study's, evenly on a logarithmic scale."""
    above_zero = [value for value in values if value > 0]
    return np.geomspace(min(above_zero) / BEYOND, max(above_zero) * BEYOND, CELLS)


def map_cells(
    block: Block, budgets: list[float], weak_prices: list[float], pool: int | None, verdict: float
) -> pd.DataFrame:
    """budget, weak_price, regime and leading of each cell of the map, as `decide` says them.

    block: of one supervisor and method; budgets, weak_prices: the study's own.
    """
    [surface] = block.surfaces
    rows = []
    for price in map_axis(weak_prices):
        for budget in map_axis(budgets):
            decision = decide(block, terms_for(budget, {surface.supervisor: price}, pool=pool), verdict)
            rows.append((budget, price, decision.regime, decision.leading))
    return pd.DataFrame(rows, columns=["budget", "weak_price", "regime", "leading"])


def draw_map(axes: Axes, cells: pd.DataFrame) -> None:
    """Colour the cells by what is recommended; paler where that is undetermined."""
    wide = {name: cells.pivot(index="weak_price", columns="budget", values=name) for name in ("leading", "regime")}
    leading, undetermined = wide["leading"], (wide["regime"] == UNDETERMINED).to_numpy()
    colours = np.array([[to_rgb(CHOICE_COLOURS[name]) for name in row] for row in leading.to_numpy()])
    strength = np.where(undetermined, PALE, 1.0)[..., None]
    x, y = leading.columns.to_numpy(), leading.index.to_numpy()
    axes.pcolormesh(x, y, WHITE + strength * (colours - WHITE), shading="nearest", rasterized=True)
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    axes.grid(False)


def name_regions(axes: Axes, cells: pd.DataFrame) -> None:
    """What is recommended, in words, in each region that has room for them."""
    leading = cells.pivot(index="weak_price", columns="budget", values="leading").to_numpy()
    for name in np.unique(leading):
        style.write_in_area(axes, leading == name, PLAIN[name].replace(" ", "\n"), size=7.5)


def plot_regime_map(
    maps: dict[str, pd.DataFrame],
    where: str,
    budgets: list[float],
    weak_prices: list[float],
    verdict: float,
    money: Money = GOLD_LABELS,
) -> Figure:
    """A panel a task. The study's own budgets and prices are the ticks.

    maps: what `map_cells` returns for one supervisor, student and method, by task; where: these three, in words.
    """
    style.set_style()
    figure, panels = style.make_panels(len(maps), COLUMNS)
    for axes, (task, cells) in zip(panels, maps.items(), strict=True):
        axes.set(xscale="log", yscale="log")
        draw_map(axes, cells)
        for axis, ticks in ((axes.xaxis, budgets), (axes.yaxis, weak_prices)):
            axis.set_major_locator(FixedLocator(ticks))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(lambda at, _: price_words(at, money))
        style.set_title(axes, task, len(panels[:COLUMNS]))
    every = pd.concat(maps.values())
    shown = [name for name in CHOICE_COLOURS if name in set(every.leading)]
    handles = [Patch(facecolor=CHOICE_COLOURS[name], label=choice_words(name)) for name in shown]
    if (every.regime == UNDETERMINED).any():
        tints = [WHITE + PALE * (np.array(to_rgb(CHOICE_COLOURS[name])) - WHITE) for name in shown]
        handles.append(Patch(facecolor=np.mean(tints, axis=0), label="pale: undetermined"))
    style.add_legend(figure, handles)
    note = (
        f"{where}. Colour: what is recommended; pale where it is less sure than {100 * verdict:.0f} % that this way of "
        "spending is the best. Among purchases of this source and method alone."
    )
    style.finish_figure(figure, note, f"budget, in {money.unit}", "price of a weak label")
    figure.draw_without_rendering()
    for axes, cells in zip(panels, maps.values(), strict=True):
        name_regions(axes, cells)
    return figure


def choice_words(name: str) -> str:
    """What is recommended, with the name of its regime."""
    return f"{PLAIN[name]} ({REGIMES[name]})" if name in REGIMES else PLAIN[name]
