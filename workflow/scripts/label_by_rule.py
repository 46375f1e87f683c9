"""Label pool and test set by whether some words stand in the texts, and describe the labels."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.derived_labels import label_by_rule
    from elicitation.data.supervisor_texts import as_supervisors_read
    from elicitation.files import write_table

    names = snakemake.wildcards
    sets = {part: as_supervisors_read(pd.read_parquet(snakemake.input[part])) for part in ("pool", "test")}
    examples = pd.concat(sets.values()).set_index("id")
    labelled = label_by_rule(snakemake.params.rule, examples.text, examples.gold, sets, names.task, names.supervisor)
    write_table(snakemake.output.labels, labelled.labels)
    record |= {"quality": labelled.quality, "sources": labelled.sources}
    print(labelled.sources)
