"""What the figures show, in words."""

import pandas as pd

from elicitation.config import AVERAGE
from elicitation.regimes import NAMES, REGIMES, UNDETERMINED


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def describe_point(point: pd.Series) -> str:
    return (
        f"cost {point.cost:g}: {point.n_weak:.0f} weak + {point.n_gold:.0f} gold labels by {point.method} -> "
        f"{percent(point.accuracy_report)} % ({percent(point.accuracy_report_low)} to "
        f"{percent(point.accuracy_report_high)}; {point.n_seeds:.0f} seeds)"
    )


def frontier_sentences(frontier: pd.DataFrame) -> list[str]:
    """One line a point on the frontier, averaged over tasks where there are several."""
    table = frontier[frontier.task == AVERAGE] if AVERAGE in set(frontier.task) else frontier
    lines = []
    for key, group in table[table.on_frontier].groupby(["student", "supervisor", "weak_price"], sort=False):
        student, supervisor, price = key
        lines.append(f"\n{student} with labels of {supervisor}, a weak label costs {price:g}:\n")
        lines += [f"- {describe_point(point)}" for _, point in group.sort_values("cost").iterrows()]
    return lines


def regime_sentences(regimes: pd.DataFrame) -> list[str]:
    """For each regime where it was found beyond the error bars, and how often none was."""
    varying = ["task"] + [name for name in NAMES[1:] if regimes[name].nunique() > 1]
    lines = []
    for regime in REGIMES.values():
        found = regimes[regimes.regime == regime]
        where = "; ".join(
            f"{', '.join(key)} at "
            + ", ".join(f"{row.budget:g} (weak label {row.weak_price:g})" for row in group.itertuples())
            for key, group in found.groupby(varying, sort=False)
        )
        lines.append(f"- {regime}: {where if len(found) else 'not found'}")
    undetermined = (regimes.regime == UNDETERMINED).sum()
    return [*lines, f"- {UNDETERMINED}: {undetermined} of {len(regimes)} (results/regimes.csv has all)"]


def pareto_caption(frontier: pd.DataFrame, regimes: pd.DataFrame) -> str:
    """The caption of figures/pareto.pdf."""
    lines = [
        "Accuracy of every purchase against its cost, in gold labels. Points on the frontier were chosen on one half",
        "of the test examples; accuracies, with 95 % intervals over seeds and examples, are those on the other half.",
        *frontier_sentences(frontier),
        "\nRegimes (task, budget, price of a weak label), beyond the 95 % intervals:\n",
        *regime_sentences(regimes),
    ]
    return "\n".join(lines) + "\n"
