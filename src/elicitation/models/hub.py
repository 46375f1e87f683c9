"""Getting a model's files to where the pipeline reads them, from the hub or from a local folder."""

import errno
from pathlib import Path

from elicitation.data.sources import check_pinned
from elicitation.errors import InputError
from elicitation.files import hash_file
from elicitation.models.folder import check_model_folder, local_model_folder, model_config

# The files of a repository that are downloaded. Weights are safetensors only, since nothing from a repository may be
# executed.
MODEL_FILES = ["*.json", "*.safetensors", "*.model", "*.txt"]


def model_source(model: dict, sources: str) -> str:
    """Where a model is from, in as many words as pin it, for its record. model: its entry in the study."""
    for made in ("sandbox", "truncate"):
        if made in model:
            return made
    if "gguf" in model:
        return f"gguf:{model['gguf']}"
    return f"hub:{model['hub']['id']}@{model['hub']['revision']}" if sources == "hub" else f"local:{model['local']}"


def fetch_files(model: dict, sources: str, folder: Path, patterns: list[str]) -> None:
    """Download (hub, pinned revision) or link (local) those of a model's files whose names match a pattern.

    model: its entry in the study. Raises InputError if the download fails or a local folder is incomplete.
    """
    if sources == "hub":
        from huggingface_hub import snapshot_download

        hub = model["hub"]
        try:
            snapshot_download(hub["id"], revision=hub["revision"], local_dir=folder, allow_patterns=patterns)
        except Exception as error:
            if getattr(error, "errno", None) == errno.ENOSPC:
                raise
            raise InputError(
                f"Model {model['name']!r}: {hub['id']}@{hub['revision']} cannot be downloaded ({error}); correct "
                "`hub`, set HF_TOKEN if the model is gated, or use `sources: local` where there is no network."
            ) from error
        return
    folder.mkdir(parents=True)
    for file in local_model_folder(model["local"], model["name"]).iterdir():
        if file.is_file() and any(file.match(pattern) for pattern in patterns):
            (folder / file.name).symlink_to(file.resolve())


def fetch_model(model: dict, sources: str, folder: Path) -> None:
    """A whole model; InputError if it is incomplete, wants code of its own, or is not the one that is pinned."""
    name = model["name"]
    fetch_files(model, sources, folder, MODEL_FILES)
    check_model_folder(folder, name)
    check_needs_no_code(folder, name)
    if sources == "hub" and "sha256" in model["hub"]:
        check_pinned(f"Model {name!r}", hash_file(folder), model["hub"]["sha256"])


def check_needs_no_code(folder: Path, name: str) -> None:
    """InputError if the model can be loaded only by running code of its repository."""
    config = model_config(folder, name)
    if "auto_map" in config:
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        if config.get("model_type") not in CONFIG_MAPPING:
            raise InputError(
                f"Model {name!r}: it is loaded by code of its own repository, which is never run here; "
                "choose a model whose architecture transformers knows."
            )


def check_architecture(folder: Path, name: str) -> None:
    """InputError unless transformers, whose import takes seconds, knows the architecture of config.json and its values.

    No weights are needed.
    """
    check_needs_no_code(folder, name)
    from transformers import AutoConfig

    try:
        AutoConfig.from_pretrained(folder)
    except Exception as error:
        # A config can be wrong in more ways than there are types of errors to name here.
        raise InputError(
            f"Model {name!r}: {folder}/config.json cannot be used by transformers ({error}); choose another model, or "
            "correct it."
        ) from error
