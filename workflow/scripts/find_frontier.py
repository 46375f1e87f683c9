"""Price every configuration, and find how likely each is to be on the frontier of cost and accuracy."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.evidence import read_evidence
    from elicitation.analysis.frontier import frontiers
    from elicitation.analysis.resampling import with_weak_accuracy
    from elicitation.files import write_table

    evidence = read_evidence(snakemake.input.resamples)
    evidence = with_weak_accuracy(evidence, pd.read_parquet(snakemake.input.summary))
    table = frontiers(evidence, snakemake.params.prices)
    write_table(snakemake.output[0], table)
    print(table[table.on_frontier].to_string())
