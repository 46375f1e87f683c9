"""Give a supervisor's labels a lower error rate: draw errors that stay, and correct all others."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.derived_labels import drawn_labels, wrong_ratings
    from elicitation.analysis.label_quality import quality_by_set
    from elicitation.data.tasks import votes_by_example
    from elicitation.files import write_table

    files, params, name = snakemake.input, snakemake.params, snakemake.wildcards.supervisor
    sets = {part: pd.read_parquet(files[part]) for part in ("pool", "test")}
    labels = pd.read_parquet(files.weak_labels)
    chances = None
    if files.ratings:
        votes = votes_by_example(pd.read_parquet(files.ratings), params.task)
        chances = wrong_ratings(votes, pd.concat(sets.values()).set_index("id").gold)
    table = drawn_labels(labels, sets, params.error_rate, snakemake.wildcards.task, name, chances)
    write_table(snakemake.output.labels, table)
    record["quality"] = quality_by_set(table, sets)
