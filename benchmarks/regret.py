"""How much recommended purchases lose against the best ones that were run, at budgets that were held out.

For every budget of a finished study all purchases that spend it are held out, of all tasks. The posterior is fitted to
the others and decides at that budget and every price. What it recommends is scored by the purchase that was run and is
nearest to it, or by asking the model where it recommends to buy nothing. Regret is the measured score of the best that
is affordable, less that: it favours the best of many lucky ones. It counts supervisors and methods of which something
is left. `within reach` counts only what lies among the purchases that are left, so that it could be recommended.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.analysis.choices import Decision, decide, terms_for
from elicitation.analysis.names import PURCHASE
from elicitation.analysis.posterior import Block, Posterior
from elicitation.analysis.posterior_fitting import fit_posterior
from elicitation.buying.prices import affords, ceiling

# What tells the configurations of one student and task apart.
OF_SURFACE = ["supervisor", "method"]


def measured(decision: Decision, tried: pd.DataFrame) -> float:
    """The score of the purchase that was run and is nearest to what is recommended, on logarithmic scales."""
    if not decision.buys:
        return float(decision.free.scores.mean[0])
    options, best = decision.options, decision.best
    surface = options.surfaces[options.surface[best]]
    own = tried[(tried[OF_SURFACE] == [surface.supervisor, surface.method]).all(axis=1)]
    apart = np.log1p(own[["n_weak", "n_gold"]].to_numpy()) - np.log1p([options.n_weak[best], options.n_gold[best]])
    return float(own.score.iloc[(apart**2).sum(axis=1).argmin()])


def within_reach(block: Block, tried: pd.DataFrame) -> np.ndarray:
    """(n,) whether the block's surfaces have a score for purchases that were run."""
    known = {(s.supervisor, s.method): s for s in block.surfaces}
    rows = tried[[*OF_SURFACE, "n_weak", "n_gold"]].itertuples(index=False)
    found = [known[supervisor, method].at(*pair).mean[0] for supervisor, method, *pair in rows]
    return np.isfinite(found)


def regret(block: Block, runs: pd.DataFrame, budget: float, price: float) -> dict | None:
    """What is lost on one student and task; None where nothing is affordable. runs: all purchases that were run."""
    decision = decide(block, terms_for(budget, dict.fromkeys(runs.supervisor.unique(), price)), 0.95)
    left = {(s.supervisor, s.method) for s in block.surfaces}
    named = pd.Series(list(zip(runs.supervisor, runs.method, strict=True)), runs.index)
    tried = runs[affords(budget, runs.n_weak, runs.n_gold, price) & named.isin(left)]
    if decision.best is None or tried.empty:
        return None
    own, free = measured(decision, tried), decision.free.scores.mean[0]
    reach = tried.score[within_reach(block, tried)].max()
    return {"regret": max(tried.score.max(), free) - own, "within reach": np.nanmax([reach, free]) - own}


def regrets(table: pd.DataFrame, grid_price: float, prices: list[float]) -> Iterator[dict]:
    """Rows of task, budget, price and what `regret` finds. grid_price: of a weak label, at which budgets were spent."""
    runs = table[table.kind == PURCHASE]
    groups = runs[["student", "task", *OF_SURFACE]].drop_duplicates()
    spent = pd.Series([ceiling(*pair, grid_price) for pair in zip(runs.n_weak, runs.n_gold, strict=True)], runs.index)
    for budget in sorted(spent.unique()):
        kept = table.drop(index=runs.index[spent == budget])
        left = kept[kept.kind == PURCHASE][groups.columns].drop_duplicates()
        for block in Posterior(fit_posterior(kept, left, [])).blocks:
            own = runs[(runs.task == block.task) & (runs.student == block.student)]
            # A task without a purchase at this budget holds none out.
            if not (spent[own.index] == budget).any():
                continue
            for price in prices:
                lost = regret(block, own, budget, price)
                if lost is not None:
                    yield {"task": block.task, "budget": budget, "price": price} | lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evidence", nargs="+", type=Path, help="results/evidence.parquet of finished studies")
    parser.add_argument("--grid-price", type=float, default=0.5, help="grid.weak_price of the studies (0.5)")
    parser.add_argument("--prices", type=float, nargs="+", default=[0.5, 0.1, 0.01], help="of a weak label")
    asked = parser.parse_args()
    print("| study | what | cases | regret: median, points | worst | within reach: median | worst |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for path in asked.evidence:
        found = pd.DataFrame(regrets(pd.read_parquet(path), asked.grid_price, asked.prices))
        by_price = [(f"at {price:g}", rows) for price, rows in found.groupby("price", sort=False)]
        for name, rows in [("all", found), *found.groupby("task", sort=False), *by_price]:
            lost = [
                100 * value for what in ("regret", "within reach") for value in (rows[what].median(), rows[what].max())
            ]
            print(f"| {path} | {name} | {len(rows)} | {' | '.join(f'{number:.1f}' for number in lost)} |", flush=True)


if __name__ == "__main__":
    main()
