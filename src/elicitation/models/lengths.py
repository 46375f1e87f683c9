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
from elicitation.models.folder import model_config, require_language_head, whole_number
from elicitation.seeds import stream

# Tokens at the end of a text that stay where its middle is cut out: it may end with a question.
TAIL = 64
# How many of the texts that are too long a sentence names.
LISTED = 5
# What architectures call the number of positions in their config; those without any (BLOOM, XLNet) know no limit.
POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len")
# Architectures that number a text's positions from one more than the padding token's id on, and so cannot use those
# before it.
POSITIONS_AFTER_PADDING = {
    "camembert", "data2vec-text", "esm", "ibert", "lilt", "longformer", "luke", "mpnet", "roberta",
    "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
}  # fmt: skip


def context_of(folder: Path) -> int:
    """Tokens that the model in `folder` reads at most, as its config.json says; InputError if that is no number."""
    config, name = {"pad_token_id": 1} | model_config(folder, folder.name), folder.name
    after_padding = config.get("model_type") in POSITIONS_AFTER_PADDING
    lost = whole_number(config, "pad_token_id", name, 0) + 1 if after_padding else 0
    return next((whole_number(config, key, name, 1) for key in POSITIONS if key in config), sys.maxsize) - lost


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


def shown_ids(pool: pd.DataFrame, shots: Shots, seed: int) -> list[str]:
    """The ids of the examples that a purchase of the seed puts before a text; pool: id and gold of its texts."""
    ordering, _ = arrange(order_pool(pool.id, seed), pool.id, pool.id[pool.gold.notna()])
    n_weak, n_gold = shots.split(shots.k)
    return ordering[:n_weak] + ordering[::-1][:n_gold]


def searched_ids(pool: pd.DataFrame, n: int, seed: int) -> list[str]:
    """The ids of the n texts of the pool that a search of this seed labels, in the order in which they are shown."""
    return stream(seed, "searched").permutation(sorted(pool.id))[:n].tolist()


def tokens_per_label(folder: Path, style: PromptFormat) -> int:
    """The most tokens that a label takes in a prompt, with what stands before and behind it."""
    return max(count_tokens(folder, [f"{style.cue}{label}{style.separator}" for label in style.labels]))


def check_context(folder: Path, counts: list[int], ids: list[str], task: str, prompt: int = 0) -> int:
    """The model's context in tokens; InputError if a text does not fit it behind a prompt of so many tokens.

    counts: tokens of each text; ids: what the texts are called, in the same order.
    """
    context = context_of(folder)
    long = sorted(((n, name) for n, name in zip(counts, ids, strict=True) if prompt + n > context), reverse=True)
    if long:
        behind = f" behind a prompt of {prompt}" if prompt else ""
        shown = ", ".join(f"{name} ({n} tokens)" for n, name in long[:LISTED])
        more = f" and {len(long) - LISTED} more" if len(long) > LISTED else ""
        raise InputError(
            f"Task {task!r}: {len(long)} of {len(counts)} texts are too long for model {folder.name!r}, which reads at "
            f"most {context} tokens{behind}: {shown}{more}; shorten or drop them (`too_long` of the task does), put "
            "fewer examples into prompts, or choose a model with a longer context."
        )
    return context


def names_of(texts: pd.DataFrame) -> list[str]:
    """What the source calls the texts (id and, of a table, source_id): rows of a table by number or id."""
    if "source_id" not in texts:
        return [f"text {one}" for one in texts.id]
    return [f"row {one}" if str(one).isdigit() else f"row {one!r}" for one in texts.source_id]


class TextLimit:
    """What texts several models read whole, and how to shorten the others; `found` counts those."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """folders: with the tokenizers of the models."""
        self.contexts = {folder: context_of(folder) for folder in folders}
        self.found = 0

    def fits(self, texts: list[str]) -> list[bool]:
        """Whether each text fits all models."""
        fit = [True] * len(texts)
        for folder, context in self.contexts.items():
            fit = [one and n <= context for one, n in zip(fit, count_tokens(folder, texts), strict=True)]
        self.found += fit.count(False)
        return fit

    def shorten(self, texts: list[str]) -> list[str]:
        """The texts, cut in the middle where they do not fit, so that what they end with stays."""
        fit = self.fits(texts)
        return [text if one else self.cut(text) for text, one in zip(texts, fit, strict=True)]

    def cut(self, text: str) -> str:
        """The text without as much of its middle as makes it fit all models."""
        for folder, context in self.contexts.items():
            tokenizer, whole = read_tokenizer(folder), text
            found = tokenizer.encode(whole)
            spans = [span for span in found.offsets if span[1] > span[0]]
            # Special tokens, too, take room.
            room, excess = context - (len(found.ids) - len(spans)), len(found.ids) - context
            while excess > 0:
                tail = min(TAIL, room // 4)
                text = f"{whole[: spans[room - tail - 1][1]]} … {whole[spans[len(spans) - tail][0] :]}"
                # Where the halves meet, tokens may be others than before, and more of them.
                excess = len(tokenizer.encode(text).ids) - context
                room -= max(excess, 0)
        return text


def check_texts(folder: Path, sets: Collection[pd.DataFrame], task: str) -> dict:
    """Tokens of a task's texts, and the context of the model in `folder`; InputError if a text does not fit it.

    sets: id and text of pool, test and supervision set.
    """
    texts = pd.concat(sets)
    counts = count_tokens(folder, texts.text.tolist())
    context = check_context(folder, counts, names_of(texts), task)
    return {"longest": max(counts), "mean": sum(counts) / len(counts), "context": context}


def check_prompts(
    folder: Path,
    sets: Mapping[str, pd.DataFrame],
    task: str,
    style: PromptFormat,
    seed: int,
    source: str,
    k: int,
    asked: bool,
) -> dict:
    """Tokens of the prompt that stands before each text of pool and test set, and the model's context.

    InputError if a text does not fit behind it, if a label is no token, or if the model has no language head.

    sets: id, text and gold of pool, test and supervision; source: `weak`, `gold` or `mixed`, for k examples that are
    bought, `supervision`, for the first k of that set, or `searched`, as in searched_ids; asked: whether the model in
    `folder` answers with a label's token.
    """
    if asked:
        require_language_head(folder, folder.name)
        label_token_ids(read_tokenizer(folder), style, folder.name)
    counts = {part: pd.Series(count_tokens(folder, rows.text.tolist()), rows.id) for part, rows in sets.items()}
    pool = sets["pool"]
    if source == "supervision":
        shown = counts["supervision"][:k]
    else:
        searched = source == "searched"
        shown = counts["pool"][searched_ids(pool, k, seed) if searched else shown_ids(pool, Shots(source, k), seed)]
    # The text behind the examples has a cue too.
    prompt = int(shown.sum()) + tokens_per_label(folder, style) * (k + 1)
    texts = pd.concat([counts["pool"], counts["test"]])
    names = names_of(pd.concat([sets["pool"], sets["test"]]))
    context = check_context(folder, texts.tolist(), names, task, prompt)
    return {"prompt": prompt, "longest": int(texts.max()), "context": context}
