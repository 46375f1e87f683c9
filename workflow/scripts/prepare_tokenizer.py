"""Get a model's tokenizer and config, which suffice to count tokens."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    from elicitation.models.preparation import prepare_tokenizer

    params, target = snakemake.params, Path(snakemake.output.tokenizer)
    record |= prepare_tokenizer(params.model, params.sources, snakemake.input.gguf or None, target)
