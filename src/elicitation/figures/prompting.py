"""Labels for the prompt or labels for finetuning?"""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from elicitation.analysis.averages import buys_labels
from elicitation.analysis.captions import footnote, plain_amount, usual_seeds
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.run_scores import priced
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.buying.methods import Shots
from elicitation.figures import style
from elicitation.figures.style import in_percent

# The kinds of labels, in the order of the rows and columns; a row more where both stand in a prompt.
QUALITIES = ("weak", "gold")
# The look of methods that only prompt.
ALONE = {"color": "0.5", "marker": "*", "markersize": 10, "markerfacecolor": "white", "linestyle": ":"}
# The axis goes beyond the costs by this factor.
MARGIN = 1.6
# What the figure says where it has nothing to show.
NO_PROMPTS = "No run of this study has labels in the prompt; list methods that have, and `shots` above 0."


def finetuning_labels(points: pd.DataFrame) -> pd.DataFrame:
    """The points with `weak_trained` and `gold_trained`: the labels bought less those in the prompt."""
    shown = [
        Shots(quality).split(k) if k else (0, 0) for quality, k in zip(points.shot_quality, points.shots, strict=True)
    ]
    weak, gold = np.array(shown).reshape(-1, 2).T
    return points.assign(weak_trained=points.n_weak - weak, gold_trained=points.n_gold - gold)


def draw_points(axes: Axes, x, points: pd.DataFrame, usual_seeds: int, **look) -> None:
    """The scores over x, with the number of seeds beside those that have not the usual one."""
    style.draw_curve(axes, x, points, "score", **look)
    style.draw_seed_counts(axes, x, in_percent(points.score), points.n_seeds, usual_seeds)


def plot_prompting(
    points: pd.DataFrame,
    missing: pd.DataFrame,
    titles: dict[str, str],
    weak_price: float,
    measure: str,
    money: Money = GOLD_LABELS,
) -> Figure:
    """The score against cost, a curve a number of labels in the prompt, and one of prompts alone.

    Rows: quality of the labels in the prompt, where any prompt has such; columns: quality of those for finetuning.
    points: as analysis.run_scores.with_scores returns them; a purchase of both qualities for finetuning is in no panel;
    measure: one of MEASURES. A study without prompts gets a figure that says so.
    """
    style.set_style()
    if not (points.shots > 0).any():
        return style.sentence_figure(NO_PROMPTS)
    note = f"{footnote(points, missing, titles)} {style.MOVED_ASIDE}"
    points, free = points[buys_labels(points)], points[~buys_labels(points)]
    points = finetuning_labels(priced(points, weak_price))
    points = points.assign(cost=money.of(points.cost))
    points = points[(points.weak_trained == 0) | (points.gold_trained == 0)]
    alone = (points.weak_trained == 0) & (points.gold_trained == 0)
    usual = usual_seeds(points)
    colours = style.shades(points[~alone].shots.unique())
    markers = dict(zip(colours, style.MARKERS, strict=False))
    aside = dict(zip(colours, style.LOG_STEP ** style.offsets(len(colours)), strict=True))
    in_prompts = [quality for quality in (*QUALITIES, "mixed") if (points.shot_quality == quality).any()]
    parts = list(product(in_prompts, QUALITIES))
    figure, panels = style.make_panels(len(parts), columns=2)
    for axes, (in_prompt, trained) in zip(panels, parts, strict=True):
        shown = points.shot_quality.isin(["", in_prompt])
        finetuned = points[shown & (points[f"{trained}_trained"] > 0)].sort_values("cost")
        for (shots, _), curve in finetuned.groupby(["shots", "method"]):
            x = curve.cost * aside[shots]
            draw_points(axes, x, curve, usual, color=colours[shots], marker=markers[shots])
        curve = points[shown & alone].sort_values("cost")
        draw_points(axes, curve.cost, curve, usual, **ALONE)
        style.draw_weak_labels(axes, points)
        if len(free):
            style.draw_asking(axes, free.iloc[0])
        style.set_cost_axis(axes)
        axes.set_xlim(style.left_edge(points.cost), points.cost.max() * MARGIN)
        style.set_score_axis(axes, pd.concat([points.score, free.score]))
        style.set_title(axes, f"{in_prompt} in the prompt, {trained} for finetuning", 2)
    handles = [style.handle(f"{shots}", color=colours[shots], marker=markers[shots]) for shots in colours]
    handles += [style.handle("prompt alone", **ALONE)] if alone.any() else []
    handles += [style.weak_labels_handle()]
    handles += [style.asking_handle()] if len(free) else []
    style.add_legend(figure, handles, title="labels in the prompt")
    x_label = f"cost of all labels, in {money.unit} (a weak label costs {plain_amount(weak_price, money)})"
    style.finish_figure(figure, note, x_label, f"expected {MEASURES[measure]}, %")
    return figure
