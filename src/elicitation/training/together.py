"""Trainings that take their steps at once, by one pass through the body that their students share."""

import time
from collections.abc import Sequence
from functools import partial
from itertools import chain

import numpy as np
import torch
from peft import PeftModel

from elicitation.models.batches import passes, within_memory
from elicitation.models.beginnings import members_of
from elicitation.models.together import Together
from elicitation.training.loop import MAX_GRADIENT_NORM, Step, Taken, soft_cross_entropy


class StepsTogether:
    """Takes one step of each of several stages, whose models are twins of each other."""

    def __init__(self, models: Sequence[PeftModel]) -> None:
        self.together = Together(models)
        self.places = {id(model): place for place, model in enumerate(models)}

    def __call__(self, steps: Sequence[Step]) -> list[Taken]:
        """Take the steps; NotFinite if a loss is not, InputError if single texts do not fit into memory."""
        started, stages = time.perf_counter(), [step.stage for step in steps]
        tokens, longest = min(stage.tokens for stage in stages), max(stage.longest for stage in stages)
        losses, tokens = within_memory(partial(self.train_on, steps), tokens, longest)
        seconds = (time.perf_counter() - started) / len(steps)
        # Before anything else is found: what is no number spreads from a student to all that pass with it.
        for (stage, batch), loss in zip(steps, losses, strict=True):
            stage.check_loss(loss, batch)
        return [Taken(loss, tokens, seconds) for loss in losses]

    def train_on(self, steps: Sequence[Step], tokens: int) -> list[float]:
        """The loss of each stage's step, with so many tokens of all of them at once."""
        of_stages, targets = zip(*(stage.targets_of(batch, tokens) for stage, batch in steps), strict=True)
        weights = [stage.weights[batch] for stage, batch in steps]
        shares = [of_batch / of_batch.sum() for of_batch in weights]
        texts, wanted = list(chain(*of_stages)), np.stack([np.concatenate(targets), np.concatenate(shares)])
        # Of each text, the place of its step, and that of its student among all of them.
        step_of = np.repeat(np.arange(len(steps)), [len(batch) for _, batch in steps])
        owners = np.array([self.places[id(stage.model)] for stage, _ in steps])[step_of]
        for stage, _ in steps:
            # At the start, since a step that ran out of memory leaves gradients behind.
            stage.optimizer.zero_grad()
        order, losses = [], []
        for families in passes(self.together.body, texts, tokens, owners):
            part = members_of(families)
            logits = self.together.forward(texts, families, owners)
            p, share = torch.tensor(wanted[:, part], dtype=torch.float32).to(logits.device)
            weighted = share * soft_cross_entropy(logits, p)
            # The sum's gradient by a student's weights is that of the student's own loss.
            weighted.sum().backward()
            order.append(part)
            losses.append(weighted.detach())
        for stage, _ in steps:
            torch.nn.utils.clip_grad_norm_(stage.optimizer.param_groups[0]["params"], MAX_GRADIENT_NORM)
            stage.optimizer.step()
        # Read at the end alone, since reading waits for the device.
        return np.bincount(step_of[np.concatenate(order)], torch.cat(losses).tolist()).tolist()
