"""Several students on one frozen body, through which all of them pass at once.

Their texts stand in one sequence, a student's behind those of the one before, so nothing is padded. The frozen layers
see one long sequence. The adapters of all students stand side by side in one matrix, and of what it makes of a token
only its own student's part is kept. So a pass has as many matrix products as that of one student.
"""

import copy
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from elicitation.errors import InputError
from elicitation.models.batches import computing_in, hidden_states, without_adapters
from elicitation.models.beginnings import Family, Text, members_of, tokens_of
from elicitation.models.folder import check_together
from elicitation.models.loading import adapted_weights


def check_model(model: PeftModel) -> None:
    """InputError if the model cannot train together with others: it pads its texts, or drops out at random."""
    place = f"Model {Path(model.config.name_or_path).name!r}"
    check_together(place, model.config.model_type)
    dropout = getattr(model.config, "attention_dropout", 0)
    if dropout:
        raise InputError(
            f"{place}: training.runs_together wants models without dropout, but its attention_dropout is {dropout:g}; "
            "set runs_together: false, and seeds_together: 1."
        )


def copy_sharing(model: PeftModel, kept: set[int]) -> PeftModel:
    """A copy of the model that shares all weights with it but those of these ids."""
    weights = chain(model.parameters(), model.buffers())
    return copy.deepcopy(model, {id(weight): weight for weight in weights if id(weight) not in kept})


def twin(model: PeftModel) -> PeftModel:
    """A copy of the model whose adapters and head are its own; all other weights are shared."""
    return copy_sharing(model, {id(weight) for weight in adapted_weights(model).values()})


def share_weights(model: PeftModel, other: PeftModel) -> None:
    """Let `other`, which differs in adapters and head alone, hold the model's other weights, so that one copy stays."""
    own = adapted_weights(other)
    for name, weight in model.named_parameters():
        if name not in own:
            layer, _, kind = name.rpartition(".")
            setattr(other.get_submodule(layer), kind, weight)


class Passing:
    """Whose tokens pass through the body at present."""

    def __init__(
        self, texts: Sequence[Text], families: Sequence[Family], owners: np.ndarray, device: torch.device
    ) -> None:
        """As in Together.forward."""
        self.students, self.n_texts = np.unique(owners[members_of(families)], return_counts=True)
        of_family = np.searchsorted(self.students, [owners[members[0]] for _, members in families])
        of_token = torch.from_numpy(np.repeat(of_family, tokens_of(texts, families)))
        self.foreign = (of_token[None, :, None] != torch.arange(len(self.students))).to(device)
        """(1, tokens, students): whether a token is not the student's."""


class SideBySide(torch.nn.Module):
    """The same matrix of several students' adapters."""

    def __init__(self, layers: Sequence[torch.nn.Linear], together: "Together") -> None:
        super().__init__()
        # Held in plain containers, since neither is a part of this one.
        self.of, self.layers = [together], list(layers)

    @property
    def weight(self) -> torch.Tensor:
        """That of the first student, by which peft sees the precision of all."""
        return self.layers[0].weight

    @property
    def passing(self) -> Passing:
        return self.of[0].passing

    @property
    def weights(self) -> list[torch.Tensor]:
        """Those of the students whose tokens pass."""
        return [self.layers[student].weight for student in self.passing.students]


class Down(SideBySide):
    """The first matrices (rank, input): a token's products with that of its own student, and 0 for all others."""

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """(1, tokens, students * rank)"""
        rank = len(self.weight)
        return F.linear(states, torch.cat(self.weights)).masked_fill(self.passing.foreign.repeat_interleave(rank, 2), 0)


class Up(SideBySide):
    """The second matrices (output, rank), for what Down makes."""

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """(1, tokens, output)"""
        return F.linear(states, torch.cat(self.weights, dim=1))


class Together:
    """Students that pass through one body at once."""

    def __init__(self, models: Sequence[PeftModel]) -> None:
        """models: twins of each other."""
        self.models = list(models)
        self.passing: Passing
        # Its adapters alone are others, so it shares all weights.
        self.body = copy_sharing(models[0], set()).train()
        for name, layer in self.body.named_modules():
            if isinstance(layer, LoraLayer):
                own = [model.get_submodule(name) for model in models]
                for kind, matrices in ((Down, "lora_A"), (Up, "lora_B")):
                    of_all = getattr(layer, matrices)
                    for adapter in of_all:
                        of_all[adapter] = kind([getattr(each, matrices)[adapter] for each in own], self)

    def forward(self, texts: Sequence[Text], families: Sequence[Family], owners: np.ndarray) -> torch.Tensor:
        """Logits (n, 2) of the families' members by their students.

        owners: (n,), the place of each text's student; families: of texts of one student each, in the order of places.
        """
        self.passing = Passing(texts, families, owners, self.body.device)
        with computing_in(self.body):
            states, ends = hidden_states(self.body, texts, families)
        heads = [without_adapters(self.models[student]).score for student in self.passing.students]
        parts = states[ends].split(self.passing.n_texts.tolist())
        # Outside of autocast, since heads are float32.
        return torch.cat(
            [head(part.to(next(head.parameters()).dtype)) for head, part in zip(heads, parts, strict=True)]
        )
