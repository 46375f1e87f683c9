"""Few-shot prompts: labelled examples before a text, and the tokens that stand for the labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from elicitation.errors import InputError


@dataclass(frozen=True)
class PromptFormat:
    """How an example is written. Source of the defaults: Mallen & Belrose (2024), arXiv 2410.13215."""

    cue: str = "\n"
    """Between a text and its label."""
    labels: tuple[str, str] = ("0", "1")
    """What stands for label 0 and label 1; each must be one token."""
    separator: str = "\n\n"
    """Behind each example."""


def write_prompt(shots: Sequence[tuple[str, int]], text: str, style: PromptFormat) -> str:
    """The (text, label) examples in their order, then the text, up to where its label would stand."""
    examples = [f"{shot}{style.cue}{style.labels[label]}{style.separator}" for shot, label in shots]
    return "".join([*examples, text, style.cue])


def label_token_ids(tokenizer, style: PromptFormat, model: str) -> tuple[int, int]:
    """The ids of the two label tokens; InputError unless each label is exactly one known token."""
    ids = [tokenizer(label, add_special_tokens=False)["input_ids"] for label in style.labels]
    for label, tokens in zip(style.labels, ids, strict=True):
        if len(tokens) != 1 or tokens[0] == tokenizer.unk_token_id:
            raise InputError(
                f"Model {model!r}: the label {label!r} is {len(tokens)} tokens or an unknown one, but must be "
                "one known token; choose other `labels` in the task's `prompt`."
            )
    if ids[0] == ids[1]:
        raise InputError(f"Model {model!r}: both labels {style.labels} are the same token; choose others.")
    return ids[0][0], ids[1][0]
