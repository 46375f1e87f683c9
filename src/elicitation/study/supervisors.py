"""The supervisors of a study: what writes weak labels, and what the labels of each depend on."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from elicitation.analysis.names import ABSTAINED, PAID
from elicitation.data.labels import is_pattern
from elicitation.errors import InputError, shown
from elicitation.study.columns import AGGREGATE, LEARNING, Column, ColumnEntry
from elicitation.study.composed import Joined, SecondLook, Tiers
from elicitation.study.servers import LabelServer
from elicitation.study.settings import CoherenceSearch
from elicitation.study.supervisor_base import Supervisor
from elicitation.study.tasks import ExportFormat, WordRule
from elicitation.study.values import (
    LIST,
    MAPPING,
    NUMBER,
    TEXT,
    Count,
    Natural,
    PriceOrFree,
    SomeText,
    Spelling,
    Text,
    any_kind,
    listed,
    mapping,
    may_be_absent,
    number,
    one_of,
    refusal,
)

MODEL = "Name of its model; by default its own name."
PRICE = (
    "Price of one of its labels (gold = 1, or in the study's `currency`), 0 if it is free; by default results are "
    "shown at `weak_prices`."
)


class ModelSupervisor(Supervisor):
    """A supervisor whose labels a model writes."""

    model: Text = may_be_absent(MODEL)

    @property
    def writer(self) -> str:
        """The name of its model."""
        return self.name if self.model is None else self.model

    @property
    def shots(self) -> int | None:
        """Examples in the prompt by which the model is asked; None where it is finetuned."""
        return None

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        # All other keys that it lacks would make it another kind.
        return f"{key} joins the columns of a table; add `columns`, or drop it."


class Finetuned(ModelSupervisor):
    """A model that is finetuned on the supervision set."""

    price: PriceOrFree = may_be_absent(PRICE)


class Prompted(ModelSupervisor):
    decided_by: ClassVar = ("prompted_shots",)
    prompted_shots: Natural = Field(
        description="Ask the model itself, with so many examples of the supervision set in the prompt (0 for none), "
        "instead of finetuning it."
    )
    price: PriceOrFree = may_be_absent(PRICE)

    @property
    def shots(self) -> int | None:
        return self.prompted_shots


class Coherent(ModelSupervisor):
    """A model whose labels are those that it finds most coherent, without any gold label."""

    decided_by: ClassVar = ("icm",)
    # Its labels are free.
    price: ClassVar[float] = 0.0
    icm: CoherenceSearch = Field(
        description="Label without any gold label and at no price, by a search for the labels that the model predicts "
        "best from each other (Internal Coherence Maximization)."
    )

    @property
    def shots(self) -> int:
        return 0

    @property
    def settings(self) -> dict:
        return {"name": self.name, "model": self.writer, "icm": self.icm.plain}

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return f"a search for labels (icm) takes no {key}; drop it."


class Remote(Supervisor):
    """A model behind an API that is asked for each label."""

    decided_by: ClassVar = ("api",)
    # One source is joined with none.
    aggregate: ClassVar = None
    api: LabelServer = Field(
        description="Ask a model behind an API, on a server that speaks OpenAI's chat completions (docs/how-to/api.md)."
    )
    prompted_shots: Natural = Field(
        0,
        description="How many examples of the supervision set it is shown with their gold labels before each text; 0 "
        "for none.",
    )
    price: PriceOrFree = may_be_absent(
        f"{PRICE} `elicitation estimate` says beforehand, and `results/label_quality.csv` afterwards, what a label "
        "costs in US dollars."
    )
    others: Literal["refuse", "drop"] = Field(
        "refuse",
        description="Whether texts are refused for which the model gives neither label, or left without a weak label; "
        "both count them.",
    )

    @property
    def shots(self) -> int:
        """Examples that it is shown before each text."""
        return self.prompted_shots

    @property
    def settings(self) -> dict:
        # Nor do prices.
        asked = self.api.model_dump(exclude={"prices"})
        return {"name": self.name, "prompted_shots": self.prompted_shots, "others": self.others, "api": asked}

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return f"a model behind an API takes no {key}; drop it (its own settings stand under `api`)."


class Derived(Supervisor):
    """A supervisor whose labels are made from another's and from the gold labels of all texts, for research."""

    # The supervisors that it cannot be made from, and what a sentence says that the other one must be.
    not_from: ClassVar[type[Supervisor]]
    must_be: ClassVar[str]

    @property
    def source(self) -> str:
        """The name of that other supervisor."""
        return getattr(self, self.decided_by[0])


class Shuffled(Derived):
    decided_by: ClassVar = ("shuffle_errors_of",)
    must_be: ClassVar = "unshuffled"
    shuffle_errors_of: Text = Field(
        description="A control; as many and as large errors as this supervisor makes, but spread over the examples at "
        "random."
    )

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return "shuffle_errors_of stands alone; drop the other keys."


class DrawnErrors(Derived):
    decided_by: ClassVar = ("errors_of", "error_rate")
    must_be: ClassVar = "made from no other"
    errors_of: Text = Field(
        description="For research; some of the errors of this supervisor, drawn at random, with all other labels "
        "corrected, so that errors of different kinds can be compared at one rate. Of one rater (`raters: 1`) the "
        "label of a text is wrong the more likely the more of its raters are."
    )
    error_rate: number(gt=0, lt=0.5) = Field(
        description="The share of its labels that are wrong, in the pool and in the test set; at most that of the "
        "supervisor in `errors_of`, or of the texts on which any rater errs."
    )

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return "errors_of takes error_rate alone; drop the other keys."


class Columns(Supervisor):
    decided_by: ClassVar = ("columns",)
    columns: mapping(Column, one_of({NUMBER: PriceOrFree, MAPPING: ColumnEntry}), min_length=1) = Field(
        description="Instead of a model, the weak labels of a `table`; its columns, each with the price of one of its "
        "labels (gold = 1, or in the study's `currency`; 0 if it is free) or with more that there is to say. `ann*` "
        "names all columns that begin so (`?` is one character) and have no entry of their own. Results are shown at "
        "what the votes cost on average for each example that has any."
    )
    labels: mapping(Spelling, Literal[0, 0.5, 1], min_length=1) = may_be_absent(
        "The label of each value of these columns, as in `{spam: 1, ham: 0, unclear: 0.5}`, where 0.5 says neither; "
        "numbers that it does not name stay probabilities."
    )
    others: Literal["refuse", "drop"] = Field(
        "refuse", description="Whether a value that is no label is refused, or taken for none."
    )
    missing: listed(Spelling, min_length=1) = may_be_absent(
        "Further values of these columns that stand for none, as in `[-1]`."
    )
    threshold: number(gt=0, lt=1) = may_be_absent(
        "Probability above which these columns say label 1, where that is not 0.5; scores of language models are often "
        "no probabilities. Probabilities are stretched so that it lies at 0.5, and 0 and 1 stay. Choose it by gold "
        "labels that do not test (docs/how-to/own-study.md#scores-that-are-no-probabilities)."
    )
    gaps: Literal["abstained", "paid", "not_asked"] = Field(
        ABSTAINED,
        description="Why texts have no label of these columns; `abstained`: nothing could be said of them, so the weak "
        "labels as they are count as half right there; `paid`: the same, but the source was paid for saying nothing, "
        "so these texts have the label 0.5 and its price; `not_asked`: nobody asked yet, so their score is that on the "
        "texts that have one. Answers say which it is, and the other number. Labels that are composed of these take it "
        "over; changing it trains nothing, unless from or to `paid`.",
    )
    worker: SomeText = may_be_absent(
        "Column that says who votes, where the table has one row for each vote; all votes of a text are joined."
    )
    files: one_of({TEXT: SomeText, LIST: listed(SomeText, min_length=1)}) = may_be_absent(
        "Files in which the labels stand instead, beside a column of the table's `id` or those of its text; one, or a "
        "list, or a pattern such as `votes/*.csv`. Where there are several, each is an annotator's, who is called like "
        "the file."
    )
    format: ExportFormat = may_be_absent("Tool that exported the files, as of a task's `format`.")
    aggregate: Literal["mean", "majority", "dawid_skene", "mace"] = may_be_absent(AGGREGATE)

    @property
    def file_patterns(self) -> list[str]:
        """The files in which its labels stand; none if they stand in the table."""
        return [self.files] if isinstance(self.files, str) else self.files or []

    @property
    def has_votes(self) -> bool:
        """Whether a cell holds several votes."""
        return any(isinstance(entry, ColumnEntry) and entry.votes for entry in self.columns.values())

    @model_validator(mode="after")
    def check_single_column(self) -> Self:
        """Refuse several columns where the voters of one are to be joined, and what tells these apart twice."""
        several = len(self.columns) > 1 or any(is_pattern(name) for name in self.columns)
        if self.worker is not None and several:
            raise refusal("names who votes in one column; give a single column.", "worker")
        if self.files is not None and several:
            raise refusal("hold one column of labels each; give a single column.", "files")
        if self.has_votes and several:
            raise refusal("with `votes`, one column holds all votes; give a single column.", "columns")
        if self.has_votes and (self.worker is not None or self.several_files):
            raise refusal(
                "with `votes`, a cell holds all votes for a text; drop `worker` and all but one file.", "columns"
            )
        if self.gaps == PAID and (self.worker is not None or self.has_votes):
            raise refusal("with several votes in a row or column, write 0.5 for each that was paid for.", "gaps")
        if self.format is not None and self.files is None:
            raise refusal("is that of `files`; give these, or move it to the task, whose table it is of.", "format")
        return self

    @property
    def several_files(self) -> bool:
        return len(self.file_patterns) > 1 or any(map(is_pattern, self.file_patterns))

    @model_validator(mode="after")
    def check_aggregate(self) -> Self:
        several = len(self.columns) > 1 or any(is_pattern(name) for name in self.columns)
        several = several or self.worker is not None or self.has_votes or self.several_files
        if self.has_votes and self.aggregate not in (None, "mean", "majority"):
            raise refusal(
                f"{self.aggregate} learns how often each annotator errs, but the votes in a cell have no names; choose "
                "majority or mean, or give each annotator a column."
            )
        if not several and self.aggregate:
            raise refusal("one column needs no aggregate; drop it.")
        if several and not self.aggregate:
            raise refusal("several columns or workers must be joined; add `aggregate`.")
        return self

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return "columns have no model; drop the other keys."

    def found_in(self, table: Sequence[str], task: str) -> dict[str, float | ColumnEntry]:
        """The entry of each column among those of a task's table; InputError if a pattern fits none of them."""
        found = {name: entry for name, entry in self.columns.items() if name in table or not is_pattern(name)}
        taken = {*found}
        for pattern, entry in self.columns.items():
            if pattern in taken:
                continue
            fitting = [name for name in table if name not in found and fnmatchcase(name, pattern)]
            if not fitting:
                raise InputError(
                    f"Config, supervisors[{self.name}].columns: no column of the table of {task!r} fits "
                    f"{pattern!r}; it has {shown(list(table))}."
                )
            found |= dict.fromkeys(fitting, entry)
        return found

    def settings_of(self, table: Sequence[str], task: str) -> list[dict]:
        """Its columns among those of a task's table, as elicitation.data.labels.column_of reads them."""
        shared = {"labels": self.labels, "others": self.others, "missing": self.missing, "worker": self.worker}
        shared |= {"files": self.file_patterns or None, "format": self.format, "threshold": self.threshold}
        shared |= {"paid": True} if self.gaps == PAID else {}
        settings = []
        for name, entry in self.found_in(table, task).items():
            own = {} if isinstance(entry, (int, float)) else entry.plain
            one = {"name": name, "column": own.get("label", name), **shared, "confidence": own.get("confidence")}
            one |= {"percent": own.get("percent", False), "votes": own.get("votes") or None}
            settings.append({key: value for key, value in one.items() if value is not None})
        return settings

    def priced(self, of: Callable[[float], float]) -> Self:
        columns = {
            name: of(entry) if isinstance(entry, (int, float)) else entry.model_copy(update={"price": of(entry.price)})
            for name, entry in self.columns.items()
        }
        return self.model_copy(update={"columns": columns})

    def prices_in(self, table: Sequence[str], task: str) -> dict[str, float]:
        """The price of a label of each of its columns among those of a task's table."""
        found = self.found_in(table, task).items()
        return {name: entry if isinstance(entry, (int, float)) else entry.price for name, entry in found}


class Raters(Supervisor):
    decided_by: ClassVar = ("raters",)
    raters: Count = Field(
        description="Instead of a model, so many drawn ratings of each text of a task with `ratings`; a label costs so "
        "many shares of the panel."
    )
    aggregate: Literal["mean", "majority", "dawid_skene", "mace"] = may_be_absent(AGGREGATE)

    @model_validator(mode="after")
    def check_aggregate(self) -> Self:
        if self.aggregate in LEARNING:
            raise refusal(
                f"{self.aggregate} learns how often each person errs, but the raters have no names; choose majority or "
                "mean."
            )
        if self.raters == 1 and self.aggregate:
            raise refusal("one rater needs no aggregate; drop it.")
        if self.raters > 1 and not self.aggregate:
            raise refusal("several ratings must be joined; add `aggregate`, majority or mean.")
        return self

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return "raters have no model and no columns; drop the other keys."


class Ruled(Supervisor):
    decided_by: ClassVar = ("rule",)
    # One source is joined with none.
    aggregate: ClassVar = None
    rule: WordRule = Field(description="Instead of a model, a rule on what supervisors read of a text.")
    price: PriceOrFree = may_be_absent(PRICE)

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return "a rule has no model, no columns and no raters; drop the other keys."


Shuffled.not_from, DrawnErrors.not_from = Shuffled, Derived
# Those that only join, draw or look for words go first, since they have no model.
Supervisor.kinds = (
    Raters,
    Columns,
    Shuffled,
    DrawnErrors,
    Joined,
    Tiers,
    SecondLook,
    Ruled,
    Remote,
    Coherent,
    Prompted,
    Finetuned,
)
# Those that learn from the supervision set, or may.
Learning = ModelSupervisor | Remote
# Those whose labels have no price unless the study or their entry says one.
Unpriced = Learning | Ruled
AnySupervisor = one_of({TEXT: Text, MAPPING: any_kind(Supervisor, "")})
