"""Write a task's pool, test and supervision set, and a card that describes them."""

from elicitation.jobs import job

with job(snakemake) as record:
    from elicitation.files import write_table
    from elicitation.tasks import describe_sets, pin_revision, prepare_task, revision_of, sample_texts, source_files

    sources, data_folder = snakemake.params.sources, snakemake.params.data_folder
    task = pin_revision(snakemake.params.task, sources)
    sets = prepare_task(task, sources, data_folder, snakemake.params.rows_in_pool)
    for part, examples in sets.items():
        write_table(snakemake.output[part], examples)
    record |= {"source": revision_of(task, sources), "source_files": source_files(task, sources, data_folder)}
    record |= describe_sets(sets) | {"examples": sample_texts(sets)}
    print(f"{task['name']}: {record['counts']}")
