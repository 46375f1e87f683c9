"""Configs for tests: a valid one with something of every part of the schema, random valid ones and random bad ones."""

import copy
import json
from pathlib import Path

import yaml
from hypothesis import strategies as st

from elicitation.analysis.names import AVERAGE
from elicitation.buying.methods import METHODS
from elicitation.study.reference import all_keys

MINI = yaml.safe_load((Path(__file__).parent / "workflow/mini.yaml").read_text())
SIZES = {"pool_size": 300, "test_size": 60, "supervision_size": 40}
LOCAL = {"local": "own", "splits": {"train": "train", "test": "test"}}
OWN_TASK = {
    "name": "own",
    "hub": {"id": "someone/own", "revision": "0" * 40},
    "text": "{text}\n{more}",
    "lines": {"more": "{key}: {value}"},
    "filled": ["text"],
    "label": {"column": "label", "is": "yes"},
    "prompt": {"labels": ["no", "yes"]},
}
CHOICE_TASK = {"name": "choice", "text": "{question} {answer}", "answer": {"among": ["a", "b"], "right": "right"}}
CHOICE_TASK["supervisor_text"] = {"words": 3}
PAIR_TASK = {"name": "pair", "text": "{first} or {second}", "pair": {"right": "good", "wrong": "bad"}}
RULE_TASK = {"name": "ruled", "text": "{question} {a}", "supervisor_text": "{a}"}
RULE_TASK["rule"] = {"contains": ["a"], "text": "{a}"}
API = {
    "model": "gpt",
    "base_url": "https://api.example.org/v1",
    "key_variable": "SOME_API_KEY",
    "context": 4096,
    "training_price": 3.0,
    "input_price": 0.3,
    "output_price": 1.2,
}
LABEL_API = {
    "base_url": "http://localhost:8000/v1",
    "model": "gpt",
    "key_variable": "SOME_API_KEY",
    "prices": {"input": 0.15, "output": 0.6},
    "context": 4096,
    "instruction": "Answer with 0 or 1.",
    "logprobs": True,
    "samples": 3,
    "answer_tokens": 8,
}
OWN_MODELS = [
    {"name": "linked", "local": "weights", "learning_rate": 1e-3},
    {"name": "cut", "truncate": {"model": "linked", "layers": 1}, "learning_rate": 1e-3},
    {"name": "downloaded", "local": "weights", "hub": {"id": "a/b", "revision": "1" * 40}, "learning_rate": 1e-3},
    {"name": "remote", "api": API},
]
VARIANT = {
    "name": "mine",
    "like": "sequential_sft",
    "shots": {"quality": "weak", "k": 3},
    "selection": {"measure": "margin"},
    "gold_shares": [0.5],
    "training": {"presentations": 100},
}
# A valid study with something of every part of the schema.
STUDY = MINI | {
    "data_folder": None,
    "tasks": [MINI["tasks"][0], *(task | LOCAL | SIZES for task in (OWN_TASK, CHOICE_TASK, PAIR_TASK, RULE_TASK))],
    "models": MINI["models"] + OWN_MODELS,
    "supervisors": [
        "supervisor",
        {"name": "asked", "model": "student", "prompted_shots": 2},
        {"name": "shuffled", "shuffle_errors_of": "supervisor"},
        {"name": "served", "api": LABEL_API, "prompted_shots": 1, "price": 0.05, "others": "drop"},
        {"name": "words", "rule": {"contains": ["good", "great"]}, "price": 0.02},
        {"name": "coherent", "model": "student", "icm": {"texts": 4}},
        {"name": "both", "joined": ["served", "words"]},
        {"name": "tiers", "shares": {"words": 0.8, "both": 0.2}},
        {"name": "checked", "first": "served", "second": "words", "second_share": 0.25},
    ],
    "students": ["student", "remote"],
    "methods": ["sequential_sft", VARIANT, "few_shot_gold"],
    "combinations": [{"students": ["student"]}, {"students": ["remote"], "methods": ["sequential_sft"]}],
    "average_over": ["topic", "own"],
    "extra_seeds": {"seeds": [7], "at_most": 10},
    "grid": MINI["grid"] | {"shots": [2], "more_purchases": [[10, 10]], "beyond_pool": "refuse"},
    "figures": {},
    "inference": {},
    "training": {},
    "tuning": {},
    "supervision": {},
    "labelling": {"engine": "transformers"},
}
# A valid study on a table of one's own.
OWN_STUDY = MINI | {
    "tasks": [
        {"name": "mine", "table": "own/labels.csv", "text": "{title} {body}", "label": "expert", "id": "ticket"}
        | SIZES
        | {"pool_size": 330, "supervision_size": 4}
    ],
    "supervisors": [
        "supervisor",
        {"name": "llm", "columns": {"llm": 0.1}},
        {"name": "crowd", "columns": {"ann a": 0.02, "ann b": 0.03}, "aggregate": "majority"},
    ],
    "labelling": {"engine": "transformers"},
}
# A whole safetensors file: the header's length and a header that names nothing.
NO_WEIGHTS = (2).to_bytes(8, "little") + b"{}"
# A valid study on sentences that people rated.
RATED_STUDY = MINI | {
    "ratings_archive": "own/train.jsonl",
    "tasks": [{"name": "rated", "ratings": "tweets", "panel": 20, "text": "Tweet: {text}"} | SIZES],
    "supervisors": [
        "supervisor",
        {"name": "one", "raters": 1},
        {"name": "three", "raters": 3, "aggregate": "majority"},
        {"name": "shuffled", "shuffle_errors_of": "one"},
    ],
    "labelling": {"engine": "transformers"},
}
FILES = ("weights/config.json", "weights/tokenizer.json", "weights/model.safetensors")


def write_files(folder: Path) -> None:
    """The files that the configs name, a folder that is called like a file, and half a model."""
    for name in (*FILES, "half/config.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text('{"architectures": ["LlamaForCausalLM"]}')
    (folder / "weights/model.safetensors").write_bytes(NO_WEIGHTS)
    (folder / "own/folder.csv").mkdir(parents=True)
    own = {"text": "t", "more": {"key": ["k"], "value": ["v"]}, "label": "yes"}
    choice = {"question": "q", "a": "a", "b": "b", "right": 0}
    pair = {"first": "f", "second": "s", "good": "f", "bad": "s"}
    for name in ("train", "test"):
        (folder / f"own/{name}.jsonl").write_text(json.dumps(own | choice | pair))
    rows = [f"T{i},title,{i},{i % 2 if i < 100 else ''},{i % 10 / 10},{i % 2},\n" for i in range(400)]
    (folder / "own/labels.csv").write_text("ticket,title,body,expert,llm,ann a,ann b\n" + "".join(rows))


names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True).filter(lambda name: name != AVERAGE)
rates = st.floats(1e-6, 1)
shares = st.decimals(0, 1, places=2).map(float)


@st.composite
def tasks(draw, name: str) -> dict:
    source = draw(st.sampled_from(["sandbox", "local", "both"]))
    sizes = {"pool_size": draw(st.integers(10**6, 10**7)), "test_size": draw(st.integers(10, 2000))}
    task = {"name": name, "supervision_size": draw(st.integers(4, 500))} | sizes
    if source == "sandbox":
        return task | {"sandbox": draw(st.sampled_from(["topic", "verdict", "surprise"]))}
    task |= {"splits": {"train": "train", "test": draw(st.sampled_from(["train", "test"]))}}
    # A template that shows the labels is refused.
    label = draw(names.filter(lambda name: name not in ("text", "q", "a")))
    task |= {"local": "own", "label": label, "text": draw(st.sampled_from(["{text}", "Q: {q}\nA: {a} {{}}"]))}
    return task | ({"hub": {"id": "someone/own", "revision": "0" * 40}} if source == "both" else {})


@st.composite
def models(draw, name: str, earlier: list[str]) -> dict:
    """earlier: names of models that may be cut."""
    model = {"name": name, "learning_rate": draw(rates)}
    source = draw(st.sampled_from(["sandbox", "local", "truncate"] if earlier else ["sandbox", "local"]))
    if source == "local":
        return model | {"local": "weights"}
    if source == "truncate":
        return model | {"truncate": {"model": draw(st.sampled_from(earlier)), "layers": draw(st.integers(1, 3))}}
    heads = draw(st.integers(1, 4))
    counts = {key: draw(st.integers(1, 100)) for key in ("steps", "batch_size")} | {"layers": draw(st.integers(4, 100))}
    world = {key: draw(shares) for key in ("short_reviews", "bare_tags")}
    return model | {"sandbox": {"width": 32 * heads, "heads": heads, "learning_rate": draw(rates)} | counts | world}


def supervisors_of(model: str) -> st.SearchStrategy:
    """A supervisor of this model: finetuned, prompted, or with labels of a search."""
    prompted = st.builds(lambda k: {"name": model, "prompted_shots": k}, st.integers(0, 4))
    searched = st.builds(lambda n: {"name": model, "icm": {"texts": n}}, st.integers(2, 4))
    return st.just(model) | prompted | searched


@st.composite
def studies(draw) -> dict:
    """Valid configs."""
    task_names = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    model_names = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    entries: list[dict] = []
    for name in model_names:
        whole = [entry["name"] for entry in entries if "truncate" not in entry]
        entries.append(draw(models(name, whole)))
    some_models = st.lists(st.sampled_from(model_names), min_size=1, unique=True)
    labelling = draw(some_models)
    supervisors: list = [draw(supervisors_of(name)) for name in labelling]
    if draw(st.booleans()):
        supervisors.append({"name": "shuffled_errors", "shuffle_errors_of": labelling[0]})
    prices = st.decimals("0.01", 2, places=2).map(float)
    study = {
        "study": draw(names),
        "device": draw(st.sampled_from(["cpu", "cuda"])),
        "sources": "local",
        "tasks": [draw(tasks(name)) for name in task_names],
        "models": entries,
        "supervisors": supervisors,
        "students": draw(some_models),
        "methods": draw(st.lists(st.sampled_from(sorted(METHODS)), min_size=1, max_size=3, unique=True)),
        "seeds": draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=3, unique=True)),
        "grid": {
            "weak_price": draw(prices),
            "budgets": draw(st.lists(st.integers(8, 5000), min_size=1, max_size=3, unique=True)),
            "gold_shares": draw(st.lists(shares, min_size=1, max_size=4, unique=True)),
            "shots": draw(st.lists(st.integers(1, 60), min_size=1, max_size=3, unique=True)),
        },
        "weak_prices": draw(st.lists(prices, min_size=1, max_size=3, unique=True)),
        "labelling": {"engine": "transformers"},
    }
    if draw(st.booleans()):
        stopping = "early_stopping" if {"log_confidence", "joint_sft"} & {*study["methods"]} else "fixed_epochs"
        study["training"] = {"stopping": stopping, "patience": draw(st.integers(1, 9))}
        study["keep_weak_stages"] = draw(st.booleans())
    return study


def places(value, path=()):
    """The path of everything in a config."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield (*path, key)
        yield from places(item, (*path, key))


@st.composite
def mutations(draw) -> dict:
    """A valid config in which a few things were taken away, renamed or replaced by anything."""
    study = draw(studies() | st.builds(copy.deepcopy, st.sampled_from([STUDY, OWN_STUDY, RATED_STUDY])))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(list(places(study))))
        entry = study
        for step in parents:
            entry = entry[step]
        match draw(st.sampled_from(["replace", "replace", "replace", "remove", "rename", "add"])):
            case "replace":
                entry[last] = draw(junk)
            case "remove":
                del entry[last]
            case "rename" if isinstance(entry, dict):
                entry[draw(odd_keys)] = entry.pop(last)
            case "add" if isinstance(entry, dict):
                entry[draw(odd_keys)] = draw(junk)
        if not list(places(study)):
            break
    return study


KEYS = list(dict.fromkeys(key.path.rpartition(".")[2] for key in all_keys()))
odd_keys = st.sampled_from([*KEYS, "", " ", "\n", 0, None, 1.5])
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), names,
    st.sampled_from(["{", "{0}", "..", "/", "\0", "package:", "x" * 5000, "own", "weights", 10**400, 1e308, 1e-320]),
)  # fmt: skip
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_keys, inner, max_size=3), max_leaves=4
)
