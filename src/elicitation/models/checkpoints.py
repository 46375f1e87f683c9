"""Whether a checkpoint holds all that its architecture wants, so that no weight is drawn at random without a word.

transformers draws the weights that a checkpoint lacks, and ignores those that it has no place for, whatever they are.
Here only the classification head and a pooler may be new, since pretrained models come without them.
"""

import re
from collections.abc import Collection
from pathlib import Path

import torch
import transformers
from safetensors import safe_open
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoConfig,
    PreTrainedModel,
)

from elicitation.errors import InputError
from elicitation.models.folder import LANGUAGE_MODELS, read_mapping

# The layer behind an encoder's first token, which language-model checkpoints lack and some classifiers leave out.
POOLER = re.compile(r"(^|\.)pooler\.")
# The number of a layer in a weight's name.
LAYER = re.compile(r"\.(\d+)\.")


def beside_body(model: PreTrainedModel) -> set[str]:
    """The first names of the weights that are not of a model's body: its heads. A bare body has none."""
    if model.base_model is model:
        return set()
    return {key.partition(".")[0] for key in model.state_dict()} - {model.base_model_prefix}


def is_of(key: str, parts: Collection[str]) -> bool:
    """Whether a weight of this name is of one of the parts, which are first names as in beside_body."""
    return key.partition(".")[0] in parts


def some_of(keys: Collection[str]) -> str:
    """'a.weight (and 3 more)'."""
    return f"{min(keys)} (and {len(keys) - 1} more)" if len(keys) > 1 else min(keys)


def refuse_drawn(info: dict, source: str | Path, may_be_new: Collection[str]) -> None:
    """InputError if a weight was drawn at random, other than those of a pooler and of the parts that may be new.

    info: what from_pretrained says of loading, with mismatched sizes ignored; source: what was loaded, as the sentence
    calls it.
    """
    for key, found, wanted in sorted(info["mismatched_keys"], key=lambda mismatch: mismatch[0]):
        if not is_of(key, may_be_new):
            raise InputError(
                f"{source} holds the weight {key} in the shape {list(found)}, but its config asks for {list(wanted)}; "
                "get the model again, or correct its config.json."
            )
    missing = {key for key in info["missing_keys"] if not is_of(key, may_be_new) and not POOLER.search(key)}
    if missing:
        raise InputError(
            f"{source} lacks the weight {some_of(missing)}, which its config asks for and which would be drawn at "
            "random; get the whole model again, or correct its config.json."
        )


def refuse_unknown(unknown: Collection[str], source: str | Path) -> None:
    """InputError if there are weights that the architecture has no place for."""
    if unknown:
        raise InputError(
            f"{source} holds the weight {some_of(unknown)}, which the architecture of its config has no place for; get "
            "the model again, or correct its config.json."
        )


def shapes_in(folder: Path, name: str) -> dict[str, torch.Tensor]:
    """The weights in those files of a folder that transformers loads, by name, as tensors without values."""
    files = {"model.safetensors"}
    if not (folder / "model.safetensors").exists():
        index = folder / "model.safetensors.index.json"
        if not index.exists():
            raise InputError(
                f"Model {name!r}: {folder} holds neither model.safetensors nor its index, the names by which weights "
                "are found; rename them."
            )
        files = set(read_mapping(index, name)["weight_map"].values())
    shapes = {}
    for file in files:
        with safe_open(folder / file, "pt") as weights:
            for key in weights.keys():  # noqa: SIM118
                shapes[key] = torch.empty(weights.get_slice(key).get_shape(), device="meta")
    return shapes


def load_shapes(kind: type[PreTrainedModel], config, shapes: dict) -> tuple[PreTrainedModel, dict]:
    """A model without values, and what transformers says of loading weights of these names and shapes into it."""
    return kind.from_pretrained(
        None,
        config=config,
        state_dict=dict(shapes),
        device_map="meta",
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )


def check_checkpoint(folder: Path, name: str) -> None:
    """InputError if weights would be drawn in the classifier or the language model that are made of a folder.

    Only names and shapes are compared and no weight is read, so it takes a moment for models of any size.
    """
    source = f"Model {name!r}: {folder}"
    try:
        config = AutoConfig.from_pretrained(folder, num_labels=2)
        if getattr(config, "quantization_config", None) is not None:
            # The shapes are those of packed weights, which only their own loader understands.
            raise InputError(
                f"{source} is quantised (`quantization_config` in its config.json), so that nothing can tell whether "
                "weights are missing; choose the whole checkpoint, with `quantization: nf4` for 4 bits."
            )
        own, shapes = own_architecture(config), shapes_in(folder, name)
        classifier = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING.get(type(config), None)
        classifiers = [load_shapes(classifier, config, shapes)] if classifier else []
        asked = any(architecture.endswith(LANGUAGE_MODELS) for architecture in config.architectures or [])
        language_model = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), None) if asked else None
        language_models = [load_shapes(language_model, config, shapes)] if language_model else []
    except InputError:
        raise
    except Exception as error:
        # A config can be wrong in more ways than there are types of errors to name here.
        raise InputError(f"{source} cannot be loaded by transformers ({error}); choose another model.") from error
    if not classifiers + language_models:
        raise InputError(
            f"{source} is a {config.model_type} model, of which transformers makes neither a classifier nor a language "
            "model; choose another."
        )
    for _, info in language_models:
        refuse_drawn(info, source, ())
        refuse_unknown({key for key in info["unexpected_keys"] if not POOLER.search(key)}, source)
    for model, info in classifiers:
        refuse_drawn(info, source, beside_body(model))
        refuse_unknown(unknown_to(model, info["unexpected_keys"], shapes, own), source)


def own_architecture(config) -> PreTrainedModel | None:
    """The model that the config names, without values; None if it names none that transformers has."""
    kind = getattr(transformers, (config.architectures or [""])[0], None)
    if not (isinstance(kind, type) and issubclass(kind, PreTrainedModel)):
        return None
    with torch.device("meta"):
        return kind(config)


def unknown_to(
    classifier: PreTrainedModel, unexpected: Collection[str], shapes: dict, own: PreTrainedModel | None
) -> set[str]:
    """The unexpected weights that are neither a pooler nor the head of another task.

    unexpected: names of weights that the classifier has no place for; shapes: all weights of the checkpoint, by name.
    own: the checkpoint's own architecture, whose heads are known. Without it, whatever does not begin with the name of
    the classifier's body is taken for a head.
    """
    unknown = {key for key in unexpected if not POOLER.search(key)}
    if own is not None:
        return {key for key in unknown if not is_of(key, beside_body(own) | beside_body(classifier))}
    body = f"{classifier.base_model_prefix}."
    prefixed = any(key.startswith(body) for key in shapes)
    return {key for key in unknown if not prefixed or key.startswith(body)}


def layer_of(key: str) -> int:
    """The number of the layer that a weight is of, by its name; -1 if it is of none."""
    found = LAYER.search(key)
    return int(found[1]) if found else -1


def refuse_uncut(model: PreTrainedModel, info: dict, source: str | Path, layers: int) -> None:
    """InputError if cutting a model to so many layers left later ones in it, or dropped other weights than layers.

    info: what from_pretrained says of loading; source: what was loaded, as the sentence calls it.
    """
    if any(layer_of(key) >= layers for key in model.base_model.state_dict()):
        raise InputError(f"Cannot cut {source} to {layers} layers: its architecture is no single stack of them.")
    refuse_unknown({k for k in info["unexpected_keys"] if layer_of(k) < layers and not POOLER.search(k)}, source)
