"""What may be done with weak labels once they are written: joined, shuffled, compared with gold ones."""

import numpy as np
import pandas as pd

from elicitation.analysis.scoring import label_quality
from elicitation.seeds import stream

# A probability that votes for neither label.
UNDECIDED = 0.5
# What is said of one's own labels, of label_quality.
QUALITY = ("n", "accuracy", "accuracy_low", "accuracy_high", "auroc")


def shuffle_errors(gold: np.ndarray, p: np.ndarray, *names: str) -> np.ndarray:
    """Soft labels whose errors |p - gold| are those of p (n,), dealt to the examples at random.

    As many and as large errors, but no longer systematic: a control of Mallen & Belrose (2024), arXiv 2410.13215.
    names: of the random stream.
    """
    errors = stream(0, "shuffled errors", *names).permutation(np.abs(p - gold))
    return np.abs(gold - errors)


def dawid_skene(votes: pd.DataFrame) -> pd.Series:
    """Probability of label 1 by the model of Dawid & Skene (1979), Applied Statistics 28; NaN where nobody votes.

    votes: (examples, annotators) of 0, 1 or NaN. The model learns from the votes alone how often each annotator takes
    either label for the other.
    """
    from crowdkit.aggregation import DawidSkene

    long = votes.stack().dropna().rename("label").astype(int).reset_index()
    p = DawidSkene().fit_predict_proba(long.set_axis(["task", "worker", "label"], axis=1))
    # A label that nobody gives has no column.
    return p.reindex(columns=[0, 1], fill_value=0.0)[1].reindex(votes.index)


def join_labels(labels: pd.DataFrame, how: str | None) -> pd.Series:
    """One probability of label 1 for each example from the labels of several sources; NaN where none has one.

    labels: (examples, sources), probabilities or votes, with gaps. how: `mean` of the probabilities; `majority` of the
    votes, 0.5 where they are even; `dawid_skene`. None where there is one source. Probabilities vote for the likelier
    label.
    """
    if how in (None, "mean"):
        return labels.mean(axis=1)
    votes = (labels > UNDECIDED).astype(float).where(labels.notna() & (labels != UNDECIDED))
    p = dawid_skene(votes) if how == "dawid_skene" else np.sign(votes.mean(axis=1) - 0.5) / 2 + 0.5
    return p.fillna(UNDECIDED).where(labels.notna().any(axis=1))


def quality_by_set(labels: pd.DataFrame, sets: dict[str, pd.DataFrame]) -> dict[str, dict]:
    """Quality of the labels (id, p_weak) on every set (id, gold), where both are known."""
    p = labels.set_index("id").p_weak
    known = {name: s.assign(p=p.loc[s.id].to_numpy()).dropna(subset=["gold", "p"]) for name, s in sets.items()}
    return {name: label_quality(s.gold.to_numpy(), s.p.to_numpy()) for name, s in known.items() if len(s)}


def describe_label(gold: pd.Series, p: pd.Series) -> dict:
    """How good the labels p of a table are where gold ones are known, and `coverage`, the share of rows with a label.

    What is undefined, since no row or only one label is left, is absent.
    """
    both = gold.notna() & p.notna()
    quality = label_quality(gold[both].to_numpy(), p[both].to_numpy()) if both.any() else {"n": 0}
    defined = {name: value for name, value in quality.items() if name in QUALITY and not np.isnan(value)}
    return defined | {"coverage": float(p.notna().mean())}


def describe_sources(gold: pd.Series, labels: pd.DataFrame, p: pd.Series, how: str | None) -> list[dict]:
    """A row for every column of labels (examples, columns) and, where there are several, for p, which joins them."""
    rows = [{"column": name, "aggregate": ""} | describe_label(gold, labels[name]) for name in labels]
    if how:
        rows.append({"column": " + ".join(labels), "aggregate": how} | describe_label(gold, p))
    return rows
