import numpy as np
import pandas as pd
import pytest

from elicitation.analysis import production_fitting
from elicitation.analysis.evidence import Evidence
from elicitation.analysis.production import FORMS
from elicitation.analysis.production_fitting import (
    MIN_NOISE,
    fit_form,
    fit_group,
    held_out_predictions,
    judge,
    noise_of,
    parameter_columns,
)
from elicitation.buying.prices import smallest_budgets

BUDGETS, WEAK_PRICE = [16, 64, 256, 1024], 0.1
PURCHASES = np.array(
    [(int((b - int(s * b)) / WEAK_PRICE + 1e-9) if s < 1 else 0, int(s * b)) for b in BUDGETS for s in (0, 0.5, 0.8, 1)]
)
TRUTH = {
    "effective": [0.95, 60, 0.8, 0.5, 0.6],
    "capped": [0.95, 60, 0.8, 40, 150],
    "ces": [0.95, 60, 0.8, 0.05, 0.5],
}


def truth(form, purchases=PURCHASES):
    return FORMS[form].accuracy(TRUTH[form], *purchases.T.astype(float), purchases)


def resamples(accuracy, noise=0.02, seed=0, purchases=PURCHASES, replicates=40):
    """The evidence of purchases of these accuracies, observed with normal noise."""
    rng = np.random.default_rng(seed)
    observed = accuracy + noise * rng.standard_normal(len(purchases))
    points = pd.DataFrame(purchases, columns=["n_weak", "n_gold"]).assign(task="t", supervisor="v", student="s")
    deviations = noise * rng.standard_normal((len(purchases), replicates))
    return Evidence(points.assign(method="m", accuracy=observed), deviations)


def fit(evidence, budgets=BUDGETS):
    forms, predictions, [best] = fit_group(evidence, budgets, WEAK_PRICE)
    return forms.set_index("form"), predictions, best


# Noise


def test_noise_is_the_standard_error_and_no_point_weighs_all():
    deviations = np.random.default_rng(0).standard_normal((3, 4000)) * np.array([[0.02], [0.02], [0.0]])
    noise = noise_of(deviations)
    assert noise[:2] == pytest.approx([0.0183, 0.0183], abs=1e-3)
    assert 0.01 < noise[2] < noise[0]
    assert noise_of(np.zeros((2, 10))).tolist() == [MIN_NOISE] * 2


def test_deviations_without_a_variance_have_a_noise():
    deviations = 0.01 * np.random.default_rng(0).standard_cauchy((20, 1000))
    assert noise_of(deviations) == pytest.approx(np.full(20, 0.0184), rel=0.15)


# Single forms


@pytest.mark.parametrize("form", TRUTH)
def test_known_parameters_are_recovered(form):
    rng = np.random.default_rng(1)
    accuracy = truth(form) + 0.001 * rng.standard_normal(len(PURCHASES))
    values, _ = fit_form(form, PURCHASES, accuracy, np.full(len(PURCHASES), 0.001))
    assert values == pytest.approx(TRUTH[form], rel=0.1)


@pytest.mark.parametrize("form", TRUTH)
def test_intervals_hold_the_parameters(form):
    held = []
    for seed in range(6):
        evidence = resamples(truth(form), seed=seed)
        observed, deviations = evidence.accuracy, evidence.deviations
        noise = noise_of(deviations)
        values, replicates = fit_form(form, PURCHASES, observed, noise, observed[:, None] + deviations)
        row = parameter_columns(form, values, replicates)
        names = [parameter.name for parameter in FORMS[form].parameters]
        held += [row[f"{n}_low"] <= v <= row[f"{n}_high"] for n, v in zip(names, TRUTH[form], strict=True)]
    assert np.mean(held) > 0.8


def test_a_gaussian_process_follows_any_smooth_surface():
    accuracy = 0.6 + 0.1 * np.sin(np.log1p(PURCHASES[:, 0]) / 2) + 0.02 * np.log1p(PURCHASES[:, 1])
    values, _ = fit_form("process", PURCHASES, accuracy, np.full(len(PURCHASES), 0.005))
    found = FORMS["process"].accuracy(values, *PURCHASES.T.astype(float), PURCHASES)
    assert found == pytest.approx(accuracy, abs=0.02)


def test_the_lengths_of_a_gaussian_process_are_as_sure_as_the_data_make_them():
    """Accuracies that follow one label say something of its length alone, and more with less noise."""
    accuracy = 0.7 + 0.1 * np.sin(np.log1p(PURCHASES[:, 1]))

    def find(noise):
        noises = np.full(len(PURCHASES), noise)
        row = parameter_columns(
            "process", *fit_form("process", PURCHASES, accuracy, noises, np.tile(accuracy[:, None], 200))
        )
        for name in ("length_weak", "length_gold"):
            assert 3 <= row[f"{name}_low"] <= row[f"{name}_high"] <= 20
        return {name: row[f"length_{name}_high"] - row[f"length_{name}_low"] for name in ("weak", "gold")}

    sure, unsure = find(0.005), find(0.05)
    assert sure["gold"] < 0.5 * unsure["gold"] and sure["gold"] < 0.5 * sure["weak"]


@pytest.mark.parametrize("form", FORMS)
def test_replicates_follow_the_accuracies_that_they_are_fitted_to(form):
    accuracy, noise = truth("capped"), np.full(len(PURCHASES), 0.02)
    draws = np.repeat(np.column_stack([accuracy, accuracy - 0.02]), 10, axis=1)
    values, replicates = fit_form(form, PURCHASES, accuracy, noise, draws)
    expect = [FORMS[form].accuracy(v, *PURCHASES.T.astype(float), PURCHASES) for v in (values, *replicates)]
    assert np.mean(expect[1:11], axis=0) == pytest.approx(expect[0], abs=0.012)
    assert (np.mean(expect[11:], axis=0) - expect[0]).mean() == pytest.approx(-0.02, abs=5e-3)


@pytest.mark.parametrize("form", TRUTH)
def test_what_the_data_leave_open_is_as_wide_as_the_prior(form):
    """One purchase says little of any parameter but the worth of what it bought."""
    draws = np.full((1, 200), 0.7)
    _, replicates = fit_form(form, PURCHASES[:1], draws[:, 0], np.full(1, 0.02), draws)
    top = np.log((replicates[:, 0] - 0.5) / (1 - replicates[:, 0]))
    assert top.std() > 0.7 * FORMS[form].parameters[0].width


# Comparison


def test_a_held_out_budget_is_predicted_from_the_others_alone():
    budgets, noise = np.repeat(BUDGETS, 4), np.full(len(PURCHASES), 0.01)
    accuracy = truth("capped")
    before = held_out_predictions("capped", PURCHASES, accuracy, noise, budgets)
    changed = np.where(budgets == 64, 0.5, accuracy)
    after = held_out_predictions("capped", PURCHASES, changed, noise, budgets)
    assert after[budgets == 64] == pytest.approx(before[budgets == 64])
    assert (after[budgets != 64] != before[budgets != 64]).all()


@pytest.mark.parametrize("form", TRUTH)
def test_held_out_budgets_pick_the_true_form(form):
    forms, predictions, best = fit(resamples(truth(form), noise=0.01))
    assert best.form == form and forms.verdict[form] == "good"
    assert forms.best.sum() == 1 and forms.best[form]
    assert forms.error[form] < 0.02 and forms.explained[form] > 0.9
    assert len(predictions) == len(FORMS) * len(PURCHASES) and predictions.held_out.notna().all()


def test_a_surface_that_no_form_describes_is_a_bad_fit():
    rng = np.random.default_rng(3)
    forms, _, best = fit(resamples(rng.uniform(0.5, 0.95, len(PURCHASES)), noise=0.005))
    assert set(forms.verdict) == {"bad"} and best.verdict == "bad"
    assert (forms.explained < 0.5).all() and (forms.error > 0.1).all()


@pytest.mark.parametrize(
    ("error", "budgets", "verdict"), [(0.02, 3, "good"), (0.09, 3, "bad"), (0.02, 2, "undetermined")]
)
def test_verdicts_follow_from_the_share_explained(error, budgets, verdict):
    accuracy, noise = np.array([0.6, 0.7, 0.8, 0.9]), np.full(4, 0.02)
    assert judge(error, accuracy, noise, budgets)["verdict"] == verdict
    assert judge(error, accuracy, noise, budgets)["explained"] == pytest.approx(1 - error**2 / 0.0125)


def test_where_nothing_differs_beyond_noise_there_is_no_verdict():
    forms, _, _ = fit(resamples(np.full(len(PURCHASES), 0.7)))
    assert set(forms.verdict) == {"undetermined"} and forms.reason.str.contains("noise").all()


def test_two_fits_to_the_same_data_are_the_same():
    evidence = resamples(truth("ces"))
    first, second = (fit(evidence) for _ in range(2))
    pd.testing.assert_frame_equal(first[0], second[0])
    assert (first[2].replicates == second[2].replicates).all()


# What studies may bring


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(slice(0, 1), id="one purchase"),
        pytest.param(slice(0, 4), id="one budget"),
        pytest.param(slice(0, 8), id="two budgets"),
        pytest.param(PURCHASES[:, 1] == 0, id="weak only"),
        pytest.param(PURCHASES[:, 0] == 0, id="gold only"),
        pytest.param((PURCHASES > 0).all(axis=1), id="mixed"),
    ],
)
def test_few_purchases_are_fitted_all_the_same(kept):
    purchases = PURCHASES[kept]
    evidence = resamples(truth("capped", purchases), purchases=purchases)
    forms, predictions, best = fit(evidence)
    n_budgets = len(set(smallest_budgets(*purchases.T, WEAK_PRICE, BUDGETS)))
    assert (set(forms.verdict) == {"undetermined"}) == (n_budgets < 3)
    assert forms.best.sum() == 1 and len(predictions) == len(FORMS) * len(purchases)
    assert best.predict(*purchases.T) == pytest.approx(evidence.accuracy, abs=0.1)
    assert (best.error is None) == (n_budgets == 1)


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 1.0])
def test_accuracies_without_variance_or_at_their_limits_are_fitted(accuracy):
    forms, _, best = fit(resamples(np.full(len(PURCHASES), accuracy), noise=0.0))
    assert set(forms.verdict) == {"undetermined"}
    assert best.predict(100, 10) == pytest.approx(accuracy, abs=0.01)


def test_replicates_far_beyond_possible_accuracies_are_cut():
    evidence = resamples(truth("capped"))
    deviations = 0.05 * np.random.default_rng(0).standard_cauchy(evidence.deviations.shape)
    _, _, best = fit(Evidence(evidence.points, deviations))
    assert np.isfinite(best.replicates).all()
    low, high = best.accuracy_interval(*PURCHASES.T)
    assert low.min() >= 0 and high.max() <= 1


def test_no_more_replicates_are_refitted_than_needed(monkeypatch):
    monkeypatch.setattr(production_fitting, "REPLICATES", 5)
    assert len(fit(resamples(truth("capped")))[2].replicates) == 5
