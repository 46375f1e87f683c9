"""Counts of tokens, and whether texts and prompts fit a model. The tokenizer suffices; no model is loaded."""

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd
from tokenizers import Tokenizer

from elicitation.buying.methods import Shots
from elicitation.buying.purchases import arrange, order_pool
from elicitation.data.prompts import PromptFormat, label_token_ids
from elicitation.errors import InputError
from elicitation.models.folder import model_config

# What architectures call the number of positions in their config; those without any (BLOOM, XLNet) know no limit.
POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len")
# Architectures that number a text's positions from one more than the padding token's id on, and so cannot use those
# before it.
POSITIONS_AFTER_PADDING = {
    "camembert", "data2vec-text", "esm", "ibert", "lilt", "longformer", "luke", "mpnet", "roberta",
    "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
}  # fmt: skip


def context_of(folder: Path) -> int:
    """Tokens that the model in `folder` reads at most, as its config.json says."""
    config = model_config(folder, folder.name)
    lost = config.get("pad_token_id", 1) + 1 if config.get("model_type") in POSITIONS_AFTER_PADDING else 0
    return next((config[key] for key in POSITIONS if key in config), sys.maxsize) - lost


def read_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of the model in `folder`, which cuts and pads nothing; InputError if it cannot be read."""
    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        # The library raises nothing more special.
        raise InputError(f"Model {folder.name!r}: {path} cannot be read ({error}); get the model again.") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def count_tokens(folder: Path, texts: list[str]) -> list[int]:
    """Tokens of every text, special ones included, as the tokenizer in `folder` counts them."""
    tokenizer = read_tokenizer(folder)
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(texts)]


def longest_prompt(
    pool: pd.Series, per_label: int, shots: Sequence[Shots], seeds: Sequence[int], gold: Collection[str] | None = None
) -> int:
    """Tokens of the longest run of examples that any of the `shots` (each with its k) puts before a text.

    pool: tokens by id; per_label: tokens of what stands around and behind a label; gold: the ids whose gold label is
    known, by default all.
    """
    longest = 0
    for seed in seeds if shots else []:
        ordering, _ = arrange(order_pool(pool.index, seed), pool.index, pool.index if gold is None else gold)
        for shot in shots:
            ids = ordering[: shot.k] if shot.quality == "weak" else ordering[::-1][: shot.k]
            longest = max(longest, int(pool[ids].sum()) + per_label * shot.k)
    return longest


def must_fit(few_shots: Sequence[Shots]) -> list[Shots]:
    """The shots that must fit the context even where others may be left out.

    These are the fewest examples of either quality, and the prompt without examples if the model is asked that too.
    """
    fewest = min((shots.k for shots in few_shots if shots.k), default=0)
    return [shots for shots in few_shots if shots.k in (0, fewest)]


def tokens_per_label(folder: Path, style: PromptFormat) -> int:
    """The most tokens that a label takes in a prompt, with what stands before and behind it."""
    return max(count_tokens(folder, [f"{style.cue}{label}{style.separator}" for label in style.labels]))


def check_context(folder: Path, counts: list[int], ids: list[str], task: str, prompt: int = 0) -> int:
    """The model's context in tokens; InputError if a text does not fit it behind a prompt of so many tokens.

    counts: tokens of each text; ids: of the texts, in the same order.
    """
    context = context_of(folder)
    longest = max(range(len(counts)), key=counts.__getitem__)
    if prompt + counts[longest] > context:
        behind = f" behind a prompt of {prompt}" if prompt else ""
        raise InputError(
            f"Task {task!r}: text {ids[longest]} has {counts[longest]} tokens{behind}, but model {folder.name!r} reads "
            f"at most {context}; shorten or drop such texts, put fewer examples into prompts, or choose a model with a "
            "longer context."
        )
    return context


def prompt_length(
    folder: Path,
    reader: Mapping,
    counts: Mapping[str, list[int]],
    pool: pd.DataFrame,
    style: PromptFormat,
    seeds: Sequence[int],
    leave_out: bool,
) -> int:
    """Tokens of the longest prompt that a model puts before a text, with what asks for the text's label.

    reader, leave_out: as in `measure_lengths`; counts: tokens of the texts of each set; pool: id and gold of its texts.
    """
    per_label = tokens_per_label(folder, style)
    shots, few_shots = ([Shots(**settings) for settings in reader[kind]] for kind in ("shots", "few_shots"))
    needed = shots + (must_fit(few_shots) if leave_out else few_shots)
    by_id, known = pd.Series(counts["pool"], pool.id), pool.id[pool.gold.notna()]
    shown = counts["supervision"][: reader["supervision_shots"]]
    longest = max(longest_prompt(by_id, per_label, needed, seeds, known), sum(shown) + per_label * len(shown))
    # A text behind which a label is asked for has the cue too.
    return longest + (per_label if reader["asked"] or shots else 0)


def measure_lengths(
    folder: Path,
    reader: Mapping,
    sets: Mapping[str, pd.DataFrame],
    task: str,
    style: PromptFormat,
    seeds: Sequence[int],
    leave_out: bool,
) -> dict:
    """Tokens of the texts and prompts that the model in `folder` reads of a task, and its context.

    InputError if a text does not fit behind the longest prompt, or a label is no token.

    reader: `asked` (whether it answers in words), `shots` and `few_shots` (of the methods that train and those that
    only prompt) and `supervision_shots` (examples of the supervision set in its prompts); sets: id, text and gold of
    pool, test and supervision; leave_out: whether prompts that do not fit are left out instead.
    """
    if reader["asked"]:
        label_token_ids(read_tokenizer(folder), style, folder.name)
    counts = {part: count_tokens(folder, examples.text.tolist()) for part, examples in sets.items()}
    every, ids = [n for part in counts.values() for n in part], pd.concat(sets.values()).id.tolist()
    prompt = prompt_length(folder, reader, counts, sets["pool"], style, seeds, leave_out)
    context = check_context(folder, every, ids, task, prompt)
    mean = sum(every) / len(every)
    return {"longest": max(every), "mean": mean, "longest_prompt": prompt, "context": context}
