"""Token counts, by the tokenizer alone: no model is loaded."""

import json
from pathlib import Path

from tokenizers import Tokenizer

from elicitation.errors import InputError


def count_tokens(folder: Path, texts: list[str]) -> list[int]:
    """Tokens of every text, special ones included, as the model in `folder` counts them."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(texts)]


def check_context(folder: Path, counts: list[int], ids: list[str], task: str) -> int:
    """The model's context in tokens; InputError if a text is longer."""
    context = json.loads((folder / "config.json").read_text())["max_position_embeddings"]
    longest = max(range(len(counts)), key=counts.__getitem__)
    if counts[longest] > context:
        raise InputError(
            f"Task {task!r}: text {ids[longest]} has {counts[longest]} tokens, but model {folder.name!r} reads at most "
            f"{context}; shorten or drop such texts, or choose a model with a longer context."
        )
    return context
