"""The score against the share of a budget that is spent on weak labels."""

import pandas as pd
from matplotlib.figure import Figure

from elicitation.analysis.captions import footnote, plain_amount, price_words, usual_seeds
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.run_scores import priced
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.buying.prices import affords, exact
from elicitation.figures import style
from elicitation.figures.style import in_percent

# So many panels stand in a row.
COLUMNS = 4


def budgets_spent(points: pd.DataFrame, budgets: list[float], weak_price: float) -> pd.Series:
    """The budget that each purchase spends but for less than a label (labels are whole); NaN where there is none."""
    spent, purchases = pd.Series(float("nan"), points.index), (points.n_weak, points.n_gold)
    for budget in sorted(budgets, reverse=True):
        beyond = exact(budget) - max(1, exact(weak_price))
        spends = affords(budget, *purchases, weak_price) & ~affords(beyond, *purchases, weak_price)
        spent = spent.mask(spends, budget)
    return spent


def price_sentence(own: dict[str, float], weak_price: float, money: Money) -> str:
    """That budgets are split at another price than labels cost. own: the prices of supervisors that have one."""
    other = [f"{price_words(price, money)} ({name})" for name, price in own.items() if price != weak_price]
    split = f"Budgets are split as if a weak label cost {price_words(weak_price, money)}"
    return f"{split}; it costs {', '.join(other)}. Answers are at these prices." if other else ""


def plot_spending(
    points: pd.DataFrame,
    missing: pd.DataFrame,
    titles: dict[str, str],
    panel: str,
    budgets: list[int],
    weak_price: float,
    own_prices: dict[str, float],
    measure: str,
    money: Money = GOLD_LABELS,
) -> Figure:
    """A panel for each value of the column `panel`, a curve a budget with a band for its interval.

    points: as elicitation.analysis.run_scores.with_scores returns them, of one configuration a panel and purchase;
    weak_price: that at which the grid splits budgets; own_prices: of supervisors whose labels have one price; measure:
    one of MEASURES. Purchases that were used up in prompts, or that spend no budget, are no split of one and
    are not drawn.
    """
    style.set_style()
    points = priced(points[points.n_weak + points.n_gold > points.shots], weak_price)
    points = points.assign(budget=budgets_spent(points, budgets, weak_price)).dropna(subset="budget")
    colours, usual = style.shades(budgets), usual_seeds(points)
    groups = list(points.groupby(panel, sort=False))
    figure, panels = style.make_panels(len(groups), COLUMNS)
    for axes, (name, group) in zip(panels, groups, strict=True):
        style.draw_weak_labels(axes, group)
        style.set_score_axis(axes, points.score)
        for budget, curve in group.sort_values("weak_share").groupby("budget"):
            style.draw_band(axes, in_percent(curve.weak_share), curve, "score", usual, colours[budget], "o")
        style.set_title(axes, titles.get(name, name), len(panels[:COLUMNS]))
    shown = sorted(points.budget.unique())
    handles = [style.handle(plain_amount(budget, money), color=colours[budget], marker="o") for budget in shown]
    style.add_legend(figure, [*handles, style.weak_labels_handle()], title=f"budget, in {money.unit}")
    own = {name: own_prices[name] for name in points.supervisor.unique() if name in own_prices}
    told = price_sentence(own, weak_price, money)
    costs = f"a weak label {'counts as' if told else 'costs'} {price_words(weak_price, money)}"
    x_label = f"share of the budget spent on weak labels, % ({costs})"
    note = footnote(points, missing, titles, "Bands (triangles where they leave the panel)")
    style.finish_figure(figure, f"{note} {told}", x_label, f"expected {MEASURES[measure]}, %")
    return figure
