"""How a model of the study comes to be in results: its entry says whether it is made, cut, converted or fetched.

What each way needs is imported only where that way is taken: most of it takes seconds.
"""

from pathlib import Path

from elicitation.models.hub import model_source

# The sandbox's models are pretrained once, whatever the study's seeds.
PRETRAINING_SEED = 0


def prepare_model(model: dict, sources: str, original: str | None, gguf: str | None, target: Path) -> dict:
    """Write a model to `target`, and return what its record says of where it is from.

    model: its entry in the study; original: the folder of the model that it is cut from, if it is cut; gguf: the file
    that it is converted from, if it is. Raises InputError if it cannot be made or fetched, or is not whole.
    """
    made_from = {"source": model_source(model, sources)}
    if "sandbox" in model:
        from elicitation.models.pretraining import pretrain, save_model

        save_model(*pretrain(**model["sandbox"], seed=PRETRAINING_SEED), target)
    elif "truncate" in model:
        from elicitation.models.loading import truncate_model

        truncate_model(original, model["truncate"]["layers"], target)
    elif "gguf" in model:
        from elicitation.models.conversion import convert_gguf

        made_from["gguf"] = convert_gguf(Path(gguf), model["name"], target)
    else:
        from elicitation.models.checkpoints import check_checkpoint
        from elicitation.models.hub import fetch_model

        fetch_model(model, sources, target)
        check_checkpoint(target, model["name"])
    return made_from


def prepare_tokenizer(model: dict, sources: str, gguf: str | None, target: Path) -> dict:
    """Write a model's tokenizer and config to `target`, which suffice to count tokens; else as prepare_model."""
    if "sandbox" in model:
        from elicitation.data.sandbox import CONTEXT, word_tokenizer
        from elicitation.files import write_json

        target.mkdir(parents=True)
        word_tokenizer().save(str(target / "tokenizer.json"))
        write_json(target / "config.json", {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": CONTEXT})
    elif "gguf" in model:
        from elicitation.models.conversion import write_tokenizer

        write_tokenizer(Path(gguf), model["name"], target)
    else:
        from elicitation.models.folder import TOKENIZER_FILES, check_model_folder
        from elicitation.models.hub import check_architecture, fetch_files

        fetch_files(model, sources, target, TOKENIZER_FILES)
        check_model_folder(target, model["name"], TOKENIZER_FILES)
        check_architecture(target, model["name"])
    return {"source": model_source(model, sources)}
