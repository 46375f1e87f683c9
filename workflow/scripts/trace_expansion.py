"""What to buy as the budget grows, at every price, and how many weak labels replace a gold one where."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.expansion import expansion_table, substitution_table
    from elicitation.analysis.posterior import read_posterior
    from elicitation.files import write_table

    params, blocks = snakemake.params, read_posterior(snakemake.input.posterior).blocks
    expansion = expansion_table(blocks, params.budgets, params.prices, params.pool_sizes)
    write_table(snakemake.output.expansion, expansion)
    write_table(snakemake.output.substitution, substitution_table(blocks))
    print(expansion.to_string())
