"""Deal a supervisor's errors to the examples at random."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.label_quality import quality_by_set, shuffle_errors
    from elicitation.files import write_table

    task = snakemake.wildcards.task
    p = pd.read_parquet(snakemake.input.weak_labels).set_index("id").p_weak
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    table = pd.concat(
        pd.DataFrame({"id": s.id, "p_weak": shuffle_errors(s.gold.to_numpy(), p[s.id].to_numpy(), task, part)})
        for part, s in sets.items()
    )
    write_table(snakemake.output.labels, table)
    record["quality"] = quality_by_set(table, sets)
