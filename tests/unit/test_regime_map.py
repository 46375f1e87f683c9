import matplotlib.pyplot as plt
import numpy as np
import pytest
from blocks import make_block, make_surface
from matplotlib.colors import to_rgb

from elicitation.analysis.choices import decide, terms_for
from elicitation.analysis.names import NOTHING_BOUGHT, UNDETERMINED
from elicitation.figures.regime_map import CELLS, PALE, map_axis, map_cells, plot_regime_map
from elicitation.figures.style import CHOICE_COLOURS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def cells(block, verdict=0.9):
    return map_cells(block, [16, 64], [0.5, 0.1], None, verdict)


def regime_map(maps):
    return plot_regime_map(maps, "Student s, weak labels of v, Method M", [16, 64], [0.5, 0.1], 0.9)


def colours(figure):
    """Of each panel the colours of its cells (CELLS, CELLS, 3), by price and budget."""
    return [np.asarray(axes.collections[0].get_array()).reshape(CELLS, CELLS, -1) for axes in figure.axes]


def test_the_map_reaches_a_little_beyond_the_study():
    budgets, prices = map_axis([16, 1024]), map_axis([0.5, 0.01])
    assert budgets[0] < 16 < 1024 < budgets[-1] and prices[0] < 0.01 < 0.5 < prices[-1]
    assert np.allclose(np.diff(np.log(budgets)), np.log(budgets[1] / budgets[0]))
    assert map_axis([0, 0.1])[0] > 0, "labels that are free have no place on a logarithmic axis"


def test_every_cell_says_what_is_recommended_there():
    block = make_block()
    found = cells(block)
    assert len(found) == CELLS**2
    for row in found.iloc[:: CELLS * 7 + 3].itertuples():
        decision = decide(block, terms_for(row.budget, {"v": row.weak_price}), 0.9)
        assert (row.regime, row.leading) == (decision.regime, decision.leading)


def test_decided_choices_are_strong_and_undetermined_ones_pale():
    surface = make_surface()
    sure, unsure = cells(make_block([surface])), cells(make_block([make_surface(spread=0.3)]))
    strong, pale = colours(regime_map({"sure": sure, "unsure": unsure}))
    for table, shown in ((sure, strong), (unsure, pale)):
        by_price = table.pivot(index="weak_price", columns="budget", values=["leading", "regime"])
        for i, j in ((0, 0), (5, 40), (40, 5), (47, 47)):
            colour = np.array(to_rgb(CHOICE_COLOURS[by_price.leading.iloc[i, j]]))
            undetermined = by_price.regime.iloc[i, j] == UNDETERMINED
            assert shown[i, j] == pytest.approx(1 + PALE * (colour - 1) if undetermined else colour)
    assert (unsure.regime == UNDETERMINED).mean() > (sure.regime == UNDETERMINED).mean()


def test_regions_and_legend_say_in_plain_words_what_to_buy():
    figure = regime_map({"t": cells(make_block(asking=0.99))})
    assert [text.get_text() for text in figure.axes[0].texts] == ["buy\nnothing"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["buy nothing"]
    assert np.allclose(colours(figure)[0], to_rgb(CHOICE_COLOURS[NOTHING_BOUGHT]))


def test_there_is_a_panel_a_task_with_the_studys_budgets_and_prices_as_ticks():
    table = cells(make_block())
    figure = regime_map({"average": table, "a": table})
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == ["average", "a"]
    assert panels[0].get_xticks().tolist() == [16, 64] and panels[0].get_yticks().tolist() == [0.5, 0.1]
    note = figure.texts[-1].get_text().replace("\n", " ")
    assert "Student s, weak labels of v, Method M." in note
    assert "Among purchases of this source and method alone." in note
