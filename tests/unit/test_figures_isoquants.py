import matplotlib.pyplot as plt
import numpy as np
import pytest
from blocks import GOLD, WEAK, make_block, make_surface, rising
from test_figures import legend, panel_titles, panels

from elicitation.analysis.choices import decide, terms_for
from elicitation.analysis.lattice import make_lattice
from elicitation.analysis.posterior import Surface
from elicitation.figures.isoquants import MANY, PATH_COLOURS, best_path, has_isoquants, label_places, plot_isoquants


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def isoquants(blocks, budgets=(16, 64, 256), prices=(0.5, 0.01)):
    return plot_isoquants(blocks, "Student s", list(budgets), list(prices), {"t": 5000}, "accuracy")


def paths(axes):
    """The paths of a panel, by colour."""
    return {line.get_color(): line.get_xydata() for line in axes.lines if line.get_linestyle() == "-"}


def test_isoquants_have_a_panel_a_task_and_say_whose_they_are():
    figure = isoquants([make_block(task="t"), make_block(task="u")])
    assert panel_titles(figure) == ["t", "u"]
    assert figure.texts[-1].get_text().startswith("Student s. ")


def test_isoquants_show_every_purchase_that_was_run_and_its_expected_score():
    surface = make_surface()
    (axes,) = panels(isoquants([make_block([surface])]))
    points = axes.collections[-1]
    expected = [(w, g) for w in WEAK for g in GOLD if w + g]
    assert points.get_offsets().tolist() == [list(bought) for bought in expected]
    assert np.asarray(points.get_array()) == pytest.approx(100 * surface.at(*np.transpose(expected)).mean)


def test_pure_purchases_have_a_place_on_the_axes():
    (axes,) = panels(isoquants([make_block()]))
    for low, high in (axes.get_xlim(), axes.get_ylim()):
        assert low < 0 < high
    assert 0 in axes.get_xticks() and 0 in axes.get_yticks()


def test_isoquants_are_labelled_with_the_scores_that_are_expected_there():
    surface = make_surface()
    (axes,) = panels(isoquants([make_block([surface])]))
    labels = [text for text in axes.texts if text.get_text().endswith("%")]
    assert len(labels) >= 3
    for label in labels:
        # A label on the border may lie beyond it by a rounding error.
        n_weak, n_gold = np.clip(label.get_position(), 0, (WEAK[-1], GOLD[-1]))
        expected = 100 * surface.at([n_weak], [n_gold]).mean
        assert expected == pytest.approx(float(label.get_text().rstrip(" %")), abs=0.5)


def test_each_price_has_its_path_the_dearest_weak_labels_the_fewest():
    figure = isoquants([make_block()])
    found = paths(panels(figure)[0])
    dear, cheap = (found[colour] for colour in PATH_COLOURS[:2])
    assert np.nanmax(dear[:, 0]) < np.nanmax(cheap[:, 0])
    assert legend(figure) == ["weak label at 0.5", "weak label at 0.01", "purchase that was run"]


@pytest.mark.parametrize("price", [0.5, 0.05, 0.0])
def test_paths_are_what_is_recommended(price):
    block, budgets = make_block(), np.array([2, 5, 17, 64, 300])
    path = best_path(block, budgets, price, 600)
    for budget, bought in zip(budgets, path.tolist(), strict=True):
        decision = decide(block, terms_for(budget, {"v": price}, pool=600), 0.9)
        if decision.best is None:
            assert np.isnan(bought).all()
        else:
            options = decision.options
            assert bought == [options.n_weak[decision.best], options.n_gold[decision.best]]


def study_of(runs) -> Surface:
    """The surface of a study that ran these purchases, as its lattice has it."""
    lattice = make_lattice(np.array(runs))
    n_weak, n_gold = np.meshgrid(lattice.weak, lattice.gold, indexing="ij")
    n_seeds = 3 * np.isin(n_weak + 1j * n_gold, [w + 1j * g for w, g in runs])
    mean = np.where(n_weak + n_gold > 0, rising(n_weak, n_gold), np.nan)
    return Surface("v", "m", lattice.weak, lattice.gold, mean, mean[..., None] * 0, lattice.studied, n_seeds, mean)


def split(*gold_shares, budgets=(16, 64, 256, 1024), price=0.1):
    """The purchases of a grid."""
    return [(round(b * (1 - s) / price), round(b * s)) for b in budgets for s in gold_shares]


@pytest.mark.parametrize("price", [0.5, 0.01])
def test_isoquants_need_two_shares_of_gold_labels_at_two_budgets(price):
    assert has_isoquants(study_of(split(0, 0.25, 0.75, 1, budgets=(16, 64), price=price)))
    # Mixtures of one share lie on a line, and so do those of one budget.
    assert not has_isoquants(study_of(split(0, 0.5, 1, price=price)))
    assert not has_isoquants(study_of(split(0, 0.1, 0.5, 0.9, 1, budgets=[64], price=price)))


@pytest.mark.parametrize("runs", [split(0, 0.5, 1), split(0, 1), split(1), [(0, 16)]])
def test_where_few_mixtures_were_run_each_purchase_has_its_score_beside_it_and_there_are_no_lines(runs):
    figure = isoquants([make_block([study_of(runs)])])
    (axes,) = panels(figure)
    drawn = {text.xy: text.get_text() for text in axes.texts}
    assert drawn == {bought: f"{100 * rising(*bought):.0f} %" for bought in runs}
    # The purchases and nothing else.
    assert len(axes.collections) == 1 and not axes.lines
    assert legend(figure) == ["purchase that was run, with the accuracy to expect"]
    assert "too few mixtures" in figure.legends[0].get_title().get_text()


def test_scores_that_would_overlap_are_left_out():
    (axes,) = panels(isoquants([make_block([study_of([(0, 10), (0, 11), (0, 100), (5000, 0)])])]))
    assert [text.xy for text in axes.texts] == [(0, 10), (0, 100), (5000, 0)]


def test_only_panels_without_isoquants_have_scores_beside_purchases():
    figure = isoquants([make_block(), make_block([study_of(split(0, 0.5, 1))], task="u")])
    with_lines, without = panels(figure)
    assert paths(with_lines) and not without.lines
    assert len(without.texts) == 12
    assert all(part in figure.texts[-1].get_text() for part in ("Thin lines: ", "Numbers: "))


@pytest.mark.parametrize("kept", [{"weak": [0]}, {"gold": [0]}])
def test_labels_of_one_quality_have_scores_within_the_axes(kept):
    (axes,) = panels(isoquants([make_block([make_surface(**kept)])]))
    assert len(axes.texts) == 4
    for low, high in (axes.get_xlim(), axes.get_ylim()):
        assert low < 0 < high


def test_a_single_purchase_or_a_flat_surface_can_be_drawn():
    one = make_surface(weak=[0], gold=[16])
    flat = make_surface(lambda n_weak, n_gold: 0.7 + 0 * n_weak * n_gold)
    assert len(panels(isoquants([make_block([surface]) for surface in (one, flat, make_surface())]))) == 3


def test_many_panels_stay_on_a_page():
    blocks = [make_block(task=f"task {i}") for i in range(30)]
    assert len(blocks) > MANY
    figure = isoquants(blocks, prices=(0.5,))
    assert figure.get_figheight() < 10.5
    assert panel_titles(figure)[:2] == ["task 0", "task 1"]
    assert not any(text.get_text().endswith("%") for axes in figure.axes for text in axes.texts)


def test_labels_stand_on_their_isoquants():
    lines = [[np.array([(1.0, 1.0), (2000.0, 10.0)])], [], [np.array([(5.0, 5.0)])]]
    assert label_places(lines, (2000, 1000)) == [(2000.0, 10.0), (5.0, 5.0)]
