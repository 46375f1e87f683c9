"""Average runs over seeds and over tasks, and list the planned runs that a task of the average lacks."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import missing_runs, with_averaged_runs
    from elicitation.analysis.scoring import summarise
    from elicitation.files import write_table
    from elicitation.study.plan import Plan

    metrics, over = pd.read_parquet(snakemake.input.metrics), snakemake.params.average_over
    write_table(snakemake.output.summary, summarise(with_averaged_runs(metrics, over)))
    planned = pd.DataFrame(Plan(**snakemake.params.plan).whole_runs)
    missing = missing_runs(planned, metrics, over)
    write_table(snakemake.output.missing, missing)
    print(f"{len(missing)} runs are missing")
