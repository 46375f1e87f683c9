import numpy as np
import pandas as pd
import pytest
from simulated import PURCHASES, draw_correct

from elicitation.analysis.evidence import Evidence, score_configuration
from elicitation.analysis.noise import (
    LEAST_ERROR,
    SHARED_LUCK,
    USUAL_SPREAD,
    example_covariance,
    noise_covariance,
    seed_variances,
    variance_trend,
)

PLACES = np.log1p(PURCHASES.astype(float))


def evidence(variance, freedom=3, n_seeds=4, covariance=None, purchases=PURCHASES, n_tasks=1, n_test=400):
    """Evidence with these variances by seeds."""
    points = pd.DataFrame(purchases, columns=["n_weak", "n_gold"]).assign(
        seed_variance=variance,
        seed_freedom=freedom,
        n_seeds=n_seeds,
        n_tasks=n_tasks,
        n_test=n_test,
        n_texts=n_test,
        coverage=1.0,
        paid=1.0,
    )
    return Evidence(points, np.zeros((len(points),) * 2) if covariance is None else covariance)


def drawn(scores, rng, seeds=4, seed_spread=0.02):
    """Evidence on scores, and by how much they are off."""
    correct = draw_correct(scores, seeds, 400, seed_spread, rng)
    rows = pd.DataFrame([score_configuration("accuracy", 2 * runs - 1, np.ones(400)) for runs in correct])
    covariance = np.cov(np.stack(rows.examples)) / 400
    found = evidence(rows.seed_variance.to_numpy(), seeds - 1, seeds, covariance)
    return found, rows.score.to_numpy() - scores


def test_a_trend_recovers_variances_that_fall_with_the_labels():
    rng, places = np.random.default_rng(0), np.random.default_rng(1).uniform(0, 7, (400, 2))
    truth = np.exp(-6 - 0.5 * places[:, 0] - 0.2 * places[:, 1])
    found = variance_trend(truth * rng.chisquare(3, 400) / 3, np.full(400, 3.0), places)
    assert np.log(found) == pytest.approx(np.log(truth), abs=0.4)


def test_alike_variances_have_a_level_trend():
    found = variance_trend(np.full(20, 4e-4), np.full(20, 30.0), PLACES[:20])
    assert found == pytest.approx(4e-4, rel=0.02)


def test_seeds_vary_as_their_own_few_and_as_the_others_say():
    odd = np.full(len(PURCHASES), 1e-4)
    odd[0] = 16e-4
    found = seed_variances(evidence(odd))
    assert 2e-4 < found[0] < 10e-4, "between its own and that of the others"
    assert np.median(found[1:]) < found[0]


def test_where_no_configuration_has_two_seeds_what_is_usual_is_expected():
    found = seed_variances(evidence(np.nan, freedom=0, n_seeds=1))
    assert found == pytest.approx(USUAL_SPREAD**2 + LEAST_ERROR**2)


def test_seeds_that_agree_by_luck_are_not_sure():
    found = seed_variances(evidence(0.0, freedom=2, n_seeds=3, purchases=PURCHASES[:3]))
    assert (np.sqrt(found) > 0.005).all()


def test_one_seed_among_configurations_of_four_is_four_times_as_variable():
    n_seeds = np.full(len(PURCHASES), 4)
    n_seeds[0] = 1
    variance = np.where(n_seeds == 1, np.nan, 1e-4)
    found = seed_variances(evidence(variance, n_seeds - 1, n_seeds)) - LEAST_ERROR**2
    assert found[0] == pytest.approx(4 * np.median(found[1:]), rel=0.3)


def test_what_is_the_same_for_every_seed_has_no_variance_of_seeds():
    purchases = np.vstack([[[0, 0]], PURCHASES])
    found = seed_variances(evidence(np.where(purchases.any(axis=1), 1e-4, 0), purchases=purchases))
    assert found[0] == 0 and (found[1:] > 0).all()


def test_luck_of_seeds_is_shared_and_the_noise_is_a_covariance():
    rng = np.random.default_rng(2)
    found, _ = drawn(np.linspace(0.6, 0.9, len(PURCHASES)), rng)
    noise, of_examples = noise_covariance(found), example_covariance(found)
    errors = np.sqrt(seed_variances(found))
    assert noise[0, 1] - of_examples[0, 1] == pytest.approx(SHARED_LUCK * errors[0] * errors[1])
    assert np.linalg.eigvalsh(noise).min() > 0


def test_scores_that_are_high_by_luck_do_not_count_for_more():
    """A share of right answers varies less the higher it is: by raw variances the mean would be half a point off."""
    rng, raw, smooth, said = np.random.default_rng(3), [], [], []
    truth = np.full(len(PURCHASES), 0.8)
    for _ in range(200):
        found, off = drawn(truth, rng)
        noise = noise_covariance(found)
        without = noise - example_covariance(found) + found.covariance
        for covariance, means in ((noise, smooth), (without, raw)):
            weights = np.linalg.solve(covariance, np.ones(len(off)))
            means.append(weights @ off / weights.sum())
        said.append(1 / np.linalg.inv(noise).sum())
    assert np.mean(raw) > 0.003
    assert abs(np.mean(smooth)) < 0.0025
    assert np.var(smooth) == pytest.approx(np.mean(said), rel=0.3)


@pytest.mark.parametrize("level", [0.6, 0.8, 0.95])
def test_noise_is_as_large_as_scores_are_off(level):
    rng, squares = np.random.default_rng(4), []
    for _ in range(60):
        found, off = drawn(np.full(len(PURCHASES), level), rng)
        squares.append(off @ np.linalg.solve(noise_covariance(found), off) / len(off))
    assert 0.75 < np.mean(squares) < 1.15


def test_an_answer_that_is_right_everywhere_is_not_certain():
    rng = np.random.default_rng(5)
    found, _ = drawn(np.full(len(PURCHASES), 0.9), rng)
    covariance = found.covariance.copy()
    covariance[0] = covariance[:, 0] = 0
    assert example_covariance(Evidence(found.points, covariance))[0, 0] > 1e-5
