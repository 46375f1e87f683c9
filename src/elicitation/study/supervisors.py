"""The supervisors of a study: what writes weak labels, and what the labels of each depend on."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from elicitation.study.values import (
    MAPPING,
    TEXT,
    Count,
    Kind,
    Name,
    Natural,
    Price,
    Text,
    any_kind,
    like,
    mapping,
    may_be_absent,
    one_of,
    refusal,
)

Column = like(
    r"\w[\w ,.:;()+/%&'-]*",
    "made of letters, digits and, behind the first, spaces and any of ,.:;()+/%&'-_, as the name of a column",
    max_length=100,
)
AGGREGATE = (
    "How several columns or ratings become one label; `mean` of the probabilities or votes, `majority` of the votes, "
    "or `dawid_skene`, which weighs each column by its errors (estimated without gold labels; of columns only)."
)
MODEL = "Name of its model; by default its own name."


class Supervisor(Kind):
    name: Name = Field(description="Name of the supervisor in paths and figures: letters, digits, ., - and _.")

    @property
    def settings(self) -> dict:
        """What its labels depend on, as jobs see it: no prices."""
        asked = {"name": self.name, "model": self.name, "prompted_shots": None, "shuffle_errors_of": None}
        return {key: value if getattr(self, key, None) is None else getattr(self, key) for key, value in asked.items()}


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


class Prompted(ModelSupervisor):
    decided_by: ClassVar = ("prompted_shots",)
    prompted_shots: Natural = Field(
        description="Ask the model itself, with so many examples of the supervision set in the prompt (0 for none), "
        "instead of finetuning it."
    )

    @property
    def shots(self) -> int | None:
        return self.prompted_shots


class Shuffled(Supervisor):
    decided_by: ClassVar = ("shuffle_errors_of",)
    shuffle_errors_of: Text = Field(
        description="A control; as many and as large errors as this supervisor makes, but spread over the examples at "
        "random."
    )

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return "shuffle_errors_of stands alone; drop the other keys."


class Columns(Supervisor):
    decided_by: ClassVar = ("columns",)
    columns: mapping(Column, Price, min_length=1) = Field(
        description="Instead of a model, the weak labels of a `table`; its columns, each with the price of one of its "
        "labels (gold = 1). Results are shown at what the votes cost on average for each example that has any."
    )
    aggregate: Literal["mean", "majority", "dawid_skene"] = may_be_absent(AGGREGATE)

    @model_validator(mode="after")
    def check_aggregate(self) -> Self:
        if len(self.columns) == 1 and self.aggregate:
            raise refusal("one column needs no aggregate; drop it.")
        if len(self.columns) > 1 and not self.aggregate:
            raise refusal("several columns must be joined; add `aggregate`.")
        return self

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return "columns have no model; drop the other keys."


class Raters(Supervisor):
    decided_by: ClassVar = ("raters",)
    raters: Count = Field(
        description="Instead of a model, so many drawn ratings of each text of a task with `ratings`; a label costs so "
        "many shares of the panel."
    )
    aggregate: Literal["mean", "majority", "dawid_skene"] = may_be_absent(AGGREGATE)

    @model_validator(mode="after")
    def check_aggregate(self) -> Self:
        if self.aggregate == "dawid_skene":
            raise refusal(
                "dawid_skene learns how often each person errs, but the raters have no names; choose majority or mean."
            )
        if self.raters == 1 and self.aggregate:
            raise refusal("one rater needs no aggregate; drop it.")
        if self.raters > 1 and not self.aggregate:
            raise refusal("several ratings must be joined; add `aggregate`, majority or mean.")
        return self

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return "raters have no model and no columns; drop the other keys."


# Those that only join or draw go first, since they have no model.
Supervisor.kinds = (Raters, Columns, Shuffled, Prompted, Finetuned)
AnySupervisor = one_of({TEXT: Text, MAPPING: any_kind(Supervisor, "")})
