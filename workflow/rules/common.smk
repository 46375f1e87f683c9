# Names, constraints and settings that the rules share. Imports nothing heavy.
import re
from itertools import product

from elicitation.analysis.names import NO_CUE, NO_SUPERVISOR, TUNED, student_and_cue
from elicitation.study.composed import Composed
from elicitation.study.grid import NO_LABELS, NO_SEED, RUNS, STAGE, Group
from elicitation.jobs.measured import seconds_of
from elicitation.study.models import ApiModel, Checkpoint, GgufModel, TruncatedModel
from elicitation.study.supervisors import (
    Coherent,
    Columns,
    DrawnErrors,
    Finetuned,
    Prompted,
    Raters,
    Remote,
    Ruled,
    Shuffled,
)
from elicitation.study.tasks import RatedTask, SourceTask, TableTask
from elicitation.study.teams import seeds_in_name
from elicitation.study.tuning import first_methods, tuning_labels
from elicitation.study.values import Section
from elicitation.data.sources import split_file, splits_read
from elicitation.buying.methods import settings_of
from elicitation.data.own_labels import table_file
from elicitation.data.ratings import SETS, ratings_file
from elicitation.data.table_sets import sets_version
from elicitation.data.vote_files import vote_files

TRAINING = [name for name, method in study.method_named.items() if not method.prompts_only]
PROMPTING = [name for name, method in study.method_named.items() if method.prompts_only]
SHUFFLED = study.supervisors_of_kind(Shuffled)
DRAWN = study.supervisors_of_kind(DrawnErrors)
JOINING = study.supervisors_of_kind(Columns)
RATING = study.supervisors_of_kind(Raters)
REMOTE = study.supervisors_of_kind(Remote)
RULED = study.supervisors_of_kind(Ruled)
COMPOSED = study.supervisors_of_kind(Composed)
LABELLING = study.supervisors_of_kind(Finetuned, Prompted)
SEARCHING = study.supervisors_of_kind(Coherent)
# What labels without a model of this study: columns, raters, models behind an API, rules, composed labels.
GIVING = JOINING + RATING + REMOTE + RULED + COMPOSED
# The task and supervisor of what they label.
COMPARED = [f"{task}/{supervisor}" for task, supervisor in study.labelled if supervisor in GIVING]
ENGINE = ["results/engine.json"] if study.labelling.engine == "vllm" and LABELLING + SEARCHING + PROMPTING else []
TASK = "results/tasks/{task}"
# The sets of a task as students read them by a cue.
CUED = f"{TASK}/cues/{{cue}}"
# The run without any label.
ASKED = f"results/runs/{{task}}/{NO_SUPERVISOR}/{{student}}/{NO_LABELS}/b0_s{NO_SEED}"
TRUNK = "results/trunk/{task}/{student}"
RATES = "results/learning_rates/{task}/{student}.csv"
PROMPTS = "results/tasks/{task}/prompts/{model}/{examples}_s{seed}.json"
# Where supervisors read another text.
SUPERVISOR_PROMPTS = "results/tasks/{task}/supervisor_prompts/{model}/{examples}_s{seed}.json"
# Bad data, or an engine that does not start, should stop the study before anything is trained: what checks them comes
# first and, where jobs share a machine, takes all of it; after a failed check nothing else starts.
CHECKS = ["check_engine", "fetch_ratings", "prepare_task", "prepare_tokenizer", "check_texts", "check_prompts"]
CHECKS += ["check_supervisor_texts", "check_supervisor_prompts", "write_cue", "check_cued_texts", "check_cued_prompts"]
CHECK_PRIORITY = 100
ON_CLUSTER = internals.is_submitted(workflow) or not internals.jobs_run_here(workflow)
CHECK_THREADS = 1 if ON_CLUSTER else internals.given_cores(workflow)
API_STUDENTS = [name for name in study.cued_students if isinstance(study.model_of(name), ApiModel)]
LOCAL_STUDENTS = [name for name in study.cued_students if name not in API_STUDENTS]
# The prices of weak labels that have one of their own, whatever prices the study looks at.
OWN_PRICES = {name: prices[0] for name, prices in study.prices.items() if prices != study.weak_prices}
# What takes seconds to import, and the rules, by the beginnings of their names, that do.
TRAINS, LABELS, DRAWS = "elicitation.training.runs", "vllm.entrypoints.llm", "elicitation.figures.style"
ASKS = ("write_weak_labels", "search_labels", "score_prompts", "ask_without_labels")
# What may not work comes first.
IMPORTS = {
    LABELS: ("check_engine", *ASKS) if ENGINE else (),
    TRAINS: ("prepare_model", "compute_trunk", "train_", *ASKS),
    DRAWS: ("plot_",),
}
# For jobs that train runs at once.
TOGETHER = {"runs_together": True} if study.training.at_once else {}
FETCHED = [model.name for model in study.models if isinstance(model, (GgufModel, Checkpoint))]


def one_of(names):
    """What a wildcard may be: one of the names, of which there may be none."""
    return "|".join(map(re.escape, names)) or "none"


wildcard_constraints:
    task=one_of(study.task_named),
    model=one_of(study.model_named),
    supervisor=one_of([*study.supervisor_named, NO_SUPERVISOR]),
    student=one_of(study.cued_students),
    cue=one_of(study.cues_read),
    method=one_of(study.method_named),
    recipe=one_of(study.recipes),
    budget=r"\d+",
    n_weak=r"\d+",
    examples=r"\w+-(weak|gold|mixed|supervision|searched)",
    seed=r"\d+(\+\d+)*",


def of(path):
    """Asks the study for what wildcards name, as in `student`, or for a part of that, as in `task.prompt`."""
    kind, *parts = path.split(".")

    def ask(wildcards):
        value = getattr(study, kind)(wildcards)
        for part in parts:
            value = getattr(value, part)
        return value.plain if isinstance(value, Section) else value

    return ask


def own_file(path):
    """A file of the user's, which lies where it says, even if this workflow is a module with a `prefix`."""
    return local(str(path))


def task_table(wildcards):
    """The user's own file that the task is read from, if it is."""
    task = study.task(wildcards)
    return own_file(table_file(task.plain, study.data_folder)) if isinstance(task, TableTask) else []


def of_table(part):
    """A set of a task that is a user's own table: all its gold labels score what needs no student."""
    path = f"results/tasks/{{task}}/{part}.parquet"
    return lambda wildcards: path.format(**wildcards) if isinstance(study.task(wildcards), TableTask) else []


def label_files(wildcards):
    """The files beside the table in which a supervisor's labels stand, if they do."""
    patterns, task = study.supervisor(wildcards).file_patterns, study.task(wildcards)
    return [own_file(path) for path in vote_files(patterns, task.plain, study.data_folder)]


def task_files(wildcards):
    """The files here that the task is read from, if it is; of rated sentences the table that is made of the archive."""
    task = study.task(wildcards)
    if isinstance(task, RatedTask):
        return ratings_file(task.ratings)
    if isinstance(task, SourceTask) and study.sources == "local":
        return [own_file(split_file(task.plain, split, study.data_folder)) for split in splits_read(task.plain)]
    return task_table(wildcards)


def task_tokenizers(column):
    """The tokenizers by which texts in a column are found too long, where such texts are not just refused."""

    def ask(wildcards):
        readers = [] if study.task(wildcards).too_long == "refuse" else study.readers(wildcards.task, column)
        return [f"results/tokenizers/{name}" for name in readers]

    return ask


def tokenizer(wildcards):
    """The tokenizer of a model, of which one behind an API has none."""
    return [] if isinstance(study.model(wildcards), ApiModel) else "results/tokenizers/{model}"


def api_context(wildcards):
    model = study.model(wildcards)
    return model.api.context if isinstance(model, ApiModel) else None


def method_settings(wildcards):
    return settings_of(study.method(wildcards))


def recipe_settings(wildcards):
    return settings_of(study.weak_stage(wildcards))


def seeds_of(wildcards):
    """The seeds of a job: those that train together, or the one that its files are called by."""
    return study.teams.get(wildcards["seed"]) or [int(wildcards["seed"])]


def purchases(wildcards):
    """The (n_weak, n_gold) that a job of a block makes with each of its seeds."""
    block = int(wildcards["budget"]), seeds_of(wildcards)[0]
    return study.made.get(Group.of(wildcards), {}).get(block, [])


# For jobs that train several seeds.
SEEDS_TOGETHER = {"seeds": seeds_of} if study.training.seeds_together > 1 else {}


def runs_made(wildcards):
    """The runs of a job of a block, each as its purchase and seed."""
    return list(product(purchases(wildcards), seeds_of(wildcards)))


def orderings(wildcards):
    """The order in which each seed of a job buys the texts of the pool."""
    return [f"results/purchases/{wildcards.task}/s{seed}.parquet" for seed in seeds_of(wildcards)]


def weak_labels(wildcards):
    """The supervisor's labels, where any are bought."""
    return [] if wildcards.supervisor == NO_SUPERVISOR else "results/weak_labels/{task}/{supervisor}.parquet"


def of_groups(folder):
    """The files of all groups in a folder."""
    return [f"{folder}/{'/'.join(group)}.parquet" for group in study.groups]


def runs_of_group(wildcards):
    """The files with the runs of a task, supervisor, student and method, shared ones among them."""
    group, files = Group.of(wildcards), {}
    for (budget, seed), pairs in study.planned[group].items():
        for pair in pairs:
            maker = group.maker(*pair)
            seeds = seeds_in_name(study, maker.student, maker.method, seed)
            files[RUNS.format(budget=budget, seed=seeds, **maker._asdict())] = None
    return list(files)


def with_texts(job):
    """A job, as elicitation.jobs.progress.Planned: with the texts that it trains on, by which it is known how long it
    takes; 0 of others."""
    from elicitation.study.sizes import texts_of_job

    name, _, wildcards = job
    return *job, texts_of_job(study, name, wildcards, purchases(wildcards) if "budget" in wildcards else [])


def measured_jobs():
    """The jobs that are done, and the seconds that each took, where that was measured."""
    kept = [(job, seconds_of(file)) for job, file in internals.jobs_to_keep(workflow)]
    return [(with_texts(job), seconds) for job, seconds in kept if seconds]


def asked_run(wildcards):
    """The run of a student that is asked without any label, where the study makes it."""
    made = Group(wildcards.task, NO_SUPERVISOR, wildcards.student, NO_LABELS) in study.made
    return f"{ASKED}.parquet" if made else []


def purchases_of_group(wildcards):
    """The [n_weak, n_gold, seed] of the runs of a group: files that it shares may hold more."""
    blocks = study.planned[Group.of(wildcards)]
    # Two budgets may buy the same.
    return [list(run) for run in dict.fromkeys((*pair, seed) for (_, seed), pairs in blocks.items() for pair in pairs)]


def records_of_group(wildcards):
    """The records of the files of runs_of_group, in the same order."""
    return [f"{file.removesuffix('.parquet')}.json" for file in runs_of_group(wildcards)]


def joined_columns(wildcards):
    """The settings of the columns that a supervisor joins; raters have none."""
    return study.columns_of(study.task(wildcards)).get(wildcards.supervisor)


def raters(wildcards):
    """How many raters a supervisor is, if it is any."""
    supervisor = study.supervisor(wildcards)
    return supervisor.raters if isinstance(supervisor, Raters) else None


def gold_noise_of(wildcards):
    """The share of a task's gold labels that may be wrong, if that of any task is known."""
    return study.gold_noise.get(wildcards.task)


def rated_sentences(wildcards):
    return ratings_file(study.task(wildcards).ratings)


def hardware_of(model):
    """Where a model runs, `student` or `supervisor_model`, by wildcards."""
    return lambda wildcards: study.hardware(getattr(study, model)(wildcards))


def gpus_of(model):
    """The GPUs that it asks for."""
    return lambda wildcards: study.gpus(getattr(study, model)(wildcards))


def pretrained_student(wildcards):
    return f"results/models/{study.student(wildcards).name}"


def as_student_reads(path, wildcards):
    """A file that depends on the texts of the task, or the one in its place where the student reads them by a cue."""
    _, cue = student_and_cue(wildcards.student)
    return path if cue == NO_CUE else path.replace(TASK, CUED.replace("{cue}", cue))


def student_pool(wildcards):
    return as_student_reads(f"{TASK}/pool.parquet", wildcards)


def student_test(wildcards):
    return as_student_reads(f"{TASK}/test.parquet", wildcards)


def cue_template(wildcards):
    return study.task(wildcards).cues[wildcards.cue]


def trunk_of(wildcards, shots):
    """What the student's lower layers make of the task's texts, where they stay as they are and no examples stand
    before the texts."""
    return [] if study.student(wildcards).adapt_layers is None or shots else TRUNK


def method_trunk(wildcards):
    return trunk_of(wildcards, study.method(wildcards).shots)


def recipe_trunk(wildcards):
    return trunk_of(wildcards, study.weak_stage(wildcards).shots)


def tuned_rate(wildcards):
    """The comparison of learning rates, where the student's is chosen by it."""
    model = study.student(wildcards)
    return RATES.replace("{student}", model.name) if model.learning_rate == TUNED else []


def tuning_method(wildcards):
    """The method as which a student trains while its learning rate is tuned."""
    return first_methods(study)[wildcards.task, wildcards.student]


def pretrained_supervisor(wildcards):
    return f"results/models/{study.supervisor_model(wildcards).name}"


def texts_checked(model, column="text"):
    """The record that a model reads every text in a column of the task's sets whole."""
    return f"results/tasks/{{task}}/{column}s/{study.original(model).name}.json"


def student_texts(wildcards):
    return as_student_reads(texts_checked(study.student(wildcards)), wildcards)


def supervisor_texts(wildcards):
    return texts_checked(study.supervisor_model(wildcards), study.task(wildcards).read_by_supervisors)


def prompts_checked(model, examples, seed=NO_SEED, records=PROMPTS):
    """The record that the model's prompts with these examples fit; `examples` as in study.longest_examples."""
    return records.format(task="{task}", model=study.original(model).name, examples=examples, seed=seed)


def student_prompts(wildcards, examples, seed=NO_SEED):
    return as_student_reads(prompts_checked(study.student(wildcards), examples, seed), wildcards)


def shots_checked(wildcards, method):
    """The record that the student's prompts fit, if the method shows any examples."""
    shots = method.shots
    return [student_prompts(wildcards, shots.name, seed) for seed in seeds_of(wildcards)] if shots else []


def method_prompts(wildcards):
    return shots_checked(wildcards, study.method(wildcards))


def recipe_prompts(wildcards):
    return shots_checked(wildcards, study.weak_stage(wildcards))


def asking_prompts(wildcards):
    return student_prompts(wildcards, "0-supervision")


def supervisor_prompts(wildcards):
    entry = study.supervisor(wildcards)
    if entry.shots is None:
        return []
    shown, seed = f"{entry.shots}-supervision", NO_SEED
    if isinstance(entry, Coherent):
        shown, seed = f"{entry.icm.texts}-searched", entry.icm.seed
    records = PROMPTS if study.task(wildcards).read_by_supervisors == "text" else SUPERVISOR_PROMPTS
    return prompts_checked(study.supervisor_model(wildcards), shown, seed, records)


def labelling_model(wildcards):
    """The finetuned model, or the pretrained one if it is prompted."""
    if study.supervisor(wildcards).shots is None:
        return "results/supervisors/{task}/{supervisor}"
    return pretrained_supervisor(wildcards)


def original_labels(wildcards):
    """The labels whose errors are shuffled or drawn."""
    return f"results/weak_labels/{{task}}/{study.supervisor(wildcards).source}.parquet"


def panel_ratings(wildcards):
    """The ratings of a task's panels, where it is one rater's errors that are drawn."""
    labeller = study.labeller(wildcards.supervisor)
    return rated_sentences(wildcards) if isinstance(labeller, Raters) and labeller.raters == 1 else []


def labels_of_parts(wildcards):
    """The labels that a supervisor's own are composed from, if they are."""
    return [f"results/weak_labels/{{task}}/{part}.parquet" for part in study.supervisor(wildcards).parts]


def gguf_of(wildcards):
    """The GGUF file that a model is read from, if it is."""
    model = study.model(wildcards)
    return own_file(model.file) if isinstance(model, GgufModel) else []


def original_model(wildcards):
    """The model that a truncated one is cut from."""
    model = study.model(wildcards)
    return f"results/models/{model.truncate.model}" if isinstance(model, TruncatedModel) else []


def preparation_memory(wildcards, attempt):
    """MB for preparing a model: of a GGUF file the weights in float32, twice, and the libraries."""
    model = study.model(wildcards)
    needed = 1000 + 8e-6 * model.header.parameters if isinstance(model, GgufModel) else 0
    return attempt * max(2000, round(needed))


def weak_stages(wildcards):
    """The adapters that a block's runs start from, one for each number of weak labels that the block trains on."""
    method = study.method(wildcards)
    if not method.starts_weak:
        return []
    names = {name: wildcards[name] for name in ("task", "supervisor", "student", "seed")}
    bought = sorted({n_weak for n_weak, _ in purchases(wildcards) if n_weak > method.shots_bought[0]})
    return [STAGE.format(recipe=method.recipe, n_weak=n_weak, **names) for n_weak in bought]


def weak_stages_records(wildcards):
    """The records of those adapters, in the same order. Their times say nothing that the adapters' do not.

    That they are `ancient` hides no changed setting (docs/explanation/decisions.md), since the adapters, which the same jobs make,
    are ordinary inputs.
    """
    return [ancient(f"{stage}.json") for stage in weak_stages(wildcards)]


def figure(name, title):
    """A picture, as the report shows it."""
    caption = f"../report/{name}.rst"
    return report(f"figures/{name}.png", caption=caption, category="Figures", labels={"Figure": title})


def table(path, title):
    """A table or text, as the report shows it."""
    caption = f"../report/{Path(path).stem}.rst"
    return report(path, caption=caption, category="Tables", labels={"Table": title, "File": path})


def price_in(figure):
    """The price of a weak label in a figure of one supervisor, if it is drawn: its own, else the grid's."""
    [supervisor] = study.views.get(figure, {}).get("supervisor", [""])
    return OWN_PRICES.get(supervisor, study.grid.weak_price)


def averaged_in_figure(wildcards):
    return study.averaged(wildcards.figure)


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
    return [module for module in shared if study.device == "cpu" or module == DRAWS]
