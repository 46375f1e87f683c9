"""Count tokens and refuse a task with a text that some model cannot read whole."""

from elicitation.jobs import job

with job(snakemake):
    from pathlib import Path

    import pandas as pd

    from elicitation.files import write_json
    from elicitation.lengths import check_context, count_tokens

    texts = pd.concat(pd.read_parquet(snakemake.input[part]) for part in ("pool", "test", "supervision"))
    lengths = {}
    for folder in map(Path, snakemake.input.models):
        counts = count_tokens(folder, texts.text.tolist())
        context = check_context(folder, counts, texts.id.tolist(), snakemake.wildcards.task)
        lengths[folder.name] = {"longest": max(counts), "mean": sum(counts) / len(counts), "context": context}
    write_json(snakemake.output[0], lengths)
    print(lengths)
