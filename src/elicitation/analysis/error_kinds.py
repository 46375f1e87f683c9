"""Whether students imitate errors of different kinds, of which there are equally many.

On the test examples with a wrong weak label it is counted how often a student says what the label says: after training
on weak labels alone, after training on as many gold labels, and when asked without any. What it says more often after
the weak labels than after the gold ones it has learned from their errors, since these examples may be hard for anyone.
"""

import numpy as np
import pandas as pd

from elicitation.analysis.error_parts import parts_of
from elicitation.analysis.intervals import mean_accuracy, mean_difference, named
from elicitation.analysis.measures import right_answers
from elicitation.analysis.names import UNDETERMINED
from elicitation.errors import listed

# What a student was trained on before it is counted how often it says what wrong weak labels say.
TRAINED_ON = ("weak", "gold", "nothing")
# The verdicts beside UNDETERMINED.
IMITATED, AVOIDED = "imitated", "avoided"
COLUMNS = ["n_weak", "n_wrong", "n_seeds", "verdict"]
COLUMNS += [f"{name}{end}" for name in (*TRAINED_ON, "learned") for end in ("", "_low", "_high")]


def says_wrong(runs: pd.DataFrame, wrong: pd.DataFrame) -> pd.DataFrame:
    """(seeds, examples): whether a student says what the weak labels of examples say, all of which are wrong.

    runs: seed, id and log_odds of one purchase; wrong: id and gold.
    """
    log_odds = runs.pivot(index="seed", columns="id", values="log_odds")[wrong.id]
    return pd.DataFrame(1 - right_answers(log_odds.to_numpy(), wrong.gold.to_numpy()), log_odds.index)


def verdict_of(low: float, high: float) -> str:
    """Whether errors are imitated, by the interval of what is learned of them."""
    return IMITATED if low > 0 else AVOIDED if high < 0 else UNDETERMINED


def measure_imitation(test: pd.DataFrame, predictions: pd.DataFrame, asked: pd.DataFrame | None) -> pd.DataFrame:
    """A row for each number of weak labels that one student is trained on alone, with COLUMNS.

    test: id, gold and p_weak; predictions: n_weak, n_gold, seed, id and log_odds of the runs, which share the test set;
    asked: the same of the run without labels, where there is one. `learned` is the difference to as many gold labels,
    bought with the same seeds, or, where these were not bought, to asking. What was not run is missing.
    """
    wrong = test[parts_of(test.gold.to_numpy(), test.p_weak.to_numpy(dtype=float))["wrong"]]
    # Two budgets may buy the same.
    runs = predictions.drop_duplicates(["n_weak", "n_gold", "seed", "id"])
    said = {bought: says_wrong(own, wrong) for bought, own in runs.groupby(["n_weak", "n_gold"])}
    free = None if asked is None else says_wrong(asked, wrong)
    rows = []
    for (n_weak, n_gold), own in said.items() if len(wrong) else ():
        if n_gold or not n_weak:
            continue
        row = {"n_weak": n_weak, "n_wrong": len(wrong), "n_seeds": len(own)}
        shown = dict(zip(TRAINED_ON, (own, said.get((0, n_weak)), free), strict=True))
        for name, found in shown.items():
            if found is not None:
                row |= named(name, mean_accuracy(found.mean(axis=1).to_numpy(), len(wrong)))
        if shown["gold"] is not None:
            row |= named("learned", mean_difference((own - shown["gold"]).dropna().to_numpy()))
        elif free is not None:
            row |= named("learned", mean_difference(own.to_numpy() - free.to_numpy()))
        rows.append(row | {"verdict": verdict_of(row.get("learned_low", np.nan), row.get("learned_high", np.nan))})
    return pd.DataFrame(rows, columns=COLUMNS)


def finding(student: str, kinds: pd.DataFrame) -> str:
    """Which errors a student imitates, as a sentence. kinds: supervisor and verdict."""
    by_verdict = {verdict: rows.supervisor.tolist() for verdict, rows in kinds.groupby("verdict")}
    imitated, avoided, open_ = (by_verdict.get(verdict, []) for verdict in (IMITATED, AVOIDED, UNDETERMINED))
    if not imitated:
        said = f"Whether {student} imitates any of these errors is {UNDETERMINED}"
        return f"{said}; it avoids {listed(avoided)}" if avoided else said
    said = f"{student} imitates {listed(imitated)}"
    said += f"; it avoids {listed(avoided)}" if avoided else ""
    return said + (f"; {UNDETERMINED}: {listed(open_)}" if open_ else "")
