"""The tables of docs/findings/tables.md, from the CSVs in docs/findings; and those CSVs, from finished studies.

Without arguments it prints the tables; `--fill` writes them into the page. `--collect FOLDER...` first writes the CSVs
of the studies that ran in these folders; that takes their results and predictions. Differences are paired: both sides
bought with the same seed and answer the same test sentences.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from elicitation.analysis.averages import average_tasks, averaged_rows
from elicitation.analysis.captions import varying
from elicitation.analysis.choices import find_options, terms_for
from elicitation.analysis.error_kinds import TRAINED_ON
from elicitation.analysis.error_parts import PART_SCORES, PARTS, parts_of, score_parts
from elicitation.analysis.intervals import mean_accuracy, mean_of_runs, seed_half_width, wilson
from elicitation.analysis.names import ASKING, AVERAGE, NO_CUE, PART_COUNTS, SETTING, student_and_cue
from elicitation.analysis.posterior import gap, read_posterior
from elicitation.files import read_json, write_table
from elicitation.study.grid import NO_LABELS, NO_SUPERVISOR

PAGE = Path(__file__).resolve().parent.parent / "docs/findings/tables.md"
TABLES = PAGE.parent
DIGITS = 4
PURCHASE = ["n_weak", "n_gold"]
SCORES = ["accuracy", "matched_accuracy", "auroc"]
RUN = ["task", *SETTING, *PURCHASE, "seed"]
REGIMES = ["quantity-dominant", "mixed", "quality-dominant"]


def path_of(study: str, name: str) -> Path:
    return TABLES / f"{study}_{name}.csv"


def ends(score: str) -> list[str]:
    """The columns of a score and its 95 % interval."""
    return [score, f"{score}_low", f"{score}_high"]


# The columns that a reader needs, of each table of a study.
KEPT = {
    "metrics": [*RUN, "n_test", "accuracy", "auroc", "matched_accuracy"],
    "frontier": [
        "task",
        *SETTING,
        *PURCHASE,
        "n_seeds",
        "weak_price",
        "cost",
        *ends("score"),
        "measured",
        "probability",
        "on_frontier",
    ],
    "regimes": [
        "task",
        *SETTING,
        "budget",
        "weak_price",
        *REGIMES,
        "regime",
        "leading",
        "beats_nothing",
        "reason",
        *ends("mix_gain"),
        *ends("score"),
        *PURCHASE,
        "n_seeds",
    ],
}


# What is compared


@dataclass(frozen=True)
class Side:
    """Runs of one kind; those of both sides of a comparison pair up in order."""

    supervisor: str
    student: str
    method: str
    purchases: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Comparison:
    name: str
    first: Side
    second: Side
    tasks: tuple[str, ...] = ("film",)


# The default study on a processor without bfloat16, which rounds otherwise.
REPEATED = "default_float32"
STUDIES = ("default", REPEATED, "reviews", "early_stopping", "error_kinds", "salience")
# The only tables of a study that asks one question, or that was repeated.
ONLY = {
    REPEATED: ("metrics", "regimes"),
    "error_kinds": ("metrics", "label_quality", "imitation"),
    "salience": ("metrics", "label_quality", "errors", "cue_differences"),
}
# The methods that are scored where weak labels are wrong.
IN_PARTS = ("sequential_sft", "few_shot_weak", "few_shot_gold", NO_LABELS)
SMALL, WHOLE = "smollm2", "smollm2-all-layers"
RATED = ("film", "product", "tweet", "editorial")
# What a budget of 64 gold labels buys where a weak label costs half a one: weak only, mixed, gold only.
AT_64 = ((128, 0), (64, 32), (0, 64))


def sources(name: str, first: str, second: str, *purchases, tasks=("film",), instead=()) -> Comparison:
    """Weak labels of two supervisors for the same student and method; `instead` is what the second one's side buys."""
    sides = (
        Side(supervisor, SMALL, "sequential_sft", bought)
        for supervisor, bought in ((first, purchases), (second, instead or purchases))
    )
    return Comparison(name, *sides, tasks)


def ways(supervisor: str, budget: int, *, tasks=("film",)) -> Iterator[Comparison]:
    """The three ways to spend a budget, where a weak label costs half a gold one."""
    weak, mixed, gold = (2 * budget, 0), (budget, budget // 2), (0, budget)
    for name, first, second in (("mixed, not gold only", mixed, gold), ("mixed, not weak only", mixed, weak)):
        yield sources(name, supervisor, supervisor, first, tasks=tasks, instead=(second,))
    yield sources("weak only, not gold only", supervisor, supervisor, weak, tasks=tasks, instead=(gold,))


def not_asking(supervisor: str, purchase: tuple[int, int], *, tasks=("film",)) -> Comparison:
    """A purchase against asking the student without any label."""
    bought = Side(supervisor, SMALL, "sequential_sft", (purchase,))
    name = f"labels of {supervisor}, not asking" if purchase[0] else "gold labels, not asking"
    return Comparison(name, bought, Side(supervisor, SMALL, NO_LABELS, ((0, 0),)), tasks)


def comparisons() -> Iterator[Comparison]:
    """Everything that is compared; a study has the comparisons whose purchases it made."""
    for budget in (16, 64, 128, 256):
        yield from ways("small-model", budget)
    for tasks in (*((task,) for task in RATED), RATED):
        for supervisor in ("small-model", "one-rater"):
            if tasks != ("film",) or supervisor != "small-model":
                yield from ways(supervisor, 64, tasks=tasks)
            yield not_asking(supervisor, (128, 0), tasks=tasks)
        yield not_asking("small-model", (0, 64), tasks=tasks)
        for purchase in ((32, 0), (128, 0), (16, 8), (64, 32)):
            yield sources("one-rater, not small-model", "one-rater", "small-model", purchase, tasks=tasks)
    for n in (16, 128, 256, 1024):
        yield not_asking("small-model", (0, n))
    for purchase in AT_64[:2]:
        for name in ("three-raters", "prompted"):
            yield sources(f"{name}, not small-model", name, "small-model", purchase)
        yield sources("three-raters, not one-rater", "three-raters", "one-rater", purchase)
    yield from equal_money()
    yield from ways_to_train()


def equal_money() -> Iterator[Comparison]:
    """Labels of people against other numbers of other labels, some of which cost as much at some price."""
    for bought, rater in ((32, "one-rater"), (128, "one-rater"), (128, "three-raters")):
        for n in (32, 128, 256, 512):
            name = f"{bought} of {rater}, not {n} of small-model"
            yield sources(name, rater, "small-model", (bought, 0), instead=((n, 0),))
        for n in (16, 64):
            yield sources(f"{bought} of {rater}, not {n} gold", rater, rater, (bought, 0), instead=((0, n),))


def ways_to_train() -> Iterator[Comparison]:
    """Prompts, layers and methods, at equal purchases."""
    # The two gold labels in the prompt are part of what is bought.
    plain, prompted = ((0, 64), (128, 0)), ((0, 64), (124, 2))
    for i in (slice(0, 1), slice(1, 2), slice(0, 2)):
        yield Comparison(
            "two-shot prompt, not none",
            Side("small-model", WHOLE, "two_shot_gold", prompted[i]),
            Side("small-model", WHOLE, "sequential_sft", plain[i]),
        )
    for bought in ((AT_64[0],), (AT_64[1],), (AT_64[2],), AT_64):
        sides = (Side("small-model", student, "sequential_sft", bought) for student in (SMALL, WHOLE))
        yield Comparison("upper layers, not all", *sides)
    for method, base in (
        ("uncertainty_sampling", "sequential_sft"),
        ("log_confidence_validated", "sft_validated"),
        ("joint_validated", "sft_validated"),
        ("sft_validated", "sequential_sft"),
    ):
        sides = (Side("small-model", SMALL, name, ((64, 32),)) for name in (method, base))
        yield Comparison(f"{method}, not {base}", *sides)
    yield from cheaper_labels()


def cheaper_labels() -> Iterator[Comparison]:
    """Choosing among weak labels, composing them, mixing them in prompts, and labels without a supervisor."""
    weak, mixed = AT_64[:2]
    for supervisor, bought in (("small-model", mixed), ("two-opinions", weak)):
        sides = (Side(supervisor, SMALL, method, (bought,)) for method in ("most_confident", "sequential_sft"))
        yield Comparison("most_confident, not sequential_sft", *sides)
    examples = Side("small-model", SMALL, "few_shot_mixed", ((4, 4),))
    yield Comparison(
        "few_shot_mixed, not few_shot_gold", examples, replace(examples, method="few_shot_gold", purchases=((0, 8),))
    )
    asking = Side("small-model", SMALL, NO_LABELS, ((0, 0),))
    yield Comparison("few_shot_mixed, not asking", examples, asking)
    for first, second in (
        ("two-opinions", "one-rater"),
        ("two-opinions", "prompted"),
        ("half-by-people", "one-rater"),
        ("half-by-people", "prompted"),
        ("coherent", "prompted"),
    ):
        yield sources(f"{first}, not {second}", first, second, weak)
    for supervisor in ("coherent", "prompted", "two-opinions"):
        yield Comparison(f"{supervisor}, not asking", Side(supervisor, SMALL, "sequential_sft", (weak,)), asking)


# Collecting


def contributions(gold: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """(3, n): what each of n test examples adds to each of SCORES, which are the means of these.

    Matched accuracy is that at the threshold above which as many examples lie as are 1; those on it count in part. An
    example adds to AUROC the share of the other class that it is ranked rightly against (DeLong et al. 1988).
    """
    positive = gold == 1
    threshold = np.sort(log_odds)[::-1][positive.sum() - 1]
    tied = log_odds == threshold
    called = np.where(tied, (positive.sum() - (log_odds > threshold).sum()) / tied.sum(), log_odds > threshold)
    above = (np.sign(log_odds[:, None] - log_odds) + 1) / 2
    ranked = np.where(positive, above[:, ~positive].mean(axis=1), 1 - above[:, positive].mean(axis=1))
    return np.stack([(log_odds > 0) == positive, np.where(positive, called, 1 - called), ranked])


def example_variance(gold: np.ndarray, added: np.ndarray) -> np.ndarray:
    """(3,): variance of the means of contributions (3, n) over draws of test examples, of each class as many.

    The threshold of matched accuracy is taken as fixed: where both classes are equally dense around it, moving it a
    little gains as much as it loses.
    """
    total = np.zeros(len(SCORES))
    for label in (0, 1):
        of_label = added[:, gold == label]
        # Accuracies are means over all examples, AUROC that over either class.
        share = of_label.shape[1] / len(gold)
        total += np.array([share, share, 1.0]) ** 2 * of_label.var(axis=1, ddof=1) / of_label.shape[1]
    return total


def read_runs(results: Path) -> dict[tuple, pd.Series]:
    """The log-odds, by id, of every run of a study, by the values of RUN."""
    runs = {}
    for path in sorted(results.glob("runs/*/*/*/*/*.parquet")):
        names = path.relative_to(results / "runs").parts[:4]
        for key, run in pd.read_parquet(path).groupby([*PURCHASE, "seed"]):
            runs[(*names, *key)] = run.set_index("id").log_odds
    return runs


def runs_of(runs: dict[tuple, pd.Series], task: str, side: Side, purchase: tuple[int, int]) -> dict[int, pd.Series]:
    """The runs of one purchase by seed."""
    maker = side.supervisor if purchase[0] else NO_SUPERVISOR
    wanted = (task, maker, side.student, side.method, *purchase)
    return {key[-1]: run for key, run in runs.items() if key[:-1] == wanted}


def is_made(runs: dict[tuple, pd.Series], comparison: Comparison) -> bool:
    """Whether the study bought, on every task, what either side bought."""
    return all(
        runs_of(runs, task, side, purchase)
        for task in comparison.tasks
        for side in (comparison.first, comparison.second)
        for purchase in side.purchases
    )


def paired(runs: dict, gold: pd.Series, comparison: Comparison, task: str) -> np.ndarray:
    """(seeds, 3, examples): contributions of the first side less those of the second, averaged over purchases."""
    by_purchase = []
    for bought in zip(comparison.first.purchases, comparison.second.purchases, strict=True):
        sides = zip((comparison.first, comparison.second), bought, strict=True)
        first, second = (runs_of(runs, task, *side) for side in sides)
        if comparison.second.method == NO_LABELS:
            # Asking is the same for every seed.
            second = dict.fromkeys(first, *second.values())
        if first.keys() != second.keys():
            raise SystemExit(f"{comparison.name}, {task}, {bought}: seeds {sorted(first)} against {sorted(second)}.")
        added = [
            [contributions(gold.to_numpy(), side[seed][gold.index].to_numpy()) for seed in sorted(side)]
            for side in (first, second)
        ]
        by_purchase.append(np.subtract(*added))
    return np.mean(by_purchase, axis=0)


def difference(runs: dict, tests: dict[str, pd.Series], comparison: Comparison) -> dict:
    """One row: the mean differences in accuracy and AUROC with 95 % intervals, all tasks weighing alike.

    Two sources of error add in quadrature, as in analysis.scoring.mean_accuracy: the seeds (t interval) and the
    test examples, which they share.
    """
    per_task = {task: paired(runs, tests[task], comparison, task) for task in comparison.tasks}
    per_seed = np.mean([added.mean(axis=2) for added in per_task.values()], axis=0)
    variances = [example_variance(tests[task].to_numpy(), added.mean(axis=0)) for task, added in per_task.items()]
    examples = stats.norm.ppf(0.975) * np.sqrt(np.sum(variances, axis=0)) / len(per_task)
    row = {"comparison": comparison.name, "task": AVERAGE if len(per_task) > 1 else comparison.tasks[0]}
    row |= {"supervisor": comparison.first.supervisor}
    row |= {side: written(getattr(comparison, side).purchases) for side in ("first", "second")}
    row |= {"n_seeds": len(per_seed), "n_pairs": per_seed.shape[0] * len(per_task) * len(comparison.first.purchases)}
    for i, score in enumerate(SCORES):
        mean, off = per_seed[:, i].mean(), np.hypot(seed_half_width(per_seed[:, i]), examples[i])
        row |= {score: mean, f"{score}_low": max(mean - off, -1), f"{score}_high": min(mean + off, 1)}
    return row


def written(purchases: tuple[tuple[int, int], ...]) -> str:
    return "; ".join(f"{n_weak} + {n_gold}" for n_weak, n_gold in purchases)


def gains_over_asking(results: Path) -> Iterator[dict]:
    """By how much the best purchase is ahead of asking without labels, by the posterior, and what is bought.

    A row a task, student, supervisor, price and budget, wherever asking was measured and anything is affordable.
    """
    prices = pd.read_csv(results / "frontier.csv").groupby("supervisor").weak_price.unique()
    budgets = pd.read_csv(results / "regimes.csv").budget.unique()
    for block in read_posterior(results / "posterior.parquet").blocks:
        asked = [free.scores for free in block.free if free.kind == ASKING]
        for supervisor in dict.fromkeys(surface.supervisor for surface in block.surfaces if asked):
            for price, budget in product(prices[supervisor], budgets):
                options = find_options(block.only(supervisor), terms_for(budget, {supervisor: price}))
                if not len(options.n_weak):
                    continue
                best = options.best()
                surface = options.surface_of(best)
                gain = gap(options.scores.on([best]), asked[0])
                question = {"supervisor": supervisor, "weak_price": price, "budget": budget}
                bought = {"method": surface.method, "n_weak": options.n_weak[best], "n_gold": options.n_gold[best]}
                yield (
                    {"task": block.task, "student": block.student}
                    | question
                    | dict(zip(ends("gain"), gain, strict=True))
                    | bought
                    | {"n_seeds": surface.fewest_seeds}
                )


def label_quality(results: Path) -> Iterator[dict]:
    """How good the weak labels are, of every task and supervisor; a label of 0.5 counts as half right."""
    for path in sorted(results.glob("weak_labels/*/*.json")):
        for of, quality in read_json(path)["quality"].items():
            scores = {name: quality[name] for name in ("n", *ends("accuracy"), "auroc")}
            yield {"task": path.parent.name, "supervisor": path.stem, "set": of} | scores


def labelled_tests(results: Path) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Task, supervisor, and the test examples with gold and weak label, of all weak labels."""
    for path in sorted(results.glob("weak_labels/*/*.parquet")):
        test = pd.read_parquet(results / f"tasks/{path.parent.name}/test.parquet")
        yield path.parent.name, path.stem, test.merge(pd.read_parquet(path), on="id")


def errors(results: Path, runs: dict[tuple, pd.Series]) -> Iterator[dict]:
    """How often students are right where their supervisor's label is wrong, and where it is right, by purchase.

    Of IN_PARTS; what is bought without weak labels is scored on each supervisor's.
    """
    for task, supervisor, test in labelled_tests(results):
        gold, p_weak = test.gold.to_numpy(), test.p_weak.to_numpy(dtype=float)
        scored = [
            dict(zip(RUN, key, strict=True)) | score_parts(gold, p_weak, run[test.id].to_numpy(), 0.0)
            for key, run in runs.items()
            if key[0] == task and key[1] in (supervisor, NO_SUPERVISOR) and key[3] in IN_PARTS
        ]
        for names, found in pd.DataFrame(scored).groupby(["student", "method", *PURCHASE]):
            row = {"task": task, "supervisor": supervisor}
            row |= dict(zip(["student", "method", *PURCHASE], names, strict=True))
            row |= {"n_seeds": len(found), **{count: found[count].iloc[0] for count in PART_COUNTS}}
            for score in PART_SCORES:
                row |= dict(zip(ends(score), mean_of_runs(found, score), strict=True))
            yield row


def cue_comparisons(task: str, supervisor: str, runs: dict[tuple, pd.Series]) -> Iterator[Comparison]:
    """Each cue against none, at every purchase; and with each cue weak labels against gold labels alone.

    In training these cost as much, where a weak label costs half a gold one; in a prompt they are as many.
    """
    made = [key[2:6] for key in runs if key[0] == task and key[1] in (supervisor, NO_SUPERVISOR) and any(key[4:6])]
    for student, method, n_weak, n_gold in dict.fromkeys(made):
        side, (base, cue) = Side(supervisor, student, method, ((n_weak, n_gold),)), student_and_cue(student)
        if cue != NO_CUE:
            yield Comparison(f"cue {cue}, not none", side, replace(side, student=base), (task,))
        if method == "few_shot_weak":
            gold_examples = replace(side, method="few_shot_gold", purchases=((0, n_weak),))
            yield Comparison("weak examples, not gold ones", side, gold_examples, (task,))
        elif n_weak and method == "sequential_sft":
            gold_alone = replace(side, purchases=((0, n_weak // 2 + n_gold),))
            yield Comparison("weak labels, not gold alone", side, gold_alone, (task,))


def cue_differences(results: Path, runs: dict[tuple, pd.Series]) -> Iterator[dict]:
    """What cues and weak labels change on the test examples whose weak label is wrong, where students read several."""
    if all(student_and_cue(key[2])[1] == NO_CUE for key in runs):
        return
    for task, supervisor, test in labelled_tests(results):
        wrong = parts_of(test.gold.to_numpy(), test.p_weak.to_numpy(dtype=float))["wrong"]
        golds = {task: test[wrong].set_index("id").gold}
        for comparison in cue_comparisons(task, supervisor, runs):
            names = {"student": comparison.first.student, "method": comparison.first.method}
            yield names | difference(runs, golds, comparison)


def collect(folder: Path) -> None:
    """Write the CSVs of a finished study; a folder called REPEATED holds the default one, repeated."""
    results = folder / "results"
    runs = read_runs(results)
    tests = {
        path.parent.name: pd.read_parquet(path).set_index("id").gold for path in results.glob("tasks/*/test.parquet")
    }
    found = pd.DataFrame([difference(runs, tests, each) for each in comparisons() if is_made(runs, each)])
    study = REPEATED if folder.name == REPEATED else read_json(results / "metrics.json")["study"]
    tables = {"metrics": pd.read_parquet(results / "metrics.parquet")}
    tables |= {name: pd.read_csv(results / f"{name}.csv") for name in ("frontier", "regimes")}
    # A study without mixtures does not say what one gains.
    tables = {name: table.reindex(columns=KEPT[name]) for name, table in tables.items()}
    tables["differences"] = found
    tables["asking"] = pd.DataFrame(gains_over_asking(results))
    tables["label_quality"] = pd.DataFrame(label_quality(results))
    tables["errors"] = pd.DataFrame(errors(results, runs))
    if (imitation := results / "imitation.parquet").exists():
        tables["imitation"] = pd.read_parquet(imitation)
    tables["cue_differences"] = pd.DataFrame(cue_differences(results, runs))
    for name, table in tables.items():
        # A study in which no model was asked without labels has no such comparison.
        if table.empty or name not in ONLY.get(study, tables):
            continue
        write_table(path_of(study, name), table.round(DIGITS))


# Reporting


def read(study: str, name: str) -> pd.DataFrame:
    return pd.read_csv(path_of(study, name))


def percent(mean: float, low: float, high: float) -> str:
    return f"{100 * mean:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def points_of(row, score: str) -> str:
    """A difference in percentage points, with its sign; nothing where it is missing."""
    mean, low, high = (100 * getattr(row, column) for column in ends(score))
    if np.isnan(mean):
        return ""
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


def markdown(table: pd.DataFrame) -> str:
    lines = [list(table.columns), ["---"] * table.shape[1], *table.fillna("").astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def accuracy_table(study: str) -> pd.DataFrame:
    """Accuracy of every purchase; one without weak labels is the same run for all supervisors."""
    metrics = read(study, "metrics").query("n_weak + n_gold > 0")
    shared = metrics[metrics.n_weak == 0].drop_duplicates([name for name in RUN if name != "supervisor"])
    metrics = pd.concat([metrics[metrics.n_weak > 0], shared.assign(supervisor="")])
    keys = ["task", *varying(metrics, ["student", "method"]), "supervisor", *PURCHASE]
    rows = [
        dict(zip(keys, key, strict=True))
        | {"accuracy, %": percent(*mean_accuracy(runs.accuracy.to_numpy(), runs.n_test.iloc[0]))}
        | {"half called 1, %": f"{100 * runs.matched_accuracy.mean():.1f}"}
        | {"AUROC, %": f"{100 * runs.auroc.mean():.1f}", "seeds": len(runs)}
        for key, runs in metrics.groupby(keys)
    ]
    return pd.DataFrame(rows).rename(columns={"supervisor": "weak labels of", "n_weak": "weak", "n_gold": "gold"})


def with_purchases(study: str) -> pd.DataFrame:
    """The regimes of Sequential SFT, unless a way of spending that was studied is too expensive."""
    return read(study, "regimes").query("method == 'sequential_sft' and reason.isna()")


def regimes_table(study: str) -> pd.DataFrame:
    """The probability that each way of spending is ahead, the verdict, and by how much the best mixture is ahead of the
    better of the two pure ways."""
    rows = with_purchases(study)
    shown = rows.rename(columns={"weak_price": "price"})[
        ["task", "supervisor", *varying(rows, ["student"]), "price", "budget"]
    ]
    for name, regime in zip(("weak only", "mixed", "gold only"), REGIMES, strict=True):
        shown[name] = rows[regime].map("{:.2f}".format, na_action="ignore")
    shown["verdict"] = rows.regime
    return shown.assign(**{"mixed ahead by, points": [points_of(row, "mix_gain") for row in rows.itertuples()]})


def regime_counts(study: str) -> pd.DataFrame:
    """How many combinations of task, supervisor, budget and price have which verdict; averages are left out."""
    regimes = with_purchases(study).query("task != @AVERAGE")
    return regimes.regime.value_counts().rename_axis("regime").reset_index(name="combinations")


def differences_table(study: str, *names: str) -> pd.DataFrame:
    """The comparisons whose names begin so."""
    rows = read(study, "differences")
    rows = rows[rows.comparison.str.startswith(names)]
    return pd.DataFrame(
        {
            "comparison": row.comparison,
            "task": row.task,
            "weak labels of": "" if row.comparison.startswith("gold labels") else row.supervisor,
            "weak + gold labels": row.first if row.first == row.second else f"{row.first}, not {row.second}",
            "accuracy, points": points_of(row, "accuracy"),
            "half called 1": points_of(row, "matched_accuracy"),
            "AUROC": points_of(row, "auroc"),
            "pairs": row.n_pairs,
        }
        for row in rows.itertuples()
    )


def quality_table(study: str) -> pd.DataFrame:
    """The weak labels' own accuracy on the pool."""
    quality = read(study, "label_quality").query("set == 'pool'")
    cells = [percent(row.accuracy, row.accuracy_low, row.accuracy_high) for row in quality.itertuples()]
    return quality.assign(cell=cells).pivot(index="task", columns="supervisor", values="cell").reset_index()


def asking_table(study: str) -> pd.DataFrame:
    """What asking achieves, at the model's own threshold and at the one that calls half of the texts 1."""
    asked = read(study, "metrics").query("n_weak + n_gold == 0").drop_duplicates(["task", "student"])
    return pd.DataFrame(
        {
            "task": row.task,
            **{name: getattr(row, name) for name in varying(asked, ["student"])},
            "accuracy, %": percent(row.accuracy, *wilson(row.accuracy * row.n_test, row.n_test)),
            "AUROC, %": f"{100 * row.auroc:.1f}",
            "half called 1, %": f"{100 * row.matched_accuracy:.1f}",
        }
        for row in asked.itertuples()
    )


def gains_table(study: str) -> pd.DataFrame:
    """By how many points the best purchase within each budget is ahead of asking without labels."""
    rows = read(study, "asking")
    rows = rows.assign(cell=[points_of(row, "gain") for row in rows.itertuples()])
    wide = rows.pivot(index=["task", "supervisor", "weak_price"], columns="budget", values="cell")
    wide.columns = [f"budget {budget}" for budget in wide.columns]
    return wide.reset_index().rename(columns={"weak_price": "price"})


def errors_table(study: str) -> pd.DataFrame:
    """How often the student is right where the weak label is wrong, and where it is right."""
    rows = read(study, "errors")
    if several_cues(rows):
        return rows.head(0)
    # Purchases without weak labels stand beside those with some.
    trained = rows[rows.n_weak > 0][["task", "supervisor", "student"]].drop_duplicates()
    rows = rows.merge(trained)
    shown = rows[["task", "supervisor", "student", *PURCHASE]].rename(columns={"n_weak": "weak", "n_gold": "gold"})
    for part in PARTS:
        name = f"right where the label is {part}, %"
        shown[name] = [percent(*row) for row in rows[ends(f"accuracy_{part}")].itertuples(index=False)]
    return shown.assign(
        **{"wrong labels": [f"{row.n_wrong} of {row.n_wrong + row.n_right}" for row in rows.itertuples()]}
    )


def imitation_table(study: str) -> pd.DataFrame:
    """How often the student says what the wrong weak label says, by the kind of error."""
    rows = read(study, "imitation")
    shown = rows[["task", "supervisor"]].rename(columns={"supervisor": "weak labels"})
    for name, what in zip(TRAINED_ON, ("these labels", "as many gold labels", "nothing"), strict=True):
        shown[f"trained on {what}, %"] = [percent(*row) for row in rows[ends(name)].itertuples(index=False)]
    return shown.assign(
        **{"learned, points": [points_of(row, "learned") for row in rows.itertuples()]},
        verdict=rows.verdict,
        labels=rows.n_weak,
        wrong=rows.n_wrong,
        seeds=rows.n_seeds,
    )


def several_cues(rows: pd.DataFrame) -> bool:
    return rows.student.map(student_and_cue).str[1].nunique() > 1


def by_cue(score: str) -> Callable[[str], pd.DataFrame]:
    """The table of a score where the weak label is wrong, a column for each cue; empty without several cues."""

    def table(study: str) -> pd.DataFrame:
        rows = read(study, "errors")
        if not several_cues(rows):
            return rows.head(0)
        rows["cue"] = rows.student.map(student_and_cue).str[1]
        rows["cell"] = [percent(*row) for row in rows[ends(score)].itertuples(index=False)]
        index = ["task", "supervisor", "method", *PURCHASE, "n_wrong"]
        wide = rows.pivot(index=index, columns="cue", values="cell")[list(dict.fromkeys(rows.cue))].reset_index()
        return wide.rename(columns={"n_weak": "weak", "n_gold": "gold", "n_wrong": "wrong labels"})

    return table


def cue_differences_table(study: str) -> pd.DataFrame:
    """What differs where the weak label is wrong: cues, and weak labels from gold ones."""
    rows = read(study, "cue_differences")
    return pd.DataFrame(
        {
            "comparison": row.comparison,
            "weak labels of": row.supervisor,
            "cue": student_and_cue(row.student)[1],
            "method": row.method,
            "weak + gold labels": row.first if row.first == row.second else f"{row.first}, not {row.second}",
            "accuracy, points": points_of(row, "accuracy"),
            "AUROC": points_of(row, "auroc"),
            "pairs": row.n_pairs,
        }
        for row in rows.sort_values(["comparison", "supervisor", "method", "first", "student"]).itertuples()
    )


def average_accuracies(study: str) -> pd.DataFrame:
    """Accuracies of several sets averaged, of the purchases that all of them have; empty for one set."""
    metrics = read(study, "metrics").query("method == 'sequential_sft'").assign(shots=0, shot_quality="")
    metrics = averaged_rows(metrics.assign(n_voted=metrics.n_test), list(metrics.task.unique()))
    if metrics.empty:
        return metrics
    rows = [
        dict(zip(["weak labels of", *PURCHASE], key, strict=True))
        | {"accuracy, %": percent(*mean_accuracy(runs.accuracy.to_numpy(), runs.n_test.iloc[0]))}
        for key, runs in average_tasks(metrics).groupby(["supervisor", *PURCHASE], sort=False)
    ]
    return pd.DataFrame(rows).rename(columns={"n_weak": "weak", "n_gold": "gold"})


def compared(*names: str) -> Callable[[str], pd.DataFrame]:
    """The table of these comparisons, of a study."""
    return lambda study: differences_table(study, *names)


# How the names of cheaper_labels() begin.
CHEAPER = ("most_confident", "few_shot_mixed", "two-opinions", "half-by-people", "coherent", "prompted, not asking")
# What a study's tables show: a title, the CSV that it comes from, and what makes it.
SHOWN = (
    ("accuracies", "metrics", accuracy_table),
    ("average accuracies", "metrics", average_accuracies),
    ("regimes", "regimes", regimes_table),
    ("verdicts", "regimes", regime_counts),
    ("ways of spending", "differences", compared("mixed", "weak only")),
    ("quality of the weak labels", "label_quality", quality_table),
    ("sources of weak labels", "differences", compared("one-rater", "three-raters", "prompted, not small-model")),
    ("people's labels for the money", "differences", compared("32 of", "128 of")),
    ("where weak labels are wrong", "errors", errors_table),
    ("which errors are imitated", "imitation", imitation_table),
    ("accuracy by cue", "errors", by_cue("accuracy_wrong")),
    ("AUROC by cue", "errors", by_cue("auroc_wrong")),
    ("cues compared", "cue_differences", cue_differences_table),
    ("asking", "metrics", asking_table),
    ("labels, not asking", "differences", compared("gold labels", "labels of")),
    ("buying, not asking", "asking", gains_table),
    ("two examples in the prompt", "differences", compared("two-shot")),
    ("layers", "differences", compared("upper")),
    ("methods", "differences", compared("uncertainty", "log_confidence", "joint", "sft_validated")),
    ("cheaper labels", "differences", compared(*CHEAPER)),
)


def tables() -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables of the studies that were collected, with titles; those that a study has no rows for are left out."""
    for study, (title, name, make) in product(STUDIES, SHOWN):
        if path_of(study, name).exists() and len(table := make(study)):
            yield f"{study}: {title}", table


def marked(title: str) -> str:
    """The line of the page below which a table stands."""
    return f"<!-- {title} -->"


def filled(page: str, title: str, table: pd.DataFrame) -> str:
    """The page with the table below its mark, in the place of what stood there up to the next empty line."""
    before, mark, after = page.partition(f"{marked(title)}\n")
    if not mark:
        raise SystemExit(f"{PAGE} has no line {marked(title)!r}; add it where the table is to stand.")
    rest = after.removeprefix("\n") if after.startswith("\n") else after.partition("\n\n")[2]
    return f"{before}{mark}{markdown(table)}\n\n{rest}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--collect", type=Path, nargs="+", default=[], metavar="FOLDER", help="of finished studies")
    parser.add_argument("--fill", action="store_true", help="write the tables into docs/findings/tables.md")
    arguments = parser.parse_args()
    for folder in arguments.collect:
        collect(folder)
    if arguments.fill:
        page = PAGE.read_text()
        for title, table in tables():
            page = filled(page, title, table)
        PAGE.write_text(page)
    else:
        for title, table in tables():
            print(f"{title}\n\n{markdown(table)}\n")


if __name__ == "__main__":
    main()
