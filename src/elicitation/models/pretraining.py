"""Pretraining the sandbox's models: Llama-architecture language models with a word-level tokenizer."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    get_cosine_schedule_with_warmup,
)

from elicitation.data import sandbox
from elicitation.errors import InputError
from elicitation.models.batches import pad, subnormals_as_zero
from elicitation.seeds import stream, torch_stream

# In pretraining, gradients with a larger norm are scaled down to it.
PRETRAINING_GRADIENT_NORM = 1.0
# The steps in which the learning rate rises.
PRETRAINING_WARMUP_STEPS = 50
# The log says how far it is after so many seconds.
SECONDS_BETWEEN_LOGS = 10


def build_tokenizer() -> PreTrainedTokenizerFast:
    """The sandbox's tokenizer as transformers loads it."""
    return PreTrainedTokenizerFast(
        tokenizer_object=sandbox.word_tokenizer(),
        pad_token=sandbox.PAD,
        bos_token=sandbox.START,
        eos_token=sandbox.END,
        unk_token=sandbox.UNKNOWN,
        model_max_length=sandbox.CONTEXT,
    )


def build_model(tokenizer: PreTrainedTokenizerFast, layers: int, width: int, heads: int, seed: int) -> LlamaForCausalLM:
    """A language model of this shape with initial weights that the seed draws."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=sandbox.CONTEXT,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        # The usual 0.02 leaves models of this size at chance.
        initializer_range=width**-0.5,
    )
    with torch_stream(seed, "pretraining", "weights"):
        return LlamaForCausalLM(config)


def tag_loss(model: LlamaForCausalLM, token_ids: list[list[int]], text_lengths: list[int]) -> torch.Tensor:
    """Mean next-token cross-entropy of the tags behind the texts; a text's own words are random, so they do not count.

    token_ids: n texts with their tags; text_lengths: tokens of each text alone.
    """
    batch = pad(token_ids, model.config.pad_token_id, model.device)
    hidden = model.model(**batch).last_hidden_state  # (n, longest, width)
    positions = torch.arange(hidden.shape[1] - 1)
    after_text = positions >= torch.tensor(text_lengths)[:, None] - 1
    chosen = after_text & batch["attention_mask"][:, 1:].bool()
    return F.cross_entropy(model.lm_head(hidden[:, :-1][chosen]), batch["input_ids"][:, 1:][chosen])


@subnormals_as_zero()
def pretrain(
    layers: int,
    width: int,
    heads: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    short_reviews: float,
    bare_tags: float,
    seed: int,
    log: Callable[[str], None] = print,
) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """Train a language model on freshly written reviews and their tags, one review a sequence.

    Raises InputError if the loss stops being finite.
    """
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, layers, width, heads, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    scheduler = get_cosine_schedule_with_warmup(optimizer, PRETRAINING_WARMUP_STEPS, steps)
    rng, style = stream(seed, "pretraining", "reviews"), sandbox.pretraining_style(short_reviews)
    started = shown = time.perf_counter()
    for step in range(1, steps + 1):
        reviews = [sandbox.write_review(rng, style) for _ in range(batch_size)]
        texts = tokenizer([review.text for review in reviews])["input_ids"]
        tags = tokenizer([sandbox.write_tags(rng, review, bare_tags) for review in reviews])["input_ids"]
        # The tags' own start token is dropped.
        token_ids = [text + tag[1:] + [tokenizer.eos_token_id] for text, tag in zip(texts, tags, strict=True)]
        loss = tag_loss(model, token_ids, [len(text) for text in texts])
        if not math.isfinite(loss.item()):
            raise InputError(f"Pretraining: the loss is {loss.item()} at step {step}; lower the learning rate.")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), PRETRAINING_GRADIENT_NORM)
        optimizer.step()
        optimizer.zero_grad()
        scheduler.step()
        if time.perf_counter() - shown > SECONDS_BETWEEN_LOGS or step == steps:
            shown = time.perf_counter()
            left = (shown - started) / step * (steps - step)
            log(f"pretraining: step {step}/{steps}, loss {loss.item():.3f}, {left:.0f} s left")
    return model, tokenizer


def save_model(model, tokenizer, folder: str | Path) -> None:
    """Write model and tokenizer in the format that transformers and vLLM load."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
