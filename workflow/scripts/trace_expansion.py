"""What to buy as the budget grows, at every price, and how many weak labels replace a gold one where."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.production import expansion_table, read_production, substitution_table
    from elicitation.files import write_table

    params, fits = snakemake.params, read_production(snakemake.input.production)
    expansion = expansion_table(fits, params.budgets, params.prices, params.pool_sizes)
    write_table(snakemake.output.expansion, expansion)
    write_table(snakemake.output.substitution, substitution_table(fits))
    print(expansion.to_string())
