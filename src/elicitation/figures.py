"""The figures. Each function takes a table and returns a matplotlib figure."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from elicitation.config import AVERAGE
from elicitation.files import replacing
from elicitation.methods import METHODS

SHARE_COLOURS = sns.color_palette("cividis_r", as_cmap=True)
"""Perceptually uniform and safe for colour-blind readers; dark = all weak."""
BUDGET_COLOURS = sns.color_palette("viridis_r", as_cmap=True)
MARKERS = "osD^vP"
PRINT_WIDTH = 7.2
"""Inches; the text width of a page."""
RESOLUTION = 200


def set_style() -> None:
    sns.set_theme(context="paper", style="ticks", rc={"axes.grid": True, "grid.alpha": 0.25, "savefig.bbox": "tight"})


def save_figure(figure: Figure, paths: list[str | Path]) -> None:
    """Write the figure under every name, in the format of its ending, without a date."""
    for path in paths:
        with replacing(path) as temporary:
            metadata = {"CreationDate": None} if Path(path).suffix == ".pdf" else None
            figure.savefig(temporary, metadata=metadata, dpi=RESOLUTION)
    plt.close(figure)


def percent(values):
    return 100 * np.asarray(values, dtype=float)


def accuracy_limits(accuracies: pd.Series) -> tuple[float, float]:
    """In percent. Room for all means; intervals of a few bimodal seeds would squeeze the rest, and are cut off."""
    return 100 * accuracies.min() - 8, min(102, 100 * accuracies.max() + 15)


def draw_points(axes, points: pd.DataFrame, marker: str, on_frontier: bool) -> None:
    """Accuracies on the reporting half, coloured by the share of the cost that went to weak labels."""
    spread = percent(
        [points.accuracy_report - points.accuracy_report_low, points.accuracy_report_high - points.accuracy_report]
    )
    strength = 1.0 if on_frontier else 0.5
    axes.errorbar(
        points.cost,
        percent(points.accuracy_report),
        yerr=spread,
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
        cmap=SHARE_COLOURS,
        vmin=0,
        vmax=1,
        marker=marker,
        s=42 if on_frontier else 18,
        alpha=strength,
        edgecolor="black",
        linewidth=0.8 if on_frontier else 0.3,
        zorder=3,
    )


def plot_pareto(table: pd.DataFrame) -> Figure:
    """A panel a weak-label price, a row a (student, supervisor); averaged over tasks where there are several.

    table: as made by elicitation.frontier.frontiers. Points were chosen on one half of the test examples, and
    their accuracies are those on the other.
    """
    set_style()
    if AVERAGE in set(table.task):
        table = table[table.task == AVERAGE]
    rows = list(table.groupby(["student", "supervisor"], sort=False))
    prices = sorted(table.weak_price.unique(), reverse=True)
    markers = dict(zip(table.method.unique(), MARKERS, strict=False))
    figure, grid = plt.subplots(
        len(rows),
        len(prices),
        sharey=True,
        squeeze=False,
        figsize=(PRINT_WIDTH, 0.6 + 2.3 * len(rows)),
        layout="constrained",
    )
    for row, ((student, _), group) in zip(grid, rows, strict=True):
        for axes, price in zip(row, prices, strict=True):
            panel = group[group.weak_price == price]
            for method, points in panel.groupby("method", sort=False):
                for on_frontier in (False, True):
                    draw_points(axes, points[points.on_frontier == on_frontier], markers[method], on_frontier)
            best = panel[panel.on_frontier].sort_values("cost")
            axes.step(best.cost, percent(best.accuracy_report), where="post", color="0.2", linewidth=1, zorder=1)
            axes.axhline(percent(panel.weak_accuracy.mean()), color="0.4", linestyle="--", linewidth=1, zorder=1)
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_ylim(*accuracy_limits(table.accuracy_report))
            axes.set_title(f"a weak label costs {price:g}")
        row[0].set_ylabel(f"{student}\naccuracy, %" if len(rows) > 1 else "accuracy, %")
    figure.supxlabel("cost, in gold labels", fontsize="medium")
    handles = [
        Line2D(
            [],
            [],
            marker=marker,
            linestyle="none",
            markerfacecolor="0.8",
            markeredgecolor="black",
            label=METHODS[method].title,
        )
        for method, marker in markers.items()
    ]
    handles += [
        Line2D([], [], color="0.2", marker="o", markerfacecolor="0.8", markeredgecolor="black", label="frontier"),
        Line2D([], [], color="0.4", linestyle="--", label="the weak labels themselves"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
    bar = figure.colorbar(ScalarMappable(Normalize(0, 100), SHARE_COLOURS), ax=grid, pad=0.01, aspect=30)
    bar.set_label("weak labels' share of cost, %")
    sns.despine(figure)
    return figure


def plot_spending(points: pd.DataFrame, budgets: list[int], weak_price: float) -> Figure:
    """A panel a task (and a row a student and supervisor): accuracy against the share spent on weak labels.

    points: as made by elicitation.evaluation.summarise. A curve a budget; bands are 95 % intervals.
    """
    set_style()
    points = points.assign(cost=points.n_gold + weak_price * points.n_weak)
    points["weak_share"] = weak_price * points.n_weak / points.cost
    # Purchases are rounded down, so a run belongs to the smallest budget that affords it.
    points["budget"] = [min(b for b in budgets if b >= cost - 1e-9) for cost in points.cost]
    colours = dict(zip(sorted(budgets), BUDGET_COLOURS(np.linspace(0.1, 0.95, len(budgets))), strict=True))
    rows = list(points.groupby(["student", "supervisor", "method"], sort=False))
    tasks = list(points.task.unique())
    figure, grid = plt.subplots(
        len(rows),
        len(tasks),
        sharey=True,
        squeeze=False,
        figsize=(PRINT_WIDTH, 0.6 + 2.3 * len(rows)),
        layout="constrained",
    )
    for row, ((student, *_), group) in zip(grid, rows, strict=True):
        for axes, task in zip(row, tasks, strict=True):
            panel = group[group.task == task]
            for budget, curve in panel.sort_values("weak_share").groupby("budget"):
                axes.plot(
                    percent(curve.weak_share), percent(curve.accuracy), marker="o", markersize=4, color=colours[budget]
                )
                band = percent(curve.accuracy_low), percent(curve.accuracy_high)
                axes.fill_between(percent(curve.weak_share), *band, color=colours[budget], alpha=0.12, linewidth=0)
            axes.axhline(percent(panel.weak_accuracy.mean()), color="0.4", linestyle="--", linewidth=1)
            axes.set_ylim(*accuracy_limits(points.accuracy))
            axes.set_title(task)
        row[0].set_ylabel(f"{student}\naccuracy, %" if len(rows) > 1 else "accuracy, %")
    figure.supxlabel(
        f"share of the budget spent on weak labels, % (a weak label costs {weak_price:g})", fontsize="medium"
    )
    handles = [
        Line2D([], [], color=colour, marker="o", markersize=4, label=f"{budget}") for budget, colour in colours.items()
    ]
    handles.append(Line2D([], [], color="0.4", linestyle="--", label="the weak labels themselves"))
    seeds = " to ".join(map(str, sorted({points.n_seeds.min(), points.n_seeds.max()})))
    title = f"budget, in gold labels (bands: 95 % intervals over {seeds} seeds)"
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False, title=title)
    sns.despine(figure)
    return figure
