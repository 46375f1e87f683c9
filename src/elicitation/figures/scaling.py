"""What each way of spending achieves with students of different size."""

import pandas as pd
from matplotlib.figure import Figure

from elicitation.analysis.captions import interval_sentence, plain_amount
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.names import PLAIN, STRATEGIES
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.figures import style
from elicitation.figures.style import CHOICE_COLOURS

# So many panels stand in a row.
COLUMNS = 4
# The axis goes beyond the budgets by this factor.
MARGIN = 1.25
# The colour and the marker of each strategy.
LOOKS = {name: (CHOICE_COLOURS[name], marker) for name, marker in zip(STRATEGIES, "osD", strict=True)}


def plot_scaling(
    rows: pd.DataFrame, where: str, budgets: list[int], weak_price: float, measure: str, money: Money = GOLD_LABELS
) -> Figure:
    """A panel a student, a curve a strategy: the best purchase within each budget.

    rows: of elicitation.analysis.advice.advise at the budgets, with the student, weak_score and its interval, for one
    supervisor and method; where: the task, supervisor and method, in words; measure: one of MEASURES.
    """
    style.set_style()
    rows, budgets = rows.assign(budget=money.of(rows.budget)), [money.of(budget) for budget in budgets]
    students = list(rows.groupby("student", sort=False))
    every = pd.concat([rows[name] for name in STRATEGIES]).dropna()
    figure, panels = style.make_panels(len(students), COLUMNS)
    for axes, (student, group) in zip(panels, students, strict=True):
        for name, step in zip(STRATEGIES, style.offsets(len(STRATEGIES)), strict=True):
            curve, (colour, marker) = group[group[name].notna()], LOOKS[name]
            style.draw_curve(axes, curve.budget * style.LOG_STEP**step, curve, name, colour, marker)
        style.draw_weak_labels(axes, group)
        style.set_cost_axis(axes, sorted(budgets))
        # The same for all students, also for those that have fewer budgets.
        axes.set_xlim(min(budgets) / MARGIN, max(budgets) * MARGIN)
        style.set_score_axis(axes, every)
        style.set_title(axes, student, len(panels[:COLUMNS]))
    handles = [style.handle(PLAIN[name], color=colour, marker=marker) for name, (colour, marker) in LOOKS.items()]
    style.add_legend(figure, [*handles, style.weak_labels_handle()])
    note = f"{where}. Each point: the best purchase of its kind within the budget. {interval_sentence()}"
    x_label = f"budget, in {money.unit} (a weak label costs {plain_amount(weak_price, money)})"
    style.finish_figure(figure, f"{note} {style.MOVED_ASIDE}", x_label, f"expected {MEASURES[measure]}, %")
    return figure
