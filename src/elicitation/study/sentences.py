"""The sentence for what pydantic finds wrong with a study: where, what, and the fix."""

import re
from ast import literal_eval
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from elicitation.errors import MAX_SHOWN, join_words, must_be, shown

# The name of a kind of section or value in the places that pydantic reports; and what it calls a mapping's key.
NO_KEY = re.compile(r"<.*>|\[key\]")
LIMITS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def sentence(error: ValidationError, config: Any) -> str:
    """The sentence about the error that stands highest in the config, of equally high ones the first."""
    worst = min(error.errors(include_url=False), key=lambda one: len(place_and_words(one)[0]))
    place, words = place_and_words(worst)
    return f"Config, {shown_place(place, config)}: {words}"


def place_and_words(error: ErrorDetails) -> tuple[list[str | int], str]:
    """The steps to the value that is wrong, and what is said of it."""
    place = [step for step in error["loc"] if not (isinstance(step, str) and NO_KEY.fullmatch(step))]
    if error["loc"] and error["loc"][-1] == "[key]":
        place.pop()
    words = says_of(error)
    if error["type"] == "missing":
        place.pop()
    elif key := error.get("ctx", {}).get("key"):
        place.append(key)
    return place, words


def shown_place(place: Sequence[str | int], config: Any) -> str:
    """A place with entries called by their names, as in `tasks[sst2].hub`."""
    text, value = "", config
    for step in place:
        value = step_into(value, step)
        if isinstance(step, int):
            name = value.get("name") if isinstance(value, dict) else None
            text += f"[{name if isinstance(name, str) and len(name) < MAX_SHOWN else step}]"
        else:
            text += f".{step}"
    return text.lstrip(".") or "the top level"


def step_into(value: Any, step: str | int) -> Any:
    """What stands at a step, or None where that comes from elsewhere, as from a catalogue."""
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def says_of(error: ErrorDetails) -> str:
    """What is wrong with a value, and the fix."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    match kind:
        case "refusal":
            return context["says"]
        case "missing":
            return f"the key {error['loc'][-1]!r} is missing; add it."
        case "literal_error":
            return f"{must_be(value, join_words(choices(context['expected']), 'or'))}."
        case "too_short" if isinstance(value, dict):
            return "the mapping is empty; add a key."
        case "too_short":
            return f"the list needs at least {context['min_length']}, but has {len(value)}; add some."
        case "too_long":
            return f"the list takes at most {context['max_length']}, but has {len(value)}; drop some."
        case "string_too_short":
            return "the text is empty; write one."
        case "string_too_long":
            return f"{shown(value)} is longer than {context['max_length']} characters; shorten it."
        case "multiple_of":
            return f"{must_be(value, 'a multiple of ' + str(context['multiple_of']))}."
        case _ if kind in LIMITS:
            limit, words = LIMITS[kind]
            return f"{must_be(value, f'{words} {context[limit]:g}')}{comma_fix(error, context[limit])}."
    return f"{must_be(value, 'otherwise')} ({error['msg']})."


def comma_fix(error: ErrorDetails, limit: float) -> str:
    """What a whole number beyond the limit of a list of any numbers may come from: in a list a comma ends a number."""
    in_list = error["loc"] and isinstance(error["loc"][-1], int)
    decimal_comma = in_list and isinstance(limit, float) and isinstance(error["input"], int)
    return "; write decimals with a point, as in 0.5" * decimal_comma


def choices(expected: str) -> set:
    """The values that pydantic lists as "'a', 'b' or None"."""
    return {literal_eval(word) for word in re.split(", | or ", expected)}
