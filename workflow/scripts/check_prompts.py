"""Refuse prompts behind which a text does not fit a model's context, and labels that are no tokens."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.data.prompts import PromptFormat
    from elicitation.models.lengths import check_prompts

    names, params, files = snakemake.wildcards, snakemake.params, snakemake.input
    sets = {part: pd.read_parquet(files[part]) for part in ("pool", "test", "supervision")}
    sets = {part: rows.assign(text=rows[params.get("column", "text")]) for part, rows in sets.items()}
    style = PromptFormat(**params.prompt)
    record |= check_prompts(Path(files.tokenizer), sets, names.task, style, int(names.seed), **params.examples)
    print(record)
