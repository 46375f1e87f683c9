"""What answers say of a user's own table: labels that can be counted as paid, votes for each text, words of labels."""

from collections.abc import Callable

from elicitation.analysis.names import NOT_ASKED
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
        words = [[str(word) for word, own in (spelled or {}).items() if own == label] for label in (0, 1)]
        if all(len(own) == 1 for own in words):
            found[name] = [word for [word] in words]
    return found


def not_asked(study: Study) -> list[str]:
    """The supervisors that have no label of a text where they, or a source of theirs, were not asked for it."""
    return with_labels_of(study, lambda source: source.gaps == NOT_ASKED)


def thresholded(study: Study) -> list[str]:
    """The supervisors of whose labels, or those of a source of theirs, a threshold says which label they are."""
    return with_labels_of(study, lambda source: source.threshold is not None)


def with_labels_of(study: Study, chosen: Callable[[Columns], bool]) -> list[str]:
    """The supervisors whose labels stand in such columns, or are composed from those of such columns."""
    found = {name for name, source in study.supervisor_named.items() if isinstance(source, Columns) and chosen(source)}
    return [name for name in study.supervisor_named if found & {study.labeller(name).name, *study.sources_of(name)}]


def is_held(study: Study, supervisor: str) -> bool:
    """Whether all labels of a supervisor stand in tables, or are made of such ones."""
    sources = [study.supervisor_named[name] for name in (supervisor, *study.sources_of(supervisor))]
    return all(isinstance(source, Columns | Composed) for source in sources)
