"""Start vLLM, so that one that does not work here stops the study before anything is trained."""

from elicitation.jobs.script import job

with job(snakemake, whole_gpu=True, threads=1) as record:
    from elicitation.models.engines import start_vllm
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import require_hardware

    hardware = Hardware(**snakemake.params.hardware)
    require_hardware(hardware)
    record["version"] = start_vllm(hardware)
