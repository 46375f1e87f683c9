"""Price every configuration, and find how likely each is to be on the frontier of cost and score."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.frontier import frontiers
    from elicitation.analysis.posterior import read_posterior
    from elicitation.files import write_table

    table = frontiers(read_posterior(snakemake.input.posterior), snakemake.params.prices)
    write_table(snakemake.output[0], table)
    print(table[table.on_frontier].to_string())
