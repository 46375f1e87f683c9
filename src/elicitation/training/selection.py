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


def confidence(p: pd.Series) -> pd.Series:
    """How far each probability is from 1/2. Labels that differ by rounding only are equally confident."""
    return (p - 0.5).abs().round(9)


def most_confident(p: pd.Series, share: float) -> pd.Series:
    """The share of the weak labels (probabilities, by id) that is farthest from 1/2, at least one, in their order.

    Of equally confident ones the first are kept; their order is random. Labels joined from several sources are the
    farther from 1/2, the more of them agree.
    """
    n = max(1, round(share * len(p)))
    return p.iloc[np.sort(np.argsort(-confidence(p).to_numpy(), kind="stable")[:n])]


def describe_kept(p: pd.Series, kept: pd.Series) -> dict:
    """How many of the weak labels p are kept, how many of these by chance, and how many of these are of label 1.

    By chance are those that are no more confident than some that are not kept.
    """
    others = confidence(p.drop(kept.index))
    by_chance = int((confidence(kept) <= others.max()).sum()) if len(others) else 0
    return {"of": len(p), "kept": len(kept), "by_chance": by_chance, "label_1": int((kept > 0.5).sum())}


def kept_words(of: int, kept: int, by_chance: int, label_1: int) -> str:
    """What describe_kept returns, in a sentence with a warning where the labels that are kept say little."""
    words = f"the {kept} most confident of {of} weak labels are trained on"
    if by_chance == kept:
        words += "; Warning: they are no more confident than others, so that they are a random part"
    if label_1 in (0, kept):
        words += f"; Warning: all of them are label {int(label_1 > 0)}, from which nothing can be learned"
    return f"{words}."
