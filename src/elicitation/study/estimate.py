"""What a study will cost: runs, stages, label presentations, tokens, hours, disk; of all of it, or of what is left.

Presentations are upper bounds, since early stopping ends most stages sooner. Hours rest on the assumptions below;
where jobs of the same rule and student, supervisor or model have been measured, these correct them.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from safetensors import safe_open

from elicitation.api.chat import MIN_LINES
from elicitation.api.costs import dollars
from elicitation.jobs.measured import measured_seconds, rule_of
from elicitation.study.bills import bill_of
from elicitation.study.made import Made, nothing_made, runs_left, stages_left
from elicitation.study.models import ApiModel, Checkpoint, GgufModel, OwnModel, SandboxModel, TruncatedModel
from elicitation.study.settings import CoherenceSearch
from elicitation.study.student_jobs import operations, student_jobs
from elicitation.study.study import Study
from elicitation.study.supervisors import Coherent, Learning, ModelSupervisor, Remote
from elicitation.study.tasks import Task
from elicitation.study.text_lengths import TOKENS_PER_TEXT, TOKENS_PER_WORD, assumed_tokens, tokens_of
from elicitation.study.work import (
    BACKWARD,
    FORWARD,
    adapted_share,
    examples_in_asking,
    planned_runs,
    planned_stages,
    share_weak_stages,
    with_tokens,
)
from elicitation.training.schedule import plan_schedule, supervisor_protocol

# Assumed of one device: an H100 or H200 in bfloat16 at about 15 % of its peak; of one CPU core in float32 what all jobs
# of the default study and of studies/salience.yaml reached (training on one sentence at a time 25 to 40, reading 60 to
# 80; benchmarks/README.md).
FLOPS_PER_SECOND = {"cuda": 1.5e14, "cpu": 4.0e10}
# Parameters that a device could have computed with while it waits for the next kernel, added to a model's own: small
# models leave a GPU idle. Fits training steps of 0.5 and 8 billion parameters on an H100 (benchmarks/README.md).
WAITING = {"cuda": 3e9, "cpu": 0.0}
# Assumed of a job: imports, which CPUs' forked jobs share, and loading the model.
START_UP_SECONDS = {"cuda": 60.0, "cpu": 1.0}
# Minutes that a study takes without GPUs beside the jobs that are counted: preparing, checking, tables, figures.
BESIDE_MINUTES = 1.0
# Of pretraining, which needs all gradients.
FULL_BACKWARD = 4.0
# Of the sandbox's pretraining.
TOKENS_PER_REVIEW = 40.0
STUDENT_RULES = ("train_weak_stage", "train_runs", "score_prompts", "ask_without_labels")
# Assumed where a finetuning API chooses.
API_EPOCHS = 3
BYTES_PER_PARAMETER = {"cuda": 2, "cpu": 4}
# Of one compressed row of predictions or weak labels.
BYTES_PER_PREDICTION = 25
LONGEST = "longest job, hours"


def parameters_of(model: OwnModel, sources: str) -> float | None:
    """Parameters of a model: as the config says, of the sandbox's architecture, or counted in local weights."""
    if model.parameters is not None:
        return float(model.parameters)
    if isinstance(model, SandboxModel):
        return 10.0 * model.sandbox.layers * model.sandbox.width**2
    if isinstance(model, GgufModel):
        return float(model.header.parameters)
    if isinstance(model, Checkpoint) and sources == "local":
        count = 0
        for path in model.folder.glob("*.safetensors"):
            with safe_open(path, "np") as weights:
                shapes = [weights.get_slice(name).get_shape() for name in weights.keys()]  # noqa: SIM118
            count += sum(int(pd.Series(shape).prod()) for shape in shapes)
        return float(count)
    return None


def size_of(model: OwnModel, study: Study) -> float | None:
    """Parameters of a model; of one that is cut from another, as many of them as of the layers."""
    whole = study.original(model)
    parameters, layers = parameters_of(whole, study.sources), whole.layers(study.sources)
    if not isinstance(model, TruncatedModel) or model.parameters is not None:
        return parameters_of(model, study.sources)
    return parameters * model.truncate.layers / layers if parameters and layers else None


def width_of(parameters: float) -> float:
    """Size of the hidden state of a Llama-like model of so many parameters."""
    return (parameters * 128 / 12) ** (1 / 3)


def adapter_bytes(parameters: float) -> float:
    """Of rank-8 adapters on all linear layers of a Llama-like model."""
    return 4 * parameters * 14.3 / width_of(parameters)


def note_of_tokens(study: Study) -> str:
    """What is assumed of texts that no tokenizer has counted."""
    assumed = {task: assumed_tokens(task, study) for task in study.task_named}
    by_words = ", ".join(f"{task} {tokens:.0f}" for task, tokens in assumed.items() if tokens)
    known = [f"{TOKENS_PER_WORD:g} a word ({by_words})"] if by_words else []
    others = [f"{TOKENS_PER_TEXT:g} each"] if not all(assumed.values()) else []
    return f"Tokens of texts not counted yet: {', else '.join(known + others)}; presentations are upper bounds."


def hours_of(
    name: str, parameters: float, left: pd.Series, whole: pd.Series, device: str, folder: Path
) -> tuple[pd.Series, list[str]]:
    """Hours of each job of a model that is left, and a note where they follow from measured ones.

    left, whole: operations a parameter of each job that is left, and of each of the study, by what is measured of it.
    What is assumed of a rule's jobs is corrected by as much as its measured ones took longer, so that large jobs follow
    from small ones.
    """

    def assumed(work: pd.Series) -> pd.Series:
        seconds = (parameters + WAITING[device]) * work / FLOPS_PER_SECOND[device]
        return (seconds + START_UP_SECONDS[device]) / 3600

    took = pd.Series(measured_seconds(folder, whole.index), dtype=float) / 3600
    factors = took.groupby(rule_of).sum() / assumed(whole[took.index]).groupby(rule_of).sum()
    hours = assumed(left) * [factors.get(rule_of(job), 1.0) for job in left.index]
    note = f"{name}: hours follow from {len(took)} measured job{'s' * (len(took) != 1)}."
    return hours, [note] if len(took) else []


def hours_row(hours: pd.Series, device: str, gpus: int = 1) -> dict[str, float]:
    """The columns of a table that say how long jobs take. hours: of each job."""
    return {f"{device} hours": hours.sum() * gpus, LONGEST: hours.max() if len(hours) else 0.0}


def without_size(name: str) -> str:
    return f"{name}: give `parameters` in its entry of the config for an estimate of hours and disk."


def estimate_api(model: ApiModel, runs: pd.DataFrame, trained: pd.DataFrame) -> tuple[dict, str]:
    """What an API shows to its model and bills for it, and what that assumes."""
    api = model.api
    epochs = api.epochs or API_EPOCHS
    presentations = trained.n.clip(lower=MIN_LINES) * epochs
    trained_tokens, asked_tokens = (trained.tokens * presentations).sum(), (runs.tokens * runs.test_size).sum()
    bills = (trained_tokens, api.training_price), (asked_tokens, api.input_price)
    row = {
        "presentations": int(presentations.sum()),
        "presentations saved": 0,
        "tokens, millions": (trained_tokens + asked_tokens) / 1e6,
        "US dollars": dollars(*bills, (int(runs.test_size.sum()), api.output_price)),
    }
    return row, f"{model.name}: dollars assume {epochs} epochs and that nothing in results/api is paid for yet."


class StudentsWork(NamedTuple):
    """What a study's students do, a row each: their runs; the stages of all runs; and the stages that are trained."""

    runs: pd.DataFrame
    stages: pd.DataFrame
    trained: pd.DataFrame

    @classmethod
    def of_study(cls, study: Study, folder: Path, made: Made = nothing_made) -> "StudentsWork":
        """Without what counts as made."""
        runs = runs_left(planned_runs(study), made)
        stages = planned_stages(runs, study)
        trained = with_tokens(stages_left(share_weak_stages(stages), made), study, folder)
        return cls(with_tokens(runs, study, folder), stages, trained)

    def of(self, student: str) -> "StudentsWork":
        return StudentsWork(*(table[table.student == student] for table in self))


def estimate_student(
    name: str, left: StudentsWork, whole: StudentsWork, study: Study, folder: Path, made: Made
) -> tuple[dict, list[str]]:
    """What one student takes, and notes on what was assumed or measured.

    left, whole: what is left of all students, and the whole study's; made: as in estimate.
    """
    model, (runs, stages, trained) = study.model_of(name), left.of(name)
    jobs = student_jobs(name, runs, trained, study, folder, made)
    by_rule = Counter(map(rule_of, jobs.index))
    weak_jobs, trunks = by_rule["train_weak_stage"], by_rule["compute_trunk"]
    # Trunks count with the hours alone.
    n_jobs = len(jobs) - trunks
    row = {
        "student": name,
        "runs": len(runs),
        "jobs": n_jobs,
        "weak stages": weak_jobs,
        "blocks": n_jobs - weak_jobs - by_rule["tune_learning_rate"],
        "stages": len(trained),
        "saved by sharing": len(stages) - len(trained),
        "presentations": int(trained.presentations.sum()),
        "presentations saved": int(stages.presentations.sum() - trained.presentations.sum()),
        "tokens, millions": jobs[["trained", "read", "prompted"]].sum().sum() / 1e6,
    }
    if isinstance(model, ApiModel):
        bill, note = estimate_api(model, runs, trained)
        return row | bill, [note]
    parameters, device = size_of(model, study), study.device
    if parameters is None:
        return row, [without_size(model.name)]
    # Large studies take seconds, so not twice.
    all_jobs = jobs if left is whole else student_jobs(name, *whole.of(name)[::2], study, folder)
    work = (operations(model, some, study) for some in (jobs, all_jobs))
    hours, notes = hours_of(name, parameters, *work, device, folder)
    kept = trained.recipe.notna().sum() if study.keep_weak_stages else 0
    disk = adapted_share(model, study.sources) * kept * adapter_bytes(parameters)
    disk += BYTES_PER_PREDICTION * runs.test_size.sum()
    disk += jobs.once.sum() * width_of(parameters) * BYTES_PER_PARAMETER[device]
    return row | hours_row(hours, device, model.gpus) | {"disk, GB": disk / 1e9}, notes


def searched_texts(icm: CoherenceSearch, labelled: int, engine: str) -> float:
    """About how many texts a model reads in a search, and in labelling all texts behind its examples.

    A label changes in about every other step, and then in the prompts of all texts, if its own is among the few that
    stand in prompts. vLLM reads what stands before all texts once.
    """
    examples = min(icm.examples, icm.texts - 1)
    search = icm.steps / 2 * (examples + 1) ** 2
    return search + labelled * (1 if engine == "vllm" else 1 + examples)


def tasks_left(entry: Learning, study: Study, made: Made) -> list[Task]:
    """The tasks whose labels of a supervisor are not made."""
    tasks = study.tasks_of(entry.name)
    return [task for task in tasks if not made(f"results/weak_labels/{task.name}/{entry.name}.parquet")]


def supervisor_jobs(entry: ModelSupervisor, tasks: list[Task], study: Study, folder: Path) -> pd.DataFrame:
    """The tokens that a supervisor is `trained` on, and those that it has `read`, in each of its jobs on these tasks;
    by the path of what is measured of the job."""
    model, shots, engine = study.model_named[entry.writer], entry.shots, study.labelling.engine
    jobs = {}
    for task in tasks:
        tokens = tokens_of(task.name, model, study, folder, task.read_by_supervisors)
        labelled = task.test_size + study.pools[task.name].examples
        if isinstance(entry, Coherent):
            read = searched_texts(entry.icm, labelled, engine)
            jobs[f"search_labels/{task.name}/{entry.name}"] = {"trained": 0.0, "read": tokens * read}
            continue
        read = labelled * (1 + examples_in_asking(shots or 0, labelled, tokens, engine))
        jobs[f"write_weak_labels/{task.name}/{entry.name}"] = {"trained": 0.0, "read": tokens * read}
        if shots is None:
            settings, n = study.supervision, task.supervision_size
            plan = plan_schedule(n, supervisor_protocol(1.0, settings.epochs, n, 1, settings.validation_size))
            shown = {"trained": tokens * plan.presentations, "read": tokens * plan.validations}
            jobs[f"train_supervisor/{task.name}/{entry.name}"] = shown
    return pd.DataFrame.from_dict(jobs, "index", dtype=float, columns=["trained", "read"])


def estimate_supervisor(entry: ModelSupervisor, study: Study, folder: Path, made: Made) -> tuple[dict, list[str]]:
    """What finetuning a supervisor and writing its labels take, on all its tasks; made: as in estimate."""
    model, device, tasks = study.model_named[entry.writer], study.device, tasks_left(entry, study, made)
    left, whole = (supervisor_jobs(entry, some, study, folder) for some in (tasks, study.tasks_of(entry.name)))
    row = {"supervisor": entry.name, "jobs": len(left), "tokens, millions": left.sum().sum() / 1e6}
    parameters = size_of(model, study)
    if parameters is None:
        return row, [without_size(model.name)]
    work = ((FORWARD + BACKWARD) * jobs.trained + FORWARD * jobs.read for jobs in (left, whole))
    hours, notes = hours_of(entry.name, parameters, *work, device, folder)
    # Each finetuned supervisor is a whole model.
    copies = len(tasks) * parameters * BYTES_PER_PARAMETER[device] if entry.shots is None else 0
    rows = sum(task.test_size + study.pools[task.name].examples for task in tasks)
    disk = copies + BYTES_PER_PREDICTION * rows
    return row | hours_row(hours, device, model.gpus) | {"disk, GB": disk / 1e9}, notes


def estimate_remote(entry: Remote, study: Study, made: Made) -> tuple[dict, list[str]]:
    """What a supervisor behind an API is asked and bills, on all its tasks; made: as in estimate."""
    bills = [bill_of(entry, task, study) for task in tasks_left(entry, study, made)]
    row = {
        "supervisor": entry.name,
        "jobs": len(bills),
        "tokens, millions": sum(bill.tokens for bill in bills) / 1e6,
        "US dollars": sum(bill.dollars for bill in bills),
    }
    return row, [bill.words for bill in bills]


def estimate_model(model: OwnModel, study: Study, folder: Path) -> tuple[dict, list[str]]:
    """What pretraining or downloading a model takes."""
    name, parameters = model.name, size_of(model, study)
    if parameters is None:
        return {"model": name}, [without_size(name)]
    disk = parameters * BYTES_PER_PARAMETER[study.device]
    row = {"model": name, "millions of parameters": parameters / 1e6, "disk, GB": disk / 1e9}
    if not isinstance(model, SandboxModel):
        return row, []
    work = (FORWARD + FULL_BACKWARD) * TOKENS_PER_REVIEW * model.sandbox.steps * model.sandbox.batch_size
    job = pd.Series({f"prepare_model/{name}": work})
    hours, notes = hours_of(name, parameters, job, job, "cpu", folder)
    return row | hours_row(hours, "cpu"), notes


def estimate(study: Study, folder: Path, made: Made = nothing_made) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Tables of what the study takes per method, student, supervisor and model; notes on what was assumed or measured.

    folder: where the study's results and measurements are or will be. made: the results that count as made; by
    default none, so that it is of the whole study.
    """
    whole = StudentsWork.of_study(study, folder)
    left = whole if made is nothing_made else StudentsWork.of_study(study, folder, made)
    runs, stages, trained = left
    methods = pd.DataFrame(
        {
            "runs": runs.groupby("method").size(),
            "stages": stages.groupby("method").size(),
            "trained stages": trained.groupby("method").size(),
            "presentations": trained.groupby("method").presentations.sum(),
        }
    ).reindex(runs.method.unique(), fill_value=0)
    found = {
        "students": [estimate_student(name, left, whole, study, folder, made) for name in study.cued_students],
        "supervisors": [
            estimate_remote(entry, study, made)
            if isinstance(entry, Remote)
            else estimate_supervisor(entry, study, folder, made)
            for entry in study.supervisor_named.values()
            if isinstance(entry, Learning)
        ],
        "models": [
            estimate_model(model, study, folder)
            for model in study.models
            if isinstance(model, OwnModel) and not made(f"results/models/{model.name}.json")
        ],
    }
    tables = {"methods": methods.fillna(0).astype(int).reset_index()}
    tables |= {kind: pd.DataFrame([row for row, _ in rows]) for kind, rows in found.items()}
    notes = [note_of_tokens(study)]
    return tables, list(dict.fromkeys(notes + [note for rows in found.values() for _, more in rows for note in more]))


def hours_by_device(study: Study, tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """The hours of all jobs on the study's device and on CPUs. tables: of `estimate`."""
    columns = dict.fromkeys((f"{study.device} hours", "cpu hours"))
    return {name: sum(table[name].sum() for table in tables.values() if name in table) for name in columns}


def minutes_of(study: Study, tables: dict[str, pd.DataFrame], cores: int) -> float:
    """The minutes of a study without GPUs on so many cores, of which a job uses one. tables: of `estimate`."""
    longest = max((table[LONGEST].max() for table in tables.values() if LONGEST in table), default=0.0)
    return 60 * max(sum(hours_by_device(study, tables).values()) / cores, longest) + BESIDE_MINUTES
