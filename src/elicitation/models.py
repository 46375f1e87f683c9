"""Fetching, loading, adapting and saving models; what differs between architectures is found here."""

from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from elicitation.errors import InputError
from elicitation.seeds import stream, torch_stream

HEAD_SCALE = 0.01
"""Initial weights of the classification head are scaled by this, so that training starts near log-odds 0."""
LORA_RANK = LORA_ALPHA = 8
DTYPES = {"cpu": torch.float32, "cuda": torch.bfloat16}
"""Of the frozen base weights; LoRA and head are always float32."""

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


def require_device(device: str) -> None:
    """InputError if the configured device is not there."""
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "device is cuda, but PyTorch sees no GPU on this machine; run on a GPU node or set device: cpu."
        )


def truncate_model(source: str | Path, layers: int, target: str | Path) -> None:
    """Write the model in `source`, cut to its first layers, and its tokenizer to `target`.

    Raises InputError if the source has no more layers than that.
    """
    import transformers

    config = AutoConfig.from_pretrained(source)
    if layers >= config.num_hidden_layers:
        raise InputError(
            f"Cannot cut {source} to {layers} layers: it has {config.num_hidden_layers}; ask for fewer in `truncate`."
        )
    architecture = getattr(transformers, config.architectures[0])
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]
    model = architecture.from_pretrained(source, config=config, dtype="auto", use_safetensors=True)
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(source).save_pretrained(target)


def load_tokenizer(folder: str | Path):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def tokenize(tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids with the model's special tokens; nothing is cut."""
    return tokenizer(texts, truncation=False)["input_ids"]


def load_classifier(folder: str | Path, device: str, pad_token_id: int) -> PreTrainedModel:
    """A finished two-way classifier."""
    # Weights that the checkpoint lacks (a head, a pooler) are drawn: the same ones each time.
    with torch_stream(0, "missing weights"):
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=2, dtype=DTYPES[device], use_safetensors=True
        )
    model.config.pad_token_id = pad_token_id
    return model.to(device)


def head_of(model: PreTrainedModel) -> torch.nn.Linear:
    """The classification head: decoders call it score, encoders classifier."""
    return model.score if hasattr(model, "score") else model.classifier


def new_classifier(folder: str | Path, device: str, pad_token_id: int, seed: int) -> PreTrainedModel:
    """A pretrained model with a fresh float32 head, small and drawn by the seed."""
    model = load_classifier(folder, device, pad_token_id)
    head = head_of(model).float()
    drawn = stream(seed, "head").normal(0, HEAD_SCALE * model.config.initializer_range, tuple(head.weight.shape))
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(drawn))
        if head.bias is not None:
            head.bias.zero_()
    return model


def new_lora_classifier(folder: str | Path, device: str, pad_token_id: int, seed: int) -> PeftModel:
    """A fresh classifier whose linear layers carry float32 LoRA adapters; they and the head are trainable."""
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=LORA_RANK, lora_alpha=LORA_ALPHA, target_modules="all-linear")
    with torch_stream(seed, "lora"):
        return get_peft_model(new_classifier(folder, device, pad_token_id, seed), config)


def load_lora_classifier(folder: str | Path, adapter: str | Path, device: str, pad_token_id: int) -> PeftModel:
    """A classifier with a saved adapter and head, ready to be trained further."""
    base = load_classifier(folder, device, pad_token_id)
    head_of(base).float()
    return PeftModel.from_pretrained(base, adapter, is_trainable=True)


def save_merged(model: PeftModel, tokenizer, folder: str | Path) -> None:
    """Write the classifier with its adapters merged in, as transformers and vLLM load it."""
    merged = model.merge_and_unload()
    merged.to(merged.dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
