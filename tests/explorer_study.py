"""A small finished study for the tests of the explorer, made up in a moment."""

import numpy as np
import pandas as pd

from elicitation.analysis.evidence import Evidence
from elicitation.analysis.production import FORMS, Fit
from elicitation.seeds import stream

TITLES = {
    "plain": "Sequential SFT",
    "prompted": "+ 2-shot, gold",
    "joint": "Joint SFT",
    "drawn": "+ uncertainty sampling",
}
BUDGETS = [16, 64, 256, 1024]
STUDY = {
    "name": "made-up",
    "titles": TITLES,
    "prices": {"small": [0.5, 0.1, 0.01]},
    "weak_price": 0.1,
    "budgets": BUDGETS,
    "verdict": 0.9,
    "pool_sizes": {"topic": 12000, "verdict": 12000, "average": 12000},
    "precision": "Models computed in bfloat16.",
}
PARAMETERS = {
    "effective": [0.95, 30.0, 0.8, 0.4, 0.7],
    "capped": [0.93, 25.0, 0.9, 60.0, 400.0],
    "ces": [0.94, 60.0, 0.9, 0.15, 0.6],
}
# A form a method, so that all are drawn.
FORM_OF = dict(zip(TITLES, FORMS, strict=True))


def purchases_of(weak_price=0.1, shares=(0, 0.5, 0.8, 1)):
    """(n, 2) of n_weak, n_gold: every budget at every share of gold labels."""
    pairs = [(int((b - int(s * b)) / weak_price + 1e-9), int(s * b)) for b in BUDGETS for s in shares]
    return np.array(list(dict.fromkeys(pairs)))


def values_of(form, purchases, rng, shift=0.0):
    """Parameters near PARAMETERS, or for a Gaussian process weights that follow the first of them."""
    if form != "process":
        return np.array(PARAMETERS[form]) * np.exp(shift * rng.standard_normal(5)).clip(0.9, 1.05)
    places, lengths = np.log1p(purchases), 3 * np.exp(shift * rng.standard_normal(2))
    target = FORMS["capped"].accuracy(PARAMETERS["capped"], *purchases.T.astype(float), purchases)
    target = target + shift * 0.2 * rng.standard_normal(len(target))
    apart = ((places[:, None] - places) / lengths) ** 2
    kernel = 0.05 * np.exp(-apart.sum(axis=2) / 2)
    weights = 0.05 * np.linalg.solve(kernel + 4e-4 * np.eye(len(places)), target - target.mean())
    return np.array([*lengths, target.mean(), *weights])


def make_fit(method, task="average", replicates=60):
    rng, purchases, form = stream(0, "fit", task, method), purchases_of(), FORM_OF[method]
    values = values_of(form, purchases, rng)
    names = [*(p.name for p in FORMS[form].parameters), "level", *map(str, range(len(purchases)))][: len(values)]
    return Fit(
        **{"task": task, "supervisor": "small", "student": "big", "method": method, "form": form},
        **{"verdict": "good", "reason": "", "error": 0.02, "noise": 0.01},
        parameters=dict(zip(names, values.tolist(), strict=True)),
        replicates=np.array([values_of(form, purchases, rng, 0.05) for _ in range(replicates)]),
        purchases=purchases,
        accuracy=FORMS[form].accuracy(values, *purchases.T.astype(float), purchases),
        **{"weak_price": 0.1, "cheapest": 16.0, "dearest": 1024.0},
    )


def make_study(tasks=("average", "topic", "verdict"), replicates=1000, titles=TITLES, spread=0.008):
    """Evidence and fits."""
    rows, deviations, fits = [], [], []
    for task in tasks:
        rng = stream(0, "study", task)
        shared = rng.standard_normal(replicates)
        for method, shift in zip(titles, (0, 0.01, -0.03, 0.02), strict=False):
            fit = make_fit(method, task)
            fits.append(fit)
            for (n_weak, n_gold), expected in zip(fit.purchases.tolist(), fit.accuracy, strict=True):
                accuracy = round(float(expected + shift + 0.012 * rng.standard_normal()), 4)
                rows.append(
                    {"task": task, "supervisor": "small", "student": "big", "method": method, "n_weak": n_weak}
                    | {"n_gold": n_gold, "n_seeds": 4, "n_tasks": 2 if task == "average" else 1, "n_test": 1000}
                    | {"accuracy": accuracy, "weak_accuracy": 0.74, "commoner_accuracy": 0.55, "seed_share": 0.5}
                )
                own = rng.standard_normal(replicates)
                deviations.append(spread * (0.6 * own + 0.4 * shared))
    # As they are in the page, so that numbers can be compared to the last digit.
    return Evidence(pd.DataFrame(rows), np.array(deviations).astype(np.float16).astype(np.float32)), fits
