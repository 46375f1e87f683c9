"""Accuracy against the share of a budget that is spent on weak labels."""

import pandas as pd
from matplotlib.figure import Figure

from elicitation.analysis.captions import footnote, usual_seeds
from elicitation.analysis.frontier import priced
from elicitation.figures import style
from elicitation.figures.style import percent

COLUMNS = 4


def budgets_spent(costs: pd.Series, budgets: list[float], weak_price: float) -> pd.Series:
    """The budget that each purchase spends, NaN where it is none: purchases are rounded down to whole labels."""
    spent = pd.Series(float("nan"), costs.index)
    for budget in sorted(budgets, reverse=True):
        left = budget - costs
        spent = spent.mask((left > -1e-9) & (left < max(1, weak_price)), budget)
    return spent


def plot_spending(
    points: pd.DataFrame,
    missing: pd.DataFrame,
    titles: dict[str, str],
    panel: str,
    budgets: list[int],
    weak_price: float,
) -> Figure:
    """A panel for each value of the column `panel`, a curve a budget with a band for its interval.

    points: as elicitation.analysis.evaluation.summarise returns them, of one configuration a panel and purchase.
    Purchases that were used up in prompts, or that spend no budget, are no split of one and are not drawn.
    """
    style.set_style()
    points = priced(points[points.n_weak + points.n_gold > points.shots], weak_price)
    points = points.assign(budget=budgets_spent(points.cost, budgets, weak_price)).dropna(subset="budget")
    colours, usual = style.shades(budgets), usual_seeds(points)
    groups = list(points.groupby(panel, sort=False))
    figure, panels = style.make_panels(len(groups), COLUMNS)
    for axes, (name, group) in zip(panels, groups, strict=True):
        style.draw_weak_accuracy(axes, group)
        style.set_accuracy_axis(axes, points.accuracy)
        for budget, curve in group.sort_values("weak_share").groupby("budget"):
            style.draw_band(axes, percent(curve.weak_share), curve, "accuracy", usual, colours[budget], "o")
        style.set_title(axes, titles.get(name, name), len(panels[:COLUMNS]))
    handles = [style.handle(f"{budget}", color=colour, marker="o") for budget, colour in colours.items()]
    style.add_legend(figure, [*handles, style.weak_labels_handle()], title="budget, in gold labels")
    x_label = f"share of the budget spent on weak labels, % (a weak label costs {weak_price:g})"
    note = footnote(points, missing, titles, "Bands (triangles where they leave the panel)")
    style.finish(figure, note, x_label, "accuracy, %")
    return figure
