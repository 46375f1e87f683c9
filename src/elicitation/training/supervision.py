"""Supervisors: finetuning them on the supervision set, and having them write weak labels."""

from collections.abc import Mapping

import pandas as pd

from elicitation.buying.methods import Stage
from elicitation.data.prompts import PromptFormat, label_token_ids, write_prompt
from elicitation.models.engines import Labelling, Labels, label
from elicitation.models.hardware import Hardware
from elicitation.models.loading import load_tokenizer, save_merged, tokenize
from elicitation.training.schedule import Protocol
from elicitation.training.student import Student

# A supervisor is trained once, whatever the study's seeds.
SUPERVISOR_SEED = 0


def finetune_supervisor(
    folder: str, examples: pd.DataFrame, protocol: Protocol, hardware: Hardware, adapt_layers: int | None, target: str
) -> dict:
    """Finetune the model in `folder` on the gold labels of examples (id, text, gold), and return the stage's record.

    adapt_layers: as for a Student. The model is written to `target` with its adapters merged in.
    """
    trainee = Student(folder, hardware, examples, SUPERVISOR_SEED, protocol, adapt_layers)
    model = trainee.fresh()
    stage = trainee.train(model, Stage("supervision"), examples.set_index("id").gold, print)
    save_merged(model, load_tokenizer(folder), target, trainee.trunk)
    return stage


def label_by_supervisor(
    folder: str,
    supervisor: Mapping,
    texts: list[str],
    supervision: pd.DataFrame,
    style: PromptFormat,
    labelling: Labelling,
    hardware: Hardware,
) -> tuple[Labels, dict]:
    """A supervisor's labels of the texts, in their order, and what the record says of engine and parity.

    folder: where its model is. supervisor: what the study says of it; its `prompted_shots` is the number of examples
    of the supervision set (text, gold) that a language model reads before every text, or None if the supervisor is a
    finetuned classifier, which needs neither them nor the style.
    """
    tokenizer, label_ids, n_shots = load_tokenizer(folder), None, supervisor["prompted_shots"]
    if n_shots is not None:
        label_ids = label_token_ids(tokenizer.backend_tokenizer, style, supervisor["model"])
        # The supervision set is shuffled, so its first rows are a sample.
        shots = supervision.iloc[:n_shots]
        examples = list(zip(shots.text, shots.gold, strict=True))
        texts = [write_prompt(examples, text, style) for text in texts]
    return label(folder, tokenize(tokenizer, texts), labelling, hardware, label_ids)
