"""How good the weak labels are."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from elicitation.analysis.label_quality import SupervisorQuality
from elicitation.figures import style
from elicitation.figures.style import in_percent

# The marker of a bin that holds all labels has this area, in square points.
MARKER_AREA = 250
# Neighbouring supervisors are moved aside by this share of a row.
STEP = 0.16


def plot_weak_labels(found: SupervisorQuality) -> Figure:
    """Left a reliability diagram, a curve a supervisor; right the accuracy of each supervisor on each task."""
    bins, quality, pooled = found
    style.set_style()
    supervisors, tasks = list(quality.supervisor.unique()), list(quality.task.unique())
    looks = dict(zip(supervisors, zip(style.NAMED_COLOURS, style.MARKERS, strict=False), strict=False))
    figure, (reliability, accuracy) = plt.subplots(
        1, 2, figsize=(style.PRINT_WIDTH, max(3.2, 1.2 + 0.24 * len(tasks))), layout="constrained"
    )
    reliability.plot([0, 100], [0, 100], **style.WEAK_LABELS)
    for supervisor, step in zip(supervisors, style.offsets(len(supervisors)), strict=True):
        colour, marker = looks[supervisor]
        rows = bins[bins.supervisor == supervisor]
        bars = {"color": colour, "elinewidth": 0.8, "capsize": 2, "zorder": 2}
        reliability.errorbar(in_percent(rows.p), in_percent(rows.share), yerr=style.error_bars(rows, "share"), **bars)
        look = {"color": colour, "marker": marker, "edgecolor": "black", "linewidth": 0.4, "zorder": 3}
        reliability.scatter(in_percent(rows.p), in_percent(rows.share), s=MARKER_AREA * rows.n / rows.n.sum(), **look)
        rows = quality[quality.supervisor == supervisor]
        places = np.array([tasks.index(task) for task in rows.task]) + STEP * step
        xerr = style.error_bars(rows, "accuracy")
        accuracy.errorbar(in_percent(rows.accuracy), places, xerr=xerr, fmt="none", **bars)
        accuracy.scatter(in_percent(rows.accuracy), places, s=28, **look)
    reliability.set(
        xlim=(-8, 108),
        ylim=(-8, 108),
        xticks=range(0, 101, 25),
        xlabel="weak label, %",
        ylabel="of these, gold label 1, %",
    )
    reliability.set_title("reliability")
    reliability.set_box_aspect(1)
    reliability.set_anchor("N")
    accuracy.set(yticks=range(len(tasks)), yticklabels=tasks, ylim=(len(tasks) - 0.5, -0.5))
    accuracy.set(xlabel="accuracy of the weak labels, %", title="accuracy")
    handles = [
        style.handle(supervisor, color=colour, marker=marker, linestyle="none")
        for supervisor, (colour, marker) in looks.items()
    ]
    style.add_legend(figure, [*handles, style.handle("calibrated", **style.WEAK_LABELS)])
    sizes = " to ".join(f"{n:,}" for n in sorted({quality.n.min(), quality.n.max()}))
    shown = "all tasks together" if len(pooled) == len(tasks) else ", ".join(pooled)
    footnote = (
        f"On the test examples, {sizes} a task; on the left those of {shown}, the area of a marker is its "
        "share of them. Bars: 95 % Wilson intervals."
    )
    style.finish_figure(figure, footnote)
    return figure
