"""What a student says where its supervisor's labels are wrong, and where they are right."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from elicitation.analysis.averages import buys_labels
from elicitation.analysis.captions import AS_MEASURED, missing_sentence, seed_range, seeds_and_tasks
from elicitation.analysis.error_parts import PARTS, learned
from elicitation.analysis.names import NO_CUE, student_and_cue
from elicitation.figures import style
from elicitation.figures.style import in_percent

COLOURS = dict(zip(PARTS, (style.NAMED_COLOURS[3], style.NAMED_COLOURS[0]), strict=True))
# The ways of spending, by whether weak and gold labels are bought: marker, filled or not, joined or not.
WEAK_ONLY = {"marker": "o"}
MIXED = {"marker": "s", "markerfacecolor": "white", "linestyle": "none"}
GOLD_ONLY = {"marker": "D", "linestyle": "none"}
# Points that would hide each other are moved aside by this share of the axis.
ASIDE = 0.015
# A character of the numbers on the axis takes this share of it, where one panel stands in a row.
CHARACTER_WIDTH = 0.0115
# So many panels stand in a row.
COLUMNS = 2
# What the figure says where it has nothing to show.
NO_WEAK_LABELS = "No run of this study is trained on weak labels that are wrong on a test example."


def reference_of(points: pd.DataFrame) -> pd.Series | None:
    """The point that has seen no weak label: the model asked without labels, else that of the most gold labels."""
    free, gold = points[~buys_labels(points)], points[(points.n_weak == 0) & (points.n_gold > 0)]
    if len(free):
        return free.iloc[0]
    return gold.loc[gold.n_gold.idxmax()] if len(gold) else None


def title_of(points: pd.DataFrame, student: str) -> str:
    """Who labels and learns, and how many labels are wrong."""
    first = points.iloc[0]
    wrong = f"wrong on {first.n_wrong:,.0f} of {first.n_wrong + first.n_right:,.0f}"
    return f"{student} from labels of {first.supervisor}, {wrong}"


def lesson(points: pd.DataFrame, reference: pd.Series | None) -> str:
    """What one student learns from the most weak labels alone, in words; nothing where it cannot be compared."""
    weak = points[(points.n_weak > 0) & (points.n_gold == 0)]
    return "" if reference is None or weak.empty else learned(weak.loc[weak.n_weak.idxmax()], reference)


def with_places(points: pd.DataFrame, curves: int) -> pd.DataFrame:
    """The points with `place`: where purchases of labels stand on the axis, from 0 to 1.

    Gold labels alone stand on the left and weak labels on the right, by their number, on one logarithmic scale. Of as
    many weak labels those with more gold labels stand to the right. curves: so many points share a place.
    """
    bought = points[buys_labels(points)]
    gold, weak = bought[bought.n_weak == 0].n_gold, bought[bought.n_weak > 0].n_weak
    parts = [np.log2(numbers) for numbers in (gold, weak) if len(numbers)]
    spans = [part.max() - part.min() for part in parts]
    # Between the parts, and half of it at either end, so that their middles are half of the axis apart.
    gap = 1 + 0.2 * sum(spans)
    begins = (gap / 2, 1.5 * gap + spans[0])
    found = pd.concat([part - part.min() + begin for part, begin in zip(parts, begins, strict=False)])
    ranks = bought.groupby("n_weak").n_gold.rank("dense").sub(1).where(bought.n_weak > 0, 0)
    moved = ASIDE * curves * ranks
    return points.assign(place=found / (sum(spans) + gap * len(parts)) * (1 - moved.max()) + moved)


def draw_scores(axes: Axes, points: pd.DataFrame, column: str, color, aside: float) -> None:
    """A score of each purchase, a marker for each way of spending, and a line for asking without labels.

    aside: by what share of the axis points are moved.
    """
    free, bought = points[~buys_labels(points)], points[buys_labels(points)].sort_values("place")
    kinds = (
        (WEAK_ONLY, bought[(bought.n_weak > 0) & (bought.n_gold == 0)]),
        (MIXED, bought[(bought.n_weak > 0) & (bought.n_gold > 0)]),
        (GOLD_ONLY, bought[bought.n_weak == 0]),
    )
    for look, rows in kinds:
        edge = {"markeredgecolor": color} if look is MIXED else {}
        style.draw_curve(axes, rows.place + aside, rows, column, color=color, **look | edge)
    if len(free):
        axes.axhline(in_percent(free[column])[0], **style.ASKED | {"color": color})


def set_axes(axes: Axes, points: pd.DataFrame, columns: int) -> None:
    """Number the labels of each part of the axis where there is room, name the parts, and draw a line between them.

    columns: so many panels stand in a row.
    """
    bought = points[buys_labels(points)].sort_values("place")
    gold = bought[bought.n_weak == 0].drop_duplicates("n_gold")
    weak = bought[bought.n_weak > 0].drop_duplicates("n_weak")
    below = {"xytext": (0, -18), "textcoords": "offset points", "ha": "center", "va": "top", "fontsize": "small"}
    ticks: dict[float, str] = {}
    for name, amounts, places in (
        ("gold labels alone", gold.n_gold, gold.place),
        ("weak labels", weak.n_weak, weak.place),
    ):
        if len(places):
            numbers = [f"{n:,}" for n in amounts]
            room = columns * CHARACTER_WIDTH * (1 + max(map(len, numbers)))
            shown = style.with_room(places.to_numpy()[:, None], (room,))
            ticks |= {place: numbers[i] if i in shown else "" for i, place in enumerate(places)}
            axes.annotate(name, (places.iloc[[0, -1]].mean(), 0), xycoords=axes.get_xaxis_transform(), **below)
    axes.set(xlim=(0, 1), ylim=(-3, 103))
    axes.set_xticks(list(ticks), ticks.values())
    if len(gold):
        axes.axvline((gold.place.max() + weak.place.min()) / 2, color="0.5", linewidth=0.8)


def draw_parts(panels: list[pd.DataFrame]) -> tuple[Figure, list[Line2D]]:
    """A panel for each student and supervisor: the accuracy where weak labels are wrong, and where they are right.

    Returns the figure and the entries of its legend that name the colours.
    """
    figure, grid = style.make_panels(len(panels), COLUMNS, height=2.8)
    columns = len(grid[:COLUMNS])
    for axes, panel in zip(grid, panels, strict=True):
        rows = with_places(panel, len(COLOURS))
        for aside, (part, color) in zip(style.offsets(len(COLOURS)), COLOURS.items(), strict=True):
            draw_scores(axes, rows, f"accuracy_{part}", color, ASIDE * aside)
        set_axes(axes, rows, columns)
        title, found = title_of(rows, rows.student.iloc[0]), lesson(rows, reference_of(rows))
        style.set_title(axes, f"{title}: {found}" if found else title, columns)
    return figure, [style.handle(f"where the weak label is {part}", color=color) for part, color in COLOURS.items()]


def draw_cues(panels: list[pd.DataFrame], cues: list[str]) -> tuple[Figure, list[Line2D]]:
    """Two panels for each student and supervisor: accuracy and AUROC where weak labels are wrong, by the student's cue.

    Returns as draw_parts.
    """
    colors = dict(zip(cues, style.NAMED_COLOURS * len(cues), strict=False))
    figure, grid = style.make_panels(2 * len(panels), COLUMNS, height=2.8)
    for left, right, panel in zip(grid[::2], grid[1::2], panels, strict=True):
        rows = with_places(panel, len(cues))
        for axes, name in ((left, "accuracy_wrong"), (right, "auroc_wrong")):
            for aside, (cue, color) in zip(style.offsets(len(cues)), colors.items(), strict=True):
                draw_scores(axes, rows[rows.cue == cue], name, color, ASIDE * aside)
            set_axes(axes, rows, COLUMNS)
        style.set_title(left, f"Accuracy: {title_of(rows, rows.model.iloc[0])}", 2)
        style.set_title(right, f"AUROC\n{lessons_by_cue(rows)}", 2)
    return figure, [style.handle(cue_words(cue), color=color) for cue, color in colors.items()]


def cue_words(cue: str) -> str:
    return "no cue" if cue == NO_CUE else f"cue {cue}"


def lessons_by_cue(points: pd.DataFrame) -> str:
    """What the student of each cue learns from the most weak labels alone, against the most gold labels alone."""
    found: dict[str, list[str]] = {}
    for cue, rows in points.groupby("cue", sort=False):
        # Asking depends on the cue's question itself, so what was trained is compared.
        if says := lesson(rows, reference_of(rows[buys_labels(rows)])):
            found.setdefault(says, []).append(cue_words(cue))
    return "\n".join(f"{', '.join(of)}: {says}" for says, of in found.items())


def plot_errors(points: pd.DataFrame, missing: pd.DataFrame, method: str, titles: dict[str, str]) -> Figure:
    """What students say where weak labels are wrong, two panels or one for each student and supervisor.

    Where students read texts by several cues, these are drawn in colours; else the accuracy where labels are right is.

    points: as elicitation.analysis.scoring.summarise returns them; those of the method and of asking are shown.
    """
    style.set_style()
    points = points[(points.n_wrong > 0) & ((points.method == method) | ~buys_labels(points))]
    if not (points.n_weak > 0).any():
        return style.sentence_figure(NO_WEAK_LABELS)
    read = points.student.map(student_and_cue)
    points = points.assign(model=read.str[0], cue=read.str[1]).reset_index(drop=True)
    cues = list(points.cue.unique())
    panels = [rows for _, rows in points.groupby(["model" if len(cues) > 1 else "student", "supervisor"], sort=False)]
    panels = [rows for rows in panels if (rows.n_weak > 0).any()]
    figure, colours = draw_cues(panels, cues) if len(cues) > 1 else draw_parts(panels)
    plain = {"color": "0.3"}
    weak, gold = points.n_weak > 0, points.n_gold > 0
    ways = (
        ("weak labels alone", WEAK_ONLY, weak & ~gold),
        ("weak and gold labels", MIXED, weak & gold),
        ("gold labels alone", GOLD_ONLY, ~weak & gold),
    )
    handles = [style.handle(words, **plain | look) for words, look, rows in ways if rows.any()]
    handles += [style.handle("asked without labels", **style.ASKED | plain)] if (~buys_labels(points)).any() else []
    style.add_legend(figure, colours + handles)
    runs = seeds_and_tasks(seed_range(points), points)
    reference = "the most gold labels alone" if len(cues) > 1 else "who has seen none of them"
    note = (
        f"{titles[method]}. Each point: {runs}. {AS_MEASURED} "
        "Who repeats the supervisor's errors falls to 0 where these are; who knows the truth rises to 100. Bars: 95 % "
        "intervals, of the test examples in the part and of the seeds. What is learned: by accuracy, the most weak "
        f"labels alone against {reference}, where intervals do not overlap. "
        f"Of as many weak labels those with more gold labels stand to the right. {missing_sentence(missing, titles)}"
    )
    score = "score where the weak label is wrong, %" if len(cues) > 1 else "right on these examples, %"
    style.finish_figure(figure, note, "labels that the student is trained on", score)
    return figure
