"""What each figure shows of a study: which rows of the tables. Imports nothing heavy.

A figure keeps to one task, supervisor, student or method where it varies something else.
"""

from elicitation.analysis.names import AVERAGE
from elicitation.buying.methods import Method, study_methods
from elicitation.study.config import groups_of

MODELS = ("supervisor", "student", "method")


def averaged_tasks(config: dict, figure: str | None = None) -> list[str]:
    """The tasks that are averaged, in the `spending` or `prompting` figures or elsewhere."""
    own = config["figures"].get(f"{figure}_over")
    return own or config["average_over"] or [task["name"] for task in config["tasks"]]


def panels_by_task(groups: list[dict], over: list[str], panel: str) -> dict[str, set[str]]:
    """The values of `panel` that the groups have on the average over the tasks `over`, and on each task."""
    tasks, panels = {}, {AVERAGE: set()}
    for group in groups:
        on = tasks.setdefault(tuple(group[kind] for kind in MODELS), set())
        on.add(group["task"])
        if len(over) > 1 and on >= set(over):
            panels[AVERAGE].add(group[panel])
        panels.setdefault(group["task"], set()).add(group[panel])
    return panels


def view(groups: list[dict], over: list[str], panel: str, *kept: str) -> dict[str, list[str]]:
    """The values of columns that a figure keeps to: those of the first group, and the average or a task.

    Methods are shown on the average, where any has one, even if others do not. Else it is the task with the most
    panels; of those with equally many the average goes first.
    """
    first = groups[0]
    alike = [group for group in groups if all(group[kind] == first[kind] for kind in kept)]
    panels = panels_by_task(alike, over, panel)
    widest = AVERAGE if panel == "method" and panels[AVERAGE] else max(panels, key=lambda task: len(panels[task]))
    return {kind: [first[kind]] for kind in kept} | {"task": [widest]}


def shows_labels(method: Method, asks: bool) -> bool:
    """Whether a method puts labels in prompts. asks: whether the grid does so where the method has no number."""
    return bool(method.shots and (method.shots.k or asks))


def figures_of(config: dict) -> dict[str, dict[str, list[str]]]:
    """By figure, which values of which columns it shows. Figures that have nothing to show are absent."""
    groups, methods, wanted = groups_of(config), study_methods(config["methods"]), config["figures"]
    over, spending_over = averaged_tasks(config), averaged_tasks(config, "spending")
    trained = [group for group in groups if not methods[group["method"]].prompts_only]
    # What is bought to be finetuned on, whatever the budget, is no split of one.
    splits = [group for group in trained if methods[group["method"]].finetune_on is None]
    figures = {}
    if splits:
        figures["spending"] = view(splits, spending_over, "method", "supervisor", "student")
        if len(config["tasks"]) > 1:
            figures["spending_tasks"] = {kind: [splits[0][kind]] for kind in MODELS}
        if len(config["supervisors"]) > 1:
            figures["spending_supervisors"] = view(splits, spending_over, "supervisor", "student", "method")
    # A method that only asks shows as many labels as the grid says, which may be none.
    asks = any(config["grid"]["shots"])
    in_prompts = [name for name, method in methods.items() if shows_labels(method, asks) and not method.selection]
    chosen = wanted["prompting_methods"] or [name for name in methods if name in ("sequential_sft", *in_prompts)]
    if prompted := [group for group in groups if group["method"] in {*chosen} & {*in_prompts}]:
        shown = view(prompted, averaged_tasks(config, "prompting"), "method", "supervisor", "student")
        figures["prompting"] = shown | {"method": chosen}
    method = wanted["scaling_method"] or (trained or groups)[0]["method"]
    compared = [group for group in groups if group["method"] == method]
    students = {
        (supervisor, task): found
        for supervisor in dict.fromkeys(group["supervisor"] for group in compared)
        for task, found in panels_by_task(
            [group for group in compared if group["supervisor"] == supervisor], over, "student"
        ).items()
    }
    supervisor, task = max(students, key=lambda place: len(students[place]))
    figures["scaling"] = {"supervisor": [supervisor], "task": [task], "method": [method]}
    return figures
