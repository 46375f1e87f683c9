"""The templates of a study's texts: what a task is written by, and the cues by which students read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from elicitation.analysis.names import NO_CUE
from elicitation.data.templates import template_fields
from elicitation.errors import InputError, shown
from elicitation.study.values import SmallName, SomeText, Text, mapping, refusal

if TYPE_CHECKING:
    from elicitation.study.study import Study

# The text as it is.
TEXT_ITSELF = "{text}"


def check_template(template: str) -> str:
    """The template, if it holds names in braces."""
    try:
        fields = template_fields(template)
    except ValueError as error:
        raise refusal(f"{shown(template)} is malformed ({error}); fix its braces.") from error
    if not fields:
        raise refusal(f"{shown(template)} names no column; put columns in braces.")
    return template


def check_templates(cues: dict[str, str]) -> dict[str, str]:
    """The templates of a task's cues, if each is written around the task's text, and `none` is no other text."""
    for name, template in cues.items():
        if {*template_fields(template)} != {"text"}:
            says = f"{shown(template)} names other columns than `text`; write {{text}} for the task's text."
            raise refusal(says, name)
        if name == NO_CUE and template != TEXT_ITSELF:
            raise refusal(f'is the text as it is; write "{TEXT_ITSELF}", or give the cue another name.', name)
    return cues


Template = Annotated[SomeText, AfterValidator(check_template)]
Line = Annotated[Text, AfterValidator(check_template)]
Cues = Annotated[mapping(SmallName, Template), AfterValidator(check_templates)]


def check_cues(study: Study) -> None:
    """InputError if a task lacks a cue by which students are to read it."""
    for task, cue in dict.fromkeys((group.task, group.named["cue"]) for group in study.groups):
        if cue != NO_CUE and cue not in (study.task_named[task].cues or {}):
            raise InputError(
                f"Config, tasks[{task}].cues: the cue {cue!r} is missing, by which students of this study read; add "
                "its template, or keep them apart by `combinations`."
            )
