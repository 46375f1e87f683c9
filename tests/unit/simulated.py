"""Studies whose truth is known: predictions drawn from given scores, and how right what is made of them is."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from elicitation.analysis.choices import Decision, decide, terms_for
from elicitation.analysis.evidence import evidence_rows
from elicitation.analysis.names import NOTHING_BOUGHT, PURCHASE, STRATEGIES, UNDETERMINED
from elicitation.analysis.posterior import Block, Posterior, Scores, Surface
from elicitation.analysis.posterior_fitting import fit_posterior
from elicitation.buying.prices import affords, ceiling, labels_for

# How much test examples differ in difficulty, on the probit scale.
ITEM_SPREAD = 1.0
# How much of that is a configuration's own, as a share.
OWN_SPREAD = 0.5
# The price of a weak label.
PRICE = 0.1
# Budgets and shares of them spent on gold labels: 11 to 28 purchases.
GRIDS = (
    ((16, 64, 256, 1024), (0, 0.2, 0.5, 0.8, 1)),
    ((16, 64, 256), (0, 0.2, 0.5, 0.8, 1)),
    ((16, 128, 1024), (0, 0.5, 0.8, 1)),
    ((16, 64, 256, 1024), (0, 0.05, 0.2, 0.4, 0.6, 0.8, 1)),
)
BUDGETS = tuple(np.geomspace(20, 1024, 8).round(1).tolist())
# What asking without labels scores, where nothing else is said.
ASKED = 0.55

Truth = Callable[[np.ndarray, np.ndarray], np.ndarray]


def falling(w, g):
    """The student learns the supervisor's errors: few weak labels help, more of them harm."""
    few = np.exp(-(((np.log1p(w) - 4.5) / 1.5) ** 2)) * (w > 0)
    return 0.7 + 0.017 * np.log1p(g) + 0.1 * few * (1 - np.log1p(g) / 9) - 0.006 * np.log1p(w)


# The score by numbers of weak and gold labels. None has the form of the process's mean; a step is no smooth function.
TRUTHS: dict[str, Truth] = {
    "power law": lambda w, g: 0.93 - 0.43 * (1 + (g + 1.2 * w**0.6) / 20) ** -0.5,
    "capped": lambda w, g: 0.92 - 0.42 * (1 + (g + 60 * w / (w + 400)) / 15) ** -0.6,
    "two sigmoids": lambda w, g: 0.55 + 0.15 * expit(np.log1p(w) - 4.5) + 0.22 * expit(1.2 * (np.log1p(g) - 3)),
    "falling": falling,
    "flat": lambda w, g: 0.8 + 0 * w * g,
    "complements": lambda w, g: 0.52 + 0.03 * np.log1p(g) + 0.012 * np.log1p(w) + 0.002 * np.log1p(w) * np.log1p(g),
    "steep": lambda w, g: (
        0.6 + 0.12 * expit(4 * (np.log1p(w) - 5)) + 0.14 * expit(4 * (np.log1p(g) - 3.7)) + 0.008 * np.log1p(g)
    ),
    "gold only": lambda w, g: 0.55 + 0.055 * np.log1p(g) - 0.004 * np.log1p(w),
}


def purchases_of(budgets: Sequence[int], gold_shares: Sequence[float], price: float = PRICE) -> np.ndarray:
    """(n, 2) of n_weak and n_gold: every budget spent by every share."""
    gold = [(budget, int(share * budget)) for budget in budgets for share in gold_shares]
    return np.unique([(labels_for(budget - n, price) if n < budget else 0, n) for budget, n in gold], axis=0)


# 20 purchases at 4 budgets.
PURCHASES = purchases_of(*GRIDS[0])


def draw_correct(scores: np.ndarray, seeds: int, n: int, seed_spread: float, rng: np.random.Generator) -> np.ndarray:
    """(configurations, seeds, n) of 0/1 whose expectations are `scores` (configurations,).

    Examples are harder or easier for all; every training (configuration and seed) is luckier or less so, which moves a
    score of 80 % by a standard deviation of seed_spread, half of it shared by all configurations of the seed. All of
    this is normal on the probit scale, so that the expectations are exact.
    """
    items = ITEM_SPREAD**2 + OWN_SPREAD**2
    luck_spread = seed_spread * np.sqrt(1 + items) / stats.norm.pdf(stats.norm.ppf(0.8))
    difficulty = ITEM_SPREAD * rng.standard_normal(n) + OWN_SPREAD * rng.standard_normal((len(scores), 1, n))
    luck = np.sqrt(0.8) * rng.standard_normal((len(scores), seeds, 1)) + np.sqrt(0.2) * rng.standard_normal((seeds, 1))
    level = stats.norm.ppf(scores)[:, None, None] * np.sqrt(1 + items + luck_spread**2)
    p = stats.norm.cdf(level + difficulty + luck_spread * luck)
    return (rng.random(p.shape) < p).astype(float)


def evidence_of(
    correct: np.ndarray,
    purchases: np.ndarray,
    asked: np.ndarray,
    weak: np.ndarray,
    gold: np.ndarray | None = None,
    **names,
) -> pd.DataFrame:
    """Rows of results/evidence.parquet of one task, supervisor, student and method.

    correct: (purchases, seeds, n); asked: (n,) of asking without labels; weak: (n,) of the weak labels; all of 0/1.
    gold: (n,) the gold labels, half of each by default.
    """
    of, seeds, n = correct.shape
    gold = np.arange(n) % 2 if gold is None else gold
    signs = 2 * gold - 1
    test = pd.DataFrame({"id": np.arange(n), "gold": gold, "p_weak": 0.5 + 0.4 * (2 * weak - 1) * signs})
    # The runs of every purchase, then asking.
    n_weak, n_gold = np.vstack([np.repeat(purchases, seeds, axis=0), [[0, 0]]]).T
    columns = {"n_weak": n_weak, "n_gold": n_gold, "seed": [*np.tile(np.arange(seeds), of), 0]}
    predictions = pd.DataFrame({name: np.repeat(numbers, n) for name, numbers in columns.items()})
    right = np.vstack([correct.reshape(-1, n), asked])
    predictions = predictions.assign(id=np.tile(test.id, len(right)), log_odds=((2 * right - 1) * signs).ravel())
    return evidence_rows({**NAMES, **names}, test, predictions, "accuracy")


NAMES = {"task": "t", "supervisor": "v", "student": "s", "method": "m"}


def draw_study(
    purchases: np.ndarray,
    scores: np.ndarray | Truth,
    rng: np.random.Generator,
    seeds: int = 4,
    n: int = 400,
    seed_spread: float = 0.02,
    asked: float = ASKED,
    **names: str,
) -> pd.DataFrame:
    """Rows of results/evidence.parquet on purchases (n, 2) of these scores; names: those of NAMES that are others."""
    scores = scores(*purchases.T.astype(float)) if callable(scores) else np.asarray(scores, dtype=float)
    correct = draw_correct(scores, seeds, n, seed_spread, rng)
    return evidence_of(correct, purchases, *draw_correct(np.array([asked, 0.7]), 1, n, 0.0, rng)[:, 0], **names)


def fit(table: pd.DataFrame, over: Sequence[str] = ()) -> list[Block]:
    """The posterior of every student and task."""
    groups = table[table.kind == PURCHASE][["student", "task", "supervisor", "method"]].drop_duplicates()
    return Posterior(fit_posterior(table, groups, over)).blocks


def covers(scores: Scores, truth: np.ndarray) -> np.ndarray:
    """(n,) whether the 95 % intervals hold the truth."""
    low, high = scores.interval
    return (low <= truth) & (truth <= high)


def crossings(surface: Surface, run: bool) -> tuple[np.ndarray, np.ndarray]:
    """n_weak and n_gold of the crossings that were run, or of those that were studied and not run."""
    i, j = np.nonzero((surface.n_seeds > 0) if run else surface.studied & (surface.n_seeds == 0))
    bought = surface.weak[i] + surface.gold[j] > 0
    return surface.weak[i][bought], surface.gold[j][bought]


def shortfall(decision: Decision, truth: Truth, asked: float) -> float:
    """By how much the strategy that a verdict names is truly worse than another one."""
    options = decision.options
    true = truth(options.n_weak.astype(float), options.n_gold.astype(float))
    best = {STRATEGIES[i]: true[options.strategy == i].max() for i in np.unique(options.strategy)}
    own = asked if decision.leading == NOTHING_BOUGHT else best[decision.leading]
    return max(best.values()) - own


def judge(block: Block, truth: Truth, asked: float = ASKED, verdict: float = 0.95) -> dict:
    """How right a posterior is: shares of intervals that hold the truth, and shortfalls of verdicts (missing: none)."""
    [surface] = block.surfaces
    shares, width = {}, {}
    for name, run in (("run", True), ("unrun", False)):
        pair = crossings(surface, run)
        scores = surface.at(*pair)
        shares[name] = covers(scores, truth(*np.array(pair, dtype=float))).mean()
        width[f"{name} width"] = np.ptp(scores.interval, axis=0).mean()
    chosen, verdicts = [], []
    for budget in BUDGETS:
        decision = decide(block, terms_for(budget, {surface.supervisor: PRICE}), verdict)
        options, best = decision.options, [decision.best]
        chosen.append(covers(options.scores.on(best), truth(options.n_weak[best] * 1.0, options.n_gold[best] * 1.0)))
        decided = decision.regime != UNDETERMINED
        verdicts.append(shortfall(decision, truth, asked) if decided else np.nan)
    return shares | {"chosen": np.mean(chosen), "verdicts": verdicts} | width


def judge_studies(truths: Sequence[str], studies: int, seed: int = 1, **more) -> pd.DataFrame:
    """`judge` for so many studies of each truth, on the GRIDS in turn. more: of `draw_study`."""
    rows = []
    for name in truths:
        rng, truth = np.random.default_rng([seed, list(TRUTHS).index(name)]), TRUTHS[name]
        # Where labels change nothing, asking is as good as buying.
        asked = 0.8 if name == "flat" else ASKED
        for i in range(studies):
            [block] = fit(draw_study(purchases_of(*GRIDS[i % len(GRIDS)]), truth, rng, asked=asked, **more))
            rows.append({"truth": name} | judge(block, truth, asked))
    return pd.DataFrame(rows)


def hold_out(table: pd.DataFrame, budget: float, price: float) -> pd.DataFrame:
    """The rows without the purchases that spend this budget. price: of a weak label, at which the study spent it."""
    spent = np.array([ceiling(*pair, price) for pair in zip(table.n_weak, table.n_gold, strict=True)])
    return table[(table.kind != PURCHASE) | (spent != budget)]


def regrets(truth: Truth, budgets: Sequence[int], shares: Sequence[float], rng: np.random.Generator) -> list[float]:
    """What recommendations at held-out budgets lose against the best purchase of the study that is affordable."""
    purchases, found = purchases_of(budgets, shares), []
    table = draw_study(purchases, truth, rng)
    for budget in budgets[1:]:
        [block] = fit(hold_out(table, budget, PRICE))
        decision = decide(block, terms_for(budget, {"v": PRICE}), 0.95)
        n_weak, n_gold = (
            numbers[decision.best] * 1.0 for numbers in (decision.options.n_weak, decision.options.n_gold)
        )
        within = affords(budget, *purchases.T, PRICE)
        best = truth(*purchases[within].T.astype(float)).max()
        found.append(best - (truth(n_weak, n_gold) if decision.buys else ASKED))
    return found
