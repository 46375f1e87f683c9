"""Which gold labels to buy, given what the student predicts after its weak stage, and which weak ones to train on."""

import numpy as np
import pandas as pd
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


def most_confident(p: pd.Series, share: float) -> pd.Series:
    """The share of the weak labels (probabilities, by id) that is farthest from 1/2, at least one, in their order.

    Of equally confident ones the first are kept; their order is random. Labels joined from several sources are the
    farther from 1/2, the more of them agree.
    """
    n = max(1, round(share * len(p)))
    # Labels that differ by rounding only are equally confident.
    doubt = -(p - 0.5).abs().round(9).to_numpy()
    return p.iloc[np.sort(np.argsort(doubt, kind="stable")[:n])]
