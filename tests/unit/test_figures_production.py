import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_figures import legend, panel_titles, panels, words
from test_production import PURCHASES, TRUTH, fit_of

from elicitation.analysis.production import CHANCE, FORMS
from elicitation.figures import style
from elicitation.figures.isoquants import MANY, PATH_COLOURS, label_places, plot_isoquants
from elicitation.figures.production import FEW, plot_production

BAD_COLOUR = style.NAMED_COLOURS[3]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def isoquants(fits, budgets=(16, 64, 256), prices=(0.5, 0.01)):
    return plot_isoquants(fits, {"m": "Method M"}, list(budgets), list(prices), {"t": 5000})


def paths(axes):
    """The expansion paths of a panel, by colour."""
    return {line.get_color(): line.get_xydata() for line in axes.lines}


# Isoquants


def test_isoquants_have_a_panel_a_fit_and_name_form_and_verdict():
    figure = isoquants([fit_of("capped"), fit_of("ces", task="u", verdict="bad")])
    good, bad = panels(figure)
    assert [title.splitlines()[0] for title in panel_titles(figure)] == [
        "t: weak labels worth up to a cap",
        "u: constant elasticity (CES)",
    ]
    assert "off by 3.0 points (noise 2.0): bad fit" in " ".join(bad.get_title().split())
    assert bad.title.get_color() == BAD_COLOUR != good.title.get_color()


def test_isoquants_show_every_purchase_and_its_accuracy():
    fit = fit_of(accuracy=np.linspace(0.5, 0.9, len(PURCHASES)))
    (axes,) = panels(isoquants([fit]))
    points = axes.collections[-1]
    assert (points.get_offsets() == PURCHASES).all()
    assert np.asarray(points.get_array()) == pytest.approx(100 * fit.accuracy)


def test_pure_purchases_have_a_place_on_the_axes():
    (axes,) = panels(isoquants([fit_of()]))
    for low, high in (axes.get_xlim(), axes.get_ylim()):
        assert low < 0 < high
    assert 0 in axes.get_xticks() and 0 in axes.get_yticks()


def test_isoquants_are_labelled_with_accuracies_that_the_fit_expects_there():
    fit = fit_of("effective")
    (axes,) = panels(isoquants([fit]))
    labels = [text for text in axes.texts if text.get_text().endswith("%")]
    assert len(labels) >= 3
    for label in labels:
        expected = 100 * fit.predict(*label.get_position())
        assert expected == pytest.approx(float(label.get_text().rstrip(" %")), abs=0.5)


def test_each_price_has_its_expansion_path_the_dearest_weak_labels_the_fewest():
    figure = isoquants([fit_of("ces")])
    found = paths(panels(figure)[0])
    dear, cheap = (found[colour] for colour in PATH_COLOURS[:2])
    assert np.nanmax(dear[:, 0]) < np.nanmin(cheap[:, 0])
    assert legend(figure) == ["weak label at 0.5", "weak label at 0.01", "observed purchase"]


def test_nothing_is_drawn_where_nothing_was_studied():
    fit = fit_of("ces")
    (axes,) = panels(isoquants([fit], budgets=(4, 16, 64, 256, 1024)))
    for path in paths(axes).values():
        assert np.isnan(path).any()
        assert fit.studied(*path[~np.isnan(path[:, 0])].T).all()
    shade = axes.collections[0].get_array()
    assert 0.1 < np.ma.getmaskarray(shade).mean() < 0.9


@pytest.mark.parametrize("kept", [(1, 0), (0, 1)])
def test_labels_of_one_quality_have_points_alone(kept):
    (axes,) = panels(isoquants([fit_of(purchases=PURCHASES * kept)]))
    assert not axes.lines and len(axes.collections) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_single_purchase_or_a_flat_surface_can_be_drawn(form):
    one = fit_of("capped", purchases=PURCHASES[1:2])
    flat = fit_of("effective", parameters=TRUTH["effective"] | {"top": CHANCE})
    assert len(panels(isoquants([one, flat, fit_of(form)]))) == 3


def test_many_panels_stay_on_a_page():
    fits = [fit_of(task=f"task {i}") for i in range(30)]
    assert len(fits) > MANY
    figure = isoquants(fits)
    assert figure.get_figheight() < 10.5
    assert panel_titles(figure)[:2] == ["task 0 (good)", "task 1 (good)"]
    assert not any(text.get_text().endswith("%") for axes in figure.axes for text in axes.texts)


def test_labels_stand_on_their_isoquants():
    lines = [[np.array([(1.0, 1.0), (2000.0, 10.0)])], [], [np.array([(5.0, 5.0)])]]
    assert label_places(lines, fit_of()) == [(2000.0, 10.0), (5.0, 5.0)]


# Predicted against observed


def fitted(tasks=("average", "topic"), verdict="good", held_out=0.6):
    """The tables of forms and of predictions: two purchases a task."""
    names, top = {"supervisor": "v", "student": "s", "method": "m"}, {"accuracy_high": 1}
    forms = [
        names | {"task": task, "form": form, "error": 0.05, "noise": 0.02, "verdict": verdict, "reason": ""}
        for task in tasks
        for form in FORMS
    ]
    points = [
        row | {"n_weak": 10, "n_gold": n} | {"held_out": held_out, "accuracy": a, "accuracy_low": a - 0.1, **top}
        for row in forms
        for n, a in ((0, 0.6), (5, 0.8))
    ]
    forms = pd.DataFrame(forms)
    return forms.assign(best=forms.form == "capped"), pd.DataFrame(points)


def test_production_has_a_panel_a_form_with_points_and_bars():
    figure = plot_production(*fitted(), {"m": "Method M"})
    assert panel_titles(figure) == [form.title for form in FORMS.values()]
    for axes in panels(figure):
        points = np.concatenate([line.get_xydata() for line in axes.lines if line.get_linestyle() == "None"])
        assert sorted(map(tuple, points.tolist())) == [(60, 60)] * 2 + [(60, 80)] * 2
        bars = [bar[:, 1] for found in axes.containers for bar in found[2][0].get_segments()]
        assert bars[0] == pytest.approx([50, 100]) and bars[1] == pytest.approx([70, 100])
    assert legend(figure) == ["average", "topic", "predicted = observed"]


def test_production_says_how_far_each_form_is_off_and_which_is_best():
    axes = panels(plot_production(*fitted(), {}))[1]
    assert [text.get_text() for text in axes.texts] == [
        "topic off by 5.0 points (noise 2.0): good fit",
        "average off by 5.0 points (noise 2.0): good fit",
    ]
    assert {text.get_fontweight() for text in axes.texts} == {"bold"}


def test_production_calls_bad_fits_bad():
    for axes in panels(plot_production(*fitted(verdict="bad"), {})):
        assert all(text.get_text().endswith("bad fit") and text.get_color() == BAD_COLOUR for text in axes.texts)


def test_production_of_a_single_budget_has_words_alone():
    forms, predictions = fitted(verdict="undetermined", held_out=np.nan)
    forms = forms.assign(error=np.nan, reason="fewer than three budgets")
    figure = plot_production(forms, predictions, {})
    assert "average undetermined, fewer than three budgets" in words(figure)


def test_production_counts_the_verdicts_of_many_tasks():
    tasks = ["average", *(f"task {i}" for i in range(FEW + 3))]
    figure = plot_production(*fitted(tasks), {})
    assert "of 10: 10 good; best for 10" in words(figure)
    assert legend(figure) == ["other tasks", "average", "predicted = observed"]
