"""Checks of a study that look at several of its entries, or at what is on this machine; each ends in an InputError."""

import importlib.util
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from elicitation.analysis.names import AVERAGE, NO_SUPERVISOR
from elicitation.buying.methods import METHODS, Method, Stage
from elicitation.buying.purchases import check_supply
from elicitation.data.own_labels import table_file
from elicitation.data.ratings import local_archive
from elicitation.data.sources import split_file, splits_read
from elicitation.errors import InputError, join_words, nearest
from elicitation.models.folder import check_split, require_language_head
from elicitation.study.columns import check_columns
from elicitation.study.grid import NARROWED, NO_LABELS, WILDCARDS, as_runs, blocks_of, purchases_of
from elicitation.study.models import ApiModel, Checkpoint, GgufModel, Model, OwnModel, TruncatedModel
from elicitation.study.study import Study
from elicitation.study.supervisors import Columns, Derived, Learning, ModelSupervisor, Raters, Unpriced
from elicitation.study.tasks import RatedTask, SourceTask, TableTask, Task
from elicitation.study.templates import check_cues
from elicitation.study.together import check_together

# Names that results have beside those of a study's entries.
TAKEN = {AVERAGE: "the average over tasks", NO_SUPERVISOR: "shared runs", NO_LABELS: "runs without labels"}
# The ending of a record, which stands beside the folder that it is of.
RECORD = ".json"


def check(study: Study) -> None:
    """InputError on the first thing that is wrong."""
    study.check_size()
    for kind in ("tasks", "models", "supervisors", "methods"):
        entries = getattr(study, kind)
        check_names([entry if isinstance(entry, str) else entry.name for entry in entries], kind)
    check_references(study)
    # First, since other checks look into the models' files.
    for model in study.models:
        check_model(model, study)
    check_supervisors(study)
    check_combinations(study)
    check_cues(study)
    for task in study.tasks:
        check_task(task, study)
    check_labels(study)
    study.gold_noise  # noqa: B018 (it refuses what says nothing)
    check_methods(study)
    check_supervision(study)
    check_elicitation(study)
    check_together(study)
    check_purchases(study)
    check_averages(study)
    if study.labelling.engine == "vllm" and importlib.util.find_spec("vllm") is None:
        raise InputError(
            "labelling.engine is vllm, but vLLM is not installed in this environment; "
            "install envs/cpu.lock or envs/cuda.lock (see README), or set labelling.engine: transformers."
        )


# Names


def check_names(names: Sequence[str], kind: str) -> None:
    """InputError if two entries of a kind have names that one path could mean, or one has a name that is taken."""
    found, times = {}, Counter(names)
    for name in names:
        if use := TAKEN.get(name.casefold()):
            raise InputError(f"Config, {kind}: the name {name!r} is taken by {use}; rename the entry.")
        first = found.setdefault(name.casefold(), name)
        if first == name and times[name] > 1:
            raise InputError(f"Config, {kind}: the name {name!r} stands twice; rename one.")
        if first != name:
            raise InputError(
                f"Config, {kind}: the names {first!r} and {name!r} differ only by case, which not all file systems "
                "tell apart; rename one."
            )
    for folded, name in found.items():
        if other := found.get(folded.removesuffix(RECORD) if folded.endswith(RECORD) else ""):
            raise InputError(f"Config, {kind}: {name!r} is also the path of the record of {other!r}; rename one.")


def check_references(study: Study) -> None:
    """InputError if a name refers to no entry."""
    tasks = list(study.task_named)
    for place, names, known in (
        ("students", study.students, list(study.model_named)),
        ("methods", [entry for entry in study.methods if isinstance(entry, str)], list(METHODS)),
        ("average_over", study.average_over, tasks),
        ("figures.spending_over", study.figures.spending_over, tasks),
        ("figures.prompting_over", study.figures.prompting_over, tasks),
    ):
        refuse_undefined(place, names, known)
    figures, methods = study.figures, list(study.method_named)
    for name in figures.prompting_methods + ([figures.scaling_method] if figures.scaling_method else []):
        if name not in methods:
            raise InputError(f"Config, figures: {name!r} is not one of the methods{nearest(name, methods)}")


def refuse_undefined(place: str, names: Iterable[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise InputError(f"Config, {place}: {name!r} is not defined{nearest(name, list(known))}")


def check_combinations(study: Study) -> None:
    """InputError if a combination names what is not there, or a defined name is in none."""
    defined = study.task_named, study.supervisor_named, study.students, study.method_named, study.cues_read
    for (wildcard, kind), known in zip(WILDCARDS.items(), map(list, defined), strict=True):
        names = study.names_used(wildcard)
        for name in sorted(names - {*known}):
            raise InputError(f"Config, combinations: {name!r} is not one of the study's {kind}{nearest(name, known)}")
        for name in [name for name in known if name not in names]:
            raise InputError(f"Config, combinations: none holds {name!r} of the study's {kind}; add one or drop it.")
    for place, entry in enumerate(study.combinations):
        for key in NARROWED:
            for value in getattr(entry, key) or []:
                if value not in getattr(study.grid, key):
                    raise InputError(
                        f"Config, combinations[{place}].{key}: {value:g} is not one of the grid's {key}, of which a "
                        "combination takes some; add it there or drop it here."
                    )


# Models


def check_model(model: Model, study: Study) -> None:
    """InputError if the model's source is not there, or its entry wants what is known to be impossible."""
    if not isinstance(model, OwnModel):
        return
    place = f"Config, models[{model.name}]"
    if study.device == "cpu" and (model.gpus > 1 or model.quantization):
        raise InputError(f"{place}: gpus and quantization want `device: cuda`; drop them or change it.")
    if isinstance(model, TruncatedModel):
        check_cut(model, study)
    elif isinstance(model, GgufModel):
        model.header  # noqa: B018 (it refuses what cannot be used)
        model.check_reader()
    elif isinstance(model, Checkpoint):
        if getattr(model, study.sources) is None:
            kind = study.sources
            raise InputError(f"{place}: sources is {kind!r}, but the model has no {kind!r} entry; add one.")
        if study.sources == "local":
            model.folder  # noqa: B018 (it refuses what is incomplete)
    check_adapt_layers(model, study)


def check_cut(model: TruncatedModel, study: Study) -> None:
    """InputError unless the model is cut from more layers of a whole model that is here."""
    place, source = f"models[{model.name}].truncate", model.truncate.model
    refuse_undefined(place, [source], list(study.model_named))
    original = study.model_named[source]
    if isinstance(original, TruncatedModel):
        raise InputError(f"Config, {place}: {source!r} is itself truncated; cut the original.")
    if isinstance(original, ApiModel):
        raise InputError(f"Config, {place}: {source!r} is behind an API; cut a local model.")
    wanted, layers = model.truncate.layers, original.layers(study.sources)
    if layers is not None and wanted >= layers:
        raise InputError(
            f"Config, {place}: {source!r} has {layers} layers, of which {wanted} are no part; ask for fewer."
        )


def check_adapt_layers(model: OwnModel, study: Study) -> None:
    """InputError if `adapt_layers` wants what is known to be impossible; compute_trunk checks what is fetched later."""
    if model.adapt_layers is None:
        return
    place = f"Config, models[{model.name}]"
    if model.gpus > 1:
        raise InputError(f"{place}: adapt_layers wants a model on one GPU; drop gpus or adapt_layers.")
    if model.quantization:
        raise InputError(f"{place}: adapt_layers cannot split a quantised model; drop quantization or adapt_layers.")
    architecture = study.original(model).architecture(study.sources)
    check_split(place, architecture, model.layers(study.sources), model.adapt_layers)


def check_prompting(model: OwnModel, study: Study) -> None:
    """InputError if the model's files are here and say that it has no language head to be asked."""
    # Those of the sandbox and all that are read from GGUF are causal language models.
    original = study.original(model)
    if isinstance(original, Checkpoint) and study.sources == "local":
        require_language_head(original.folder, model.name)


# Tasks


def check_task(task: Task, study: Study) -> None:
    """InputError if the task's source is not there."""
    if isinstance(task, TableTask):
        table_file(task.plain, study.data_folder)
    if not isinstance(task, SourceTask):
        return
    place, kind = f"Config, tasks[{task.name}]", study.sources
    if getattr(task, kind) is None:
        raise InputError(f"{place}: sources is {kind!r}, but the task has no {kind!r} entry; add one.")
    if kind == "hub" and task.hub.revision is None:
        raise InputError(
            f"{place}: hub.revision is missing; pin the revision by the hash of the commit of {task.hub.id} that you "
            "want."
        )
    if kind == "local":
        for split in splits_read(task.plain):
            split_file(task.plain, split, study.data_folder)


# Supervisors


def check_supervisors(study: Study) -> None:
    """InputError if a supervisor refers to nothing, cannot be prompted, or has no price."""
    for name, entry in study.supervisor_named.items():
        if isinstance(entry, Unpriced) and entry.price is None and study.weak_prices is None:
            raise InputError("Config, the top level: the key 'weak_prices' is missing; add it.")
        if isinstance(entry, ModelSupervisor):
            refuse_undefined("supervisors", [entry.writer], list(study.model_named))
            model = study.model_named[entry.writer]
            if isinstance(model, ApiModel):
                raise InputError(
                    f"Config, supervisors[{name}]: the API model {model.name!r} can only be a student; name a local "
                    "model, or give the supervisor an `api` entry of its own."
                )
            if entry.shots is not None:
                check_prompting(model, study)
        elif isinstance(entry, Derived) and isinstance(study.supervisor_named.get(entry.source, entry), entry.not_from):
            raise InputError(
                f"Config, supervisors[{name}]: {entry.decided_by[0]} names {entry.source!r}, which must be another "
                f"supervisor of the study, itself {entry.must_be}."
            )


def check_labels(study: Study) -> None:
    """InputError if a supervisor labels a task that lacks what it reads."""
    if study.ratings_archive is not None:
        local_archive(study.ratings_archive)
    for task, name in study.labelled:
        entry, labeller = study.task_named[task], study.labeller(name)
        if isinstance(study.supervisor_named[name], Derived) and (isinstance(entry, TableTask) or entry.test_gold):
            raise InputError(
                f"Config, supervisors[{name}]: shuffled or drawn errors need the gold label of every text, which "
                f"{task!r} lacks; keep them apart by `combinations`."
            )
        if isinstance(labeller, Raters):
            check_raters(labeller.raters, name, entry)
        elif isinstance(entry, TableTask):
            check_table_labels(name, entry, study)
        elif isinstance(labeller, Columns):
            raise InputError(
                f"Config, supervisors[{name}]: the task {task!r} has no `table` with columns; keep them apart by "
                "`combinations`."
            )


def check_raters(n: int, name: str, task: Task) -> None:
    """InputError if raters label a task that has no ratings, or are more than its panel."""
    place = f"Config, supervisors[{name}]"
    if not isinstance(task, RatedTask):
        raise InputError(f"{place}: the task {task.name!r} has no `ratings`; keep them apart by `combinations`.")
    if n > task.panel:
        raise InputError(
            f"{place}.raters: {n} ratings are wanted, but a sentence of {task.name!r} has {task.panel}; lower them."
        )


def check_table_labels(name: str, task: TableTask, study: Study) -> None:
    """InputError if a supervisor of a table wants gold labels that it lacks, or takes them for weak ones."""
    entry = study.supervisor_named[name]
    if isinstance(entry, Columns):
        check_columns(entry, task, study)
    if isinstance(entry, Learning) and entry.shots != 0 and not task.supervision_size:
        raise InputError(
            f"Config, tasks[{task.name}]: {name!r} learns from gold labels of the table; add `supervision_size`, the "
            "number of them."
        )


def check_supervision(study: Study) -> None:
    """InputError if a supervision set is too small for what a supervisor holds out or shows in its prompts."""
    held_out = study.supervision.validation_size or 0
    for task, name in study.labelled:
        entry, size = study.supervisor_named[name], study.task_named[task].supervision_size or 0
        if not isinstance(entry, Learning):
            continue
        if entry.shots is not None and entry.shots > size:
            raise InputError(
                f"Config, supervisors[{name}].prompted_shots: {entry.shots} examples are wanted, but the supervision "
                f"set of {task!r} has {size}; lower them or raise its supervision_size."
            )
        if entry.shots is None and size <= held_out:
            raise InputError(
                f"Config, supervision.validation_size: {held_out} labels are held out, but the supervision set of "
                f"{task!r} has {size}; lower it or raise its supervision_size."
            )


# Methods and purchases


def check_methods(study: Study) -> None:
    """InputError if the study's training cannot carry a method out, or its grid leaves one nothing to do."""
    grid, methods = study.grid, study.method_named
    for name, method in methods.items():
        if method.prompts_only and not grid.shots:
            raise InputError(
                f"Config, grid: {name!r} needs numbers of examples in prompts; add `shots`, as in [0, 2, 8]."
            )
        if not any(blocks_of(method, supply, study.spending) for supply in study.supplies.values()):
            raise InputError(
                f"Config, grid: no budget buys a label for {name!r} at these prices and shares; raise the budgets."
            )
        check_stopping(name, method, (study.training.plain | method.training)["stopping"])
    trained = [method for method in methods.values() if not method.prompts_only]
    if not any(grid.shots) and not trained:
        raise InputError(
            "Config, grid: no method buys a label; add a number above 0 to `shots`, or a method that trains."
        )
    for budget in grid.budgets:
        if trained and not any(purchases_of(budget, grid, method) for method in trained):
            raise InputError(f"Config, grid: the budget {budget} buys no label at these prices and shares; raise it.")


def check_stopping(name: str, method: Method, stopping: str) -> None:
    """InputError if a method wants larger batches than those of fixed epochs."""
    if stopping != "fixed_epochs":
        return
    if any(stage.targets == "log_confidence" for stage in method.stages):
        raise InputError(
            f"Config, methods: {name!r} hardens the student's predictions batch by batch, but fixed_epochs trains on "
            "batches of one label; give it `training: {stopping: early_stopping}`."
        )
    if any(stage.gold_weight != 1 for stage in method.stages):
        raise InputError(
            f"Config, methods: {name!r} weighs gold labels against the weak ones of their batch, but fixed_epochs "
            "trains on batches of one label below 1,024; give it `training: {stopping: early_stopping}`."
        )


def check_elicitation(study: Study) -> None:
    """InputError if a student cannot do what a method asks of it."""
    for name, student in dict.fromkeys((group.method, group.named["student"]) for group in study.groups):
        model, method = study.model_named[student], study.method_named[name]
        if isinstance(model, ApiModel):
            check_api_method(name, method, student)
        elif method.prompts_only:
            check_prompting(model, study)
        elif model.adapt_layers == 0 and any(stage.trains != "head" for stage in method.stages):
            raise InputError(
                f"Config, models[{student}]: adapt_layers is 0, so its head alone can train, but {name!r} trains more; "
                "give it methods like head_only, or adapt at least one layer."
            )


def check_api_method(name: str, method: Method, student: str) -> None:
    """InputError if the method asks for more than stages of plain weak or plain gold labels."""
    plain = Method(method.title, method.source, method.stages, gold_shares=method.gold_shares)
    if method != plain or method.prompts_only or set(method.stages) - {Stage("weak"), Stage("gold")}:
        raise InputError(
            f"Config, methods: {name!r} needs the model itself, but the student {student!r} is behind an API, which is "
            "only finetuned on weak and gold labels, as by sequential_sft; keep them apart under `combinations`."
        )


def check_purchases(study: Study) -> None:
    """InputError if a pool cannot serve a purchase, or a group makes none, which its scores would notice too late."""
    for group, blocks in study.planned.items():
        supply = study.supplies[group.task, group.supervisor]
        for n_weak, n_gold in chain(*blocks.values()):
            check_supply(supply, n_weak, n_gold, group.task, group.supervisor)
        if not blocks:
            raise InputError(
                f"Config, combinations: {group.method!r} buys no label of {group.supervisor!r} for {group.student!r} "
                f"on {group.task!r}; add budgets or gold_shares to its combination, enlarge the pool, or drop it."
            )


def check_averages(study: Study) -> None:
    """InputError if tasks that are to be averaged share no run; the tables would notice after all compute."""
    narrowed = any(getattr(entry, key) for entry in study.combinations for key in NARROWED)
    if study.grid.beyond_pool != "leave_out" and not narrowed:
        return  # Every task has every purchase.
    runs: dict[str, set[tuple]] = {task: set() for task in study.task_named}
    for run in as_runs(study.planned):
        runs[run["task"]].add(
            tuple(run[key] for key in ("supervisor", "student", "method", "n_weak", "n_gold", "seed"))
        )
    for key, over in (
        ("average_over", study.averaged()),
        ("figures.spending_over", study.figures.spending_over),
        ("figures.prompting_over", study.figures.prompting_over),
    ):
        of_tasks = [runs[task] for task in over]
        # A supervisor, student and method that not all of them have is not averaged.
        averaged = set.intersection(*({run[:3] for run in of_task} for of_task in of_tasks)) if len(over) > 1 else set()
        if averaged and not set.intersection(*of_tasks):
            raise InputError(
                f"Config, {key}: {join_words(over, 'and')} have no purchase that all of them could be averaged over; "
                "enlarge the smallest pool, add smaller grid.budgets, share budgets and gold_shares among their "
                "combinations, or average other tasks."
            )
