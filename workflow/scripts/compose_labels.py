"""Compose a supervisor's labels from those of others, and describe them."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.derived_labels import compose_labels, labels_of
    from elicitation.files import write_table

    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    composed = compose_labels(labels_of(snakemake.input.parts), snakemake.params.supervisor, sets)
    write_table(snakemake.output.labels, composed.labels)
    record |= {"quality": composed.quality, "sources": composed.sources}
    print(pd.DataFrame(composed.sources).to_string())
