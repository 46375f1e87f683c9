"""Write a task's pool, test and supervision set, and a card that describes them."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from elicitation.data.cards import pin_revision, source_files, write_card
    from elicitation.data.tasks import prepare_task
    from elicitation.files import write_table

    params = snakemake.params
    task = pin_revision(params.task, params.sources)
    files = source_files(task, params.sources, params.data_folder)
    sets = prepare_task(task, params.sources, params.data_folder, params.rows_in_pool)
    for part, examples in sets.items():
        write_table(snakemake.output[part], examples)
    record |= write_card(task, params.sources, params.data_folder, files, sets)
    print(f"{task['name']}: {record['counts']}")
