"""Price every configuration and mark those on the frontier of cost and accuracy."""

from elicitation.jobs import job

with job(snakemake):
    import pandas as pd

    from elicitation.evaluation import average_tasks, summarise
    from elicitation.files import write_table
    from elicitation.frontier import frontiers

    metrics = pd.read_parquet(snakemake.input.metrics)
    if metrics.task.nunique() > 1:
        metrics = pd.concat([average_tasks(metrics), metrics], ignore_index=True)
    table = frontiers(summarise(metrics), snakemake.params.weak_prices)
    write_table(snakemake.output[0], table)
    print(table[table.on_frontier].to_string())
