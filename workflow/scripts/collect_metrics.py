"""Join the scores of all runs into one table."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.files import write_table

    write_table(snakemake.output[0], pd.concat(map(pd.read_parquet, snakemake.input), ignore_index=True))
