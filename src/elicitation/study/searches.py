"""Whether the searches for labels of a study can be carried out."""

from elicitation.errors import InputError
from elicitation.study.study import Study
from elicitation.study.supervisors import Coherent


def check_searches(study: Study) -> None:
    """InputError if a search labels more texts than a task's pool holds."""
    for task, name in study.labelled:
        entry, held = study.supervisor_named[name], study.pools[task].examples
        if isinstance(entry, Coherent) and entry.icm.texts > held:
            raise InputError(
                f"Config, supervisors[{name}].icm.texts: {entry.icm.texts} texts are to be searched, but the pool of "
                f"{task!r} holds {held}; lower them or enlarge the pool."
            )
