"""Price every configuration and mark those on the frontier of cost and accuracy."""

from elicitation.jobs import job

with job(snakemake):
    import pandas as pd

    from elicitation.files import write_table
    from elicitation.frontier import frontiers

    table = frontiers(pd.read_parquet(snakemake.input.summary), snakemake.params.weak_prices)
    write_table(snakemake.output[0], table)
    print(table[table.on_frontier].to_string())
