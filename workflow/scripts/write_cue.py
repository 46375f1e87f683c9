"""Write the sets of a task as students read them by a cue: each text with the words that ask a question."""

from elicitation.jobs.script import job

with job(snakemake, forked=False):
    import pandas as pd

    from elicitation.data.templates import fill
    from elicitation.files import write_table

    for part in ("pool", "test", "supervision"):
        rows = pd.read_parquet(snakemake.input[part])
        texts = [fill(snakemake.params.template, {"text": text}) for text in rows.text]
        write_table(snakemake.output[part], rows.assign(text=texts))
    print(texts[0])
