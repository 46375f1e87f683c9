"""Write a task's pool, test and supervision set, and a card that describes them."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from elicitation.data.own_labels import describe_table
    from elicitation.data.ratings import ORIGIN
    from elicitation.data.tasks import (
        describe_sets,
        pin_revision,
        prepare_task,
        revision_of,
        sample_texts,
        source_files,
    )
    from elicitation.files import hash_ids, write_table
    from elicitation.models.hub import check_pinned

    sources, data_folder = snakemake.params.sources, snakemake.params.data_folder
    task = pin_revision(snakemake.params.task, sources)
    files = source_files(task, sources, data_folder)
    if sources == "hub" and "sha256" in task.get("hub", {}):
        check_pinned(f"Task {task['name']!r}", hash_ids(list(files.values())), task["hub"]["sha256"])
    sets = prepare_task(task, sources, data_folder, snakemake.params.rows_in_pool)
    for part, examples in sets.items():
        write_table(snakemake.output[part], examples)
    record |= {"source": revision_of(task, sources), "source_files": files}
    if files:
        record["source_sha256"] = hash_ids(list(files.values()))
    record |= describe_sets(sets) | {"examples": sample_texts(sets)}
    if "table" in task:
        record["table"] = describe_table(task, data_folder)
    if "ratings" in task:
        record["ratings"] = ORIGIN | {"set": task["ratings"], "panel": task["panel"]}
    print(f"{task['name']}: {record['counts']}")
