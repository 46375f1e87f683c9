import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from blocks import WEAK, make_block, make_surface
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.markers import CARETDOWN

from elicitation.analysis.advice import advise
from elicitation.analysis.label_quality import SupervisorQuality, comparable_tasks
from elicitation.analysis.names import ASKING, COMMONER, LABELS, PLAIN, PURCHASE
from elicitation.analysis.run_scores import priced, scores_of
from elicitation.figures import style
from elicitation.figures.pareto import plot_pareto
from elicitation.figures.prompting import NO_PROMPTS, finetuning_labels, plot_prompting
from elicitation.figures.scaling import LOOKS, plot_scaling
from elicitation.figures.spending import budgets_spent, plot_spending
from elicitation.figures.weak_labels import plot_weak_labels

TITLES = {"m": "Method M", "n": "Method N"}
NOTHING = pd.DataFrame(columns=["task", "supervisor", "student", "method", "n_weak", "n_gold", "seed"])
SCORES = {
    f"{name}{end}": value + shift
    for name, value in (("score", 0.7), ("weak_score", 0.6), ("commoner_score", 0.55))
    for end, shift in (("", 0.0), ("_low", -0.05), ("_high", 0.03))
}
GRID = [(40, 0), (20, 2), (0, 4), (160, 0), (0, 16)]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def points(purchases=GRID, **settings):
    """Averages of two tasks over three seeds."""
    table = pd.DataFrame(purchases, columns=["n_weak", "n_gold"])
    common = {"task": "average", "student": "s", "supervisor": "v", "method": "m", "shots": 0, "shot_quality": ""}
    counts = {"n_seeds": 3, "n_tasks": 2}
    return table.assign(**common, **counts, **SCORES, kind=PURCHASE).assign(**settings)


def several(name, values):
    """The points of `points` for each value of one column."""
    return pd.concat([points(**{name: value}) for value in values], ignore_index=True)


def frontier(table=None, prices=(0.5, 0.1)):
    """The points at several prices, with the commoner label, which costs nothing."""
    table = points() if table is None else table
    nothing = table.drop_duplicates(["task", "student", "supervisor"])
    nothing = nothing.assign(kind=COMMONER, n_weak=0, n_gold=0, method=np.nan, score=0.55)
    table = pd.concat([table, nothing], ignore_index=True)
    tables = [priced(table, price).assign(weak_price=price) for price in prices]
    joined = pd.concat(tables, ignore_index=True)
    return joined.assign(on_frontier=joined.n_gold > 2, probability=np.where(joined.n_gold > 2, 0.9, 0.1))


def panels(figure):
    """The axes that hold data: those with a title."""
    return [axes for axes in figure.axes if axes.get_title()]


def panel_titles(figure):
    return [axes.get_title() for axes in panels(figure)]


def curves(axes):
    """The joined points of each curve with error bars, and its bars."""
    return [
        (np.array(container[0].get_xydata()), np.array(container[2][0].get_segments()))
        for container in axes.containers
        if container[0] is not None
    ]


def line(axes, colour):
    return next(found for found in axes.lines if found.get_color() == colour)


def words(figure):
    """Texts of a figure and its panels, with their line breaks undone."""
    found = [text.get_text() for holder in (figure, *figure.axes) for text in holder.texts]
    return [" ".join(text.split()) for text in found]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def spending(table, panel="task"):
    return plot_spending(table, NOTHING, TITLES, panel, [4, 16], 0.1, {}, "accuracy")


def scaling(blocks, budgets):
    rows = [advise(block, budgets, {"v": 0.1}, None, 0.9).assign(task="t", student=block.student) for block in blocks]
    labels = scores_of(LABELS, blocks, "weak_score")
    return plot_scaling(pd.concat(rows).merge(labels, on=["task", "student"]), "t", budgets, 0.1, "accuracy")


# Pareto


def test_pareto_has_a_panel_a_price_from_the_dearest_to_the_cheapest():
    titles = panel_titles(plot_pareto(frontier(), NOTHING, TITLES, "accuracy"))
    assert titles == ["a weak label costs 0.5", "a weak label costs 0.1"]


def test_pareto_joins_the_points_on_the_frontier_by_cost_and_marks_the_weak_labels():
    axes = panels(plot_pareto(frontier(), NOTHING, TITLES, "accuracy"))[0]
    best, weak = line(axes, "0.2"), line(axes, "0.4")
    assert list(best.get_xdata()) == [4, 16, 80], "up to the most expensive purchase"
    assert list(best.get_ydata()) == pytest.approx([70, 70, 70])
    assert list(weak.get_ydata()) == pytest.approx([60, 60])


def test_pareto_shows_every_point_with_its_interval():
    axes = panels(plot_pareto(frontier(), NOTHING, TITLES, "accuracy"))[0]
    bars = [bar for container in axes.containers for bar in container[2][0].get_segments()]
    assert len(bars) == 5
    assert all(list(bar[:, 1]) == pytest.approx([65, 73]) for bar in bars)


def test_pareto_shows_free_labels_on_the_left_edge():
    table = frontier()
    axes = panels(plot_pareto(table.assign(cost=table.n_gold, weak_price=0.0), NOTHING, TITLES, "accuracy"))[0]
    bars = [bar for container in axes.containers for bar in container[2][0].get_segments()]
    assert axes.get_title() == "a weak label costs 0"
    assert 0 < axes.get_xlim()[0] < table.n_gold[table.n_gold > 0].min()
    assert min(bar[0, 0] for bar in bars) == axes.get_xlim()[0]


def test_pareto_shows_the_average_of_several_tasks_alone():
    tasks = frontier(several("task", ["average", "topic", "verdict"]))
    axes = panels(plot_pareto(tasks, NOTHING, TITLES, "accuracy"))[0]
    assert sum(len(container[2][0].get_segments()) for container in axes.containers) == 5


def test_pareto_has_a_row_a_task_where_nothing_is_averaged():
    figure = plot_pareto(frontier(several("task", ["topic", "verdict"])), NOTHING, TITLES, "accuracy")
    assert [" ".join(title.split()) for title in panel_titles(figure)] == [
        f"{task}, a weak label costs {price}" for task in ("topic", "verdict") for price in (0.5, 0.1)
    ]
    for axes in panels(figure):
        assert sum(len(container[2][0].get_segments()) for container in axes.containers) == 5


def test_pareto_has_a_row_a_pair_of_models_named_by_what_varies():
    titles = panel_titles(plot_pareto(frontier(several("student", ["s", "t"])), NOTHING, TITLES, "accuracy"))
    assert [" ".join(title.split()) for title in titles] == [
        f"{student}, a weak label costs {price}" for student in "st" for price in (0.5, 0.1)
    ]


def test_pareto_marks_every_method_and_tells_how_surely_a_point_is_on_the_frontier():
    figure = plot_pareto(frontier(several("method", ["m", "n"])), NOTHING, TITLES, "accuracy")
    assert legend(figure)[:2] == ["Method M", "Method N"]
    sizes = np.concatenate(
        [drawn.get_sizes() for drawn in panels(figure)[0].collections if hasattr(drawn, "get_sizes")]
    )
    assert sorted(np.round(sizes, 1)) == pytest.approx([13.6] * 6 + [42.4] * 4)


# Spending


@pytest.mark.parametrize(("panel", "values"), [("task", list("abcde")), ("supervisor", ["v"]), ("student", ["s", "t"])])
def test_spending_has_a_panel_for_each_value_and_at_most_four_in_a_row(panel, values):
    figure = spending(several(panel, values), panel)
    assert panel_titles(figure) == values
    tops = [round(axes.get_subplotspec().get_position(figure).y1, 3) for axes in panels(figure)]
    assert len(set(tops)) == -(-len(values) // 4)


def test_spending_calls_methods_by_their_titles():
    assert panel_titles(spending(several("method", ["m", "n"]), "method")) == ["Method M", "Method N"]


def joined(axes):
    """The joined points of each curve with markers."""
    return [np.array(found.get_xydata()) for found in axes.lines if found.get_marker() == "o"]


def bands(axes):
    """Lowest and highest end of each band but that of the weak labels."""
    heights = [band.get_paths()[0].vertices[:, 1] for band in axes.collections if isinstance(band, PolyCollection)]
    return [(ends.min(), ends.max()) for ends in heights]


def test_spending_draws_a_curve_a_budget_with_a_band_over_the_share_spent_on_weak_labels():
    axes = panels(spending(points()))[0]
    small, large = joined(axes)
    assert small[:, 0] == pytest.approx([0, 50, 100]) and large[:, 0] == pytest.approx([0, 100])
    assert small[:, 1] == pytest.approx([70, 70, 70])
    assert bands(axes) == [pytest.approx((65, 73))] * 2


def test_a_band_that_leaves_the_panel_is_marked_where_it_does():
    axes = panels(spending(points(score_low=[0.1, 0.65, 0.65, 0.65, 0.65])))[0]
    marks = [found.get_xydata().tolist() for found in axes.lines if found.get_marker() == CARETDOWN]
    assert [xy for xy in marks if xy] == [[[100, axes.get_ylim()[0]]]]


def test_a_single_split_has_a_bar_in_place_of_a_band():
    axes = panels(spending(points([(20, 2)])))[0]
    assert not bands(axes) and axes.get_xlim() == (-5, 105)
    ((_, bars),) = curves(axes)
    assert bars[:, :, 1] == pytest.approx(np.array([[65, 73]]))


def test_spending_tells_the_true_prices_of_labels_that_have_one():
    table = several("supervisor", ["v", "w", "u"])
    settings = (table, NOTHING, TITLES, "supervisor", [4, 16], 0.1)
    figure = plot_spending(*settings, {"v": 0.02, "w": 0.1, "elsewhere": 0.3}, "accuracy")
    assert figure.get_supxlabel() == "share of the cost that weak labels take, %"
    split = (
        "The study's grid takes 10 weak labels for a gold one, whatever they cost; a weak label costs 0.02 (v) and 0.1 "
        "(w, u), so with labels of v the purchases of a curve cost less than its budget."
    )
    assert split in " ".join(words(figure)[-1].split())
    # 20 weak labels and 2 gold ones.
    middles = [joined(axes)[0][1, 0] for axes in panels(figure)]
    assert middles == pytest.approx([100 * 0.4 / 2.4, 50, 50])
    assert spending(table, "supervisor").get_supxlabel().endswith("weak labels take, % (a weak label costs 0.1)")
    dear = plot_spending(*settings, {"v": 0.2, "w": 0.2, "u": 0.2}, "accuracy")
    assert dear.get_supxlabel().endswith("(a weak label costs 0.2)")
    assert "v, w and u the purchases of a curve cost more than its budget." in " ".join(words(dear)[-1].split())


def test_spending_has_room_for_the_weak_labels_themselves():
    bottom, top = panels(spending(points(weak_score=0.9)))[0].get_ylim()
    assert bottom < 70 and top > 90


def test_spending_leaves_out_what_spends_no_budget():
    odd = points([(24, 0), (8, 15), (8, 16), (0, 9)], shots=8, shot_quality="weak")
    assert [len(xy) for xy in joined(panels(spending(pd.concat([points(), odd])))[0])] == [3, 3]
    # They cost 3.1, 4, 4.2, 15.8, 15 and 8192.8.
    bought = pd.DataFrame({"n_weak": [1, 0, 2, 8, 0, 8], "n_gold": [3, 4, 4, 15, 15, 8192]})
    spent = budgets_spent(bought, [4, 16], 0.1)
    assert spent.tolist() == pytest.approx([4, 4, np.nan, 16, np.nan, np.nan], nan_ok=True)
    bought = pd.DataFrame({"n_weak": [0, 0], "n_gold": [15, 14]})
    assert budgets_spent(bought, [16], 2).tolist() == pytest.approx([16, np.nan], nan_ok=True)


def test_spending_leaves_out_purchases_that_prompts_used_up():
    alone = points([(0, 3), (3, 0)], shots=3, shot_quality="gold", method="n")
    assert panel_titles(spending(pd.concat([points(), alone]), "method")) == ["Method M"]


def test_the_runs_behind_the_points_and_what_is_missing_stand_below():
    lacking = pd.DataFrame([{"task": "topic", "method": "m", "n_weak": 20, "n_gold": 2, "seed": 3}])
    lacking = lacking.assign(supervisor="v", student="s")
    note = words(plot_spending(points(), lacking, TITLES, "method", [4, 16], 0.1, {}, "accuracy"))[-1]
    assert "Each point: 3 seeds on each of 2 tasks." in note
    assert "topic lacks seed 3 of 20 weak + 2 gold labels (Method M)" in note


def test_points_with_another_number_of_seeds_show_it():
    figure = spending(points(n_seeds=[3, 7, 3, 3, 3]))
    assert [text for text in words(figure) if text.isdigit()] == ["7"]
    assert not any(text.isdigit() for text in words(spending(points())))


# Prompting


def prompted():
    """No, two and eight gold labels in the prompt; eight weak ones; prompts alone."""
    gold_shots = {"shot_quality": "gold", "method": "n"}
    tables = [
        points([(40, 0), (0, 4), (20, 2)]),
        points([(0, 16), (40, 2)], shots=2, **gold_shots),
        points([(0, 160)], shots=8, **gold_shots),
        points([(48, 0), (8, 4)], shots=8, shot_quality="weak", method="n"),
        points([(0, 2)], shots=2, **gold_shots),
    ]
    return pd.concat(tables, ignore_index=True)


def test_labels_for_finetuning_are_those_bought_less_those_in_the_prompt():
    table = finetuning_labels(prompted())
    trained = list(zip(table.weak_trained, table.gold_trained, strict=True))
    assert trained == [(40, 0), (0, 4), (20, 2), (0, 14), (40, 0), (0, 152), (40, 0), (0, 4), (0, 0)]


def test_prompting_parts_the_runs_by_quality_in_prompt_and_finetuning():
    figure = plot_prompting(prompted(), NOTHING, TITLES, 0.1, "accuracy")
    costs = {axes.get_title(): [xy[:, 0].tolist() for xy, _ in curves(axes) if len(xy)] for axes in panels(figure)}
    aside = dict(zip((0, 2, 8), style.LOG_STEP ** style.offsets(3), strict=True))
    expected = {
        "weak in the prompt, weak for finetuning": [[4 * aside[0]], [4.8 * aside[8]]],
        "weak in the prompt, gold for finetuning": [[4 * aside[0]], [4.8 * aside[8]]],
        "gold in the prompt, weak for finetuning": [[4 * aside[0]], [6 * aside[2]], [2]],
        "gold in the prompt, gold for finetuning": [[4 * aside[0]], [16 * aside[2]], [160 * aside[8]], [2]],
    }
    assert list(costs) == list(expected)
    for title, found in costs.items():
        assert np.concatenate(found) == pytest.approx(np.concatenate(expected[title])), title
    assert legend(figure) == ["0", "2", "8", "prompt alone", "the weak labels themselves"]


def test_prompting_has_a_row_more_for_prompts_of_weak_and_gold_labels():
    mixed = points([(3, 2), (11, 2)], shots=5, shot_quality="mixed", method="n")
    assert finetuning_labels(mixed)[["weak_trained", "gold_trained"]].to_numpy().tolist() == [[0, 0], [8, 0]]
    figure = plot_prompting(pd.concat([prompted(), mixed]), NOTHING, TITLES, 0.1, "accuracy")
    assert panel_titles(figure)[-2:] == [
        f"mixed in the prompt, {quality} for finetuning" for quality in ("weak", "gold")
    ]


def test_methods_of_as_many_examples_in_the_prompt_keep_curves_of_their_own():
    table = prompted()
    table = pd.concat([table, table[table.shots == 2].assign(method="m")])
    axes = panels(plot_prompting(table, NOTHING, TITLES, 0.1, "accuracy"))[-1]
    assert len([xy for xy, _ in curves(axes) if len(xy) and xy[0, 0] == pytest.approx(16)]) == 2


def test_prompting_has_no_row_and_no_entry_for_what_no_prompt_holds():
    table = prompted().iloc[:-1]
    figure = plot_prompting(table[table.shot_quality != "weak"], NOTHING, TITLES, 0.1, "accuracy")
    assert legend(figure) == ["0", "2", "8", "the weak labels themselves"]
    assert panel_titles(figure) == [f"gold in the prompt, {quality} for finetuning" for quality in ("weak", "gold")]


def test_prompting_without_prompts_says_so():
    figure = plot_prompting(points(), NOTHING, TITLES, 0.1, "accuracy")
    assert words(figure) == [NO_PROMPTS] and not figure.axes


# Scaling


def test_scaling_has_a_panel_a_student_and_a_curve_a_strategy_of_the_best_affordable_purchases():
    figure = scaling([make_block(student=student) for student in "st"], [4, 16])
    assert panel_titles(figure) == ["s", "t"]
    assert legend(figure) == [*(PLAIN[name] for name in LOOKS), "the weak labels themselves"]
    for axes in panels(figure):
        weak, mixed, gold = (xy for xy, _ in curves(axes))
        for xy, step in ((weak, -1), (mixed, 0), (gold, 1)):
            assert xy[:, 0] == pytest.approx(np.array([4, 16]) * style.LOG_STEP**step)


def test_scaling_shows_the_score_of_the_best_purchase_by_the_posterior():
    surface = make_surface()
    (xy, _), *_ = curves(panels(scaling([make_block([surface])], [4]))[0])
    # 4 gold labels buy 40 weak ones.
    assert xy[:, 1] == pytest.approx([100 * surface.mean[WEAK.index(40), 0]])


def test_all_students_share_the_axis_of_budgets():
    small = make_surface(weak=(0, 40), gold=(0, 4))
    first, second = panels(scaling([make_block(), make_block([small], student="t")], [4, 16]))
    assert first.get_xlim() == second.get_xlim()


# Weak labels


@pytest.mark.parametrize("supervisors", [["v"], ["v", "w"]])
def test_weak_labels_have_reliability_and_accuracy_of_every_supervisor(supervisors):
    ends = {"share_low": 0.1, "share_high": 0.9, "weak_score_low": 0.6, "weak_score_high": 0.8}
    bins = [{"supervisor": v, "p": p, "share": p / 2 + 0.2, "n": 50} | ends for v in supervisors for p in (0.1, 0.9)]
    quality = [
        {"task": t, "supervisor": v, "weak_score": 0.7, "n": 100} | ends for v in supervisors for t in ("a", "b")
    ]
    quality = pd.DataFrame(quality)
    figure = plot_weak_labels(SupervisorQuality(pd.DataFrame(bins), quality, ["a"]), quality, "accuracy")
    reliability, accuracy = panels(figure)
    for xy, bars in curves(reliability):
        assert xy == pytest.approx(np.array([[10, 25], [90, 65]]))
        assert bars[:, :, 1] == pytest.approx(np.array([[10, 90]] * 2))
    assert len(curves(reliability)) == len(accuracy.containers) == len(supervisors)
    assert [label.get_text() for label in accuracy.get_yticklabels()] == ["a", "b"]
    assert [bar[:, 0].tolist() for bar in accuracy.containers[0][2][0].get_segments()] == [pytest.approx([60, 80])] * 2
    assert legend(figure) == [*supervisors, "calibrated"]
    assert "on the left those of a, the area" in " ".join(figure.texts[-1].get_text().split())


def test_supervisors_are_compared_on_the_tasks_that_all_of_them_label():
    assert comparable_tasks([("a", "v"), ("b", "v"), ("b", "w"), ("c", "w"), ("c", "v")]) == ["b", "c"]
    assert comparable_tasks([("a", "v"), ("b", "w")]) == ["a", "b"], "where there are none, each on its own"


# Style


@pytest.mark.parametrize("n", [1, 5, 29])
def test_panels_fill_the_width_of_the_print_and_stay_on_a_page(n):
    figure, axes = style.make_panels(n, columns=4)
    width, height = figure.get_size_inches()
    assert len(axes) == n == len(figure.axes)
    assert width == style.PRINT_WIDTH and height < 10


@given(st.floats(1e-3, 1e6), st.floats(1.001, 1e5), st.lists(st.integers(1, 10**6), unique=True))
def test_every_axis_of_costs_has_two_numbers_and_none_twice(low, factor, preferred):
    ticks = style.cost_ticks(low, low * factor, preferred)
    assert len(ticks) >= 2 and (np.diff(ticks) > 0).all()
    assert low <= ticks[0] and ticks[-1] <= low * factor
    assert len({f"{tick:g}" for tick in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("low", "high", "preferred", "ticks"),
    [
        (3, 2000, (), [10, 100, 1000]),
        (3, 90, (), [3, 10, 30]),
        (30, 90, (), [30, 40, 50, 60, 70, 80, 90]),
        (12, 55, (), [20, 50]),
        (45.7, 89.6, (), [50, 60, 70, 80]),
        (64, 68, (), [64, 65, 66, 67, 68]),
        (10, 2000, (16, 64, 1024), [16, 64, 1024]),
        (45, 89, (16, 64), [50, 60, 70, 80]),
        (9, 84, (60,), [10, 60]),
        (3, 2000, (40,), [10, 40, 100, 1000]),
        (1.6, 840, (19.2, 48, 121.2, 600), [3, 19.2, 48, 121.2, 600]),
    ],
)
def test_numbers_of_costs_are_round_unless_named(low, high, preferred, ticks):
    assert style.cost_ticks(low, high, preferred) == pytest.approx(ticks)


@pytest.mark.parametrize("limits", [(1, 2000), (0.3, 1e6), (45, 90), (64, 68), (5.1, 9.9)])
@pytest.mark.parametrize("ticks", [(), [2**n for n in range(14)]])
def test_numbers_of_costs_never_overlap(limits, ticks):
    figure, panels = style.make_panels(4, columns=4)
    for axes in panels:
        style.set_cost_axis(axes, ticks)
        axes.set_xlim(*limits)
    figure.canvas.draw()
    for axes in panels:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
        assert len(boxes) >= 2 and all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_the_darkest_shade_is_for_the_largest_amount():
    colours = style.shades([64, 4, 16])
    assert list(colours) == [4, 16, 64]
    assert colours[4][:3].sum() > colours[16][:3].sum() > colours[64][:3].sum()


def test_intervals_are_distances_in_percent_and_never_negative():
    table = pd.DataFrame({"a": [0.5, 1.0], "a_low": [0.4, 0.9], "a_high": [0.7, 1 - 1e-16]})
    assert style.error_bars(table, "a") == pytest.approx(np.array([[10, 10], [20, 0]]))
    assert (style.error_bars(table, "a") >= 0).all()


def test_a_legend_that_does_not_fit_a_row_takes_more_and_the_figure_grows():
    heights = []
    for n in (2, 9):
        figure, _ = style.make_panels(1, columns=1)
        style.add_legend(figure, [style.handle("a method with a long title") for _ in range(n)])
        heights.append(figure.get_figheight())
    assert heights[1] == pytest.approx(heights[0] + 2 * style.LEGEND_ROW)


def test_figures_are_saved_in_every_format_and_byte_by_byte_the_same(tmp_path):
    written = []
    for folder in ("first", "second"):
        paths = [tmp_path / folder / f"figure.{ending}" for ending in ("pdf", "png")]
        style.save_figure(spending(points()), paths)
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
    assert written[0][0].startswith(b"%PDF")
    assert written[0][1].startswith(b"\x89PNG")


def test_the_precision_stands_below_the_footnote_of_figures_that_show_scores(tmp_path):
    line = "Models computed in bfloat16."
    for figure, expected in ((spending(points()), 1), (plot_prompting(points(), NOTHING, TITLES, 0.1, "accuracy"), 0)):
        before = words(figure)
        style.save_figure(figure, [tmp_path / "figure.pdf"], line)
        assert [text.endswith(line) for text in words(figure)].count(True) == expected
        assert [text.removesuffix(f" {line}") for text in words(figure)] == before


# Asking without labels


def with_asking(table):
    """The table after what asks without any label, which the seeds do not vary."""
    nothing = table.iloc[:1].assign(kind=ASKING, n_weak=0, n_gold=0, n_seeds=1, score=0.75, shot_quality="gold")
    nothing = nothing.assign(method="n")
    return pd.concat([nothing, table], ignore_index=True)


def test_pareto_shows_asking_without_labels_on_the_left_edge():
    table = frontier(with_asking(points()))
    table.loc[table.kind == ASKING, ["on_frontier", "probability"]] = [True, 1.0]
    figure = plot_pareto(table, NOTHING, TITLES, "accuracy")
    for axes in panels(figure):
        left = axes.get_xlim()[0]
        (asked,) = [drawn for drawn in axes.lines if drawn.get_marker() == style.ASKED_POINT["marker"]]
        assert list(asked.get_xdata()) == [left] and list(asked.get_ydata()) == pytest.approx([75])
        # The frontier begins there too.
        assert line(axes, "0.2").get_xdata()[0] == left and 0 < left < 4
    assert "asking without labels (cost 0)" in legend(figure) and "Method N" not in legend(figure)
    assert not any("asking" in entry for entry in legend(plot_pareto(frontier(), NOTHING, TITLES, "accuracy")))


def test_prompting_draws_asking_without_labels_as_a_line():
    figure = plot_prompting(with_asking(prompted()), NOTHING, TITLES, 0.1, "accuracy")
    assert legend(figure)[-1] == "asking without labels (cost 0)"
    for axes in panels(figure):
        assert any(list(drawn.get_ydata()) == pytest.approx([75, 75]) for drawn in axes.lines)
        assert axes.get_xlim()[0] > 0


def test_scaling_shows_purchases_alone():
    # Asking would be the best choice by far, but is none of the ways of spending.
    figure = scaling([make_block(asking=0.99)], [4, 16])
    assert max(axes.get_ylim()[1] for axes in panels(figure)) < 99
