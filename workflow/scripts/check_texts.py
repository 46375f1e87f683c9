"""Refuse a task with a text that a model cannot read whole; in every target's plan, before what the model is for."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.api.limits import check_api_context
    from elicitation.models.lengths import check_texts

    names, files, column = snakemake.wildcards, snakemake.input, snakemake.params.get("column", "text")
    sets = [pd.read_parquet(files[part]) for part in ("pool", "test", "supervision")]
    sets = [rows.assign(text=rows[column]) for rows in sets]
    if context := snakemake.params.api_context:
        check_api_context(names.model, context, pd.concat(sets).set_index("id").text.to_dict(), names.task)
    else:
        record |= check_texts(Path(files.tokenizer), sets, names.task)
    print(record)
