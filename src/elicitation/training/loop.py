"""The training loop of all stages: its loss is cross-entropy against soft labels, its schedule that of a protocol."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from transformers import get_cosine_schedule_with_warmup

from elicitation.errors import InputError
from elicitation.models.batches import (
    Text,
    forward,
    passes,
    predict,
    subnormals_as_zero,
    to_device,
    within_memory,
)
from elicitation.models.beginnings import members_of
from elicitation.seeds import stream, torch_stream
from elicitation.training.schedule import Protocol, plan_schedule
from elicitation.training.validation import EarlyStopping, restore_weights, trainable_weights, validation_scores

Result = TypeVar("Result")
# Gradients with a larger norm are scaled down to it.
MAX_GRADIENT_NORM = 1.0
# The largest share of the student's own predictions in the log-confidence targets.
MAX_CONFIDENCE = 0.5
# The most labels whose mean says how many of the student's predictions are hardened to 1.
CONFIDENCE_BATCH = 8
# The steps over which the share of the student's own predictions rises from 0.
CONFIDENCE_STEPS = 200


class NotFinite(InputError):
    """A loss or a prediction is infinite or no number."""


@dataclass(frozen=True)
class StageResult:
    """What a stage reports of itself; it stands in records."""

    steps: int
    """Optimizer steps that were taken."""
    presentations: int
    """Labels that were shown in them, repetitions included."""
    best_step: int
    """The step whose weights were kept; the last one without validation."""
    validation_metric: str | None
    """None, like the score, without validation."""
    validation_score: float | None
    """Of the weights that were kept."""
    micro_batch_tokens: int
    """The protocol's, or what was left of them after memory ran out."""
    seconds: float
    """Of steps and validations; steps that several runs take at once are shared evenly."""


def soft_cross_entropy(logits: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """Cross-entropy (n,) of `logits` (n, 2) against probabilities `p` (n,) of label 1."""
    return F.cross_entropy(logits.float(), torch.stack([1 - p, p], dim=1), reduction="none")


def log_confidence_targets(p: np.ndarray, log_odds: np.ndarray, step: int) -> np.ndarray:
    """Labels p (n,) mixed with the model's own hardened predictions, whose share grows over the first steps.

    log_odds: (n,), the model's. The labels are taken in parts of at most CONFIDENCE_BATCH, as equal in size as can be.
    In each part, as many predictions are called 1 as its labels hold ones on average, those of the highest log-odds
    first. (In a part of one label, the prediction is called what the label is nearer to.)
    Source: the auxiliary confidence loss of Burns et al. (2023), arXiv 2312.09390, which is linear in its targets,
    with the settings of Mallen & Belrose (2024), arXiv 2410.13215.
    """
    share = MAX_CONFIDENCE * min(1.0, step / CONFIDENCE_STEPS)
    hardened = np.zeros(len(p))
    for part in np.array_split(np.arange(len(p)), math.ceil(len(p) / CONFIDENCE_BATCH)):
        likeliest = np.argsort(-log_odds[part], kind="stable")
        hardened[part[likeliest[: round(p[part].sum())]]] = 1
    return (1 - share) * p + share * hardened


def balanced_epoch(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Indices (n,) of labels p (n,), as many of those nearer to 1 as of the others, in a random order.

    Of the rarer kind each comes several times, nearly equally often, and of the commoner some are left out. Labels that
    are all of one kind come once each.
    """
    kinds = [rng.permutation(np.flatnonzero(kind)) for kind in (p > 0.5, p <= 0.5)]
    if not all(map(len, kinds)):
        return rng.permutation(len(p))
    shares = len(p) // 2, len(p) - len(p) // 2
    return rng.permutation(np.concatenate([np.resize(kind, n) for kind, n in zip(kinds, shares, strict=True)]))


def endless_batches(p: np.ndarray, batch_size: int, balanced: bool, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Indices of labels p (n,) in batches, epoch after epoch in a new order; the last batch of an epoch may be short.

    balanced: as in Protocol. Not by torch's samplers, since the stage's own stream of numpy draws the order.
    """
    while True:
        order = balanced_epoch(p, rng) if balanced else rng.permutation(len(p))
        yield from (order[i : i + batch_size] for i in range(0, len(p), batch_size))


def train_step(
    model, optimizer, texts: Sequence[Text], p: torch.Tensor, weights: torch.Tensor, micro_batch_tokens: int
) -> float:
    """Take one optimizer step on exactly these labels, however many micro-batches that takes.

    p: (n,) targets; weights: (n,), of the labels' losses; both on the CPU. Returns the weighted mean loss before the
    step.
    """
    # At the start, since a step that ran out of memory leaves gradients behind.
    optimizer.zero_grad()
    losses, shares = [], weights / weights.sum()
    for families in passes(model, texts, micro_batch_tokens):
        part = members_of(families)
        targets, own_shares = to_device(torch.stack([p[part], shares[part]]), model.device)
        loss = (own_shares * soft_cross_entropy(forward(model, texts, families), targets)).sum()
        loss.backward()
        losses.append(loss.detach())
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], MAX_GRADIENT_NORM)
    optimizer.step()
    # Read at the end alone: reading makes the process wait for the device, which then waits for work.
    return sum(torch.stack(losses).tolist())


class StageTrainer:
    """A model and the labels of one stage, and how far its training has come."""

    def __init__(
        self,
        model,
        texts: Sequence[Text],
        p: np.ndarray,
        weights: np.ndarray,
        called: Sequence[str],
        protocol: Protocol,
        seed: int,
        name: str,
        adjust_targets: Callable[[np.ndarray, np.ndarray, int], np.ndarray] | None,
    ) -> None:
        """called: what an error calls the texts; all else as in train_stage."""
        self.model, self.texts, self.p, self.weights, self.called = model, texts, p, weights, called
        self.seed, self.name, self.adjust_targets = seed, name, adjust_targets
        self.schedule = plan_schedule(len(p), protocol)
        order = stream(seed, name, "split").permutation(len(p))
        self.train, self.held_out = order[: self.schedule.n_train], order[len(p) - self.schedule.n_validation :]
        self.optimizer = torch.optim.AdamW(
            trainable_weights(model).values(),
            lr=protocol.learning_rate,
            betas=(0.9, 0.95),
            weight_decay=protocol.weight_decay,
            # One kernel for all weights.
            fused=True,
        )
        self.rates = get_cosine_schedule_with_warmup(self.optimizer, self.schedule.warmup_steps, self.schedule.steps)
        shown = p[self.train], self.schedule.batch_size, protocol.balanced
        self.batches = endless_batches(*shown, stream(seed, name, "batches"))
        self.step = self.presentations = 0
        self.tokens, self.longest = protocol.micro_batch_tokens, max(map(len, texts))
        self.seconds = 0.0

    @property
    def validates_now(self) -> bool:
        """Whether a validation follows the step that was just taken."""
        every = self.schedule.evaluate_every
        return bool(every) and (self.step % every == 0 or self.step == self.schedule.steps)

    def targets_of(self, batch: np.ndarray, tokens: int) -> tuple[list[Text], np.ndarray]:
        """The texts of these indices and what the next step trains them towards; with so many tokens at once."""
        texts, targets = [self.texts[i] for i in batch], self.p[batch]
        if self.adjust_targets:
            targets = self.adjust_targets(targets, predict(self.model, texts, tokens), self.step)
            self.model.train()
        return texts, targets

    def train_on(self, batch: np.ndarray, tokens: int) -> float:
        """The loss of one optimizer step on the labels of these indices, with so many tokens at once."""
        texts, targets = self.targets_of(batch, tokens)
        with torch_stream(self.seed, self.name, "dropout", self.step):
            tensors = [torch.tensor(x, dtype=torch.float32) for x in (targets, self.weights[batch])]
            return train_step(self.model, self.optimizer, texts, *tensors, tokens)

    def take_step(self) -> "Training[float]":
        """Ask for the next step, and return its loss."""
        batch = self.train[next(self.batches)]
        loss, self.tokens, seconds = yield Step(self, batch)
        self.seconds += seconds
        self.rates.step()
        self.step, self.presentations = self.step + 1, self.presentations + len(batch)
        return loss

    def validate(self) -> tuple[str, float, float]:
        """Metric, score and log-loss on the held-out labels; NotFinite if a prediction is not finite."""
        started, texts = time.perf_counter(), [self.texts[i] for i in self.held_out]
        log_odds, self.tokens = within_memory(partial(predict, self.model, texts), self.tokens, self.longest)
        finite = np.isfinite(log_odds)
        self.refuse_unless(finite.all(), "predictions are not finite", self.held_out[~finite])
        self.model.train()
        self.seconds += time.perf_counter() - started
        return validation_scores(self.p[self.held_out], log_odds, self.weights[self.held_out])

    def check_loss(self, loss: float, batch: np.ndarray) -> None:
        """NotFinite if the loss of a step on the labels of these indices is not."""
        self.refuse_unless(math.isfinite(loss), f"the loss is {loss}", batch)

    def refuse_unless(self, fine: bool, problem: str, suspects: np.ndarray) -> None:
        """NotFinite that names the labels of these indices, unless all is fine."""
        if not fine:
            labels = ", ".join(self.called[i] for i in suspects)
            raise NotFinite(
                f"Stage {self.name!r}: {problem} at step {self.step}; lower the learning rate, or look at these "
                f"labels: {labels}."
            )


class Step(NamedTuple):
    """A step that a stage asks for."""

    stage: StageTrainer
    batch: np.ndarray
    """The indices of its labels."""


class Taken(NamedTuple):
    """What a stage is told once its step was taken."""

    loss: float
    tokens: int
    """Of a micro-batch that fits into memory."""
    seconds: float


# What trains by asking for one step after the other, and ends with a result.
Training = Generator[Step, Taken, Result]


@subnormals_as_zero()
def train(trainings: Sequence[Training[Result]], take_steps: Callable[[list[Step]], list[Taken]]) -> list[Result]:
    """The results of all trainings, which take their steps at once; one that has ended leaves the others.

    take_steps: takes one step of each training that goes on.
    """
    results: dict[int, Result] = {}
    told: dict[int, Taken | None] = dict.fromkeys(range(len(trainings)))
    while told:
        steps = {}
        for place, taken in told.items():
            try:
                steps[place] = trainings[place].send(taken)
            except StopIteration as end:
                results[place] = end.value
        told = dict(zip(steps, take_steps([*steps.values()]), strict=True)) if steps else {}
    return [results[place] for place in range(len(trainings))]


def take_alone(steps: Sequence[Step]) -> list[Taken]:
    """Take one step after the other; NotFinite if a loss is not, InputError if single texts do not fit into memory."""
    taken = []
    for stage, batch in steps:
        started = time.perf_counter()
        loss, tokens = within_memory(partial(stage.train_on, batch), stage.tokens, stage.longest)
        stage.check_loss(loss, batch)
        taken.append(Taken(loss, tokens, time.perf_counter() - started))
    return taken


def train_alone(training: Training[Result]) -> Result:
    """The result of a training, each step of which is taken by itself."""
    return train([training], take_alone)[0]


def train_stage(*of_stage, **settings) -> StageResult:
    """As stage_training, from its beginning to its end."""
    return train_alone(stage_training(*of_stage, **settings))


def stage_training(
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
) -> Training[StageResult]:
    """Train the model's trainable weights in place on the labels of one stage.

    texts: n of them, as elicitation.models.batches takes them; p: (n,) probabilities of label 1, which are 0 or 1 for
    gold labels; weights: (n,), of the labels' losses, by default all equal. seed and name together fix the validation
    split and the order of the batches. adjust_targets makes the targets of a batch from its labels, the model's
    log-odds for them, and the number of steps taken. ids: what an error calls the texts, by default their positions.

    Where memory runs out, the micro-batches are halved; the labels of a step stay the same. Under early stopping the
    best validated weights are restored at the end.

    Raises InputError if there are no labels or single texts do not fit into memory; NotFinite, which is one, if the
    loss stops being finite.
    """
    if len(p) == 0:
        raise InputError(f"Stage {name!r} has no labels; skip it instead of training it.")
    started = time.perf_counter()
    weights, called = np.ones(len(p)) if weights is None else weights, list(map(str, ids or range(len(p))))
    stage = StageTrainer(model, texts, p, weights, called, protocol, seed, name, adjust_targets)
    stopping, steps = EarlyStopping(protocol.patience, protocol.min_gain), stage.schedule.steps
    metric, score, stops = None, None, False
    model.train()
    while stage.step < steps and not stops:
        loss = yield from stage.take_step()
        if stage.validates_now:
            metric, score, validation_loss = stage.validate()
            left = (time.perf_counter() - started) / stage.step * (steps - stage.step)
            log(f"{name}: step {stage.step}/{steps} loss {loss:.3f} {metric} {score:.3f}, at most {left:.0f} s left")
            stops = stopping.update(score, validation_loss, stage.step, model)
    if stage.schedule.evaluate_every:
        restore_weights(model, stopping.best_weights)
        score = stopping.best_score
    best_step = stopping.best_step or stage.step
    return StageResult(stage.step, stage.presentations, best_step, metric, score, stage.tokens, stage.seconds)
