"""The labels that a user's own table holds, which answers name so that they can be counted as paid."""

from elicitation.data.table_survey import Survey
from elicitation.study.composed import Composed
from elicitation.study.study import Study
from elicitation.study.supervisors import Columns
from elicitation.study.tasks import TableTask


def held_labels(study: Study) -> dict[str, dict]:
    """By task that is a table: what its pool holds, `gold` and, by supervisor, `weak` and `texts`, as of findings.Held.

    The labels of the test set and of the supervision set are none that a student may be trained on.
    """
    surveys = {name: study.survey(task) for name, task in study.task_named.items() if isinstance(task, TableTask)}

    def of_held(survey: Survey, kind: str) -> dict[str, int]:
        return {name: getattr(own, kind) for name, own in survey.supplies.items() if is_held(study, name)}

    return {
        task: {"gold": found.pool.gold, "weak": of_held(found, "weak"), "texts": of_held(found, "examples")}
        for task, found in surveys.items()
    }


def is_held(study: Study, supervisor: str) -> bool:
    """Whether all labels of a supervisor stand in tables, or are made of such ones."""
    sources = [study.supervisor_named[name] for name in (supervisor, *study.sources_of(supervisor))]
    return all(isinstance(source, Columns | Composed) for source in sources)
