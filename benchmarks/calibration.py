"""How right the posterior is where the truth is known: coverage of intervals, wrong verdicts, regret; and its time.

Studies are drawn from truths of several forms (tests/unit/simulated.py). Coverage is that of nominal 95 % intervals:
for purchases that were run, for others among them, and for those recommended at 8 budgets. A verdict (at 0.95) is wrong
where another way of spending truly beats the one it names: at all, by more than the least gain that counts, or by half
a point. Regret is what recommendations lose at budgets whose purchases were all held out. Run with tests/unit on
PYTHONPATH.
"""

import argparse
import time

import numpy as np
import pandas as pd
from simulated import GRIDS, PRICE, TRUTHS, draw_study, fit, judge_studies, purchases_of, regrets

from elicitation.analysis.choices import MIN_GAIN, decide, terms_for

# What is changed in the rows after the truths' own.
VARIANTS = {"3 seeds": {"seeds": 3}, "150 test examples": {"n": 150}, "luckier seeds": {"seed_spread": 0.04}}


def cells(judged: pd.DataFrame) -> str:
    """Coverage and verdicts of studies as cells of a Markdown row."""
    shortfalls = np.concatenate(judged.verdicts.tolist())
    decided = shortfalls[~np.isnan(shortfalls)]
    wrong = [100 * np.mean(decided > by) if len(decided) else 0.0 for by in (1e-9, MIN_GAIN, 0.005)]
    shares = [100 * judged[name].mean() for name in ("run", "unrun", "chosen")]
    undetermined = 100 * (1 - len(decided) / len(shortfalls))
    return " | ".join(f"{number:.1f}" for number in (*shares, undetermined, *wrong))


def time_answers() -> tuple[float, float]:
    """Seconds to fit a study of 4 tasks and 2 methods with 28 purchases, and to decide on the largest block."""
    rng, purchases = np.random.default_rng(0), purchases_of(*GRIDS[3])
    names = [{"task": task, "method": method} for task in "abcd" for method in "mn"]
    drawn = [draw_study(purchases, TRUTHS["capped"], rng, **name) for name in names]
    table = pd.concat(drawn, ignore_index=True)
    start = time.perf_counter()
    blocks = fit(table, over="abcd")
    middle = time.perf_counter()
    decide(blocks[0], terms_for(1024, {"v": PRICE}), 0.95)
    return middle - start, time.perf_counter() - middle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=40, help="how many of each truth (40)")
    parser.add_argument("--seed", type=int, default=1, help="of all draws (1)")
    asked = parser.parse_args()
    shares = "run, % | unrun, % | chosen, % | undetermined, %"
    print(f"| truth | {shares} | wrong, % of verdicts | by a gain | by half a point |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    judged = judge_studies(list(TRUTHS), asked.studies, asked.seed)
    for name, rows in judged.groupby("truth", sort=False):
        print(f"| {name} | {cells(rows)} |", flush=True)
    print(f"| **all** | {cells(judged)} |", flush=True)
    for name, changed in VARIANTS.items():
        varied = judge_studies(list(TRUTHS), max(1, asked.studies // 4), asked.seed, **changed)
        print(f"| all, {name} | {cells(varied)} |", flush=True)
    lost = [
        regret
        for i, truth in enumerate(TRUTHS.values())
        for grid in GRIDS
        for regret in regrets(truth, *grid, np.random.default_rng([asked.seed, i]))
    ]
    print(f"\nregret at held-out budgets: median {100 * np.median(lost):.1f} points, worst {100 * np.max(lost):.1f}")
    fitted, decided = time_answers()
    print(f"fit of 4 tasks, 2 methods and 27 purchases: {fitted:.1f} s; a decision: {decided:.3f} s")


if __name__ == "__main__":
    main()
