"""Validation of a stage: how predictions on held-out labels are scored, and which weights are kept."""

import math

import numpy as np
import torch
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score


def validation_scores(
    p: np.ndarray, log_odds: np.ndarray, weights: np.ndarray | None = None
) -> tuple[str, float, float]:
    """Metric, score and log-loss of predictions against the hardened labels `p`; all arrays are (n,).

    The metric is the AUROC or, where the labels hold one class only, the negative log-loss. Labels of exactly 0.5, as
    of raters who abstain, say nothing and are left out, unless there are no others.
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


def trainable_weights(model) -> dict[str, torch.Tensor]:
    """The weights that train, by name."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def copy_weights(model) -> dict[str, torch.Tensor]:
    """A copy of the weights that train, by name."""
    return {name: weight.detach().clone() for name, weight in trainable_weights(model).items()}


def restore_weights(model, saved: dict[str, torch.Tensor]) -> None:
    """Put a copy by copy_weights back into the model."""
    with torch.no_grad():
        for name, weight in trainable_weights(model).items():
            weight.copy_(saved[name])


class EarlyStopping:
    """Keeps the best weights, and counts the validations that gain too little.

    A gain is counted from the last validation that gained enough, so that slow gains add up and do not stop a stage.
    Of equal scores the one with the lower loss is best: a few held-out labels are soon ranked without a mistake, long
    before the model puts its threshold between them. The first step has a learning rate of 0, so the first validation
    may see the weights that the stage began with: its score is the first baseline, but the next validated weights
    replace them however they score. (transformers' early stopping is part of its Trainer and knows none of this.)
    """

    def __init__(self, patience: int, min_gain: float) -> None:
        """Both as in a Protocol."""
        self.patience, self.min_gain = patience, min_gain
        self.best_score, self.best_loss, self.best_step, self.best_weights = -math.inf, math.inf, 0, None
        self.baseline, self.stale = -math.inf, 0

    def update(self, score: float, loss: float, step: int, model) -> bool:
        """Take the score and the log-loss of one validation; True when the stage should stop."""
        if score >= self.baseline + self.min_gain:
            self.baseline, self.stale = score, 0
        else:
            self.stale += 1
        if self.best_step <= 1 or (score, -loss) > (self.best_score, -self.best_loss):
            self.best_score, self.best_loss, self.best_step = score, loss, step
            self.best_weights = copy_weights(model)
        return self.stale >= self.patience
