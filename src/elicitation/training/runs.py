"""What happens to a student in one block: weak stages first, then runs that start from them."""

from collections.abc import Callable, Collection
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from peft import PeftModel

from elicitation.buying.methods import Method, Shots, Stage
from elicitation.buying.purchases import Purchase
from elicitation.data.prompts import PromptFormat, write_prompt
from elicitation.models.batches import Text, predict, within_memory
from elicitation.models.hardware import Hardware
from elicitation.models.loading import (
    TooLong,
    adapted_weights,
    add_adapters,
    choose_trainable,
    load_adapter,
    load_tokenizer,
    new_classifier,
    renew_head,
    tokenize,
)
from elicitation.models.trunk import compute_states, read_trunk, split_trunk
from elicitation.seeds import stream
from elicitation.training.selection import choose_uncertain
from elicitation.training.training import Protocol, log_confidence_targets, train_stage

T = TypeVar("T")


class Student:
    """A pretrained model with examples, from which stages start. The model is loaded once and set back in place."""

    def __init__(
        self,
        folder: str | Path,
        hardware: Hardware,
        examples: pd.DataFrame,
        seed: int,
        protocol: Protocol,
        adapt_layers: int | None = None,
        trunk: Path | None = None,
    ) -> None:
        """examples: id and text of all that will be trained on or predicted.

        adapt_layers: upper layers that get adapters; None: all. trunk: a folder with what the layers below make of
        these examples; None: it is computed here.
        """
        self.seed, self.protocol, self.trunk = seed, protocol, None
        tokenizer = load_tokenizer(folder)
        classifier = new_classifier(folder, hardware, tokenizer.pad_token_id, seed)
        if adapt_layers is not None:
            self.trunk = split_trunk(classifier, adapt_layers)
        if trunk:
            self.texts: dict[str, Text] = read_trunk(trunk, examples.id)
        else:
            texts = tokenize(tokenizer, examples.text.tolist())
            if self.trunk:
                texts = compute_states(self.trunk, texts, protocol.micro_batch_tokens, last_only=adapt_layers == 0)
            self.texts = dict(zip(examples.id, texts, strict=True))
        self.model = add_adapters(classifier, seed)
        self.initial = {name: weight.detach().clone() for name, weight in adapted_weights(self.model).items()}

    def fresh(self) -> PeftModel:
        """The model with a new head and new adapters; they replace those that it had."""
        with torch.no_grad():
            for name, weight in adapted_weights(self.model).items():
                weight.copy_(self.initial[name])
        return self.model

    def after(self, adapter: Path) -> PeftModel:
        """The model as a saved stage left it; that replaces what it was."""
        load_adapter(self.model, adapter)
        return self.model

    def train(self, model, stage: Stage, p: pd.Series, log: Callable[[str], None], gold: Collection[str] = ()) -> dict:
        """Train one stage in place. Returns its record.

        p: probabilities of label 1 by id, of all that the stage trains on; gold: the ids among them whose loss has the
        stage's gold weight.
        """
        if stage.new_head:
            renew_head(model, self.seed)
        choose_trainable(model, stage.trains)
        result = train_stage(
            model,
            [self.texts[i] for i in p.index],
            p.to_numpy(float),
            self.protocol,
            self.seed,
            stage.labels,
            log,
            weights=np.where(p.index.isin(list(gold)), stage.gold_weight, 1.0),
            adjust_targets=log_confidence_targets if stage.targets == "log_confidence" else None,
            ids=p.index.tolist(),
        )
        return asdict(result)

    def predict(self, model, ids: list[str]) -> np.ndarray:
        """Log-odds (n,) of label 1."""
        texts = [self.texts[i] for i in ids]
        return within_memory(partial(predict, model, texts), self.protocol.micro_batch_tokens, max(map(len, texts)))[0]


def labelled_shots(shots: Shots, bought: Purchase, pool: pd.DataFrame) -> list[tuple[str, int]]:
    """Text and label of the bought examples, in their order; weak labels hardened. pool: id, text, gold, p_weak."""
    rows = pool.set_index("id")
    ids, labels = (bought.weak, rows.p_weak > 0.5) if shots.quality == "weak" else (bought.gold, rows.gold)
    return [(rows.text[i], int(labels[i])) for i in ids]


def prompted(
    examples: pd.DataFrame, shots: Shots | None, bought: Purchase, pool: pd.DataFrame, style: PromptFormat, seed: int
) -> pd.DataFrame:
    """The examples (id, text) with the method's shots before each text, in an order drawn again for each.

    bought: the labels set apart for the prompt.
    """
    if shots is None:
        return examples
    written = labelled_shots(shots, bought, pool)
    orders = (stream(seed, "shots", i).permutation(len(written)) for i in examples.id)
    texts = [
        write_prompt([written[j] for j in order], text, style)
        for order, text in zip(orders, examples.text, strict=True)
    ]
    return examples.assign(text=texts)


def tokenize_prompts(
    tokenizer, shots: dict[T, list[tuple[str, int]]], texts: list[str], style: PromptFormat, beyond_context: str
) -> dict[T, list[list[int]]]:
    """Token ids of the texts behind each of several lists of (text, label) examples.

    Lists that do not fit the context are absent, unless beyond_context is `refuse`. Raises TooLong if none fits.
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


def run_stages(
    student: Student,
    method: Method,
    purchase: Purchase,
    pool: pd.DataFrame,
    weak_adapter: Path | None,
    candidates: list[str],
    test_ids: list[str],
    log: Callable[[str], None],
) -> tuple[np.ndarray, dict, list[str]]:
    """One run: its stages in order, then log-odds (n,) for the test ids, the stages' records, the gold ids used.

    purchase: what is trained on; pool: gold and p_weak by id. weak_adapter: the saved result of the weak stage,
    which is not trained again here; None if no weak labels. candidates: what uncertainty sampling chooses from.
    """
    model = student.after(weak_adapter) if weak_adapter else student.fresh()
    records, gold_ids = {}, purchase.gold
    for stage in method.stages:
        if stage.labels == "weak" and weak_adapter:
            continue
        if stage.labels == "gold" and method.selection and purchase.weak:
            # Without a weak stage the student's predictions say nothing yet.
            rng = stream(student.seed, "uncertainty")
            gold_ids = choose_uncertain(
                candidates, student.predict(model, candidates), len(gold_ids), method.selection, rng
            )
        weak, gold = pool.p_weak[purchase.weak], pool.gold[gold_ids].astype(float)
        p = {"weak": weak, "gold": gold, "both": pd.concat([weak, gold])}[stage.labels]
        if len(p):
            records[stage.labels] = student.train(model, stage, p, log, gold=gold_ids)
    return student.predict(model, test_ids), records, gold_ids
