"""Price every configuration, and find how likely each is to be on the frontier of cost and accuracy."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.frontier import frontiers
    from elicitation.analysis.resampling import read_resamples, with_weak_accuracy
    from elicitation.files import write_table

    points, deviations = read_resamples(snakemake.input.resamples)
    points = with_weak_accuracy(points, pd.read_parquet(snakemake.input.summary))
    table = frontiers(points, deviations, snakemake.params.prices)
    write_table(snakemake.output[0], table)
    print(table[table.on_frontier].to_string())
