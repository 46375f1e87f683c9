"""Bought labels in prompts: examples that stand before a text, and students that are only asked, never trained."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import pandas as pd

from elicitation.buying.block import Block, Pair, Run
from elicitation.buying.methods import Shots
from elicitation.buying.purchases import Purchase
from elicitation.data.prompts import PromptFormat, label_token_ids, write_prompt
from elicitation.models.engines import Labelling, Labels, label
from elicitation.models.hardware import Hardware
from elicitation.models.loading import TooLong, load_tokenizer, tokenize
from elicitation.seeds import stream

Key = TypeVar("Key")


def labelled_shots(bought: Purchase, pool: pd.DataFrame) -> list[tuple[str, int]]:
    """Text and label of the bought examples, in their order; weak labels are hardened at 0.5.

    Weak ones go first, as in training, so that gold ones stand next to the text, where examples count most (Zhao et al.
    2021, arXiv 2102.09690). pool: text, gold and p_weak by id.
    """
    weak = [(pool.text[i], int(pool.p_weak[i] > 0.5)) for i in bought.weak]
    return weak + [(pool.text[i], int(pool.gold[i])) for i in bought.gold]


def order_of(text: str, k: int, n_orders: int | None, seed: int) -> np.ndarray:
    """The order, (k,), in which k examples stand before the text of this id; n_orders: as in Shots."""
    drawn = stream(seed, "shots", text)
    if n_orders is None:
        return drawn.permutation(k)
    return stream(seed, "shots", "order", int(drawn.integers(n_orders))).permutation(k)


def prompted(
    examples: pd.DataFrame, shots: Shots | None, bought: Purchase, pool: pd.DataFrame, style: PromptFormat, seed: int
) -> pd.DataFrame:
    """The examples (id, text) with the method's shots before each text, in an order that is drawn for each text: any,
    or one of as many as the method has.

    bought: the labels that are set apart for the prompt; pool: text, gold and p_weak by id.
    """
    if shots is None:
        return examples
    written = labelled_shots(bought, pool)
    orders = (order_of(i, len(written), shots.orders, seed) for i in examples.id)
    texts = [
        write_prompt([written[j] for j in order], text, style)
        for order, text in zip(orders, examples.text, strict=True)
    ]
    return examples.assign(text=texts)


def tokenize_prompts(
    tokenizer, shots: Mapping[Key, list[tuple[str, int]]], texts: list[str], style: PromptFormat, beyond_context: str
) -> dict[Key, list[list[int]]]:
    """Token ids of the texts behind each of several lists of (text, label) examples.

    Lists that do not fit the model's context are absent, unless beyond_context is `refuse`. Raises TooLong if one does
    not fit and is refused, or if not even the shortest fits.
    """
    prompts = {}
    for name, examples in shots.items():
        try:
            prompts[name] = tokenize(tokenizer, [write_prompt(examples, text, style) for text in texts])
        except TooLong as error:
            if beyond_context == "refuse" or len(examples) == min(map(len, shots.values())):
                raise
            print(f"{len(examples)} examples are left out: {error}")
    return prompts


def score_block(
    block: Block,
    folder: str,
    texts: list[str],
    style: PromptFormat,
    labelling: Labelling,
    hardware: Hardware,
    beyond_context: str,
) -> tuple[list[Run], dict]:
    """The runs of a method that only prompts, all by one engine, and what the record says beside them.

    folder: the student's; texts: those of the test set; beyond_context: as in tokenize_prompts. The record says which
    purchases are left out, since their prompts do not fit the context.
    """
    tokenizer = load_tokenizer(folder)
    label_ids = label_token_ids(tokenizer.backend_tokenizer, style, block.student)
    shots = {pair: labelled_shots(bought, block.pool) for pair, bought in block.purchases.items()}
    prompts: dict[Pair, list[list[int]]] = tokenize_prompts(tokenizer, shots, texts, style, beyond_context)
    token_ids = [ids for prompted_texts in prompts.values() for ids in prompted_texts]
    labels, made_by = label(folder, token_ids, labelling, hardware, label_ids)
    answers = zip(prompts, np.split(labels.log_odds, len(prompts)), strict=True)
    runs = [Run(*pair, block.seed, log_odds, block.purchases[pair]) for pair, log_odds in answers]
    return runs, {"left_out": [pair for pair in block.purchases if pair not in prompts]} | made_by


def ask_without_labels(
    folder: str, student: str, texts: list[str], style: PromptFormat, labelling: Labelling, hardware: Hardware
) -> tuple[Labels, dict]:
    """A student's answers to the bare texts, and what the record says of engine and parity.

    folder, student: where the student is and what it is called.
    """
    tokenizer = load_tokenizer(folder)
    label_ids = label_token_ids(tokenizer.backend_tokenizer, style, student)
    token_ids = tokenize(tokenizer, [write_prompt([], text, style) for text in texts])
    return label(folder, token_ids, labelling, hardware, label_ids)
