"""Start vLLM, so that one that does not work here stops the study before anything is trained."""

from elicitation.jobs.script import job

with job(snakemake, whole_gpu=True, threads=1) as record:
    from elicitation.models.engines import start_vllm
    from elicitation.models.loading import require_hardware

    record["version"] = start_vllm(require_hardware(snakemake.params.hardware))
