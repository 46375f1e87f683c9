"""Which learning rate is best, by the scores of what was trained at each: the choice, and how clear it is."""

from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.analysis.intervals import named, seed_half_width

# Scores that differ by less are the same.
SAME = 1e-9


def scores_of_seeds(compared: pd.DataFrame) -> pd.DataFrame:
    """Scores by learning rate (rising) and seed, averaged over the numbers of labels.

    compared: as training.tuning.compare_rates writes it.
    """
    return compared.pivot_table("score", "learning_rate", "seed")


def best_rate(compared: pd.DataFrame) -> float:
    """The rate with the highest mean score; of those that share it the middle one, of two in the middle the lower."""
    means = scores_of_seeds(compared).mean(axis=1)
    best = means.index[means >= means.max() - SAME]
    return float(best[(len(best) - 1) // 2])


def read_rates(path: str | Path) -> pd.DataFrame:
    """A comparison in results/learning_rates, to the last digit."""
    return pd.read_csv(path, float_precision="round_trip")


def read_best_rate(path: str | Path) -> float:
    """The best rate of such a comparison."""
    return best_rate(read_rates(path))


def summarise_rates(compared: pd.DataFrame) -> pd.DataFrame:
    """By learning rate: `score`, averaged over seeds and numbers of labels, and `behind`, by how much it is below the
    best rate's; each with the ends of its 95 % interval, by the spread over seeds (t), for `behind` in pairs.

    The ends are infinite where there is one seed. The interval of the best rate's own score is that of a winner: its
    score on other labels is probably somewhat lower.
    """
    scores = scores_of_seeds(compared)
    columns = {}
    for name, by_seed in (("score", scores), ("behind", scores.loc[best_rate(compared)] - scores)):
        means, off = by_seed.mean(axis=1), by_seed.apply(lambda row: seed_half_width(row.to_numpy()), axis=1)
        columns |= named(name, (means, means - off, means + off))
    return pd.DataFrame(columns)


def rate_lines(compared: pd.DataFrame) -> list[str]:
    """The comparison as a table in Markdown, and what follows from it."""
    summary, best = summarise_rates(compared), best_rate(compared)
    numbers, n_seeds = sorted(compared.n_gold.unique()), compared.seed.nunique()
    heads = ["learning rate", *(f"{n} gold" for n in numbers), "mean (95 % interval)", "below the best"]
    lines = [f"| {' | '.join(heads)} |", "|---:" * len(heads) + "|"]
    by_number = compared.pivot_table("score", "learning_rate", "n_gold")
    for rate, row in summary.iterrows():
        cells = [f"{rate:g}", *(f"{100 * by_number.loc[rate, n]:.1f}" for n in numbers)]
        cells.append(f"{100 * row.score:.1f}{ends(row.score_low, row.score_high)}")
        cells.append("chosen" if rate == best else f"{100 * row.behind:.1f}{ends(row.behind_low, row.behind_high)}")
        lines.append(f"| {' | '.join(cells)} |")
    held_out = int(compared.n_held_out.iloc[0])
    lines.append(f"\nBalanced accuracy in % on {held_out} held-out gold labels; {n_seeds} seed{'s' * (n_seeds > 1)}.")
    return [*lines, verdict(summary, best)]


def ends(low: float, high: float) -> str:
    """An interval in percent; empty where it has no ends."""
    return f" ({100 * low:.1f} to {100 * high:.1f})" if np.isfinite(low) else ""


def verdict(summary: pd.DataFrame, best: float) -> str:
    """What is chosen, and whether the data decide it."""
    if summary.score_low[best] <= 0.5:
        return f"Chosen: {best:g}. Undetermined: no rate is clearly above chance (50 %); raise tuning.labels."
    rivals = summary[(summary.behind_low <= 0) & (summary.index != best)]
    said = f"Chosen: {best:g}, clearly ahead of all others."
    if len(rivals):
        said = f"Chosen: {best:g}. Undetermined against {', '.join(f'{rate:g}' for rate in rivals.index)}."
    if best in (summary.index[0], summary.index[-1]):
        side = "lowest" if best == summary.index[0] else "highest"
        said += f" It is the {side} of the rates, so a better one may lie beyond; add one to tuning.learning_rates."
    return said
