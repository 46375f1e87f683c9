"""A study's configuration: validation, defaults, and the grid that follows from it.

Imports nothing heavy: the Snakefile reads it before the DAG is built.
"""

import importlib.util
import json
import math
import re
import sys
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import chain, product
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from elicitation.analysis.names import AVERAGE
from elicitation.api.limits import check_api_method
from elicitation.buying.methods import METHODS, Method, study_methods
from elicitation.buying.purchases import Supply, check_supply, full_supply
from elicitation.data.formatting import template_fields
from elicitation.data.own_labels import DEFAULTS, survey_table, table_file
from elicitation.data.ratings import local_archive
from elicitation.data.sources import as_list, check_template, split_file, splits_read
from elicitation.errors import MAX_SHOWN, SECRET_NAME, InputError, join_words, must_be, nearest, shown
from elicitation.models.folder import LANGUAGE_MODELS, check_split, local_model_folder, model_config, place_in_package
from elicitation.models.gguf_files import Header, read_header

SCHEMA_FILE = Path(__file__).parents[3] / "workflow/schemas/config.schema.yaml"
CATALOGUES = {kind: Path(__file__).parents[3] / f"workflow/{kind}.yaml" for kind in ("tasks", "models")}
# What stands for the supervisor in the paths of runs without weak labels, which all supervisors share.
NO_SUPERVISOR = "no-supervisor"
# What stands for the method in the path of the run without any label, which all methods that only prompt share.
NO_LABELS = "no-labels"
# The seed that a run without any label counts to: it buys and draws nothing, so it is the same for every seed.
NO_SEED = 0
# The smallest size of an attention head that vLLM runs on a CPU.
HEAD_SIZE = 32
KINDS = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
# What architectures call the number of layers.
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
# Keys of the grid that a combination may narrow.
NARROWED = ("budgets", "gold_shares")
# What a group of runs is called by, in rules and tables.
WILDCARDS = ("task", "supervisor", "student", "method")
# The names of WILDCARDS.
Group = tuple[str, str, str, str]
# The (n_weak, n_gold) that are bought, by (budget, seed).
Blocks = dict[tuple[int, int], list[tuple[int, int]]]
LIMITS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}


@cache
def load_schema() -> dict:
    return yaml.safe_load(SCHEMA_FILE.read_text())


@cache
def load_catalogue(kind: str = "tasks") -> dict[str, dict]:
    """The entries of workflow/tasks.yaml or workflow/models.yaml by name."""
    return yaml.safe_load(CATALOGUES[kind].read_text())


def check_pattern(validator, pattern: str, value, schema: dict) -> Iterator[ValidationError]:
    """JSON Schema's patterns are JavaScript's: `$` is the end of the text, where Python's takes a line break too."""
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


# NaN and infinity, which YAML has and JSON lacks, are no numbers.
ConfigValidator = extend(
    Draft202012Validator,
    {"pattern": check_pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "number", lambda _, value: type(value) is int or (type(value) is float and math.isfinite(value))
    ),
)


def place_of(error: ValidationError, config: dict) -> str:
    """Where in the config an error stands, with entries called by their names: `tasks[sst2].hub`."""
    place, value = "", config
    for step in error.absolute_path:
        value = value[step]
        if isinstance(step, str):
            place += f".{step}"
        else:
            name = value.get("name") if isinstance(value, dict) else None
            place += f"[{name if isinstance(name, str) and len(name) < MAX_SHOWN else step}]"
    return place.lstrip(".") or "the top level"


def required_sets(branch: dict) -> list[set[str]]:
    """The sets of keys that each satisfy one branch of a choice."""
    keys = set(branch.get("required", []))
    inner = [keys | more for part in branch.get("anyOf", []) for more in required_sets(part)]
    return inner or [keys]


def describe_choice(branches: list[dict], given: dict) -> str:
    """What is wrong with a mapping that must satisfy exactly one of several sets of required keys."""
    choices = [required_sets(branch) for branch in branches]
    complete = [keys for sets in choices for keys in sets if keys <= given.keys()]
    if complete:
        differing = set.union(*complete) - set.intersection(*complete)
        return f"{join_words(differing, 'and')} exclude each other; give exactly one."
    sets = [keys for branch in choices for keys in branch]
    most = max(len(keys & given.keys()) for keys in sets)
    if most == 0:
        return f"no source is given; add {', or '.join(join_words(keys, 'and') for keys in sets)}."
    fewest = min(len(keys - given.keys()) for keys in sets if len(keys & given.keys()) == most)
    missing = [keys - given.keys() for keys in sets if len(keys & given.keys()) == most]
    options = dict.fromkeys(join_words(keys, "and") for keys in missing if len(keys) == fewest)
    return f"the source is incomplete; add {' or '.join(options)}."


def fix_of_type(value, kind: str | list[str]) -> str:
    """What YAML may have read otherwise than it was meant."""
    if "string" in kind and isinstance(value, (bool, int, float)):
        return "; put it in quotes"
    if kind == "number" and isinstance(value, str) and re.fullmatch(r"[-+.\d]+(e[-+]?\d+)?", value, re.IGNORECASE):
        return "; write it without quotes and with a point, like 1.0e-3"
    return ""


def describe_error(error: ValidationError, config: dict) -> str:
    """One sentence for one violation of the schema."""
    return f"Config, {place_of(error, config)}: {describe_violation(error)}"


def describe_violation(error: ValidationError) -> str:
    """What is wrong with a value, and the fix."""
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(error.schema["properties"])
            unknown = next(key for key in value if key not in known)
            return f"unknown key {shown(unknown)}{nearest(str(unknown), known)}"
        case "required":
            return f"the key {next(key for key in rule if key not in value)!r} is missing; add it."
        case "oneOf" | "anyOf" if isinstance(value, dict):
            return describe_choice(rule, value)
        case "type":
            kinds = " or ".join(KINDS[kind] for kind in ([rule] if isinstance(rule, str) else rule))
            return f"{must_be(value, kinds)}{fix_of_type(value, rule)}."
        case "enum":
            return f"{must_be(value, join_words(set(rule), 'or'))}."
        case "pattern":
            wanted = error.schema.get("description", rule).partition(". ")[0].rstrip(".")
            return f"{shown(value)} does not fit its description, {wanted!r}."
        case "minProperties":
            return "the mapping is empty; add a key."
        case "minItems":
            return f"the list needs at least {rule}, but has {len(value)}; add some."
        case "maxItems":
            return f"the list takes at most {rule}, but has {len(value)}; drop some."
        case "uniqueItems":
            twice = next(item for place, item in enumerate(value) if item in value[:place])
            return f"{shown(twice)} stands twice; remove one."
        case "minLength" if rule == 1:
            return "the text is empty; write one."
        case "maxLength":
            return f"{shown(value)} is longer than {rule} characters; shorten it."
        case _ if error.validator in LIMITS:
            return f"{must_be(value, f'{LIMITS[error.validator]} {rule}')}."
    return f"{error.message.rstrip('.')}."


def with_defaults(value, schema: dict):
    """A copy of `value` in which every absent key that has a default carries it."""
    if isinstance(value, dict):
        known = schema.get("properties", {})
        filled = {key: rule["default"] for key, rule in known.items() if "default" in rule} | value
        return {key: with_defaults(item, known.get(key, {})) for key, item in filled.items()}
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items", {})) for item in value]
    # JSON Schema takes 4.0 for an integer.
    whole = "integer" in as_list(schema.get("type")) and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def from_catalogue(given: dict, kind: str) -> dict:
    """The task or model with what it leaves open taken from the entry that it names in the catalogue of its kind.

    `hub`, `splits` and `prompt` are completed key by key, but another `hub.id` takes nothing from the entry's. Raises
    InputError if there is no such entry.
    """
    if not isinstance(given.get("catalogue"), str):
        return given
    place, name, catalogue = f"{kind}[{given.get('name')}]", given["catalogue"], load_catalogue(kind)
    if name not in catalogue:
        raise InputError(
            f"Config, {place}: the catalogue has no {kind.rstrip('s')} {name!r}{nearest(name, list(catalogue))}"
        )
    entry = catalogue[name]
    complete = entry | given
    for key in ("hub", "splits", "prompt"):
        own = given.get(key)
        if isinstance(own, dict) and "id" not in own:
            complete[key] = entry.get(key, {}) | own
    return complete


def named(entries: list[dict], kind: str) -> dict[str, dict]:
    """The entries by name; InputError if a name stands twice."""
    by_name = {entry["name"]: entry for entry in entries}
    if AVERAGE in by_name:
        raise InputError(f"Config, {kind}: the name {AVERAGE!r} is taken by the average over tasks; rename the entry.")
    if NO_SUPERVISOR in by_name:
        raise InputError(f"Config, {kind}: the name {NO_SUPERVISOR!r} is taken by shared runs; rename the entry.")
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
    for kind in CATALOGUES:
        if isinstance(given := config.get(kind), list):
            entries = [from_catalogue(entry, kind) if isinstance(entry, dict) else entry for entry in given]
            config = config | {kind: entries}
    error = best_match(ConfigValidator(schema).iter_errors(config), key=lambda e: (-len(e.absolute_path),))
    if error:
        raise InputError(describe_error(error, config))
    config = with_defaults(config, schema)
    tasks, models = named(config["tasks"], "tasks"), named(config["models"], "models")
    bases = [entry if isinstance(entry, str) else entry["like"] for entry in config["methods"]]
    for kind, names, known in (
        ("students", config["students"], models),
        ("methods", bases, METHODS),
        ("average_over", config["average_over"], tasks),
        ("figures.spending_over", config["figures"]["spending_over"], tasks),
        ("figures.prompting_over", config["figures"]["prompting_over"], tasks),
    ):
        for name in names:
            if name not in known:
                raise InputError(f"Config, {kind}: {name!r} is not defined{nearest(name, list(known))}")
    # First, since other checks look into the models' files.
    for model in models.values():
        check_model_source(model, models, config)
        check_adapt_layers(model, models, config)
    check_supervisors(supervisors_of(config), models, config)
    check_combinations(config)
    for task in tasks.values():
        check_task_source(task, config)
    check_own_labels(tasks, config)
    check_ratings(tasks, config)
    methods = study_methods(config["methods"])
    check_methods(methods, models, config)
    check_supervision(tasks, config)
    check_figures(methods, config)
    for name, student in {(group["method"], group["student"]): None for group in groups_of(config)}:
        if "api" in models[student]:
            check_api_method(name, methods[name], student)
        elif methods[name].prompts_only:
            check_prompting(models[student], models, config)
        elif models[student]["adapt_layers"] == 0 and any(s.trains != "head" for s in methods[name].stages):
            raise InputError(
                f"Config, models[{student}]: adapt_layers is 0, so its head alone can train, but {name!r} trains more; "
                "give it methods like head_only, or adapt at least one layer."
            )
    planned = planned_blocks(config)
    check_purchases(config, planned)
    check_averages(config, planned)
    if config["labelling"]["engine"] == "vllm" and importlib.util.find_spec("vllm") is None:
        raise InputError(
            "labelling.engine is vllm, but vLLM is not installed in this environment; "
            "install envs/cpu.lock or envs/cuda.lock (see README), or set labelling.engine: transformers."
        )
    return config


def read_study(path: Path) -> dict:
    """A study's validated config from its file; InputError if it is none."""
    try:
        config = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"The study {path} cannot be read ({error}); name a YAML file with a study.") from error
    if not isinstance(config, dict):
        raise InputError(f"The study {path} holds no keys; name a YAML file with a study.")
    return validate(config)


def check_task_source(task: dict, config: dict) -> None:
    """InputError if the task's source is not there."""
    if "table" in task:
        check_table(task, config)
        return
    if "ratings" in task:
        check_rated_task(task)
        return
    if "id" in task:
        raise InputError(f"Config, tasks[{task['name']}].id: only a `table` has ids; drop it.")
    if "panel" in task:
        raise InputError(f"Config, tasks[{task['name']}].panel: only `ratings` have a panel; drop it.")
    if "sandbox" in task:
        if others := task.keys() & {"hub", "local"}:
            raise InputError(
                f"Config, tasks[{task['name']}]: {join_words({'sandbox', *others}, 'and')} exclude each other; give "
                "exactly one."
            )
        return
    check_template(f"tasks[{task['name']}].text", task["text"])
    for column, template in task.get("lines", {}).items():
        check_template(f"tasks[{task['name']}].lines.{column}", template)
    name, kind = task["name"], config["sources"]
    if kind not in task:
        raise InputError(f"Config, tasks[{name}]: sources is {kind!r}, but the task has no {kind!r} entry; add one.")
    if kind == "hub" and "revision" not in task["hub"]:
        raise InputError(
            f"Config, tasks[{name}]: hub.revision is missing; pin the revision by the hash of the commit of "
            f"{task['hub']['id']} that you want."
        )
    if kind == "local":
        for split in splits_read(task):
            split_file(task, split, config["data_folder"])


def check_table(task: dict, config: dict) -> None:
    """InputError if the entry of a task with a table holds what a table does not take, or there is no such file."""
    place = f"Config, tasks[{task['name']}]"
    for key in ("hub", "local", "splits", "lines", "filled", "answer", "pair", "panel"):
        if key in task:
            raise InputError(f"{place}: a table takes no {key}; drop it.")
    check_template(f"tasks[{task['name']}].text", (DEFAULTS | task)["text"])
    if not isinstance((DEFAULTS | task)["label"], str):
        raise InputError(f"{place}.label: a table's gold labels are 0 and 1; give the name of their column alone.")
    table_file(task, config["data_folder"])


def check_rated_task(task: dict) -> None:
    """InputError if the entry of a task of rated sentences holds what they do not take."""
    place = f"Config, tasks[{task['name']}]"
    for key in ("hub", "local", "splits", "lines", "filled", "label", "answer", "pair", "id"):
        if key in task:
            raise InputError(f"{place}: rated sentences take no {key}; drop it.")
    check_template(f"tasks[{task['name']}].text", task["text"])
    if set(template_fields(task["text"])) != {"text"}:
        raise InputError(
            f"{place}.text: {shown(task['text'])} names other columns than `text`, the only one of rated sentences; "
            "write {text} for the sentence."
        )


def gguf_file(model: dict) -> Path:
    """The file that a model's `gguf` entry means."""
    return place_in_package(model["gguf"], model["name"])


def gguf_header(model: dict) -> Header:
    """What the header of a model's GGUF file says; InputError if the file is not there or cannot be used."""
    return read_header(gguf_file(model), model["name"])


def layers_of(model: dict, sources: str) -> int | None:
    """Layers of a model, where that can be known before it is fetched."""
    if "sandbox" in model:
        return model["sandbox"]["layers"]
    if "gguf" in model:
        return gguf_header(model).layers
    if sources != "local" or "local" not in model:
        return None
    known = model_config(local_model_folder(model["local"], model["name"]), model["name"])
    return next((known[key] for key in LAYERS if isinstance(known.get(key), int)), None)


def architecture_of(model: dict, sources: str) -> str | None:
    """A model's `model_type`, where that can be known before it is fetched."""
    if "sandbox" in model:
        return "llama"
    if "gguf" in model:
        # GGUF calls the architectures that can be split as transformers does; models of Mistral's count as Llama's.
        return gguf_header(model).architecture
    if sources != "local" or "local" not in model:
        return None
    return model_config(local_model_folder(model["local"], model["name"]), model["name"]).get("model_type")


def check_model_source(model: dict, models: dict[str, dict], config: dict) -> None:
    """InputError if the model's source is not there or contradicts itself."""
    name = model["name"]
    if config["device"] == "cpu" and (model["gpus"] > 1 or model["quantization"]):
        raise InputError(f"Config, models[{name}]: gpus and quantization want `device: cuda`; drop them or change it.")
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
        if "api" in models[source]:
            raise InputError(f"Config, models[{name}].truncate: {source!r} is behind an API; cut a local model.")
        wanted, layers = model["truncate"]["layers"], layers_of(models[source], config["sources"])
        if layers is not None and wanted >= layers:
            raise InputError(
                f"Config, models[{name}].truncate: {source!r} has {layers} layers, of which {wanted} are no part; "
                "ask for fewer."
            )
    elif "api" in model:
        check_api_model(model)
    elif "gguf" in model:
        gguf_header(model)
        if importlib.util.find_spec("gguf") is None:
            raise InputError(
                f"Model {name!r}: the Python package 'gguf', by which its file is read, is not installed; install it "
                "(README)."
            )
    elif config["sources"] not in model:
        kind = config["sources"]
        raise InputError(f"Config, models[{name}]: sources is {kind!r}, but the model has no {kind!r} entry; add one.")
    elif config["sources"] == "local":
        local_model_folder(model["local"], name)


def check_adapt_layers(model: dict, models: dict[str, dict], config: dict) -> None:
    """InputError if `adapt_layers` wants what is known to be impossible; compute_trunk checks what is fetched later."""
    if model["adapt_layers"] is None:
        return
    name = model["name"]
    if model["gpus"] > 1:
        raise InputError(f"Config, models[{name}]: adapt_layers wants a model on one GPU; drop gpus or adapt_layers.")
    if model["quantization"]:
        raise InputError(
            f"Config, models[{name}]: adapt_layers cannot split a quantised model; drop quantization or adapt_layers."
        )
    source = models.get(model.get("truncate", {}).get("model"), model)
    layers = model["truncate"]["layers"] if "truncate" in model else layers_of(source, config["sources"])
    check_split(f"Config, models[{name}]", architecture_of(source, config["sources"]), layers, model["adapt_layers"])


def check_api_model(model: dict) -> None:
    """InputError if the entry holds what an API does not take, or a key in place of its variable's name."""
    place = f"Config, models[{model['name']}]"
    local = {
        "learning_rate": None,
        "gpus": 1,
        "quantization": None,
        "gradient_checkpointing": False,
        "adapt_layers": None,
    }
    for key, default in local.items():
        if model.get(key, default) != default:
            raise InputError(f"{place}: an API takes no {key}; drop it (its own settings stand under `api`).")
    variable = model["api"]["key_variable"]
    # Without the value, which may be a key. By its end a variable is known to hold a secret.
    if not (re.fullmatch("[A-Z][A-Z0-9_]*", variable) and SECRET_NAME.search(variable)):
        raise InputError(
            f"{place}.api.key_variable: give the name of an environment variable in capitals that ends with KEY, "
            "TOKEN, SECRET, PASSWORD or CREDENTIALS, and keep the key itself out of the config."
        )
    if {"@", "?"} & set(model["api"]["base_url"]):
        raise InputError(
            f"{place}.api.base_url: an address holds no user, password or query; drop them, and give the key by "
            "key_variable."
        )


def supervisors_of(config: dict) -> dict[str, dict]:
    """The supervisors by name, each with `model`, `prompted_shots` (None: finetuned), `shuffle_errors_of`, `columns`,
    `raters` and `aggregate`."""
    entries = [{"name": entry} if isinstance(entry, str) else entry for entry in config["supervisors"]]
    absent = dict.fromkeys(("prompted_shots", "shuffle_errors_of", "columns", "raters", "aggregate"))
    return {name: absent | {"model": name} | entry for name, entry in named(entries, "supervisors").items()}


def asks_model(entry: dict) -> bool:
    """Whether a model writes the supervisor's labels, or those whose errors it shuffles; else columns or people do."""
    return entry["columns"] is None and entry["raters"] is None


def labeller_of(name: str, supervisors: dict[str, dict]) -> dict:
    """The supervisor whose labels it shows: itself, or the one whose errors it shuffles."""
    return supervisors[supervisors[name]["shuffle_errors_of"] or name]


def check_supervisors(supervisors: dict[str, dict], models: dict[str, dict], config: dict) -> None:
    """InputError if a supervisor refers to nothing, contradicts itself, cannot be prompted, or has no price."""
    for name, entry in supervisors.items():
        original = entry["shuffle_errors_of"]
        if entry["raters"] is not None:
            check_raters(name, entry)
        elif entry["columns"] is not None or entry["aggregate"] is not None:
            check_columns(name, entry)
        elif original is None:
            if "weak_prices" not in config:
                raise InputError("Config, the top level: the key 'weak_prices' is missing; add it.")
            if entry["model"] not in models:
                raise InputError(
                    f"Config, supervisors: {entry['model']!r} is not defined{nearest(entry['model'], list(models))}"
                )
            if "api" in models[entry["model"]]:
                raise InputError(
                    f"Config, supervisors[{name}]: an API model can only be a student; name a local model."
                )
            if entry["prompted_shots"] is not None:
                check_prompting(models[entry["model"]], models, config)
        elif original not in supervisors or supervisors[original]["shuffle_errors_of"]:
            raise InputError(
                f"Config, supervisors[{name}]: shuffle_errors_of names {original!r}, which must be another supervisor "
                "of the study, itself unshuffled."
            )
        elif entry["prompted_shots"] is not None or entry["model"] != name:
            raise InputError(f"Config, supervisors[{name}]: shuffle_errors_of stands alone; drop the other keys.")


def check_columns(name: str, entry: dict) -> None:
    """InputError if a supervisor that is columns of tables contradicts itself."""
    place = f"Config, supervisors[{name}]"
    if entry["columns"] is None:
        raise InputError(f"{place}: aggregate joins the columns of a table; add `columns`, or drop it.")
    if entry["prompted_shots"] is not None or entry["shuffle_errors_of"] is not None or entry["model"] != name:
        raise InputError(f"{place}: columns have no model; drop the other keys.")
    if len(entry["columns"]) == 1 and entry["aggregate"]:
        raise InputError(f"{place}: one column needs no aggregate; drop it.")
    if len(entry["columns"]) > 1 and not entry["aggregate"]:
        raise InputError(f"{place}: several columns must be joined; add `aggregate`.")


def check_raters(name: str, entry: dict) -> None:
    """InputError if a supervisor that is people contradicts itself."""
    place = f"Config, supervisors[{name}]"
    others = [entry[key] for key in ("prompted_shots", "shuffle_errors_of", "columns")]
    if any(other is not None for other in others) or entry["model"] != name:
        raise InputError(f"{place}: raters have no model and no columns; drop the other keys.")
    if entry["aggregate"] == "dawid_skene":
        raise InputError(
            f"{place}: dawid_skene learns how often each person errs, but the raters have no names; choose majority or "
            "mean."
        )
    if entry["raters"] == 1 and entry["aggregate"]:
        raise InputError(f"{place}: one rater needs no aggregate; drop it.")
    if entry["raters"] > 1 and not entry["aggregate"]:
        raise InputError(f"{place}: several ratings must be joined; add `aggregate`, majority or mean.")


def check_ratings(tasks: dict[str, dict], config: dict) -> None:
    """InputError if raters label a task that has no ratings, or more of them than a panel has; or if the copy of the
    archive is not there."""
    if config["ratings_archive"] is not None:
        local_archive(config["ratings_archive"])
    supervisors = supervisors_of(config)
    for task, name in {(group["task"], group["supervisor"]): None for group in groups_of(config)}:
        raters, place = labeller_of(name, supervisors)["raters"], f"Config, supervisors[{name}]"
        if raters is None:
            continue
        if "ratings" not in tasks[task]:
            raise InputError(f"{place}: the task {task!r} has no `ratings`; keep them apart by `combinations`.")
        if raters > tasks[task]["panel"]:
            raise InputError(
                f"{place}.raters: {raters} ratings are wanted, but a sentence of {task!r} has {tasks[task]['panel']}; "
                "lower them."
            )


def check_own_labels(tasks: dict[str, dict], config: dict) -> None:
    """InputError if a supervisor labels a task that lacks what it reads."""
    supervisors = supervisors_of(config)
    for task, name in {(group["task"], group["supervisor"]): None for group in groups_of(config)}:
        entry, place = supervisors[name], f"Config, supervisors[{name}]"
        if "table" not in tasks[task]:
            if labeller_of(name, supervisors)["columns"] is not None:
                raise InputError(
                    f"{place}: the task {task!r} has no `table` with columns; keep them apart by `combinations`."
                )
            continue
        if entry["shuffle_errors_of"] is not None:
            raise InputError(
                f"{place}: shuffled errors need the gold label of every text, which the table of {task!r} lacks; keep "
                "them apart by `combinations`."
            )
        if entry["raters"] is not None:
            continue
        gold = (DEFAULTS | tasks[task])["label"]
        if gold in (entry["columns"] or {}):
            raise InputError(
                f"{place}: {gold!r} is the column of the gold labels of {task!r}; name columns of weak ones."
            )
        if entry["columns"] is None and entry["prompted_shots"] != 0 and not tasks[task].get("supervision_size"):
            raise InputError(
                f"Config, tasks[{task}]: {name!r} learns from gold labels of the table; add `supervision_size`, the "
                "number of them."
            )


def table_sources(task: dict, config: dict) -> dict[str, list[str]]:
    """The columns of each supervisor that reads the task's table."""
    names = dict.fromkeys(group["supervisor"] for group in groups_of(config) if group["task"] == task["name"])
    columns = {name: supervisors_of(config)[name]["columns"] for name in names}
    return {name: list(prices) for name, prices in columns.items() if prices is not None}


def supply_of(task: dict, config: dict) -> Supply:
    """What the task's pool can give to all of its supervisors; InputError if its table is unfit."""
    if "table" not in task:
        return full_supply(task["pool_size"])
    return survey_table(task, config["data_folder"], table_sources(task, config)).supply


def prices_of(config: dict) -> dict[str, list[float]]:
    """The prices of a weak label at which each supervisor's results are shown.

    Columns of tables have their own: what their votes cost on average for each example that has any. So have raters:
    the share of the panel that they are, on average over the tasks that they label. Shuffled errors cost what they
    cost unshuffled.
    """
    prices, supervisors = {}, supervisors_of(config)
    tables = [task for task in config["tasks"] if "table" in task]
    for name, entry in supervisors.items():
        if raters := labeller_of(name, supervisors)["raters"]:
            prices[name] = [price_of_ratings(raters, name, config)]
            continue
        if entry["columns"] is None:
            prices[name] = config["weak_prices"]
            continue
        surveys = [
            survey_table(task, config["data_folder"], sources).votes[name]
            for task in tables
            if name in (sources := table_sources(task, config))
        ]
        paid = sum(votes[column] * price for votes in surveys for column, price in entry["columns"].items())
        prices[name] = [float(f"{paid / len(surveys):.4g}")]
    return prices


def price_of_ratings(n: int, name: str, config: dict) -> float:
    """What n ratings cost on average over the tasks that a supervisor labels, as a share of a whole panel's.

    Rounded down to four digits, so that a budget affords all ratings that its panels have.
    """
    labelled = {group["task"] for group in groups_of(config) if group["supervisor"] == name}
    shares = [Fraction(n, task["panel"]) for task in config["tasks"] if task["name"] in labelled]
    price = sum(shares) / len(shares)
    scale = 10 ** (3 - math.floor(math.log10(price)))
    return math.floor(price * scale) / scale


def check_supervision(tasks: dict[str, dict], config: dict) -> None:
    """InputError if a supervision set is too small for what a supervisor holds out or shows in its prompts."""
    supervisors, held_out = supervisors_of(config), config["supervision"]["validation_size"] or 0
    for task, name in dict.fromkeys((group["task"], group["supervisor"]) for group in groups_of(config)):
        entry, size = supervisors[name], tasks[task].get("supervision_size", 0)
        shots, reads = entry["prompted_shots"], asks_model(entry) and entry["shuffle_errors_of"] is None
        if shots is not None and shots > size:
            raise InputError(
                f"Config, supervisors[{name}].prompted_shots: {shots} examples are wanted, but the supervision set of "
                f"{task!r} has {size}; lower them or raise its supervision_size."
            )
        if reads and shots is None and size <= held_out:
            raise InputError(
                f"Config, supervision.validation_size: {held_out} labels are held out, but the supervision set of "
                f"{task!r} has {size}; lower it or raise its supervision_size."
            )


def check_figures(methods: dict[str, Method], config: dict) -> None:
    """InputError if `figures` names a method that the study lacks, or that the figure cannot show."""
    figures = config["figures"]
    chosen = figures["prompting_methods"] + ([figures["scaling_method"]] if figures["scaling_method"] else [])
    for name in chosen:
        if name not in methods:
            raise InputError(f"Config, figures: {name!r} is not one of the methods{nearest(name, list(methods))}")


def check_prompting(model: dict, models: dict[str, dict], config: dict) -> None:
    """InputError if the model's files are here and say that it has no language head to be asked."""
    source = models.get(model.get("truncate", {}).get("model"), model)
    # Those of the sandbox and all that are read from GGUF are causal language models.
    if {"sandbox", "gguf"} & source.keys() or config["sources"] != "local":
        return
    require_language_head(local_model_folder(source["local"], source["name"]), model["name"])


def require_language_head(folder: Path, name: str) -> None:
    """InputError unless the folder's config.json names a causal language model, which can be asked for a token."""
    architectures = model_config(folder, name).get("architectures") or []
    if not any(architecture.endswith(LANGUAGE_MODELS) for architecture in architectures):
        raise InputError(
            f"Model {name!r} is prompted, but is no causal language model ({', '.join(architectures) or 'unknown'}); "
            "choose a decoder, or methods and supervisors that finetune."
        )


def check_methods(methods: dict[str, Method], models: dict[str, dict], config: dict) -> None:
    """InputError if a method's name stands twice, a student cannot do it, or the grid leaves it nothing to do."""
    if len(methods) < len(config["methods"]):
        raise InputError("Config, methods: a name stands twice; rename one.")
    if NO_LABELS in methods:
        raise InputError(f"Config, methods: the name {NO_LABELS!r} is taken by runs without labels; rename the entry.")
    for name, method in methods.items():
        if method.prompts_only and not config["grid"]["shots"]:
            raise InputError(
                f"Config, grid: {name!r} needs numbers of examples in prompts; add `shots`, as in [0, 2, 8]."
            )
        if not any(blocks_of(method, supply_of(task, config), config) for task in config["tasks"]):
            raise InputError(
                f"Config, grid: no budget buys a label for {name!r} at these prices and shares; raise the budgets."
            )
        stopping = (config["training"] | method.training)["stopping"]
        if any(stage.targets == "log_confidence" for stage in method.stages) and stopping == "fixed_epochs":
            raise InputError(
                f"Config, methods: {name!r} hardens the student's predictions batch by batch, but fixed_epochs trains "
                "on batches of one label; give it `training: {stopping: early_stopping}`."
            )
        if any(stage.gold_weight != 1 for stage in method.stages) and stopping == "fixed_epochs":
            raise InputError(
                f"Config, methods: {name!r} weighs gold labels against the weak ones of their batch, but fixed_epochs "
                "trains on batches of one label below 1,024; give it `training: {stopping: early_stopping}`."
            )
    trained = [method for method in methods.values() if not method.prompts_only]
    if not any(config["grid"]["shots"]) and not trained:
        raise InputError(
            "Config, grid: no method buys a label; add a number above 0 to `shots`, or a method that trains."
        )
    for budget in config["grid"]["budgets"]:
        if trained and not any(purchases_of(budget, config["grid"], method) for method in trained):
            raise InputError(f"Config, grid: the budget {budget} buys no label at these prices and shares; raise it.")


def purchases_of(budget: int, grid: dict, method: Method) -> list[tuple[int, int]]:
    """The (n_weak, n_gold) that a method buys with a budget, without repetitions.

    Examples in prompts are bought first, and counted; gold shares are those of the rest, and what leaves nothing to
    train on is no purchase. A method that only prompts has one budget, the largest number of examples, and buys each
    number of them; asking without any example is the one purchase of the budget 0.
    """
    if method.prompts_only:
        numbers = [k for k in grid["shots"] if bool(k) == bool(budget)]
        return [(k, 0) if method.shots.quality == "weak" else (0, k) for k in numbers]
    price, (weak_shots, gold_shots) = Fraction(str(grid["weak_price"])), method.shots_bought
    pairs = [pair for pair in listed_purchases(grid, method) if cost_ceiling(*pair, price) == budget]
    if budget in grid["budgets"] and method.finetune_on is None:
        rest = budget - weak_shots * price - gold_shots
        shares = [Fraction(str(share)) for share in method.gold_shares or grid["gold_shares"]]
        n_golds = [math.floor(share * rest) for share in shares]
        # All on gold labels means no weak ones, even for what is left of a gold label's price.
        n_weaks = [math.floor((rest - n) / price) if share < 1 else 0 for n, share in zip(n_golds, shares, strict=True)]
        pairs = [(weak_shots + w, gold_shots + g) for w, g in zip(n_weaks, n_golds, strict=True)] + pairs
    return [
        (n_weak, n_gold)
        for n_weak, n_gold in dict.fromkeys(pairs)
        if n_weak >= weak_shots and n_gold >= gold_shots and n_weak + n_gold > weak_shots + gold_shots
    ]


def listed_purchases(grid: dict, method: Method) -> list[tuple[int, int]]:
    """The (n_weak, n_gold) that follow from no budget: `finetune_on` and the prompts' examples, or `more_purchases`."""
    if method.finetune_on is None:
        return [tuple(pair) for pair in grid["more_purchases"]]
    weak_shots, gold_shots = method.shots_bought
    return [(weak_shots + n_weak, gold_shots + n_gold) for n_weak, n_gold in method.finetune_on]


def cost_ceiling(n_weak: int, n_gold: int, price: Fraction) -> int:
    """The smallest whole budget that affords a purchase."""
    return math.ceil(n_gold + n_weak * price)


def budgets_of(grid: dict) -> list[int]:
    """The budgets of all blocks that train."""
    price = Fraction(str(grid["weak_price"]))
    return sorted({*grid["budgets"], *(cost_ceiling(*pair, price) for pair in grid["more_purchases"])})


def block_purchases(budget: int, seed: int, method: Method, supply: Supply, config: dict) -> list[tuple[int, int]]:
    """The purchases of a block: all of the budget's, or, for an extra seed, those with a small stage.

    Those that the pool cannot serve are left out where the grid says so, and else refused at validation.
    """
    pairs = purchases_of(budget, config["grid"], method)
    if config["grid"]["beyond_pool"] == "leave_out":
        pairs = [pair for pair in pairs if supply.serves(*pair)]
    if seed in config["seeds"] or budget == 0:
        return pairs
    shots, at_most = method.shots_bought, config["extra_seeds"]["at_most"]
    return [pair for pair in pairs if min(n - k for n, k in zip(pair, shots, strict=True) if n > k) <= at_most]


def blocks_of(method: Method, supply: Supply, config: dict) -> list[tuple[int, int]]:
    """The (budget, seed) for which a method has purchases."""
    grid, seeds = config["grid"], config["seeds"] + config.get("extra_seeds", {}).get("seeds", [])
    if method.prompts_only:
        budgets = [max(grid["shots"])] if any(grid["shots"]) else []
    else:
        price = Fraction(str(grid["weak_price"]))
        own = {cost_ceiling(*pair, price) for pair in listed_purchases(grid, method)}
        budgets = sorted({*grid["budgets"], *own})
    blocks = [(b, seed) for b in budgets for seed in seeds if block_purchases(b, seed, method, supply, config)]
    asks = method.prompts_only and 0 in grid["shots"]
    return [(0, NO_SEED), *blocks] if asks else blocks


def groups_of(config: dict) -> list[dict[str, str]]:
    """The (task, supervisor, student, method) that the study runs, by the names of rules' wildcards."""
    names = {
        "tasks": [task["name"] for task in config["tasks"]],
        "supervisors": list(supervisors_of(config)),
        "students": config["students"],
        "methods": list(study_methods(config["methods"])),
    }
    groups = (product(*(entry.get(kind, names[kind]) for kind in names)) for entry in config["combinations"])
    return [dict(zip(WILDCARDS, group, strict=True)) for group in dict.fromkeys(chain(*groups))]


def narrowed_grids(group: dict[str, str], config: dict) -> list[dict]:
    """The grid as each combination that holds the group narrows it: by the `budgets` and `gold_shares` it names.

    Purchases that follow from no budget (`more_purchases`, `shots`, a method's `finetune_on`) and the shares of a
    method that has its own stay as they are.
    """
    kinds = {"tasks": "task", "supervisors": "supervisor", "students": "student", "methods": "method"}
    return [
        config["grid"] | {key: entry[key] for key in NARROWED if key in entry}
        for entry in config["combinations"]
        if all(group[name] in entry[kind] for kind, name in kinds.items() if kind in entry)
    ]


def planned_blocks(config: dict, whole: bool = False) -> dict[Group, Blocks]:
    """The purchases of every block of every (task, supervisor, student, method), the shared ones among them.

    A group that stands in several combinations makes what each of them asks for. whole: with those that are left out
    because a task's pool cannot serve them.
    """
    methods = study_methods(config["methods"])
    supplies = {t["name"]: full_supply(sys.maxsize) if whole else supply_of(t, config) for t in config["tasks"]}

    @cache
    def blocks_within(supply: Supply, method: str, budgets: tuple, gold_shares: tuple) -> Blocks:
        study = config | {"grid": config["grid"] | {"budgets": list(budgets), "gold_shares": list(gold_shares)}}
        own = methods[method]
        return {block: block_purchases(*block, own, supply, study) for block in blocks_of(own, supply, study)}

    planned = {}
    for group in groups_of(config):
        blocks: Blocks = {}
        for grid in narrowed_grids(group, config):
            shares = (tuple(grid[key]) for key in NARROWED)
            for block, pairs in blocks_within(supplies[group["task"]], group["method"], *shares).items():
                blocks[block] = list(dict.fromkeys(blocks.get(block, []) + pairs))
        planned[tuple(group.values())] = blocks
    return planned


def maker_of(group: Group, n_weak: int, n_gold: int) -> Group:
    """The group under whose name a run is made and stored.

    Without weak labels it is the same whoever the supervisor is; without any label also by whichever method it asks.
    """
    task, supervisor, student, method = group
    return (
        task,
        supervisor if n_weak else NO_SUPERVISOR,
        student,
        method if n_weak or n_gold else NO_LABELS,
    )


def made_blocks(planned: dict[Group, Blocks]) -> dict[Group, Blocks]:
    """The purchases of every block that a job makes, each once, by `maker_of`; blocks without any are absent."""
    made: dict[Group, Blocks] = {}
    for group, blocks in planned.items():
        for block, pairs in blocks.items():
            for pair in pairs:
                bought = made.setdefault(maker_of(group, *pair), {}).setdefault(block, [])
                if pair not in bought:
                    bought.append(pair)
    return made


def planned_runs(config: dict, whole: bool = False) -> Iterator[dict]:
    """Every run that a supervisor has results of: task, supervisor, student, method, budget, seed, n_weak, n_gold.

    whole: with those that are left out because a task's pool cannot serve them.
    """
    yield from as_runs(planned_blocks(config, whole))


def made_runs(config: dict, whole: bool = False) -> Iterator[dict]:
    """As planned_runs, but with every run that several supervisors or methods share once, under its maker's name."""
    yield from as_runs(made_blocks(planned_blocks(config, whole)))


def as_runs(planned: dict[Group, Blocks]) -> Iterator[dict]:
    for group, blocks in planned.items():
        names = dict(zip(WILDCARDS, group, strict=True))
        for (budget, seed), pairs in blocks.items():
            for n_weak, n_gold in pairs:
                yield names | {"budget": budget, "seed": seed, "n_weak": n_weak, "n_gold": n_gold}


def check_purchases(config: dict, planned: dict[Group, Blocks]) -> None:
    """InputError if a pool cannot serve a purchase, or a group makes none, which its scores would notice too late."""
    supplies = {task["name"]: supply_of(task, config) for task in config["tasks"]}
    for (task, supervisor, student, method), blocks in planned.items():
        for n_weak, n_gold in chain(*blocks.values()):
            check_supply(supplies[task], n_weak, n_gold, task)
        if not blocks:
            raise InputError(
                f"Config, combinations: {method!r} buys no label of {supervisor!r} for {student!r} on {task!r}; add "
                "budgets or gold_shares to its combination, enlarge the pool, or drop it."
            )


def check_averages(config: dict, planned: dict[Group, Blocks]) -> None:
    """InputError if tasks that are to be averaged share no run; the tables would notice after all compute."""
    narrowed = any(key in entry for entry in config["combinations"] for key in NARROWED)
    if config["grid"]["beyond_pool"] != "leave_out" and not narrowed:
        return  # Every task has every purchase.
    runs: dict[str, set[tuple]] = {task["name"]: set() for task in config["tasks"]}
    for run in as_runs(planned):
        runs[run["task"]].add(
            tuple(run[key] for key in ("supervisor", "student", "method", "n_weak", "n_gold", "seed"))
        )
    for key, over in (
        ("average_over", config["average_over"] or list(runs)),
        ("figures.spending_over", config["figures"]["spending_over"]),
        ("figures.prompting_over", config["figures"]["prompting_over"]),
    ):
        of_tasks = [runs[task] for task in over]
        # A supervisor, student and method that not all of them have is not averaged.
        averaged = set.intersection(*({run[:3] for run in of_task} for of_task in of_tasks)) if len(over) > 1 else set()
        if averaged and not set.intersection(*of_tasks):
            raise InputError(
                f"Config, {key}: {join_words(over, 'and')} have no purchase that all of them could be averaged over; "
                "enlarge the smallest pool, add smaller grid.budgets, share budgets and gold_shares among their "
                "combinations, or average other tasks."
            )


def reads_as(model: dict) -> str:
    """The model whose tokenizer it has: a truncated one reads as its original does."""
    return model.get("truncate", {"model": model["name"]})["model"]


def readers_of(task: str, config: dict) -> list[dict]:
    """The models that read the task's texts, with the examples that they show before a text.

    Each has `model` (whose tokenizer it is), `asked` (for a label's token), `shots` and `few_shots` (settings of
    elicitation.buying.methods.Shots, for training with them and for showing them only) and `supervision_shots`.
    """
    models = {model["name"]: model for model in config["models"]}
    methods, supervisors, readers = study_methods(config["methods"]), supervisors_of(config), {}

    def reader(name: str) -> dict:
        new = {"model": reads_as(models[name]), "asked": False, "shots": [], "few_shots": [], "supervision_shots": 0}
        return readers.setdefault(new["model"], new)

    for group in groups_of(config):
        if group["task"] != task:
            continue
        labeller = labeller_of(group["supervisor"], supervisors)
        if asks_model(labeller):
            own, examples = reader(labeller["model"]), labeller["prompted_shots"]
            own["asked"] |= examples is not None
            own["supervision_shots"] = max(own["supervision_shots"], examples or 0)
        if "api" in models[group["student"]]:
            continue
        own, method = reader(group["student"]), methods[group["method"]]
        own["asked"] |= method.prompts_only
        if method.shots:
            shown = own["few_shots" if method.prompts_only else "shots"]
            numbers = config["grid"]["shots"] if method.prompts_only else [method.shots.k]
            new = [{"quality": method.shots.quality, "k": k} for k in numbers]
            shown += [shots for shots in new if shots not in shown]
    return list(readers.values())


def check_combinations(config: dict) -> None:
    """InputError if a combination names what is not there, or a defined name is in none."""
    used = groups_of(config)
    for kind, wildcard, known in (
        ("tasks", "task", [task["name"] for task in config["tasks"]]),
        ("supervisors", "supervisor", list(supervisors_of(config))),
        ("students", "student", config["students"]),
        ("methods", "method", list(study_methods(config["methods"]))),
    ):
        names = {group[wildcard] for group in used}
        for name in sorted(names - set(known)):
            raise InputError(f"Config, combinations: {name!r} is not one of the study's {kind}{nearest(name, known)}")
        for name in [name for name in known if name not in names]:
            raise InputError(f"Config, combinations: none holds {name!r} of the study's {kind}; add one or drop it.")
    for place, entry in enumerate(config["combinations"]):
        for key in NARROWED:
            for value in [value for value in entry.get(key, []) if value not in config["grid"][key]]:
                raise InputError(
                    f"Config, combinations[{place}].{key}: {value:g} is not one of the grid's {key}, of which a "
                    "combination takes some; add it there or drop it here."
                )


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
