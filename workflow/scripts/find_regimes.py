"""What is recommended at every budget and price, and with what probability its way of spending is the best."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.posterior import read_posterior
    from elicitation.analysis.regimes import find_regimes
    from elicitation.files import write_table

    params = snakemake.params
    blocks = read_posterior(snakemake.input.posterior).blocks
    regimes = find_regimes(blocks, params.prices, params.budgets, params.pool_sizes, params.verdict)
    write_table(snakemake.output[0], regimes)
    print(regimes.to_string())
