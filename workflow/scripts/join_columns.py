"""Join the columns of a supervisor into one weak label for each text of pool and test set, and describe them all."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.label_quality import describe_sources, join_labels, quality_by_set
    from elicitation.data.own_labels import join_repeated, read_rows
    from elicitation.files import write_table

    params = snakemake.params
    rows = join_repeated(read_rows(params.task, params.data_folder, params.columns))
    ids = [row.id for row in rows]
    votes = pd.DataFrame([row.votes for row in rows], ids, params.columns, dtype=float)
    gold = pd.Series([row.gold for row in rows], ids, dtype=float)
    # Of all rows, bought or not: the votes are there, and no gold label has a part in it.
    p = join_labels(votes, params.aggregate)
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    wanted = pd.concat(sets.values()).id
    labels = pd.DataFrame({"id": wanted, "p_weak": p[wanted].to_numpy()})
    write_table(snakemake.output.labels, labels)
    record["quality"] = quality_by_set(labels, sets)
    record["sources"] = describe_sources(gold, votes, p, params.aggregate)
    print(pd.DataFrame(record["sources"]).to_string())
