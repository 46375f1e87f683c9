"""What `make docs` writes from the study's models: the JSON schema for editors, and docs/reference/config.md."""

import json
from collections.abc import Iterator
from pathlib import Path

from elicitation.study.catalogue import PARTS
from elicitation.study.study import Study

ROOT = Path(__file__).parents[3]
SCHEMA_FILE = ROOT / "workflow/schemas/config.schema.json"
TABLE_FILE = ROOT / "docs/reference/config.md"
HEADING = """\
# Configuration

Made from the models in src/elicitation/study by `make docs`. Where a key has several meanings, it stands once for each.

| key | type | default | meaning |
|---|---|---|---|
"""


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
    """What a key holds, in words: `string or null`, or the values of which it is one."""
    kinds = []
    for alternative in alternatives(rule, definitions):
        if "enum" in alternative or "const" in alternative:
            values = alternative.get("enum", [alternative.get("const")])
            kinds.append("one of " + ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in values))
        else:
            kinds.append(alternative["type"])
    return " or ".join(dict.fromkeys(kinds))


def keys_of(rule: dict, definitions: dict, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Every key below a rule as (key, type, default, description)."""
    for alternative in alternatives(rule, definitions):
        for key, own in alternative.get("properties", {}).items():
            default = ""
            if "default" in own:
                default = "`{}`" if isinstance(own["default"], dict) else f"`{json.dumps(own['default'])}`"
            yield f"{prefix}{key}", type_of(own, definitions), default, own["description"]
            yield from keys_of(own, definitions, f"{prefix}{key}.")
        if "items" in alternative:
            yield from keys_of(alternative["items"], definitions, f"{prefix.removesuffix('.')}[].")


def all_keys() -> list[tuple[str, str, str, str]]:
    """Every key of a study as (key, type, default, description), each meaning once."""
    schema = without_titles(Study.model_json_schema())
    return list(dict.fromkeys(keys_of(schema, schema["$defs"])))


def reference() -> dict[Path, str]:
    """What is written, by its file."""
    rows = "".join("| `{}` | {} | {} | {} |\n".format(*row) for row in all_keys())
    return {SCHEMA_FILE: json.dumps(editor_schema(), indent=1) + "\n", TABLE_FILE: HEADING + rows}


if __name__ == "__main__":
    for file, content in reference().items():
        file.write_text(content)
