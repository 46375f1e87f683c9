"""A study: all that its file says, and what follows from that, each computed once and nowhere else."""

from functools import cached_property
from itertools import chain
from typing import Literal, Self

from pydantic import Field, model_validator

from elicitation.analysis.names import student_and_cue
from elicitation.buying.amounts import CURRENCIES, CURRENCY, Money
from elicitation.buying.methods import FEW, Method
from elicitation.buying.purchases import Supply, full_supply
from elicitation.data.own_labels import table_columns
from elicitation.data.table_survey import Survey, survey_table
from elicitation.study.gold_noise import noise_of
from elicitation.study.grid import Blocks, Group, as_runs, made_blocks, planned_blocks
from elicitation.study.models import AnyModel, Model, OwnModel, TruncatedModel
from elicitation.study.plan import Plan
from elicitation.study.prices import price_of_ratings, prices_of, shown_budgets
from elicitation.study.settings import Figures, Inference, Labelling, SomeTasks, Supervision, Training, Tuning
from elicitation.study.supervisor_base import Supervisor
from elicitation.study.supervisors import (
    Columns,
    Derived,
    DrawnErrors,
    ModelSupervisor,
    Remote,
    Ruled,
    Shuffled,
)
from elicitation.study.tasks import SandboxTask, TableTask, Task
from elicitation.study.values import (
    TEXT,
    Count,
    Flag,
    Price,
    Section,
    SmallName,
    SomeText,
    Text,
    distinct,
    like,
    listed,
    may_be_absent,
    optional,
    refusal,
)
from elicitation.study.views import figures_of
from elicitation.study.warnings import warnings_of

Currency = like(CURRENCY, CURRENCIES)


class Setup(Section):
    """Where models run, and where all comes from."""

    study: SmallName = Field(
        description="Name of the study, which is written into every record: small letters, digits, - and _."
    )
    device: Literal["cpu", "cuda"] = Field(description="Where models run. There is no fallback from one to the other.")
    precision: Literal["float32", "bfloat16", "native", None] = Field(
        None,
        description="What models compute in: `float32`, `bfloat16`, or `native`, which is bfloat16 where the machine "
        "computes it itself and else float32. Adapters, head and optimizer are float32 in any case. `null` is float32 "
        "for `device: cpu`, bfloat16 for `device: cuda`.",
    )
    jobs_per_gpu: Count = Field(
        1,
        description="How many jobs may share a GPU of a machine, while others wait; changes no result. A machine's own "
        "profile may set it (entry `config`, item `jobs_per_gpu=2`).",
    )
    sources: Literal["hub", "local"] = Field(
        description="`hub` downloads the pinned revisions of tasks and models; `local` reads their `local` paths "
        "instead."
    )
    data_folder: optional(Text, TEXT) = Field(
        None,
        description="Folder that the tasks' relative `local` and `table` paths start from; `null` is the working "
        "directory.",
    )
    ratings_archive: optional(SomeText, TEXT) = Field(
        None,
        description="Copy of the archive that tasks with `ratings` are made of, PyPI's vaderSentiment-3.3.2.tar.gz, "
        "for machines without a package index; `null` downloads it by pip.",
    )
    models: listed(AnyModel, min_length=1) = Field(description="The models, one entry each.")


class Study(Plan, Setup):
    """What a study file holds. Rules ask it by wildcards, as in `study.task(wildcards).prompt`."""

    average_over: SomeTasks = Field([], description="Tasks that averages are taken over; by default all.")
    figures: Figures = Field(
        Figures(),
        description="What single figures show, where it differs from the rest; changing it trains nothing.",
    )
    weak_prices: distinct(Price, min_length=1) = may_be_absent(
        "Prices of a weak label that results are shown at; changing them trains nothing. Required where a model writes "
        "weak labels; columns of a table, raters, and models behind an API that say their `price` have their own."
    )
    currency: Currency = may_be_absent(
        "Currency of all prices of the study, which are then shown in it, as are costs and budgets in every answer; "
        "wants `gold_price`. Without it prices are in gold labels. `grid.budgets` are in gold labels in any case."
    )
    gold_price: Price = may_be_absent("Price of a gold label in that currency.")
    texts_to_label: Count = may_be_absent(
        "How many texts are to have a label in the end, those of the table among them; answers are for so many, unless "
        "they name another number. Without it they are for any number."
    )
    budget: Price = may_be_absent(
        "What you have to spend on labels, in the study's `currency`, else in gold labels; answers begin with it. "
        "Without it they begin with the largest budget at which results are shown. It trains nothing, unlike "
        "`grid.budgets`."
    )
    inference: Inference = Field(
        Inference(), description="How uncertainty is found and what counts as decided (docs/explanation/posterior.md)."
    )
    training: Training = Field(
        Training(), description="How each stage of a student is trained (docs/explanation/methods.md)."
    )
    tuning: Tuning = Field(
        Tuning(),
        description="How the learning rate of students is found that say `learning_rate: tuned` "
        "(docs/explanation/methods.md).",
    )
    keep_weak_stages: Flag = Field(
        True,
        description="Whether adapters of weak stages stay on disk once their runs are done. Kept, they serve methods "
        "and budgets that are added later; without them, such ones may train finished runs again.",
    )
    supervision: Supervision = Field(Supervision(), description="How supervisors are finetuned.")
    labelling: Labelling = Field(Labelling(), description="How supervisors write weak labels.")

    @model_validator(mode="after")
    def check_currency(self) -> Self:
        if self.currency is not None and self.gold_price is None:
            raise refusal(f"prices are in {self.currency}, so say what a gold label costs, as in `gold_price: 3`.")
        if self.gold_price is not None and self.currency is None:
            raise refusal("says what a gold label costs; say in which currency, as in `currency: $`.", "gold_price")
        return self

    @model_validator(mode="after")
    def check_test_gold(self) -> Self:
        partly = [task.name for task in self.tasks if task.test_gold is not None]
        if partly and self.inference.measure != "accuracy":
            raise refusal(
                f"{self.inference.measure} needs the gold label of every test text; drop test_gold of {partly[0]!r}, "
                "or set `measure: accuracy`.",
                "inference.measure",
            )
        return self

    @property
    def money(self) -> Money:
        """What amounts are shown in."""
        return Money(self.currency or "", 1.0 if self.gold_price is None else self.gold_price)

    @property
    def invented(self) -> bool:
        """Whether data of any task are invented, so that no answer of the study is advice."""
        return any(isinstance(task, SandboxTask) for task in self.tasks)

    # What rules ask for, by their wildcards.

    def task(self, wildcards) -> Task:
        return self.task_named[wildcards.task]

    def model(self, wildcards) -> Model:
        return self.model_named[wildcards.model]

    def student(self, wildcards) -> Model:
        return self.model_of(wildcards.student)

    def supervisor(self, wildcards) -> Supervisor:
        return self.supervisor_named[wildcards.supervisor]

    def supervisor_model(self, wildcards) -> OwnModel:
        return self.model_named[self.supervisor(wildcards).writer]

    def method(self, wildcards) -> Method:
        return self.method_named[wildcards.method]

    def weak_stage(self, wildcards) -> Method:
        """The methods of a recipe up to the end of their weak stage."""
        return self.method_named[self.recipes[wildcards.recipe][0]].until_gold

    # What follows from the models and supervisors.

    @cached_property
    def model_named(self) -> dict[str, Model]:
        return {model.name: model for model in self.models}

    def model_of(self, reader: str) -> Model:
        """The model of a student, whatever its cue."""
        return self.model_named[student_and_cue(reader)[0]]

    def original(self, model: Model) -> Model:
        """The model that a truncated one is cut from, whose tokenizer it has; others are their own."""
        return self.model_named[model.truncate.model] if isinstance(model, TruncatedModel) else model

    def hardware(self, model: OwnModel) -> dict:
        """Where a model runs, as jobs see it: the settings of elicitation.models.hardware.Hardware."""
        return model.placement | {"device": self.device, "precision": self.precision}

    def gpus(self, model: OwnModel) -> int:
        """The GPUs that a job asks for in which a model runs."""
        return model.gpus if self.device == "cuda" else 0

    def labeller(self, name: str) -> Supervisor:
        """The supervisor whose labels another shows: itself, or the one from whose labels its own are made."""
        entry = self.supervisor_named[name]
        return self.labeller(entry.source) if isinstance(entry, Derived) else entry

    @cached_property
    def error_rates(self) -> dict[str, float]:
        """The error rate of each supervisor of which the study says it: of drawn errors, and of these shuffled."""
        named = self.supervisor_named
        drawn = {name: named[entry.source] if isinstance(entry, Shuffled) else entry for name, entry in named.items()}
        return {name: entry.error_rate for name, entry in drawn.items() if isinstance(entry, DrawnErrors)}

    def supervisors_of_kind(self, *kinds: type[Supervisor]) -> list[str]:
        """The names of the supervisors of these kinds."""
        return [name for name, entry in self.supervisor_named.items() if isinstance(entry, kinds)]

    def sources_of(self, name: str, needed: bool = False) -> list[str]:
        """The supervisors from whose labels those of a supervisor are composed, and from whose labels theirs are.

        needed: only those without whose label of a text it has none either.
        """
        entry = self.labeller(name)
        parts = [*(entry.needed if needed else entry.parts)]
        return [*parts, *chain.from_iterable(self.sources_of(part, needed) for part in parts)]

    def names_used(self, wildcard: str) -> set[str]:
        """The names by this wildcard in all runs, those of supervisors with the sources of composed labels."""
        names = {group.named[wildcard] for group in self.groups}
        composed = names & {*self.supervisor_named} if wildcard == "supervisor" else ()
        return names.union(*map(self.sources_of, composed))

    @cached_property
    def labelled(self) -> list[tuple[str, str]]:
        """The (task, supervisor) that weak labels are written for: of runs, and those that others are composed from."""
        runs = dict.fromkeys((group.task, group.supervisor) for group in self.groups)
        return list(dict.fromkeys([*runs, *((task, part) for task, name in runs for part in self.sources_of(name))]))

    def tasks_of(self, supervisor: str) -> list[Task]:
        """The tasks that a supervisor labels."""
        return [self.task_named[task] for task, name in self.labelled if name == supervisor]

    def readers(self, task: str, column: str) -> list[str]:
        """The models whose tokenizers say how long the texts in a column of a task's sets are."""
        entries = [self.supervisor_named[name] for labelled, name in self.labelled if labelled == task]
        names = [group.named["student"] for group in self.groups if group.task == task] if column == "text" else []
        if column == self.task_named[task].read_by_supervisors:
            names += [entry.writer for entry in entries if isinstance(entry, ModelSupervisor)]
        models = [self.model_named[name] for name in names]
        return list(dict.fromkeys(self.original(model).name for model in models if isinstance(model, OwnModel)))

    # What can be bought, and at what price.

    def columns_of(self, task: Task) -> dict[str, list[dict]]:
        """The settings of the columns of each supervisor that reads the task's table."""
        names = (name for labelled, name in self.labelled if labelled == task.name)
        entries = {name: self.supervisor_named[name] for name in names}
        return {
            name: entry.settings_of(self.columns_in(task), task.name)
            for name, entry in entries.items()
            if isinstance(entry, Columns)
        }

    def survey(self, task: TableTask) -> Survey:
        """What the task's table can give; InputError if it is unfit."""
        columns = self.columns_of(task)
        names = [name for labelled, name in self.labelled if labelled == task.name]
        read = {name: [self.labeller(name).name, *self.sources_of(name, needed=True)] for name in names}
        supervisors = {name: [source for source in sources if source in columns] for name, sources in read.items()}
        return survey_table(task.plain, self.data_folder, columns, supervisors)

    def columns_in(self, task: TableTask) -> list[str]:
        """The columns of a table that may hold weak labels."""
        columns = table_columns(task.plain, self.data_folder)
        return [column for column in columns if column != task.second_label]

    @cached_property
    def gold_noise(self) -> dict[str, float]:
        """The share of wrong gold labels by task, if that of any task is known. InputError if they say nothing."""
        found = {task.name: noise_of(self, task) for task in self.tasks}
        return found if any(found.values()) else {}

    @cached_property
    def pools(self) -> dict[str, Supply]:
        """What each task's pool can give to whoever labels all of its texts; InputError if a table is unfit."""
        return {
            name: self.survey(task).pool if isinstance(task, TableTask) else full_supply(task.pool_size)
            for name, task in self.task_named.items()
        }

    @cached_property
    def supplies(self) -> dict[tuple[str, str], Supply]:
        """What each task's pool can give to each of its supervisors; InputError if a table is unfit."""
        of = {task.name: self.survey(task).supplies for task in self.tasks if isinstance(task, TableTask)}
        return {(task, name): of[task][name] if task in of else self.pools[task] for task, name in self.labelled}

    @cached_property
    def prices(self) -> dict[str, list[float]]:
        """The prices of a weak label at which each supervisor's results are shown."""
        return prices_of(self)

    @cached_property
    def budgets(self) -> list[int]:
        """The budgets, in gold labels, at which results are shown."""
        return shown_budgets(self)

    def source_prices(self, name: str) -> dict[str, float | None]:
        """The price of a label of each column or rating that a supervisor joins, or of its one source."""
        entry = self.supervisor_named[name]
        if isinstance(entry, Columns):
            found = [entry.prices_in(self.columns_in(task), task.name) for task in self.tasks_of(name)]
            return {column: price for prices in found for column, price in prices.items()}
        if isinstance(entry, Remote):
            return {entry.api.model: entry.price}
        if isinstance(entry, Ruled):
            return {name: entry.price}
        if entry.parts:
            return {part: self.prices[part][0] for part in entry.parts}
        price = price_of_ratings(1, self.tasks_of(name))
        return {f"rating {place + 1}": price for place in range(entry.raters)}

    @cached_property
    def warnings(self) -> list[str]:
        """What is probably not meant, each a sentence with the fix."""
        return warnings_of(self)

    # What is run.

    @cached_property
    def planned(self) -> dict[Group, Blocks]:
        """The purchases of every block that a group has results of, the shared ones among them."""
        return planned_blocks(self.groups, self.combinations, self.method_named, self.supplies, self.spending)

    @cached_property
    def teams(self) -> dict[str, list[int]]:
        """As Spending.teams."""
        return self.spending.teams(self.training.seeds_together)

    @cached_property
    def made(self) -> dict[Group, Blocks]:
        """The purchases of every block that a job makes, each run once, by its maker."""
        return made_blocks(self.planned)

    @property
    def planned_runs(self) -> list[dict]:
        """Every run that a supervisor has results of, as grid.as_runs writes it."""
        return list(as_runs(self.planned))

    @property
    def made_runs(self) -> list[dict]:
        """As planned_runs, but with every run that supervisors or methods share once, under its maker's name."""
        return list(as_runs(self.made))

    @cached_property
    def recipes(self) -> dict[str, list[str]]:
        """The names of the methods that share a weak stage, by its name."""
        recipes = {}
        for name, method in self.method_named.items():
            if method.starts_weak:
                recipes.setdefault(method.recipe, []).append(name)
        return recipes

    def longest_examples(self, wildcards) -> dict:
        """The examples of the longest prompt that must fit a model: arguments of models.lengths.check_prompts.

        `wildcards.examples` is the name of Shots, or says how many examples of the `supervision` set are shown, or how
        many texts of the pool whose labels are `searched`.
        """
        number, source = wildcards.examples.split("-")
        if number != FEW:
            return {"source": source, "k": int(number), "asked": source in ("supervision", "searched")}
        numbers = [k for k in self.grid.shots if k]
        # Where prompts that do not fit are left out, those with the fewest examples must.
        return {"source": source, "k": (max if self.grid.beyond_context == "refuse" else min)(numbers), "asked": True}

    # What is shown.

    @cached_property
    def views(self) -> dict[str, dict[str, list[str]]]:
        """By figure, which values of which columns it shows. Figures that have nothing to show are absent."""
        return figures_of(self)

    def averaged(self, figure: str | None = None) -> list[str]:
        """The tasks that are averaged, in the `spending` or `prompting` figures or elsewhere."""
        own = getattr(self.figures, f"{figure}_over") if figure else []
        return own or self.average_over or list(self.task_named)
