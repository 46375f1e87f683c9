# Names, constraints and settings that the rules share. Imports nothing heavy.
from elicitation.study.config import (
    NO_LABELS,
    NO_SEED,
    NO_SUPERVISOR,
    WILDCARDS,
    budgets_of,
    gguf_file,
    gguf_header,
    groups_of,
    price_of_ratings,
    made_blocks,
    maker_of,
    planned_blocks,
    prices_of,
    readers_of,
    reads_as,
    supervisors_of,
    supply_of,
)
from elicitation.data.sources import split_file, splits_read
from elicitation.buying.methods import settings_of, study_methods
from elicitation.data.own_labels import table_file
from elicitation.data.ratings import SETS, ratings_file

TASKS = {task["name"]: task for task in study["tasks"]}
MODELS = {model["name"]: model for model in study["models"]}
SUPERVISORS = supervisors_of(study)
STUDENTS = study["students"]
METHODS = study_methods(study["methods"])
RECIPES = {}
for name, method in METHODS.items():
    if method.starts_weak:
        RECIPES.setdefault(method.recipe, []).append(name)
TRAINING = [name for name, method in METHODS.items() if not method.prompts_only]
PROMPTING = [name for name, method in METHODS.items() if method.prompts_only]
SHUFFLED = [name for name, entry in SUPERVISORS.items() if entry["shuffle_errors_of"]]
JOINING = [name for name, entry in SUPERVISORS.items() if entry["columns"] is not None]
RATING = [name for name, entry in SUPERVISORS.items() if entry["raters"] is not None]
LABELLING = [name for name in SUPERVISORS if name not in SHUFFLED + JOINING + RATING]
ENGINE = ["results/engine.json"] if study["labelling"]["engine"] == "vllm" and LABELLING + PROMPTING else []
# What results are shown at, by supervisor.
PRICES = prices_of(study)
SUPPLY = {name: supply_of(task, study) for name, task in TASKS.items()}
DEVICE = study["device"]
RUNS = "results/runs/{task}/{supervisor}/{student}/{method}/b{budget}_s{seed}.parquet"
# The run without any label.
ASKED = f"results/runs/{{task}}/{NO_SUPERVISOR}/{{student}}/{NO_LABELS}/b0_s{NO_SEED}"
STAGE = "results/stages/{task}/{supervisor}/{student}/{recipe}/w{n_weak}_s{seed}"
TRUNK = "results/trunk/{task}/{student}"
GROUPS = groups_of(study)
# The purchases of each (task, supervisor, student, method): those that it has results of, and those that jobs make. A
# run without weak labels is made once, under the name NO_SUPERVISOR; one without any label once for all methods too.
PLANNED = planned_blocks(study)
MADE = made_blocks(PLANNED)
BUDGETS = budgets_of(study["grid"])
# Bad data, or an engine that does not start, should stop the study before anything is trained: what checks them comes
# first and, where jobs share a machine, takes all of it; after a failed check nothing else starts. (As input of what
# trains, `ancient` so that a new check trains nothing again, they would hide from Snakemake what else has changed:
# docs/architecture.md.)
CHECKS = ["check_engine", "fetch_ratings", "prepare_task", "prepare_tokenizer", "check_texts", "check_lengths"]
CHECK_PRIORITY = 100
CHECK_THREADS = workflow.cores if internals.jobs_run_here(workflow) and workflow.cores else 1
API_STUDENTS = [name for name in STUDENTS if "api" in MODELS[name]]
LOCAL_STUDENTS = [name for name in STUDENTS if name not in API_STUDENTS]
READERS = {task: readers_of(task, study) for task in TASKS}
# What takes seconds to import, and the rules, by the beginnings of their names, that do.
TRAINS, LABELS, DRAWS = "elicitation.training.runs", "vllm.entrypoints.llm", "elicitation.figures.style"
# What may not work comes first.
IMPORTS = {
    LABELS: ("check_engine", "write_weak_labels", "score_prompts", "ask_without_labels") if ENGINE else (),
    TRAINS: ("prepare_model", "compute_trunk", "train_", "write_weak_labels", "score_prompts", "ask_without_labels"),
    DRAWS: ("plot_",),
}
FETCHED = [name for name, model in MODELS.items() if not {"sandbox", "truncate", "api"} & set(model)]


wildcard_constraints:
    task="|".join(TASKS),
    model="|".join(MODELS),
    supervisor="|".join([*SUPERVISORS, NO_SUPERVISOR]),
    student="|".join(STUDENTS),
    method="|".join(METHODS),
    recipe="|".join(RECIPES),
    budget=r"\d+",
    n_weak=r"\d+",
    seed=r"\d+",


def task_settings(wildcards):
    return TASKS[wildcards.task]


def task_table(wildcards):
    """The user's own file that the task is read from, if it is."""
    task = TASKS[wildcards.task]
    return str(table_file(task, study["data_folder"])) if "table" in task else []


def task_files(wildcards):
    """The files here that the task is read from, if it is; of rated sentences the table that is made of the archive."""
    task = TASKS[wildcards.task]
    if "ratings" in task:
        return ratings_file(task["ratings"])
    if {"table", "sandbox"} & set(task) or study["sources"] == "hub":
        return task_table(wildcards)
    return [str(split_file(task, split, study["data_folder"])) for split in splits_read(task)]


def prompt_settings(wildcards):
    return TASKS[wildcards.task]["prompt"]


def readers(wildcards):
    return READERS[wildcards.task]


def tokenizers(wildcards):
    return [f"results/tokenizers/{reader['model']}" for reader in READERS[wildcards.task]]


def api_readers(wildcards):
    """The context of each model behind an API that reads the task's texts."""
    names = {group["student"] for group in GROUPS if group["task"] == wildcards.task}
    return {name: MODELS[name]["api"]["context"] for name in API_STUDENTS if name in names}


def model_settings(wildcards):
    return MODELS[wildcards.model]


def method_settings(wildcards):
    return settings_of(METHODS[wildcards.method])


def recipe_settings(wildcards):
    return settings_of(METHODS[RECIPES[wildcards.recipe][0]].until_gold)


def block_of(wildcards):
    return int(wildcards.budget), int(wildcards.seed)


def purchases(wildcards):
    """The (n_weak, n_gold) that a job of a block makes."""
    group = tuple(wildcards[name] for name in WILDCARDS)
    return MADE.get(group, {}).get(block_of(wildcards), [])


def weak_labels(wildcards):
    """The supervisor's labels, where any are bought."""
    return [] if wildcards.supervisor == NO_SUPERVISOR else "results/weak_labels/{task}/{supervisor}.parquet"


def runs_of(group):
    """The files with the runs of a task, supervisor, student and method, shared ones among them."""
    names = tuple(group[name] for name in WILDCARDS)
    files = {}
    for (budget, seed), pairs in PLANNED[names].items():
        for pair in pairs:
            maker = dict(zip(WILDCARDS, maker_of(names, *pair)))
            files[RUNS.format(budget=budget, seed=seed, **maker)] = None
    return list(files)


def purchases_of_group(wildcards):
    """The [n_weak, n_gold, seed] of the runs of a group: files that it shares may hold more."""
    blocks = PLANNED[tuple(wildcards[name] for name in WILDCARDS)]
    # Two budgets may buy the same.
    return [list(run) for run in dict.fromkeys((*pair, seed) for (_, seed), pairs in blocks.items() for pair in pairs)]


def runs_of_group(wildcards):
    return runs_of(dict(wildcards.items()))


def records_of_group(wildcards):
    """The records of the files of runs_of_group, in the same order."""
    return [f"{file.removesuffix('.parquet')}.json" for file in runs_of_group(wildcards)]


def supervisor_settings(wildcards):
    """What labels depend on: no prices."""
    entry = SUPERVISORS[wildcards.supervisor]
    return {key: entry[key] for key in ("name", "model", "prompted_shots", "shuffle_errors_of")}


def joined_columns(wildcards):
    return list(SUPERVISORS[wildcards.supervisor]["columns"])


def rated_sentences(wildcards):
    return ratings_file(TASKS[wildcards.task]["ratings"])


def raters(wildcards):
    return SUPERVISORS[wildcards.supervisor]["raters"]


def source_prices(name):
    """The price of a label of each column or rating that a supervisor joins."""
    entry = SUPERVISORS[name]
    if entry["columns"] is not None:
        return entry["columns"]
    price = price_of_ratings(1, name, study)
    return {f"rating {place + 1}": price for place in range(entry["raters"])}


def aggregate(wildcards):
    return SUPERVISORS[wildcards.supervisor]["aggregate"]


def supervisor_model(wildcards):
    return MODELS[SUPERVISORS[wildcards.supervisor]["model"]]


def hardware_of(model):
    """Where a model runs: as elicitation.models.hardware.Hardware."""
    own = {key: model[key] for key in ("gpus", "quantization", "gradient_checkpointing")}
    return own | {"device": DEVICE, "precision": study["precision"]}


def student_hardware(wildcards):
    return hardware_of(MODELS[wildcards.student])


def supervisor_hardware(wildcards):
    return hardware_of(supervisor_model(wildcards))


def student_gpus(wildcards):
    return MODELS[wildcards.student]["gpus"] if DEVICE == "cuda" else 0


def supervisor_gpus(wildcards):
    return supervisor_model(wildcards)["gpus"] if DEVICE == "cuda" else 0


def student_adapt_layers(wildcards):
    return MODELS[wildcards.student]["adapt_layers"]


def supervisor_adapt_layers(wildcards):
    return supervisor_model(wildcards)["adapt_layers"]


def trunk_of(wildcards, shots):
    """What the student's lower layers make of the task's texts, where they stay as they are and no examples stand
    before the texts."""
    return [] if student_adapt_layers(wildcards) is None or shots else TRUNK


def method_trunk(wildcards):
    return trunk_of(wildcards, METHODS[wildcards.method].shots)


def recipe_trunk(wildcards):
    return trunk_of(wildcards, METHODS[RECIPES[wildcards.recipe][0]].shots)


def student_learning_rate(wildcards):
    return MODELS[wildcards.student]["learning_rate"]


def supervisor_learning_rate(wildcards):
    return supervisor_model(wildcards)["learning_rate"]


def pretrained_supervisor(wildcards):
    return f"results/models/{SUPERVISORS[wildcards.supervisor]['model']}"


def texts_checked(model):
    """The record that a model reads every text whole."""
    return f"results/tasks/{{task}}/texts/{reads_as(MODELS[model])}.json"


def student_texts(wildcards):
    return texts_checked(wildcards.student)


def supervisor_texts(wildcards):
    return texts_checked(SUPERVISORS[wildcards.supervisor]["model"])


def prompts_checked(shown):
    """The record that all prompts fit, where there are any. A new one makes nothing again."""
    return ancient("results/tasks/{task}/lengths.json") if shown else []


def method_prompts(wildcards):
    return prompts_checked(METHODS[wildcards.method].shots)


def recipe_prompts(wildcards):
    return prompts_checked(METHODS[RECIPES[wildcards.recipe][0]].shots)


def supervisor_prompts(wildcards):
    return prompts_checked(SUPERVISORS[wildcards.supervisor]["prompted_shots"] is not None)


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


def gguf_of(wildcards):
    """The GGUF file that a model is read from, if it is."""
    model = MODELS[wildcards.model]
    return str(gguf_file(model)) if "gguf" in model else []


def original_model(wildcards):
    """The model that a truncated one is cut from."""
    cut = MODELS[wildcards.model].get("truncate")
    return f"results/models/{cut['model']}" if cut else []


def preparation_memory(wildcards, attempt):
    """MB for preparing a model: of a GGUF file the weights in float32, twice, and the libraries."""
    model = MODELS[wildcards.model]
    needed = 1000 + 8e-6 * gguf_header(model).parameters if "gguf" in model else 0
    return attempt * max(2000, round(needed))


def weak_stages(wildcards):
    """The adapters that a block's runs start from, one for each number of weak labels that the block trains on."""
    method = METHODS[wildcards.method]
    if not method.starts_weak:
        return []
    names = {name: wildcards[name] for name in ("task", "supervisor", "student", "seed")}
    bought = sorted({n_weak for n_weak, _ in purchases(wildcards) if n_weak > method.shots_bought[0]})
    return [STAGE.format(recipe=method.recipe, n_weak=n_weak, **names) for n_weak in bought]


def weak_stages_records(wildcards):
    """The records of those adapters, in the same order. Their times say nothing that the adapters' do not."""
    return [ancient(f"{stage}.json") for stage in weak_stages(wildcards)]


def averaged_in_figure(wildcards):
    return AVERAGED_IN[wildcards.figure]


def grows(amount):
    """A resource (MB, minutes) of which each attempt asks for more: what failed may have lacked it."""

    def ask(wildcards, attempt):
        return amount * attempt

    return ask


def shared_imports():
    """What several of the planned jobs import, and a fork server can import for them: on this machine, in this
    environment, and without the libraries that may use a GPU where the study does."""
    if not internals.jobs_run_here(workflow) or internals.deploys_software(workflow):
        return []
    rules = internals.planned_rules(workflow)
    shared = [module for module, own in IMPORTS.items() if sum(rule.startswith(own) for rule in rules) > 1]
    return [module for module in shared if DEVICE == "cpu" or module == DRAWS]
