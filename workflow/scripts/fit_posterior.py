"""Fit the posterior over scores to all that was measured."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.names import GROUP, PURCHASE
    from elicitation.analysis.posterior_fitting import fit_posterior
    from elicitation.files import write_table

    evidence = pd.read_parquet(snakemake.input.evidence)
    groups = evidence.loc[evidence.kind == PURCHASE, GROUP].drop_duplicates()
    table = fit_posterior(evidence, groups, snakemake.params.average_over)
    write_table(snakemake.output.posterior, table)
    run = table[table.measured.notna()]
    print(run[["student", "task", "supervisor", "method", "n_weak", "n_gold", "measured", "score"]].to_string())
