"""Fitting production functions to accuracies, and choosing among their forms by held-out budgets."""

import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import least_squares
from scipy.stats import norm, qmc
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Kernel

from elicitation.analysis.evidence import Evidence, interval
from elicitation.analysis.names import GROUP
from elicitation.analysis.production import BAD_FIT, FORMS, GOOD_FIT, MIN_EXPLAINED, UNDETERMINED, Fit, Form
from elicitation.buying.prices import cost, smallest_budgets

# Functions are fitted to so many replicates of the accuracies.
REPLICATES = 200
# The least standard error of an accuracy: no point may outweigh all others because its seeds happen to agree.
MIN_NOISE = 0.005
# Forms are compared on no fewer budgets: of two, one would be predicted from a single other.
MIN_BUDGETS = 3
# A fit begins from so many points all over the prior.
STARTS = 8
# The slope of the misfit is taken by moving a free parameter by this much, up and down.
FREE_NUDGE = 1e-5
# Free parameters are cut at this distance from 0, where their exponentials are still numbers.
FARTHEST = 30.0
# The bounds of the Gaussian process's variance, in squared accuracies.
AMPLITUDES = (1e-4, 1.0)
# The kernels of the replicates are drawn from so many.
KERNELS_TRIED = 1000


def noise_of(deviations: np.ndarray) -> np.ndarray:
    """(n,) standard errors of accuracies, from their deviations (n, replicates).

    Half the width of the 68 % interval, since with two seeds deviations have no variance; and since a spread over few
    seeds is itself uncertain, the mean of the variance that it implies and that of all points.
    """
    low, high = np.quantile(deviations, norm.cdf([-1, 1]), axis=1)
    variance = ((high - low) / 2) ** 2
    return np.sqrt(np.maximum((variance + variance.mean()) / 2, MIN_NOISE**2))


# Forms with a formula: their parameters are free numbers to the optimiser


@cache
def bounds_of(form: Form) -> np.ndarray:
    """(2, P) ends of the parameters' ranges."""
    return np.array([(p.low, p.high) for p in form.parameters]).T


def values_of(form: Form, free: np.ndarray) -> np.ndarray:
    """The parameters (..., P): exponentials, or places between two bounds by a logistic curve."""
    low, high = bounds_of(form)
    growth = np.exp(np.clip(free, -FARTHEST, FARTHEST))
    return low + np.where(np.isfinite(high), (high - low) / (1 + 1 / growth), growth)


@cache
def prior_of(form: Form) -> np.ndarray:
    """(2, P) mean and standard deviation of the free numbers."""
    typical, width = np.array([(p.typical, p.width) for p in form.parameters]).T
    low, high = bounds_of(form)
    with np.errstate(invalid="ignore"):
        return np.array([np.log(np.where(np.isfinite(high), (typical - low) / (high - typical), typical - low)), width])


def draw_prior(form: Form, n: int) -> np.ndarray:
    """(n, P) free numbers from all over the prior; the same ones always."""
    mean, width = prior_of(form)
    return mean + width * norm.ppf(qmc.Halton(len(mean), seed=0).random(n))


def fit_free(form: Form, purchases: np.ndarray, accuracy: np.ndarray, noise: np.ndarray, centre: np.ndarray, starts):
    """The free numbers (P,) that fit best, from the best of the starts (k, P).

    Least squares over the points, each in units of its noise, and over the distance from `centre` in units of the
    prior's width, so that few points suffice.
    """
    _, width = prior_of(form)
    n_weak, n_gold = purchases.T.astype(float)
    steps = FREE_NUDGE * np.eye(len(width))

    def predict(free):
        """(..., n) for free numbers (..., P)."""
        return form.accuracy(values_of(form, free).T[..., None], n_weak, n_gold, purchases)

    def misses(free):
        return np.concatenate([(predict(free) - accuracy) / noise, (free - centre) / width])

    def slopes(free):
        # All numbers nudged at once, which takes a fifth of the time of one after the other.
        rises = predict(free + steps) - predict(free - steps)
        return np.vstack([(rises / (2 * FREE_NUDGE)).T / noise[:, None], np.diag(1 / width)])

    fits = [least_squares(misses, start, slopes, method="lm", xtol=1e-4, ftol=1e-5, max_nfev=100) for start in starts]
    return min(fits, key=lambda fit: fit.cost).x


def fit_formula(form: Form, purchases, accuracy, noise, draws) -> tuple[np.ndarray, np.ndarray]:
    """Parameters (P,), and those of the draws (n, R) as (R, P).

    Each draw of the accuracies comes with a draw of the prior as its centre: else intervals would be too narrow where
    the prior decides (randomised maximum likelihood; Oliver, He & Reynolds 1996; exact if all were linear).
    """
    mean, _ = prior_of(form)
    best = fit_free(form, purchases, accuracy, noise, mean, draw_prior(form, STARTS))
    centres = draw_prior(form, draws.shape[1])
    refits = [
        values_of(form, fit_free(form, purchases, draw, noise, centre, [best]))
        for draw, centre in zip(draws.T, centres, strict=True)
    ]
    return values_of(form, best), np.reshape(refits, (-1, len(best)))


# The form without one


def draw_kernels(regressor: GaussianProcessRegressor, n: int) -> list[Kernel]:
    """n kernels from their posterior, whose prior is even over the logarithms within the bounds.

    By importance resampling of points all over the prior (Smith & Gelfand 1992); the same ones always.
    """
    low, high = regressor.kernel_.bounds.T
    places = low + (high - low) * qmc.Halton(len(low), seed=0).random(KERNELS_TRIED)
    logs = np.array([regressor.log_marginal_likelihood(place) for place in places])
    likelihoods = np.cumsum(np.exp(logs - logs.max()))
    chosen = np.searchsorted(likelihoods, (np.arange(n) + 0.5) / n * likelihoods[-1])
    return [regressor.kernel_.clone_with_theta(places[i]) for i in chosen]


def process_values(kernel: Kernel, places, accuracy, noise) -> np.ndarray:
    """(P,) lengths, level and a weight a purchase, of the process with this kernel."""
    level = np.average(accuracy, weights=noise**-2)
    weights = np.linalg.solve(kernel(places) + np.diag(noise**2), accuracy - level)
    return np.concatenate([kernel.k2.length_scale, [level], kernel.k1.constant_value * weights])


def fit_process(form: Form, purchases, accuracy, noise, draws) -> tuple[np.ndarray, np.ndarray]:
    """Values of highest marginal likelihood (P,), and those of the draws (n, R), each with a drawn kernel, (R, P)."""
    places, level = np.log1p(purchases), np.average(accuracy, weights=noise**-2)
    starts, bounds = zip(*((p.typical, (p.low, p.high)) for p in form.parameters), strict=True)
    kernel = ConstantKernel(0.02, AMPLITUDES) * RBF(starts, bounds)
    regressor = GaussianProcessRegressor(kernel, alpha=noise**2, n_restarts_optimizer=2, random_state=0)
    with warnings.catch_warnings():
        # A length at its bound says that the accuracy does not depend on that label.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regressor.fit(places, accuracy - level)
    best = process_values(regressor.kernel_, places, accuracy, noise)
    kernels = draw_kernels(regressor, draws.shape[1]) if draws.size else []
    refits = [process_values(kernel, places, draw, noise) for kernel, draw in zip(kernels, draws.T, strict=True)]
    return best, np.reshape(refits, (-1, len(best)))


def fit_form(name: str, purchases, accuracy, noise, draws=None) -> tuple[np.ndarray, np.ndarray]:
    """The values of the form (P,), and those refitted to draws (n, R) of the accuracies as (R, P).

    purchases: (n, 2) of n_weak, n_gold; accuracy, noise: (n,). Deterministic.
    """
    draws = np.empty((len(accuracy), 0)) if draws is None else draws
    fit = fit_process if name == "process" else fit_formula
    return fit(FORMS[name], purchases, accuracy, noise, draws)


def names_of(name: str, purchases: np.ndarray) -> list[str]:
    """What the values of a form are called."""
    own = [parameter.name for parameter in FORMS[name].parameters]
    return own + (["level", *(f"weight_{i}" for i in range(len(purchases)))] if name == "process" else [])


# Comparison


def held_out_predictions(name: str, purchases, accuracy, noise, budgets) -> np.ndarray:
    """(n,) what the form, fitted to the purchases of all other budgets, expects of each; missing if there are none."""
    predicted = np.full(len(accuracy), np.nan)
    for budget in np.unique(budgets):
        out = budgets == budget
        if out.all():
            break
        values, _ = fit_form(name, purchases[~out], accuracy[~out], noise[~out])
        n_weak, n_gold = purchases[out].T.astype(float)
        predicted[out] = np.clip(FORMS[name].accuracy(values, n_weak, n_gold, purchases[~out]), 0, 1)
    return predicted


def judge(error: float, accuracy: np.ndarray, noise: np.ndarray, n_budgets: int) -> dict:
    """explained, verdict and reason of a form with this error on held-out budgets.

    `explained` is 1 less the mean square error in units of the variance of the accuracies (R²); below 0, their mean
    would have predicted better.
    """
    variance = accuracy.var()
    explained = 1 - error**2 / variance if variance > 0 else np.nan
    if n_budgets < MIN_BUDGETS:
        return {"explained": explained, "verdict": UNDETERMINED, "reason": "fewer than three budgets"}
    if variance <= np.mean(noise**2):
        return {"explained": explained, "verdict": UNDETERMINED, "reason": "accuracies differ by no more than noise"}
    return {"explained": explained, "verdict": GOOD_FIT if explained >= MIN_EXPLAINED else BAD_FIT, "reason": ""}


class Fitted(NamedTuple):
    """What fitting yields for one or several tasks, supervisors, students and methods."""

    forms: pd.DataFrame
    """A row a form: its parameters, its error on held-out budgets, the verdict, and whether it is the best."""
    predictions: pd.DataFrame
    """A row a form and purchase: the accuracy observed, fitted, and predicted from the other budgets."""
    fits: list[Fit]
    """The best form of each."""


def fit_named_form(name: str, evidence: Evidence, budgets: np.ndarray, weak_price: float) -> Fitted:
    """Fit one form to one task, supervisor, student and method. budgets: (n,) that each purchase counts to."""
    points, accuracy, key = evidence.points, evidence.accuracy, evidence.points[GROUP].iloc[0].to_dict()
    purchases, noise = points[["n_weak", "n_gold"]].to_numpy(), noise_of(evidence.deviations)
    draws = np.clip(accuracy[:, None] + evidence.deviations[:, :REPLICATES], 0, 1)
    values, replicates = fit_form(name, purchases, accuracy, noise, draws)
    held_out = held_out_predictions(name, purchases, accuracy, noise, budgets)
    error, n_budgets = float(np.sqrt(np.mean((held_out - accuracy) ** 2))), len(np.unique(budgets))
    verdict = judge(error, accuracy, noise, n_budgets)
    common = {"n_purchases": len(points), "n_budgets": n_budgets, "error": error, "noise": rms(noise)}
    row = key | {"form": name, **common, **verdict} | parameter_columns(name, values, replicates)
    low, high = np.clip(accuracy + evidence.interval(), 0, 1)
    fitted = np.clip(FORMS[name].accuracy(values, *purchases.T.astype(float), purchases), 0, 1)
    shown = {"budget": budgets, "accuracy": accuracy, "accuracy_low": low, "accuracy_high": high, "fitted": fitted}
    predictions = points[[*GROUP, "n_weak", "n_gold"]].assign(form=name, **shown, held_out=held_out)
    costs = cost(*purchases.T, weak_price)
    fit = Fit(
        **key,
        form=name,
        verdict=verdict["verdict"],
        reason=verdict["reason"],
        error=error if np.isfinite(error) else None,
        noise=rms(noise),
        parameters=dict(zip(names_of(name, purchases), map(float, values), strict=True)),
        replicates=replicates,
        purchases=purchases,
        accuracy=accuracy,
        weak_price=weak_price,
        cheapest=float(costs.min()),
        dearest=float(costs.max()),
    )
    return Fitted(pd.DataFrame([row]), predictions, [fit])


def join_fitted(parts: Iterable[Fitted]) -> Fitted:
    """The results of several fits as one."""
    forms, predictions, fits = zip(*parts, strict=True)
    tables = (pd.concat(tables, ignore_index=True) for tables in (forms, predictions))
    return Fitted(*tables, list(chain(*fits)))


def fit_group(evidence: Evidence, budgets: Sequence[float], weak_price: float) -> Fitted:
    """Fit every form to one task, supervisor, student and method; budgets and weak_price are the grid's."""
    spent = smallest_budgets(evidence.points.n_weak, evidence.points.n_gold, weak_price, budgets)
    fitted = join_fitted(fit_named_form(name, evidence, spent, weak_price) for name in FORMS)
    # Without a held-out budget none is known to be best, and the first stands for all.
    best = int(fitted.forms.error.fillna(np.inf).argmin())
    forms = fitted.forms.assign(best=np.arange(len(FORMS)) == best)
    return Fitted(forms, fitted.predictions, [fitted.fits[best]])


def fit_groups(evidence: Evidence, budgets: Sequence[float], weak_price: float) -> Fitted:
    """Fit every form to every task, supervisor, student and method.

    A production function says what labels bring; what a model knows without any is no purchase of theirs.
    """
    return join_fitted(fit_group(group, budgets, weak_price) for _, group in evidence.bought.by(GROUP))


def rms(values: np.ndarray) -> float:
    """The root mean square."""
    return float(np.sqrt(np.mean(values**2)))


def parameter_columns(name: str, values: np.ndarray, replicates: np.ndarray) -> dict[str, float]:
    """The form's own parameters with their 95 % intervals."""
    row = {}
    for i, parameter in enumerate(FORMS[name].parameters):
        low, high = interval(replicates[:, i])
        row |= {parameter.name: values[i], f"{parameter.name}_low": low, f"{parameter.name}_high": high}
    return row
