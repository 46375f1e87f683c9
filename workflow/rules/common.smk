# Names, constraints and settings that the rules share. Imports nothing heavy.
import subprocess

from elicitation.config import block_purchases, blocks_of, budgets_of, groups_of, supervisors_of
from elicitation.methods import settings_of, study_methods

TASKS = {task["name"]: task for task in study["tasks"]}
MODELS = {model["name"]: model for model in study["models"]}
SUPERVISORS = supervisors_of(study)
STUDENTS = study["students"]
METHODS = study_methods(study["methods"])
RECIPES = {method.recipe: method for method in METHODS.values() if method.starts_weak}
TRAINING = [name for name, method in METHODS.items() if not method.prompts_only]
PROMPTING = [name for name, method in METHODS.items() if method.prompts_only]
SHUFFLED = [name for name, entry in SUPERVISORS.items() if entry["shuffle_errors_of"]]
LABELLING = [name for name in SUPERVISORS if name not in SHUFFLED]
DEVICE = study["device"]
RUNS = "results/runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.parquet"
STAGES = "results/stages/{task}/{supervisor}/{student}/{recipe}/b{budget}_s{seed}"
GROUPS = groups_of(study)
BUDGETS = budgets_of(study["grid"])
# Bad data should stop the study before anything is trained: what checks them comes first and, where jobs share a
# machine, takes all of it.
CHECK_PRIORITY = 100
CHECK_THREADS = workflow.cores if workflow.local_exec and workflow.cores else 1
API_STUDENTS = [name for name in STUDENTS if "api" in MODELS[name]]
LOCAL_STUDENTS = [name for name in STUDENTS if name not in API_STUDENTS]
# The models whose tokenizers are used: truncated ones read as their originals do, API models bring none.
READERS = dict.fromkeys(
    MODELS[name].get("truncate", {"model": name})["model"]
    for name in [SUPERVISORS[supervisor]["model"] for supervisor in LABELLING] + LOCAL_STUDENTS
)
FETCHED = [name for name, model in MODELS.items() if not {"sandbox", "truncate", "api"} & set(model)]


wildcard_constraints:
    task="|".join(TASKS),
    model="|".join(MODELS),
    supervisor="|".join(SUPERVISORS),
    student="|".join(STUDENTS),
    method="|".join(METHODS),
    recipe="|".join(RECIPES),
    budget=r"\d+",
    seed=r"\d+",


def task_settings(wildcards):
    return TASKS[wildcards.task]


def prompt_settings(wildcards):
    return TASKS[wildcards.task]["prompt"]


def shots_of_task(wildcards):
    """The examples that stand in prompts of the task, as settings of elicitation.methods.Shots."""
    names = dict.fromkeys(group["method"] for group in GROUPS if group["task"] == wildcards.task)
    shots = [METHODS[name].shots for name in names if METHODS[name].shots]
    return [{"quality": s.quality, "k": k} for s in shots for k in ([s.k] if s.k else study["grid"]["shots"])]


def prompted_in_task(wildcards):
    """The models that are asked for labels on the task, by the names of their tokenizers."""
    groups = [group for group in GROUPS if group["task"] == wildcards.task]
    students = [group["student"] for group in groups if group["method"] in PROMPTING]
    supervisors = [SUPERVISORS[group["supervisor"]] for group in groups]
    asked = students + [entry["model"] for entry in supervisors if entry["prompted_shots"] is not None]
    return list(dict.fromkeys(MODELS[name].get("truncate", {"model": name})["model"] for name in asked))


def model_settings(wildcards):
    return MODELS[wildcards.model]


def method_settings(wildcards):
    return settings_of(METHODS[wildcards.method])


def recipe_settings(wildcards):
    return settings_of(RECIPES[wildcards.recipe])


def purchases_in(wildcards, method):
    pool_size = TASKS[wildcards.task]["pool_size"]
    return block_purchases(int(wildcards.budget), int(wildcards.seed), method, pool_size, study)


def purchases(wildcards):
    """The (n_weak, n_gold) of a block."""
    return purchases_in(wildcards, METHODS[wildcards.method])


def recipe_purchases(wildcards):
    return purchases_in(wildcards, RECIPES[wildcards.recipe])


def runs_of(group):
    """The files with the runs of a task, supervisor, student and method."""
    blocks = blocks_of(METHODS[group["method"]], TASKS[group["task"]]["pool_size"], study)
    return [RUNS.format(budget=budget, seed=seed, **group) for budget, seed in blocks]


def runs_of_group(wildcards):
    return runs_of(dict(wildcards.items()))


def supervisor_settings(wildcards):
    return SUPERVISORS[wildcards.supervisor]


def supervisor_model(wildcards):
    return MODELS[SUPERVISORS[wildcards.supervisor]["model"]]


def hardware_of(model):
    """Where a model runs: as elicitation.hardware.Hardware."""
    return {key: model[key] for key in ("gpus", "quantization", "gradient_checkpointing")} | {"device": DEVICE}


def student_hardware(wildcards):
    return hardware_of(MODELS[wildcards.student])


def supervisor_hardware(wildcards):
    return hardware_of(supervisor_model(wildcards))


def student_gpus(wildcards):
    return MODELS[wildcards.student]["gpus"] if DEVICE == "cuda" else 0


def supervisor_gpus(wildcards):
    return supervisor_model(wildcards)["gpus"] if DEVICE == "cuda" else 0


def student_learning_rate(wildcards):
    return MODELS[wildcards.student]["learning_rate"]


def supervisor_learning_rate(wildcards):
    return supervisor_model(wildcards)["learning_rate"]


def pretrained_supervisor(wildcards):
    return f"results/models/{SUPERVISORS[wildcards.supervisor]['model']}"


def labelling_model(wildcards):
    """The finetuned model, or the pretrained one if it is prompted."""
    if SUPERVISORS[wildcards.supervisor]["prompted_shots"] is None:
        return "results/supervisors/{task}/{supervisor}"
    return pretrained_supervisor(wildcards)


def original_labels(wildcards):
    """The labels whose errors are shuffled."""
    return f"results/weak_labels/{{task}}/{SUPERVISORS[wildcards.supervisor]['shuffle_errors_of']}.parquet"


def student_api(wildcards):
    return MODELS[wildcards.student]["api"]


def original_model(wildcards):
    """The model that a truncated one is cut from."""
    cut = MODELS[wildcards.model].get("truncate")
    return f"results/models/{cut['model']}" if cut else []


def weak_stages(wildcards):
    """The adapters that a block's runs start from; none where the block trains on no weak labels."""
    method = METHODS[wildcards.method]
    trained = [n_weak - method.shots_bought[0] for n_weak, _ in purchases(wildcards)]
    if method.starts_weak and any(trained):
        return STAGES.replace("{recipe}", method.recipe)
    return []


def grows(amount):
    """A resource (MB, minutes) of which each attempt asks for more: what failed may have lacked it."""

    def ask(wildcards, attempt):
        return amount * attempt

    return ask


def remake(targets):
    """Run the jobs that make these files, and none that depend on them, with the options of this run."""
    options = ["--nolock", "--no-hooks", "--rerun-incomplete", "--until", *targets, "--forcerun", *targets]
    command = [sys.executable, "-m", "snakemake", *options, *sys.argv[1:]]
    subprocess.run(command, cwd=workflow.rundir, check=False)
