"""Draw single people's ratings of each text of pool and test set, join them, and describe them all."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.label_quality import describe_sources, join_labels, quality_by_set
    from elicitation.data.tasks import draw_ratings
    from elicitation.files import write_table

    params = snakemake.params
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    everything = pd.concat(sets.values()).set_index("id")
    votes = draw_ratings(pd.read_parquet(snakemake.input.ratings), everything.index, params.task, params.raters)
    p = join_labels(votes, params.aggregate)
    labels = p.rename("p_weak").rename_axis("id").reset_index()
    write_table(snakemake.output.labels, labels)
    record["quality"] = quality_by_set(labels, sets)
    record["sources"] = describe_sources(everything.gold, votes, p, params.aggregate)
    print(pd.DataFrame(record["sources"]).to_string())
