"""The models of a study: of the sandbox, cut from another, in a GGUF file, a checkpoint, or behind an API."""

import importlib.util
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from elicitation.analysis.names import TUNED
from elicitation.errors import InputError
from elicitation.models.folder import local_model_folder, model_config, place_in_package
from elicitation.models.gguf_files import Header, read_header
from elicitation.study.catalogue import completed
from elicitation.study.servers import Address, KeyVariable
from elicitation.study.values import (
    NUMBER,
    WHOLE,
    Count,
    Flag,
    Kind,
    Name,
    Natural,
    Positive,
    Section,
    Sha256,
    Share,
    SomeText,
    Text,
    any_kind,
    like,
    may_be_absent,
    number,
    optional,
    or_word,
    refusal,
    whole,
)

# The smallest size of an attention head that vLLM runs on a CPU.
HEAD_SIZE = 32
# What architectures call the number of layers.
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
# What of an entry the preparation of a model depends on.
SOURCE_KEYS = {"name", "sandbox", "hub", "local", "gguf", "truncate"}
WeightsCommit = like("[0-9a-f]{40}", "a commit (40 hexadecimal digits)")


class SandboxPretraining(Section):
    layers: Count = Field(description="Transformer blocks.")
    width: whole(ge=8) = Field(description="Size of the hidden state.")
    heads: Count = Field(description="Attention heads; must divide the width.")
    steps: Count = Field(description="Pretraining steps.")
    batch_size: Count = Field(description="Reviews per pretraining step.")
    learning_rate: Positive = Field(description="Peak learning rate of pretraining.")
    short_reviews: Share = Field(
        description="Share of one-clause reviews in what the model reads; 1 leaves it ignorant of how two clauses "
        "weigh."
    )
    bare_tags: Share = Field(
        description="Share of tags without a key. They alone teach the model to have the answer ready at the end of a "
        "text; below 0.3 it is chance which answers."
    )


class HubModel(Section):
    id: SomeText = Field(description="Id of the model.")
    revision: WeightsCommit = Field(description="Commit that pins the weights (40 hexadecimal digits).")
    sha256: Sha256 = may_be_absent(
        "Hash of the downloaded files (64 hexadecimal digits), as `results/models/<name>.json` states it; another "
        "download is refused."
    )


class Cut(Section):
    model: Text = Field(description="Name of the model that is cut.")
    layers: Count = Field(description="Layers that are kept, counted from the input.")


class Model(Kind):
    name: Name = Field(description="Name of the model in paths and figures: letters, digits, ., - and _.")
    catalogue: Text = may_be_absent(
        "Take all that this entry leaves open from the entry of this name in workflow/models.yaml, which holds the "
        "paper's models."
    )


class OwnModel(Model):
    """A model that is prepared, trained and asked here."""

    learning_rate: or_word(Positive, TUNED) = Field(
        description="Peak learning rate when this model is finetuned; required of all but API models. `tuned`, for "
        "students, is the best of several on each task's supervision set (`tuning`)."
    )
    parameters: Positive = may_be_absent(
        "Number of its parameters, for `make estimate` (counted where the model is made here or local)."
    )
    gpus: Count = Field(1, description="GPUs over which the model is spread; above 1 with `device: cuda` only.")
    quantization: Literal["nf4", None] = Field(
        None,
        description="`nf4` holds the base weights in 4 bits (QLoRA, by bitsandbytes); `device: cuda` only.",
    )
    gradient_checkpointing: Flag = Field(
        False, description="Recompute activations to save memory, at about a third more time."
    )
    adapt_layers: optional(Natural, WHOLE) = Field(
        None,
        description="Give adapters to this many of the upper layers only (0: to none, the head alone trains). What the "
        "layers below make of a text is computed once for all runs (the trunk). The paper adapts all layers: `null`. "
        "For models of the Llama, Mistral and Qwen2 architectures.",
    )

    @property
    def source(self) -> dict:
        """What its preparation depends on, as jobs see it."""
        return self.model_dump(include=SOURCE_KEYS)

    @property
    def placement(self) -> dict:
        """How it is held on its devices, as jobs see it."""
        return self.model_dump(include={"gpus", "quantization", "gradient_checkpointing"})

    def layers(self, sources: str) -> int | None:
        """Its number of layers, where that can be known before it is fetched. sources: as in the study."""
        return None

    def architecture(self, sources: str) -> str | None:
        """Its `model_type`, where that can be known before it is fetched. sources: as in the study."""
        return None


class SandboxModel(OwnModel):
    decided_by: ClassVar = ("sandbox",)
    takes: ClassVar = "the sandbox takes"
    sandbox: SandboxPretraining = Field(description="Pretrain a small Llama on the sandbox's reviews.")

    @model_validator(mode="after")
    def check_heads(self) -> Self:
        width, heads = self.sandbox.width, self.sandbox.heads
        if width % (HEAD_SIZE * heads):
            raise refusal(
                f"width {width} must be a multiple of {HEAD_SIZE} times the heads ({heads}), since vLLM's CPU kernels "
                "want such heads; change one of them."
            )
        return self

    def layers(self, sources: str) -> int | None:
        return self.sandbox.layers

    def architecture(self, sources: str) -> str | None:
        return "llama"


class TruncatedModel(OwnModel):
    decided_by: ClassVar = ("truncate",)
    takes: ClassVar = "a truncated model takes"
    truncate: Cut = Field(description="Make this model from the first layers of another one.")

    def layers(self, sources: str) -> int | None:
        return self.truncate.layers


class GgufModel(OwnModel):
    decided_by: ClassVar = ("gguf",)
    takes: ClassVar = "a GGUF file takes"
    gguf: SomeText = Field(
        description="A language model in one GGUF file, or `package:<Python package>/<file>`, whatever `sources` says; "
        "it is dequantised once."
    )

    @property
    def file(self) -> Path:
        """Where the file is; InputError if that is a Python package which is not installed."""
        return place_in_package(self.gguf, self.name)

    @property
    def header(self) -> Header:
        """What the file's header says; InputError if it is not there or cannot be used."""
        return read_header(self.file, self.name)

    def layers(self, sources: str) -> int | None:
        return self.header.layers

    def architecture(self, sources: str) -> str | None:
        # GGUF calls the architectures that can be split as transformers does; models of Mistral's count as Llama's.
        return self.header.architecture

    def check_reader(self) -> None:
        """InputError unless the package that reads such files is installed."""
        if importlib.util.find_spec("gguf") is None:
            raise InputError(
                f"Model {self.name!r}: the Python package 'gguf', by which its file is read, is not installed; install "
                "it (README)."
            )


class Checkpoint(OwnModel):
    decided_by: ClassVar = ("hub", "local")
    takes: ClassVar = "a checkpoint takes"
    hub: HubModel = may_be_absent("Model on the Hugging Face hub.")
    local: SomeText = may_be_absent(
        "Folder with config.json, tokenizer and safetensors weights, or `package:<Python package>/<folder>`; read "
        "where `sources` is `local`."
    )

    @cached_property
    def folder(self) -> Path:
        """The folder of a local model; InputError unless a complete model is there."""
        return local_model_folder(self.local, self.name)

    def layers(self, sources: str) -> int | None:
        if sources != "local" or self.local is None:
            return None
        known = model_config(self.folder, self.name)
        return next((known[key] for key in LAYERS if isinstance(known.get(key), int)), None)

    def architecture(self, sources: str) -> str | None:
        if sources != "local" or self.local is None:
            return None
        return model_config(self.folder, self.name).get("model_type")


class Api(Section):
    model: SomeText = Field(description="The API's name of the model that is finetuned.")
    base_url: Address = Field(
        description="Where the API is, with its version, as in https://api.openai.com/v1; without user, password or "
        "query."
    )
    key_variable: KeyVariable = Field(
        description="Name of the environment variable that holds the key, in capitals and ending with KEY, TOKEN, "
        "SECRET, PASSWORD or CREDENTIALS, by which keys are known and kept out of logs. It is read when a job starts "
        "and written nowhere."
    )
    context: whole(ge=32) = Field(
        description="Tokens that a training example may have. Texts are checked by their bytes, which are at least as "
        "many as tokens."
    )
    epochs: optional(Count, WHOLE) = Field(
        None, description="Epochs of a finetuning job; `null` leaves the choice to the API."
    )
    learning_rate_multiplier: optional(Positive, NUMBER) = Field(
        None, description="Multiplier of the API's own learning rate; `null` leaves the choice to the API."
    )
    training_price: number(ge=0) = Field(description="US dollars per million trained tokens.")
    input_price: number(ge=0) = Field(description="US dollars per million prompt tokens of the finetuned model.")
    output_price: number(ge=0) = Field(description="US dollars per million completion tokens of the finetuned model.")


class ApiModel(Model):
    decided_by: ClassVar = ("api",)
    takes: ClassVar = "an API takes"
    api: Api = Field(
        description="Model behind an OpenAI-compatible finetuning API; it can be a student. What the API bills is "
        "recorded in US dollars, and no part of the labels' cost."
    )

    @classmethod
    def says_of_foreign(cls, key: str) -> str:
        says = super().says_of_foreign(key)
        return says.replace("drop it.", "drop it (its own settings stand under `api`).")


Model.kinds = (ApiModel, SandboxModel, TruncatedModel, GgufModel, Checkpoint)
AnyModel = any_kind(
    Model,
    "no source is given; add 'sandbox', or 'truncate', or 'api', or 'gguf', or 'hub', or 'local'.",
    completed("models"),
)
