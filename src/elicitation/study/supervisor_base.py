"""What all kinds of supervisors share."""

from collections.abc import Callable, Collection, Mapping
from typing import Self

from pydantic import Field

from elicitation.study.values import Kind, Name


class Supervisor(Kind):
    name: Name = Field(description="Name of the supervisor in paths and figures: letters, digits, ., - and _.")

    @property
    def settings(self) -> dict:
        """What its labels depend on, as jobs see it: no prices."""
        asked = {"name": self.name, "model": self.name, "prompted_shots": None, "shuffle_errors_of": None}
        return {key: value if getattr(self, key, None) is None else getattr(self, key) for key, value in asked.items()}

    @property
    def parts(self) -> Mapping[str, float]:
        """The supervisors that its labels are composed from, and how many labels of each it pays for, for one of its
        own on average. Most have none."""
        return {}

    @property
    def needed(self) -> Collection[str]:
        """Those of its parts without whose label of a text it has none either."""
        return self.parts

    def priced(self, of: Callable[[float], float]) -> Self:
        """The supervisor with other prices, which `of` makes of its own."""
        price = getattr(self, "price", None)
        return self.model_copy(update={"price": of(price)}) if price else self
