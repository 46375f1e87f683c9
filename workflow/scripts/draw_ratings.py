"""Draw single people's ratings of each text of pool and test set, join them, and describe them all."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.derived_labels import join_votes
    from elicitation.data.tasks import draw_ratings
    from elicitation.files import write_table

    params = snakemake.params
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    gold = pd.concat(sets.values()).set_index("id").gold
    votes = draw_ratings(pd.read_parquet(snakemake.input.ratings), gold.index, params.task, params.raters)
    joined = join_votes(votes, gold, params.aggregate, sets)
    write_table(snakemake.output.labels, joined.labels)
    record |= {"quality": joined.quality, "sources": joined.sources}
    print(pd.DataFrame(joined.sources).to_string())
