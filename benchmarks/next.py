"""How much following `elicitation next` for five rounds saves, against fixed grids, where truth is known.

Studies are drawn from known truths: a coarse grid of purchases that were run with two seeds each. Then in every round
two more runs are made: those that `elicitation next` puts first for a budget and price; or one more seed of purchases
of the grid; or first runs of a finer grid, both in random order. Regret is the true score of the best purchase studied
within the budget, less that of the recommended one, or of what costs nothing where that is recommended.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import norm

from elicitation.analysis.choices import find_options
from elicitation.analysis.evidence import score_configuration
from elicitation.analysis.findings import Findings, Question
from elicitation.analysis.names import ASKING, COMMONER, PURCHASE
from elicitation.analysis.next_steps import plan
from elicitation.analysis.posterior import Posterior
from elicitation.analysis.posterior_fitting import fit_posterior
from elicitation.analysis.recommendation import ask, recommend

ROUNDS, RUNS_A_ROUND = 5, 2
NAMES = {"task": "t", "supervisor": "v", "student": "s", "method": "m"}
PRICE = 0.1


def grid_of(budgets: tuple, shares: tuple) -> list[tuple[int, int]]:
    """Weak and gold labels of every budget at every share of gold labels."""
    return [(round((b - round(share * b)) / PRICE), round(share * b)) for b in budgets for share in shares]


# What is run at first, and what a finer grid adds.
GRID = grid_of((8, 48, 288), (0, 0.2, 0.5, 1))
FINER = grid_of((20, 118), (0, 0.2, 0.5, 0.8, 1))
# What is asked about.
ASKED_BUDGETS = (30, 120)
# Test examples.
N_TEST = 400
# Standard deviations: of a run's luck; of the difficulty of examples on the probit scale, and a purchase's own share.
LUCK, DIFFICULTY, OWN = 0.05, 1.0, 0.5
ASKED = 0.62
NO_TIMES = pd.DataFrame(columns=["student", "labels", "seconds"])
TRUTHS: dict[str, Callable] = {
    "gold and weak add up": lambda w, g: 0.93 - 0.4 * (1 + (g + 25 * w / (w + 200)) / 10) ** -0.6,
    "weak labels mislead": lambda w, g: 0.55 + 0.06 * np.log1p(g) + 0.12 * np.exp(-((np.log1p(w) - 4.6) ** 2)),
    "a mixture is best": lambda w, g: 0.6 + 0.05 * np.log1p(g) + 0.02 * np.log1p(w) * (g > 0) + 0.01 * np.log1p(w),
    "nearly level": lambda w, g: 0.7 + 0.012 * np.log1p(g) + 0.01 * np.log1p(w),
}


@dataclass
class Study:
    """Runs whose true scores are known."""

    truth: Callable
    rng: np.random.Generator
    answers: dict[tuple[int, int], list[np.ndarray]] = field(default_factory=dict)
    """(N_TEST,) log-odds of every run, by purchase."""

    def __post_init__(self):
        self.gold = np.arange(N_TEST) % 2
        self.difficulty = DIFFICULTY * self.rng.standard_normal(N_TEST)
        self.own: dict[tuple[int, int], np.ndarray] = {}

    def run(self, n_weak: int, n_gold: int) -> None:
        """One more seed of a purchase, or of asking, (0, 0)."""
        pair = (n_weak, n_gold)
        own = self.own.setdefault(pair, OWN * self.rng.standard_normal(N_TEST))
        score = float(self.truth(*pair)) + LUCK * self.rng.standard_normal() if sum(pair) else ASKED
        scale = np.sqrt(1 + DIFFICULTY**2 + OWN**2)
        right = self.rng.random(N_TEST) < norm.cdf(norm.ppf(np.clip(score, 0.02, 0.98)) * scale + self.difficulty + own)
        self.answers.setdefault(pair, []).append(np.where(right == (self.gold == 1), 1.0, -1.0))

    def evidence(self) -> pd.DataFrame:
        """What was measured, as in results/evidence.parquet."""
        rows = [
            {"kind": PURCHASE if sum(pair) else ASKING, "n_weak": pair[0], "n_gold": pair[1]}
            | score_configuration("accuracy", np.array(answers), self.gold)
            for pair, answers in self.answers.items()
        ]
        commoner = score_configuration("accuracy", np.ones((1, N_TEST)), self.gold)
        rows.append({"kind": COMMONER, "n_weak": 0, "n_gold": 0} | commoner)
        return pd.DataFrame(rows).assign(coverage=1.0, **NAMES)

    def findings(self) -> Findings:
        groups = pd.DataFrame([NAMES])[["student", "task", "supervisor", "method"]]
        return Findings(Posterior(fit_posterior(self.evidence(), groups, ["t"])), {"v": [PRICE]}, {}, 0.9)

    def regret(self, question: Question) -> float:
        """The true score of the best purchase within the budget, less that of what is recommended."""
        asked = ask(self.findings(), question)
        options = find_options(asked.block, asked.terms)
        best = max(self.truth(options.n_weak, options.n_gold).max(), ASKED)
        bought = recommend(asked.findings, question).purchase
        return float(best - (self.truth(bought.n_weak, bought.n_gold) if bought else ASKED))


def first_study(truth: Callable, seed: int) -> Study:
    """A study with two seeds of every purchase of the grid."""
    study = Study(truth, np.random.default_rng(seed))
    study.run(0, 0)
    for pair in [*GRID, *GRID]:
        study.run(*pair)
    return study


def follow(study: Study, question: Question, rounds: int) -> None:
    """Make the runs that `elicitation next` puts first."""
    for _ in range(rounds):
        steps = plan(study.findings(), study.evidence(), question, NO_TIMES).runs[:RUNS_A_ROUND]
        for step in steps:
            study.run(step.n_weak, step.n_gold)


def follow_grid(study: Study, grid: list[tuple[int, int]], rounds: int) -> None:
    """Make runs of a grid in random order."""
    for i in study.rng.permutation(len(grid))[: rounds * RUNS_A_ROUND]:
        study.run(*grid[i])


def compare(truth: Callable, seed: int, budget: float, rounds: int = ROUNDS) -> dict[str, float]:
    """Regret at first, after following `elicitation next`, and after either grid. The same luck starts all."""
    question, studies = Question(budget, PRICE), [first_study(truth, seed) for _ in range(4)]
    first, followed, repeated, refined = studies
    follow(followed, question, rounds)
    follow_grid(repeated, GRID, rounds)
    follow_grid(refined, FINER, rounds)
    named = {"at first": first, "next": followed, "more seeds": repeated, "finer grid": refined}
    return {name: study.regret(question) for name, study in named.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=10, help="of each truth and budget (10)")
    n = parser.parse_args().studies
    print("| truth | budget | regret at first, points | after `next` | after more seeds | after a finer grid |")
    print("|---|---:|---:|---:|---:|---:|")
    every = []
    for name, truth in TRUTHS.items():
        for budget in ASKED_BUDGETS:
            found = pd.DataFrame([compare(truth, seed, budget) for seed in range(n)])
            every.append(found)
            print(f"| {name} | {budget} | {' | '.join(f'{100 * value:.2f}' for value in found.mean())} |", flush=True)
    table = pd.concat(every)
    print(f"| all | | {' | '.join(f'{100 * value:.2f}' for value in table.mean())} |\n")
    for other in table.columns.drop("next"):
        # Both began with the same study.
        saved = 100 * (table[other] - table["next"])
        error = 1.96 * saved.sem()
        print(
            f"`next` wastes less than {other!r} by {saved.mean():.2f} points "
            f"({saved.mean() - error:.2f} to {saved.mean() + error:.2f}; {len(saved)} studies)."
        )


if __name__ == "__main__":
    main()
