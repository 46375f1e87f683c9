"""Cost and accuracy of every purchase, and the frontier."""

from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from elicitation.averages import average_rows
from elicitation.captions import footnote, usual_seeds, varying
from elicitation.figures import style
from elicitation.figures.style import percent


def draw_points(axes: Axes, points: pd.DataFrame, marker: str, on_frontier: bool) -> None:
    """Accuracies on the reporting half, coloured by the share of the cost that went to weak labels."""
    strength = 1.0 if on_frontier else 0.5
    axes.errorbar(
        points.cost,
        percent(points.accuracy_report),
        yerr=style.interval(points, "accuracy_report"),
        fmt="none",
        ecolor="0.35",
        elinewidth=0.8 * strength,
        alpha=strength,
        capsize=2 if on_frontier else 0,
        zorder=2,
    )
    axes.scatter(
        points.cost,
        percent(points.accuracy_report),
        c=points.weak_share,
        cmap=style.SHARE_COLOURS,
        vmin=0,
        vmax=1,
        marker=marker,
        s=42 if on_frontier else 18,
        alpha=strength,
        edgecolor="black",
        linewidth=0.8 if on_frontier else 0.3,
        zorder=3,
    )


def plot_pareto(table: pd.DataFrame, missing: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """A panel a weak-label price, a row a (student, supervisor); averaged over tasks where there are several.

    table: as elicitation.frontier.frontiers returns it. Points were chosen on one half of the test examples, and
    their accuracies are those on the other. Methods have markers where they reach the frontier.
    """
    style.set_style()
    table = average_rows(table)
    rows = list(table.groupby(["student", "supervisor"], sort=False))
    label = varying(table, ["student", "supervisor"])
    prices = sorted(table.weak_price.unique(), reverse=True)
    winners = set(table[table.on_frontier].method)
    markers = dict(zip([name for name in titles if name in winners], cycle(style.MARKERS), strict=False))
    usual = usual_seeds(table)
    figure, panels = style.make_panels(len(rows) * len(prices), columns=len(prices))
    for i, axes in enumerate(panels):
        (_, group), price = rows[i // len(prices)], prices[i % len(prices)]
        panel = group[group.weak_price == price]
        best = panel[panel.on_frontier].sort_values("cost")
        draw_points(axes, panel[~panel.on_frontier], "o", on_frontier=False)
        for method, points in best.groupby("method", sort=False):
            draw_points(axes, points, markers[method], on_frontier=True)
        axes.step(best.cost, percent(best.accuracy_report), where="post", color="0.2", linewidth=1, zorder=1)
        style.draw_seed_counts(axes, best.cost, percent(best.accuracy_report), best.n_seeds, usual)
        style.draw_weak_accuracy(axes, panel)
        style.set_cost_axis(axes)
        style.set_accuracy_axis(axes, table.accuracy_report)
        style.set_title(axes, f"a weak label costs {price:g}", len(prices))
        if price == prices[0]:
            axes.set_ylabel("\n".join(group[label].iloc[0]))
    grey = {"markerfacecolor": "0.8", "markersize": 6, "markeredgewidth": 0.8}
    handles = [
        style.handle(titles[method], marker=marker, linestyle="none", **grey) for method, marker in markers.items()
    ]
    handles += [style.handle("frontier", color="0.2", **grey), style.weak_labels_handle()]
    style.add_legend(figure, handles)
    bar = figure.colorbar(ScalarMappable(Normalize(0, 100), style.SHARE_COLOURS), ax=panels, pad=0.01, aspect=30)
    bar.set_label("weak labels' share of cost, %")
    style.finish(figure, footnote(table, missing, titles), "cost, in gold labels", "accuracy, %")
    return figure
