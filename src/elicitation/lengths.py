"""Token counts, by the tokenizer alone: no model is loaded."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tokenizers import Tokenizer

from elicitation.errors import InputError
from elicitation.methods import Shots
from elicitation.prompts import PromptFormat
from elicitation.purchases import order_pool


def count_tokens(folder: Path, texts: list[str]) -> list[int]:
    """Tokens of every text, special ones included, as the tokenizer in `folder` counts them."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(texts)]


def longest_prompt(pool: pd.Series, per_label: int, shots: Sequence[Shots], seeds: Sequence[int]) -> int:
    """Tokens of the longest run of examples that any of the `shots` (each with its k) puts before a text.

    pool: tokens by id; per_label: tokens of what stands around and behind a label.
    """
    longest = 0
    for seed in seeds if shots else []:
        ordering = order_pool(pool.index, seed)
        for shot in shots:
            ids = ordering[: shot.k] if shot.quality == "weak" else ordering[::-1][: shot.k]
            longest = max(longest, int(pool[ids].sum()) + per_label * shot.k)
    return longest


def tokens_per_label(folder: Path, style: PromptFormat) -> int:
    return max(count_tokens(folder, [f"{style.cue}{label}{style.separator}" for label in style.labels]))


def check_context(folder: Path, counts: list[int], ids: list[str], task: str, prompt: int = 0) -> int:
    """The model's context in tokens; InputError if a text, behind a prompt of so many tokens, is longer."""
    context = json.loads((folder / "config.json").read_text())["max_position_embeddings"]
    longest = max(range(len(counts)), key=counts.__getitem__)
    if prompt + counts[longest] > context:
        behind = f" behind a prompt of {prompt}" if prompt else ""
        raise InputError(
            f"Task {task!r}: text {ids[longest]} has {counts[longest]} tokens{behind}, but model {folder.name!r} reads "
            f"at most {context}; shorten or drop such texts, put fewer examples into prompts, or choose a model with a "
            "longer context."
        )
    return context
