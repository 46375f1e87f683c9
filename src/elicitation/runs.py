"""What happens to a student in one block: weak stages first, then runs that start from them."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from elicitation.models import load_lora_classifier, load_tokenizer, new_lora_classifier, tokenize
from elicitation.purchases import Purchase
from elicitation.training import Protocol, predict, train_stage


class Student:
    """A pretrained model with tokenised examples, from which stages start."""

    def __init__(self, folder: str | Path, device: str, examples: pd.DataFrame, seed: int, protocol: Protocol) -> None:
        """examples: id and text of all that will be trained on or predicted."""
        self.folder, self.device, self.seed, self.protocol = folder, device, seed, protocol
        tokenizer = load_tokenizer(folder)
        self.pad_token_id = tokenizer.pad_token_id
        self.token_ids = dict(zip(examples.id, tokenize(tokenizer, examples.text.tolist()), strict=True))

    def fresh(self):
        """The pretrained model with a new head and new adapters."""
        return new_lora_classifier(self.folder, self.device, self.pad_token_id, self.seed)

    def after(self, adapter: Path):
        """The model as a saved stage left it."""
        return load_lora_classifier(self.folder, adapter, self.device, self.pad_token_id)

    def train(self, model, stage: str, ids: list[str], p: pd.Series, log: Callable[[str], None]) -> dict:
        """Train one stage in place; p: probabilities by id. Returns the stage's record."""
        texts = [self.token_ids[i] for i in ids]
        result = train_stage(model, texts, p.loc[ids].to_numpy(float), self.protocol, self.seed, stage, log)
        return asdict(result)

    def predict(self, model, ids: list[str]) -> np.ndarray:
        """Log-odds (n,) of label 1."""
        return predict(model, [self.token_ids[i] for i in ids], self.protocol.micro_batch_tokens)


def run_stages(
    student: Student,
    stages: tuple[str, ...],
    purchase: Purchase,
    p_weak: pd.Series,
    gold: pd.Series,
    weak_adapter: Path | None,
    test_ids: list[str],
    log: Callable[[str], None],
) -> tuple[np.ndarray, dict]:
    """One run: its stages in order, then log-odds (n,) for the test ids and the stages' records.

    weak_adapter: the saved result of the weak stage, which is not trained again here; None if no weak labels.
    """
    model = student.after(weak_adapter) if weak_adapter else student.fresh()
    labels = {"weak": (purchase.weak, p_weak), "gold": (purchase.gold, gold)}
    records = {}
    for stage in stages:
        ids, p = labels[stage]
        if ids and not (stage == "weak" and weak_adapter):
            records[stage] = student.train(model, stage, ids, p, log)
    return student.predict(model, test_ids), records
