"""Templates of texts: words with names of columns in braces, as in `Subject: {subject}`.

Whatever stands in a pair of braces is a column's name, so columns may have any name without braces. `{{` and `}}` stand
for single braces.
"""

import re
from collections.abc import Mapping

from elicitation.errors import InputError

# A doubled brace, a name in braces, or a brace that stands alone.
PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def template_fields(template: str) -> list[str]:
    """The names in braces, in their order; InputError if a brace stands alone or no name stands in a pair of them."""
    fields = []
    for part in PART.finditer(template):
        if part[0] in ("{", "}"):
            raise InputError(f"a {part[0]!r} stands alone at character {part.start() + 1}")
        if part[1] is not None:
            if not part[1].strip():
                raise InputError(f"no name stands in the braces at character {part.start() + 1}")
            fields.append(part[1])
    return fields


def fill(template: str, values: Mapping[str, object]) -> str:
    """The template with the value of each column in the place of its name; KeyError if one is missing."""
    return PART.sub(lambda part: part[0][0] if part[1] is None else str(values[part[1]]), template)
