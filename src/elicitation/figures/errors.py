"""What a student says where its supervisor's labels are wrong, and where they are right."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from elicitation.analysis.averages import buys_labels
from elicitation.analysis.captions import missing_sentence, seed_range, seeds_and_tasks
from elicitation.analysis.error_parts import PARTS, learned
from elicitation.figures import style
from elicitation.figures.style import in_percent

COLOURS = dict(zip(PARTS, (style.NAMED_COLOURS[3], style.NAMED_COLOURS[0]), strict=True))
# The ways of spending, by whether weak and gold labels are bought: marker, filled or not, joined or not.
WEAK_ONLY = {"marker": "o"}
MIXED = {"marker": "s", "markerfacecolor": "white", "linestyle": "none"}
GOLD_ONLY = {"marker": "D", "linestyle": "none"}
# What the figure says where it has nothing to show.
NO_WEAK_LABELS = "No run of this study is trained on weak labels that are wrong on a test example."


def reference_of(points: pd.DataFrame) -> pd.Series | None:
    """The point that has seen no weak label: the model asked without labels, else that of the most gold labels."""
    free, gold = points[~buys_labels(points)], points[(points.n_weak == 0) & (points.n_gold > 0)]
    if len(free):
        return free.iloc[0]
    return gold.loc[gold.n_gold.idxmax()] if len(gold) else None


def panel_title(points: pd.DataFrame) -> str:
    """Who labels and learns, how many labels are wrong, and what is learned from the most weak labels alone."""
    first, reference = points.iloc[0], reference_of(points)
    weak = points[(points.n_weak > 0) & (points.n_gold == 0)]
    wrong = f"wrong on {first.n_wrong:,.0f} of {first.n_wrong + first.n_right:,.0f}"
    title = f"{first.student} from labels of {first.supervisor}, {wrong}"
    if reference is None or weak.empty:
        return title
    return f"{title}: {learned(weak.loc[weak.n_weak.idxmax()], reference)}"


def draw_panel(axes: Axes, points: pd.DataFrame, amounts: list[int]) -> None:
    """The accuracy on both parts over the number of weak labels. amounts: of weak labels, evenly spaced from 0 on."""
    free = points[~buys_labels(points)]
    kinds = (
        (WEAK_ONLY, points[(points.n_weak > 0) & (points.n_gold == 0)], -1),
        (MIXED, points[(points.n_weak > 0) & (points.n_gold > 0)], 1),
        (GOLD_ONLY, points[(points.n_weak == 0) & (points.n_gold > 0)], 0),
    )
    for part, colour in COLOURS.items():
        column = f"accuracy_{part}"
        for look, rows, aside in kinds:
            rows = rows.sort_values(["n_weak", "n_gold"])
            # Purchases of as many weak labels stand beside each other, from few gold labels to many.
            nth = rows.groupby("n_weak").cumcount()
            x = rows.n_weak.map(amounts.index) + 0.12 * aside + 0.12 * nth
            edge = {"markeredgecolor": colour} if look is MIXED else {}
            style.draw_curve(axes, x, rows, column, color=colour, **look | edge)
        if len(free):
            axes.axhline(in_percent(free[column])[0], **style.ASKED | {"color": colour})
    axes.set(xticks=range(len(amounts)), xticklabels=[f"{n:,}" for n in amounts], ylim=(-3, 103))
    axes.set_xlim(-0.4, len(amounts) - 0.4)


def plot_errors(points: pd.DataFrame, missing: pd.DataFrame, method: str, titles: dict[str, str]) -> Figure:
    """The accuracy where weak labels are wrong and where they are right, a panel for each student and supervisor.

    points: as elicitation.analysis.scoring.summarise returns them; those of the method and of asking are shown.
    """
    style.set_style()
    points = points[(points.n_wrong > 0) & ((points.method == method) | ~buys_labels(points))]
    if not (points.n_weak > 0).any():
        return style.sentence_figure(NO_WEAK_LABELS)
    panels = [rows for _, rows in points.groupby(["student", "supervisor"], sort=False) if (rows.n_weak > 0).any()]
    figure, grid = style.make_panels(len(panels), columns=2, height=2.8)
    for axes, rows in zip(grid, panels, strict=True):
        draw_panel(axes, rows, sorted({0, *rows.n_weak}))
        style.set_title(axes, panel_title(rows), 2)
    plain = {"color": "0.3"}
    handles = [style.handle(f"where the weak label is {part}", color=colour) for part, colour in COLOURS.items()]
    handles += [style.handle("weak labels alone", **plain | WEAK_ONLY)]
    handles += [style.handle("with gold labels too", **plain | MIXED)]
    handles += [style.handle("gold labels alone", **plain | GOLD_ONLY)]
    handles += [style.handle("asked without labels", **style.ASKED | plain)] if (~buys_labels(points)).any() else []
    style.add_legend(figure, handles)
    runs = seeds_and_tasks(seed_range(points), points)
    note = (
        f"{titles[method]}. Each point: {runs}. Who repeats the supervisor's errors falls to 0 where these are; who "
        "knows the truth rises to 100. Bars: 95 % intervals, of the test examples in the part and of the seeds. What "
        "is learned: the most weak labels alone against who has seen none of them, where the intervals do not overlap. "
        f"Beside each other: more gold labels to the right. {missing_sentence(missing, titles)}"
    )
    style.finish_figure(figure, note, "weak labels that the student is trained on", "right on these examples, %")
    return figure
