"""Average runs over seeds and over tasks, and list the runs that some task lacks."""

from elicitation.jobs import job

with job(snakemake):
    import pandas as pd

    from elicitation.averages import with_average
    from elicitation.evaluation import summarise
    from elicitation.files import write_table

    metrics, missing = with_average(pd.read_parquet(snakemake.input.metrics), snakemake.params.average_over)
    write_table(snakemake.output.summary, summarise(metrics))
    write_table(snakemake.output.missing, missing)
    print(f"{len(missing)} runs are missing")
