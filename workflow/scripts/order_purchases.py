"""Write a seed's ordering of the pool, from which all its purchases are taken."""

from elicitation.jobs import job

with job(snakemake):
    import pandas as pd

    from elicitation.files import write_table
    from elicitation.purchases import order_pool

    ids = pd.read_parquet(snakemake.input.pool, columns=["id"]).id
    write_table(snakemake.output[0], pd.DataFrame({"id": order_pool(ids, int(snakemake.wildcards.seed))}))
