"""Deal a supervisor's errors to the examples at random."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.derived_labels import shuffled_labels
    from elicitation.analysis.label_quality import quality_by_set
    from elicitation.files import write_table

    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    table = shuffled_labels(pd.read_parquet(snakemake.input.weak_labels), sets, snakemake.wildcards.task)
    write_table(snakemake.output.labels, table)
    record["quality"] = quality_by_set(table, sets)
