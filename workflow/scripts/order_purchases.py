"""Write a seed's ordering of the pool, from which all its purchases are taken."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.buying.purchases import order_pool
    from elicitation.files import write_table

    ids = pd.read_parquet(snakemake.input.pool, columns=["id"]).id
    write_table(snakemake.output[0], pd.DataFrame({"id": order_pool(ids, int(snakemake.wildcards.seed))}))
