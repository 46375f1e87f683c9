"""What each form of the production function predicts of budgets that it has not seen."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from elicitation.analysis.names import AVERAGE
from elicitation.analysis.production import BAD_FIT, FORMS, MIN_EXPLAINED, fit_words
from elicitation.figures import style
from elicitation.figures.style import in_percent

# So many panels stand in a row.
COLUMNS = 2
# Up to so many tasks are told apart; where there are more, the verdicts are counted.
FEW = 6
# The look of tasks that are not told apart.
OTHERS = {"color": "0.6", "marker": "o"}
# The distance from one line of words to the next, in points.
LINE = 9
# The axes reach so many percentage points beyond the lowest and the highest accuracy.
ROOM = 6


def looks_of(tasks: list[str]) -> dict[str, dict]:
    """Colour and marker of each task; of many, the average stands out."""
    names = [{"color": colour, "marker": m} for colour, m in zip(style.NAMED_COLOURS, style.MARKERS, strict=False)]
    if len(tasks) <= FEW:
        return dict(zip(tasks, names, strict=False))
    return {task: names[0] if task == AVERAGE else OTHERS for task in tasks}


def verdicts(forms: pd.DataFrame) -> list[tuple[str, bool, bool]]:
    """How well one form predicts each task: a line of words, whether it is bad, and whether this form is the best.

    Where there are many tasks, a line counts them instead."""
    rows = list(forms.itertuples())
    lines = [
        (f"{row.task} {fit_words(row.error, row.noise, row.verdict, row.reason)}", row.verdict == BAD_FIT, row.best)
        for row in rows
        if len(rows) <= FEW or row.task == AVERAGE
    ]
    if len(rows) > FEW:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in forms.verdict.value_counts().items())
        lines.append((f"of {len(rows)}: {counts}; best for {forms.best.sum()}", False, False))
    return lines


def draw_predictions(axes: Axes, points: pd.DataFrame, look: dict) -> None:
    """Draw observed accuracies, with their intervals, over those predicted. look: colour and marker."""
    x, y = in_percent(points.held_out), in_percent(points.accuracy)
    bars = style.error_bars(points, "accuracy")
    axes.errorbar(x, y, yerr=bars, fmt="none", ecolor=look["color"], elinewidth=0.6, alpha=0.4, zorder=2)
    axes.plot(x, y, linestyle="none", zorder=3, **style.POINT | look)


def write_verdicts(axes: Axes, title: str, lines: list[tuple[str, bool, bool]]) -> None:
    """Above the panel: its title, and below it a line a task; bad ones in red, the best form's in bold."""
    axes.set_title(title, pad=6 + LINE * len(lines))
    for i, (words, bad, best) in enumerate(reversed(lines)):
        look = {"color": style.NAMED_COLOURS[3] if bad else "0.15", "fontweight": "bold" if best else "normal"}
        place = {"xytext": (0, 4 + LINE * i), "xycoords": "axes fraction", "textcoords": "offset points"}
        line = axes.annotate(words, (0.5, 1), ha="center", va="bottom", fontsize=6.5, **place, **look)
        # The title keeps its place; a long line must not squeeze the panel.
        line.set_in_layout(False)


def plot_production(forms: pd.DataFrame, predictions: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """A panel a form: observed accuracies against those predicted from all other budgets, a look a task.

    forms, predictions: of one supervisor, student and method, as in elicitation.analysis.production_fitting.Fitted;
    titles: of methods. Where no budget could be held out, the words say so.
    """
    style.set_style()
    looks = looks_of(list(forms.task.unique()))
    low, high = 100 * predictions.accuracy.min() - ROOM, 100 * predictions.accuracy.max() + ROOM
    figure, panels = style.make_panels(len(FORMS), COLUMNS, height=2.9)
    for axes, (name, form) in zip(panels, FORMS.items(), strict=True):
        axes.plot([low, high], [low, high], zorder=1, **style.WEAK_LABELS)
        # The average last, on top.
        for task, look in reversed(looks.items()):
            draw_predictions(axes, predictions[(predictions.form == name) & (predictions.task == task)], look)
        axes.set(xlim=(low, high), ylim=(low, high))
        write_verdicts(axes, form.title, verdicts(forms[forms.form == name]))
    shown = looks if len(looks) <= FEW else {"other tasks": OTHERS} | {t: looks[t] for t in looks if t == AVERAGE}
    handles = [style.handle(task, linestyle="none", **look) for task, look in shown.items()]
    style.add_legend(figure, [*handles, style.handle("predicted = observed", **style.WEAK_LABELS)])
    row = forms.iloc[0]
    footnote = (
        f"Student {row.student}, weak labels of {row.supervisor}, {titles.get(row.method, row.method)}. A point: a "
        "purchase, predicted by the function fitted to the purchases of all other budgets. Bars: 95 % intervals of "
        "the observations. Off by: root mean square error of the predictions; noise: that of the observations. A fit "
        f"that explains less than {100 * MIN_EXPLAINED:.0f} % of the variance is bad. Bold: the best form for a task."
    )
    style.finish_figure(figure, footnote, "accuracy predicted from the other budgets, %", "accuracy observed, %")
    return figure
