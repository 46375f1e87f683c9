"""Learning rates that are chosen on gold labels of supervision sets: of which students, and on how many labels."""

from elicitation.analysis.names import TUNED
from elicitation.buying.methods import Method
from elicitation.errors import InputError
from elicitation.study.models import OwnModel
from elicitation.study.study import Study
from elicitation.study.supervisors import Finetuned
from elicitation.training.schedule import plan_schedule, student_protocol


def first_methods(study: Study) -> dict[tuple[str, str], Method]:
    """By each (task, student) that is trained here, the first method that trains it.

    A student has one rate for all cues, tuned on the texts as they are.
    """
    found: dict[tuple[str, str], Method] = {}
    for group in study.groups:
        method = study.method_named[group.method]
        model = study.model_of(group.student)
        if not method.prompts_only and isinstance(model, OwnModel):
            found.setdefault((group.task, model.name), method)
    return found


def tuning_labels(study: Study, task: str) -> list[int]:
    """The numbers of gold labels that rates are compared on: those that leave half of the supervision set."""
    half = (study.task_named[task].supervision_size or 0) // 2
    return [n for n in study.tuning.labels if n <= half]


def texts_to_tune(study: Study, task: str, student: str) -> tuple[int, int]:
    """How many texts tuning trains on, and how many it only reads, each counted every time that it is shown."""
    protocol = student_protocol(1.0, study.training.plain, first_methods(study)[task, student])
    numbers, trainings = tuning_labels(study, task), len(study.tuning.learning_rates) * study.tuning.seeds
    plans = [plan_schedule(n, protocol) for n in numbers]
    held_out = study.task_named[task].supervision_size - max(numbers)
    shown = sum(plan.presentations for plan in plans)
    read = sum(plan.validations + held_out for plan in plans)
    return trainings * shown, trainings * read


def can_tune(study: Study, student: str) -> bool:
    """Whether the learning rate of a model that is trained here as a student can be tuned in the study as it is."""
    writers = {entry.writer for entry in study.supervisor_named.values() if isinstance(entry, Finetuned)}
    tasks = [task for task, name in first_methods(study) if name == student]
    return student not in writers and all(tuning_labels(study, task) for task in tasks)


def rates_to_try(study: Study, student: str) -> list[float]:
    """The other learning rates that may be tried of a student's model where it cannot be tuned."""
    own = study.model_named[student].learning_rate
    return [] if can_tune(study, student) else [rate for rate in study.tuning.learning_rates if rate != own]


def check_gold(study: Study, task: str) -> None:
    """InputError if a task's supervision set is too small to compare learning rates on it."""
    if not tuning_labels(study, task):
        size = study.task_named[task].supervision_size or 0
        least = min(study.tuning.labels)
        raise InputError(
            f"Config, tasks[{task}]: a learning rate is tuned on {least} gold labels at least, which may be half of "
            f"the supervision set, but that has {size}; set supervision_size to {2 * least} or more, or lower "
            "tuning.labels."
        )


def check_tuning(study: Study) -> None:
    """InputError if a learning rate is to be tuned where that cannot be done."""
    for name, entry in study.supervisor_named.items():
        if isinstance(entry, Finetuned) and study.model_named[entry.writer].learning_rate == TUNED:
            raise InputError(
                f"Config, supervisors[{name}]: the learning rate of its model {entry.writer!r} is tuned, which is for "
                "students; give it a number, or give the supervisor a model of its own."
            )
    for task, student in first_methods(study):
        if study.model_named[student].learning_rate == TUNED:
            check_gold(study, task)
