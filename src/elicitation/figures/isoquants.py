"""Which purchases are equally good, and what to buy as the budget grows."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, NullLocator

from elicitation.analysis.captions import price_words
from elicitation.analysis.production import BAD_FIT, FORMS, Fit, expansion_path
from elicitation.figures import style
from elicitation.figures.style import in_percent

# So many panels stand in a row.
COLUMNS = 2
# Where there are more panels than MANY, they are small, stand in rows of MANY_COLUMNS and have fewer words.
MANY, MANY_COLUMNS = 6, 4
# Isoquants are so many percentage points apart: the smallest of these steps that draws at most MOST_LEVELS of them.
LEVEL_STEPS = (1, 2, 5, 10)
MOST_LEVELS = 8
# Isoquants are drawn from a grid of so many points a side.
GRID = 300
# An expansion path has so many budgets for each doubling.
DOUBLINGS = 2
# The colours of the prices' paths.
PATH_COLOURS = (style.NAMED_COLOURS[3], style.NAMED_COLOURS[0], (0, 0, 0), *style.NAMED_COLOURS[4:6])
# The markers of the prices' paths. There is another number of them than of colours, so that many prices differ in one
# or the other.
PATH_MARKERS = "s^DvP*X"
# Isoquants have their labels near this place (shares of the axes' lengths), away from most purchases and paths.
LABEL_PLACE = (0.9, 0.35)
# The white edge of what is drawn over the isoquants.
OUTLINE = [withStroke(linewidth=2.5, foreground="white")]


def set_label_axes(axes: Axes, most_weak: float, most_gold: float, small: bool) -> None:
    """Numbers of labels as log1p, so that 0 has its place."""
    for name, most in (("x", most_weak), ("y", most_gold)):
        ticks = [0, *(10**i for i in range(int(most > 100), 8, 1 + small) if 10**i <= most * 1.5)]
        getattr(axes, f"set_{name}scale")("function", functions=(np.log1p, np.expm1))
        getattr(axes, f"set_{name}lim")(-0.5, np.expm1(np.log1p(most) * 1.08))
        axis = getattr(axes, f"{name}axis")
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:,.0f}")
    axes.grid(False)
    if small:
        axes.tick_params(labelsize=6.5)


def label_places(levels: list[list[np.ndarray]], fit: Fit) -> list[tuple[float, float]]:
    """The place of each isoquant that is nearest to LABEL_PLACE. levels: by isoquant, its lines (vertices, 2)."""
    places = []
    for vertices in (np.concatenate(lines) for lines in levels if lines):
        relative = np.log1p(vertices) / np.log1p(fit.largest)
        places.append(tuple(vertices[np.abs(relative - LABEL_PLACE).sum(axis=1).argmin()]))
    return places


def draw_isoquants(axes: Axes, fit: Fit, norm: Normalize, labelled: bool) -> None:
    """Lines of equal accuracy over shades of it, where purchases were studied."""
    x, y = (np.expm1(np.linspace(0, np.log1p(most), GRID)) for most in fit.largest)
    n_weak, n_gold = np.meshgrid(x, y)
    accuracy = np.where(fit.studied(n_weak, n_gold), in_percent(fit.predict(n_weak, n_gold)), np.nan)
    low, high = np.nanmin(accuracy), np.nanmax(accuracy)
    step = next((step for step in LEVEL_STEPS if (high - low) / step <= MOST_LEVELS), LEVEL_STEPS[-1])
    levels = np.arange(np.ceil(low / step), high / step) * step
    axes.pcolormesh(x, y, accuracy, cmap=style.ORDERED_COLOURS, norm=norm, alpha=0.35, rasterized=True)
    if len(levels):
        lines = axes.contour(x, y, accuracy, levels, colors="0.25", linewidths=0.8 if labelled else 0.5)
    if len(levels) and labelled:
        for label in axes.clabel(lines, fmt="%g %%", fontsize=6.5, manual=label_places(lines.allsegs, fit)):
            label.set(path_effects=OUTLINE, zorder=6)


def draw_path(axes: Axes, fit: Fit, budgets: list[float], weak_price: float, pool_size: int | None, **look) -> None:
    """The best purchases as the budget grows, with markers at the study's own budgets."""
    n = int(np.ceil(DOUBLINGS * np.log2(max(budgets) / min(budgets)))) + 1
    every = np.unique([*np.geomspace(min(budgets), max(budgets), n), *budgets])
    path = expansion_path(fit, every, weak_price, pool_size)
    path[~fit.studied(*path.T)] = np.nan
    marks = np.flatnonzero(np.isin(every, budgets)).tolist()
    axes.plot(*path.T, markevery=marks, path_effects=OUTLINE, clip_on=False, zorder=4, **style.POINT | look)


def panel_title(fit: Fit, columns: int) -> str:
    """The task, the form that was fitted and how good the fit is; in small panels the task and the verdict."""
    if columns > COLUMNS:
        return f"{fit.task} ({fit.verdict})"
    lines = (f"{fit.task}: {FORMS[fit.form].title}", fit.words)
    return "\n".join(textwrap.fill(line, style.TITLE_LENGTH // columns) for line in lines)


def plot_isoquants(
    fits: list[Fit],
    titles: dict[str, str],
    budgets: list[float],
    weak_prices: list[float],
    pool_sizes: dict[str, int],
) -> Figure:
    """A panel a fit (of one supervisor, student and method): isoquants, expansion paths and observed accuracies.

    titles: of methods; pool_sizes: by task. Where nothing was studied nothing is drawn: a fit to labels of one quality
    has neither isoquants nor paths.
    """
    style.set_style()
    small = len(fits) > MANY
    every = in_percent(np.concatenate([fit.accuracy for fit in fits]))
    norm = Normalize(min(50, every.min()), every.max())
    most = np.max([fit.largest for fit in fits], axis=0)
    looks = {
        price: {
            "color": PATH_COLOURS[i % len(PATH_COLOURS)],
            "marker": PATH_MARKERS[i % len(PATH_MARKERS)],
            "linewidth": 1.8,
        }
        for i, price in enumerate(sorted(weak_prices, reverse=True))
    }
    columns = MANY_COLUMNS if small else min(len(fits), COLUMNS)
    figure, panels = style.make_panels(len(fits), columns, height=2.7)
    for i, (axes, fit) in enumerate(zip(panels, fits, strict=True)):
        set_label_axes(axes, *most, small)
        axes.tick_params(labelbottom=not small or i + columns >= len(fits))
        if all(fit.largest):
            draw_isoquants(axes, fit, norm, labelled=not small)
            for weak_price, look in looks.items():
                size = {"linewidth": 1, "markersize": 2.5} if small else {}
                draw_path(axes, fit, budgets, weak_price, pool_sizes.get(fit.task), **look | size)
        points = {"c": in_percent(fit.accuracy), "cmap": style.ORDERED_COLOURS, "norm": norm}
        axes.scatter(*fit.purchases.T, s=5 if small else 16, edgecolor="black", linewidth=0.5, clip_on=False, **points)
        colour = style.NAMED_COLOURS[3] if fit.verdict == BAD_FIT else "0.15"
        axes.set_title(panel_title(fit, columns), fontsize=7 if small else 8, color=colour)
    handles = [style.handle(f"weak label at {price_words(price)}", **look) for price, look in looks.items()]
    handles.append(style.handle("observed purchase", marker="o", color="0.6", linestyle="none"))
    style.add_legend(figure, handles, title="expansion path: what to buy as the budget grows")
    bar = figure.colorbar(ScalarMappable(norm, style.ORDERED_COLOURS), ax=panels, pad=0.01, aspect=40)
    bar.set_label("accuracy, %")
    fit = fits[0]
    spent = ", ".join(f"{budget:g}" for budget in budgets)
    footnote = (
        f"Student {fit.student}, weak labels of {fit.supervisor}, {titles.get(fit.method, fit.method)}. Thin lines: "
        "isoquants, purchases that are equally good by the form that predicts held-out budgets best (off by: its error "
        "there; noise: that of the observations). Colours: accuracy, observed in the points, predicted (paler) between "
        f"them. Markers on the paths: budgets of {spent} gold labels. Blank: not studied."
    )
    style.finish_figure(figure, footnote, "weak labels bought", "gold labels bought")
    return figure
