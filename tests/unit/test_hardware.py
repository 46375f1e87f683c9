import dataclasses

import pytest

from elicitation.hardware import CPU, Hardware


def test_base_weights_are_float32_on_a_cpu_and_bfloat16_on_a_gpu():
    assert Hardware("cpu") == CPU and CPU.dtype == "float32"
    assert Hardware("cuda", gpus=2).dtype == "bfloat16"


def test_a_job_cannot_change_where_its_model_runs():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CPU.device = "cuda"
