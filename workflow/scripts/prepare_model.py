"""Pretrain, cut, convert, download or link a model into results/models."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from pathlib import Path

    from elicitation.models.preparation import prepare_model

    params, files = snakemake.params, snakemake.input
    target = Path(snakemake.output.model)
    record |= prepare_model(params.model, params.sources, files.original or None, files.gguf or None, target)
