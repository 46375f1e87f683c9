"""The training loop: soft-label cross-entropy on a classifier, with the paper's two stopping protocols."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score
from transformers import get_cosine_schedule_with_warmup

from elicitation.errors import InputError
from elicitation.models.batches import (
    MICRO_BATCH_TOKENS,
    Text,
    forward,
    is_packed,
    lengths_of,
    micro_batches,
    predict,
    subnormals_as_zero,
    within_memory,
)
from elicitation.seeds import stream, torch_stream

# Labels that a stage holds out at least.
MIN_VALIDATION = 2
# A stage with fewer labels has none to spare: it trains and validates on all of them.
MIN_TO_SPLIT = 4
MAX_GRADIENT_NORM = 1.0
# Largest share of the student's own predictions in the log-confidence targets.
MAX_CONFIDENCE = 0.5
# Labels, at most, whose mean says how many predictions are hardened to 1.
CONFIDENCE_BATCH = 8
# Steps over which that share rises from 0.
CONFIDENCE_STEPS = 200


@dataclass(frozen=True)
class Protocol:
    """How one stage is trained. Source: Mallen & Belrose (2024), arXiv 2410.13215."""

    stopping: str
    """`early_stopping` (validated, best checkpoint kept) or `fixed_epochs` (no validation, last checkpoint kept)."""
    learning_rate: float
    batch_size: int = 32
    """Labels per optimizer step (early stopping; fixed epochs derive theirs from the number of labels)."""
    presentations: int = 30_000
    """Labels shown in all under early stopping; a stage with more labels shows each once."""
    schedule: str = "exact"
    """`exact` (what is trained on counts) or `paper` (the whole stage counts, as in the paper's code); see
    plan_schedule."""
    warmup_steps: int = 40
    evaluate_every: int = 50
    """Steps between validations; at least one validation an epoch."""
    patience: int = 4
    """Validations in a row that may gain less than `min_gain` before the stage stops."""
    min_gain: float = 0.01
    """In validation AUROC (log-loss where AUROC is undefined)."""
    validation_share: float = 0.2
    validation_size: int | None = None
    """Labels that are held out at most, where that share of a large stage would be more."""
    held_out: int | None = None
    """Labels that are held out exactly, whatever that share is."""
    weight_decay: float = 0.01
    micro_batch_tokens: int = MICRO_BATCH_TOKENS
    """Tokens that pass through the model at once, halved where memory runs out; changes the speed only."""


def supervisor_protocol(
    learning_rate: float, epochs: int, n_labels: int, micro_batch_tokens: int, validation_size: int | None = None
) -> Protocol:
    """All epochs are run and the best validated checkpoint is kept; validation_size: labels held out exactly."""
    protocol = Protocol(
        "early_stopping", learning_rate, held_out=validation_size, micro_batch_tokens=micro_batch_tokens
    )
    presentations = epochs * plan_schedule(n_labels, protocol).n_train
    return replace(protocol, presentations=presentations, patience=presentations)


@dataclass(frozen=True)
class Schedule:
    """A protocol applied to a number of labels."""

    n_train: int
    n_validation: int
    batch_size: int
    steps: int
    warmup_steps: int
    evaluate_every: int | None
    """None: no validation."""


@dataclass(frozen=True)
class StageResult:
    """What a stage reports of itself."""

    steps: int
    presentations: int
    best_step: int
    validation_metric: str | None
    validation_score: float | None
    micro_batch_tokens: int
    """The protocol's, or what was left of it after memory ran out."""
    seconds: float


def fixed_epoch_settings(n_labels: int) -> tuple[int, int]:
    """Batch size and epochs of the paper's settings without validation."""
    batch = 1 if n_labels < 1024 else 2 if n_labels < 4096 else 8
    if n_labels < 30:
        epochs = math.ceil(100 / max(n_labels // batch, 1))
    else:
        epochs = 3 if n_labels < 4096 else 2 if n_labels < 16_384 else 1
    return batch, epochs


def split_sizes(n_labels: int, protocol: Protocol) -> tuple[int, int]:
    """Labels to train and to validate on, under early stopping."""
    if n_labels < MIN_TO_SPLIT:
        return n_labels, n_labels
    share = int(protocol.validation_share * n_labels)
    n_validation = protocol.held_out or max(MIN_VALIDATION, min(share, protocol.validation_size or share))
    return n_labels - n_validation, n_validation


def plan_schedule(n_labels: int, protocol: Protocol) -> Schedule:
    """Split, batch size and steps of a stage with `n_labels` labels.

    `exact`: so many steps that `presentations` labels are shown, whatever the size of the stage. `paper`: epochs,
    warm-up and interval of validation follow from all labels of the stage, those held out too, and an epoch counts
    its whole batches only (but at least one step), as in the code of Mallen & Belrose (2024), arXiv 2410.13215.
    """
    early = protocol.stopping == "early_stopping"
    n_train, n_validation = split_sizes(n_labels, protocol) if early else (n_labels, 0)
    batch_size, epochs = (protocol.batch_size, None) if early else fixed_epoch_settings(n_labels)
    batch = min(batch_size, n_train)
    if protocol.schedule == "paper":
        per_epoch = math.ceil(n_labels / batch_size)
        epochs = epochs or max(protocol.presentations / n_labels, 1)
        steps = math.ceil(epochs * max(1, n_train // batch_size))
    else:
        per_epoch = math.ceil(n_train / batch)
        # The last batch of an epoch may be short, so steps follow from epochs.
        shown = epochs * n_train if epochs else max(protocol.presentations, n_train)
        steps = shown // n_train * per_epoch + math.ceil(shown % n_train / batch)
    # The first step has a learning rate of 0; at least one step has the whole rate.
    warmup = min(max(2, min(protocol.warmup_steps, per_epoch)), steps - 1)
    evaluate_every = min(protocol.evaluate_every, per_epoch) if early else None
    return Schedule(n_train, n_validation, batch, steps, warmup, evaluate_every)


def soft_cross_entropy(logits: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """Cross-entropy (n,) of `logits` (n, 2) against probabilities `p` (n,) of label 1."""
    return F.cross_entropy(logits.float(), torch.stack([1 - p, p], dim=1), reduction="none")


def log_confidence_targets(p: np.ndarray, log_odds: np.ndarray, step: int) -> np.ndarray:
    """Labels p (n,) mixed with the model's own hardened predictions, which gain weight over the first steps.

    In parts of at most CONFIDENCE_BATCH, as equal as can be, as many predictions are called 1 as the labels of the part
    hold on average, the highest first. (A part of one is called what its label is nearer to.)
    Source: the auxiliary confidence loss of Burns et al. (2023), arXiv 2312.09390, which is linear in its targets,
    with the settings of Mallen & Belrose (2024), arXiv 2410.13215.
    """
    share = MAX_CONFIDENCE * min(1.0, step / CONFIDENCE_STEPS)
    hardened = np.zeros(len(p))
    for part in np.array_split(np.arange(len(p)), math.ceil(len(p) / CONFIDENCE_BATCH)):
        likeliest = np.argsort(-log_odds[part], kind="stable")
        hardened[part[likeliest[: round(p[part].sum())]]] = 1
    return (1 - share) * p + share * hardened


def validation_scores(
    p: np.ndarray, log_odds: np.ndarray, weights: np.ndarray | None = None
) -> tuple[str, float, float]:
    """Metric, score and log-loss against the hardened labels `p`; all arrays are (n,).

    Labels of 0.5, as of raters who abstain, say nothing and are left out, unless there are no others. The metric is
    AUROC or, where the labels hold one class only, the negative log-loss.
    """
    weights = np.ones(len(p)) if weights is None else weights
    says = p != 0.5
    if not says.any():
        loss = float(np.average((np.logaddexp(0, log_odds) + np.logaddexp(0, -log_odds)) / 2, weights=weights))
        return "negative log-loss", -loss, loss
    hard, log_odds, weights = p[says] > 0.5, log_odds[says], weights[says]
    loss = float(log_loss(hard, expit(log_odds), labels=[False, True], sample_weight=weights))
    if hard.all() or not hard.any():
        return "negative log-loss", -loss, loss
    return "auroc", float(roc_auc_score(hard, log_odds, sample_weight=weights)), loss


def endless_batches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Reshuffled epochs over n labels; the last batch of an epoch may be short."""
    while True:
        order = rng.permutation(n)
        yield from (order[i : i + batch_size] for i in range(0, n, batch_size))


def trainable_weights(model) -> dict[str, torch.Tensor]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def copy_weights(model) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in trainable_weights(model).items()}


def restore_weights(model, saved: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, weight in trainable_weights(model).items():
            weight.copy_(saved[name])


class EarlyStopping:
    """Keeps the best weights and counts validations that gain too little.

    A gain is counted from the last validation that gained enough, so slow ones add up and do not stop a stage.
    Of equal scores the one of lower loss is best: a few held-out labels are soon ranked without a fault, long before
    the model puts its threshold between them. The first step has a learning rate of 0, so what follows it is what was
    there before the stage: its score is the first baseline, but the next weights replace it however they score.
    """

    def __init__(self, patience: int, min_gain: float) -> None:
        self.patience, self.min_gain = patience, min_gain
        self.best_score, self.best_loss, self.best_step, self.best_weights = -math.inf, math.inf, 0, None
        self.baseline, self.stale = -math.inf, 0

    def update(self, score: float, loss: float, step: int, model) -> bool:
        """Take one validation's score and log-loss; True when the stage should stop."""
        if score >= self.baseline + self.min_gain:
            self.baseline, self.stale = score, 0
        else:
            self.stale += 1
        if self.best_step <= 1 or (score, -loss) > (self.best_score, -self.best_loss):
            self.best_score, self.best_loss, self.best_step = score, loss, step
            self.best_weights = copy_weights(model)
        return self.stale >= self.patience


def train_step(
    model, optimizer, texts: Sequence[Text], p: torch.Tensor, weights: torch.Tensor, micro_batch_tokens: int
) -> float:
    """One optimizer step on exactly these labels, however many micro-batches it takes; the weighted mean loss."""
    # At the start: a step that ran out of memory leaves gradients behind.
    optimizer.zero_grad()
    total, weights = 0.0, weights / weights.sum()
    for part in micro_batches(lengths_of(texts), micro_batch_tokens, is_packed(model)):
        losses = soft_cross_entropy(forward(model, [texts[i] for i in part]), p[part])
        loss = (weights[part] * losses).sum()
        loss.backward()
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], MAX_GRADIENT_NORM)
    optimizer.step()
    return total


@subnormals_as_zero()
def train_stage(
    model,
    texts: Sequence[Text],
    p: np.ndarray,
    protocol: Protocol,
    seed: int,
    name: str,
    log: Callable[[str], None] = print,
    weights: np.ndarray | None = None,
    adjust_targets: Callable[[np.ndarray, np.ndarray, int], np.ndarray] | None = None,
    ids: Sequence[str] | None = None,
) -> StageResult:
    """Train the model's trainable weights in place on one stage's labels.

    texts: n of them, as models.batches takes them; p: (n,) probabilities of label 1 (0 or 1 for gold labels);
    weights: (n,), of the labels' losses. seed, name: together they fix the validation split and the order of batches.
    adjust_targets: makes a batch's targets from its labels, the model's log-odds for it, and the step.
    ids: what an error calls the texts (default: their positions).
    Where memory runs out, the micro-batches are halved; the labels of a step stay the same.
    Under early stopping the best validated weights are restored at the end.

    Raises InputError if there are no labels, the loss stops being finite, or single texts do not fit into memory.
    """
    if len(p) == 0:
        raise InputError(f"Stage {name!r} has no labels; skip it instead of training it.")
    started = time.perf_counter()
    schedule = plan_schedule(len(p), protocol)
    order = stream(seed, name, "split").permutation(len(p))
    train, held_out = order[: schedule.n_train], order[len(p) - schedule.n_validation :]
    called = list(map(str, ids or range(len(p))))
    weights = np.ones(len(p)) if weights is None else weights
    optimizer = torch.optim.AdamW(
        trainable_weights(model).values(),
        lr=protocol.learning_rate,
        betas=(0.9, 0.95),
        weight_decay=protocol.weight_decay,
    )
    scheduler = get_cosine_schedule_with_warmup(optimizer, schedule.warmup_steps, schedule.steps)
    stopping = EarlyStopping(protocol.patience, protocol.min_gain)
    metric, score, step, shown = None, None, 0, 0
    batches = endless_batches(len(train), schedule.batch_size, stream(seed, name, "batches"))
    tokens, longest = protocol.micro_batch_tokens, max(map(len, texts))
    model.train()

    def train_on(batch: np.ndarray, tokens: int) -> float:
        in_batch, targets = [texts[i] for i in batch], p[batch]
        if adjust_targets:
            targets = adjust_targets(targets, predict(model, in_batch, tokens), step)
            model.train()
        with torch_stream(seed, name, "dropout", step):
            tensors = [torch.tensor(x, dtype=torch.float32, device=model.device) for x in (targets, weights[batch])]
            return train_step(model, optimizer, in_batch, *tensors, tokens)

    while step < schedule.steps:
        batch = train[next(batches)]
        loss, tokens = within_memory(partial(train_on, batch), tokens, longest)
        if not math.isfinite(loss):
            used = ", ".join(called[i] for i in batch)
            raise InputError(
                f"Stage {name!r}: the loss is {loss} at step {step}; lower the learning rate, or look at these labels: "
                f"{used}."
            )
        scheduler.step()
        step, shown = step + 1, shown + len(batch)
        if schedule.evaluate_every and (step % schedule.evaluate_every == 0 or step == schedule.steps):
            log_odds, tokens = within_memory(partial(predict, model, [texts[i] for i in held_out]), tokens, longest)
            if not np.isfinite(log_odds).all():
                used = ", ".join(called[i] for i in held_out[~np.isfinite(log_odds)])
                raise InputError(
                    f"Stage {name!r}: predictions are not finite at step {step}; lower the learning rate, or look at "
                    f"these labels: {used}."
                )
            metric, score, validation_loss = validation_scores(p[held_out], log_odds, weights[held_out])
            model.train()
            left = (time.perf_counter() - started) / step * (schedule.steps - step)
            log(f"{name}: step {step}/{schedule.steps} loss {loss:.3f} {metric} {score:.3f}, at most {left:.0f} s left")
            if stopping.update(score, validation_loss, step, model):
                break
    if schedule.evaluate_every:
        restore_weights(model, stopping.best_weights)
        score = stopping.best_score
    seconds = time.perf_counter() - started
    return StageResult(step, shown, stopping.best_step or step, metric, score, tokens, seconds)
