"""Refuse a task with a text that a model cannot read whole; in every target's plan, before what the model is for."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.models.lengths import check_context, count_tokens

    inputs, folder = snakemake.input, Path(snakemake.input.tokenizer)
    texts = pd.concat(map(pd.read_parquet, (inputs.pool, inputs.test, inputs.supervision)))
    counts = count_tokens(folder, texts.text.tolist())
    record["context"] = check_context(folder, counts, texts.id.tolist(), snakemake.wildcards.task)
    record["longest"] = max(counts)
    print(f"the longest text has {record['longest']} tokens, of {record['context']} that {folder.name} reads")
