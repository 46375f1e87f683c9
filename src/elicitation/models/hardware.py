"""Where and in what precision a model runs. Imports nothing heavy."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from elicitation.errors import InputError

# Where Linux describes the processor.
CPU_INFO = Path("/proc/cpuinfo")
# What Linux calls the instructions that multiply bfloat16 numbers: two kinds of x86 processors, and one of ARM.
NATIVE_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
# The precision of each device where the study names none.
USUAL_PRECISION = {"cpu": "float32", "cuda": "bfloat16"}
# Tokens that pass through a model at once where nothing else is said.
MICRO_BATCH_TOKENS = 16_384


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
    precision: str | None = None
    """`float32`, `bfloat16`, or `native`, which is bfloat16 where this machine has instructions for it and float32
    elsewhere; None is what is usual for the device."""

    @property
    def dtype(self) -> str:
        """The precision of the frozen base weights and of the matrix products.

        Adapters, head and optimizer are always float32.
        """
        if self.precision == "native":
            native = self.device == "cuda" or cpu_computes_bfloat16()
            return "bfloat16" if native else "float32"
        return self.precision or USUAL_PRECISION[self.device]


# A processor as it usually computes.
CPU = Hardware("cpu")


@cache
def cpu_computes_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; others would emulate it, more slowly than float32."""
    text = CPU_INFO.read_text() if CPU_INFO.exists() else ""
    # All cores are alike, so the first one's line suffices.
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return bool(found and NATIVE_BFLOAT16 & set(found[1].split()))


def check_precision(hardware: Hardware) -> None:
    """InputError if the study wants bfloat16 of a processor that would only emulate it."""
    if hardware.device == "cpu" and hardware.precision == "bfloat16" and not cpu_computes_bfloat16():
        raise InputError(
            "Config, precision: bfloat16 is wanted, but this processor would only emulate it (it lacks AVX512_BF16 and "
            "AMX), which is slower than float32; set precision: float32, or native, which takes what the machine has."
        )


def describe_precision(hardware: Hardware) -> str:
    """One sentence for the user: what the study asks for, and what it means on this machine."""
    if hardware.precision != "native":
        return f"Models compute in {hardware.dtype}."
    reason = "computes it itself" if hardware.dtype == "bfloat16" else "has no instructions for bfloat16"
    return f"Models compute in {hardware.dtype} (precision: native; this machine {reason})."
