import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from elicitation.figures.regime_map import PALE, REGIME_COLOURS, cell_colour, map_axes, plot_regime_map

NAMES = {"supervisor": "v", "student": "s", "method": "m"}


def cell(regime, *probabilities):
    return pd.Series({"regime": regime, **dict(zip(REGIME_COLOURS, probabilities, strict=True))})


def test_the_map_reaches_a_little_beyond_the_study():
    budgets, prices = map_axes([16, 1024], [0.5, 0.01])
    assert budgets[0] < 16 < 1024 < budgets[-1] and prices[0] < 0.01 < 0.5 < prices[-1]
    assert np.allclose(np.diff(np.log(budgets)), np.log(budgets[1] / budgets[0]))


def test_decided_regimes_are_strong_leading_ones_pale_and_others_white():
    green = np.array(to_rgb(REGIME_COLOURS["mixed"]))
    assert cell_colour(cell("mixed", 0.0, 0.95, 0.05)) == pytest.approx(green)
    assert cell_colour(cell("undetermined", 0.3, 0.6, 0.1)) == pytest.approx(1 + PALE * (green - 1))
    assert cell_colour(cell("undetermined", np.nan, np.nan, np.nan)) == pytest.approx(np.ones(3))


def test_there_is_a_panel_a_task_with_the_studys_budgets_and_prices_as_ticks():
    budgets, prices = map_axes([16, 64], [0.5, 0.1])
    cells = pd.DataFrame(
        [
            NAMES | {"task": task, "budget": b, "weak_price": p, **cell("mixed", 0, 1, 0)}
            for task in ("average", "a")
            for b in budgets
            for p in prices
        ]
    )
    figure = plot_regime_map(cells, {"m": "Method M"}, [16, 64], [0.5, 0.1], 0.9)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == ["average", "a"]
    assert panels[0].get_xticks().tolist() == [16, 64] and panels[0].get_yticks().tolist() == [0.5, 0.1]
    assert "Student s, weak labels of v, Method M." in figure.texts[-1].get_text().replace("\n", " ")
    plt.close("all")
