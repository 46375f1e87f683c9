"""Uncertainty sampling: which gold labels to buy, given what the student predicts after its weak stage."""

import numpy as np
from scipy.special import entr, expit

from elicitation.buying.methods import Selection


def uncertainty(log_odds: np.ndarray, measure: str) -> np.ndarray:
    """Predictive entropy in nats, or 1 minus the margin between the two labels; (n,), higher is less certain.

    Source: Settles (2009), Active Learning Literature Survey.
    """
    p = expit(log_odds)
    return {"entropy": entr(p) + entr(1 - p), "margin": 1 - np.abs(2 * p - 1)}[measure]


def choose_uncertain(
    ids: list[str], log_odds: np.ndarray, n: int, selection: Selection, rng: np.random.Generator
) -> list[str]:
    """n of the ids: at temperature 0 the most uncertain ones, else drawn with weights uncertainty^(1/temperature).

    log_odds: (len(ids),). Of equally uncertain ids the first come first.
    """
    scores = uncertainty(log_odds, selection.measure)
    if selection.temperature == 0:
        chosen = np.argsort(-scores, kind="stable")[:n]
    else:
        # Gumbel noise on log-weights draws without replacement (Kool et al. 2019), even where the weights underflow.
        keys = np.log(np.maximum(scores, np.finfo(float).tiny)) / selection.temperature + rng.gumbel(size=len(ids))
        chosen = np.argsort(-keys, kind="stable")[:n]
    return [ids[i] for i in chosen]
