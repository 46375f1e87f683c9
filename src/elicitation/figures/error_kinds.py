"""Which errors a student imitates, of different kinds at one rate."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from elicitation.analysis.error_kinds import TRAINED_ON, finding
from elicitation.figures import style
from elicitation.figures.style import error_bars, in_percent

# How the legend calls each share, and its look.
WORDS = ("trained on these weak labels", "trained on as many gold labels", "asked without labels")
LOOKS = (
    {"color": style.NAMED_COLOURS[3], "marker": "o"},
    {"color": style.NAMED_COLOURS[1], "marker": "D"},
    {"color": style.ASKED["color"], "marker": "s"},
)
# So many characters fit above a panel, beside which stand the kinds.
TITLE_LENGTH = 64
# What the figure says where it has nothing to show.
NO_RUNS = "No run of this study is trained on weak labels alone that are wrong on a test example."


def kind_words(row: pd.Series) -> str:
    """A kind of errors, and what was learned of it in percentage points."""
    mean, low, high = in_percent([row.learned, row.learned_low, row.learned_high])
    learned = f"{mean:+.0f} ({low:+.0f} to {high:+.0f})" if np.isfinite([low, high]).all() else "unknown"
    return f"{row.supervisor}\nlearned: {learned}"


def draw_panel(axes: Axes, kinds: pd.DataFrame) -> None:
    """The shares of each kind of errors in a row of its own, the first one on top."""
    places = np.arange(len(kinds))
    bars = style.POINT | {"elinewidth": 0.8, "capsize": 2, "linestyle": "none"}
    for offset, name, look in zip(style.offsets(len(TRAINED_ON)), TRAINED_ON, LOOKS, strict=True):
        axes.errorbar(in_percent(kinds[name]), places + 0.2 * offset, xerr=error_bars(kinds, name), **bars, **look)
    axes.set(yticks=places, yticklabels=[kind_words(row) for _, row in kinds.iterrows()], xlim=(-3, 103))
    axes.set_ylim(len(kinds) - 0.5, -0.5)


def numbers(column: pd.Series) -> str:
    """The smallest and the largest number, or the one that there is."""
    return " to ".join(f"{n:,.0f}" for n in sorted({column.min(), column.max()}))


def footnote(kinds: pd.DataFrame) -> str:
    """What the figure shows, and how far it goes."""
    return (
        f"Trained on {numbers(kinds.n_weak)} labels, {numbers(kinds.n_seeds)} seeds; of each kind "
        f"{numbers(kinds.n_wrong)} test texts with a wrong weak label. Learned: how much more often the student says "
        "what the wrong label says than after as many gold labels (than when asked, where these were not bought), in "
        "percentage points. Brackets and bars: 95 % intervals, of these texts and of the seeds, not corrected for the "
        "number of kinds. Such weak labels take the gold label of every text, so this is research, no advice on what "
        "to buy."
    )


def plot_error_kinds(imitation: pd.DataFrame) -> Figure:
    """How often students say what wrong weak labels say, by the kind of error; a panel for each task, student and rate.

    imitation: as elicitation.analysis.error_kinds.measure_imitation returns it, with task, student, supervisor and
    error_rate. Of each kind the most weak labels are shown.
    """
    style.set_style()
    most = imitation.groupby(["task", "student", "supervisor"]).n_weak.transform("max")
    shown = imitation[imitation.n_weak == most]
    if shown.empty:
        figure = plt.figure(figsize=(style.PRINT_WIDTH, 0.6))
        figure.text(0.5, 0.5, NO_RUNS, ha="center", va="center")
        return figure
    panels = list(shown.groupby(["task", "student", "error_rate"], sort=False))
    height = 0.6 + 0.5 * max(len(kinds) for _, kinds in panels)
    figure, grid = style.make_panels(len(panels), columns=1, height=height)
    for axes, ((task, student, rate), kinds) in zip(grid, panels, strict=True):
        draw_panel(axes, kinds)
        title = textwrap.fill(finding(student, kinds), TITLE_LENGTH, break_on_hyphens=False)
        axes.set_title(f"{title}\n({task}, {100 * rate:g} % of the weak labels wrong)")
    looks = zip(WORDS, LOOKS, strict=True)
    style.add_legend(figure, [style.handle(words, linestyle="none", **look) for words, look in looks])
    style.finish_figure(figure, footnote(shown), "says what the wrong weak label says, %")
    return figure
