"""Write a task's pool, test and supervision set, and a card that describes them."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    from elicitation.data.cards import pin_revision, source_files, write_card
    from elicitation.data.supervisor_texts import further_columns
    from elicitation.data.tasks import prepare_task
    from elicitation.files import write_table
    from elicitation.models.lengths import TextLimit

    params = snakemake.params
    task = pin_revision(params.task, params.sources)
    files = source_files(task, params.sources, params.data_folder)
    # By the column that models read.
    readers = {"text": snakemake.input.tokenizers, "supervisor_text": snakemake.input.supervisor_tokenizers}
    limits = {column: TextLimit(list(map(Path, readers[column]))) for column in ["text", *further_columns(task)]}
    fits = {column: limit.fits for column, limit in limits.items()} if task["too_long"] == "drop" else None
    sets = prepare_task(task, params.sources, params.data_folder, params.rows_in_pool, fits)
    if task["too_long"] == "truncate":
        for column, limit in limits.items():
            sets = {part: rows.assign(**{column: limit.shorten(rows[column].tolist())}) for part, rows in sets.items()}
    for part, examples in sets.items():
        write_table(snakemake.output[part], examples)
    record |= write_card(task, params.sources, params.data_folder, files, sets)
    record["texts too long"] = sum(limit.found for limit in limits.values())
    print(f"{task['name']}: {record['counts']}")
