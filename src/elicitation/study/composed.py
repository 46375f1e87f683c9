"""Supervisors that write no labels: theirs are composed from the labels of other supervisors of the study."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from elicitation.buying.prices import exact
from elicitation.study.supervisor_base import Supervisor
from elicitation.study.values import Text, distinct, mapping, number, refusal


class Composed(Supervisor):
    """A supervisor whose labels are made of those of others."""

    @property
    def settings(self) -> dict:
        return self.plain

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        return f"{cls.decided_by[0]} takes the labels and prices of other supervisors; drop {key}."


class Joined(Composed):
    decided_by: ClassVar = ("joined",)
    joined: distinct(Text, min_length=2) = Field(
        description="Names of other supervisors; each labels every text that is bought, and their labels are joined "
        "into one, which costs the sum of their prices. Where one of them has no label, nor has this supervisor."
    )
    aggregate: Literal["mean", "majority"] = Field(
        "mean",
        description="How the labels of other supervisors become one: `mean` of the probabilities, which is farthest "
        "from 1/2 where they agree, or `majority` of the votes.",
    )

    @property
    def parts(self) -> dict[str, float]:
        return dict.fromkeys(self.joined, 1)


class Tiers(Composed):
    decided_by: ClassVar = ("shares",)
    # What tables say of how its labels come from those of others.
    aggregate: ClassVar = "shares"
    shares: mapping(Text, number(gt=0, lt=1), min_length=1) = Field(
        description="Names of other supervisors, each with the share of the texts that it labels; which it is, is "
        "drawn once for each text. A label costs the mean of their prices by these shares, which sum to 1."
    )

    @model_validator(mode="after")
    def check_sum(self) -> Self:
        if (total := sum(map(exact, self.shares.values()))) != 1:
            raise refusal(f"they sum to {float(total):g}, but every text has one label; make them sum to 1.", "shares")
        return self

    @property
    def parts(self) -> dict[str, float]:
        return self.shares


class SecondLook(Composed):
    decided_by: ClassVar = ("first", "second", "second_share")
    aggregate: ClassVar = "second_look"
    first: Text = Field(
        description="Name of another supervisor, which labels all texts. Those of which it is least sure, or says "
        "nothing, have the label of `second` in place of its own."
    )
    second: Text = Field(description="Name of another supervisor, whose labels these texts have.")
    second_share: number(gt=0, lt=1) = Field(
        description="The share of the texts that have its label; where `first` says nothing of more texts, all these. "
        "Of texts of which `first` is equally sure some are drawn. A label costs that of `first`, and this share of "
        "one of `second`."
    )

    @model_validator(mode="after")
    def check_second(self) -> Self:
        if self.first == self.second:
            raise refusal(f"{self.second!r} is the first one too; name another supervisor.", "second")
        return self

    @property
    def parts(self) -> dict[str, float]:
        return {self.first: 1, self.second: self.second_share}

    @property
    def needed(self) -> list[str]:
        return [self.first]
