"""Join the columns of a supervisor into one weak label for each text of pool and test set, and describe them all."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.derived_labels import join_columns
    from elicitation.files import write_table

    params = snakemake.params
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    joined = join_columns(params.task, params.data_folder, params.columns, params.aggregate, sets)
    write_table(snakemake.output.labels, joined.labels)
    record |= {"quality": joined.quality, "sources": joined.sources, "passed_over": joined.passed_over}
    print(pd.DataFrame(joined.sources).to_string())
