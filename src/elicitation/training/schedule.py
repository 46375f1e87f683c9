"""How one stage is trained: its protocol, and the schedule that the protocol gives for a number of labels.

Imports nothing heavy, since a study's cost is estimated from these schedules before anything runs.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from elicitation.buying.methods import Method
from elicitation.models.hardware import MICRO_BATCH_TOKENS

# The fewest labels that a stage holds out for validation.
MIN_VALIDATION = 2
# A stage with fewer labels has none to spare: it trains on all of them and validates on the same ones.
MIN_TO_SPLIT = 4


@dataclass(frozen=True)
class Protocol:
    """How one stage is trained. Source: Mallen & Belrose (2024), arXiv 2410.13215."""

    stopping: str
    """`early_stopping` (validates, and keeps the best checkpoint) or `fixed_epochs` (does not validate, and keeps the
    last checkpoint)."""
    learning_rate: float
    """The highest one, which is reached at the end of the warm-up and then falls along half a cosine."""
    batch_size: int = 32
    """Labels of an optimizer step under early stopping; fixed epochs derive theirs from the number of labels."""
    presentations: int = 30_000
    """Labels shown in all under early stopping; a stage with more labels shows each of them once."""
    epochs_factor: int = 1
    """How many times as often as in the paper labels are shown under fixed epochs."""
    schedule: str = "exact"
    """Which labels count for the number of steps: `exact` counts those that are trained on, `paper` all of the stage,
    as the paper's code does; see plan_schedule."""
    warmup_steps: int = 40
    """Steps in which the learning rate rises, at most; never longer than an epoch."""
    evaluate_every: int = 50
    """Steps between two validations; there is at least one validation an epoch."""
    patience: int = 4
    """Validations in a row that may gain less than `min_gain` before the stage stops."""
    min_gain: float = 0.01
    """In validation AUROC, or in log-loss where the AUROC is undefined."""
    validation_share: float = 0.2
    """The share of a stage's labels that is held out."""
    validation_size: int | None = None
    """The most labels that are held out, where that share of a large stage would be more."""
    held_out: int | None = None
    """The exact number of labels that are held out, whatever that share is."""
    balanced: bool = False
    """Whether an epoch shows labels of either kind as often, however common each is; its length stays the same."""
    weight_decay: float = 0.01
    """Of AdamW."""
    micro_batch_tokens: int = MICRO_BATCH_TOKENS
    """Tokens that pass through the model at once; halved where memory runs out. It changes the speed only."""


def student_protocol(learning_rate: float, training: Mapping, method: Method) -> Protocol:
    """The protocol of a student's stages: the study's `training`, with the method's changes to it."""
    return Protocol(learning_rate=learning_rate, **(training | method.training))


def supervisor_protocol(
    learning_rate: float, epochs: int, n_labels: int, micro_batch_tokens: int, validation_size: int | None = None
) -> Protocol:
    """The protocol of a supervisor: it goes through all epochs and keeps the best validated checkpoint.

    validation_size: the exact number of labels that are held out; by default the usual share of them.
    """
    protocol = Protocol(
        "early_stopping", learning_rate, held_out=validation_size, micro_batch_tokens=micro_batch_tokens
    )
    presentations = epochs * plan_schedule(n_labels, protocol).n_train
    # With so much patience it never stops early.
    return replace(protocol, presentations=presentations, patience=presentations)


@dataclass(frozen=True)
class Schedule:
    """A protocol applied to a number of labels."""

    n_train: int
    """Labels that are trained on."""
    n_validation: int
    """Labels that are held out; 0 without validation."""
    batch_size: int
    """Labels of an optimizer step; the last step of an epoch may have fewer."""
    steps: int
    """Optimizer steps, unless the stage stops early."""
    warmup_steps: int
    evaluate_every: int | None
    """Steps between two validations; None without validation."""

    @property
    def presentations(self) -> int:
        """Labels that are shown for training, unless the stage stops early."""
        return self.steps * self.batch_size

    @property
    def validations(self) -> int:
        """Labels that are shown for validation, unless the stage stops early."""
        # One more after the last step.
        return self.n_validation * math.ceil(self.steps / self.evaluate_every) if self.evaluate_every else 0


def fixed_epoch_settings(n_labels: int, factor: int = 1) -> tuple[int, int]:
    """Batch size and number of epochs in the paper's settings without validation; factor: times as many epochs."""
    batch = 1 if n_labels < 1024 else 2 if n_labels < 4096 else 8
    if n_labels < 30:
        epochs = math.ceil(100 / max(n_labels // batch, 1))
    else:
        epochs = 3 if n_labels < 4096 else 2 if n_labels < 16_384 else 1
    return batch, factor * epochs


def split_sizes(n_labels: int, protocol: Protocol) -> tuple[int, int]:
    """The numbers of labels to train on and to validate on, under early stopping."""
    if n_labels < MIN_TO_SPLIT:
        return n_labels, n_labels
    share = int(protocol.validation_share * n_labels)
    n_validation = protocol.held_out or max(MIN_VALIDATION, min(share, protocol.validation_size or share))
    return n_labels - n_validation, n_validation


def plan_schedule(n_labels: int, protocol: Protocol) -> Schedule:
    """Split, batch size and steps of a stage with `n_labels` labels.

    The schedule `exact` has as many steps as show `presentations` labels, whatever the size of the stage. In the
    schedule `paper`, epochs, warm-up and the interval of validation follow from all labels of the stage, also from
    those that are held out, and an epoch counts its whole batches only (but at least one step), as in the code of
    Mallen & Belrose (2024), arXiv 2410.13215.
    """
    early = protocol.stopping == "early_stopping"
    n_train, n_validation = split_sizes(n_labels, protocol) if early else (n_labels, 0)
    batch_size, epochs = protocol.batch_size, None
    if not early:
        batch_size, epochs = fixed_epoch_settings(n_labels, protocol.epochs_factor)
    batch = min(batch_size, n_train)
    if protocol.schedule == "paper":
        per_epoch = math.ceil(n_labels / batch_size)
        epochs = epochs or max(protocol.presentations / n_labels, 1)
        steps = math.ceil(epochs * max(1, n_train // batch_size))
    else:
        per_epoch = math.ceil(n_train / batch)
        # The last batch of an epoch may be short, so the steps follow from whole epochs and a rest.
        shown = epochs * n_train if epochs else max(protocol.presentations, n_train)
        steps = shown // n_train * per_epoch + math.ceil(shown % n_train / batch)
    # The first step has a learning rate of 0, and at least one step must have the whole rate.
    warmup = min(max(2, min(protocol.warmup_steps, per_epoch)), steps - 1)
    evaluate_every = min(protocol.evaluate_every, per_epoch) if early else None
    return Schedule(n_train, n_validation, batch, steps, warmup, evaluate_every)
