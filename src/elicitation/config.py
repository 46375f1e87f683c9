"""A study's configuration: validation, defaults, and the grid that follows from it.

Imports nothing heavy: the Snakefile reads it before the DAG is built.
"""

import difflib
import importlib.util
import json
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from elicitation.errors import InputError
from elicitation.methods import METHODS
from elicitation.purchases import check_supply

SCHEMA_FILE = Path(__file__).parents[2] / "workflow/schemas/config.schema.yaml"
PACKAGE_PREFIX = "package:"
AVERAGE = "average"
"""What the average over tasks is called in tables."""
HEAD_SIZE = 32
"""The smallest size of an attention head that vLLM runs on a CPU."""


def load_schema() -> dict:
    return yaml.safe_load(SCHEMA_FILE.read_text())


def nearest(name: str, known: list[str]) -> str:
    """' (did you mean ...?)', or the known names where none is near."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}."


def place_of(error: ValidationError, config: dict) -> str:
    """Where in the config an error stands, with entries called by their names: `tasks[sst2].hub`."""
    place, value = "", config
    for step in error.absolute_path:
        value = value[step]
        if isinstance(step, str):
            place += f".{step}"
        else:
            place += f"[{value['name']}]" if isinstance(value, dict) and "name" in value else f"[{step}]"
    return place.lstrip(".") or "the top level"


def describe_error(error: ValidationError, config: dict) -> str:
    """One sentence for one violation of the schema."""
    place = place_of(error, config)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in known)
        return f"Config, {place}: unknown key {unknown!r}{nearest(str(unknown), known)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"Config, {place}: the key {missing!r} is missing; add it."
    if error.validator in ("oneOf", "anyOf"):
        branches = [" with ".join(branch.get("required", ["hub or local"])) for branch in error.validator_value]
        return f"Config, {place}: give exactly one kind of source: {' or '.join(branches)}."
    if error.validator == "exclusiveMinimum":
        return f"Config, {place}: {error.instance!r} must be above {error.validator_value}."
    return f"Config, {place}: {error.message.rstrip('.')}."


def with_defaults(value, schema: dict):
    """A copy of `value` in which every absent key that has a default carries it."""
    if isinstance(value, dict):
        known = schema.get("properties", {})
        filled = {key: rule["default"] for key, rule in known.items() if "default" in rule} | value
        return {key: with_defaults(item, known.get(key, {})) for key, item in filled.items()}
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items", {})) for item in value]
    # JSON Schema takes 4.0 for an integer.
    return int(value) if schema.get("type") == "integer" else value


def named(entries: list[dict], kind: str) -> dict[str, dict]:
    """The entries by name; InputError if a name stands twice."""
    by_name = {entry["name"]: entry for entry in entries}
    if AVERAGE in by_name:
        raise InputError(f"Config, {kind}: the name {AVERAGE!r} is taken by the average over tasks; rename the entry.")
    if len(by_name) < len(entries):
        names = [entry["name"] for entry in entries]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"Config, {kind}: the name {twice!r} stands twice; rename one.")
    return by_name


def validate(config: dict) -> dict:
    """The config with defaults filled in.

    Raises InputError, with one sentence, on the first thing that is wrong: unknown, missing or malformed keys;
    names that refer to nothing; sources that are not there; an engine that is not installed.
    """
    schema = load_schema()
    error = best_match(Draft202012Validator(schema).iter_errors(config), key=lambda e: (-len(e.absolute_path),))
    if error:
        raise InputError(describe_error(error, config))
    config = with_defaults(config, schema)
    tasks, models = named(config["tasks"], "tasks"), named(config["models"], "models")
    for kind, known in (("supervisors", models), ("students", models), ("methods", METHODS)):
        for name in config[kind]:
            if name not in known:
                raise InputError(f"Config, {kind}: {name!r} is not defined{nearest(name, list(known))}")
    for budget in config["grid"]["budgets"]:
        if not purchases_of(budget, config["grid"]):
            raise InputError(f"Config, grid: the budget {budget} buys no label at these prices and shares; raise it.")
    for task in tasks.values():
        check_task_source(task, config)
        for n_weak, n_gold in all_purchases(config):
            check_supply(task["pool_size"], n_weak, n_gold, task["name"])
    for model in models.values():
        check_model_source(model, models, config)
    if config["labelling"]["engine"] == "vllm" and importlib.util.find_spec("vllm") is None:
        raise InputError(
            "labelling.engine is vllm, but vLLM is not installed in this environment; "
            "install envs/cpu.lock or envs/cuda.lock (see README), or set labelling.engine: transformers."
        )
    return config


def check_task_source(task: dict, config: dict) -> None:
    """InputError if the task's source is not there."""
    if "sandbox" in task:
        return
    name, kind = task["name"], config["sources"]
    if kind not in task:
        raise InputError(f"Config, tasks[{name}]: sources is {kind!r}, but the task has no {kind!r} entry; add one.")
    if kind == "local":
        for split in set(task["splits"].values()):
            split_file(task, split, config["data_folder"])


def split_file(task: dict, split: str, data_folder: str | None) -> Path:
    """The local file that holds a split; InputError if there is none."""
    folder = Path(data_folder or ".") / task["local"]
    candidates = [folder / f"{split}.{ending}" for ending in ("parquet", "jsonl", "csv")]
    for path in candidates:
        if path.is_file():
            return path
    raise InputError(
        f"Task {task['name']!r}: none of {', '.join(map(str, candidates))} exists; correct data_folder, "
        "the task's `local` or its `splits`."
    )


def local_model_folder(path: str, name: str) -> Path:
    """The folder that a model's `local` entry means; InputError unless a complete model is there."""
    folder = Path(path)
    if path.startswith(PACKAGE_PREFIX):
        package, _, inner = path.removeprefix(PACKAGE_PREFIX).partition("/")
        try:
            spec = importlib.util.find_spec(package)
        except ModuleNotFoundError:
            spec = None
        if spec is None or spec.origin is None:
            raise InputError(f"Model {name!r}: the Python package {package!r} is not installed; install it (README).")
        folder = Path(spec.origin).parent / inner
    check_model_folder(folder, name)
    return folder


def check_model_folder(folder: Path, name: str) -> None:
    """InputError unless the folder holds config, tokenizer and weights."""
    for needed in ("config.json", "tokenizer.json", "*.safetensors"):
        if not any(folder.glob(needed)):
            raise InputError(
                f"Model {name!r}: the folder {folder} holds no {needed}; name the folder of a complete model."
            )


def check_model_source(model: dict, models: dict[str, dict], config: dict) -> None:
    """InputError if the model's source is not there or contradicts itself."""
    name = model["name"]
    if "sandbox" in model:
        width, heads = model["sandbox"]["width"], model["sandbox"]["heads"]
        if width % (HEAD_SIZE * heads):
            raise InputError(
                f"Config, models[{name}]: width {width} must be a multiple of {HEAD_SIZE} times the heads ({heads}), "
                "since vLLM's CPU kernels want such heads; change one of them."
            )
    elif "truncate" in model:
        source = model["truncate"]["model"]
        if source not in models:
            raise InputError(
                f"Config, models[{name}].truncate: {source!r} is not defined{nearest(source, list(models))}"
            )
        if "truncate" in models[source]:
            raise InputError(f"Config, models[{name}].truncate: {source!r} is itself truncated; cut the original.")
    elif config["sources"] not in model:
        kind = config["sources"]
        raise InputError(f"Config, models[{name}]: sources is {kind!r}, but the model has no {kind!r} entry; add one.")
    elif config["sources"] == "local":
        local_model_folder(model["local"], name)


def purchases_of(budget: int, grid: dict) -> list[tuple[int, int]]:
    """The (n_weak, n_gold) that a budget is turned into, one per gold share, without repetitions or empty ones."""
    price = Fraction(str(grid["weak_price"]))
    pairs = []
    for share in grid["gold_shares"]:
        n_gold = math.floor(Fraction(str(share)) * budget)
        n_weak = math.floor((budget - n_gold) / price)
        if (n_weak, n_gold) not in pairs and n_weak + n_gold > 0:
            pairs.append((n_weak, n_gold))
    return pairs


def all_purchases(config: dict) -> Iterator[tuple[int, int]]:
    for budget in config["grid"]["budgets"]:
        yield from purchases_of(budget, config["grid"])


def largest_purchase(config: dict) -> tuple[int, int]:
    """The (n_weak, n_gold) that asks most of the pool."""
    return max(all_purchases(config), key=sum)


def config_table(schema: dict, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Every key as (key, type, default, description), for docs/config.md."""
    for key, rule in schema.get("properties", {}).items():
        kind = rule.get("type", "one of " + ", ".join(f"`{value}`" for value in rule.get("enum", [])))
        kind = " or ".join(kind) if isinstance(kind, list) else kind
        if "$ref" in rule:
            kind = "list of names"
        default = f"`{json.dumps(rule['default'])}`" if "default" in rule else ""
        yield f"{prefix}{key}", kind, default, rule["description"]
        yield from config_table(rule, f"{prefix}{key}.")
        yield from config_table(rule.get("items", {}), f"{prefix}{key}[].")


if __name__ == "__main__":
    print("# Configuration\n\nMade from workflow/schemas/config.schema.yaml by `make docs`.\n")
    print("| key | type | default | meaning |\n|---|---|---|---|")
    for row in config_table(load_schema()):
        print("| `{}` | {} | {} | {} |".format(*row))
