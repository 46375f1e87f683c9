"""Cost and score of every purchase, and the frontier: what no cheaper purchase beats."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from elicitation.analysis.averages import average_rows
from elicitation.analysis.captions import footnote, price_words, unaveraged_sentence, usual_seeds, varying
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.names import ASKING, PURCHASE
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.figures import style
from elicitation.figures.style import in_percent

# The areas of points that are never and always on the frontier, in square points.
POINT_AREAS = (10, 46)
# How the colour scale names the weak labels' share of the cost, in percent.
SHARES = {0: "gold only", 25: "25 %", 50: "50 %", 75: "75 %", 100: "weak only"}
# The axis of costs goes beyond the most expensive purchase by this factor.
MARGIN = 1.4


def draw_purchases(axes: Axes, points: pd.DataFrame, marker: str, edge: float) -> None:
    """Draw purchases in the colour of the weak labels' share of the cost; the likelier on the frontier, the bigger.

    edge: where those stand that cost nothing.
    """
    order = points.sort_values("probability")
    order = order.assign(cost=order.cost.clip(lower=edge))
    strength = 0.3 + 0.7 * order.probability
    bars = axes.errorbar(
        order.cost,
        in_percent(order.score),
        yerr=style.error_bars(order, "score"),
        fmt="none",
        elinewidth=0.8,
        zorder=2,
    )
    bars.lines[2][0].set_color([(0.35, 0.35, 0.35, 0.8 * alpha) for alpha in strength])
    axes.scatter(
        order.cost,
        in_percent(order.score),
        c=order.weak_share,
        cmap=style.SHARE_COLOURS,
        vmin=0,
        vmax=1,
        marker=marker,
        s=np.interp(order.probability, (0, 1), POINT_AREAS),
        alpha=strength,
        edgecolor="black",
        linewidth=0.2 + 0.6 * order.probability,
        zorder=3,
    )


def draw_panel(axes: Axes, panel: pd.DataFrame, markers: dict[str, str], usual: int, edge: float) -> None:
    """Points, frontier and what costs nothing, of one student, supervisor and price.

    markers: by method; usual: the number of seeds behind most points; edge: where the axis of costs begins. It is
    logarithmic, without a place for a cost of 0: what costs nothing stands on its left edge.
    """
    bought, asking = panel[panel.kind == PURCHASE], panel[panel.kind == ASKING]
    for method, points in bought.groupby("method", sort=False):
        draw_purchases(axes, points, markers[method], edge)
    best = panel[panel.on_frontier].sort_values("cost")
    style.draw_weak_labels(axes, panel)
    # The frontier holds up to the most expensive purchase.
    line = pd.concat([best, best.tail(1).assign(cost=panel.cost.max())])
    axes.step(line.cost.clip(lower=edge), in_percent(line.score), where="post", color="0.2", linewidth=1.2, zorder=2)
    paid = best[best.cost > 0]
    style.draw_seed_counts(axes, paid.cost, in_percent(paid.score), paid.n_seeds, usual)
    style.draw_commoner(axes, panel)
    if len(asking):
        style.draw_asking(axes, asking.iloc[0], edge)


def legend_handles(titles: dict[str, str], markers: dict[str, str], asks: bool) -> list[Line2D]:
    """The entries of the legend. asks: whether any panel shows asking without labels."""
    grey = {"markerfacecolor": "0.8", "linestyle": "none"}
    several = markers if len(markers) > 1 else {}
    return [
        *(style.handle(titles[name], marker=shape, **grey | {"markersize": 6}) for name, shape in several.items()),
        style.handle("nothing cheaper is as good", marker="o", **grey | {"markersize": POINT_AREAS[1] ** 0.5}),
        style.handle("something cheaper is as good", marker="o", **grey | {"markersize": POINT_AREAS[0] ** 0.5}),
        style.handle("the best that was run for the money", color="0.2", linewidth=1.2),
        style.weak_labels_handle(),
        *([style.asking_handle()] if asks else []),
        style.commoner_handle(),
    ]


def plot_pareto(
    table: pd.DataFrame, missing: pd.DataFrame, titles: dict[str, str], measure: str, money: Money = GOLD_LABELS
) -> Figure:
    """A panel for each (student, supervisor) and price of its labels; averaged over tasks where there are several.

    table: results/frontier.csv with weak_score and commoner_score (elicitation.analysis.run_scores.with_free_scores);
    measure: one of MEASURES.
    """
    style.set_style()
    left_out, table = unaveraged_sentence(table[table.kind == PURCHASE], titles), average_rows(table)
    table = table.assign(cost=money.of(table.cost))
    bought = table[table.kind == PURCHASE]
    kinds = ["task", "student", "supervisor"]
    label = varying(table, kinds)
    # Those with the most prices first, so that each has rows of its own.
    groups = [
        (names, price, table[(table[kinds] == list(names)).all(axis=1) & (table.weak_price == price)])
        for names, rows in sorted(table.groupby(kinds, sort=False), key=lambda group: -group[1].weak_price.nunique())
        for price in sorted(rows.weak_price.unique(), reverse=True)
    ]
    columns = max(table.groupby(kinds).weak_price.nunique())
    present = set(bought.method)
    markers = dict(zip([name for name in titles if name in present], cycle(style.MARKERS), strict=False))
    edge = style.left_edge(bought.cost)
    figure, panels = style.make_panels(len(groups), columns)
    for axes, (names, price, panel) in zip(panels, groups, strict=True):
        draw_panel(axes, panel, markers, usual_seeds(bought), edge)
        style.set_cost_axis(axes)
        axes.set_xlim(edge, bought.cost.max() * MARGIN)
        style.set_score_axis(axes, pd.concat([table.score, table.weak_score]))
        shown = [name for kind, name in zip(kinds, names, strict=True) if kind in label]
        which = f"{', '.join(shown)},\n" if shown else ""
        style.set_title(axes, f"{which}a weak label costs {price_words(price, money)}", columns)
    style.add_legend(figure, legend_handles(titles, markers, (table.kind == ASKING).any()))
    bar = figure.colorbar(ScalarMappable(Normalize(0, 100), style.SHARE_COLOURS), ax=panels, pad=0.01, aspect=30)
    bar.set_label("share of the cost spent on weak labels")
    bar.set_ticks(list(SHARES), labels=SHARES.values())
    note = f"{footnote(bought, missing, titles)} {left_out}".strip()
    style.finish_figure(figure, note, f"cost, in {money.unit}", f"{MEASURES[measure]}, %")
    return figure
