"""Which strategy wins at every budget and price, and with what probability."""

from elicitation.jobs import job

with job(snakemake):
    from elicitation.files import write_table
    from elicitation.regimes import find_regimes
    from elicitation.resampling import read_resamples

    params = snakemake.params
    regimes = find_regimes(*read_resamples(snakemake.input.resamples), params.prices, params.budgets, params.verdict)
    write_table(snakemake.output[0], regimes)
    print(regimes.to_string())
