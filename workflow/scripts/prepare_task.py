"""Write a task's pool, test and supervision set, and a card that describes them."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    from elicitation.data.cards import pin_revision, source_files, write_card
    from elicitation.data.tasks import prepare_task
    from elicitation.files import write_table
    from elicitation.models.lengths import TextLimit

    params = snakemake.params
    task = pin_revision(params.task, params.sources)
    files = source_files(task, params.sources, params.data_folder)
    limit = TextLimit([Path(folder) for folder in snakemake.input.tokenizers])
    fits = limit.fits if task["too_long"] == "drop" else None
    sets = prepare_task(task, params.sources, params.data_folder, params.rows_in_pool, fits)
    if task["too_long"] == "truncate":
        sets = {part: rows.assign(text=limit.shorten(rows.text.tolist())) for part, rows in sets.items()}
    for part, examples in sets.items():
        write_table(snakemake.output[part], examples)
    record |= write_card(task, params.sources, params.data_folder, files, sets) | {"texts too long": limit.found}
    print(f"{task['name']}: {record['counts']}")
