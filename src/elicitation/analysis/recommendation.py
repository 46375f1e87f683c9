"""What to buy for a budget, by which method, and whether the data support it. Imports nothing heavy."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

from elicitation.analysis.averages import buys_labels
from elicitation.analysis.captions import cost_words, describe_purchase, percent, price_words
from elicitation.analysis.frontier import cost
from elicitation.analysis.names import AVERAGE, GROUP, MODELS, PLAIN, REGIMES, STRATEGIES, UNDETERMINED, strategy_of
from elicitation.analysis.production import FORMS, GOOD, ROUNDING, Fit, Z, affordable, best_of, read_production
from elicitation.analysis.regimes import PURE, regime_at
from elicitation.analysis.resampling import interval, read_resamples
from elicitation.errors import InputError
from elicitation.files import hash_file, read_json

# More seeds than this are not worth proposing.
MOST_SEEDS = 30
# More test examples than so many times those that there are, neither.
MOST_EXAMPLES = 10
RESULTS = ("resamples.parquet", "production.json", "recommendation.json")
FINISH = "run the study to its end first: snakemake --cores all."


@dataclass(frozen=True)
class Question:
    """What is asked; None leaves it open. Prices and budget are in one currency."""

    budget: float
    weak_price: float | None = None
    """None: that of the supervisor, where it has one only."""
    gold_price: float = 1.0
    task: str | None = None
    """None: the average over tasks, or the only one."""
    supervisor: str | None = None
    student: str | None = None
    method: str | None = None


@dataclass(frozen=True)
class Findings:
    """What a study found, as the recommendation needs it."""

    points: pd.DataFrame
    deviations: np.ndarray
    """Of the points; both as elicitation.analysis.resampling.read_resamples returns them."""
    fits: list[Fit]
    prices: dict[str, list[float]]
    """Of the weak labels of each supervisor, gold = 1."""
    titles: dict[str, str]
    """What methods are called."""
    verdict: float
    """Probability from which on something is decided."""
    pool_sizes: dict[str, int] = field(default_factory=dict)
    """Examples that can be labelled, by task; of a task without an entry, however many."""


def read_findings(folder: Path) -> Findings:
    """The findings in a study's folder; InputError if the study is not finished, or not since it was extended."""
    resamples, production, recommendation = (folder / "results" / name for name in RESULTS)
    for path in (resamples, production, recommendation):
        if not path.is_file():
            raise InputError(f"{path} is not there; {FINISH}")
    runs, records = hash_file(resamples), {}
    for path in (production, recommendation):
        try:
            records[path] = read_json(path)
        except ValueError as error:
            raise InputError(f"{path} cannot be read ({error}); delete it. Then {FINISH}") from error
        if records[path].get("inputs", {}).get(f"results/{resamples.name}") != runs:
            raise InputError(f"{path} comes from other runs than {resamples}; {FINISH}")
    findings = make_findings(resamples, production, records[recommendation]["settings"])
    if not {"seed_share", "commoner_accuracy"} <= {*findings.points}:
        raise InputError(f"{resamples} comes from an earlier version; {FINISH}")
    return findings


def make_findings(resamples: str | Path, production: str | Path, settings: dict) -> Findings:
    """The findings from result files; settings: prices, titles, verdict, pool_sizes as in Findings."""
    chosen = {name: settings[name] for name in ("prices", "titles", "verdict", "pool_sizes")}
    return Findings(*read_resamples(resamples), read_production(production), **chosen)


def only(values: list[str], kind: str) -> str:
    """The value, if there is one; InputError names the choice otherwise."""
    if len(values) > 1:
        raise InputError(f"The study has several {kind}s: {', '.join(values)}; name one by --{kind}.")
    return values[0]


def narrow(findings: Findings, question: Question) -> pd.DataFrame:
    """The points that the question is about, all of one task and student; InputError if there are none such."""
    points, asked = findings.points, asdict(question)
    for kind in GROUP:
        if asked[kind] is not None:
            known = points[kind].unique().tolist()
            if asked[kind] not in known:
                raise InputError(f"There is no result for the {kind} {asked[kind]!r}; known are {', '.join(known)}.")
            points = points[points[kind] == asked[kind]]
    tasks = points.task.unique().tolist()
    points = points[points.task == (AVERAGE if AVERAGE in tasks else only(tasks, "task"))]
    return points[points.student == only(points.student.unique().tolist(), "student")]


def price_of(supervisor: str, question: Question, findings: Findings) -> float:
    """Price of a weak label, gold = 1; InputError if it must be named."""
    if question.weak_price is not None:
        return question.weak_price / question.gold_price
    prices = findings.prices[supervisor]
    if len(prices) > 1:
        shown = ", ".join(f"{price:g}" for price in prices)
        raise InputError(f"The study looks at several prices of a weak label ({shown}); name yours by --weak-price.")
    return prices[0]


def options(findings: Findings, question: Question) -> tuple[pd.DataFrame, np.ndarray]:
    """What can be bought, one row an option, and its accuracies by each replicate (options, replicates).

    Where the production function of a supervisor and method is good, the budget may be split in any way, and it says
    what to expect; else only the purchases that were run can be recommended, with the accuracy that they had
    (see scale_up). InputError if the budget buys none.
    """
    fits = {tuple(getattr(fit, kind) for kind in GROUP): fit for fit in findings.fits}
    budget, tables, drawn = question.budget / question.gold_price, [], []
    asked = narrow(findings, question)
    bought = asked[buys_labels(asked)]
    if bought.empty:
        raise InputError(f"The study bought no labels for {' and '.join(asked.method.unique())}; name another method.")
    for names, points in bought.groupby(GROUP, sort=False):
        price, fit = price_of(names[1], question, findings), fits[names]
        if fit.verdict == GOOD:
            n_weak, n_gold = affordable(fit, budget, price, findings.pool_sizes.get(names[0])).T
            table = pd.DataFrame({"n_weak": n_weak, "n_gold": n_gold, "accuracy": fit.predict(n_weak, n_gold)})
            basis = f"production function ({FORMS[fit.form].title}; {fit.words})"
            table = table.assign(
                model_error=fit.model_error, basis=basis, studied=fit.studied(n_weak, n_gold), fitted=True
            )
            draws = fit.predict_replicates(n_weak, n_gold).T
        else:
            table = points[["n_weak", "n_gold", "accuracy"]].reset_index(drop=True)
            basis = f"only purchases that were run ({fit.words})"
            table = table.assign(model_error=0.0, basis=basis, studied=True, fitted=False)
            draws = points.accuracy.to_numpy()[:, None] + findings.deviations[points.index]
        evidence = {"n_seeds": points.n_seeds.min(), "n_test": points.n_test.min()}
        evidence |= {"seed_share": points.seed_share.mean()}
        table = table.assign(**dict(zip(GROUP, names, strict=True)), **evidence, weak_price=price)
        table["cost"] = cost(table.n_weak, table.n_gold, price)
        within = ((table.cost <= budget + 1e-9) & (table.n_weak + table.n_gold > 0)).to_numpy()
        tables.append(table[within])
        drawn.append(draws[within])
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        raise InputError(f"A budget of {question.budget:g} buys nothing that was studied at these prices; raise it.")
    table["strategy"] = [strategy_of(*pair) for pair in zip(table.n_weak, table.n_gold, strict=True)]
    replicates = min(draws.shape[1] for draws in drawn)
    return table, np.concatenate([draws[:, :replicates] for draws in drawn]).clip(0, 1)


def score(draws: np.ndarray, agree: np.ndarray | None = None, model_error: float = 0.0) -> dict[str, float]:
    """Mean and 95 % interval of draws (replicates,), with the model's own error in quadrature.

    agree: (replicates,) mask of those whose choosing half makes the same choice; see analysis.frontier.score_points.
    """
    agree = np.ones(len(draws), dtype=bool) if agree is None else agree
    mean = float(draws[agree].mean())
    low, high = interval(draws - draws.mean()) * math.sqrt(2 - agree.mean())
    off = Z * model_error
    return {"mean": mean, "low": mean - math.hypot(low, off), "high": mean + math.hypot(high, off)}


def runs_of(findings: Findings, option: pd.Series) -> pd.DataFrame:
    """The points of the option's task, supervisor, student and method."""
    return findings.points[(findings.points[GROUP] == option[GROUP]).all(axis=1)]


def scale_up(
    option: pd.Series, alike: pd.DataFrame, most: Sequence[float], budget: float, pool_size: int | None
) -> tuple[int, int]:
    """The (n_weak, n_gold) to buy where this option is the best.

    That of a production function spends the budget. A purchase that was run is bought in the same proportion until the
    budget is spent, unless a more expensive one of its strategy was within the budget too: a split that was best
    carries over to a budget that was not run, but not against the evidence. No more labels of either kind are bought
    than were studied (`most`), nor more than the pool holds. alike: the options of its group and strategy.
    """
    pair = option.n_weak, option.n_gold
    if option.fitted or alike.cost.max() > option.cost + ROUNDING:
        return pair
    limits = [budget / option.cost, *(limit / n for limit, n in zip(most, pair, strict=True) if n)]
    if pool_size is not None:
        limits.append(pool_size / sum(pair))
    factor = max(1.0, min(limits))
    return tuple(int(n * factor + ROUNDING) for n in pair)


def describe_option(option: pd.Series, question: Question, titles: dict[str, str]) -> dict:
    bought = {name: int(option[name]) for name in ("n_weak", "n_gold")}
    names = {name: option[name] for name in ("supervisor", "method", "strategy")}
    title = {"title": titles.get(option.method, option.method)}
    return bought | names | title | {"cost": float(option.cost * question.gold_price)}


def do_nothing(findings: Findings, option: pd.Series, draws: np.ndarray, agree: np.ndarray | None) -> dict:
    """What no label at all achieves: always giving the commoner label and, where it was measured, asking the student.

    `asking` holds its accuracy, by how much the option is ahead of it, and the probability that the option is ahead.
    Asking is the same for every seed, so its own interval is that of the test examples alone. option, draws: of the
    recommended purchase; agree: as in `score`.
    """
    points = findings.points[(findings.points[["task", "student"]] == option[["task", "student"]]).all(axis=1)]
    nothing = {"commoner": float(points.commoner_accuracy.iloc[0]), "asking": None}
    found = points[~buys_labels(points)]
    if found.empty:
        return nothing
    # Every method and supervisor that shows it shows the same one.
    point = found.iloc[0]
    own = (point.accuracy + findings.deviations[found.index[0], : len(draws)]).clip(0, 1)
    ahead = draws - own
    known = ahead if agree is None else ahead[agree]
    asking = {"accuracy": score(own), "n_test": int(point.n_test)}
    asking |= {"difference": score(ahead, agree, option.model_error)}
    # What is exactly as good counts half.
    asking |= {"probability": float(np.mean((known > 0) + (known == 0) / 2))}
    return nothing | {"asking": asking}


def worth_buying(answer: dict) -> str:
    """Whether labels are better than asking without any: `yes`, `no` or `undetermined`; `yes` where nobody asked.

    A single seed has no spread, so it decides nothing here.
    """
    asking = answer["nothing"]["asking"]
    if asking is None:
        return "yes"
    decided = answer["n_seeds"] > 1
    if decided and asking["probability"] >= answer["wanted"]:
        return "yes"
    return "no" if decided and asking["probability"] <= 1 - answer["wanted"] else UNDETERMINED


def asking_is_as_good(answer: dict) -> bool:
    """Whether asking without labels, which costs nothing, is expected to be at least as good as the purchase."""
    asking = answer["nothing"]["asking"]
    return asking is not None and asking["difference"]["mean"] <= 0


def recommend(findings: Findings, question: Question) -> dict:
    """The purchase and method to choose, what to expect, how much worse the pure strategies are, and how sure this is.

    What to expect is the production function's word where it is good. Which strategy is the best one is decided by the
    runs alone, as in results/regimes.csv, and where they decide it they are followed: a smooth function always sees
    some use in either label.

    Every replicate of the accuracies is a draw from what they may be. What lies as far on the other side of their mean
    chooses, and the draw reports (see elicitation.analysis.resampling), so that nothing is reported by what chose it.
    `loss_at_most` bounds what any other option would gain: in 97.5 % of the draws the best of all gains no more. Where
    production functions predict, differences between purchases hold their own errors too, as if these were independent.
    Raises InputError if the question names what is not there or nothing is affordable.
    """
    table, draws = options(findings, question)
    mean, costs = table.accuracy.to_numpy(), table.cost.to_numpy()
    choosing, count = 2 * mean[:, None] - draws, np.arange(draws.shape[1])
    best = best_of(mean, costs)
    kin = (table[MODELS] == table.iloc[best][MODELS]).all(axis=1).to_numpy()
    regime = observed_regime(findings, table.iloc[best], question)
    decided = np.flatnonzero(kin & (table.strategy.map(REGIMES) == regime["regime"]))
    contenders = decided if len(decided) else np.arange(len(table))
    best = contenders[best_of(mean[contenders], costs[contenders])]
    option = table.iloc[best].copy()

    def best_among(among: np.ndarray) -> np.ndarray:
        """(replicates,) the options that choose themselves among these positions."""
        return among[choosing[among].argmax(axis=0)]

    # Luck that made a supervisor, a method or, without a function to smooth it, a purchase look best counts only once.
    winners = best_among(np.arange(len(table)))
    agree = kin[winners] if option.fitted else best_among(contenders) == best
    agree = agree if agree.any() else None
    expected = score(draws[best], agree, option.model_error)
    expected |= {end: min(max(expected[end], 0.0), 1.0) for end in ("low", "high")}

    pure = {}
    for name in (name for name in PURE if name != option.strategy and (table.strategy == name).any()):
        among = np.flatnonzero(table.strategy == name)
        rival = table.iloc[among[best_of(mean[among], costs[among])]]
        off = math.hypot(option.model_error, rival.model_error)
        difference = score(draws[best_among(among), count] - draws[best], agree, off)
        pure[name] = describe_option(rival, question, findings.titles) | {"difference": difference}
    loss = float(interval(draws.max(axis=0) - draws[best])[1])
    run = option.n_weak, option.n_gold
    most = runs_of(findings, option)[["n_weak", "n_gold"]].max()
    budget, pool_size = question.budget / question.gold_price, findings.pool_sizes.get(option.task)
    alike = table[kin & (table.strategy == option.strategy)]
    option["n_weak"], option["n_gold"] = bought = scale_up(option, alike, most, budget, pool_size)
    option["cost"] = cost(*bought, option.weak_price)
    if bought != run:
        option["basis"] += f", scaled to the budget from {describe_purchase(*run)}, whose accuracy this is"
    answer = {
        "question": asdict(question),
        "task": option.task,
        "student": option.student,
        "weak_price": float(option.weak_price * question.gold_price),
        "recommended": describe_option(option, question, findings.titles),
        "accuracy": expected,
        "pure_strategies": pure,
        "nothing": do_nothing(findings, option, draws[best], agree),
        "loss_at_most": math.hypot(loss, Z * option.model_error, Z * table.model_error.max()),
        "regime": regime,
        "wanted": findings.verdict,
        "supported": regime["regime"] == REGIMES[option.strategy] and bool(option.studied),
        "studied": bool(option.studied),
        "n_seeds": int(option.n_seeds),
        "basis": option.basis,
    }
    return answer | {"next": next_steps(answer, option, math.inf if pool_size is None else pool_size)}


def observed_regime(findings: Findings, option: pd.Series, question: Question) -> dict:
    """The regime at the question's budget and price by the purchases that were run, without any production function."""
    points, budget = runs_of(findings, option), question.budget / question.gold_price
    row = regime_at(points, findings.deviations[points.index], budget, option.weak_price, findings.verdict)
    known = ("regime", "winner", "reason", *REGIMES.values(), "lead", "lead_low", "lead_high", "n_weak", "n_gold")
    missing = {"missing": [strategy for strategy in STRATEGIES if REGIMES[strategy] not in row]}
    return {name: row[name] for name in known if name in row} | missing


def purchase_of(strategy: str, budget: float, weak_price: float, pool_size: float) -> tuple[int, int] | None:
    """A purchase that spends the budget by this strategy, half of it on either label where it is mixed, if any does.

    Beyond the pool there is none to buy.
    """
    n_gold = min({"weak only": 0, "mixed": max(1, int(budget / 2)), "gold only": int(budget)}[strategy], pool_size)
    n_weak = 0 if strategy == "gold only" else int(min((budget - n_gold) / weak_price, pool_size - n_gold))
    possible = n_weak >= 0 and n_weak + n_gold > 0 and strategy_of(n_weak, n_gold) == strategy
    return (n_weak, n_gold) if possible else None


def factor_alone(excess: float, share: float) -> float:
    """How many times as much evidence of one kind divides a variance by `excess`; infinite where it cannot.

    share: what this kind, seeds or test examples, accounts for of the variance; the rest stays as it is.
    """
    left = 1 / excess - (1 - share)
    return share / left if left > 0 else math.inf


def next_steps(answer: dict, option: pd.Series, pool_size: float) -> list[str]:
    """Which runs or labels would decide what is open; empty where nothing is."""
    regime, wanted = answer["regime"], answer["wanted"]
    if answer["supported"]:
        return []
    if not answer["studied"]:
        labels = describe_purchase(option.n_weak, option.n_gold)
        return [f"runs of {labels} and of other purchases of that size: the study has none"]
    if option.n_seeds < 2:
        return ["at least two more seeds: one has no spread"]
    if regime["missing"]:
        budget = answer["question"]["budget"] / answer["question"]["gold_price"]
        pairs = [purchase_of(strategy, budget, option.weak_price, pool_size) for strategy in regime["missing"]]
        named = " and of ".join(describe_purchase(*pair) for pair in pairs if pair)
        runs = f"runs of {named}, where the method can make them" if named else "a larger budget"
        return [f"{runs}: {regime['reason']}"]
    spread = (regime["lead_high"] - regime["lead_low"]) / (2 * Z)
    excess = max((NormalDist().inv_cdf(wanted) * spread / max(abs(regime["lead"]), 1e-9)) ** 2, 1e-9)
    labels = describe_purchase(regime["n_weak"], regime["n_gold"])
    runs = f"of {labels} and of the best purchases of the other strategies at this cost"
    share = option.seed_share
    for seeds, examples in ((factor_alone(excess, share), 1), (1, factor_alone(excess, 1 - share)), (excess, excess)):
        if option.n_seeds * seeds <= MOST_SEEDS and examples <= MOST_EXAMPLES:
            n_seeds = max(math.ceil(option.n_seeds * seeds), option.n_seeds + (examples == 1))
            n_test = math.ceil(option.n_test * examples)
            more = []
            if n_seeds > option.n_seeds:
                more.append(f"about {n_seeds} seeds in all (now {option.n_seeds}) {runs}")
            if n_test > option.n_test:
                more.append(f"about {n_test} test examples in all (now {option.n_test})")
            return [" and ".join(more)]
    return [
        f"hardly anything: {regime['winner']} is {100 * abs(regime['lead']):.1f} points off its best rival; "
        f"{MOST_SEEDS} seeds and {MOST_EXAMPLES} times the test examples would not tell; take what is simpler"
    ]


def source_of(bought: dict, weak_price: float, asked: float) -> str:
    """Whose weak labels are bought, and at what price if that is not the one asked for."""
    own = f", which cost {price_words(weak_price)}" if weak_price != asked else ""
    return f" (weak ones of {bought['supervisor']}{own})" if bought["n_weak"] else ""


def points_of(scores: dict[str, float]) -> str:
    return f"{100 * scores['mean']:+.1f} points ({100 * scores['low']:+.1f} to {100 * scores['high']:+.1f})"


def price_asked(answer: dict) -> float:
    """The price of a weak label that was asked for, else that of the recommended ones."""
    asked = answer["question"]["weak_price"]
    return answer["weak_price"] if asked is None else asked


def with_ends(accuracy: dict[str, float]) -> str:
    """An accuracy in percent with the ends of its interval."""
    return f"{percent(accuracy['mean'])} % ({percent(accuracy['low'])} to {percent(accuracy['high'])})"


def nothing_in_words(answer: dict) -> Iterator[str]:
    """What no label at all achieves, as lines of a list."""
    nothing = answer["nothing"]
    yield f"- no label, always the commoner answer: {percent(nothing['commoner'])} %"
    if asking := nothing["asking"]:
        chance = f"{100 * asking['probability']:.0f} %"
        yield (
            f"- no label, asking the model: {with_ends(asking['accuracy'])}; it is the same for every seed, so this "
            f"interval is over {asking['n_test']} test examples alone. The purchase against that: "
            f"{points_of(asking['difference'])}; better with a probability of {chance}"
            + (" (undetermined)" if worth_buying(answer) == UNDETERMINED else "")
        )


def in_words(answer: dict) -> Iterator[str]:
    """The answer as lines of Markdown."""
    question, bought = answer["question"], answer["recommended"]
    asked = price_asked(answer)
    prices = f"a weak label costs {price_words(asked)}, a gold one {question['gold_price']:g}"
    yield f"## Budget {question['budget']:g}: {prices}"
    yield f"\nTask {answer['task']}, student {answer['student']}, {answer['n_seeds']} seeds.\n"
    labels = describe_purchase(bought["n_weak"], bought["n_gold"])
    source = source_of(bought, answer["weak_price"], asked)
    if asking_is_as_good(answer):
        accuracy = with_ends(answer["nothing"]["asking"]["accuracy"])
        yield f"**Buy nothing: asking without any label is expected to be at least as good.** Right on {accuracy}."
        yield f"If labels are bought all the same: buy {labels}{source} and use them by {bought['title']}."
    else:
        yield f"**Buy {labels}{source} and use them by {bought['title']}.**"
    yield f"Cost: {cost_words(bought['cost'])}."
    ends = f"{percent(answer['accuracy']['low'])} to {percent(answer['accuracy']['high'])}"
    yield f"Expected accuracy: {percent(answer['accuracy']['mean'])} % ({ends}).\n"
    yield from nothing_in_words(answer)
    for name, other in answer["pure_strategies"].items():
        labels = describe_purchase(other["n_weak"], other["n_gold"])
        source = f" of {other['supervisor']}" if other["n_weak"] and other["supervisor"] != bought["supervisor"] else ""
        method = f" by {other['title']}" if other["method"] != bought["method"] else ""
        yield f"- {name} ({labels}{source}{method}): {points_of(other['difference'])} against that"
    regime, wanted = answer["regime"], f"{100 * answer['wanted']:.0f} % are asked for"
    shares = {PLAIN[strategy]: regime[name] for strategy, name in REGIMES.items() if name in regime}
    chances = ", ".join(f"{words} {100 * share:.0f} %" for words, share in shares.items())
    why = f"; {regime['reason']}" if regime["reason"] else ""
    said = regime["reason"] if regime["missing"] else f"by the runs alone, {chances} ({wanted}{why})"
    if answer["supported"]:
        yield f"\nThe data support it: {said}."
    else:
        beyond = "" if answer["studied"] else ", and such a purchase lies beyond the study"
        yield f"\nUndetermined whether this is the best way of spending: {said}{beyond}."
        most = percent(answer["loss_at_most"])
        yield f"Another split would be better by at most {most} points, if the basis below holds."
    yield from (f"What would decide it: {step}." for step in answer["next"])
    yield f"\nBasis: {answer['basis']}."


def questions(findings: Findings, budgets: list[float]) -> Iterator[Question]:
    """Every budget and price that the study looks at, for each student's average over tasks or else its tasks.

    Where all sources have one price, none is asked for.
    """
    several = [prices for prices in findings.prices.values() if len(prices) > 1]
    every = sorted({price for prices in several for price in prices}, reverse=True) or [None]
    for student, points in findings.points.groupby("student", sort=False):
        tasks = points.task.unique()
        for task in [AVERAGE] if AVERAGE in tasks else tasks:
            for price in every:
                yield from (Question(budget, price, task=task, student=student) for budget in budgets)


def answer_all(findings: Findings, budgets: list[float]) -> list[dict]:
    """The recommendations for `questions`, but for those where nothing is affordable.

    Labels that have one price, such as those of a user's own columns, keep it, whatever price is asked for.
    """
    answers = []
    for question in questions(findings, budgets):
        prices = {name: own if len(own) == 1 else [question.weak_price] for name, own in findings.prices.items()}
        with suppress(InputError):
            answer = recommend(replace(findings, prices=prices), replace(question, weak_price=None))
            answers.append(answer | {"question": asdict(question)})
    return answers


def report(answers: list[dict]) -> str:
    """Markdown: a table of all recommendations, then each in words."""
    heads = ["task", "student", "weak label costs", "budget", "buy", "method", "accuracy", "seeds", "decided"]
    heads += ["asking without labels", "always the commoner label"]
    lines = ["# What to buy\n", "Bold: where asking without labels is expected to be at least as good, buy nothing.\n"]
    lines += [f"| {' | '.join(heads)} |", "|---|---|---:|---:|---|---|---|---:|---|---|---|"]
    several = len({answer["recommended"]["supervisor"] for answer in answers}) > 1
    for answer in answers:
        bought, nothing = answer["recommended"], answer["nothing"]
        asking = with_ends(nothing["asking"]["accuracy"]) if nothing["asking"] else "not measured"
        asking = f"**{asking}**" if asking_is_as_good(answer) else asking
        regime = PLAIN[bought["strategy"]] if answer["supported"] else UNDETERMINED
        labels = describe_purchase(bought["n_weak"], bought["n_gold"])
        if several or answer["weak_price"] != price_asked(answer):
            labels += source_of(bought, answer["weak_price"], price_asked(answer))
        cells = (
            answer["task"],
            answer["student"],
            price_words(price_asked(answer)),
            f"{answer['question']['budget']:g}",
        )
        found = (labels, bought["title"], with_ends(answer["accuracy"]), str(answer["n_seeds"]), regime)
        lines.append(f"| {' | '.join((*cells, *found, asking, percent(nothing['commoner']) + ' %'))} |")
    for answer in answers:
        lines += ["", *in_words(answer)]
    return "\n".join(lines) + "\n"
