"""Loading, adapting and saving models. Whatever differs between architectures is here."""

import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from peft import (
    LoraConfig,
    PeftModel,
    TaskType,
    get_peft_model,
    load_peft_weights,
    set_peft_model_state_dict,
)
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils.constants import DUMMY_TARGET_MODULES
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedModel,
)
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging as transformers_logging

from elicitation.errors import InputError
from elicitation.models.batches import PACKED
from elicitation.models.checkpoints import beside_body, refuse_drawn, refuse_uncut
from elicitation.models.folder import LANGUAGE_MODELS, PACKED_ARCHITECTURES
from elicitation.models.hardware import Hardware, check_precision
from elicitation.models.lengths import context_of
from elicitation.models.trunk import join_trunk
from elicitation.seeds import stream, torch_stream

# The factor on the initial weights of the classification head, so that training starts near log-odds of 0.
HEAD_SCALE = 0.01
# The standard deviation of initial weights where an architecture's config names none.
INITIALIZER_RANGE = 0.02
# Keys of a checkpoint's config that say what its own head puts out. vLLM would apply them to the new head.
FOREIGN_OUTPUTS = ("problem_type", "sentence_transformers", "sbert_ce_default_activation_function")
# The rank of LoRA adapters, and the alpha by which what they add is scaled.
LORA_RANK = LORA_ALPHA = 8
# What architectures call the layers of their heads, which are never held in 4 bits.
UNQUANTISED = ["score", "classifier", "pre_classifier", "classification_head", "lm_head"]
# The classes of linear layers: that of most architectures, and that of GPT-2.
LINEAR = (torch.nn.Linear, Conv1D)

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


def require_hardware(settings: Mapping) -> Hardware:
    """Hardware of these settings; InputError if it is not there, or lacks what the model wants: GPUs, bitsandbytes,
    bfloat16."""
    hardware = Hardware(**settings)
    check_precision(hardware)
    if hardware.quantization and importlib.util.find_spec("bitsandbytes") is None:
        raise InputError(
            f"The model wants quantization {hardware.quantization}, but bitsandbytes is not installed; install "
            "envs/cuda.lock (see README), or drop `quantization`."
        )
    found = torch.cuda.device_count() if hardware.device == "cuda" else hardware.gpus
    if found < hardware.gpus:
        raise InputError(
            f"device is cuda and the model wants {hardware.gpus} GPU(s), but PyTorch sees {found} on this machine; "
            "run on a GPU node or set device: cpu."
        )
    return hardware


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
    if not config.architectures:
        raise InputError(f"Cannot cut {source}: its config.json names no architecture; add `architectures`.")
    architecture = getattr(transformers, config.architectures[0])
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]
    options = {"dtype": "auto", "use_safetensors": True, "ignore_mismatched_sizes": True, "output_loading_info": True}
    # Where a pooler or a head is missing, the same one is drawn each time.
    with torch_stream(0, "missing weights"):
        model, info = architecture.from_pretrained(source, config=config, **options)
    refuse_drawn(info, source, () if config.architectures[0].endswith(LANGUAGE_MODELS) else beside_body(model))
    refuse_uncut(model, info, source, layers)
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(source).save_pretrained(target)


def load_tokenizer(folder: str | Path):
    """The tokenizer in a folder, which has a padding token."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


class TooLong(InputError):
    """A text is longer than a model's context."""


def tokenize(tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids with the model's special tokens; nothing is cut.

    Raises TooLong if a text is longer than the model's context.
    """
    token_ids = tokenizer(texts, truncation=False)["input_ids"]
    context = context_of(Path(tokenizer.name_or_path))
    longest = max(map(len, token_ids), default=0)
    if longest > context:
        raise TooLong(
            f"Model {Path(tokenizer.name_or_path).name!r}: a text has {longest} tokens, but it reads {context} at "
            "most; shorten such texts, put fewer examples into prompts, or choose a model with a longer context."
        )
    return token_ids


def loading_options(hardware: Hardware) -> dict:
    """What from_pretrained is told of precision and placement."""
    options = {"dtype": getattr(torch, hardware.dtype), "use_safetensors": True}
    if hardware.quantization:
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type=hardware.quantization,
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
            llm_int8_skip_modules=UNQUANTISED,
        )
    return options | {"device_map": "auto" if hardware.gpus > 1 else hardware.device}


def let_pack(model: PreTrainedModel) -> None:
    """Have several texts pass through the model as one sequence, if its architecture can."""
    if model.config.model_type in PACKED_ARCHITECTURES:
        model.set_attn_implementation(PACKED)


def load_classifier(folder: str | Path, hardware: Hardware, pad_token_id: int) -> PreTrainedModel:
    """A two-way classifier: a finished one, or a pretrained model with a new head.

    Raises InputError if the checkpoint lacks more than a head and a pooler.
    """
    options = loading_options(hardware) | {"ignore_mismatched_sizes": True, "output_loading_info": True}
    # A head or a pooler that the checkpoint lacks is drawn: the same one each time.
    with torch_stream(0, "missing weights"):
        model, info = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2, **options)
    refuse_drawn(info, folder, beside_body(model))
    let_pack(model)
    model.config.pad_token_id = pad_token_id
    for key in FOREIGN_OUTPUTS:
        if getattr(model.config, key, None) is not None:
            delattr(model.config, key)
    if hardware.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model


def load_language_model(folder: str | Path, hardware: Hardware, pad_token_id: int) -> PreTrainedModel:
    """A causal language model with its own head; InputError if the checkpoint lacks a weight."""
    options = loading_options(hardware) | {"ignore_mismatched_sizes": True, "output_loading_info": True}
    model, info = AutoModelForCausalLM.from_pretrained(folder, **options)
    refuse_drawn(info, folder, ())
    let_pack(model)
    model.config.pad_token_id = pad_token_id
    return model


def head_of(model: PreTrainedModel) -> dict[str, torch.nn.Module]:
    """The classification head by its modules' names: all that a classifier has beside the pretrained body.

    For Llama it is one linear layer, `score`; for RoBERTa `classifier`, of two; for DistilBERT two modules.
    """
    modules = {name: module for name, module in model.named_children() if module is not model.base_model}
    return {name: module for name, module in modules.items() if any(True for _ in module.parameters())}


def body_layers(model: PreTrainedModel) -> list[str]:
    """Names of the body's linear layers."""
    named = model.base_model.named_modules(prefix=model.base_model_prefix)
    return [name for name, module in named if isinstance(module, LINEAR)]


def initializer_range(config) -> float:
    """The standard deviation of an architecture's initial weights; OPT and BART call it init_std."""
    return next(
        (getattr(config, key) for key in ("initializer_range", "init_std") if hasattr(config, key)), INITIALIZER_RANGE
    )


def draw_head(modules: Iterable[torch.nn.Module], deviation: float, seed: int, *names: str) -> None:
    """Give a head's last linear layer new small weights, drawn from the seed's stream called `names`.

    modules: of the head, in order; deviation: the standard deviation of the architecture's initial weights.
    """
    last = [layer for module in modules for layer in module.modules() if isinstance(layer, LINEAR)][-1]
    drawn = stream(seed, "head", *names).normal(0, HEAD_SCALE * deviation, tuple(last.weight.shape))
    with torch.no_grad():
        last.weight.copy_(torch.from_numpy(drawn))
        if last.bias is not None:
            last.bias.zero_()


def new_classifier(folder: str | Path, hardware: Hardware, pad_token_id: int, seed: int) -> PreTrainedModel:
    """A pretrained model with a fresh float32 head, small and drawn by the seed."""
    model = load_classifier(folder, hardware, pad_token_id)
    draw_head([module.float() for module in head_of(model).values()], initializer_range(model.config), seed)
    return model


def renew_head(model: PeftModel, seed: int) -> None:
    """Draw the weights in the last layer of a finetuned classifier's head again."""
    head = [module.modules_to_save[model.active_adapter] for module in head_of(model.get_base_model()).values()]
    draw_head(head, initializer_range(model.config), seed, "renewed")


def choose_trainable(model: PeftModel, part: str) -> None:
    """Let `all` (adapters and head), the `head` or the `body` (adapters) train; the rest is frozen."""
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.requires_grad = part != "head"
        elif "modules_to_save" in name:
            weight.requires_grad = part != "body"


def add_adapters(model: PreTrainedModel, seed: int) -> PeftModel:
    """The classifier with float32 LoRA adapters on its body's linear layers; they and the head are trainable."""
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=LORA_RANK,
        lora_alpha=LORA_ALPHA,
        target_modules=body_layers(model),
        modules_to_save=list(head_of(model)),
    )
    # peft makes a set of it, which every process would save in another order. It takes an empty list for a mistake, and
    # has a name of its own for a model of which the head alone trains.
    config.target_modules = sorted(config.target_modules) or DUMMY_TARGET_MODULES
    with torch_stream(seed, "lora"):
        adapted = get_peft_model(model, config)
    for layer in adapted.modules():
        if isinstance(layer, BaseTunerLayer):
            # peft would make float32 of what enters an adapter, and autocast bfloat16 of it again: the same numbers.
            layer.cast_input_dtype_enabled = False
    return adapted


def new_lora_classifier(folder: str | Path, hardware: Hardware, pad_token_id: int, seed: int) -> PeftModel:
    """A fresh classifier with adapters on all layers."""
    return add_adapters(new_classifier(folder, hardware, pad_token_id, seed), seed)


def adapted_weights(model: PeftModel) -> dict[str, torch.Tensor]:
    """The weights of adapters and head, by name, whether they train at present or not."""
    return {name: w for name, w in model.named_parameters() if "lora_" in name or "modules_to_save" in name}


def load_adapter(model: PeftModel, folder: str | Path) -> None:
    """Put a saved adapter and head in place of the model's own."""
    set_peft_model_state_dict(model, load_peft_weights(str(folder), device=str(model.device)))


def save_merged(model: PeftModel, tokenizer, folder: str | Path, trunk: PreTrainedModel | None = None) -> None:
    """Write the classifier with its adapters merged in, as transformers and vLLM load it.

    trunk: the lower layers that were split off the classifier, if they were; they are put back.
    """
    merged = model.merge_and_unload()
    if trunk:
        join_trunk(merged, trunk)
    merged.to(merged.dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
