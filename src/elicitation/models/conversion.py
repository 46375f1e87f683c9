"""From a GGUF file to a folder that transformers and vLLM load: safetensors, config and tokenizer."""

import copy
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast
from transformers.integrations.gguf import is_gguf_arch_supported
from transformers.modeling_gguf_pytorch_utils import TENSOR_PROCESSORS, TensorProcessor, get_gguf_hf_weights_map

from elicitation.errors import InputError
from elicitation.files import hash_file, write_json
from elicitation.models.checkpoints import refuse_drawn, refuse_unknown
from elicitation.models.gguf_files import ARCHITECTURES, Header, read_header
from elicitation.models.hardware import CPU
from elicitation.models.loading import load_language_model, load_tokenizer

# A dequantised weight is a small integer times one 16-bit number, plus another 16-bit number. Of the usual types only
# float32 holds all of its digits.
DTYPE = torch.float32
# Texts on which the file and the folder must agree.
SAMPLE_TEXTS = (
    "The soup was cold, and the waiter never came back.",
    "Review: a quiet film of 97 minutes, funnier than it looks!\nSentiment:",
    '  Ünïcode 日本, "quotes", tabs\tand   spaces; 3.14159',
    "def total(prices):\n    return sum(prices)\n",
)
# By how much log-probabilities may change. The weights stay the same, so only the order of sums can make a difference.
CONVERSION_TOLERANCE = 1e-4


def unreadable(path: Path, name: str, error: Exception) -> InputError:
    """The error to raise for one of transformers, which may be of any kind where a file is not as it expects."""
    return InputError(
        f"Model {name!r}: {path} cannot be read by transformers ({error}); take the model's safetensors by `hub` or "
        "`local`."
    )


def read_gguf_tokenizer(path: Path, name: str, header: Header) -> PreTrainedTokenizerFast:
    """The tokenizer of a GGUF file. AutoTokenizer makes the same one, but takes seconds, as it reads all else too."""
    start = {"add_bos_token": True} if header.starts_texts else {}
    try:
        return PreTrainedTokenizerFast.from_pretrained(path.parent, gguf_file=path.name, **start)
    except Exception as error:
        raise unreadable(path, name, error) from error


def write_tokenizer(path: Path, name: str, folder: Path) -> None:
    """Write the tokenizer and a config to `folder`, which suffice to count tokens; the weights are not read."""
    header = read_header(path, name)
    folder.mkdir(parents=True)
    read_gguf_tokenizer(path, name, header).save_pretrained(folder)
    context = {"max_position_embeddings": header.context} if header.context else {}
    write_json(folder / "config.json", {"architectures": [ARCHITECTURES[header.architecture]]} | context)


def load_gguf(path: Path, name: str, header: Header) -> PreTrainedModel:
    """The model as transformers reads it; InputError if a tensor is missing, left over or of another shape."""
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=DTYPE, output_loading_info=True
        )
        unknown = set(info["unexpected_keys"]) | passed_over(model, header)
        wanted = {key: weight.shape for key, weight in blank(model).state_dict().items()}
    except Exception as error:
        raise unreadable(path, name, error) from error
    # transformers compares no shapes of models that it counts as quantised.
    found = {key: weight.shape for key, weight in model.state_dict().items()}
    info["mismatched_keys"] = {(key, found[key], wanted[key]) for key in found if found[key] != wanted[key]}
    refuse_drawn(info, f"Model {name!r}: {path}", ())
    refuse_unknown(unknown, f"Model {name!r}: {path}")
    return model


def passed_over(model: PreTrainedModel, header: Header) -> set[str]:
    """Names of the file's tensors that transformers, in its older way of reading, left out without a word."""
    # Finding their names takes seconds, so it is done only where the numbers of weights differ.
    if is_gguf_arch_supported(header.architecture) or header.parameters == model.num_parameters():
        return set()
    processor = TENSOR_PROCESSORS.get(header.architecture, TensorProcessor)(config=model.config.to_dict())
    return {tensor.name for tensor in header.tensors} - get_gguf_hf_weights_map(model, processor).keys()


def blank(model: PreTrainedModel) -> PreTrainedModel:
    """A model of the same config without values, which does not count as quantised."""
    config = copy.deepcopy(model.config)
    del config.quantization_config
    with torch.device("meta"):
        return type(model)(config)


def save_unquantised(model: PreTrainedModel, folder: Path) -> None:
    """Write the weights, in a model that takes them over: transformers refuses to save the one that it read."""
    saved = blank(model)
    saved.load_state_dict(model.state_dict(), assign=True)
    saved.tie_weights()
    saved.save_pretrained(folder)


@torch.inference_mode()
def log_probabilities(model: PreTrainedModel, token_ids: list[list[int]]) -> list[torch.Tensor]:
    """Log-probabilities (tokens, vocabulary) of every next token, for each text."""
    return [model(torch.tensor([ids])).logits[0].float().log_softmax(-1) for ids in token_ids]


def convert_gguf(path: Path, name: str, folder: Path) -> dict:
    """Write the model in a GGUF file to `folder`, and return what its record says of it.

    Raises InputError if the folder, loaded again, reads or continues the sample texts in another way than the file.
    """
    header = read_header(path, name)
    tokenizer, model = read_gguf_tokenizer(path, name, header), load_gguf(path, name, header)
    token_ids = tokenizer(list(SAMPLE_TEXTS))["input_ids"]
    expected = log_probabilities(model, token_ids)
    save_unquantised(model, folder)
    tokenizer.save_pretrained(folder)
    # Both at once would take twice the memory.
    del model
    saved = load_tokenizer(folder)
    if saved(list(SAMPLE_TEXTS))["input_ids"] != token_ids:
        raise InputError(
            f"Model {name!r}: the tokenizer of {path} reads texts in another way once it is saved; report it."
        )
    converted = load_language_model(folder, CPU, saved.pad_token_id)
    # The attention that read the file.
    converted.set_attn_implementation("sdpa")
    found = log_probabilities(converted, token_ids)
    difference = max(float((a - b).abs().max()) for a, b in zip(expected, found, strict=True))
    if not difference <= CONVERSION_TOLERANCE:  # Nor may it be NaN.
        raise InputError(
            f"Model {name!r}: the log-probabilities of {path} change by {difference:.2g} once it is saved, more than "
            f"{CONVERSION_TOLERANCE:g}; report it, or take the model's safetensors by `hub` or `local`."
        )
    return {
        "sha256": hash_file(path),
        "architecture": header.architecture,
        "quantisation": header.quantisation,
        "parity": {"texts": len(SAMPLE_TEXTS), "largest_difference": difference},
    }
