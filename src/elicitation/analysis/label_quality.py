"""How good labels are: accuracy, AUROC and calibration against gold ones, by set, task, supervisor and source."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from elicitation.analysis.intervals import widened, wilson
from elicitation.analysis.measures import agreement
from elicitation.analysis.names import ABSTAINED, NOT_ASKED
from elicitation.buying.amounts import GOLD_LABELS, Money

# Calibration is measured in so many bins of probabilities, all of the same width.
CALIBRATION_BINS = 10
# The scores of `label_quality` that are reported of a user's own labels.
QUALITY = ("n", "accuracy", "accuracy_low", "accuracy_high", "auroc")


def reliability(gold: np.ndarray, p: np.ndarray) -> pd.DataFrame:
    """Per equal-width bin of p that is not empty: mean p, share of gold 1 with its 95 % interval, and n."""
    bins = np.minimum((p * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    groups = pd.DataFrame({"bin": bins, "gold": gold, "p": p}).groupby("bin")
    table = groups.agg(p=("p", "mean"), share=("gold", "mean"), n=("gold", "size"))
    intervals = [wilson(row.share * row.n, row.n) for row in table.itertuples()]
    table[["share_low", "share_high"]] = intervals
    return table.reset_index(drop=True)


def expected_calibration_error(gold: np.ndarray, p: np.ndarray) -> float:
    """Mean |accuracy - confidence| over equal-width bins of p. Source: Naeini et al. (2015)."""
    bins = reliability(gold, p)
    return float((bins.n * (bins.share - bins.p).abs()).sum() / len(gold))


def label_quality(gold: np.ndarray, p: np.ndarray) -> dict:
    """Accuracy, AUROC and calibration of soft labels p against gold ones, both (n,).

    A label of 0.5, as of a rater who abstains, says nothing and counts as half right.
    """
    correct = agreement(p, gold == 1)
    low, high = wilson(correct.sum(), len(gold), int((correct == 0.5).sum()))
    return {
        "n": len(gold),
        "accuracy": float(correct.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "auroc": float(roc_auc_score(gold, p)),
        "log_loss": float(log_loss(gold, p, labels=[0, 1])),
        "expected_calibration_error": expected_calibration_error(gold, p),
    }


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


def describe_workers(gold: pd.Series, votes: pd.DataFrame, p: pd.Series, column: str, how: str) -> list[dict]:
    """A row for the single votes (examples, workers) of a column and one for p, which joins them."""
    single = votes.stack().dropna()
    alone = describe_label(gold.reindex(single.index.get_level_values(0)), single.droplevel(1))
    alone["coverage"] = float(votes.notna().any(axis=1).mean())
    return [
        {"column": column, "aggregate": ""} | alone,
        {"column": column, "aggregate": how} | describe_label(gold, p),
    ]


def tabulate_sources(
    records: Iterable[Mapping],
    comparisons: Iterable[Mapping],
    prices: Mapping[str, Sequence[float]],
    column_prices: Mapping[str, Mapping[str, float]],
    gold_noise: Mapping[str, float],
    money: Money = GOLD_LABELS,
    not_asked: Container[str] = (),
) -> pd.DataFrame:
    """The quality and the price of every source of a user's own labels and of every drawn rating, one a row.

    records: of the weak labels, with `wildcards` and `sources` (as `describe_sources` returns them); comparisons: in
    the same order, with the `abstentions` of these sources (of elicitation.analysis.source_comparison); prices: of
    joined labels, by supervisor; column_prices: of single columns, by supervisor and column; gold_noise: the share of
    wrong gold labels, by task, where any is known; money: what prices are shown in; not_asked: the supervisors that
    were not asked for the labels that texts lack. `accuracy_all` counts such texts as half right.
    """
    rows = []
    for record, comparison in zip(records, comparisons, strict=True):
        names = record["wildcards"]
        supervisor = names["supervisor"]
        for source, abstentions in zip(record["sources"], comparison["abstentions"], strict=True):
            # A single column is a source by itself.
            own = column_prices[supervisor]
            price = prices[supervisor][0] if source["aggregate"] else own[source["column"]]
            # Rounded, since prices in gold labels have but so many digits.
            price = float(f"{money.of(price):.6g}") if money.currency else price
            row = {**names, **source, "price": price, "currency": money.currency, "abstentions": abstentions}
            if gold_noise and "accuracy" in row:
                ends = widened(row["accuracy"], row["accuracy_low"], row["accuracy_high"], gold_noise[row["task"]])
                row |= zip(("accuracy_low", "accuracy_high"), map(float, ends), strict=True)
            if "accuracy" in row and (coverage := row["coverage"]) < 1:
                gaps = NOT_ASKED if supervisor in not_asked else ABSTAINED
                row |= {"gaps": gaps, "accuracy_all": row["accuracy"] * coverage + (1 - coverage) / 2}
            rows.append(row)
    currency = ["currency"] if money.currency else []
    columns = ["task", "supervisor", "column", "aggregate", "price", *currency, *QUALITY]
    columns += ["coverage", "abstentions", "gaps", "accuracy_all"]
    return pd.DataFrame(rows, columns=columns)


def comparable_tasks(labelled: Sequence[tuple[str, str]]) -> list[str]:
    """The tasks that every supervisor labels, or all tasks where they share none. labelled: (task, supervisor)."""
    by_supervisor: dict[str, set[str]] = {}
    for task, supervisor in labelled:
        by_supervisor.setdefault(supervisor, set()).add(task)
    shared, tasks = set.intersection(*by_supervisor.values()), dict.fromkeys(task for task, _ in labelled)
    return [task for task in tasks if task in shared] or list(tasks)


class SupervisorQuality(NamedTuple):
    """How good the weak labels of all supervisors are on the test examples."""

    bins: pd.DataFrame
    """The columns of `reliability` by supervisor, over the examples of all pooled tasks."""
    quality: pd.DataFrame
    """What `label_quality` returns, by task and supervisor."""
    pooled: list[str]
    """The tasks that all supervisors label."""


def compare_supervisors(
    tests: Mapping[str, pd.DataFrame], labels: Mapping[tuple[str, str], pd.DataFrame]
) -> SupervisorQuality:
    """Compare weak labels with gold ones. tests: id and gold by task; labels: id and p_weak by (task, supervisor)."""
    tables = (
        tests[task].merge(table, on="id").assign(task=task, supervisor=supervisor)
        for (task, supervisor), table in labels.items()
    )
    # A user's own labels may have gaps, weak and gold.
    known, pooled = pd.concat(tables).dropna(subset=["p_weak", "gold"]), comparable_tasks(list(labels))
    bins = [
        reliability(group.gold.to_numpy(), group.p_weak.to_numpy()).assign(supervisor=supervisor)
        for supervisor, group in known[known.task.isin(pooled)].groupby("supervisor", sort=False)
    ]
    quality = [
        {"task": task, "supervisor": supervisor} | label_quality(group.gold.to_numpy(), group.p_weak.to_numpy())
        for (task, supervisor), group in known.groupby(["task", "supervisor"], sort=False)
    ]
    return SupervisorQuality(pd.concat(bins), pd.DataFrame(quality), pooled)
