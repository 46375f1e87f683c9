"""Passing texts through a model with next to no padding: packs, micro-batches, predictions.

A text is a list of token ids or, for a model whose lower layers are a trunk (elicitation.models.trunk), a tensor
(tokens, width) of hidden states. Models of the Llama family read several texts as one sequence, without any padding,
and what many of them begin with once (elicitation.models.beginnings); for all others, texts of similar length are
padded to the longest of them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.rnn import pad_sequence
from transformers import AttentionInterface

from elicitation.errors import InputError
from elicitation.models.beginnings import Family, Text, apart, families_of, members_of
from elicitation.models.padding import join_texts, pad_texts

Result = TypeVar("Result")
# The name by which transformers knows `packed_attention`.
PACKED = "packed"
# The largest share of padding among the tokens of a micro-batch that is not packed.
MAX_PADDING = 0.1
# On a CPU, plain matrix products do the attention of texts of up to so many tokens. torch's fused kernel is made for
# long texts: without it a training step of SmolLM2 on sentences takes a fifth less time. But the memory that the
# products need grows with the square of the length.
SHORT_TEXT = 256
# The largest size of a head that torch's kernel for texts of different lengths takes; all are multiples of the step.
LARGEST_HEAD, HEAD_STEP = 256, 8
# What the message of an error holds where memory runs out on a CPU, since such errors have no type of their own.
CPU_MEMORY = "DefaultCPUAllocator"


def attend(query, key, value, sliding_window: int | None, **options) -> torch.Tensor:
    """Causal attention, (texts, heads, tokens, size), of texts whose last tokens are the queries'.

    key, value: as the query, of as many tokens or, where those before the query's are given too, of more.
    """
    n, n_keys = query.shape[2], key.shape[2]
    windowed = bool(sliding_window) and n_keys > sliding_window
    if n_keys > n or windowed:
        seen = torch.ones(n, n_keys, dtype=torch.bool, device=query.device).tril(n_keys - n)
        options["attn_mask"] = seen.triu(n_keys - n + 1 - sliding_window) if windowed else seen
    else:
        options["is_causal"] = True
    plain = query.device.type == "cpu" and n_keys <= SHORT_TEXT
    with sdpa_kernel(SDPBackend.MATH) if plain else nullcontext():
        return torch.nn.functional.scaled_dot_product_attention(query, key, value, enable_gqa=True, **options)


def to_device(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The tensor on a device, without waiting for what a GPU still computes, as a copy from ordinary memory does."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


@cache
def is_ampere_or_newer() -> bool:
    """Whether the GPU is of a generation that torch's flash attention runs on, the first that computes bfloat16."""
    return torch.cuda.is_bf16_supported(including_emulation=False)


def has_varlen_kernel(query: torch.Tensor, dropout: float) -> bool:
    """Whether torch's attention kernel for texts of different lengths takes such a query (1, heads, tokens, size)."""
    size = query.shape[-1]
    fits = query.dtype == torch.bfloat16 and size <= LARGEST_HEAD and size % HEAD_STEP == 0 and not dropout
    return fits and query.is_cuda and is_ampere_or_newer()


def varlen_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    text_bounds: torch.Tensor,
    longest: int,
    scaling: float | None,
    sliding_window: int | None,
) -> torch.Tensor:
    """What family_attention returns, by one kernel that reads the texts where they stand; nothing is padded."""
    # Where it is needed, since it imports torch's compiler.
    from torch.nn.attention.varlen import varlen_attn

    window = (sliding_window - 1 if sliding_window else -1, 0)
    sequences = [states[0].transpose(0, 1) for states in (query, key, value)]
    bounds = (text_bounds, text_bounds, longest, longest)
    return varlen_attn(*sequences, *bounds, scale=scaling, window_size=window, enable_gqa=True)


class Packed(NamedTuple):
    """How texts of a family stand in a pack: their common beginning, and then the rest of each."""

    beginning: int
    """Tokens of the beginning."""
    lengths: list[int]
    """Tokens of each rest."""
    bounds: torch.Tensor
    """(texts + 1,): where each rest begins, and where the last ends, counted from the first one's begin."""

    @property
    def tokens(self) -> int:
        return self.beginning + sum(self.lengths)


def family_attention(
    family: Packed,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    sliding_window: int | None,
    dropout_p: float,
    scale: float | None,
) -> torch.Tensor:
    """Causal attention, (tokens, heads, size), within a common beginning, if there is any, and within each text.

    query, key, value: (1, heads, tokens, size), of the beginning and then of the rest of every text. Several texts are
    padded here where no kernel takes them; padding stands behind a text, whose tokens look back only: no mask.
    """
    beginning, lengths, bounds = family
    if not beginning and has_varlen_kernel(query, dropout_p):
        return varlen_attention(query, key, value, bounds, max(lengths), scale, sliding_window)
    states, options = (query, key, value), {"sliding_window": sliding_window, "dropout_p": dropout_p, "scale": scale}
    if not beginning and len(lengths) == 1:
        return attend(*states, **options)[0].transpose(0, 1)
    rests = [pad_texts(state[0, :, beginning:].transpose(0, 1), lengths).transpose(1, 2) for state in states]
    if not beginning:
        return join_texts(attend(*rests, **options).transpose(1, 2), lengths)
    begun = [state[:, :, :beginning] for state in states]
    rests[1:] = [
        torch.cat([before.expand(len(lengths), -1, -1, -1), own], dim=2)
        for before, own in zip(begun[1:], rests[1:], strict=True)
    ]
    own = join_texts(attend(*rests, **options).transpose(1, 2), lengths)
    return torch.cat([attend(*begun, **options)[0].transpose(0, 1), own])


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    *,
    families: list[Packed],
    **_,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each of several texts that stand in one sequence.

    query, key, value: (1, heads, tokens, size); families: how the texts stand in it. Returns (1, tokens, heads, size).
    """
    sizes = [family.tokens for family in families]
    parts = zip(families, *(states.split(sizes, dim=2) for states in (query, key, value)), strict=True)
    rows = [family_attention(*part, sliding_window, dropout, scaling) for part in parts]
    return torch.cat(rows)[None], None


AttentionInterface.register(PACKED, packed_attention)


def is_packed(model) -> bool:
    """Whether several texts pass through the model as one sequence, without padding."""
    return model.config._attn_implementation == PACKED


def lengths_of(texts: Sequence[Text]) -> np.ndarray:
    """Tokens (n,) of the texts."""
    return np.array([len(text) for text in texts])


def micro_batches(lengths: np.ndarray, max_tokens: int, packed: bool) -> list[np.ndarray]:
    """Indices of texts in groups of similar length, the longest first.

    lengths: (n,) in tokens. A group has at most `max_tokens` tokens, but at least one text. Where the texts are not
    packed, padding counts among the tokens, and is at most MAX_PADDING of them.
    """
    groups: list[list[int]] = []
    longest = total = 0
    for index in np.argsort(-lengths, kind="stable"):
        length = int(lengths[index])
        # The first text of a group is its longest.
        passed = total + length if packed or not groups else longest * (len(groups[-1]) + 1)
        padding = 0 if packed else passed - total - length
        if groups and passed <= max_tokens and padding <= MAX_PADDING * passed:
            groups[-1].append(index)
            total += length
        else:
            groups.append([index])
            longest = total = length
    return [np.array(group) for group in groups]


def passes(model, texts: Sequence[Text], max_tokens: int, owners: np.ndarray | None = None) -> list[list[Family]]:
    """What passes through a model at once: micro_batches of the texts, with those together that begin alike.

    owners: as in families_of.
    """
    lengths = lengths_of(texts)
    if not is_packed(model):
        return [[(0, group.tolist())] for group in micro_batches(lengths, max_tokens, packed=False)]
    found: list[list[Family]] = []
    left = 0
    for beginning, members in families_of(texts, owners):
        rests = lengths[members] - beginning
        for group in micro_batches(rests, max_tokens - beginning, packed=True):
            if (tokens := beginning + int(rests[group].sum())) > left:
                found.append([])
                left = max_tokens
            found[-1].append((beginning, [members[i] for i in group]))
            left -= tokens
    return found


def pad(token_ids: Sequence[Sequence[int]], pad_token_id: int, device) -> dict[str, torch.Tensor]:
    """Right-padded `input_ids` and `attention_mask`, both (n, longest).

    By torch and not by a tokenizer, since whoever passes texts through a model here holds token ids alone.
    """
    rows = [torch.tensor(row) for row in token_ids]
    ids = pad_sequence(rows, batch_first=True, padding_value=pad_token_id)
    mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    return {"input_ids": to_device(ids, device), "attention_mask": to_device(mask, device)}


def pack(texts: Sequence[Text], families: Sequence[Family], device) -> tuple[dict, torch.Tensor]:
    """The texts of some families as one sequence: the arguments that the body of a packed model takes, and the places
    (n,) of the texts' last tokens. A family stands behind its beginning."""
    parts, positions, packed = [], [], []
    for beginning, members in families:
        rests = [len(texts[i]) - beginning for i in members]
        parts += [texts[members[0]][:beginning], *(texts[i][beginning:] for i in members)]
        positions += [torch.arange(beginning), *(torch.arange(beginning, beginning + rest) for rest in rests)]
        bounds = torch.tensor([0, *rests]).cumsum(0, dtype=torch.int32)
        packed.append(Packed(beginning, rests, to_device(bounds, device)))
    if isinstance(parts[0], torch.Tensor):
        name, tokens = "inputs_embeds", torch.cat(parts)
    else:
        name, tokens = "input_ids", torch.tensor([token for part in parts for token in part])
    placed = {name: to_device(tokens[None], device), "position_ids": to_device(torch.cat(positions)[None], device)}
    ends = torch.tensor([len(part) for part in parts]).cumsum(0) - 1
    is_text = [one for family in packed for one in (False, *(True for _ in family.lengths))]
    return placed | {"use_cache": False, "families": packed}, ends[torch.tensor(is_text)]


def without_adapters(model):
    """The model of transformers that one of peft's wraps; another model as it is."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def hidden_states(model, texts: Sequence[Text], families: Sequence[Family]) -> tuple[torch.Tensor, torch.Tensor]:
    """Final hidden states of a packed model, (tokens, width), and the places (n,) of the texts' last tokens."""
    arguments, ends = pack(texts, families, model.device)
    states = without_adapters(model).base_model(**arguments).last_hidden_state[0]
    return states, to_device(ends, states.device)


def computing_in(model):
    """A context in which matrix products are in bfloat16 if the base weights are, by torch's autocast."""
    return torch.autocast(model.device.type, torch.bfloat16, enabled=model.dtype == torch.bfloat16)


def forward(model, texts: Sequence[Text], families: Sequence[Family] | None = None) -> torch.Tensor:
    """A classifier's logits (n, 2) for the members of families, or for all texts."""
    families = families or apart(texts)
    with computing_in(model):
        if is_packed(model):
            states, ends = hidden_states(model, texts, families)
        else:
            own = [texts[i] for i in members_of(families)]
            logits = model(**pad(own, model.config.pad_token_id, model.device)).logits
    if is_packed(model):
        # Outside of autocast, since a head that trains is float32.
        head = without_adapters(model).score
        logits = head(states[ends].to(next(head.parameters()).dtype))
    # A model spread over several GPUs answers on the last one.
    return logits.to(model.device)


def last_hidden_states(model, texts: Sequence[Text], families: Sequence[Family] | None = None) -> torch.Tensor:
    """Final hidden states (n, width) of a model at the last token of the members of families, or of all texts."""
    families = families or apart(texts)
    with computing_in(model):
        if is_packed(model):
            states, ends = hidden_states(model, texts, families)
            return states[ends]
        own = [texts[i] for i in members_of(families)]
        states = model.base_model(**pad(own, model.config.pad_token_id, model.device)).last_hidden_state
        return states[torch.arange(len(own)), torch.from_numpy(lengths_of(own) - 1)]


@contextmanager
def subnormals_as_zero() -> Iterator[None]:
    """Count numbers below 1e-38 as 0, within a `with` or in a function that this decorates.

    Attention leaves such subnormal numbers behind, with which CPUs compute many times more slowly. Afterwards,
    arithmetic is as it was.
    """
    already = (torch.tensor(torch.finfo(torch.float32).tiny) / 2).item() == 0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(already)


def predict_log_odds(
    model,
    texts: Sequence[Text],
    max_tokens: int,
    logits_of: Callable[[Sequence[Text], Sequence[Family]], torch.Tensor],
) -> np.ndarray:
    """The second logit less the first one, (n,), in the order of `texts`.

    logits_of: gives the logits (m, 2) of the m members of families of texts; max_tokens: of what passes at once.
    """
    model.eval()
    log_odds = np.empty(len(texts), dtype=np.float64)
    for families in passes(model, texts, max_tokens):
        logits = logits_of(texts, families).double()
        log_odds[members_of(families)] = (logits[:, 1] - logits[:, 0]).cpu().numpy()
    return log_odds


@torch.inference_mode()
@subnormals_as_zero()
def predict(model, texts: Sequence[Text], max_tokens: int) -> np.ndarray:
    """A classifier's log-odds (n,) of label 1, in the order of `texts`."""
    return predict_log_odds(model, texts, max_tokens, lambda *group: forward(model, *group))


@torch.inference_mode()
@subnormals_as_zero()
def predict_next_token(model, texts: Sequence[Text], label_ids: tuple[int, int], max_tokens: int) -> np.ndarray:
    """Log-odds (n,) that a language model puts the token of label 1 next, and not that of label 0."""

    def label_logits(*group) -> torch.Tensor:
        with computing_in(model):
            return model.get_output_embeddings()(last_hidden_states(model, *group))[:, list(label_ids)]

    return predict_log_odds(model, texts, max_tokens, label_logits)


def within_memory(compute: Callable[[int], Result], tokens: int, longest: int) -> tuple[Result, int]:
    """`compute(tokens)`, with half as many tokens each time that memory runs out, and how many tokens then fitted.

    longest: tokens of the longest text. Raises InputError if even single texts do not fit.
    """
    while True:
        try:
            return compute(tokens), tokens
        except RuntimeError as error:
            if not (isinstance(error, torch.OutOfMemoryError) or CPU_MEMORY in str(error)):
                raise
            if tokens <= longest:
                raise InputError(
                    f"Memory runs out on single texts ({longest} tokens); choose a device with more memory, a smaller "
                    "model or shorter texts."
                ) from error
        # Not within `except`, whose traceback still holds the tensors.
        torch.cuda.empty_cache()
        tokens //= 2
