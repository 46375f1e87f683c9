"""Join the resampled accuracies of all configurations, and average them over tasks."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.resampling import with_average
    from elicitation.files import write_table

    table = pd.concat(map(pd.read_parquet, snakemake.input), ignore_index=True).assign(n_tasks=1)
    write_table(snakemake.output[0], with_average(table, snakemake.params.average_over))
