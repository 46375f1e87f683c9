"""What is recommended as the budget grows: rows, words and picture."""

from dataclasses import replace
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from blocks import make_block, make_surface
from matplotlib.colors import to_hex

from elicitation.analysis.advice import BEYOND, advise, budget_row, of_group, prices_shown
from elicitation.analysis.advice_text import (
    Panel,
    advice_caption,
    finding,
    labels_of_all,
    of_all_words,
    prices_words,
    ready_labels,
    ready_words,
)
from elicitation.analysis.choices import decide, terms_for
from elicitation.analysis.names import ASKING, NOTHING_BOUGHT, REGIMES, STRATEGIES, UNDETERMINED
from elicitation.buying.amounts import Money
from elicitation.figures import style
from elicitation.figures.what_to_buy import plot_what_to_buy

PRICES = {"v": 0.1}
DOLLARS = Money("$", 3.0)
TITLES = {"m": "Method M"}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def rows_of(block, budgets=None, prices=PRICES):
    budgets = budget_row(block, [prices], 40) if budgets is None else budgets
    return advise(block, budgets, prices, None, 0.9)


def chosen(*choices):
    """Rows of choices at budgets of 1, 10, 100 and so on: strategies, NOTHING_BOUGHT or UNDETERMINED."""
    leading = ["mixed" if choice == UNDETERMINED else choice for choice in choices]
    regimes = [REGIMES.get(choice, choice) for choice in choices]
    return pd.DataFrame({"budget": 10.0 ** np.arange(len(choices)), "leading": leading, "regime": regimes})


def draw(panels):
    return plot_what_to_buy(panels, "t, student s", "accuracy", 0.9)


# Rows


def test_rows_say_what_is_decided():
    block = make_block()
    for row in rows_of(block, [0.5, 5, 50, 500]).itertuples():
        decision = decide(block, terms_for(row.budget, PRICES), 0.9)
        assert (row.leading, row.regime) == (decision.leading, decision.regime)
        options, best = decision.options, decision.best
        if best is None:
            assert np.isnan(row.n_weak) and row.score == decision.free.scores.mean[0]
            continue
        assert (row.n_weak, row.n_gold) == (options.n_weak[best], options.n_gold[best])
        assert row.weak_cost + row.gold_cost == pytest.approx(options.cost[best])
        assert row.score == max(options.scores.mean[best], row.free_score)
        assert row.score_low <= row.score <= row.score_high


def test_more_money_never_lowers_the_score_of_what_is_recommended():
    score = rows_of(make_block()).score.to_numpy()
    assert (np.diff(score) > -0.0005).all()


def test_a_row_of_budgets_reaches_from_the_cheapest_purchase_to_beyond_the_most_expensive():
    budgets = budget_row(make_block(), [{"v": 0.1}, {"v": 0.5}], 30)
    assert budgets[[0, -1]] == pytest.approx([10 * 0.1, (640 * 0.5 + 256) * BEYOND])
    assert budget_row(make_block(), [{"v": 0.1}], 30, own_budget=5000)[-1] == pytest.approx(5000 * BEYOND)
    assert budget_row(make_block(), [{"v": 0.0}], 3)[0] == pytest.approx(4), "what is free has no place on the axis"


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ({"v": [0.1]}, [{"v": 0.1}]),
        ({"v": [0.5, 0.1], "own": [0.05]}, [{"v": 0.5, "own": 0.05}, {"v": 0.1, "own": 0.05}]),
        ({"v": [1, 0.5, 0.2, 0.1, 0.01]}, [{"v": 1}, {"v": 0.2}, {"v": 0.01}]),
    ],
)
def test_at_most_three_prices_are_shown(prices, expected):
    assert prices_shown(prices) == expected


def test_a_group_has_the_blocks_of_its_student_that_hold_it():
    both = make_block([make_surface(), make_surface(method="n")])
    blocks = [both, make_block(task="u"), make_block(student="other")]
    assert [block.task for block in of_group(blocks, "v", "s", "m")] == ["t", "u"]
    (only,) = of_group(blocks, "v", "s", "n")
    assert [surface.method for surface in only.surfaces] == ["n"]


# Words


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (["gold only"] * 2, "Buy gold labels at every budget"),
        ([NOTHING_BOUGHT], "Buy nothing at every budget"),
        ([UNDETERMINED] * 3, "Undetermined at every budget"),
        (["weak only", "gold only", "gold only"], "Buy weak labels up to 10, gold from 10"),
        (
            [NOTHING_BOUGHT, UNDETERMINED, "weak only", "mixed", UNDETERMINED, "gold only"],
            "Buy nothing up to 10, weak labels from 100 to 1,000, a mix from 1,000 to 10,000, gold from 100,000; "
            "between, undetermined",
        ),
        ([UNDETERMINED, "gold only"], "Buy gold labels from 10; below, undetermined"),
        (["weak only", UNDETERMINED], "Buy weak labels up to 10; above, undetermined"),
        (
            [UNDETERMINED, *["gold only", UNDETERMINED] * 2],
            "Buy gold labels from 10 to 10,000 with gaps; elsewhere, undetermined",
        ),
        (["weak only", UNDETERMINED] * 3 + ["weak only"], "Buy weak labels at most budgets; between, undetermined"),
        (
            [UNDETERMINED, *["weak only", UNDETERMINED] * 5, "gold only"],
            "Buy weak labels from 10 to 10,000,000,000 with gaps, gold from 100,000,000,000; below and between, "
            "undetermined",
        ),
    ],
)
def test_a_finding_says_what_to_buy_where(choices, words):
    assert finding(chosen(*choices)) == words


def test_a_finding_that_changes_often_leaves_the_shortest_stretches_undetermined():
    often = chosen(*["weak only", "gold only"] * 4)
    found = finding(often)
    assert found.count("from") + found.count("up to") == 4 and found.endswith("undetermined")


def test_prices_are_told_once_where_all_are_alike():
    assert prices_words({"v": 0.1, "w": 0.1}) == "a weak label costs 0.1"
    assert prices_words({"v": 0.1, "w": 1 / 18}) == "a weak label costs 0.1 (v) and 1/18 (w)"


def test_the_caption_tells_the_finding_and_every_budget_of_the_study():
    rows = rows_of(make_block(), [0.5, 5, 50])
    assert rows.leading.iloc[-1] == "mixed"
    caption = advice_caption("t, student s", [Panel(PRICES, rows)], [0.5, 50], TITLES, "Models computed in float32.")
    assert caption.startswith("# What to buy: t, student s\n\n**" + finding(rows) + "** (a weak label costs 0.1).\n\n")
    nothing, last = (line for line in caption.splitlines() if line.startswith("- "))
    assert nothing.startswith("- 0.5: buy nothing: asking without labels -> 70.0 %")
    row = rows.iloc[-1]
    assert last.startswith(
        f"- 50: mix: {row.n_weak:.0f} weak + {row.n_gold:.0f} gold labels of v by Method M, cost 50 -> "
    )
    assert "asking without labels 70.0 %" in last
    assert caption.endswith("Models computed in float32.\n")


# Picture


def test_the_picture_has_a_column_a_price_headed_by_price_and_finding():
    block = make_block()
    listed = [{"v": 0.5}, {"v": 0.01}]
    budgets = budget_row(block, listed, 40)
    figure = draw([Panel(prices, rows_of(block, budgets, prices)) for prices in listed])
    above, below = figure.axes[:2], figure.axes[2:]
    assert [axes.get_title() for axes in above] == ["a weak label costs 0.5", "a weak label costs 0.01"]
    for axes, prices in zip(above, listed, strict=True):
        found = finding(rows_of(block, budgets, prices))
        assert found in [" ".join(text.get_text().split()) for text in axes.texts]
    assert {axes.get_xlim() for axes in (*above, *below)} == {(budgets[0], budgets[-1])}


def test_the_lines_are_the_strategies_what_is_recommended_and_what_costs_nothing():
    rows = rows_of(make_block())
    axes = draw([Panel(PRICES, rows)]).axes[0]
    best, *strategies, nothing = (line.get_ydata() for line in axes.lines)
    assert best == pytest.approx(100 * rows.score)
    for name, line in zip(STRATEGIES, strategies, strict=True):
        assert line == pytest.approx(100 * rows[name], nan_ok=True)
    assert nothing == pytest.approx([70, 70])
    assert {"weak", "mix", "gold", "asking"} <= {text.get_text() for text in axes.texts}


def test_the_names_of_lines_do_not_overlap():
    figure = draw([Panel(PRICES, rows_of(make_block([make_surface(lambda w, g: 0.7 + 0 * w * g)])))])
    names = [text for text in figure.axes[0].texts if text.get_text() in ("weak", "mix", "gold", "asking")]
    boxes = sorted((text.get_window_extent() for text in names), key=lambda box: box.y0)
    assert len(boxes) == 4
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))


def test_where_nothing_is_to_be_bought_the_picture_says_so():
    figure = draw([Panel(PRICES, rows_of(make_block(asking=0.99)))])
    assert [text.get_text() for text in figure.axes[1].texts] == ["buy\nnothing"]
    assert "Buy nothing at every budget" in [text.get_text() for text in figure.axes[0].texts]


def test_purchases_have_the_colours_of_the_lines_above_them():
    rows = rows_of(make_block())
    above, below = draw([Panel(PRICES, rows)]).axes
    lines = {to_hex(line.get_color()) for line in above.lines}
    areas = {to_hex(area.get_facecolor()[0]) for area in below.collections if not area.get_hatch()}
    assert areas == {to_hex(style.CHOICE_COLOURS[name]) for name in STRATEGIES} and areas < lines


def test_undetermined_budgets_are_hatched():
    def hatched(block):
        areas = draw([Panel(PRICES, rows_of(block))]).axes[1].collections
        return [area for area in areas if area.get_hatch() and len(area.get_paths())]

    assert hatched(make_block([make_surface(spread=0.3)]))
    assert not hatched(make_block(asking=0.99))


@pytest.mark.parametrize("budgets", [[40], [16, 40, 300]])
def test_the_budgets_of_the_study_are_labelled_on_the_axis_in_money(budgets):
    money = Money("EUR", 1.5)
    figure = plot_what_to_buy([Panel(PRICES, rows_of(make_block()))], "t", "accuracy", 0.9, money, budgets=budgets)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert {f"{1.5 * budget:g}" for budget in budgets} <= {*labels} and len(labels) > 1
    assert "Hatched from bottom to top: at these budgets it is undetermined" in " ".join(
        figure.texts[-1].get_text().split()
    )


def test_the_note_tells_both_reasons_why_budgets_are_hatched():
    rows = rows_of(make_block([make_surface(lambda w, g: 0.8 + 0 * w * g)]), [2, 3])
    assert set(rows.regime) == {UNDETERMINED} and rows["gold only"].isna().all(), "no gold label is affordable"
    note = " ".join(draw([Panel(PRICES, rows)]).texts[-1].get_text().split())
    assert "since no way is 90 % sure, or a way has no purchase there to compare" in note


def test_the_baseline_is_the_best_of_what_costs_nothing():
    figure = draw([Panel(PRICES, rows_of(make_block(asking=0.3)))])
    assert rows_of(make_block()).free.iloc[0] == ASKING
    assert "commoner" in [text.get_text() for text in figure.axes[0].texts]
    assert "always the commoner label (cost 0)" in " ".join(figure.texts[-1].get_text().split())


def panel_of(block, prices=PRICES):
    rows = rows_of(block, prices=prices)
    return Panel(prices, rows, ready_labels(block, prices, rows))


def two_sources(**scores):
    """A block of two sources, v and w, whose labels as they are have these scores."""
    block = make_block([make_surface(), make_surface(supervisor="w")])
    free = [
        replace(one, scores=replace(one.scores, mean=np.array([scores.get(one.supervisor, one.scores.mean[0])])))
        for one in block.free
    ]
    return replace(block, free=free)


def test_labels_that_no_student_beats_are_the_title_and_their_lines_have_names():
    panel, plain = panel_of(make_block(labels=0.99)), panel_of(make_block(labels=0.6))
    assert not plain.ready and [free.supervisor for free in panel.ready] == ["v"]
    use = "Use the weak labels of v as they are: no student is better"
    words = "As they are, without training: the weak labels of v 99.0 % (dashed line); each text then costs a label."
    student = f"To train a student: {finding(panel.rows).replace('Buy', 'buy')}"
    caption = advice_caption("t", [panel], [], TITLES)
    assert caption.startswith(f"# What to buy: t\n\n**{use}** (a weak label costs 0.1).\n\n{words}\n\n{student}.\n")
    figure, without = draw([panel]), draw([plain])
    axes = figure.axes[0]
    assert axes.lines[-1].get_ydata() == pytest.approx([99, 99]) and axes.get_ylim()[1] > 99
    said = [" ".join(text.get_text().split()) for text in axes.texts]
    assert use in said and "labels of v as they are" in said
    assert " ".join(figure.axes[1].get_title().split()) == student and not without.axes[1].get_title()
    note = " ".join(figure.texts[-1].get_text().split())
    assert words in note and "Wide grey line: what is recommended to train a student, with its 95 % interval" in note
    assert "Wide grey line: what is recommended, with" in " ".join(without.texts[-1].get_text().split())
    assert len(without.axes[0].lines) == len(axes.lines) - 1
    long = panel._replace(ready=[replace(panel.ready[0], supervisor="v" * 80)])
    assert "weak labels as they are" in [text.get_text() for text in draw([long]).axes[0].texts]


def test_all_labels_that_the_answer_names_have_a_line():
    prices = {"v": 0.5, "w": 0.01}
    both = panel_of(two_sources(v=0.99, w=0.75), prices)
    assert [free.supervisor for free in both.ready] == ["v", "w"], "cheaper ones for more texts"
    assert "the weak labels of v 99.0 %; for less money those of w 75.0 % (dashed lines)" in ready_words(both.ready)
    lines = [line.get_ydata()[0] for line in draw([both]).axes[0].lines]
    assert {99, 75} <= {round(float(y), 6) for y in lines}
    assert len(panel_of(two_sources(v=0.99, w=0.5), prices).ready) == 1, "no better than what costs nothing"
    assert len(panel_of(two_sources(v=0.99, w=0.75), {"v": 0.01, "w": 0.5}).ready) == 1, "worse and dearer"
    assert not panel_of(two_sources(v=0.99, w=0.75), {"v": 1.0, "w": 0.01}).ready, "a gold label is right"


def test_labels_of_all_texts_are_a_point_where_the_axis_reaches_their_cost():
    prices = {"v": 0.01, "w": 0.5}
    block = two_sources(v=0.99, w=0.75)
    panel = panel_of(block, prices)._replace(of_all=labels_of_all(block, prices, 20_000))
    said = "As they are for all 20,000 texts: v 99.0 % for $600 and w 75.0 % for $30,000."
    assert of_all_words([panel], DOLLARS) == said and said in advice_caption("t", [panel], [], TITLES, money=DOLLARS)
    figure = plot_what_to_buy([panel], "t", "accuracy", 0.9, DOLLARS)
    points = [line.get_xydata().tolist() for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert points == [[pytest.approx([600, 99])]]
    assert "v for all 20,000 texts: $600, 99.0 %" in [text.get_text() for text in figure.axes[0].texts]
    assert said in " ".join(figure.texts[-1].get_text().split())
    narrow = [text.get_text() for text in plot_what_to_buy([panel] * 3, "t", "accuracy", 0.9, DOLLARS).axes[0].texts]
    assert "all texts: $600" in narrow
    far = panel._replace(of_all=labels_of_all(block, prices, 10**7))
    assert not any(line.get_marker() == "o" for line in draw([far]).axes[0].lines)
    assert labels_of_all(block, prices, None) == [] and not of_all_words([panel, far], DOLLARS)


def test_asking_has_a_line_where_something_else_is_the_best_that_costs_nothing():
    panel = panel_of(make_block(asking=0.3))
    figure = plot_what_to_buy([panel], "t", "accuracy", 0.9, asking=0.3)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"commoner", "asking"} <= {*texts}
    assert any(line.get_ydata()[0] == pytest.approx(30) for line in figure.axes[0].lines)
    assert "always the commoner label or asking without labels (cost 0)" in " ".join(
        figure.texts[-1].get_text().split()
    )
    best = draw([panel_of(make_block())])
    assert [text.get_text() for text in best.axes[0].texts].count("asking") == 1


def test_words_move_apart_as_little_as_needed():
    assert style.spread(np.array([5.0, 1.0, 5.0]), 2).tolist() == [4, 1, 6]
    moved = style.spread(np.array([1.0, 1.0, 1.5, 9.0]), 1)
    assert (np.diff(np.sort(moved)) > 0.99).all() and moved[3] == 9
