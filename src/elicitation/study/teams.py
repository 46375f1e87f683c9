"""What files of runs call the seeds that train together."""

from elicitation.study.models import OwnModel
from elicitation.study.study import Study


def seeds_in_name(study: Study, student: str, method: str, seed: int) -> str:
    """What the file of a run calls its seeds: those that train together, or the one where nothing trains here.

    method: the one under whose name the run is made.
    """
    made_by = study.method_named.get(method)
    if made_by is None or made_by.prompts_only or not isinstance(study.model_of(student), OwnModel):
        return str(seed)
    return next(name for name, team in study.teams.items() if seed in team)
