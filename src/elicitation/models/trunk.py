"""The trunk of a student: the lower layers, which stay frozen, so that each text passes through them only once.

`adapt_layers: k` trains adapters on the upper k layers alone. The hidden states that the layers below make of a text
then never change: they are computed once for a task and a student, kept as files, and all runs start from them.
"""

import copy
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import PreTrainedModel

from elicitation.models.batches import (
    computing_in,
    hidden_states,
    lengths_of,
    micro_batches,
    subnormals_as_zero,
    within_memory,
)
from elicitation.models.folder import check_split

# The files of a trunk: one with all states in one tensor (tokens, width), which is called NAME, and one with the id and
# the number of tokens of each text, in the same order.
STATES, INDEX, NAME = "states.safetensors", "index.parquet", "states"


def split_trunk(classifier: PreTrainedModel, n_upper: int) -> PreTrainedModel:
    """Split the layers below the upper `n_upper` off a packed classifier, which then takes hidden states for texts.

    Returns the trunk: a body of the same architecture that shares the lower layers and ends without normalisation.
    Raises InputError if the model has no layers below those, or its architecture cannot be split.
    """
    body = classifier.base_model
    place = f"Model {Path(classifier.name_or_path).name!r}"
    check_split(place, classifier.config.model_type, classifier.config.num_hidden_layers, n_upper)
    n_lower = len(body.layers) - n_upper
    config = copy.deepcopy(body.config)
    config.num_hidden_layers = n_lower
    with torch.device("meta"):
        # Its own weights are never made: all parts come from the classifier.
        trunk = type(body)(config)
    trunk.embed_tokens, trunk.rotary_emb = body.embed_tokens, body.rotary_emb
    trunk.layers, trunk.norm = body.layers[:n_lower], torch.nn.Identity()
    body.embed_tokens, body.layers = torch.nn.Identity(), body.layers[n_lower:]
    body.config.num_hidden_layers = n_upper
    # The kinds of attention, where the config lists them layer by layer.
    if kinds := getattr(body.config, "layer_types", None):
        trunk.config.layer_types, body.config.layer_types = kinds[:n_lower], kinds[n_lower:]
    return trunk


def join_trunk(classifier: PreTrainedModel, trunk: PreTrainedModel) -> None:
    """Put a trunk that split_trunk has split off back below the layers of its classifier."""
    body = classifier.base_model
    body.embed_tokens, body.layers = trunk.embed_tokens, trunk.layers + body.layers
    body.config.num_hidden_layers = len(body.layers)
    if kinds := getattr(trunk.config, "layer_types", None):
        body.config.layer_types = kinds + body.config.layer_types


def compute_states(
    trunk: PreTrainedModel, texts: Sequence[Sequence[int]], max_tokens: int, last_only: bool
) -> list[torch.Tensor]:
    """Hidden states (tokens, width) of each text, in the precision of the weights.

    max_tokens: tokens that pass at once, halved where memory runs out. last_only: only the states of the last token,
    (1, width), which is all that a head with no layer of its own reads.
    """
    compute = partial(pass_through, trunk, texts, last_only=last_only)
    return within_memory(compute, max_tokens, max(map(len, texts)))[0]


@torch.inference_mode()
@subnormals_as_zero()
def pass_through(
    trunk: PreTrainedModel, texts: Sequence[Sequence[int]], max_tokens: int, last_only: bool
) -> list[torch.Tensor]:
    """As compute_states, with `max_tokens` tokens at once, whether memory has room for them or not."""
    trunk.eval()
    states = [torch.empty(0)] * len(texts)
    lengths = lengths_of(texts)
    for group in micro_batches(lengths, max_tokens, packed=True):
        with computing_in(trunk):
            # Every token's state is wanted, also of what several texts begin with.
            passed, _ = hidden_states(trunk, texts, [(0, group.tolist())])
        for i, own in zip(group, passed.split(lengths[group].tolist()), strict=True):
            # A copy, since a view would keep the states of the whole group in memory.
            states[i] = own[-1 if last_only else 0 :].to(trunk.dtype).cpu().clone()
    return states


def write_trunk(folder: Path, ids: Sequence[str], states: Sequence[torch.Tensor]) -> None:
    """Write a new trunk: the states of the texts with these ids, in the same order."""
    folder.mkdir(parents=True)
    save_file({NAME: torch.cat(list(states))}, folder / STATES)
    pd.DataFrame({"id": ids, "tokens": lengths_of(states)}).to_parquet(folder / INDEX, index=False)


def read_trunk(folder: Path, ids: Collection[str]) -> dict[str, torch.Tensor]:
    """The states of the texts with these ids; only they are read from the disk."""
    index = pd.read_parquet(folder / INDEX)
    ends = index.tokens.cumsum()
    wanted = index.id.isin(set(ids))
    with safe_open(folder / STATES, "pt") as file:
        states = file.get_slice(NAME)
        places = zip(index.id[wanted], (ends - index.tokens)[wanted], ends[wanted], strict=True)
        return {i: states[start:end] for i, start, end in places}
