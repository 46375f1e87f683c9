"""Which strategy wins at every budget and price, and with what probability."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.evidence import read_evidence
    from elicitation.analysis.regimes import find_regimes
    from elicitation.files import write_table

    params = snakemake.params
    regimes = find_regimes(read_evidence(snakemake.input.resamples), params.prices, params.budgets, params.verdict)
    write_table(snakemake.output[0], regimes)
    print(regimes.to_string())
