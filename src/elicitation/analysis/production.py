"""The production function: accuracy as a function of the weak and gold labels bought, and what economists read off it.

Forms, prediction, isoquants, marginal rates and best purchases; elicitation.analysis.production_fitting finds the
parameters. Imports neither scipy nor scikit-learn, since a command answers from here at once. Terms and sources:
docs/economics.md.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.analysis.evidence import TAIL_SHARE
from elicitation.analysis.names import UNDETERMINED
from elicitation.buying.prices import cost, exact, labels_for
from elicitation.files import read_json

NAMES = ["task", "supervisor", "student", "method", "form", "verdict"]
# The accuracy of a function without any label: that of guessing.
CHANCE = 0.5
# The verdicts on a fit, beside `undetermined`.
GOOD_FIT, BAD_FIT = "good", "bad"
# A good fit explains at least this share of the variance of the held-out accuracies.
MIN_EXPLAINED = 0.5
# The share of a budget that goes to gold labels takes so many steps: for purchases to choose from, and for a path that
# looks smooth.
STEPS, FINE_STEPS = 20, 400
# Among the purchases whose accuracy is at most this far below the best one's, the cheapest is taken.
NEAR_BEST = 0.001
# A purchase counts as studied if it costs at most this share more or less than those that were: labels are whole.
MARGIN = 0.05
# A marginal product is the slope over this share of the labels, up and down.
NUDGE = 1e-4
# A 95 % interval of a normal distribution reaches so many standard deviations to either side.
Z = 1.96


@dataclass(frozen=True)
class Parameter:
    """A positive number, or one of a range, that the data may leave open: then a weak prior decides."""

    name: str
    typical: float
    """Median of the prior."""
    width: float
    """Standard deviation of the prior: of the logarithm, or of the log-odds of the place in the range."""
    low: float = 0.0
    high: float = np.inf


@dataclass(frozen=True)
class Form:
    """A family of production functions."""

    title: str
    parameters: tuple[Parameter, ...]
    accuracy: Callable
    """Of (values, n_weak, n_gold, purchases): values (P, ...) are those of the parameters, and for a form without a
    formula of further numbers; purchases (n, 2) are those that it was fitted to."""


def saturating(amount: Callable) -> Callable:
    """Accuracy that rises from chance to `top` by a power law in `amount`, the purchase's worth in gold labels."""

    def accuracy(values, n_weak, n_gold, purchases):
        top, scale, beta, *own = values
        return top - (top - CHANCE) * (1 + amount(n_weak, n_gold, *own) / scale) ** -beta

    return accuracy


def effective(n_weak, n_gold, kappa, rho):
    """The worth in gold labels of weak labels that count by a power law."""
    return n_gold + kappa * n_weak**rho


def capped(n_weak, n_gold, cap, half):
    """The worth in gold labels of weak labels that together count for at most `cap`."""
    return n_gold + cap * n_weak / (n_weak + half)


def ces(n_weak, n_gold, kappa, r):
    """The worth in gold labels where both kinds replace each other with constant elasticity."""
    return ((kappa * n_weak) ** r + n_gold**r) ** (1 / r)


def process(values, n_weak, n_gold, purchases):
    """Mean of a Gaussian process on log1p(n_weak), log1p(n_gold); the values end with a weight a purchase."""
    length_weak, length_gold, level, *weights = values
    x, y = np.log1p(n_weak), np.log1p(n_gold)
    places = np.log1p(np.reshape(purchases, (-1, 2)))
    near = (np.exp(-(((x - u) / length_weak) ** 2 + ((y - v) / length_gold) ** 2) / 2) for u, v in places)
    return level + sum(weight * kernel for weight, kernel in zip(weights, near, strict=True))


CURVE = (
    Parameter("top", 0.9, 1.5, low=CHANCE, high=1.0),
    Parameter("scale", 100.0, 2.0),
    Parameter("beta", 0.7, 1.0),
)
KAPPA = Parameter("kappa", 0.1, 2.0)
FORMS = {
    "effective": Form(
        "power law of effective labels",
        (*CURVE, KAPPA, Parameter("rho", 0.7, 1.5, high=1.0)),
        saturating(effective),
    ),
    "capped": Form(
        "weak labels worth up to a cap",
        (*CURVE, Parameter("cap", 30.0, 2.0), Parameter("half", 200.0, 2.0)),
        saturating(capped),
    ),
    "ces": Form(
        "constant elasticity (CES)",
        # From 0.1 on: below, a mixture would be worth more than a thousand times its parts.
        (*CURVE, KAPPA, Parameter("r", 0.7, 1.5, low=0.1, high=1.0)),
        saturating(ces),
    ),
    # In units of log1p of the labels, within bounds and without a prior. A length below a factor of 20 in labels would
    # bridge no budget that is held out.
    "process": Form(
        "Gaussian process",
        (Parameter("length_weak", 5.0, np.inf, 3.0, 20.0), Parameter("length_gold", 5.0, np.inf, 3.0, 20.0)),
        process,
    ),
}


@dataclass(frozen=True)
class Fit:
    """The form that predicts held-out budgets best, fitted to a task, supervisor, student and method."""

    task: str
    supervisor: str
    student: str
    method: str
    form: str
    verdict: str
    """GOOD_FIT, BAD_FIT or UNDETERMINED."""
    reason: str
    """Why the verdict is undetermined, or empty."""
    error: float | None
    """Root mean square error on held-out budgets, as a share; None where no budget could be held out."""
    noise: float
    """Root mean square of the observed accuracies' own standard errors."""
    parameters: dict[str, float]
    """By name; those of a Gaussian process end with a weight a purchase."""
    replicates: np.ndarray
    """(R, P) the parameters fitted to replicates of the accuracies."""
    purchases: np.ndarray
    """(n, 2) of n_weak, n_gold."""
    accuracy: np.ndarray
    """(n,) as observed."""
    weak_price: float
    """Price of a weak label in the study's grid, by which `cheapest` and `dearest` are counted."""
    cheapest: float
    dearest: float
    """Costs of the purchases studied."""

    @property
    def words(self) -> str:
        """How good the fit is, in words."""
        return fit_words(self.error, self.noise, self.verdict, self.reason)

    @property
    def names(self) -> dict[str, str]:
        """What a row of a table says about the fit."""
        return {name: getattr(self, name) for name in NAMES}

    @property
    def largest(self) -> tuple[int, int]:
        """The most weak and the most gold labels studied."""
        n_weak, n_gold = self.purchases.max(axis=0)
        return int(n_weak), int(n_gold)

    def accuracy_by(self, values, n_weak, n_gold) -> np.ndarray:
        """The accuracy for these values of the parameters, cut to what accuracies can be."""
        return np.clip(FORMS[self.form].accuracy(values, n_weak, n_gold, self.purchases), 0, 1)

    def predict(self, n_weak, n_gold) -> np.ndarray:
        """Expected accuracy; numbers or arrays."""
        n_weak, n_gold = np.broadcast_arrays(np.asarray(n_weak, float), np.asarray(n_gold, float))
        return self.accuracy_by(list(self.parameters.values()), n_weak, n_gold)

    def predict_replicates(self, n_weak, n_gold) -> np.ndarray:
        """(R, ...) what the function fitted to each replicate expects."""
        n_weak, n_gold = np.broadcast_arrays(np.asarray(n_weak, float), np.asarray(n_gold, float))
        values = self.replicates.T.reshape(len(self.parameters), -1, *[1] * n_weak.ndim)
        return self.accuracy_by(values, n_weak, n_gold)

    @property
    def model_error(self) -> float:
        """What the function itself is off by: the held-out error beyond the noise of what was observed."""
        return float(np.sqrt(max(0.0, (self.error or 0.0) ** 2 - self.noise**2)))

    def accuracy_interval(self, n_weak, n_gold) -> np.ndarray:
        """(2, ...) 95 % interval of the accuracy: of the parameters, and the model's own error in quadrature."""
        mean = self.predict(n_weak, n_gold)
        low, high = np.quantile(self.predict_replicates(n_weak, n_gold), [TAIL_SHARE, 1 - TAIL_SHARE], axis=0)
        off = Z * self.model_error
        below, above = np.hypot(np.maximum(mean - low, 0), off), np.hypot(np.maximum(high - mean, 0), off)
        return np.clip([mean - below, mean + above], 0, 1)

    def studied(self, n_weak, n_gold) -> np.ndarray:
        """Whether a purchase lies among those studied, by its labels and by its cost; beyond, the fit extrapolates."""
        costs = cost(np.asarray(n_weak, float), np.asarray(n_gold, float), self.weak_price)
        most_weak, most_gold = self.largest
        near = (costs >= self.cheapest * (1 - MARGIN)) & (costs <= self.dearest * (1 + MARGIN))
        # Fractions of labels, as on the grids of figures, count as the whole ones that they are nearest to.
        few = (np.rint(n_weak) <= most_weak) & (np.rint(n_gold) <= most_gold)
        return near & few


def fit_words(error: float | None, noise: float, verdict: str, reason: str) -> str:
    """How good a fit is: its error on held-out budgets, and what that means."""
    if verdict == UNDETERMINED:
        return f"{verdict}, {reason}"
    return f"off by {100 * error:.1f} points (noise {100 * noise:.1f}): {verdict} fit"


def as_json(fit: Fit) -> dict:
    """What read_production reads; numbers are rounded to six digits, to keep the file small."""
    # Parameters as pairs: a JSON file sorts its keys, and theirs have an order.
    entry = asdict(fit) | {"parameters": list(map(list, fit.parameters.items())), "purchases": fit.purchases.tolist()}
    entry["accuracy"] = [six_digits(number) for number in fit.accuracy]
    entry["replicates"] = [[six_digits(number) for number in row] for row in fit.replicates]
    return entry


def six_digits(number: float) -> float:
    """The number rounded to six significant digits."""
    return float(f"{number:.6g}")


def read_production(path: str | Path) -> list[Fit]:
    """The fits of results/production.json."""
    arrays = ("replicates", "purchases", "accuracy")
    return [
        Fit(**entry | {name: np.array(entry[name]) for name in arrays} | {"parameters": dict(entry["parameters"])})
        for entry in read_json(path)["fits"]
    ]


# What economists read off it


def marginal_product(predict: Callable, n_weak, n_gold, label: str) -> np.ndarray:
    """Accuracy that one more label, `weak` or `gold`, adds (a slope; at 0 labels to the right)."""
    amounts = {"weak": np.asarray(n_weak, float), "gold": np.asarray(n_gold, float)}
    step = NUDGE * (1 + amounts[label])
    more, less = amounts[label] + step, np.maximum(amounts[label] - step, 0)
    rise = predict(*(amounts | {label: more}).values()) - predict(*(amounts | {label: less}).values())
    return rise / (more - less)


def rate_of(fit: Fit, predict: Callable, n_weak, n_gold) -> np.ndarray:
    """The marginal rate by `predict`, which is one of the fit's two ways of predicting."""
    if not all(fit.largest):
        # What was never bought has no known product.
        return np.full(np.shape(predict(n_weak, n_gold)), np.nan)
    gold = np.maximum(marginal_product(predict, n_weak, n_gold, "gold"), 0)
    weak = np.maximum(marginal_product(predict, n_weak, n_gold, "weak"), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return gold / weak


def marginal_rate(fit: Fit, n_weak, n_gold) -> np.ndarray:
    """Marginal rate of technical substitution: weak labels that replace one gold label at the same accuracy.

    Infinite where weak labels add nothing, 0 where gold ones add nothing, missing where neither does or one quality
    was not studied.
    """
    return rate_of(fit, fit.predict, n_weak, n_gold)


def marginal_rate_replicates(fit: Fit, n_weak, n_gold) -> np.ndarray:
    """(R, ...) the rate by each replicate."""
    return rate_of(fit, fit.predict_replicates, n_weak, n_gold)


def cut_to_study(fit: Fit, n_weak, n_gold, pool_size: int | None) -> np.ndarray:
    """(k, 2) the purchases, cut to the most labels of either quality that were studied, and to what the pool holds."""
    most_weak, most_gold = fit.largest
    room = np.inf if pool_size is None else pool_size
    n_gold = np.minimum(n_gold, min(most_gold, room))
    return np.column_stack([np.minimum(n_weak, np.minimum(most_weak, room - n_gold)), n_gold])


def budget_splits(fit: Fit, budget: float, weak_price: float, pool_size: int | None = None) -> np.ndarray:
    """(k, 2) the purchases that a budget may be spent on, by STEPS of the share for gold labels.

    One empty purchase where the budget buys no label.
    """
    budget = exact(budget)
    n_gold = np.array([math.floor(budget * step / STEPS) for step in range(STEPS + 1)])
    # All on gold labels means no weak ones, even for what is left of a gold label's price.
    n_weak = np.array([labels_for(budget - n, weak_price) for n in n_gold[:-1].tolist()] + [0])
    purchases = cut_to_study(fit, n_weak, n_gold, pool_size).astype(int)
    bought = purchases[purchases.sum(axis=1) > 0]
    return bought if len(bought) else purchases[:1]


def best_of(accuracies: np.ndarray, costs: np.ndarray) -> int:
    """The position of the highest accuracy; of those within NEAR_BEST of it the cheapest, and of these the best."""
    near = np.flatnonzero(accuracies >= accuracies.max() - NEAR_BEST)
    return int(min(near, key=lambda i: (costs[i], -accuracies[i])))


def best_purchase(fit: Fit, budget: float, weak_price: float, pool_size: int | None = None) -> tuple[int, int]:
    """The (n_weak, n_gold) to buy: with the highest expected accuracy within the budget, or nearly so and cheaper."""
    purchases = budget_splits(fit, budget, weak_price, pool_size)
    n_weak, n_gold = purchases[best_of(fit.predict(*purchases.T), cost(*purchases.T, weak_price))]
    return int(n_weak), int(n_gold)


def expansion_path(fit: Fit, budgets: Iterable[float], weak_price: float, pool_size: int | None = None) -> np.ndarray:
    """(budgets, 2) the purchases of highest expected accuracy as the budget grows, in fractions of labels.

    Where both kinds are bought and none is cut, one gold label is worth as many weak ones as it costs.
    """
    # Close to each other at both ends, where a few labels of one kind make the difference.
    gold_share = (1 - np.cos(np.linspace(0, np.pi, FINE_STEPS))) / 2
    path = []
    for budget in budgets:
        purchases = cut_to_study(fit, (1 - gold_share) * budget / weak_price, gold_share * budget, pool_size)
        path.append(purchases[fit.predict(*purchases.T).argmax()])
    return np.array(path)


# Tables


def spread(replicates: np.ndarray) -> np.ndarray:
    """(2, ...) 95 % interval over the first axis; ends are among the values, since rates may be infinite."""
    return np.quantile(replicates, [TAIL_SHARE, 1 - TAIL_SHARE], axis=0, method="nearest")


def substitution_table(fits: Iterable[Fit]) -> pd.DataFrame:
    """The marginal rate of technical substitution at every purchase studied, with its interval."""
    tables = []
    for fit in fits:
        n_weak, n_gold = fit.purchases.T
        low, high = spread(marginal_rate_replicates(fit, n_weak, n_gold))
        rate = {"rate": marginal_rate(fit, n_weak, n_gold), "rate_low": low, "rate_high": high}
        labels = {"n_weak": n_weak, "n_gold": n_gold, "accuracy": fit.predict(n_weak, n_gold)}
        tables.append(pd.DataFrame(labels | rate).assign(**fit.names))
    return pd.concat(tables, ignore_index=True)[[*NAMES, *labels, *rate]]


def expansion_table(
    fits: Iterable[Fit], budgets: Sequence[float], prices: dict[str, Sequence[float]], pool_sizes: dict[str, int]
) -> pd.DataFrame:
    """The best purchase of every fit, price and budget: labels, cost, expected accuracy with its interval, rate.

    prices: of a weak label, by supervisor; pool_sizes: by task. `studied` is false where the function extrapolates.
    """
    tables = []
    for fit in fits:
        for weak_price in prices[fit.supervisor]:
            bought = [best_purchase(fit, budget, weak_price, pool_sizes.get(fit.task)) for budget in budgets]
            n_weak, n_gold = np.transpose(bought)
            low, high = fit.accuracy_interval(n_weak, n_gold)
            columns = {
                "weak_price": weak_price,
                "budget": budgets,
                "n_weak": n_weak,
                "n_gold": n_gold,
                "cost": cost(n_weak, n_gold, weak_price),
                "accuracy": fit.predict(n_weak, n_gold),
                "accuracy_low": low,
                "accuracy_high": high,
                "rate": marginal_rate(fit, n_weak, n_gold),
                "studied": fit.studied(n_weak, n_gold),
            }
            tables.append(pd.DataFrame(columns).assign(**fit.names))
    return pd.concat(tables, ignore_index=True)[[*NAMES, *columns]]
