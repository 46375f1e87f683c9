"""Which runs there should be: the part of a study that all of them follow from, whatever trains them."""

import sys
from functools import cached_property
from itertools import chain, product
from math import prod

from pydantic import Field

from elicitation.analysis.names import NO_CUE, with_cue
from elicitation.buying.methods import Method
from elicitation.buying.purchases import full_supply
from elicitation.errors import InputError
from elicitation.study.grid import Blocks, Group, Spending, as_runs, planned_blocks
from elicitation.study.methods import AnyMethod, methods_by_name
from elicitation.study.settings import Combination, ExtraSeeds, Grid, Seeds
from elicitation.study.supervisor_base import Supervisor
from elicitation.study.supervisors import AnySupervisor, Finetuned
from elicitation.study.tasks import AnyTask, Task
from elicitation.study.values import Names, Section, distinct, listed, may_be_absent

# The keys of a plan, in the order in which jobs see them.
KEYS = ("tasks", "supervisors", "students", "methods", "cues", "combinations", "grid", "seeds", "extra_seeds")
# Jobs, as Plan.rough_size counts them. Snakemake planned 26,000, about 16,000 by that count, in 3 minutes and 1 GB.
MOST_JOBS = 20_000


class Plan(Section):
    tasks: listed(AnyTask, min_length=1) = Field(description="The tasks, one entry each.")
    supervisors: distinct(AnySupervisor, min_length=1) = Field(
        description="What writes weak labels; a name alone is a model that is finetuned on the supervision set."
    )
    students: Names = Field(description="Names of the models that are elicited.")
    methods: distinct(AnyMethod, min_length=1) = Field(
        description="Names of the methods (docs/explanation/methods.md), or variants of them."
    )
    cues: Names = may_be_absent(
        "Cues by which students read the texts of tasks (`tasks[].cues`), `none` for the text as it is. By default all "
        "texts are read so. Students of several cues buy the same labels and differ in nothing else."
    )
    combinations: listed(Combination, min_length=1) = Field(
        [Combination()],
        description="What is run with what; each entry is the product of the names it gives (of all, where it gives "
        "none). By default everything with everything.",
    )
    seeds: Seeds = Field(description="Seeds; each draws its own purchases, heads and batches.")
    extra_seeds: ExtraSeeds = may_be_absent(
        "Further seeds for purchases whose smaller stage is so small that results vary much."
    )
    grid: Grid = Field(description="The purchases that are trained on.")

    @cached_property
    def task_named(self) -> dict[str, Task]:
        return {task.name: task for task in self.tasks}

    @cached_property
    def supervisor_named(self) -> dict[str, Supervisor]:
        return {
            entry.name: entry
            for given in self.supervisors
            # Whether a name alone is that of a model is checked with all other names.
            for entry in [Finetuned.model_construct(name=given) if isinstance(given, str) else given]
        }

    @cached_property
    def method_named(self) -> dict[str, Method]:
        return methods_by_name(self.methods)

    @property
    def cues_read(self) -> list[str]:
        """The cues by which the students read texts."""
        return self.cues or [NO_CUE]

    @property
    def cued_students(self) -> list[str]:
        """Every student with every cue, as groups call them."""
        return [with_cue(student, cue) for student, cue in product(self.students, self.cues_read)]

    @cached_property
    def spending(self) -> Spending:
        return Spending(self.grid, self.seeds, self.extra_seeds)

    @property
    def rough_size(self) -> int:
        """About how many jobs the study asks for, counted without listing them; some are shared or left out."""
        kinds = {
            "tasks": len(self.tasks),
            "supervisors": len(self.supervisors),
            "students": len(self.students),
            "methods": len(self.methods),
            "cues": len(self.cues_read),
        }
        blocks = 0
        for entry in self.combinations:
            groups = prod(len(getattr(entry, kind) or range(number)) for kind, number in kinds.items())
            blocks += groups * (len(entry.budgets or self.grid.budgets) + len(self.grid.more_purchases))
        seeds = len(self.spending.all_seeds)
        # Each task is prepared, ordered for each seed, labelled by supervisors that are trained, and read by students.
        return blocks * seeds + kinds["tasks"] * (1 + seeds + 2 * kinds["supervisors"] + len(self.cued_students))

    def check_size(self) -> None:
        """InputError if the study is too large to be planned."""
        if (jobs := self.rough_size) > MOST_JOBS:
            raise InputError(
                f"Config, the top level: the study asks for about {jobs:,} jobs (tasks, supervisors, students, "
                f"methods, budgets and seeds multiply), but at most {MOST_JOBS:,} can be planned; make several "
                "studies of it, each with some of the tasks or seeds."
            )

    @cached_property
    def groups(self) -> list[Group]:
        """The (task, supervisor, student, method) that the study runs."""
        names = {
            "tasks": list(self.task_named),
            "supervisors": list(self.supervisor_named),
            "students": self.students,
            "cues": self.cues_read,
            "methods": list(self.method_named),
        }
        chosen = ([getattr(entry, kind) or names[kind] for kind in names] for entry in self.combinations)
        found = chain.from_iterable(product(*kinds) for kinds in chosen)
        groups = (Group(task, by, with_cue(student, cue), method) for task, by, student, cue, method in found)
        return list(dict.fromkeys(groups))

    @cached_property
    def whole(self) -> dict[Group, Blocks]:
        """The purchases of every group and block, those too that a task's pool cannot serve."""
        endless = {(group.task, group.supervisor): full_supply(sys.maxsize) for group in self.groups}
        return planned_blocks(self.groups, self.combinations, self.method_named, endless, self.spending)

    @property
    def whole_runs(self) -> list[dict]:
        """Every run of `whole`, as grid.as_runs writes it."""
        return list(as_runs(self.whole))

    @property
    def plan(self) -> dict:
        """All that determines which runs there should be, as jobs see it; Plan is made of it again."""
        values = self.model_dump(include={*KEYS}, by_alias=True)
        return {key: values[key] for key in KEYS if key in values}
