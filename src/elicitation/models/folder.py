"""The folder of a model: where it is, whether it is whole, and what its config.json says. Imports nothing heavy."""

import importlib.util
import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import NoneType

from elicitation.errors import MAX_SHOWN, InputError, join_words, shown
from elicitation.models.gguf_files import GIT_LFS

# How a path begins that leads into an installed Python package.
PACKAGE_PREFIX = "package:"
# The names of the files that hold weights.
WEIGHTS = "*.safetensors"
# The files of a model that suffice to count tokens.
TOKENIZER_FILES = ["config.json", "tokenizer.json"]
# The files that a whole model is made of.
WHOLE_MODEL = [*TOKENIZER_FILES, WEIGHTS]
# How the names of architectures with a language head end; the second is that of GPT-2.
LANGUAGE_MODELS = ("ForCausalLM", "LMHeadModel")
# Decoders, by the `model_type` of config.json, that know a token's place by its position number alone, and that hand
# further arguments on to their attention. So several texts can stand in one sequence, and the layers can be split
# between two passes.
PACKED_ARCHITECTURES = ("llama", "mistral", "qwen2")


def place_in_package(path: str, name: str) -> Path:
    """The path that a model's entry means; InputError if it lies in a Python package that is not installed."""
    if not path.startswith(PACKAGE_PREFIX):
        return Path(path)
    package, _, inner = path.removeprefix(PACKAGE_PREFIX).partition("/")
    try:
        # It is not imported: a package that only holds files may want others that are not here.
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        raise InputError(f"Model {name!r}: the Python package {package!r} is not installed; install it (README).")
    return Path(spec.origin).parent / inner


def local_model_folder(path: str, name: str) -> Path:
    """The folder that a model's `local` entry means; InputError unless a complete model is there."""
    folder = place_in_package(path, name)
    check_model_folder(folder, name)
    return folder


def check_model_folder(folder: Path, name: str, needed: Iterable[str] = WHOLE_MODEL) -> None:
    """InputError unless the folder holds files of the needed names, and not just pointers to them."""
    if not os.path.isdir(folder):  # noqa: PTH112
        raise InputError(f"Model {name!r}: {shown(str(folder))} is no folder; name the folder of a complete model.")
    for pattern in needed:
        files = list(folder.glob(pattern))
        if not files:
            raise InputError(
                f"Model {name!r}: the folder {folder} holds no {pattern}; name the folder of a complete model."
            )
        for file in files:
            try:
                with file.open("rb") as stream:
                    start = stream.read(len(GIT_LFS))
            except OSError as error:
                raise InputError(f"Model {name!r}: {file} cannot be read ({error.strerror}); get it again.") from error
            if start == GIT_LFS:
                raise InputError(f"Model {name!r}: {file} is a pointer of Git LFS; fetch the file by git lfs pull.")
    if WEIGHTS in needed:
        check_weights(folder, name)


def check_weights(folder: Path, name: str) -> None:
    """InputError unless the folder's weights are whole and fit its config.

    Headers alone are read. Where the config states the size of the vocabulary, one matrix must have as many rows.
    """
    from safetensors import SafetensorError, safe_open

    files, rows = sorted(folder.glob(WEIGHTS)), []
    for file in files:
        try:
            with safe_open(file, "np") as weights:
                shapes = [weights.get_slice(key).get_shape() for key in weights.keys()]  # noqa: SIM118
                rows += [shape[0] for shape in shapes if len(shape) == 2]
        except (OSError, SafetensorError) as error:
            raise InputError(f"Model {name!r}: {file} is damaged ({error}); get it again.") from error
    vocabulary = model_config(folder, name).get("vocab_size")
    if vocabulary is not None and vocabulary not in rows:
        raise InputError(
            f"Model {name!r}: config.json says vocab_size {shown(vocabulary)}, but no matrix in {folder} has so many "
            "rows; get the model again, or correct its config.json."
        )
    for index in folder.glob(f"{WEIGHTS}.index.json"):
        named = read_mapping(index, name).get("weight_map")
        if not isinstance(named, dict):
            raise InputError(f"Model {name!r}: {index} names no weights; get it again.")
        if missing := set(map(str, named.values())) - {file.name for file in files}:
            raise InputError(f"Model {name!r}: {folder} lacks {min(missing)}, which {index.name} names; get it too.")


def model_config(folder: Path, name: str) -> dict:
    """What the model's config.json holds; InputError if that is no mapping, or names no architecture in text."""
    path = folder / "config.json"
    config = read_mapping(path, name)
    kind, architectures = config.get("model_type"), config.get("architectures")
    if not isinstance(kind, (str, NoneType)):
        raise InputError(f"Model {name!r}: {path} says model_type {shown(kind)}, which is no text; correct it.")
    if not isinstance(architectures, (list, NoneType)) or not all(isinstance(a, str) for a in architectures or []):
        raise InputError(
            f"Model {name!r}: {path} says architectures {shown(architectures)}, which is no list of texts; correct it."
        )
    return config


def whole_number(config: dict, key: str, name: str, least: int) -> int:
    """A whole number, of at least `least`, in a model's config; InputError if there is something else."""
    value = config[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(
            f"Model {name!r}: its config.json says {key} {json.dumps(value)[:MAX_SHOWN]}, which must be a whole number "
            f"of at least {least}; get the model again, or correct it."
        )
    return value


def require_language_head(folder: Path, name: str) -> None:
    """InputError unless the folder's config.json names a causal language model, which can be asked for a token."""
    architectures = model_config(folder, name).get("architectures") or []
    if not any(architecture.endswith(LANGUAGE_MODELS) for architecture in architectures):
        raise InputError(
            f"Model {name!r} is prompted, but is no causal language model ({', '.join(architectures) or 'unknown'}); "
            "choose a decoder, or methods and supervisors that finetune."
        )


def read_mapping(path: Path, name: str) -> dict:
    """What one of a model's JSON files holds; InputError if that is no mapping."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"Model {name!r}: {path} cannot be read ({error}); get the model again.") from error
    if not isinstance(content, dict):
        raise InputError(f"Model {name!r}: {path} holds no mapping; get the model again.")
    return content


def check_together(place: str, architecture: str | None) -> None:
    """InputError if students of an architecture cannot train together; None is what is not known yet."""
    if architecture not in (None, *PACKED_ARCHITECTURES):
        raise InputError(
            f"{place}: training.runs_together trains models of the architectures "
            f"{join_words(set(PACKED_ARCHITECTURES), 'and')}, but this one is {architecture!r}; set runs_together: "
            "false, and seeds_together: 1."
        )


def check_split(place: str, architecture: str | None, layers: int | None, adapt_layers: int) -> None:
    """InputError if a model cannot be split below its upper `adapt_layers`; None is what is not known yet."""
    if architecture not in (None, *PACKED_ARCHITECTURES):
        raise InputError(
            f"{place}: adapt_layers splits models of the architectures {join_words(set(PACKED_ARCHITECTURES), 'and')}, "
            f"but this one is {architecture!r}; drop adapt_layers, so that all layers get adapters."
        )
    if layers is not None and adapt_layers >= layers:
        raise InputError(
            f"{place}: adapt_layers is {adapt_layers}, but the model has {layers} layers; ask for fewer, or drop "
            "adapt_layers, so that all layers get adapters."
        )
