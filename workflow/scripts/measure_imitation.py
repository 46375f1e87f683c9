"""Count how often students say what the wrong weak labels of one supervisor say."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.error_kinds import measure_imitation
    from elicitation.files import write_table

    inputs = snakemake.input
    test = pd.read_parquet(inputs.test).merge(pd.read_parquet(inputs.weak_labels), on="id")
    asked = pd.read_parquet(inputs.asked) if inputs.asked else None
    found = measure_imitation(test, pd.concat(map(pd.read_parquet, inputs.predictions)), asked)
    table = found.assign(**snakemake.wildcards, error_rate=snakemake.params.error_rate)
    write_table(snakemake.output.imitation, table)
    print(table.to_string())
