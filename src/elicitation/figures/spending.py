"""The score against the share of a budget that is spent on weak labels."""

import pandas as pd
from matplotlib.figure import Figure

from elicitation.analysis.advice_text import prices_words
from elicitation.analysis.captions import footnote, plain_amount, usual_seeds
from elicitation.analysis.measures import MEASURES
from elicitation.analysis.run_scores import priced
from elicitation.buying.amounts import GOLD_LABELS, Money
from elicitation.buying.prices import affords, exact
from elicitation.errors import listed
from elicitation.figures import style
from elicitation.figures.style import in_percent

# So many panels stand in a row.
COLUMNS = 4
# The ends of the axis of shares, in percent, with room for points at both.
SHARES = (-5, 105)


def budgets_spent(points: pd.DataFrame, budgets: list[float], weak_price: float) -> pd.Series:
    """The budget that each purchase spends but for less than a label (labels are whole); NaN where there is none."""
    spent, purchases = pd.Series(float("nan"), points.index), (points.n_weak, points.n_gold)
    for budget in sorted(budgets, reverse=True):
        beyond = exact(budget) - max(1, exact(weak_price))
        spends = affords(budget, *purchases, weak_price) & ~affords(beyond, *purchases, weak_price)
        spent = spent.mask(spends, budget)
    return spent


def price_sentence(prices: dict[str, float], weak_price: float, money: Money) -> str:
    """How many weak labels stand for a gold one, where labels' own prices say otherwise. prices: by supervisor."""
    other = {name: price for name, price in prices.items() if price != weak_price}
    if not other:
        return ""
    split = f"The study's grid takes {1 / weak_price:.3g} weak labels for a gold one, whatever they cost"
    costs = "less" if max(other.values()) < weak_price else "more" if min(other.values()) > weak_price else "other sums"
    bought = f"so with labels of {listed([*other])} the purchases of a curve cost {costs} than its budget"
    return f"{split}; {prices_words(prices, money)}, {bought}."


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
    weak_price: that at which the grid splits budgets, and of labels that have none of their own; own_prices: of
    supervisors whose labels have one; measure: one of MEASURES. Purchases that were used up in prompts, or that spend
    no budget, are no split of one and are not drawn.
    """
    style.set_style()
    points = points[points.n_weak + points.n_gold > points.shots]
    points = points.assign(budget=budgets_spent(points, budgets, weak_price)).dropna(subset="budget")
    prices = {name: own_prices.get(name, weak_price) for name in points.supervisor.unique()}
    points = priced(points, points.supervisor.map(prices))
    colours, usual = style.shades(budgets), usual_seeds(points)
    groups = list(points.groupby(panel, sort=False))
    figure, panels = style.make_panels(len(groups), COLUMNS)
    for axes, (name, group) in zip(panels, groups, strict=True):
        style.draw_weak_labels(axes, group)
        style.set_score_axis(axes, pd.concat([points.score, points.weak_score]))
        for budget, curve in group.sort_values("weak_share").groupby("budget"):
            style.draw_band(axes, in_percent(curve.weak_share), curve, "score", usual, colours[budget], "o")
        axes.set_xlim(SHARES)
        style.set_title(axes, titles.get(name, name), len(panels[:COLUMNS]))
    shown = sorted(points.budget.unique())
    handles = [style.handle(plain_amount(budget, money), color=colours[budget], marker="o") for budget in shown]
    style.add_legend(figure, [*handles, style.weak_labels_handle()], title=f"budget, in {money.unit}")
    told = price_sentence(prices, weak_price, money)
    x_label = "share of the cost that weak labels take, %"
    x_label += f" ({prices_words(prices, money)})" if len({*prices.values()}) == 1 else ""
    note = footnote(points, missing, titles, "Bands (triangles where they leave the panel)")
    style.finish_figure(figure, f"{note} {told}".strip(), x_label, f"expected {MEASURES[measure]}, %")
    return figure
