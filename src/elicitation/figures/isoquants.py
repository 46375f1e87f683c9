"""Which purchases are equally good, and what to buy as the budget grows."""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from matplotlib.transforms import offset_copy

from elicitation.analysis.captions import plain_amount, price_words
from elicitation.analysis.choices import find_options, terms_for
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.posterior import Block, Surface
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.figures import style
from elicitation.figures.style import OUTLINE, in_percent

# So many panels stand in a row.
COLUMNS = 2
# Where there are more panels than MANY, they are small, stand in rows of MANY_COLUMNS and have fewer words.
MANY, MANY_COLUMNS = 6, 4
# Isoquants are so many percentage points apart: the smallest of these steps that draws at most MOST_LEVELS of them.
LEVEL_STEPS = (1, 2, 5, 10)
MOST_LEVELS = 8
# Isoquants are drawn from a grid of so many points a side.
GRID = 150
# A path has so many budgets for each doubling.
DOUBLINGS = 4
# The colours of the prices' paths.
PATH_COLOURS = (style.NAMED_COLOURS[3], style.NAMED_COLOURS[0], (0, 0, 0), *style.NAMED_COLOURS[4:6])
# The markers of the prices' paths. There is another number of them than of colours, so that many prices differ in one
# or the other.
PATH_MARKERS = "s^DvP*X"
# Neighbouring paths are so many points apart, up and to the right.
ASIDE = 3
# Isoquants are drawn where mixtures that were studied take at least this share of the plane; in less none could be
# followed. Mixtures of one budget, or of one share of gold labels, take less; of two budgets and two shares, more.
LEAST_SHARE = 0.05
# The size of the scores beside purchases, and the room that each takes, to the side and up, in points.
SCORE_SIZE, SCORE_ROOM = 7, (22, 8)
# What stands above all panels: with isoquants, and without.
PATHS_TITLE = "what to buy as the budget grows"
NOT_JOINED = "too few mixtures of weak and gold labels were run for curves of equal {}"
RUN = "purchase that was run"
# What the footnote says of panels with isoquants, and of those without.
ISOQUANTS_NOTE = (
    "Thin lines: isoquants, purchases that are expected to be equally good. Thick lines: the best purchase within a "
    "budget, with markers at budgets of {}; dotted where another way of spending becomes the best. Shaded: studied."
)
POINTS_NOTE = (
    "Numbers: the expected {} of purchases that were run, where there is room. Two or more `gold_shares` between 0 and "
    "1, at two or more budgets, bring lines through what is equally good. figures/what_to_buy.pdf says what to buy."
)
# Isoquants have their labels near this place (shares of the axes' lengths), away from most purchases and paths.
LABEL_PLACE = (0.9, 0.35)


def set_label_axes(axes: Axes, most_weak: float, most_gold: float, small: bool) -> None:
    """Numbers of labels as log1p, so that 0 has its place."""
    for name, most in (("x", most_weak), ("y", most_gold)):
        ticks = [0, *(10**i for i in range(int(most > 100), 8, 1 + small) if 10**i <= most * 1.5)]
        getattr(axes, f"set_{name}scale")("function", functions=(np.log1p, np.expm1))
        getattr(axes, f"set_{name}lim")(-0.5, max(0.5, np.expm1(np.log1p(most) * 1.08)))
        axis = getattr(axes, f"{name}axis")
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:,.0f}")
    axes.grid(False)
    if small:
        axes.tick_params(labelsize=6.5)


def label_places(levels: list[list[np.ndarray]], largest: tuple[float, float]) -> list[tuple[float, float]]:
    """The place of each isoquant that is nearest to LABEL_PLACE.

    levels: by isoquant, its lines (vertices, 2); largest: the most weak and gold labels.
    """
    places = []
    for vertices in (np.concatenate(lines) for lines in levels if any(map(len, lines))):
        relative = np.log1p(vertices) / np.log1p(largest)
        places.append(tuple(vertices[np.abs(relative - LABEL_PLACE).sum(axis=1).argmin()]))
    return places


def scores_on_grid(surface: Surface) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(GRID,) weak labels, (GRID,) gold labels, and (GRID, GRID) scores, gold by weak, missing if unstudied."""
    ends = surface.weak[-1], surface.gold[-1]
    # The last point must not lie beyond the last line by a rounding error.
    x, y = (np.minimum(np.expm1(np.linspace(0, np.log1p(end), GRID)), end) for end in ends)
    n_weak, n_gold = (numbers.ravel() for numbers in np.meshgrid(x, y))
    # The means alone, which are quick to interpolate.
    means = replace(surface, factors=surface.factors[..., :0])
    # Among crossings that were all studied, and nowhere else, the mean of ones is one.
    studied = replace(means, mean=surface.studied.astype(float)).at(n_weak, n_gold).mean
    scores = np.where(studied > 1 - 1e-9, means.at(n_weak, n_gold).mean, np.nan)
    return x, y, scores.reshape(GRID, GRID)


def has_isoquants(surface: Surface) -> bool:
    """Whether the mixtures that were studied span an area, in which purchases that are equally good can be joined."""
    n_weak, n_gold, scores = scores_on_grid(surface)
    mixed = (n_gold[:, None] > 0) & (n_weak > 0)
    return bool((mixed & np.isfinite(scores)).mean() >= LEAST_SHARE)


def draw_isoquants(axes: Axes, surface: Surface, norm: Normalize, labelled: bool) -> None:
    """Lines of equal scores over shades of them, where mixtures were studied; shades of labels of one kind beside."""
    pure = (surface.weak == 0)[:, None] | (surface.gold == 0)
    i, j = np.nonzero(surface.studied & pure)
    look = {"cmap": style.ORDERED_COLOURS, "norm": norm, "clip_on": False}
    axes.scatter(surface.weak[i], surface.gold[j], s=4, c=in_percent(surface.mean[i, j]), linewidth=0, **look)
    x, y, scores = scores_on_grid(surface)
    scores = in_percent(scores)
    low, high = np.nanmin(scores), np.nanmax(scores)
    step = next((step for step in LEVEL_STEPS if (high - low) / step <= MOST_LEVELS), LEVEL_STEPS[-1])
    levels = np.arange(np.ceil(low / step), high / step) * step
    axes.pcolormesh(x, y, scores, cmap=style.ORDERED_COLOURS, norm=norm, alpha=0.35, rasterized=True)
    if len(levels):
        lines = axes.contour(x, y, scores, levels, colors="0.25", linewidths=0.8 if labelled else 0.5)
    if len(levels) and labelled:
        places = label_places(lines.allsegs, (x[-1], y[-1]))
        for label in axes.clabel(lines, fmt="%g %%", fontsize=6.5, manual=places):
            label.set(path_effects=OUTLINE, zorder=6)


def best_path(block: Block, budgets: np.ndarray, weak_price: float, pool: int | None) -> np.ndarray:
    """(n, 2) weak and gold labels of the best purchase within each budget (n,); missing where there is none.

    block: of one supervisor and method.
    """
    [surface] = block.surfaces
    path = np.full((len(budgets), 2), np.nan)
    for i, budget in enumerate(budgets):
        options = find_options(block, terms_for(budget, {surface.supervisor: weak_price}, pool=pool))
        if len(options.n_weak):
            best = options.best()
            path[i] = options.n_weak[best], options.n_gold[best]
    return path


def draw_path(
    axes: Axes, block: Block, budgets: list[float], weak_price: float, pool: int | None, aside: float, **look
) -> None:
    """The best purchases as the budget grows, with markers at the study's own budgets.

    Dotted where the best way of spending changes; aside: by how many points all of it is moved up and to the right.
    """
    n = int(np.ceil(DOUBLINGS * np.log2(max(budgets) / min(budgets)))) + 1
    every = np.unique([*np.geomspace(min(budgets), max(budgets), n), *budgets])
    path = best_path(block, every, weak_price, pool)
    marks = np.flatnonzero(np.isin(every, budgets)).tolist()
    moved = offset_copy(axes.transData, axes.figure, aside, aside, units="points")
    shared = {"transform": moved, "clip_on": False, "zorder": 4}
    axes.plot(*path.T, linestyle=":", color=look["color"], linewidth=0.8, **shared)
    ways = np.sign(path)
    # A gap before each purchase that is of another kind than the one before it.
    changes = np.flatnonzero((ways[1:] != ways[:-1]).any(axis=1)) + 1
    kept, places = np.insert(path, changes, np.nan, axis=0), np.arange(len(path))
    marks = (places + np.searchsorted(changes, places, side="right"))[marks].tolist()
    axes.plot(*kept.T, markevery=marks, path_effects=OUTLINE, **shared, **style.POINT | look)


def draw_runs(axes: Axes, surface: Surface, norm: Normalize, small: bool) -> None:
    """The purchases that were run, in the colours of their expected scores."""
    i, j = surface.runs.T
    points = {"c": in_percent(surface.mean[i, j]), "cmap": style.ORDERED_COLOURS, "norm": norm}
    look = {"s": 6 if small else 20, "edgecolor": "black", "linewidth": 0.5, "clip_on": False, "zorder": 3}
    axes.scatter(surface.weak[i], surface.gold[j], **points | look)


def write_scores(axes: Axes, surface: Surface) -> None:
    """The expected score beside each purchase that was run, where there is room. The figure must have been laid out."""
    runs = np.array([(surface.weak[i], surface.gold[j], surface.mean[i, j]) for i, j in surface.runs])
    inches = axes.transData.transform(runs[:, :2]) / axes.figure.dpi
    look = {"textcoords": "offset points", "fontsize": SCORE_SIZE, "path_effects": OUTLINE, "zorder": 6}
    for n_weak, n_gold, score in runs[style.with_room(72 * inches, SCORE_ROOM)].tolist():
        # Above those on the lower edge, whose neighbours stand on the right.
        beside = {"xytext": (5, 0), "va": "center"} if n_gold else {"xytext": (0, 5), "ha": "center"}
        axes.annotate(f"{100 * score:.0f} %", (n_weak, n_gold), **beside, **look)


def path_looks(weak_prices: list[float]) -> dict[float, dict]:
    """The look of each price's path, the highest price first."""
    return {
        price: {
            "color": PATH_COLOURS[i % len(PATH_COLOURS)],
            "marker": PATH_MARKERS[i % len(PATH_MARKERS)],
            "linewidth": 1.6,
        }
        for i, price in enumerate(sorted(weak_prices, reverse=True))
    }


def plot_isoquants(
    blocks: list[Block],
    where: str,
    budgets: list[float],
    weak_prices: list[float],
    pool_sizes: dict[str, int],
    measure: str,
    money: Money = GOLD_LABELS,
) -> Figure:
    """A panel a task: isoquants, what to buy as the budget grows, and the purchases that were run.

    Where too few mixtures were run for isoquants, it holds these purchases alone, each with its score.

    blocks: of one student, supervisor and method, by task; where: these three, in words; pool_sizes: by task; measure:
    one of MEASURES.
    """
    style.set_style()
    small = len(blocks) > MANY
    surfaces = [block.surfaces[0] for block in blocks]
    joined = [has_isoquants(surface) for surface in surfaces]
    every = in_percent(np.concatenate([surface.mean[surface.studied] for surface in surfaces]))
    norm = Normalize(every.min(), every.max())
    most = [max(lines[-1] for lines in kind) for kind in zip(*((s.weak, s.gold) for s in surfaces), strict=True)]
    looks = path_looks(weak_prices)
    columns = MANY_COLUMNS if small else min(len(blocks), COLUMNS)
    figure, panels = style.make_panels(len(blocks), columns, height=2.7)
    for i, (axes, block, surface) in enumerate(zip(panels, blocks, surfaces, strict=True)):
        set_label_axes(axes, *most, small)
        axes.tick_params(labelbottom=not small or i + columns >= len(blocks))
        if joined[i]:
            draw_isoquants(axes, surface, norm, labelled=not small)
            for (weak_price, look), step in zip(looks.items(), style.offsets(len(looks)), strict=True):
                size = {"linewidth": 1, "markersize": 2.5} if small else {}
                pool, aside = pool_sizes.get(block.task), ASIDE * step
                draw_path(axes, block, budgets, weak_price, pool, aside, **look | size)
        draw_runs(axes, surface, norm, small)
        axes.set_title(block.task, fontsize=7 if small else 9)
    name = MEASURES[measure]
    drawn = looks if any(joined) else {}
    handles = [style.handle(f"weak label at {price_words(price, money)}", **look) for price, look in drawn.items()]
    run = RUN if any(joined) else f"{RUN}, with the {name} to expect"
    handles.append(style.handle(run, marker="o", color="0.6", linestyle="none"))
    style.add_legend(figure, handles, title=PATHS_TITLE if any(joined) else NOT_JOINED.format(name))
    bar = figure.colorbar(ScalarMappable(norm, style.ORDERED_COLOURS), ax=panels, pad=0.01, aspect=40)
    bar.set_label(f"expected {name}, %")
    note = [f"{where}."]
    if any(joined):
        spent = ", ".join(plain_amount(budget, money) for budget in budgets) + " gold labels" * (not money.currency)
        note.append(ISOQUANTS_NOTE.format(spent))
    if not all(joined):
        note.append(POINTS_NOTE.format(name))
    style.finish_figure(figure, " ".join(note), "weak labels bought", "gold labels bought")
    figure.draw_without_rendering()
    for axes, surface, has_lines in zip(panels, surfaces, joined, strict=True):
        if not has_lines:
            write_scores(axes, surface)
    return figure
