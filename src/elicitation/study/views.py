"""What each figure shows of a study: which rows of the tables. Imports nothing heavy.

A figure keeps to one task, supervisor, student or method where it varies something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from elicitation.analysis.names import AVERAGE, SETTING
from elicitation.buying.methods import Method
from elicitation.study.grid import Group

if TYPE_CHECKING:
    from elicitation.study.study import Study


def panels_by_task(groups: Sequence[Group], over: Sequence[str], panel: str) -> dict[str, set[str]]:
    """The values of `panel` that the groups have on the average over the tasks `over`, and on each task."""
    tasks, panels = {}, {AVERAGE: set()}
    for group in groups:
        on = tasks.setdefault((group.supervisor, group.student, group.method), set())
        on.add(group.task)
        if len(over) > 1 and on >= set(over):
            panels[AVERAGE].add(getattr(group, panel))
        panels.setdefault(group.task, set()).add(getattr(group, panel))
    return panels


def view(groups: Sequence[Group], over: Sequence[str], panel: str, *kept: str) -> dict[str, list[str]]:
    """The values of columns that a figure keeps to: those of the first group, and the average or a task.

    Methods are shown on the average, where any has one, even if others do not. Else it is the task with the most
    panels; of those with equally many the average goes first.
    """
    first = {kind: [getattr(groups[0], kind)] for kind in kept}
    alike = [group for group in groups if all([getattr(group, kind)] == first[kind] for kind in kept)]
    panels = panels_by_task(alike, over, panel)
    widest = AVERAGE if panel == "method" and panels[AVERAGE] else max(panels, key=lambda task: len(panels[task]))
    return first | {"task": [widest]}


def shows_labels(method: Method, asks: bool) -> bool:
    """Whether a method puts labels in prompts. asks: whether the grid does so where the method has no number."""
    return bool(method.shots and (method.shots.k or asks))


def trained_groups(study: Study) -> list[Group]:
    """The groups whose method trains."""
    return [group for group in study.groups if not study.method_named[group.method].prompts_only]


def figures_of(study: Study) -> dict[str, dict[str, list[str]]]:
    """By figure, which values of which columns it shows. Figures that have nothing to show are absent."""
    return spending_figures(study) | prompting_figure(study) | {"scaling": scaling_figure(study)}


def spending_figures(study: Study) -> dict[str, dict[str, list[str]]]:
    """What the figures of ways of spending a budget show: by method, by task and by supervisor."""
    # What is bought to be finetuned on, whatever the budget, is no split of one.
    splits = [group for group in trained_groups(study) if study.method_named[group.method].finetune_on is None]
    if not splits:
        return {}
    over = study.averaged("spending")
    figures = {"spending": view(splits, over, "method", "supervisor", "student")}
    if len(study.tasks) > 1:
        figures["spending_tasks"] = {kind: [getattr(splits[0], kind)] for kind in SETTING}
    if len(study.supervisors) > 1:
        figures["spending_supervisors"] = view(splits, over, "supervisor", "student", "method")
    return figures


def prompting_figure(study: Study) -> dict[str, dict[str, list[str]]]:
    """What the figure of labels in prompts shows, where any method puts some there."""
    methods: Mapping[str, Method] = study.method_named
    # A method that only asks shows as many labels as the grid says, which may be none.
    asks = any(study.grid.shots)
    in_prompts = [name for name, method in methods.items() if shows_labels(method, asks) and not method.selection]
    chosen = study.figures.prompting_methods or [name for name in methods if name in ("sequential_sft", *in_prompts)]
    prompted = [group for group in study.groups if group.method in {*chosen} & {*in_prompts}]
    if not prompted:
        return {}
    shown = view(prompted, study.averaged("prompting"), "method", "supervisor", "student")
    return {"prompting": shown | {"method": chosen}}


def scaling_figure(study: Study) -> dict[str, list[str]]:
    """What the figure that compares students shows: the supervisor and task with the most of them, and one method."""
    method = study.figures.scaling_method or (trained_groups(study) or study.groups)[0].method
    compared = [group for group in study.groups if group.method == method]
    students = {
        (supervisor, task): found
        for supervisor in dict.fromkeys(group.supervisor for group in compared)
        for task, found in panels_by_task(
            [group for group in compared if group.supervisor == supervisor], study.averaged(), "student"
        ).items()
    }
    supervisor, task = max(students, key=lambda place: len(students[place]))
    return {"supervisor": [supervisor], "task": [task], "method": [method]}
