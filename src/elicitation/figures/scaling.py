"""What each way of spending achieves with students of different size."""

import pandas as pd
from matplotlib.figure import Figure

from elicitation.analysis.captions import footnote, usual_seeds
from elicitation.analysis.evidence import Evidence
from elicitation.analysis.frontier import priced
from elicitation.analysis.method_comparison import best_purchases
from elicitation.analysis.names import STRATEGIES, strategy_of
from elicitation.figures import style

# So many panels stand in a row.
COLUMNS = 4
# The axis goes beyond the budgets by this factor.
MARGIN = 1.25
# The colour and the marker of each strategy; the colours are those of the frontier's scale of shares.
LOOKS = dict(zip(STRATEGIES, zip(style.SHARE_COLOURS([1.0, 0.5, 0.1]), "osD", strict=True), strict=True))


def plot_scaling(
    evidence: Evidence,
    missing: pd.DataFrame,
    titles: dict[str, str],
    budgets: list[int],
    weak_price: float,
) -> Figure:
    """A panel a student, a curve a strategy: the best purchase within each budget.

    evidence: with the interval of weak_accuracy.
    """
    style.set_style()
    bought = evidence.bought
    points = priced(bought.points, weak_price)
    points["strategy"] = [strategy_of(*pair) for pair in zip(points.n_weak, points.n_gold, strict=True)]
    best = best_purchases(bought.on(points), budgets, ["student", "strategy"])
    students = list(best.groupby("student", sort=False))
    usual = usual_seeds(best)
    figure, panels = style.make_panels(len(students), COLUMNS)
    for axes, (student, group) in zip(panels, students, strict=True):
        for strategy, step in zip(STRATEGIES, style.offsets(len(STRATEGIES)), strict=True):
            curve, (colour, marker) = group[group.strategy == strategy], LOOKS[strategy]
            style.draw_curve(axes, curve.budget * style.LOG_STEP**step, curve, "accuracy", usual, colour, marker)
        style.draw_weak_accuracy(axes, group)
        style.set_cost_axis(axes, budgets)
        # The same for all students, also for those that have fewer budgets.
        axes.set_xlim(best.budget.min() / MARGIN, best.budget.max() * MARGIN)
        style.set_accuracy_axis(axes, best.accuracy)
        style.set_title(axes, student, len(panels[:COLUMNS]))
    handles = [style.handle(strategy, color=colour, marker=marker) for strategy, (colour, marker) in LOOKS.items()]
    style.add_legend(figure, [*handles, style.weak_labels_handle()], title="labels bought")
    x_label = f"budget, in gold labels (a weak label costs {weak_price:g})"
    note = f"{footnote(best, missing, titles)} {style.MOVED_ASIDE}"
    style.finish_figure(figure, note, x_label, "accuracy, %")
    return figure
