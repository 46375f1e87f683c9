"""Which models read a task's texts, and what they show before a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elicitation.study.models import ApiModel
from elicitation.study.supervisors import ModelSupervisor

if TYPE_CHECKING:
    from elicitation.study.study import Study


def readers_of(task: str, study: Study) -> list[dict]:
    """The models that read the task's texts, with the examples that they show before a text, as jobs see them.

    Each has `model` (whose tokenizer it is), `asked` (for a label's token), `shots` and `few_shots` (settings of
    elicitation.buying.methods.Shots, for training with them and for showing them only) and `supervision_shots`.
    """
    readers: dict[str, dict] = {}

    def reader(name: str) -> dict:
        original = study.original(study.model_named[name]).name
        new = {"model": original, "asked": False, "shots": [], "few_shots": [], "supervision_shots": 0}
        return readers.setdefault(original, new)

    for group in study.groups:
        if group.task != task:
            continue
        labeller = study.labeller(group.supervisor)
        if isinstance(labeller, ModelSupervisor):
            own = reader(labeller.writer)
            own["asked"] |= labeller.shots is not None
            own["supervision_shots"] = max(own["supervision_shots"], labeller.shots or 0)
        if isinstance(study.model_named[group.student], ApiModel):
            continue
        own, method = reader(group.student), study.method_named[group.method]
        own["asked"] |= method.prompts_only
        if method.shots:
            shown = own["few_shots" if method.prompts_only else "shots"]
            numbers = study.grid.shots if method.prompts_only else [method.shots.k]
            new = [{"quality": method.shots.quality, "k": k} for k in numbers]
            shown += [shots for shots in new if shots not in shown]
    return list(readers.values())
