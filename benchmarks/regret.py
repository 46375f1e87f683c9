"""How much accuracy recommended purchases lose against the best ones that were run, on budgets held out.

For every task (and the average), supervisor, student, method, price and budget, the purchases that spend more than
half of the budget are held out. The production function is fitted to the others, and `recommend` answers from these
alone. What it recommends is scored by the purchase that was run and is nearest to it. Regret is the accuracy of the
best purchase within the budget less that. The purchases that were run are those of one price (`grid.weak_price`), so
the other prices are held out as well. `regret` takes both accuracies from all the evidence, which favours the best
of many lucky ones; `honest` lets one half choose the best and the other report.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.analysis.findings import Findings, Question, read_findings
from elicitation.analysis.names import GROUP
from elicitation.analysis.production_fitting import fit_group
from elicitation.analysis.recommendation import Choice, recommend
from elicitation.buying.prices import affords, exact
from elicitation.errors import InputError
from elicitation.files import read_json

# Share of the budget above which a purchase is held out.
HELD_OUT = Fraction(1, 2)


def nearest(n_weak: np.ndarray, n_gold: np.ndarray, bought: Choice) -> int:
    """The place of the purchase that is nearest to the one bought, on logarithmic scales."""
    apart = np.log1p([n_weak, n_gold]) - np.log1p([[bought.n_weak], [bought.n_gold]])
    return int((apart**2).sum(axis=0).argmin())


def regrets(findings: Findings, settings: dict) -> Iterator[dict]:
    """One row for every price and budget that leave two purchases to fit.

    findings: of one task, supervisor, student and method; settings: of rule fit_production (the budgets and the weak
    price of the study's grid).
    """
    evidence = findings.evidence
    points, accuracy = evidence.points, evidence.accuracy
    names = points[GROUP].iloc[0].to_dict()
    for price in findings.prices[names["supervisor"]]:
        for budget in settings["budgets"]:
            within = affords(budget, points.n_weak, points.n_gold, price)
            rest = affords(HELD_OUT * exact(budget), points.n_weak, points.n_gold, price) | ~within
            if within.sum() < 2 or rest.all() or rest.sum() < 2:
                continue
            kept = evidence.on(points[rest])
            [fit] = fit_group(kept, settings["budgets"], settings["weak_price"]).fits
            known = replace(findings, evidence=kept, fits=[fit])
            try:
                answer = recommend(known, Question(budget, price, **names))
            except InputError:
                # Where the fit is not good and nothing that was run is affordable, nothing is recommended.
                yield {"weak_price": price, "budget": budget, "verdict": fit.verdict}
                continue
            among = np.flatnonzero(within)
            tried = points.iloc[among]
            chosen = among[nearest(tried.n_weak.to_numpy(), tried.n_gold.to_numpy(), answer.recommended)]
            honest = evidence.reported(evidence.best_by_half(among))
            yield {
                "weak_price": price,
                "budget": budget,
                "verdict": fit.verdict,
                "regret": accuracy[among].max() - accuracy[chosen],
                "honest": float((honest - accuracy[chosen] - evidence.deviations[chosen]).mean()),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folders", nargs="*", type=Path, default=[Path()], help="folders of finished studies (this one)"
    )
    print("| study | what | cases | no answer | regret: median, points | worst | honest regret: median | worst |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for folder in parser.parse_args().folders:
        findings, production = read_findings(folder), read_json(folder / "results/production.json")
        tables = []
        for names, evidence in findings.evidence.bought.by(GROUP):
            own = replace(findings, evidence=evidence)
            tables.append(pd.DataFrame(regrets(own, production["settings"])).assign(task=names["task"]))
        table = pd.concat(tables, ignore_index=True)
        by_price = [(f"at {price:g}", rows) for price, rows in table.groupby("weak_price", sort=False)]
        for name, rows in [("all", table), *table.groupby("task", sort=False), *by_price]:
            scores = [value for column in (rows.regret, rows.honest) for value in (column.median(), column.max())]
            cells = " | ".join(f"{100 * score:.1f}" for score in scores)
            print(f"| {production['study']} | {name} | {rows.regret.count()} | {rows.regret.isna().sum()} | {cells} |")


if __name__ == "__main__":
    main()
