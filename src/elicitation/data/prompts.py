"""Few-shot prompts: labelled examples before a text, and the tokens that stand for the labels."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from elicitation.errors import InputError


@dataclass(frozen=True)
class PromptFormat:
    """How an example is written. Source of the defaults: Mallen & Belrose (2024), arXiv 2410.13215."""

    cue: str = "\n"
    """What stands between a text and its label."""
    labels: tuple[str, str] = ("0", "1")
    """What stands for label 0 and label 1; each must be one token."""
    separator: str = "\n\n"
    """What stands behind each example."""


def write_prompt(shots: Sequence[tuple[str, int]], text: str, style: PromptFormat) -> str:
    """The (text, label) examples in their order, then the text, up to where its label would stand."""
    examples = [f"{shot}{style.cue}{style.labels[label]}{style.separator}" for shot, label in shots]
    return "".join([*examples, text, style.cue])


def unknown_token_id(tokenizer: Tokenizer) -> int | None:
    """The token that stands for whatever is not in the vocabulary; None if the tokenizer has none."""
    model = json.loads(tokenizer.to_str())["model"]
    return model["unk_id"] if "unk_id" in model else tokenizer.token_to_id(model.get("unk_token") or "")


def label_token_ids(tokenizer: Tokenizer, style: PromptFormat, model: str) -> tuple[int, int]:
    """The ids of the two label tokens; InputError unless each label is exactly one known token behind the cue.

    They are looked for behind a text, since some tokenizers write letters at the start of a text in another way.
    """
    before, *behind = (
        tokenizer.encode(f"text{style.cue}{label}", add_special_tokens=False).ids for label in ("", *style.labels)
    )
    ids, unknown = [], unknown_token_id(tokenizer)
    for label, tokens in zip(style.labels, behind, strict=True):
        own = tokens[len(before) :]
        if tokens[: len(before)] != before or len(own) != 1 or own[0] == unknown:
            raise InputError(
                f"Model {model!r}: the label {label!r} is {len(own)} tokens or an unknown one behind {style.cue!r}, "
                "but must be one known token; choose another `cue` or other `labels` in the task's `prompt`."
            )
        ids += own
    if ids[0] == ids[1]:
        raise InputError(f"Model {model!r}: both labels {style.labels} are the same token; choose others.")
    return ids[0], ids[1]
