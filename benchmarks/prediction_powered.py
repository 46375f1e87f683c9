"""Accuracies of few gold test labels and many weak ones: how often 95 % intervals hold the truth, and their widths.

Tests are drawn from known shares of right answers and right weak labels; a student imitates the weak labels on a share
of the texts. Widths are compared with those by gold labels alone: by the same ones, and by as many as cost the same,
where a weak label costs --price. With the folder of a finished study its own predictions and weak labels are drawn
from instead: of each supervisor the purchase with the highest accuracy, and the one of most weak labels alone.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from elicitation.analysis.measures import right_answers
from elicitation.analysis.prediction_powered import effective_size, powered_contributions

# Gold test labels and test texts.
SIZES = ((30, 300), (60, 300), (100, 500), (100, 2000), (200, 1000))
# Shares of right answers, of right weak labels, and of texts on which the student imitates them.
STUDENTS = (
    (0.75, 0.9, 0.0),
    (0.9, 0.9, 0.0),
    (0.95, 0.95, 0.0),
    (0.75, 0.7, 0.0),
    (0.75, 0.5, 0.0),
    (0.6, 0.9, 0.7),
    (0.6, 0.7, 0.9),
)
# log_odds, gold and p_weak of so many texts.
Draw = Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray, np.ndarray]]


def student(accuracy: float, weak_accuracy: float, imitated: float) -> Draw:
    """Texts of a student that imitates the weak labels on a share of them."""

    def draw(texts: int, rng: np.random.Generator):
        weak_right = rng.random(texts) < weak_accuracy
        right = np.where(rng.random(texts) < imitated, weak_right, rng.random(texts) < accuracy)
        gold = rng.integers(0, 2, texts).astype(float)
        return (2.0 * right - 1) * (2 * gold - 1), gold, np.where(weak_right, gold, 1 - gold)

    return draw


def resampled(test: pd.DataFrame) -> Draw:
    """Texts of a study, drawn with replacement. test: log_odds, gold and p_weak."""
    columns = test[["log_odds", "gold", "p_weak"]].to_numpy(dtype=float).T

    def draw(texts: int, rng: np.random.Generator):
        return columns[:, rng.integers(0, columns.shape[1], texts)]

    return draw


def cells(draw: Draw, truth: float, n: int, texts: int, price: float, times: int, rng: np.random.Generator) -> str:
    """Coverage and widths of tests as cells of a Markdown row. truth: the accuracy."""
    means, sizes = np.empty((3, times)), np.empty((3, times))
    same_cost = round(n + price * texts)
    for i in range(times):
        log_odds, gold, p_weak = draw(texts, rng)
        known, right = np.where(np.arange(texts) < n, gold, np.nan), right_answers(log_odds, gold)
        each = powered_contributions(log_odds, known, p_weak)
        means[:, i] = each.mean().clip(0, 1), right[:n].mean(), right[:same_cost].mean()
        sizes[:, i] = effective_size(each, right[:n]), n, same_cost
    low, high = proportion_confint(means * sizes, sizes, method="wilson")
    held, width = 100 * ((low <= truth) & (truth <= high)).mean(axis=1), (high - low).mean(axis=1)
    return (
        f"{held[0]:.1f} | {held[1]:.1f} | {100 * width[0]:.1f} | {width[0] / width[1]:.2f} | {width[0] / width[2]:.2f}"
    )


def students_of(folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """What runs of a study's folder are called, and log_odds, gold and p_weak of their test texts."""
    metrics = pd.read_parquet(folder / "results/metrics.parquet")
    metrics = metrics[metrics.n_weak + metrics.n_gold > 0]
    for (task, supervisor, student, method), rows in metrics.groupby(["task", "supervisor", "student", "method"]):
        weak_only = rows[rows.n_gold == 0].nlargest(1, "n_weak")
        labels = pd.read_parquet(folder / f"results/weak_labels/{task}/{supervisor}.parquet")
        test = pd.read_parquet(folder / f"results/tasks/{task}/test.parquet").merge(labels, on="id")
        for run in pd.concat([rows.nlargest(1, "accuracy"), weak_only]).itertuples():
            place = f"results/runs/{task}/{supervisor if run.n_weak else 'no-supervisor'}/{student}/{method}"
            found = pd.concat(pd.read_parquet(path) for path in (folder / place).glob(f"*_s{run.seed}.parquet"))
            own = found[(found.n_weak == run.n_weak) & (found.n_gold == run.n_gold)].drop_duplicates("id")
            yield f"{task}, {supervisor}, {run.n_weak} weak + {run.n_gold} gold", test.merge(own, on="id")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="of a finished study with gold labels on all test texts")
    parser.add_argument("--times", type=int, default=4000, help="how many tests of each kind (4000)")
    parser.add_argument("--price", type=float, default=0.05, help="of a weak label, gold = 1 (0.05)")
    parser.add_argument("--seed", type=int, default=1, help="of all draws (1)")
    asked = parser.parse_args()
    if asked.folder:
        drawn = [
            (name, resampled(test), right_answers(test.log_odds.to_numpy(), test.gold.to_numpy()).mean(), size)
            for name, test in students_of(asked.folder)
            for size in ((60, 400), (100, 1000))
        ]
    else:
        drawn = [
            (
                f"{accuracy:g}, {weak:g}, {same:g}",
                student(accuracy, weak, same),
                same * weak + (1 - same) * accuracy,
                size,
            )
            for size in SIZES
            for accuracy, weak, same in STUDENTS
        ]
    print("| student | gold | texts | held, % | by gold, % | width, points | to gold alone | at equal cost |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    rng = np.random.default_rng(asked.seed)
    for name, draw, truth, (n, texts) in drawn:
        found = cells(draw, truth, n, texts, asked.price, asked.times, rng)
        print(f"| {name} | {n} | {texts:,} | {found} |", flush=True)


if __name__ == "__main__":
    main()
