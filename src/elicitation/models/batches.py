"""Passing texts through a model with next to no padding: packs, micro-batches, predictions.

A text is a list of token ids or, for a model whose lower layers are a trunk (elicitation.models.trunk), a tensor
(tokens, width) of hidden states. Models of the Llama family read several texts as one sequence, without any padding;
for all others, texts of similar length are padded to the longest of them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import TypeVar

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.rnn import pad_sequence
from transformers import AttentionInterface

from elicitation.errors import InputError

Result = TypeVar("Result")
# A text as models take it here: its token ids, or (tokens, width) of hidden states.
Text = Sequence[int] | torch.Tensor
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


def to_device(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The tensor on a device, without waiting for what a GPU still computes, as a copy from ordinary memory does."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def pad_texts(states: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
    """Texts that stand in one sequence (tokens, ...), as rows (texts, longest, ...)."""
    return pad_sequence(states.split(text_lengths), batch_first=True)


def join_texts(rows: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
    """What pad_texts has padded, as one sequence again."""
    return torch.cat([row[:length] for row, length in zip(rows, text_lengths, strict=True)])


class PadTexts(torch.autograd.Function):
    """pad_texts with a gradient that is copied once; torch's own copies the rows of all texts for each of them."""

    @staticmethod
    def forward(ctx, states: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
        ctx.text_lengths = text_lengths
        return pad_texts(states, text_lengths)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return join_texts(gradient, ctx.text_lengths), None


class JoinTexts(torch.autograd.Function):
    """join_texts, whose gradient is copied once too."""

    @staticmethod
    def forward(ctx, rows: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
        ctx.text_lengths = text_lengths
        return join_texts(rows, text_lengths)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return pad_texts(gradient, ctx.text_lengths), None


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
    """What packed_attention returns, by one kernel that reads the texts where they stand; nothing is padded."""
    # Where it is needed, since it imports torch's compiler.
    from torch.nn.attention.varlen import varlen_attn

    window = (sliding_window - 1 if sliding_window else -1, 0)
    sequences = [states[0].transpose(0, 1) for states in (query, key, value)]
    bounds = (text_bounds, text_bounds, longest, longest)
    return varlen_attn(*sequences, *bounds, scale=scaling, window_size=window, enable_gqa=True)[None]


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
    text_lengths: list[int],
    text_bounds: torch.Tensor,
    **_,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each of several texts that stand in one sequence.

    query, key, value: (1, heads, tokens, size); text_lengths: tokens of each text, in their order; text_bounds: (texts
    + 1,), where each begins, and where the last ends. Returns (1, tokens, heads, size). Where no kernel takes texts of
    different lengths, they are padded, only within this function. Padding stands behind a text, whose tokens look back
    only, so it needs no mask.
    """
    longest = max(text_lengths)
    if has_varlen_kernel(query, dropout):
        return varlen_attention(query, key, value, text_bounds, longest, scaling, sliding_window), None
    padded = [PadTexts.apply(states[0].transpose(0, 1), text_lengths).transpose(1, 2) for states in (query, key, value)]
    options = {"dropout_p": dropout, "scale": scaling, "enable_gqa": True, "is_causal": True}
    if sliding_window and longest > sliding_window:
        seen = torch.ones(longest, longest, dtype=torch.bool, device=query.device).tril().triu(1 - sliding_window)
        options |= {"is_causal": False, "attn_mask": seen}
    plain = query.device.type == "cpu" and longest <= SHORT_TEXT
    with sdpa_kernel(SDPBackend.MATH) if plain else nullcontext():
        attended = torch.nn.functional.scaled_dot_product_attention(*padded, **options)
    return JoinTexts.apply(attended.transpose(1, 2), text_lengths)[None], None


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


def pad(token_ids: Sequence[Sequence[int]], pad_token_id: int, device) -> dict[str, torch.Tensor]:
    """Right-padded `input_ids` and `attention_mask`, both (n, longest).

    By torch and not by a tokenizer, since whoever passes texts through a model here holds token ids alone.
    """
    rows = [torch.tensor(row) for row in token_ids]
    ids = pad_sequence(rows, batch_first=True, padding_value=pad_token_id)
    mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    return {"input_ids": to_device(ids, device), "attention_mask": to_device(mask, device)}


def pack(texts: Sequence[Text], device) -> dict:
    """The texts as one sequence: the arguments that the body of a packed model takes."""
    lengths = [len(text) for text in texts]
    positions = torch.cat([torch.arange(length) for length in lengths])
    if isinstance(texts[0], torch.Tensor):
        name, tokens = "inputs_embeds", torch.cat(list(texts))
    else:
        name, tokens = "input_ids", torch.tensor([token for text in texts for token in text])
    bounds = torch.tensor([0, *lengths]).cumsum(0, dtype=torch.int32)
    placed = {name: to_device(tokens[None], device), "position_ids": to_device(positions[None], device)}
    return placed | {"use_cache": False, "text_lengths": lengths, "text_bounds": to_device(bounds, device)}


def without_adapters(model):
    """The model of transformers that one of peft's wraps; another model as it is."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def hidden_states(model, texts: Sequence[Text]) -> tuple[torch.Tensor, torch.Tensor]:
    """Final hidden states of a packed model, (tokens, width), and the places (n,) of the texts' last tokens."""
    packed = pack(texts, model.device)
    states = without_adapters(model).base_model(**packed).last_hidden_state[0]
    return states, packed["text_bounds"][1:].long().to(states.device) - 1


def computing_in(model):
    """A context in which matrix products are in bfloat16 if the base weights are, by torch's autocast."""
    return torch.autocast(model.device.type, torch.bfloat16, enabled=model.dtype == torch.bfloat16)


def forward(model, texts: Sequence[Text]) -> torch.Tensor:
    """A classifier's logits (n, 2)."""
    with computing_in(model):
        if is_packed(model):
            states, ends = hidden_states(model, texts)
        else:
            logits = model(**pad(texts, model.config.pad_token_id, model.device)).logits
    if is_packed(model):
        # Outside of autocast, since a head that trains is float32.
        head = without_adapters(model).score
        logits = head(states[ends].to(next(head.parameters()).dtype))
    # A model spread over several GPUs answers on the last one.
    return logits.to(model.device)


def last_hidden_states(model, texts: Sequence[Text]) -> torch.Tensor:
    """Final hidden states (n, width) of a model at the last token of each text."""
    with computing_in(model):
        if is_packed(model):
            states, ends = hidden_states(model, texts)
            return states[ends]
        states = model.base_model(**pad(texts, model.config.pad_token_id, model.device)).last_hidden_state
        return states[torch.arange(len(texts)), torch.from_numpy(lengths_of(texts) - 1)]


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
    model, texts: Sequence[Text], max_tokens: int, logits_of: Callable[[Sequence[Text]], torch.Tensor]
) -> np.ndarray:
    """The second logit less the first one, (n,), in the order of `texts`.

    logits_of: gives the logits (m, 2) of m texts; max_tokens: of the texts that pass at once.
    """
    model.eval()
    log_odds = np.empty(len(texts), dtype=np.float64)
    for group in micro_batches(lengths_of(texts), max_tokens, is_packed(model)):
        logits = logits_of([texts[i] for i in group]).double()
        log_odds[group] = (logits[:, 1] - logits[:, 0]).cpu().numpy()
    return log_odds


@torch.inference_mode()
@subnormals_as_zero()
def predict(model, texts: Sequence[Text], max_tokens: int) -> np.ndarray:
    """A classifier's log-odds (n,) of label 1, in the order of `texts`."""
    return predict_log_odds(model, texts, max_tokens, lambda group: forward(model, group))


@torch.inference_mode()
@subnormals_as_zero()
def predict_next_token(model, texts: Sequence[Text], label_ids: tuple[int, int], max_tokens: int) -> np.ndarray:
    """Log-odds (n,) that a language model puts the token of label 1 next, and not that of label 0."""

    def label_logits(group: Sequence[Text]) -> torch.Tensor:
        with computing_in(model):
            return model.get_output_embeddings()(last_hidden_states(model, group))[:, list(label_ids)]

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
