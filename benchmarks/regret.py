"""How much recommended purchases lose against the best ones that were run, at budgets that were held out.

For every budget of a finished study all purchases that spend it are held out, of all tasks. The posterior is fitted to
the others and decides at that budget and every price.

- `regret`: the score of what the posterior of all runs recommends there, less the score of the recommendation, both by
  the posterior of all runs. It counts supervisors and methods of which something is left.
- `measured`: the measured score of the best purchase that is affordable, less that of the purchase that was run and is
  nearest to the recommendation (or of asking the model, where it recommends to buy nothing). It is above 0 even for a
  perfect recommendation: the best of many is lucky.
- `within reach`: as `measured`, but counts only what lies among the purchases that are left, so that it could be
  recommended.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
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


def fit(table: pd.DataFrame) -> Sequence[Block]:
    """The posterior of every student and task, each on its own."""
    groups = table.loc[table.kind == PURCHASE, ["student", "task", *OF_SURFACE]].drop_duplicates()
    return Posterior(fit_posterior(table, groups, [])).blocks


def expected(decision: Decision, informed: Block) -> float:
    """The score of what is recommended, by a posterior that may know more than the one that recommends it."""
    if not decision.buys:
        return float(informed.best_free().scores.mean[0])
    options, best = decision.options, decision.best
    surface = options.surfaces[options.surface[best]]
    [own] = [s for s in informed.surfaces if (s.supervisor, s.method) == (surface.supervisor, surface.method)]
    return float(own.at(options.n_weak[best], options.n_gold[best]).mean[0])


def regret(block: Block, informed: Block, runs: pd.DataFrame, budget: float, price: float) -> dict | None:
    """What is lost on one student and task; None where nothing is affordable.

    block: of the posterior that recommends; informed: of that of all runs; runs: all purchases that were run.
    """
    left = {(s.supervisor, s.method) for s in block.surfaces}
    terms = terms_for(budget, dict.fromkeys(runs.supervisor.unique(), price))
    decision = decide(block, terms, 0.95)
    informed = replace(informed, surfaces=[s for s in informed.surfaces if (s.supervisor, s.method) in left])
    named = pd.Series(list(zip(runs.supervisor, runs.method, strict=True)), runs.index)
    tried = runs[affords(budget, runs.n_weak, runs.n_gold, price) & named.isin(left)]
    if decision.best is None or tried.empty:
        return None
    own, free = measured(decision, tried), decision.free.scores.mean[0]
    reach = tried.score[within_reach(block, tried)].max()
    return {
        "regret": expected(decide(informed, terms, 0.95), informed) - expected(decision, informed),
        "measured": max(tried.score.max(), free) - own,
        "within reach": np.nanmax([reach, free]) - own,
    }


def regrets(table: pd.DataFrame, grid_price: float, prices: list[float]) -> Iterator[dict]:
    """Rows of task, budget, price and what `regret` finds. grid_price: of a weak label, at which budgets were spent."""
    runs = table[table.kind == PURCHASE]
    spent = pd.Series([ceiling(*pair, grid_price) for pair in zip(runs.n_weak, runs.n_gold, strict=True)], runs.index)
    informed = {(b.task, b.student): b for b in fit(table)}
    for budget in sorted(spent.unique()):
        kept = table.drop(index=runs.index[spent == budget])
        for block in fit(kept):
            own = runs[(runs.task == block.task) & (runs.student == block.student)]
            # A task without a purchase at this budget holds none out.
            if not (spent[own.index] == budget).any():
                continue
            for price in prices:
                lost = regret(block, informed[block.task, block.student], own, budget, price)
                if lost is not None:
                    yield {"task": block.task, "budget": budget, "price": price} | lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evidence", nargs="+", type=Path, help="results/evidence.parquet of finished studies")
    parser.add_argument("--grid-price", type=float, default=0.5, help="grid.weak_price of the studies (0.5)")
    parser.add_argument("--prices", type=float, nargs="+", default=[0.5, 0.1, 0.01], help="of a weak label")
    asked = parser.parse_args()
    kinds = ["regret", "measured", "within reach"]
    print(f"| study | what | cases | {' | '.join(f'{kind}: median, points | worst' for kind in kinds)} |")
    print(f"|---|---|---:|{'---:|---:|' * len(kinds)}")
    for path in asked.evidence:
        found = pd.DataFrame(regrets(pd.read_parquet(path), asked.grid_price, asked.prices))
        by_price = [(f"at {price:g}", rows) for price, rows in found.groupby("price", sort=False)]
        for name, rows in [("all", found), *found.groupby("task", sort=False), *by_price]:
            lost = [100 * value for kind in kinds for value in (rows[kind].median(), rows[kind].max())]
            print(f"| {path} | {name} | {len(rows)} | {' | '.join(f'{number:.1f}' for number in lost)} |", flush=True)


if __name__ == "__main__":
    main()
