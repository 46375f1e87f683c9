"""Join the resampled accuracies of all configurations, and average them over tasks."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.resampling import with_averaged_resamples
    from elicitation.files import write_table

    table = pd.concat(map(pd.read_parquet, snakemake.input), ignore_index=True).assign(n_tasks=1)
    write_table(snakemake.output[0], with_averaged_resamples(table, snakemake.params.average_over))
