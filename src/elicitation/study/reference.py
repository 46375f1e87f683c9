"""What `make docs` writes from the study's models: the JSON schema for editors, and docs/reference/config.md."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from elicitation.study.catalogue import PARTS
from elicitation.study.models import Model
from elicitation.study.reading import read_yaml
from elicitation.study.study import Study
from elicitation.study.supervisor_base import Supervisor
from elicitation.study.tasks import Task

ROOT = Path(__file__).parents[3]
SCHEMA_FILE = ROOT / "workflow/schemas/config.schema.json"
CONFIG_FILE = ROOT / "docs/reference/config.md"
# A study that holds every key, from which the examples are taken.
EXAMPLES_FILE = ROOT / "docs/reference/every-key.yaml"
HEADING = """\
# Configuration

A study is one YAML file. These are all its keys, made from the models in src/elicitation/study by `make docs`.
`tasks[].name` is the key `name` of an entry of `tasks`. The examples come from
[one file that holds every key](every-key.yaml). Whole studies that run: `config.yaml` and `studies/`.
"""
# The parts of the page: a title, what it is about, and the keys at the top level of a study that stand there.
SECTIONS = (
    (
        "The study",
        "Its name, and where it runs.",
        "study device precision jobs_per_gpu sources data_folder ratings_archive keep_weak_stages",
    ),
    ("Tasks", "What texts are sorted by. [How to add one](../how-to/tasks.md).", "tasks"),
    ("Models and students", "[What models there may be](../explanation/methods.md#models).", "models students cues"),
    ("Supervisors", "What writes weak labels. [Their kinds](../explanation/methods.md#supervisors).", "supervisors"),
    ("Methods", "Ways of training on labels. [All of them](../explanation/methods.md#methods).", "methods"),
    ("Purchases", "What is bought and trained on.", "grid combinations seeds extra_seeds"),
    ("Prices", "What results are shown at. Changing them trains nothing.", "weak_prices currency gold_price"),
    ("Training of students", "[The protocols](../explanation/methods.md#early_stopping).", "training tuning"),
    ("Training of supervisors", "The model that writes weak labels, where it is finetuned.", "supervision"),
    ("Labelling", "How a supervisor's model writes its labels.", "labelling"),
    ("Inference", "[How uncertain scores are](../explanation/posterior.md).", "inference"),
    (
        "What is shown",
        "Averages and figures, and for how many texts and how much money. Changing these keys trains nothing.",
        "average_over figures texts_to_label budget",
    ),
)
# The kinds of entries, by the names that the schema has for them.
KINDS = {kind.__name__: kind for base in (Task, Model, Supervisor) for kind in base.kinds}


# What JSON calls otherwise than the messages for users.
TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "array": "list", "object": "mapping"}


class Writer(yaml.SafeDumper):
    """Writes line breaks within a text as `\\n`."""


def write_text(writer: Writer, text: str) -> yaml.Node:
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\n" in text else None)


Writer.add_representer(str, write_text)


@dataclass(frozen=True)
class Key:
    """A key of a study. default: as JSON, or empty; kinds: of entries that take it, if not all do."""

    path: str
    type: str
    default: str
    meaning: str
    required: bool
    kinds: tuple[str, ...] = ()
    example: object = None

    @property
    def section(self) -> str:
        """The mapping that it stands in."""
        return self.path.rpartition(".")[0]


def without_titles(rule: object) -> object:
    """A part of the schema without what says nothing: titles, and null as the default of keys that cannot be null."""
    if isinstance(rule, list):
        return [without_titles(item) for item in rule]
    if not isinstance(rule, dict):
        return rule
    left = {key: without_titles(item) for key, item in rule.items() if key != "title" or isinstance(item, dict)}
    nullable = {"type": "null"} in left.get("anyOf", []) or None in left.get("enum", [])
    if "default" in left and left["default"] is None and not nullable:
        del left["default"]
    return left


def with_catalogue(entries: dict, definitions: dict) -> dict:
    """The rule of an entry, or of one that leaves to a catalogue what it does not say."""
    properties = {}
    for alternative in alternatives(entries, definitions):
        properties |= alternative["properties"]
    for key in properties.keys() & {*PARTS}:
        properties[key] = {"type": "object", "description": properties[key]["description"]}
    open_entry = {"type": "object", "properties": properties, "required": ["name", "catalogue"]}
    return {"anyOf": [entries, open_entry | {"additionalProperties": False}]}


def editor_schema() -> dict:
    """The JSON schema of a study file."""
    schema = without_titles(Study.model_json_schema())
    for kind in ("tasks", "models"):
        entries = schema["properties"][kind]
        entries["items"] = with_catalogue(entries["items"], schema["$defs"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def alternatives(rule: dict, definitions: dict) -> Iterator[dict]:
    """The rules, without references and choices, of which a value must follow one."""
    if "$ref" in rule:
        yield from alternatives(definitions[rule["$ref"].rpartition("/")[2]], definitions)
    elif choices := rule.get("anyOf", rule.get("oneOf")):
        for choice in choices:
            yield from alternatives(choice, definitions)
    else:
        yield rule


def type_of(rule: dict, definitions: dict) -> str:
    """What a key holds, in words: `text or null`, or the values of which it is one."""
    kinds = []
    for alternative in alternatives(rule, definitions):
        if "enum" in alternative or "const" in alternative:
            values = alternative.get("enum", [alternative.get("const")])
            kinds.append("one of " + ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in values))
        else:
            kinds.append(TYPES.get(alternative["type"], alternative["type"]))
    return " or ".join(dict.fromkeys(kinds))


def fitting(values: list, rule: dict) -> list[dict]:
    """Those of the values that are mappings with the keys of a rule."""
    required, known = set(rule.get("required", [])), set(rule.get("properties", {}))
    return [value for value in values if isinstance(value, dict) and required <= value.keys() <= known]


def keys_of(rule: dict, definitions: dict, values: list, prefix: str = "") -> Iterator[Key]:
    """Every key below a rule. values: examples of what follows the rule."""
    for alternative in alternatives(rule, definitions):
        examples = fitting(values, alternative)
        kinds = (alternative["title"],) if alternative.get("title") in KINDS else ()
        for name, own in alternative.get("properties", {}).items():
            given = [value[name] for value in examples if name in value]
            default = json.dumps(own["default"]) if "default" in own else ""
            required, example = name in alternative.get("required", []), given[0] if given else None
            path = f"{prefix}{name}"
            yield Key(path, type_of(own, definitions), default, own["description"], required, kinds, example)
            yield from keys_of(own, definitions, given, f"{path}.")
        if "items" in alternative:
            items = [item for value in values if isinstance(value, list) for item in value]
            yield from keys_of(alternative["items"], definitions, items, f"{prefix.removesuffix('.')}[].")
        for entry in (alternative.get("additionalProperties"), *alternative.get("patternProperties", {}).values()):
            if not isinstance(entry, dict):
                continue
            inner = [item for value in values if isinstance(value, dict) for item in value.values()]
            yield from keys_of(entry, definitions, inner, f"{prefix}*.")


@cache
def all_keys() -> list[Key]:
    """Every key of a study, each meaning once, with the kinds of entries that it has this meaning for."""
    schema = Study.model_json_schema()
    merged: dict[tuple, Key] = {}
    for key in keys_of(schema, schema["$defs"], [read_yaml(EXAMPLES_FILE)]):
        said = (key.path, key.type, key.meaning, key.required)
        same = merged.get(said, key)
        example = key.example if same.example is None else same.example
        merged[said] = replace(same, kinds=tuple(dict.fromkeys(same.kinds + key.kinds)), example=example)
    return list(merged.values())


def takers(kinds: tuple[str, ...]) -> str:
    """In words, which entries take a key; empty if all do."""
    if not kinds or {*KINDS[kinds[0]].kinds} == {KINDS[name] for name in kinds}:
        return ""
    keys = [f"`{key}`" for name in kinds for key in KINDS[name].decided_by[:2]]
    # The one kind that no key decides is a supervisor of which no more is said.
    alone = "" if all(KINDS[name].decided_by for name in kinds) else ", or a model alone"
    return f"for entries with {', '.join(keys)}{alone}"


def example_of(key: Key) -> str:
    """A key and a value as they stand in a study; of a list of mappings the first two."""
    value = key.example
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        value = value[:2]
    # None puts what holds no other list or mapping on one line.
    flow = None if isinstance(value, (list, dict)) else False
    named = {key.path.rpartition(".")[2]: value}
    return yaml.dump(named, Dumper=Writer, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=110)


def entry_of(key: Key) -> str:
    """What the page says of a key."""
    default = f"default `{key.default}`" if key.default not in ("", "null") else ""
    facts = [key.type, "required" if key.required else default or "may be absent", takers(key.kinds)]
    return f"""
#### `{key.path}`
*{" · ".join(filter(None, facts))}*

{key.meaning}

```yaml
{example_of(key)}```
"""


def config_page() -> str:
    """docs/reference/config.md."""
    lines = [HEADING]
    for title, about, names in SECTIONS:
        lines.append(f"\n## {title}\n{about}\n")
        keys = [key for key in all_keys() if key.path.split(".")[0].removesuffix("[]") in names.split()]
        for section in dict.fromkeys(key.section for key in keys):
            lines += [f"\n### In `{section}`\n"] if section else []
            lines += [entry_of(key) for key in keys if key.section == section]
    return "".join(lines)


def reference() -> dict[Path, str]:
    """What is written, by its file."""
    return {SCHEMA_FILE: json.dumps(editor_schema(), indent=1) + "\n", CONFIG_FILE: config_page()}
