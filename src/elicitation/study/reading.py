"""Reading YAML: files without repeated keys, endless numbers or nesting beyond reason; what a command line gives."""

import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import Any

import yaml

from elicitation.errors import InputError, repeated, shown

# libyaml's loader is ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# How deeply lists and mappings may stand in one another, and how many values a file may hold with all aliases written
# out; the largest study of this project has 6 and 1,000.
MAX_DEPTH = 40
MAX_VALUES = 100_000
# What stands before a decimal comma.
WHOLE = re.compile(r"[-+]?\d+", re.ASCII)
# The largest whole number: what fits into 64 bits.
LARGEST = 2**63 - 1


def read_yaml(path: Path) -> dict:
    """The mapping in a YAML or JSON file; InputError, with one sentence, if it is none or beyond reason."""
    try:
        value = parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, ArithmeticError, yaml.YAMLError, RecursionError) as error:
        if isinstance(error, InputError):
            raise InputError(f"The study {path} {error}") from error
        raise InputError(f"The study {path} cannot be read ({error}); name a YAML file with a study.") from error
    if not isinstance(value, dict):
        raise InputError(f"The study {path} holds no keys; name a YAML file with a study.")
    return value


def parse(text: str) -> Any:
    """The value that a text of JSON or YAML is. Raises InputError, whose words stand behind a file's name."""
    try:
        return json.loads(text, object_pairs_hook=unrepeated, parse_float=held_float, parse_int=held_int)
    except (json.JSONDecodeError, RecursionError):
        return parse_yaml(text)


def parse_yaml(text: str) -> Any:
    depth = 0
    # Before anything is built of them, since that calls itself for each level.
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise InputError(
                f"nests lists and mappings more than {MAX_DEPTH} deep in line {event.start_mark.line + 1}; flatten "
                "them."
            )
    loader = LOADER(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        check_node(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def check_node(node: yaml.Node, sizes: dict[int, int]) -> int:
    """The number of values below a node, with aliases written out; sizes: of the nodes that are counted already.

    Raises InputError on a repeated key, a number that no machine can hold, or too many values.
    """
    if id(node) in sizes:
        return sizes[id(node)]
    # What holds itself has no end.
    sizes[id(node)] = MAX_VALUES
    size = 1
    if isinstance(node, yaml.MappingNode):
        check_commas(node)
        seen = set()
        for key, value in node.value:
            # What is merged by `<<` gives way to keys that stand there.
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
            if name in seen:
                raise InputError(
                    f"has the key {shown(key.value)} twice in one mapping, the second time in line "
                    f"{key.start_mark.line + 1}; drop one."
                )
            seen.add(name)
            size += check_node(key, sizes) + check_node(value, sizes)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(check_node(item, sizes) for item in node.value)
    else:
        check_number(node)
    if size > MAX_VALUES:
        raise InputError(
            f"holds more than {MAX_VALUES:,} values once its aliases are written out, or one that holds itself; "
            "shorten it."
        )
    sizes[id(node)] = size
    return size


def check_commas(node: yaml.MappingNode) -> None:
    """InputError if a number with a decimal comma stands in braces, where YAML ends it at the comma: `{llm: 0,3}`."""
    for (_, whole), (decimals, nothing) in pairwise(node.value if node.flow_style else []):
        parts = whole.value, decimals.value
        scalars = all(isinstance(part, str) for part in parts)
        if scalars and WHOLE.fullmatch(parts[0]) and parts[1].isdecimal() and nothing.value == "":
            line = decimals.start_mark.line + 1
            raise InputError(f"holds {','.join(parts)} in line {line}; write {'.'.join(parts)} with a point.")


def check_number(node: yaml.ScalarNode) -> None:
    """InputError if a scalar is a number that no machine can hold."""
    if node.tag == "tag:yaml.org,2002:int" and len(node.value) > len(str(LARGEST)):
        held_int(node.value, node.start_mark.line + 1)
    if node.tag == "tag:yaml.org,2002:float":
        digits = node.value.replace("_", "")
        if "inf" not in digits.lower() and ":" not in digits:
            held_float(digits, node.start_mark.line + 1)


def held_int(text: str, line: int | None = None) -> int:
    """The whole number; InputError if it has more than 64 bits."""
    if len(text) > len(str(-LARGEST)) or abs(int(text)) > LARGEST:
        raise InputError(endless(text, line))
    return int(text)


def held_float(text: str, line: int | None = None) -> float:
    """The number; InputError if it is beyond the largest float."""
    value = float(text)
    if math.isinf(value):
        raise InputError(endless(text, line))
    return value


def endless(text: str, line: int | None) -> str:
    where = "" if line is None else f" in line {line}"
    return (
        f"holds the number {shown(text)}{where}, which is larger than any that a machine can hold; write a smaller one."
    )


def unrepeated(pairs: list[tuple[str, Any]]) -> dict:
    """A mapping of JSON; InputError if a key stands twice."""
    if (twice := repeated(key for key, _ in pairs)) is not None:
        raise InputError(f"has the key {shown(twice)} twice in one mapping; drop one.")
    return dict(pairs)


def as_yaml(value: Any) -> Any:
    """What a command line gives, with every text that YAML reads as a number, a truth value or null read so."""
    if isinstance(value, Mapping):
        return {key: as_yaml(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_yaml(item) for item in value]
    # No YAML at all, or a number of thousands of digits, is refused where it stands.
    with suppress(ValueError, ArithmeticError, yaml.YAMLError, RecursionError):
        read = yaml.safe_load(value) if isinstance(value, str) else value
        return read if isinstance(read, (bool, int, float, NoneType)) else value
    return value


def with_overrides(config: Mapping, overrides: Mapping) -> dict:
    """The config whose values that `--config` gave are read as YAML; Snakemake has them in it already, as texts."""
    typed = {}
    for key, value in overrides.items():
        own = config.get(key)
        inner = isinstance(value, Mapping) and isinstance(own, Mapping)
        typed[key] = with_overrides(own, value) if inner else as_yaml(value)
    return {**config, **typed}
