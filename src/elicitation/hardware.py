"""Where and in what precision a model runs. Imports nothing heavy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hardware:
    """The machine as a job uses it for one model."""

    device: str
    """`cpu` or `cuda`."""
    gpus: int = 1
    """GPUs over which the model is spread."""
    quantization: str | None = None
    """`nf4`: base weights in 4 bits with double quantisation, computing in bfloat16 (Dettmers et al. 2023)."""
    gradient_checkpointing: bool = False
    """Recomputes activations in the backward pass: less memory, about a third more time."""

    @property
    def dtype(self) -> str:
        """Of the frozen base weights; adapters and head are always float32."""
        return "float32" if self.device == "cpu" else "bfloat16"


CPU = Hardware("cpu")
