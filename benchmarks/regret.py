"""How much accuracy recommended purchases lose against the best ones that were run, on budgets held out from the fit.

For every task (and the average), supervisor, student, method, price and budget, the purchases that spend more than
half of the budget are held out. The production function is fitted to the others and chooses among all affordable ones.
Its regret is the accuracy of the best of these less that of the chosen one. `regret` takes both accuracies from all
the evidence, which favours the best of many lucky ones; `honest` lets one half choose the best and the other report.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.averages import GROUP
from elicitation.files import read_json
from elicitation.fitting import fit_group
from elicitation.frontier import cost
from elicitation.production import GOOD
from elicitation.resampling import best_by_half, read_resamples, reported

HELD_OUT = 0.5
"""Share of the budget above which a purchase is held out."""


def regrets(points: pd.DataFrame, deviations: np.ndarray, settings: dict, prices: list[float]) -> Iterator[dict]:
    """One row for every price and budget of one task, supervisor, student and method that leave two purchases to fit.

    settings: of rule fit_production (the budgets and the weak price of the study's grid).
    """
    accuracy = points.accuracy.to_numpy()
    for price in prices:
        costs = cost(points.n_weak, points.n_gold, price).to_numpy()
        for budget in settings["budgets"]:
            within, held_out = costs <= budget + 1e-9, (costs > HELD_OUT * budget) & (costs <= budget + 1e-9)
            rest = ~held_out
            if within.sum() < 2 or not held_out.any() or rest.sum() < 2:
                continue
            *_, fit = fit_group(points[rest], deviations[rest], settings["budgets"], settings["weak_price"])
            among = np.flatnonzero(within)
            if fit.verdict != GOOD and (within & rest).any():
                # As the recommendation does: then only what was seen counts.
                seen = np.flatnonzero(within & rest)
                chosen = seen[accuracy[seen].argmax()]
            else:
                predicted = fit.predict(points.n_weak.to_numpy()[among], points.n_gold.to_numpy()[among])
                chosen = among[predicted.argmax()]
            drawn = deviations[among]
            honest = reported(accuracy[among], drawn, best_by_half(accuracy[among], drawn))
            yield {
                "weak_price": price,
                "budget": budget,
                "verdict": fit.verdict,
                "regret": accuracy[among].max() - accuracy[chosen],
                "honest": float((honest - accuracy[chosen] - deviations[chosen]).mean()),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folders", nargs="*", type=Path, default=[Path()], help="folders of finished studies (this one)"
    )
    print("| study | task | cases | regret: median, points | worst | honest regret: median | worst |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for folder in parser.parse_args().folders:
        points, deviations = read_resamples(folder / "results/resamples.parquet")
        settings = read_json(folder / "results/production.json")
        prices = read_json(folder / "results/recommendation.json")["settings"]["prices"]
        tables = [
            pd.DataFrame(regrets(rows, deviations[rows.index], settings["settings"], prices[names[1]])).assign(
                task=names[0]
            )
            for names, rows in points.groupby(GROUP, sort=False)
        ]
        table = pd.concat(tables, ignore_index=True)
        for task, rows in [("all", table), *table.groupby("task", sort=False)]:
            scores = [value for column in (rows.regret, rows.honest) for value in (column.median(), column.max())]
            cells = " | ".join(f"{100 * score:.1f}" for score in scores)
            print(f"| {settings['study']} | {task} | {len(rows)} | {cells} |")


if __name__ == "__main__":
    main()
