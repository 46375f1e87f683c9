"""Scores of runs, with intervals, and their summary over seeds."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from elicitation.analysis.error_parts import PART_SCORES, score_parts
from elicitation.analysis.evidence import ENDS, evidence_rows
from elicitation.analysis.intervals import (
    auroc_interval,
    mean_accuracy,
    mean_of_runs,
    named,
    seed_half_width,
    widened,
    wilson,
)
from elicitation.analysis.measures import agreement, contributions, gold_shift, right_answers
from elicitation.analysis.names import ABSTAINED, CONFIGURATION, PART_COUNTS, POWERED, student_and_cue
from elicitation.analysis.posterior import Z
from elicitation.analysis.prediction_powered import effective_size, powered_contributions
from elicitation.buying.methods import Shots
from elicitation.seeds import stream

# The columns that tell the runs of one task, supervisor, student and method apart.
PURCHASE_AND_SEED = ["n_weak", "n_gold", "seed"]


def matched_accuracy(gold: np.ndarray, log_odds: np.ndarray) -> float:
    """Accuracy when as many examples are called 1 as are 1: the threshold is the quantile at the base rate.

    Of examples that lie on the threshold together as many as are needed are called 1; which ones counts as chance.
    """
    n_positive = int(gold.sum())
    threshold = np.sort(log_odds)[::-1][n_positive - 1]
    above, tied = log_odds > threshold, log_odds == threshold
    called = np.where(tied, (n_positive - above.sum()) / tied.sum(), above)
    return float(np.where(gold == 1, called, 1 - called).mean())


def score_run(
    test: pd.DataFrame, log_odds: np.ndarray, rng: np.random.Generator, gold_noise: float | None = None
) -> dict:
    """Scores of one run. test: id, gold and p_weak of the test examples, in the order of log_odds (n,).

    Where a source has no weak label, p_weak is missing and the example says nothing of the weak labels.
    `commoner_accuracy` is what always giving the commoner label achieves, without any model.
    Where gold labels are missing, the accuracy is estimated as `powered_accuracy` says; all other scores are those on
    the examples that have one.
    """
    known = test.gold.notna().to_numpy()
    if not known.all():
        powered = powered_accuracy(test, log_odds)
        return score_run(test[known], log_odds[known], rng, gold_noise) | powered
    gold = test.gold.to_numpy()
    correct = right_answers(log_odds, gold)
    voted = test.p_weak.notna().to_numpy()
    weak = test.p_weak.to_numpy()[voted]
    low, high = wilson(correct.sum(), len(correct))
    auroc_low, auroc_high = auroc_interval(gold, log_odds, rng)
    return {
        "n_test": len(gold),
        "n_voted": int(voted.sum()),
        "accuracy": float(correct.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "auroc": float(roc_auc_score(gold, log_odds)),
        "auroc_low": auroc_low,
        "auroc_high": auroc_high,
        "matched_accuracy": matched_accuracy(gold, log_odds),
        "weak_agreement": float(agreement(weak, (log_odds > 0)[voted]).mean()),
        "weak_accuracy": float(agreement(weak, gold[voted] == 1).mean()),
        "commoner_accuracy": float(max(gold.mean(), 1 - gold.mean())),
        "balanced_accuracy": float(contributions("balanced_accuracy", log_odds, gold).mean()),
    } | score_parts(gold, test.p_weak.to_numpy(dtype=float), log_odds, gold_noise or 0.0)


def powered_accuracy(test: pd.DataFrame, log_odds: np.ndarray) -> dict:
    """The prediction-powered accuracy of one run, of few examples with gold labels; test and log_odds as of score_run.

    `n_effective` is how many examples with gold would tell as much without weak labels, and the interval Wilson's for
    so many: near 0 and 1 a normal one would hold the truth too seldom. Beside it stands the accuracy by gold alone.
    """
    gold, known = test.gold.to_numpy(dtype=float), test.gold.notna().to_numpy()
    right = right_answers(log_odds[known], gold[known])
    each = powered_contributions(log_odds, gold, test.p_weak.to_numpy(dtype=float))
    size = float(effective_size(each, right))
    accuracy = float(np.clip(each.mean(), 0, 1))
    found = {"estimator": POWERED, "n_test_texts": len(gold), "n_effective": size}
    for name, mean, n in (("accuracy", accuracy, size), ("accuracy_classical", float(right.mean()), len(right))):
        found |= named(name, (mean, *wilson(mean * n, n)))
    return found


def performance_gap_recovered(metrics: pd.DataFrame) -> pd.Series:
    """(accuracy - weak) / (ceiling - weak) for every run of one task, supervisor, student and method.

    Weak is the accuracy of the weak labels, the ceiling the mean accuracy of the runs on the most gold labels and
    no weak ones. Missing where there are none (asking without labels is none) or they are no better than the weak
    labels. Source: Burns et al. (2023), arXiv 2312.09390.
    """
    gold_only = metrics[(metrics.n_weak == 0) & (metrics.n_gold > 0)]
    ceiling = gold_only[gold_only.n_gold == gold_only.n_gold.max()].accuracy.mean()
    gap = ceiling - metrics.weak_accuracy
    return ((metrics.accuracy - metrics.weak_accuracy) / gap).where(gap > 0)


def summarise(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row a configuration: scores averaged over seeds, with intervals; n_seeds and n_tasks count the runs.

    The intervals of AUROC and PGR are t intervals over the seeds alone. n_wrong and n_right count the test examples of
    elicitation.analysis.error_parts.

    metrics: as elicitation.analysis.averages.with_averaged_runs returns them.
    """
    rows = []
    for key, runs in metrics.groupby(CONFIGURATION, sort=False):
        row = dict(zip(CONFIGURATION, key, strict=True)) | {"n_seeds": len(runs), "n_tasks": runs.n_tasks.iloc[0]}
        row["cue"] = student_and_cue(row["student"])[1]
        row |= {count: runs[count].iloc[0] for count in PART_COUNTS}
        names, sizes = ["accuracy", "matched_accuracy", "weak_accuracy", "weak_agreement"], {}
        if "n_effective" in runs:
            names, sizes = [*names, "accuracy_classical"], {"accuracy": runs.n_effective.mean()}
        for name in names:
            examples = runs.n_voted if name.startswith("weak") else runs.n_test
            mean, low, high = mean_accuracy(runs[name].to_numpy(), sizes.get(name, examples.iloc[0]))
            # Whether student and weak label agree no gold label says.
            if "accuracy_shift" in runs and name != "weak_agreement":
                low, high = map(float, widened(mean, low, high, runs.accuracy_shift.iloc[0]))
            row |= named(name, (mean, low, high))
        row["commoner_accuracy"] = runs.commoner_accuracy.mean()
        for name in ("auroc", "pgr"):
            mean, off = runs[name].mean(), seed_half_width(runs[name].to_numpy()) if len(runs) > 1 else np.nan
            if name == "auroc" and "auroc_shift" in runs:
                off = np.hypot(off, Z * runs.auroc_shift.iloc[0])
            row |= named(name, (mean, mean - off, mean + off))
        for name in PART_SCORES:
            row |= named(name, mean_of_runs(runs, name))
        rows.append(row)
    return pd.DataFrame(rows)


def evaluate_runs(
    names: Mapping[str, str],
    shots: Shots | None,
    test: pd.DataFrame,
    predictions: pd.DataFrame,
    purchases: Collection[tuple[int, int, int]],
    measure: str,
    gold_noise: float | None = None,
    gaps: str = ABSTAINED,
    further: pd.DataFrame | None = None,
    tuned: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The scores of every run of one task, supervisor, student and method, and their rows of results/evidence.parquet.

    names: of these four; shots: what the method puts into prompts; test: id, gold and p_weak; predictions: n_weak,
    n_gold, seed, id, log_odds and precision; purchases: the (n_weak, n_gold, seed) to score; measure: one of MEASURES,
    which the evidence is in; gold_noise: the share of wrong gold labels, None where no task of the study says one;
    gaps, further and tuned: as of evidence.evidence_rows. Runs without weak labels are stored for all supervisors
    together, who may not all buy as many gold ones, so predictions may hold others.
    """
    predictions = predictions.drop_duplicates([*PURCHASE_AND_SEED, "id"])
    wanted = pd.DataFrame(purchases, columns=PURCHASE_AND_SEED)
    predictions, rows = predictions.merge(wanted, on=PURCHASE_AND_SEED), []
    _, cue = student_and_cue(names["student"])
    for (n_weak, n_gold, seed), run in predictions.groupby(PURCHASE_AND_SEED):
        log_odds = run.set_index("id").log_odds.loc[test.id].to_numpy()
        scores = score_run(test, log_odds, stream(seed, "bootstrap", *names.values(), n_weak, n_gold), gold_noise)
        # A method that only prompts shows all that it buys.
        prompt = {"shots": (shots.k or n_weak + n_gold) if shots else 0, "shot_quality": shots.quality if shots else ""}
        computed = {"precision": run.precision.iloc[0]}
        rows.append(
            {**names, "cue": cue, "n_weak": n_weak, "n_gold": n_gold, "seed": seed} | prompt | computed | scores
        )
    metrics = pd.DataFrame(rows)
    metrics["pgr"] = performance_gap_recovered(metrics)
    evidence = evidence_rows(dict(names), test, predictions, measure, gaps, further, tuned)
    if gold_noise is not None:
        gold = test.gold.dropna().to_numpy()
        for name in ("accuracy", "auroc"):
            shift = gold_shift(name, gold_noise, gold)
            for each in {name, f"{name}_classical"} & {*metrics}:
                ends = [f"{each}_low", f"{each}_high"]
                metrics[ends] = np.column_stack(widened(metrics[each], *(metrics[end] for end in ends), shift))
            metrics[f"{name}_shift"] = shift
        shift = gold_shift(measure, gold_noise, gold)
        evidence["gold_shift"] = shift
        evidence[ENDS] = np.column_stack(widened(evidence.score, *(evidence[end] for end in ENDS), shift))
    return metrics, evidence
