import dataclasses

import pytest

from elicitation.errors import InputError
from elicitation.models import hardware
from elicitation.models.hardware import CPU, Hardware, check_precision, cpu_computes_bfloat16, describe_precision


def test_base_weights_are_float32_on_a_cpu_and_bfloat16_on_a_gpu():
    assert Hardware("cpu") == CPU and CPU.dtype == "float32"
    assert Hardware("cuda", gpus=2).dtype == "bfloat16"


def test_a_job_cannot_change_where_its_model_runs():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CPU.device = "cuda"


INTEL = "processor\t: 0\nflags\t\t: fpu avx2 avx512f {}\nprocessor\t: 1\n"


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """Makes this machine's processor one with the given text in /proc/cpuinfo."""

    def make(text):
        (tmp_path / "cpuinfo").write_text(text)
        monkeypatch.setattr(hardware, "CPU_INFO", tmp_path / "cpuinfo")
        cpu_computes_bfloat16.cache_clear()

    yield make
    cpu_computes_bfloat16.cache_clear()


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        (INTEL.format("avx512_bf16"), "bfloat16"),
        (INTEL.format("amx_bf16"), "bfloat16"),
        (INTEL.format("avx512_vnni"), "float32"),
        ("Features\t: fp asimd bf16 i8mm\n", "bfloat16"),
        ("model name : bf16\nflags : fpu\n", "float32"),
        ("", "float32"),
    ],
)
def test_native_precision_is_what_the_processor_computes_itself(processor, text, dtype):
    processor(text)
    assert Hardware("cpu", precision="native").dtype == dtype
    assert dtype in describe_precision(Hardware("cpu", precision="native"))
    assert Hardware("cpu", precision="float32").dtype == "float32"
    assert Hardware("cuda", precision="native").dtype == "bfloat16"


def test_bfloat16_that_would_be_emulated_is_refused(processor):
    processor(INTEL.format("avx512_vnni"))
    with pytest.raises(InputError, match=r"would only emulate it .* set precision: float32, or native"):
        check_precision(Hardware("cpu", precision="bfloat16"))
    for fine in (CPU, Hardware("cpu", precision="native"), Hardware("cuda", precision="bfloat16")):
        check_precision(fine)
    processor(INTEL.format("avx512_bf16"))
    check_precision(Hardware("cpu", precision="bfloat16"))
