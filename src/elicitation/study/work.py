"""What the students of a study do: the stages that their runs train, and the tokens of the texts that pass in these.

Tokens are counted as in models of the Llama family, through which what several texts begin with passes once
(elicitation.models.beginnings).
"""

import math
from pathlib import Path

import pandas as pd

from elicitation.analysis.names import student_and_cue
from elicitation.buying.market import CANDIDATES
from elicitation.buying.methods import Method, Shots, Stage
from elicitation.models.hardware import MICRO_BATCH_TOKENS
from elicitation.study.grid import NO_LABELS
from elicitation.study.models import Model, OwnModel
from elicitation.study.study import Study
from elicitation.study.teams import seeds_in_name
from elicitation.study.text_lengths import tokens_of
from elicitation.training.schedule import plan_schedule, student_protocol

# Operations per parameter and token. The backward pass skips the frozen weights' gradients.
FORWARD, BACKWARD = 2.0, 2.0
# As good as any order of its own for each text.
MANY_ORDERS = 1e6
# Tokens of a prompt's beginning that vLLM reads again, half a block: its cache keeps whole ones
# (elicitation.models.engines.CPU_BLOCK).
READ_AGAIN = 16.0


def methods_made(study: Study) -> dict[str, Method]:
    """The methods by the names that `study.made_runs` gives them; asking without labels has its own."""
    return study.method_named | {NO_LABELS: Method("without labels", "", shots=Shots("gold"))}


def trained_stages(method: Method, n_weak: int, n_gold: int) -> list[tuple[Stage, int]]:
    """The stages of a run with the number of labels that each trains on; those without labels are skipped."""
    weak_shots, gold_shots = method.shots_bought
    labels = {"weak": n_weak - weak_shots, "gold": n_gold - gold_shots}
    labels["both"] = sum(labels.values())
    return [(stage, labels[stage.labels]) for stage in method.stages if labels[stage.labels]]


def planned_stages(runs: pd.DataFrame, study: Study) -> pd.DataFrame:
    """One row a stage of every run, with `recipe` (of weak stages that runs share), `n`, `batch`, `held_out`, and what
    it takes at most: `presentations` to train on and `validations`."""
    methods, training = methods_made(study), study.training.plain
    rows = []
    for run in runs.itertuples(index=False):
        method = methods[run.method]
        protocol = student_protocol(1.0, training, method)
        for stage, n in trained_stages(method, run.n_weak, run.n_gold):
            plan = plan_schedule(n, protocol)
            shared = {"labels": stage.labels, "recipe": method.recipe if stage.labels == "weak" else None, "n": n}
            sizes = {"batch": plan.batch_size, "held_out": plan.n_validation}
            shown = {"presentations": plan.presentations, "validations": plan.validations}
            rows.append(run._asdict() | shared | sizes | shown)
    # There are none where all methods only prompt.
    columns = ["labels", "recipe", "n", "batch", "held_out", "presentations", "validations"]
    return pd.DataFrame(rows, columns=[*runs, *columns])


def share_weak_stages(stages: pd.DataFrame) -> pd.DataFrame:
    """The stages that are trained: weak ones once for each recipe, number of labels and seed, all others."""
    key = ["task", "supervisor", "student", "recipe", "seed", "n"]
    weak = stages.recipe.notna()
    return pd.concat([stages[weak].drop_duplicates(key), stages[~weak]])


def planned_runs(study: Study) -> pd.DataFrame:
    """One row a run that is made, with `test_size`, `predictions`, the texts that it reads beside its stages,
    `prompts`, whether it only asks, and `seeds`, those that its file is called by."""
    runs, methods = pd.DataFrame(study.made_runs), methods_made(study)
    selecting, prompting = (
        runs.method.isin([name for name, method in methods.items() if getattr(method, what)])
        for what in ("selection", "prompts_only")
    )
    test_size = runs.task.map({name: task.test_size for name, task in study.task_named.items()})
    seeds = [seeds_in_name(study, run.student, run.method, run.seed) for run in runs.itertuples()]
    predictions = test_size + CANDIDATES * selecting
    return runs.assign(test_size=test_size, predictions=predictions, prompts=prompting, seeds=seeds)


def orders_of(method: Method) -> float:
    """In how many orders a method's examples stand before texts, at most; one where it shows none."""
    shots = method.shots
    if shots is None or shots.k is None:
        return 1.0
    return float(min(shots.orders or MANY_ORDERS, math.perm(shots.k), MANY_ORDERS))


def orders_seen(orders: float, n: float) -> float:
    """How many of these orders n texts have, on average, each of which has any of them."""
    return orders * (1 - (1 - 1 / orders) ** n)


def examples_in_steps(k: int, orders: float, batch: int) -> float:
    """Examples that pass a model for each text of a step, whose texts with one order share them."""
    return k * orders_seen(orders, batch) / batch


def examples_in_reading(k: int, orders: float, n: int, text: float, max_tokens: int) -> float:
    """Examples that pass a model for each of n texts that are only read.

    text: its tokens, and those of an example; max_tokens: of what passes at once.
    """
    together = max_tokens / text - k
    if not n or together < 1:
        return float(k)
    seen = orders_seen(orders, n)
    return k * min(1.0, seen * math.ceil(n / seen / together) / n)


def examples_in_asking(k: int, n: int, text: float, engine: str) -> float:
    """Examples that pass a model for each of n texts that it is asked about behind the same examples in one order.

    text: its tokens, and those of an example; engine: as the study's `labelling` names it.
    """
    if engine == "vllm":
        return k / n + min(READ_AGAIN / text, k)
    return examples_in_reading(k, 1, n, text, MICRO_BATCH_TOKENS)


def passes_texts(model: Model) -> bool:
    """Whether texts pass through a student as such, and not as the states of a trunk, which nothing shares."""
    return isinstance(model, OwnModel) and model.adapt_layers is None


def with_tokens(table: pd.DataFrame, study: Study, folder: Path) -> pd.DataFrame:
    """Runs or stages with `tokens`, of one text with all its examples, and what passes the student for each text that
    is only read, `read_tokens`, or trained on, `step_tokens`."""
    methods, max_tokens = methods_made(study), study.training.micro_batch_tokens
    pairs = table[["task", "student"]].drop_duplicates().itertuples(index=False)
    text = {(task, student): tokens_read(task, student, study, folder) for task, student in pairs}
    rows = []
    for row in table.to_dict("records"):
        method, own = methods[row["method"]], text[row["task"], row["student"]]
        # A method that only prompts shows all labels that it buys.
        k = row["n_weak"] + row["n_gold"] if method.prompts_only else sum(method.shots_bought)
        examples = {"tokens": k, "read_tokens": k, "step_tokens": k}
        if method.prompts_only:
            examples["read_tokens"] = examples_in_asking(k, row["predictions"], own, study.labelling.engine)
        elif passes_texts(study.model_of(row["student"])):
            orders, n = orders_of(method), row["held_out"] if "batch" in row else row["predictions"]
            examples["read_tokens"] = examples_in_reading(k, orders, n, own, max_tokens)
            examples["step_tokens"] = examples_in_steps(k, orders, row["batch"]) if "batch" in row else k
        rows.append({name: own * (1 + shown) for name, shown in examples.items()})
    return table.join(pd.DataFrame(rows, table.index, ["tokens", "read_tokens", "step_tokens"]))


def each_text_alone(table: pd.DataFrame) -> pd.DataFrame:
    """Runs or stages, as with_tokens makes them, if every text passed with all its examples."""
    return table.assign(read_tokens=table.tokens, step_tokens=table.tokens)


def adapted_share(model: OwnModel, sources: str) -> float:
    """Share of the layers that texts pass through in every run: those with adapters; all where that is not known."""
    layers = model.layers(sources)
    return 1.0 if model.adapt_layers is None or layers is None else model.adapt_layers / layers


def tokens_read(task: str, student: str, study: Study, folder: Path) -> float:
    """Mean tokens of a task's text as a student reads it, with its cue."""
    return tokens_of(task, study.model_of(student), study, folder, cue=student_and_cue(student)[1])
