"""What a budget can buy: every option with the accuracy to expect of it. Imports nothing heavy."""

from dataclasses import asdict, dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from elicitation.analysis.evidence import Evidence
from elicitation.analysis.findings import Findings, Question
from elicitation.analysis.names import AVERAGE, GROUP, SETTING, strategy_of
from elicitation.analysis.production import FORMS, GOOD_FIT, Fit, best_of, budget_splits
from elicitation.buying.prices import affords, cost, exact, exact_cost
from elicitation.errors import InputError


@dataclass(frozen=True, eq=False)
class Options:
    """What can be bought, and what it may achieve."""

    table: pd.DataFrame
    """A row an option: n_weak, n_gold, accuracy, model_error, basis, studied, fitted, the columns of GROUP, n_seeds,
    n_test, seed_share, weak_price (a fraction, gold = 1), cost (gold = 1) and strategy."""
    draws: np.ndarray
    """(options, replicates): the accuracies by each replicate."""

    def best_among(self, among: np.ndarray) -> int:
        """Which of the options at these positions has the highest expected accuracy, or nearly so and costs least."""
        table = self.table.iloc[among]
        return int(among[best_of(table.accuracy.to_numpy(), table.cost.to_numpy())])

    def chosen(self, among: np.ndarray) -> np.ndarray:
        """(replicates,) which of the options at these positions each replicate chooses.

        A replicate is a draw from what the accuracies may be. What lies as far on the other side of their mean chooses,
        so that the draw can report.
        """
        accuracy = self.table.accuracy.to_numpy()[among]
        return among[(2 * accuracy[:, None] - self.draws[among]).argmax(axis=0)]

    def like(self, option: pd.Series) -> np.ndarray:
        """(options,) mask of those of the option's supervisor, student and method."""
        return (self.table[SETTING] == option[SETTING]).all(axis=1).to_numpy()


def only(values: list[str], kind: str) -> str:
    """The value, if there is one; InputError names the choice otherwise."""
    if len(values) > 1:
        raise InputError(f"The study has several {kind}s: {', '.join(values)}; name one by --{kind}.")
    return values[0]


def narrow(evidence: Evidence, question: Question) -> Evidence:
    """The evidence that the question is about, all of one task and student; InputError if there is none such."""
    points, asked = evidence.points, asdict(question)
    for kind in GROUP:
        if asked[kind] is not None:
            known = points[kind].unique().tolist()
            if asked[kind] not in known:
                raise InputError(f"There is no result for the {kind} {asked[kind]!r}; known are {', '.join(known)}.")
            points = points[points[kind] == asked[kind]]
    tasks = points.task.unique().tolist()
    points = points[points.task == (AVERAGE if AVERAGE in tasks else only(tasks, "task"))]
    return evidence.on(points[points.student == only(points.student.unique().tolist(), "student")])


def price_of(supervisor: str, question: Question, findings: Findings) -> Fraction:
    """Price of a weak label, gold = 1; InputError if it must be named."""
    if question.weak_price is not None:
        return exact(question.weak_price) / exact(question.gold_price)
    prices = findings.prices[supervisor]
    if len(prices) > 1:
        shown = ", ".join(f"{price:g}" for price in prices)
        raise InputError(f"The study looks at several prices of a weak label ({shown}); name yours by --weak-price.")
    return exact(prices[0])


def predicted_options(fit: Fit, budget: Fraction, price: Fraction, pool_size: int | None) -> Options:
    """The splits of a budget with what a production function expects of them."""
    n_weak, n_gold = budget_splits(fit, budget, price, pool_size).T
    table = pd.DataFrame({"n_weak": n_weak, "n_gold": n_gold, "accuracy": fit.predict(n_weak, n_gold)})
    basis = f"production function ({FORMS[fit.form].title}; {fit.words})"
    table = table.assign(model_error=fit.model_error, basis=basis, studied=fit.studied(n_weak, n_gold), fitted=True)
    return Options(table, fit.predict_replicates(n_weak, n_gold).T)


def measured_options(evidence: Evidence, fit: Fit) -> Options:
    """The purchases that were run, with the accuracy that they had. fit: which is not good enough to predict others."""
    table = evidence.points[["n_weak", "n_gold", "accuracy"]]
    basis = f"only purchases that were run ({fit.words})"
    table = table.assign(model_error=0.0, basis=basis, studied=True, fitted=False)
    return Options(table, evidence.accuracy[:, None] + evidence.deviations)


def find_options(findings: Findings, question: Question) -> Options:
    """What the budget can buy; InputError if that is nothing.

    Where the production function of a supervisor and method is good, the budget may be split in any way, and it says
    what to expect; else only the purchases that were run can be recommended (see scale_up).
    """
    fits = {tuple(getattr(fit, kind) for kind in GROUP): fit for fit in findings.fits}
    budget, tables, drawn = question.budget_in_gold, [], []
    asked = narrow(findings.evidence, question)
    bought = asked.bought
    if bought.points.empty:
        methods = " and ".join(asked.points.method.unique())
        raise InputError(f"The study bought no labels for {methods}; name another method.")
    for names, group in bought.by(GROUP):
        price, fit = price_of(names["supervisor"], question, findings), fits[tuple(names.values())]
        good, pool_size = fit.verdict == GOOD_FIT, findings.pool_sizes.get(names["task"])
        found = predicted_options(fit, budget, price, pool_size) if good else measured_options(group, fit)
        behind = {"n_seeds": group.points.n_seeds.min(), "n_test": group.points.n_test.min()}
        behind |= {"seed_share": group.points.seed_share.mean()}
        table = found.table.assign(**names, **behind, weak_price=price)
        table["cost"] = cost(table.n_weak, table.n_gold, float(price))
        within = affords(budget, table.n_weak, table.n_gold, price) & (table.n_weak + table.n_gold > 0).to_numpy()
        tables.append(table[within])
        drawn.append(found.draws[within])
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        raise InputError(f"A budget of {question.budget:g} buys nothing that was studied at these prices; raise it.")
    table["strategy"] = [strategy_of(*pair) for pair in zip(table.n_weak, table.n_gold, strict=True)]
    replicates = min(draws.shape[1] for draws in drawn)
    return Options(table, np.concatenate([draws[:, :replicates] for draws in drawn]).clip(0, 1))


def scale_up(
    option: pd.Series, alike: pd.DataFrame, most: pd.Series, budget: Fraction, pool_size: int | None
) -> tuple[int, int]:
    """The (n_weak, n_gold) to buy where this option is the best.

    That of a production function spends the budget. A purchase that was run is bought in the same proportion until the
    budget is spent, unless a more expensive one of its strategy was within the budget too: a split that was best
    carries over to a budget that was not run, but not against the evidence. No more labels of either kind are bought
    than were studied, nor more than the pool holds.

    alike: the options of its group and strategy; most: the most n_weak and n_gold that were studied.
    """
    pair = int(option.n_weak), int(option.n_gold)
    spent = exact_cost(*pair, option.weak_price)
    if option.fitted or not affords(spent, alike.n_weak, alike.n_gold, option.weak_price).all():
        return pair
    limits = [budget / spent, *(Fraction(int(limit), n) for limit, n in zip(most, pair, strict=True) if n)]
    if pool_size is not None:
        limits.append(Fraction(pool_size, sum(pair)))
    factor = max(1, min(limits))
    return int(pair[0] * factor), int(pair[1] * factor)
