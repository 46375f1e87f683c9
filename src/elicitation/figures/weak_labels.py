"""How good the weak labels are."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from elicitation.analysis.captions import interval_sentence
from elicitation.analysis.label_quality import SupervisorQuality
from elicitation.analysis.measures import MEASURES
from elicitation.figures import style
from elicitation.figures.style import in_percent

# The marker of a bin that holds all labels has this area, in square points.
MARKER_AREA = 250
# Neighbouring supervisors are moved aside by this share of a row.
STEP = 0.16


def plot_weak_labels(found: SupervisorQuality, scores: pd.DataFrame, measure: str) -> Figure:
    """Left a reliability diagram, a curve a supervisor; right how good the labels of each are as they are, by task.

    scores: a row a task and supervisor, with weak_score and its interval, as elicitation.analysis.run_scores.scores_of
    returns them; measure: one of MEASURES.
    """
    bins, quality, pooled = found
    style.set_style()
    supervisors, tasks = list(quality.supervisor.unique()), list(quality.task.unique())
    looks = dict(zip(supervisors, zip(style.NAMED_COLOURS, style.MARKERS, strict=False), strict=False))
    figure, (reliability, score) = plt.subplots(
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
        rows = scores[(scores.supervisor == supervisor) & scores.task.isin(tasks)]
        places = np.array([tasks.index(task) for task in rows.task]) + STEP * step
        xerr = style.error_bars(rows, "weak_score")
        score.errorbar(in_percent(rows.weak_score), places, xerr=xerr, fmt="none", **bars)
        score.scatter(in_percent(rows.weak_score), places, s=28, **look)
    reliability.set(xlim=(-8, 108), ylim=(-8, 108), xticks=range(0, 101, 25))
    reliability.set(xlabel="weak label, %", ylabel="of these, gold label 1, %")
    reliability.set_title("reliability: on the dashed line\na label of 80 % means 80 %")
    reliability.set_box_aspect(1)
    reliability.set_anchor("N")
    score.set(yticks=range(len(tasks)), yticklabels=tasks, ylim=(len(tasks) - 0.5, -0.5))
    score.set(xlabel=f"{MEASURES[measure]} of the weak labels as they are, %", title=MEASURES[measure])
    handles = [
        style.handle(supervisor, color=colour, marker=marker, linestyle="none")
        for supervisor, (colour, marker) in looks.items()
    ]
    style.add_legend(figure, [*handles, style.handle("calibrated", **style.WEAK_LABELS)])
    sizes = " to ".join(f"{n:,}" for n in sorted({quality.n.min(), quality.n.max()}))
    shown = "all tasks together" if len(pooled) == len(tasks) else ", ".join(pooled)
    footnote = (
        f"By the gold labels of {sizes} texts a task; on the left those of {shown}, the area of a marker is its "
        f"share of them, with 95 % Wilson intervals. {interval_sentence('Bars on the right')}"
    )
    style.finish_figure(figure, footnote)
    return figure
