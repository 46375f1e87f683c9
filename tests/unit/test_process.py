from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from elicitation.analysis.process import (
    HYPERPARAMETERS,
    JITTER,
    LEVEL,
    MEDIANS,
    NEGLIGIBLE,
    Data,
    Places,
    fit_hyperparameters,
    log_likelihood,
    low_rank_factors,
    matern,
    misfit,
    mixture,
    posterior,
    prior,
    prior_covariance,
)

GRID = np.array([(w, g) for w in (0, 20, 100, 500) for g in (0, 4, 16, 64) if w + g])


def places(pairs=GRID, supervisor=0, method=0, others=0, own=1.0):
    u, v = np.log1p(np.asarray(pairs, dtype=float)).T
    every = (np.broadcast_to(values, u.shape) for values in (supervisor, method, others))
    return Places(u, v, *every, own)


def data(score, noise=1e-4, **more):
    score = np.asarray(score, dtype=float)
    return Data(places(**more), score, noise * np.eye(len(score)))


def full(free, known, at):
    """The textbook's posterior (Rasmussen & Williams 2006, eq. 2.23 and 2.24), by inverting matrices."""
    inverse = np.linalg.inv(prior_covariance(free, known.places, known.places) + known.noise)
    cross = prior_covariance(free, at, known.places)
    return cross @ inverse @ known.score, prior_covariance(free, at, at) - cross @ inverse @ cross.T


def wave(pairs=GRID):
    return 0.05 * np.sin(np.log1p(pairs[:, 0])) + 0.03 * np.log1p(pairs[:, 1])


def test_without_noise_the_posterior_goes_through_the_points():
    mean, factors = posterior(MEDIANS, data(wave(), noise=JITTER), places())
    assert mean == pytest.approx(wave(), abs=1e-4)
    assert np.abs(factors).max(initial=0) < 2 * NEGLIGIBLE


def test_posterior_and_its_factors_are_the_textbooks():
    known = data(wave())
    at = places([(0, 9), (50, 9), (300, 0), (2, 30), (4000, 500)])
    mean, factors = posterior(MEDIANS, known, at)
    expected, covariance = full(MEDIANS, known, at)
    assert mean == pytest.approx(expected)
    assert factors @ factors.T == pytest.approx(covariance, abs=NEGLIGIBLE**2)


def test_the_likelihood_is_that_of_a_normal_distribution():
    known = data(wave())
    covariance = prior_covariance(MEDIANS, known.places, known.places) + known.noise
    constant = 0.5 * len(GRID) * np.log(2 * np.pi)
    assert log_likelihood(MEDIANS, known) - constant == pytest.approx(
        multivariate_normal.logpdf(known.score, np.zeros(len(GRID)), covariance)
    )


def test_weak_labels_add_nothing_where_there_are_none():
    """Purchases of gold labels alone are the same whoever labelled weakly."""
    gold = [(0, 4), (0, 64)]
    one, other = places(gold, supervisor=1), places(gold, supervisor=2)
    assert prior_covariance(MEDIANS, one, other) == pytest.approx(prior_covariance(MEDIANS, one, one))
    mixed = places([(100, 4), (100, 64)], supervisor=1)
    rises = prior_covariance(MEDIANS, mixed, mixed) - prior_covariance(MEDIANS, one, one)
    assert np.linalg.eigvalsh(rises).min() > 0


def test_a_priori_a_covariance_is_one_whatever_is_mixed():
    rng = np.random.default_rng(0)
    pairs, n = rng.integers(0, 1000, (40, 2)), 40
    kinds = {name: rng.integers(0, 3, n) for name in ("supervisor", "method", "others")}
    for _ in range(20):
        drawn = MEDIANS + rng.standard_normal(len(MEDIANS))
        covariance = prior_covariance(drawn, *[places(pairs, **kinds)] * 2)
        assert covariance == pytest.approx(covariance.T)
        assert np.linalg.eigvalsh(covariance).min() > -1e-9
        assert np.diag(covariance) == pytest.approx(prior(drawn, *[places(pairs, **kinds)] * 2))


def test_alike_methods_and_tasks_are_as_one_and_unlike_ones_share_the_level_alone():
    alike, unlike = MEDIANS.copy(), MEDIANS.copy()
    alike[4:], unlike[4:] = 30, -30
    one, other = places(method=1), places(method=2)
    same = prior_covariance(alike, one, one)
    assert prior_covariance(alike, one, other) == pytest.approx(same)
    apart = prior_covariance(unlike, one, other)
    assert apart[0, 0] < same[0, 0]
    rest = places(others=3)
    assert prior_covariance(alike, places(), rest) == pytest.approx(
        prior_covariance(alike, places(), places()) - LEVEL**2
    )
    assert prior_covariance(unlike, places(), rest) == pytest.approx(0)


def test_a_mean_over_tasks_keeps_its_share_of_what_is_each_tasks_own():
    unlike = MEDIANS.copy()
    unlike[6] = -30
    one, mean = (prior_covariance(unlike, *[places(own=own)] * 2) - LEVEL**2 for own in (1.0, 0.25))
    assert mean == pytest.approx(one / 4)


def test_what_is_beside_the_process_shares_the_errors_of_what_was_measured():
    """As the covariance of the errors of both, drawn many times, says."""
    rng, known = np.random.default_rng(1), data(wave())
    mixing = 0.02 * rng.standard_normal((len(GRID) + 2, 4))
    errors = mixing @ mixing.T + 1e-5 * np.eye(len(GRID) + 2)
    n = len(GRID)
    known = replace(known, score=np.append(known.score, [0.1, 0.2]), noise=errors)
    means, factors = posterior(MEDIANS, known, places())
    assert means[n:].tolist() == [0.1, 0.2], "it stays as measured"
    draws = 40_000
    truth = np.linalg.cholesky(prior_covariance(MEDIANS, known.places, known.places) + JITTER * np.eye(n))
    off = rng.multivariate_normal(np.zeros(n + 2), errors, draws)
    weights = prior_covariance(MEDIANS, known.places, known.places) @ np.linalg.inv(truth @ truth.T + errors[:n, :n])
    true = rng.standard_normal((draws, n)) @ truth.T
    found = np.column_stack([(true + off[:, :n]) @ weights.T - true, off[:, n:]])
    assert np.cov(found.T) == pytest.approx(factors @ factors.T, abs=2e-5)
    assert np.abs((factors @ factors.T)[:n, n:]).max() > 1e-4


def test_matern_falls_smoothly_from_one():
    assert matern(np.array([0.0, 0.5, 1, 20])) == pytest.approx([1, 0.8286, 0.5240, 0], abs=1e-4)


def test_tasks_are_predicted_from_the_others_and_not_the_others_themselves():
    """What the other tasks tell is known: only what a task adds is weighed."""
    alone, rest = data(wave()), data(wave() + 0.1, others=3)
    both = Data(
        Places(*(np.concatenate([getattr(alone.places, name), getattr(rest.places, name)]) for name in
                 ("u", "v", "supervisor", "method", "others"))),
        np.concatenate([alone.score, rest.score]), 1e-4 * np.eye(2 * len(GRID)),
    )  # fmt: skip
    centre = misfit(MEDIANS, [])
    added = misfit(MEDIANS, [both]) - centre
    assert added == pytest.approx(log_likelihood(MEDIANS, rest) - log_likelihood(MEDIANS, both))
    assert added < misfit(MEDIANS, [alone]) - centre, "they tell the same story"


def test_sizes_follow_the_data():
    flat = np.mean(fit_hyperparameters([data(np.zeros(len(GRID)))]), axis=0)
    steep = np.mean(fit_hyperparameters([data(8 * wave())]), axis=0)
    for name in ("gold size", "weak size"):
        assert flat[HYPERPARAMETERS.index(name)] < steep[HYPERPARAMETERS.index(name)] - 0.5


def test_what_the_data_leave_open_keeps_its_prior():
    """A single task says nothing about how alike tasks are, nor one method or supervisor about these."""
    found = np.array(fit_hyperparameters([data(wave())]))
    assert found[:, 4:].mean(axis=0) == pytest.approx(MEDIANS[4:], abs=0.05)
    assert found[:, 4:].std(axis=0) == pytest.approx([1, 1, 1], abs=0.05)
    assert len(found) == 2 * len(HYPERPARAMETERS)


def test_low_rank_factors_hold_all_of_a_covariance_that_is_not_negligible():
    rng = np.random.default_rng(1)
    root = rng.standard_normal((60, 4)) * [0.1, 0.05, 0.01, NEGLIGIBLE / 100]
    covariance = root @ root.T
    factors = low_rank_factors(np.diag(covariance), lambda i: covariance[:, i])
    assert factors.shape == (60, 3)
    assert factors @ factors.T == pytest.approx(covariance, abs=NEGLIGIBLE**2)
    assert low_rank_factors(np.zeros(3), lambda i: np.zeros(3)).shape == (3, 0)


def test_a_mixture_has_the_moments_of_its_parts():
    rng = np.random.default_rng(2)
    parts = [(rng.standard_normal(5), rng.standard_normal((5, 2 + i))) for i in range(3)]
    mean, factors = mixture(parts)
    second = np.mean([np.outer(m, m) + f @ f.T for m, f in parts], axis=0)
    assert mean == pytest.approx(np.mean([m for m, _ in parts], axis=0))
    assert factors @ factors.T + np.outer(mean, mean) == pytest.approx(second)


def test_a_mixture_of_what_is_certain_is_certain():
    mean, factors = mixture([(np.ones(3), np.empty((3, 0)))] * 2)
    assert mean == pytest.approx(1) and factors.shape == (3, 0)
