"""What may be done with weak labels once they are written."""

import numpy as np
import pandas as pd

from elicitation.evaluation import label_quality
from elicitation.seeds import stream


def shuffle_errors(gold: np.ndarray, p: np.ndarray, *names: str) -> np.ndarray:
    """Soft labels whose errors |p - gold| are those of p (n,), dealt to the examples at random.

    As many and as large errors, but no longer systematic: a control of Mallen & Belrose (2024), arXiv 2410.13215.
    names: of the random stream.
    """
    errors = stream(0, "shuffled errors", *names).permutation(np.abs(p - gold))
    return np.abs(gold - errors)


def quality_by_set(labels: pd.DataFrame, sets: dict[str, pd.DataFrame]) -> dict[str, dict]:
    """Quality of the labels (id, p_weak) on every set (id, gold)."""
    p = labels.set_index("id").p_weak
    return {
        name: label_quality(examples.gold.to_numpy(), p.loc[examples.id].to_numpy()) for name, examples in sets.items()
    }
