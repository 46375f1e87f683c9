"""Get the archive of rated sentences, check it, and write one table a set."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    import tempfile
    from pathlib import Path

    import pandas as pd

    from elicitation.data.ratings import ORIGIN, check_archive, describe_set, download_archive, labelled, read_archive
    from elicitation.files import write_table

    given = snakemake.input.get("archive")
    with tempfile.TemporaryDirectory() as folder:
        sets = read_archive(check_archive(Path(given)) if given else download_archive(Path(folder)))
    for path in snakemake.output.tables:
        write_table(path, pd.DataFrame(labelled(sets[Path(path).stem])))
    record |= ORIGIN | {"sets": {name: describe_set(sentences) for name, sentences in sets.items()}}
    print(record["sets"])
