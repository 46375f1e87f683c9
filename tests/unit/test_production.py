import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.analysis.production import (
    CHANCE,
    FORMS,
    NEAR_BEST,
    Fit,
    as_json,
    best_of,
    best_purchase,
    budget_splits,
    expansion_path,
    expansion_table,
    fit_words,
    marginal_rate,
    marginal_rate_replicates,
    read_production,
    substitution_table,
)
from elicitation.buying.prices import cost
from elicitation.files import write_json

SOURCE = Path(__file__).parents[2] / "src"
PURCHASES = np.array([(0, 16), (80, 8), (160, 0), (0, 256), (1280, 128), (2560, 0)])
TRUTH = {
    "effective": {"top": 0.95, "scale": 60.0, "beta": 0.8, "kappa": 0.5, "rho": 0.6},
    "capped": {"top": 0.95, "scale": 60.0, "beta": 0.8, "cap": 40.0, "half": 150.0},
    "ces": {"top": 0.95, "scale": 60.0, "beta": 0.8, "kappa": 0.05, "r": 0.5},
    "process": {"length_weak": 5.0, "length_gold": 4.0, "level": 0.7}
    | {f"weight_{i}": weight for i, weight in enumerate((-0.4, -0.3, -0.2, 0.3, 0.4, 0.1))},
}


def fit_of(form="effective", purchases=PURCHASES, **changes):
    """A fit with the parameters TRUTH, and replicates around them."""
    values = np.array(list(TRUTH[form].values()))
    replicates = values * np.random.default_rng(0).uniform(0.95, 1, (20, len(values)))
    known = {"task": "t", "supervisor": "v", "student": "s", "method": "m", "form": form}
    found = {"verdict": "good", "reason": "", "error": 0.03, "noise": 0.02, "parameters": TRUTH[form]}
    data = {"purchases": purchases, "accuracy": np.full(len(purchases), 0.7), "replicates": replicates}
    return Fit(**known | found | data | {"weak_price": 0.1, "cheapest": 16.0, "dearest": 256.0} | changes)


amounts = st.integers(0, 10_000)


# Prediction


@pytest.mark.parametrize(
    ("form", "effective"),
    [
        ("effective", 100 + 0.5 * 1000**0.6),
        ("capped", 100 + 40 * 1000 / 1150),
        ("ces", (np.sqrt(50) + np.sqrt(100)) ** 2),
    ],
)
def test_accuracy_is_a_power_law_of_the_effective_number_of_gold_labels(form, effective):
    expected = 0.95 - 0.45 * (1 + effective / 60) ** -0.8
    assert fit_of(form).predict(1000, 100) == pytest.approx(expected)


@given(amounts, amounts, st.sampled_from(["effective", "capped", "ces"]))
def test_more_labels_never_lower_what_a_formula_expects(n_weak, n_gold, form):
    fit = fit_of(form)
    here = fit.predict(n_weak, n_gold)
    assert CHANCE <= here <= 0.95
    assert fit.predict(n_weak + 10, n_gold) >= here and fit.predict(n_weak, n_gold + 10) > here


def test_without_labels_accuracy_is_chance():
    assert [fit_of(form).predict(0, 0) for form in ("effective", "capped", "ces")] == [CHANCE] * 3


def test_an_elasticity_that_is_infinite_is_a_sum():
    ces, linear = (dict(TRUTH[name]) for name in ("ces", "effective"))
    ces |= {"kappa": 0.2, "r": 1.0}
    linear |= {"kappa": 0.2, "rho": 1.0}
    n_weak, n_gold = np.array([0, 100, 1000]), np.array([10, 0, 20])
    one, other = fit_of("ces", parameters=ces), fit_of("effective", parameters=linear)
    assert one.predict(n_weak, n_gold) == pytest.approx(other.predict(n_weak, n_gold))


def test_a_gaussian_process_is_its_level_plus_weighted_kernels():
    fit = fit_of("process", purchases=PURCHASES[:2], parameters=dict(list(TRUTH["process"].items())[:5]))
    near = [np.exp(-(((np.log1p(30) - np.log1p(w)) / 5) ** 2 + ((np.log1p(9) - np.log1p(g)) / 4) ** 2) / 2)
            for w, g in PURCHASES[:2]]  # fmt: skip
    assert fit.predict(30, 9) == pytest.approx(0.7 - 0.4 * near[0] - 0.3 * near[1])


@pytest.mark.parametrize("form", FORMS)
def test_predictions_have_the_shape_of_the_purchases_and_replicates_come_first(form):
    fit = fit_of(form)
    assert fit.predict(5, 3).shape == ()
    assert fit.predict(np.ones((2, 1)), np.ones(3)).shape == (2, 3)
    drawn = fit.predict_replicates(np.ones((2, 1)), np.ones(3))
    assert drawn.shape == (20, 2, 3)
    first = replace(fit, parameters=dict(zip(fit.parameters, fit.replicates[0], strict=True)))
    assert drawn[0] == pytest.approx(first.predict(np.ones((2, 1)), np.ones(3)))


@pytest.mark.parametrize("form", FORMS)
def test_intervals_hold_the_prediction_and_count_the_models_own_error(form):
    n_weak, n_gold = PURCHASES.T
    exact, rough = fit_of(form, error=0.01), fit_of(form, error=0.1)
    low, high = exact.accuracy_interval(n_weak, n_gold)
    assert (low <= exact.predict(n_weak, n_gold)).all() and (exact.predict(n_weak, n_gold) <= high).all()
    assert exact.model_error == 0 and rough.model_error == pytest.approx(np.sqrt(0.1**2 - 0.02**2))
    wider = rough.accuracy_interval(n_weak, n_gold)
    assert (wider[1] - wider[0] > high - low).all() and wider.min() >= 0 and wider.max() <= 1


def test_what_lies_beyond_the_purchases_studied_is_known():
    fit = fit_of()
    inside = [(0, 16), (2560, 0), (1000, 100), (0, 256)]
    beyond = [(0, 8), (100, 0), (2561, 0), (0, 257), (2560, 200)]
    assert fit.studied(*np.transpose(inside)).all()
    assert not fit.studied(*np.transpose(beyond)).any()


def test_how_good_a_fit_is_is_said_in_words():
    assert fit_words(0.0312, 0.02, "bad", "") == "off by 3.1 points (noise 2.0): bad fit"
    assert fit_words(None, 0.02, "undetermined", "too few") == "undetermined, too few"


# Marginal rate of technical substitution


@pytest.mark.parametrize(
    ("form", "rate"),
    [
        ("effective", lambda w, g: 1 / (0.5 * 0.6 * w ** (0.6 - 1))),
        ("capped", lambda w, g: (w + 150) ** 2 / (40 * 150)),
        ("ces", lambda w, g: (g / (0.05 * w)) ** (0.5 - 1) / 0.05),
    ],
)
@given(w=st.integers(1, 2500), g=st.integers(1, 250))
def test_the_marginal_rate_is_that_of_the_closed_form(form, rate, w, g):
    assert marginal_rate(fit_of(form), w, g) == pytest.approx(rate(w, g), rel=1e-3)


def test_along_an_isoquant_weak_labels_replace_gold_ones_at_the_marginal_rate():
    fit, n_weak = fit_of("capped"), 100.0
    n_gold = fit.largest[1] / 2
    level, rate = fit.predict(n_weak, n_gold), marginal_rate(fit, n_weak, n_gold)
    assert fit.predict(n_weak + 0.01 * rate, n_gold - 0.01) == pytest.approx(level, abs=1e-8)


def test_the_rate_is_missing_where_a_quality_was_never_bought():
    for purchases in (PURCHASES * (1, 0), PURCHASES * (0, 1)):
        assert np.isnan(marginal_rate(fit_of(purchases=purchases), 10, 10))


def test_the_rate_is_infinite_where_weak_labels_do_harm():
    weights = {"weight_0": 0.5, "weight_1": -0.5}
    harm = {"length_weak": 3.0, "length_gold": 3.0, "level": 0.7} | weights
    fit = fit_of("process", purchases=np.array([(0, 200), (200, 0)]), parameters=harm)
    assert marginal_rate(fit, 10, 10) == np.inf


# Purchases and paths


def test_purchases_are_whole_and_spend_the_budget_by_steps_of_a_twentieth():
    purchases = budget_splits(fit_of(), 64, 0.1)
    assert len(purchases) == 21
    assert purchases[0].tolist() == [640, 0] and purchases[-1].tolist() == [0, 64]
    assert purchases[1].tolist() == [610, 3] and purchases[10].tolist() == [320, 32]


@given(st.floats(0.2, 1e5), st.floats(1e-3, 5), st.integers(1, 3000))
def test_purchases_never_exceed_budget_pool_or_what_was_studied(budget, weak_price, pool_size):
    n_weak, n_gold = budget_splits(fit_of(), budget, weak_price, pool_size).T
    assert (cost(n_weak, n_gold, weak_price) <= budget + 1e-6).all()
    assert (n_weak + n_gold <= pool_size).all() and n_weak.max() <= 2560 and n_gold.max() <= 256
    assert (n_weak + n_gold > 0).all() or len(n_weak) == 1


def test_a_budget_that_buys_nothing_buys_nothing():
    assert best_purchase(fit_of(), 0.5, 1) == (0, 0)


@pytest.mark.parametrize("form", FORMS)
@given(budget=st.integers(2, 300), weak_price=st.sampled_from([1, 0.5, 0.1, 0.01]))
def test_the_best_purchase_is_nearly_as_good_as_any_and_cheapest_of_those(form, budget, weak_price):
    fit = fit_of(form)
    n_weak, n_gold = best_purchase(fit, budget, weak_price)
    found = fit.predict(n_weak, n_gold)
    for w, g in budget_splits(fit, budget, weak_price):
        assert fit.predict(w, g) <= found + NEAR_BEST + 1e-12
        if fit.predict(w, g) >= found + 1e-12:
            assert cost(w, g, weak_price) >= cost(n_weak, n_gold, weak_price)


@pytest.mark.parametrize("form", ["effective", "capped", "ces"])
@pytest.mark.parametrize(("budget", "weak_price"), [(30, 0.1), (100, 0.02), (200, 0.5)])
def test_the_best_purchase_comes_close_to_a_search_of_all(form, budget, weak_price):
    fit = fit_of(form)
    n_gold = np.arange(budget + 1)
    n_weak = np.minimum(np.floor((budget - n_gold) / weak_price), 2560)
    best = fit.predict(n_weak, n_gold).max()
    assert fit.predict(*best_purchase(fit, budget, weak_price)) >= best - 0.004
    path = expansion_path(fit, [budget], weak_price)
    assert fit.predict(*path.T) >= best - 1e-4


@pytest.mark.parametrize("form", ["effective", "capped", "ces"])
def test_on_the_expansion_path_the_marginal_rate_is_the_ratio_of_prices(form):
    fit = fit_of(form)
    path = expansion_path(fit, [60, 100, 200], 0.05)
    assert (path > 0).all() and (path < fit.largest).all()
    assert marginal_rate(fit, *path.T) == pytest.approx(np.full(3, 20), rel=0.1)


def test_of_nearly_equal_purchases_the_cheapest_is_taken_and_of_those_the_best():
    accuracies = np.array([0.8, 0.7995, 0.7992, 0.5])
    assert best_of(accuracies, np.array([9, 4, 4, 1])) == 1
    assert best_of(accuracies, np.array([4, 4, 4, 4])) == 0


# Files and tables


def test_fits_are_read_as_they_were_written(tmp_path):
    fits = [fit_of(form) for form in FORMS]
    write_json(tmp_path / "production.json", {"fits": [as_json(fit) for fit in fits]})
    for fit, read in zip(fits, read_production(tmp_path / "production.json"), strict=True):
        assert list(read.parameters) == list(fit.parameters) and read.names == fit.names
        assert read.largest == fit.largest and (read.purchases == fit.purchases).all()
        for predict in ("predict", "predict_replicates"):
            assert getattr(read, predict)(100, 10) == pytest.approx(getattr(fit, predict)(100, 10), abs=1e-5)


def test_reading_and_predicting_imports_nothing_heavy():
    code = "import sys, elicitation.analysis.production\n"
    code += "print({'scipy', 'sklearn', 'matplotlib', 'torch'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": SOURCE})
    assert result.stdout == "set()\n", result.stderr


def test_tables_hold_every_fit_purchase_price_and_budget():
    fits = [fit_of("capped"), fit_of("ces", task="u")]
    substitution = substitution_table(fits)
    assert len(substitution) == 2 * len(PURCHASES)
    row = substitution[(substitution.task == "t") & (substitution.n_weak == 80)].iloc[0]
    assert row.rate == pytest.approx(marginal_rate(fits[0], 80, 8)) and row.rate_low < row.rate_high
    expansion = expansion_table(fits, [16, 64], {"v": [0.5, 0.1]}, {"t": 100, "u": 3000})
    assert len(expansion) == 2 * 2 * 2 and (expansion.cost <= expansion.budget).all()
    assert (expansion.accuracy_low <= expansion.accuracy).all() and (
        expansion.accuracy <= expansion.accuracy_high
    ).all()
    task = expansion[expansion.task == "t"]
    assert (task.n_weak + task.n_gold <= 100).all()
    assert (expansion[expansion.task == "u"].n_weak > 100).any()


def test_the_interval_of_a_rate_may_be_infinite():
    values = {"length_weak": 3.0, "length_gold": 3.0, "level": 0.7, "weight_0": 0.5, "weight_1": -0.5}
    replicates = np.tile(list(values.values()), (5, 1))
    fit = fit_of("process", purchases=np.array([(0, 200), (200, 0)]), parameters=values, replicates=replicates)
    assert marginal_rate_replicates(fit, 10, 10).tolist() == [np.inf] * 5
    assert np.isposinf(substitution_table([fit]).rate_high).any()
