"""What jobs do, in words for the terminal: of one job that runs or is done, and of all that a run would do."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from elicitation.analysis.names import GOLD_ALONE, NO_SUPERVISOR


class Deed(NamedTuple):
    """What the jobs of a rule do."""

    verb: str
    what: str
    """Of one job, with its wildcards in braces."""
    counted: str
    """What several of them would do; {n} is their number, {s} makes a plural, {tasks} are their tasks."""


# The forms of verbs: while a job runs, and once it is done.
FORMS = {
    "ask": ("asking", "asked"),
    "check": ("checking", "checked"),
    "compute": ("computing", "computed"),
    "draw": ("drawing", "drew"),
    "fetch": ("fetching", "fetched"),
    "label": ("labelling", "labelled"),
    "make": ("making", "made"),
    "order": ("ordering", "ordered"),
    "prepare": ("preparing", "prepared"),
    "score": ("scoring", "scored"),
    "train": ("training", "trained"),
    "tune": ("tuning", "tuned"),
}
TEXTS, PROMPTS = (f"check that models can read the {what} of {{tasks}}" for what in ("texts", "prompts"))
LABELS = Deed("label", "{task} by {supervisor}", "write weak labels of {tasks}")
TRAINING = Deed("train", "{task}, budget {budget}, seed {seed}", "train {n} run{s} of {tasks}")
# By rule. Of all others it is said which file they make.
DEEDS = {
    "fetch_ratings": Deed("fetch", "the rated sentences", "fetch the rated sentences"),
    "prepare_task": Deed("prepare", "{task}", "prepare {tasks}"),
    "prepare_tokenizer": Deed("prepare", "the tokenizer of {model}", "prepare {n} tokenizer{s}"),
    "prepare_model": Deed("prepare", "the model {model}", "prepare {n} model{s}"),
    "check_engine": Deed("check", "vLLM", "check vLLM"),
    "check_texts": Deed("check", "the texts of {task} for {model}", TEXTS),
    "check_prompts": Deed("check", "the prompts of {task} for {model}", PROMPTS),
    "check_supervisor_texts": Deed("check", "the texts of {task} for {model}", TEXTS),
    "write_cue": Deed("prepare", "{task} by the cue {cue}", "prepare {tasks}"),
    "check_cued_texts": Deed("check", "the texts of {task}, cue {cue}, for {model}", TEXTS),
    "check_cued_prompts": Deed("check", "the prompts of {task}, cue {cue}, for {model}", PROMPTS),
    "check_supervisor_prompts": Deed("check", "the prompts of {task} for {model}", PROMPTS),
    "train_supervisor": Deed("train", "{supervisor}, which labels {task}", "train {n} supervisor{s} for {tasks}"),
    "write_weak_labels": LABELS,
    "search_labels": LABELS,
    "join_columns": LABELS,
    "draw_ratings": LABELS,
    "shuffle_errors": LABELS,
    "draw_errors": LABELS,
    "ask_for_labels": LABELS,
    "label_by_rule": LABELS,
    "compose_labels": LABELS,
    "order_purchases": Deed("order", "the texts of {task}, seed {seed}", "order the texts of {tasks} {n} time{s}"),
    "compute_trunk": Deed(
        "compute", "the lower layers of {student} on {task}", "compute the lower layers of a student on {tasks}"
    ),
    "tune_learning_rate": Deed(
        "tune", "the learning rate of {student} on {task}", "tune {n} learning rate{s} on {tasks}"
    ),
    "train_weak_stage": Deed(
        "train", "{task} on {n_weak} weak labels, seed {seed}", "train {n} time{s} on weak labels of {tasks}"
    ),
    "train_runs": TRAINING,
    "finetune_by_api": TRAINING,
    "score_prompts": Deed("score", "prompts of {task}, budget {budget}, seed {seed}", "prompt {n} run{s} of {tasks}"),
    "ask_without_labels": Deed("ask", "{student} about {task} without labels", "ask about {tasks} without labels"),
    "measure_imitation": Deed("score", "what the errors of {supervisor} teach", "score what errors teach"),
    "evaluate_runs": Deed("score", "the runs of {task}", "score the runs of {tasks}"),
}
DRAWING = Deed("draw", "{file}", "draw {n} figure{s}")
MAKING = Deed("make", "{file}", "make {n} table{s}")
# In the order in which jobs run.
COUNTED = list(dict.fromkeys(deed.counted for deed in [*DEEDS.values(), DRAWING, MAKING]))
# Up to so many tasks are named.
NAMED_TASKS = 3
# What tells jobs of one rule apart where several of it are planned, beside what `Deed.what` names.
TELLING = ("supervisor", "student", "method", "recipe")


@dataclass(frozen=True)
class Job:
    """A job, as the words need it."""

    rule: str
    wildcards: Mapping[str, str] = field(default_factory=dict)
    files: Collection[str] = ()
    """What it makes."""
    logs: Collection[str] = ()

    @property
    def deed(self) -> Deed:
        return DEEDS.get(self.rule) or (DRAWING if any(file.startswith("figures/") for file in self.files) else MAKING)

    def what(self, varying: Collection[str] = ()) -> str:
        """What it works on; varying: the wildcards in which jobs of its rule differ."""
        deed = self.deed
        names = {"file": next(iter(self.files), self.rule)} | dict(self.wildcards)
        told = [names[name] for name in TELLING if name in varying and f"{{{name}}}" not in deed.what]
        # Seeds that train together are joined by a sign.
        what = deed.what.replace("seed {", "seeds {") if "+" in names.get("seed", "") else deed.what
        return ", ".join([what.format(**names), *(GOLD_ALONE if name == NO_SUPERVISOR else name for name in told)])

    def going(self, varying: Collection[str] = ()) -> str:
        """`training film, budget 64, seed 0`."""
        return f"{FORMS[self.deed.verb][0]} {self.what(varying)}"

    def done(self, varying: Collection[str] = ()) -> str:
        """`trained film, budget 64, seed 0`."""
        return f"{FORMS[self.deed.verb][1]} {self.what(varying)}"


def varying_wildcards(jobs: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, set[str]]:
    """By rule, the wildcards in which its jobs differ; jobs: the rule and wildcards of each."""
    values: dict[str, dict[str, set[str]]] = {}
    for rule, wildcards in jobs:
        for name, value in wildcards.items():
            values.setdefault(rule, {}).setdefault(name, set()).add(value)
    return {rule: {name for name, found in named.items() if len(found) > 1} for rule, named in values.items()}


def tasks_words(tasks: Collection[str]) -> str:
    """`film`, or how many there are."""
    return f"{len(tasks)} tasks" if len(tasks) > NAMED_TASKS else ", ".join(tasks)


def count_words(jobs: Iterable[tuple[Job, int]]) -> str:
    """What many jobs do, in the order in which they run: `prepare film; train 39 runs of film`.

    jobs: each with the number of runs that it makes, 1 of other jobs.
    """
    counts, tasks = Counter(), {}
    for job, runs in jobs:
        counted = job.deed.counted
        counts[counted] += runs
        tasks.setdefault(counted, {})[job.wildcards.get("task", "")] = None
    parts = (
        counted.format(n=f"{counts[counted]:,}", s="s" * (counts[counted] != 1), tasks=tasks_words(tasks[counted]))
        for counted in COUNTED
        if counted in counts
    )
    return "; ".join(parts)
