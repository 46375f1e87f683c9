"""Get the archive of rated sentences, check it, and write one table a set."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.data.ratings import ORIGIN, describe_set, labelled, read_sets
    from elicitation.files import write_table

    sets = read_sets(snakemake.input.get("archive"))
    for path in snakemake.output.tables:
        write_table(path, pd.DataFrame(labelled(sets[Path(path).stem])))
    record |= ORIGIN | {"sets": {name: describe_set(sentences) for name, sentences in sets.items()}}
    print(record["sets"])
