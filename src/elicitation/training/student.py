"""A student: a pretrained model that is loaded once, and from which the stages of many runs start."""

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from peft import PeftModel

from elicitation.buying.methods import Stage
from elicitation.models.batches import Text, predict, within_memory
from elicitation.models.hardware import Hardware
from elicitation.models.loading import (
    adapted_weights,
    add_adapters,
    choose_trainable,
    load_adapter,
    load_classifier,
    load_tokenizer,
    new_classifier,
    renew_head,
    tokenize,
)
from elicitation.models.together import share_weights, twin
from elicitation.models.trunk import compute_states, read_trunk, split_trunk, write_trunk
from elicitation.training.loop import Training, log_confidence_targets, stage_training, train_alone
from elicitation.training.schedule import Protocol


class Student:
    """A pretrained model with examples. Each run sets it back in place, since loading it again would take seconds."""

    def __init__(
        self,
        folder: str | Path,
        hardware: Hardware,
        examples: pd.DataFrame,
        seed: int,
        protocol: Protocol,
        adapt_layers: int | None = None,
        trunk: str | Path | None = None,
    ) -> None:
        """examples: id and text of all that will be trained on or predicted.

        adapt_layers: the number of upper layers that get adapters; None: all of them. trunk: a folder with what the
        layers below make of these examples; None: it is computed here.
        """
        self.seed, self.protocol, self.trunk = seed, protocol, None
        tokenizer = load_tokenizer(folder)
        classifier = new_classifier(folder, hardware, tokenizer.pad_token_id, seed)
        if adapt_layers is not None:
            self.trunk = split_trunk(classifier, adapt_layers)
        if trunk:
            self.texts: dict[str, Text] = read_trunk(Path(trunk), examples.id)
        else:
            texts = tokenize(tokenizer, examples.text.tolist())
            if self.trunk:
                texts = compute_states(self.trunk, texts, protocol.micro_batch_tokens, last_only=adapt_layers == 0)
            self.texts = dict(zip(examples.id, texts, strict=True))
        self.model = add_adapters(classifier, seed)
        self.initial = {name: weight.detach().clone() for name, weight in adapted_weights(self.model).items()}

    def fresh(self) -> PeftModel:
        """The model with a new head and new adapters, which replace those that it had."""
        with torch.no_grad():
            for name, weight in adapted_weights(self.model).items():
                weight.copy_(self.initial[name])
        return self.model

    def after(self, adapter: Path) -> PeftModel:
        """The model with the head and the adapters that a stage saved, which replace those that it had."""
        load_adapter(self.model, adapter)
        return self.model

    def twin(self) -> "Student":
        """A student with the same texts on the same base model, whose adapters and head are its own."""
        other = copy.copy(self)
        other.model = twin(self.model)
        return other

    def train(self, *of_stage, **settings) -> dict:
        """As training, from its beginning to its end."""
        return train_alone(self.training(*of_stage, **settings))

    def training(
        self, model, stage: Stage, p: pd.Series, log: Callable[[str], None], gold: Collection[str] = ()
    ) -> Training[dict]:
        """Train one stage in place and return its record.

        p: probabilities of label 1, by the id of all that the stage trains on; gold: the ids among them whose loss has
        the stage's gold weight.
        """
        if stage.new_head:
            renew_head(model, self.seed)
        choose_trainable(model, stage.trains)
        result = yield from stage_training(
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
        """Log-odds (n,) of label 1 for the examples of these ids."""
        texts = [self.texts[i] for i in ids]
        return within_memory(partial(predict, model, texts), self.protocol.micro_batch_tokens, max(map(len, texts)))[0]


def load_students(
    folder: str | Path, hardware: Hardware, examples: Sequence[pd.DataFrame], seeds: Sequence[int], *of_all
) -> list[Student]:
    """Students of these seeds, each with its own examples, on one base model; all else as for a Student."""
    students = []
    for own, seed in zip(examples, seeds, strict=True):
        student = Student(folder, hardware, own, seed, *of_all)
        if students:
            share_weights(students[0].model, student.model)
            student.trunk = students[0].trunk
        students.append(student)
    return students


def compute_trunk(
    folder: str | Path, hardware: Hardware, examples: pd.DataFrame, adapt_layers: int, max_tokens: int, target: Path
) -> dict:
    """Pass texts (id, text) through the layers of a student that stay frozen, write what comes out, and describe it.

    adapt_layers: the number of upper layers that do not stay frozen; max_tokens: tokens that pass at once.
    """
    tokenizer = load_tokenizer(folder)
    classifier = load_classifier(folder, hardware, tokenizer.pad_token_id)
    layers = classifier.config.num_hidden_layers
    trunk = split_trunk(classifier, adapt_layers)
    texts = tokenize(tokenizer, examples.text.tolist())
    write_trunk(target, examples.id.tolist(), compute_states(trunk, texts, max_tokens, last_only=adapt_layers == 0))
    return {"texts": len(texts), "tokens": sum(map(len, texts)), "layers": layers - adapt_layers}
