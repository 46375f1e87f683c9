import matplotlib.pyplot as plt
import pandas as pd
import pytest

from elicitation.figures import plot_pareto, plot_spending, save_figure

ACCURACIES = {
    f"{name}{end}": 0.7 + shift
    for name in ("accuracy", "accuracy_report")
    for end, shift in (("", 0.0), ("_low", -0.05), ("_high", 0.03))
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def points(tasks=("topic",), students=("s",)):
    rows = [
        {"task": task, "student": student, "n_weak": n_weak, "n_gold": n_gold}
        for task in tasks
        for student in students
        for n_weak, n_gold in ((40, 0), (20, 2), (0, 4), (160, 0), (0, 16))
    ]
    return pd.DataFrame(rows).assign(
        supervisor="v", method="sequential_sft", weak_accuracy=0.6, n_seeds=3, **ACCURACIES
    )


def priced(table, prices=(0.5, 0.1)):
    tables = [table.assign(weak_price=price, cost=table.n_gold + price * table.n_weak) for price in prices]
    joined = pd.concat(tables, ignore_index=True)
    joined["weak_share"] = joined.weak_price * joined.n_weak / joined.cost
    return joined.assign(on_frontier=joined.n_gold > 2)


def panels(figure):
    """The axes that hold data: those with a title."""
    return [axes for axes in figure.axes if axes.get_title()]


def curve(axes, colour):
    return next(line for line in axes.lines if line.get_color() == colour)


def test_pareto_has_a_panel_a_price_from_the_dearest_to_the_cheapest():
    titles = [axes.get_title() for axes in panels(plot_pareto(priced(points())))]
    assert titles == ["a weak label costs 0.5", "a weak label costs 0.1"]


def test_pareto_joins_the_points_on_the_frontier_by_cost_and_marks_the_weak_labels():
    axes = panels(plot_pareto(priced(points())))[0]
    frontier, weak = curve(axes, "0.2"), curve(axes, "0.4")
    assert list(frontier.get_xdata()) == [4, 16]
    assert list(frontier.get_ydata()) == pytest.approx([70, 70])
    assert list(weak.get_ydata()) == pytest.approx([60, 60])


def test_pareto_shows_every_point_with_its_interval():
    axes = panels(plot_pareto(priced(points())))[0]
    bars = [bar for container in axes.containers for bar in container[2][0].get_segments()]
    assert len(bars) == 5
    assert all(list(bar[:, 1]) == pytest.approx([65, 73]) for bar in bars)


def test_pareto_shows_the_average_of_several_tasks_alone():
    tasks = priced(points(("average", "topic", "verdict")))
    axes = panels(plot_pareto(tasks))[0]
    assert sum(len(container[2][0].get_segments()) for container in axes.containers) == 5


@pytest.mark.parametrize(("tasks", "students"), [(("a",), ("s",)), (("a", "b", "c"), ("s", "t"))])
def test_spending_has_a_panel_a_task_and_a_row_a_student(tasks, students):
    figure = plot_spending(points(tasks, students), [4, 16], 0.1)
    assert [axes.get_title() for axes in panels(figure)] == list(tasks) * len(students)


def test_spending_draws_a_curve_a_budget_over_the_share_spent_on_weak_labels():
    axes = panels(plot_spending(points(), [4, 16], 0.1))[0]
    curves = [list(line.get_xdata()) for line in axes.lines if line.get_marker() == "o"]
    assert [pytest.approx(xs) for xs in ([0, 50, 100], [0, 100])] == curves
    assert len(axes.collections) == 2, "a band a curve"


def test_figures_are_saved_in_every_format_and_byte_by_byte_the_same(tmp_path):
    written = []
    for folder in ("first", "second"):
        paths = [tmp_path / folder / f"figure.{ending}" for ending in ("pdf", "png")]
        save_figure(plot_spending(points(), [4, 16], 0.1), paths)
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
    assert written[0][0].startswith(b"%PDF")
    assert written[0][1].startswith(b"\x89PNG")
