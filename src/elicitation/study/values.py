"""What the keys of a study may hold: the types that its models are made of, and the sentences that refuse the rest.

A refusal is raised as pydantic's error with the words that stand behind the place: what is wrong, and the fix.
"""

import math
import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WrapValidator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from elicitation.errors import join_words, must_be, nearest, repeated, shown
from elicitation.study.reading import LARGEST

# The kinds of values, as sentences call them.
TEXT, WHOLE, NUMBER, FLAG, LIST, MAPPING, NULL = (
    "text",
    "a whole number",
    "a number",
    "true or false",
    "a list",
    "a mapping (key: value)",
    "null",
)
KINDS = {TEXT: str, WHOLE: int, NUMBER: (int, float), FLAG: bool, LIST: list, MAPPING: dict, NULL: type(None)}
# The limits of prices, in gold labels or the study's currency. Beyond these, costs of purchases would leave what a
# number of the tables can hold.
SMALLEST_PRICE, LARGEST_PRICE = 1e-12, 1e12
# How a number looks that YAML reads as text.
THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}", re.ASCII)
WITH_COMMA = re.compile(r"[-+]?\d*,\d+", re.ASCII)
LIKE_A_NUMBER = re.compile(r"[-+.\d]+(e[-+]?\d+)?", re.IGNORECASE)


def refusal(says: str, key: str = "") -> PydanticCustomError:
    """The error whose sentence ends with these words, behind the place where it is raised, or a key of that place."""
    return PydanticCustomError("refusal", "{says}", {"says": says, "key": key})


def is_of(value: Any, kind: str) -> bool:
    """Whether the value is of the kind, given or validated. Neither truth values nor NaN and infinity are numbers."""
    if kind in (WHOLE, NUMBER):
        return isinstance(value, KINDS[kind]) and not isinstance(value, bool) and math.isfinite(value)
    if kind == MAPPING:
        return isinstance(value, (dict, Section))
    return isinstance(value, KINDS[kind])


def fix_of(value: Any, kinds: tuple[str, ...]) -> str:
    """What YAML may have read otherwise than it was meant."""
    if TEXT in kinds and isinstance(value, (bool, int, float)):
        return "; put it in quotes"
    if NUMBER in kinds and TEXT not in kinds and isinstance(value, str) and WITH_COMMA.fullmatch(value):
        thousands = f"{value.replace(',', '')}, or " if THOUSANDS.fullmatch(value) else ""
        return f"; write {thousands}{value.replace(',', '.')} with a point"
    if kinds == (NUMBER,) and isinstance(value, str) and LIKE_A_NUMBER.fullmatch(value):
        return "; write it without quotes and with a point, like 1.0e-3"
    return ""


def too_large(value: Any, kinds: tuple[str, ...]) -> bool:
    """Whether the value is a number that no machine holds, given as such or as what YAML reads as text.

    That is more than 64 bits, or beyond the largest float.
    """
    if isinstance(value, str) and TEXT not in kinds and LIKE_A_NUMBER.fullmatch(value):
        try:
            return math.isinf(float(value))
        except ValueError:
            return False
    return isinstance(value, int) and abs(value) > LARGEST


def of_kind(*kinds: str) -> BeforeValidator:
    """Accepts values of these kinds; a float that is whole becomes an integer where a whole number is wanted."""

    def check(value: Any) -> Any:
        if WHOLE in kinds and isinstance(value, float) and value.is_integer():
            value = int(value)
        if {WHOLE, NUMBER} & {*kinds} and too_large(value, kinds):
            raise refusal(f"{shown(value)} is larger than any number that a machine can hold; write a smaller one.")
        if not any(is_of(value, kind) for kind in kinds):
            raise refusal(f"{must_be(value, ' or '.join(kinds))}{fix_of(value, kinds)}.")
        return value

    return BeforeValidator(check)


def as_given(value: Any, check: Callable) -> Any:
    """The number itself once it is checked: an integer stays one where any number will do."""
    check(value)
    return value


def once(values: list) -> list:
    """The list, unless something stands in it twice."""
    if (twice := repeated(values)) is not None:
        raise refusal(f"{shown(twice)} stands twice; remove one.")
    return values


def mapping(key: Any, value: Any, **limits) -> Any:
    return Annotated[dict[key, value], Field(**limits), of_kind(MAPPING)]


def text(**limits) -> Any:
    return Annotated[str, Field(**limits), of_kind(TEXT)]


def like(pattern: str, what: str, **limits) -> Any:
    """Text that fits a pattern from its beginning to its end; what: what such a text is."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise refusal(f"{must_be(value, what)}.")
        return value

    return Annotated[
        str, Field(json_schema_extra={"pattern": f"^{pattern}$"}, **limits), AfterValidator(check), of_kind(TEXT)
    ]


def whole(**limits) -> Any:
    return Annotated[int, Field(**limits), of_kind(WHOLE)]


def number(**limits) -> Any:
    return Annotated[float, Field(**limits), WrapValidator(as_given), of_kind(NUMBER)]


def listed(item: Any, **limits) -> Any:
    return Annotated[list[item], Field(**limits), of_kind(LIST)]


def distinct(item: Any, **limits) -> Any:
    """A list in which nothing stands twice."""
    return Annotated[
        list[item], Field(json_schema_extra={"uniqueItems": True}, **limits), AfterValidator(once), of_kind(LIST)
    ]


def one_of(kinds: dict[str, Any]) -> Any:
    """A value of one of several kinds, each with its own limits."""

    def which(value: Any) -> str | None:
        kind = next((kind for kind in kinds if is_of(value, kind)), None)
        return f"<{kind}>"

    return Annotated[
        Union[tuple(Annotated[inner, Tag(f"<{kind}>")] for kind, inner in kinds.items())],  # noqa: UP007
        Discriminator(which),
        of_kind(*kinds),
    ]


def or_word(kind: Any, word: str) -> Any:
    """A value of the kind, which is no text, or this one word."""

    def which(value: Any) -> str:
        return "<word>" if isinstance(value, str) and not LIKE_A_NUMBER.fullmatch(value) else "<kind>"

    return Annotated[Annotated[kind, Tag("<kind>")] | Annotated[Literal[word], Tag("<word>")], Discriminator(which)]


def optional(kind: Any, of: str) -> Any:
    """The kind or null. of: what sentences call the kind."""
    return Annotated[kind | None, of_kind(of, NULL)]


def may_be_absent(description: str, alias: str | None = None) -> Any:
    """A key without a default: None where it is absent, and then in no dump; null itself is refused."""
    return Field(default=None, exclude_if=lambda value: value is None, description=description, alias=alias)


def not_tiny(price: float) -> float:
    """The price, unless it is too small for one above 0."""
    if 0 < price < SMALLEST_PRICE:
        raise refusal(f"{shown(price)} must be 0, or at least {SMALLEST_PRICE:g}.")
    return price


Text, Flag = text(), Annotated[bool, of_kind(FLAG)]
SomeText = text(min_length=1)
Count = whole(ge=1)
Natural = whole(ge=0)
Positive = number(gt=0)
Share = number(ge=0, le=1)
# Of a label.
Price = number(ge=SMALLEST_PRICE, le=LARGEST_PRICE)
# The same of labels that may be free, as those of a rule, or of a column that is there anyway.
PriceOrFree = Annotated[number(ge=0, le=LARGEST_PRICE), AfterValidator(not_tiny)]
Names = distinct(Text, min_length=1)
Shares = distinct(Share, min_length=1)
# Pairs of [weak labels, gold labels].
Purchases = distinct(listed(Natural, min_length=2, max_length=2), max_length=1000)
SomePurchases = distinct(listed(Natural, min_length=2, max_length=2), min_length=1, max_length=1000)
# A value that stands in a table; JSON and YAML may write it as a number.
Spelling = Annotated[str, BeforeValidator(str, json_schema_input_type=str | int), of_kind(TEXT, WHOLE)]
BEGINNING = "and begin with a letter or a digit"
SmallName = like("[a-z0-9][a-z0-9_-]*", f"made of small letters, digits, - and _, {BEGINNING}", max_length=100)
Name = like("[a-zA-Z0-9][a-zA-Z0-9._-]*", f"made of letters, digits, ., - and _, {BEGINNING}", max_length=100)
Sha256 = like("[0-9a-f]{64}", "a hash of 64 hexadecimal digits")


class Section(BaseModel):
    """A part of a study with fixed keys. It cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def refuse_other_keys(cls, given: Any) -> Any:
        """First, since a misspelt key is the reason for one that is missing."""
        if isinstance(given, dict):
            for key in given:
                if key not in cls.known_keys():
                    raise refusal(cls.says_of_other(key))
        elif not isinstance(given, cls):
            raise refusal(f"{must_be(given, MAPPING)}.")
        return given

    @classmethod
    def says_of_other(cls, key: Any) -> str:
        """What is wrong with a key that the section does not have."""
        return f"unknown key {shown(key)}{nearest(str(key), list(cls.known_keys()))}"

    @classmethod
    def known_keys(cls) -> dict[str, FieldInfo]:
        """The keys of the section, as they stand in a study."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}

    @property
    def plain(self) -> dict:
        """The section as jobs and records see it: plain values, with the defaults of what is absent."""
        return self.model_dump(by_alias=True)


class Kind(Section):
    """One of the kinds that a section comes in, which is told by the keys that stand there."""

    # All kinds of the section, the first that fits before others; set once they are defined.
    kinds: ClassVar[tuple[type["Kind"], ...]] = ()
    # The keys of which any makes the section this kind; without them it is what the section is by default.
    decided_by: ClassVar[tuple[str, ...]] = ()
    # How a sentence begins that says what this kind does not take.
    takes: ClassVar[str]

    @classmethod
    def says_of_other(cls, key: Any) -> str:
        known = dict.fromkeys(name for kind in cls.kinds for name in kind.known_keys())
        if key in known:
            return cls.says_of_foreign(key)
        return f"unknown key {shown(key)}{nearest(str(key), list(known))}"

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        """What is wrong with a key that only other kinds have."""
        if any(key in kind.decided_by for kind in cls.kinds):
            return f"{join_words({key, cls.decided_by[0]}, 'and')} exclude each other; give exactly one."
        return f"{cls.takes} no {key}; drop it."


def any_kind(base: type[Kind], undecided: str, *validators: Any) -> Any:
    """A section of whichever of the kinds of `base` its keys decide. undecided: what is said where they decide none."""

    def which(given: Any) -> str | None:
        if isinstance(given, Kind):
            return f"<{type(given).__name__}>"
        found = (kind for kind in base.kinds if not kind.decided_by or any(key in given for key in kind.decided_by))
        return next((f"<{kind.__name__}>" for kind in found), None)

    def decide(given: Any) -> Any:
        if which(given) is None:
            raise refusal(undecided)
        return given

    return Annotated[
        Union[tuple(Annotated[kind, Tag(f"<{kind.__name__}>")] for kind in base.kinds)],  # noqa: UP007
        Discriminator(which),
        BeforeValidator(decide),
        *validators,
        of_kind(MAPPING),
    ]
