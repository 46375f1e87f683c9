"""Accuracy against the share of a budget that is spent on weak labels."""

import pandas as pd
from matplotlib.figure import Figure

from elicitation.captions import footnote, usual_seeds
from elicitation.figures import style
from elicitation.figures.style import percent
from elicitation.frontier import priced

COLUMNS = 4
STEP = 0.9
"""Percentage points by which neighbouring curves are moved aside."""


def plot_spending(
    points: pd.DataFrame,
    missing: pd.DataFrame,
    titles: dict[str, str],
    panel: str,
    budgets: list[int],
    weak_price: float,
) -> Figure:
    """A panel for each value of the column `panel`, a curve a budget.

    points: as elicitation.evaluation.summarise returns them, of one configuration a panel and purchase.
    Purchases that were used up in prompts are no split of a budget and are not drawn.
    """
    style.set_style()
    points = priced(points[points.n_weak + points.n_gold > points.shots], weak_price)
    # Purchases are rounded down, so a run belongs to the smallest budget that affords it.
    points["budget"] = [min(b for b in budgets if b >= cost - 1e-9) for cost in points.cost]
    colours, usual = style.shades(budgets), usual_seeds(points)
    aside = dict(zip(colours, STEP * style.offsets(len(colours)), strict=True))
    groups = list(points.groupby(panel, sort=False))
    figure, panels = style.make_panels(len(groups), COLUMNS)
    for axes, (name, group) in zip(panels, groups, strict=True):
        for budget, curve in group.sort_values("weak_share").groupby("budget"):
            style.draw_curve(
                axes, percent(curve.weak_share) + aside[budget], curve, "accuracy", usual, colours[budget], "o"
            )
        style.draw_weak_accuracy(axes, group)
        style.set_accuracy_axis(axes, points.accuracy)
        style.set_title(axes, titles.get(name, name), len(panels[:COLUMNS]))
    handles = [style.handle(f"{budget}", color=colour, marker="o") for budget, colour in colours.items()]
    style.add_legend(figure, [*handles, style.weak_labels_handle()], title="budget, in gold labels")
    x_label = f"share of the budget spent on weak labels, % (a weak label costs {weak_price:g})"
    style.finish(figure, footnote(points, missing, titles), x_label, "accuracy, %")
    return figure
