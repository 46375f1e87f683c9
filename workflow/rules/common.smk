# Names, constraints and settings that the rules share. Imports nothing heavy.
from elicitation.config import purchases_of
from elicitation.methods import METHODS

TASKS = {task["name"]: task for task in study["tasks"]}
MODELS = {model["name"]: model for model in study["models"]}
BLOCKS = expand("b{budget}_s{seed}", budget=study["grid"]["budgets"], seed=study["seeds"])
DEVICE = study["device"]
GPUS = int(DEVICE == "cuda")


wildcard_constraints:
    task="|".join(TASKS),
    model="|".join(MODELS),
    supervisor="|".join(study["supervisors"]),
    student="|".join(study["students"]),
    method="|".join(study["methods"]),
    recipe="|".join({METHODS[name].recipe for name in study["methods"]}),
    budget=r"\d+",
    seed=r"\d+",


def task_settings(wildcards):
    return TASKS[wildcards.task]


def model_settings(wildcards):
    return MODELS[wildcards.model]


def purchases(wildcards):
    """The (n_weak, n_gold) of a block."""
    return purchases_of(int(wildcards.budget), study["grid"])


def student_learning_rate(wildcards):
    return MODELS[wildcards.student]["learning_rate"]


def supervisor_learning_rate(wildcards):
    return MODELS[wildcards.supervisor]["learning_rate"]


def original_model(wildcards):
    """The model that a truncated one is cut from."""
    cut = MODELS[wildcards.model].get("truncate")
    return f"results/models/{cut['model']}" if cut else []


def weak_stages(wildcards):
    """The adapters that a block's runs start from; none where the block buys no weak labels."""
    if any(n_weak for n_weak, _ in purchases(wildcards)):
        recipe = METHODS[wildcards.method].recipe
        return f"results/stages/{{task}}/{{supervisor}}/{{student}}/{recipe}/b{{budget}}_s{{seed}}"
    return []
