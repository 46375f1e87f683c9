"""The header of a GGUF file: what the model is and what its tensors are, read without the weights.

Imports nothing heavy, since every validation of a study reads the headers of its files. The package `gguf` takes
seconds for that: it turns each token of the vocabulary into an array of its own. Here the vocabulary is skipped.
"""

import mmap
import struct
from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path

from elicitation.errors import InputError, shown
from elicitation.files import is_file

# The first bytes of every GGUF file.
MAGIC = b"GGUF"
# Versions of the format that transformers reads; version 1 counts in other widths.
VERSIONS = (2, 3)
# The architectures that transformers reads from GGUF as causal language models, with the classes that it then makes.
# A test compares them with transformers' own list.
ARCHITECTURES = {
    "bloom": "BloomForCausalLM",
    "falcon": "FalconForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "gemma3": "Gemma3ForCausalLM",
    "gemma4": "Gemma4ForCausalLM",
    "gpt-oss": "GptOssForCausalLM",
    "gpt2": "GPT2LMHeadModel",
    "lfm2": "Lfm2ForCausalLM",
    "llama": "LlamaForCausalLM",
    "mamba": "MambaForCausalLM",
    "minimax-m2": "MiniMaxM2ForCausalLM",
    "nemotron": "NemotronForCausalLM",
    "phi3": "Phi3ForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen2moe": "Qwen2MoeForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "qwen35": "Qwen3_5ForCausalLM",
    "qwen35moe": "Qwen3_5MoeForCausalLM",
    "qwen3moe": "Qwen3MoeForCausalLM",
    "stablelm": "StableLmForCausalLM",
    "starcoder2": "Starcoder2ForCausalLM",
}
# The types of tensors that can be dequantised, by their number: name, weights in a block, bytes of a block. A test
# compares them with those of the package `gguf`.
TENSOR_TYPES = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
}
# The layout of plain values in a header, by the number of their type.
SCALARS = {
    kind: struct.Struct(f"<{letter}")
    for kind, letter in zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True)
}
# The numbers of the types of values that are not plain.
STRING, ARRAY = 8, 9
# The layout of a text's length; of an array's type and length; of what ends a tensor's entry, its type and its place.
LENGTH, COUNT, TENSOR_END = struct.Struct("<Q"), struct.Struct("<IQ"), struct.Struct("<IQ")
# A header that gives a tensor more dimensions than these is damaged.
MAX_DIMENSIONS = 8
# Tensors begin at multiples of this many bytes, unless the header says otherwise.
ALIGNMENT = 32
# How a file begins that stands in for a large one until Git LFS fetches it.
GIT_LFS = b"version https://git-lfs"


@dataclass(frozen=True)
class Tensor:
    """What the header says of a tensor."""

    name: str
    shape: tuple[int, ...]
    type: str
    """The name of its quantisation, or F32, F16 or BF16."""


@dataclass(frozen=True)
class Header:
    """What the header says of the model."""

    architecture: str
    """As GGUF calls it; a key of ARCHITECTURES."""
    layers: int
    context: int | None
    """Tokens that the model reads at most, if the file says it."""
    starts_texts: bool
    """Whether a start token stands before each text."""
    tensors: tuple[Tensor, ...]

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return sum(prod(tensor.shape) for tensor in self.tensors)

    @property
    def quantisation(self) -> dict[str, int]:
        """The number of tensors of each type."""
        return dict(sorted(Counter(tensor.type for tensor in self.tensors).items()))


class Cursor:
    """Reads a header from its beginning to its end."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content, self.place = content, len(MAGIC)

    def unpack(self, layout: struct.Struct) -> tuple:
        """The values of this layout that come next."""
        values = layout.unpack_from(self.content, self.place)
        self.place += layout.size
        return values

    def text(self) -> str:
        """The text that comes next, behind its length."""
        (length,) = self.unpack(LENGTH)
        self.place += length
        return self.content[self.place - length : self.place].decode()

    def value(self, kind: int):
        """The value of the metadata that comes next; of an array only its length, since no caller needs more."""
        if kind == STRING:
            return self.text()
        if kind != ARRAY:
            return self.unpack(SCALARS[kind])[0]
        kind, count = self.unpack(COUNT)
        if kind == STRING:
            self.skip_texts(count)
        else:
            self.place += count * SCALARS[kind].size
        return count

    def skip_texts(self, count: int) -> None:
        """Pass by so many texts: vocabularies have hundreds of thousands, so the loop does as little as it can."""
        place, content, unpack = self.place, self.content, LENGTH.unpack_from
        for _ in range(count):
            place += 8 + unpack(content, place)[0]
        self.place = place


def read_header(path: Path, name: str) -> Header:
    """The header of a model's GGUF file, read once a process.

    name: of the model. Raises InputError unless the file is whole, and of an architecture and quantisation that
    transformers reads.
    """
    if not is_file(path):
        raise InputError(f"Model {name!r}: {shown(str(path))} is no file; correct `gguf`, the path of a GGUF file.")
    try:
        facts = path.stat()
        return parse_header(path, name, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise InputError(f"Model {name!r}: {path} cannot be read ({error.strerror}); get it again.") from error


@cache
def parse_header(path: Path, name: str, size: int, changed: int) -> Header:
    """As read_header. size, changed: of the file as it is now, so that another one is read again."""
    with path.open("rb") as stream:
        start = stream.read(max(len(MAGIC), len(GIT_LFS)))
        if start == GIT_LFS:
            raise InputError(f"Model {name!r}: {path} is a pointer of Git LFS; fetch the file by git lfs pull.")
        if not start.startswith(MAGIC):
            raise InputError(f"Model {name!r}: {path} is no GGUF file; name one, which begins with the letters GGUF.")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            try:
                return read_content(Cursor(content), path, name, size)
            except (struct.error, OverflowError):
                # Whatever lies beyond the end of the file.
                raise InputError(f"Model {name!r}: {path} ends within its header; get the whole file again.") from None
            except (KeyError, TypeError, ZeroDivisionError, UnicodeDecodeError) as error:
                raise InputError(f"Model {name!r}: the header of {path} is damaged ({error}); get it again.") from error


def read_content(cursor: Cursor, path: Path, name: str, size: int) -> Header:
    """The header behind the cursor, once it is found to be one that can be used."""
    version, n_tensors, n_values = cursor.unpack(struct.Struct("<IQQ"))
    if version not in VERSIONS:
        raise InputError(f"Model {name!r}: {path} has version {version} of GGUF; convert it to version {VERSIONS[-1]}.")
    values = {}
    for _ in range(n_values):
        key = cursor.text()
        values[key] = cursor.value(*cursor.unpack(SCALARS[4]))
    architecture = values["general.architecture"]
    if architecture not in ARCHITECTURES:
        raise InputError(
            f"Model {name!r}: {path} has the architecture {shown(architecture)}, which transformers does not read from "
            f"GGUF as a language model; choose a file of one of {', '.join(ARCHITECTURES)}."
        )
    if values.get("split.count", 1) > 1:
        raise InputError(f"Model {name!r}: {path} is one part of several; join them by llama-gguf-split --merge.")
    tensors, end = read_tensors(cursor, n_tensors, path, name)
    alignment = values.get("general.alignment", ALIGNMENT)
    whole = -(-cursor.place // alignment) * alignment + end
    if size < whole:
        raise InputError(
            f"Model {name!r}: {path} is cut off, since it has {size} bytes, but its tensors end at {whole}; get the "
            "whole file again."
        )
    scaled = values.get(f"{architecture}.rope.scaling.type", "none") != "none"
    if scaled or any(tensor.name.startswith("rope_") for tensor in tensors):
        raise InputError(
            f"Model {name!r}: {path} scales its positions (rope), which transformers does not read from GGUF, so that "
            "it would compute something else; take the model's safetensors by `hub` or `local`."
        )
    # What llama.cpp does where the file is silent: vocabularies of SentencePiece, called `llama`, want a start token.
    starts = values.get("tokenizer.ggml.add_bos_token", values.get("tokenizer.ggml.model") == "llama")
    layers, context = values[f"{architecture}.block_count"], values.get(f"{architecture}.context_length")
    return Header(architecture, layers, context, starts, tensors)


def read_tensors(cursor: Cursor, count: int, path: Path, name: str) -> tuple[tuple[Tensor, ...], int]:
    """The tensors, and where the last of them ends, counted from the first."""
    tensors, end = [], 0
    for _ in range(count):
        tensor = cursor.text()
        (dimensions,) = cursor.unpack(SCALARS[4])
        if dimensions > MAX_DIMENSIONS:
            raise InputError(f"Model {name!r}: the header of {path} is damaged at tensor {tensor!r}; get it again.")
        shape = cursor.unpack(struct.Struct(f"<{dimensions}Q"))[::-1]
        kind, offset = cursor.unpack(TENSOR_END)
        if kind not in TENSOR_TYPES:
            known = ", ".join(known for known, _, _ in TENSOR_TYPES.values())
            raise InputError(
                f"Model {name!r}: the tensor {tensor} of {path} is quantised by type {kind}, which cannot be "
                f"dequantised; choose a file that is quantised by one of {known}."
            )
        label, weights, n_bytes = TENSOR_TYPES[kind]
        end = max(end, offset + prod(shape) // weights * n_bytes)
        tensors.append(Tensor(tensor, shape, label))
    return tuple(tensors), end
