"""What answers say of a user's own table: labels that can be counted as paid, votes for each text, words of labels."""

from elicitation.data.table_survey import Survey
from elicitation.study.composed import Composed
from elicitation.study.study import Study
from elicitation.study.supervisors import Columns
from elicitation.study.tasks import Labels, TableTask


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


def votes_of_texts(study: Study) -> dict[str, float]:
    """By supervisor whose labels join several votes, how many of them a text has on average, as its price counts."""
    found = {}
    for name, source in study.supervisor_named.items():
        if isinstance(source, Columns):
            tables = [study.survey(task).votes[name] for task in study.tasks_of(name) if isinstance(task, TableTask)]
            votes = sum(column.share for columns in tables for column in columns.values()) / len(tables)
            found |= {name: round(votes, 4)} if round(votes, 4) > 1 else {}
    return found


def words_of_labels(study: Study) -> dict[str, list[str]]:
    """By task that is a table: the word that stands there for label 0, and that for 1, where each has one alone."""
    found = {}
    for name, task in study.task_named.items():
        spelled = task.label.labels if isinstance(task, TableTask) and isinstance(task.label, Labels) else None
        if spelled and sorted(spelled.values()) == [0, 1]:
            found[name] = [str(word) for word, _ in sorted(spelled.items(), key=lambda pair: pair[1])]
    return found


def is_held(study: Study, supervisor: str) -> bool:
    """Whether all labels of a supervisor stand in tables, or are made of such ones."""
    sources = [study.supervisor_named[name] for name in (supervisor, *study.sources_of(supervisor))]
    return all(isinstance(source, Columns | Composed) for source in sources)
