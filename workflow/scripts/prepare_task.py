"""Write a task's pool, test and supervision set, and a card that describes them."""

from elicitation.jobs import job

with job(snakemake):
    import time

    from elicitation.files import provenance, write_json, write_table
    from elicitation.tasks import prepare_task, revision_of, sample_texts

    started = time.perf_counter()
    task, sources = snakemake.params.task, snakemake.params.sources
    sets = prepare_task(task, sources, snakemake.params.data_folder)
    for part, examples in sets.items():
        write_table(snakemake.output[part], examples)
    files = {part: snakemake.output[part] for part in sets}
    card = {
        "task": task,
        "source": revision_of(task, sources),
        "counts": {part: {"rows": len(s), "label 1": int(s.gold.sum())} for part, s in sets.items()},
        "examples": sample_texts(sets),
        **provenance(snakemake.params.study, files, started),
    }
    write_json(snakemake.output.card, card)
    print(f"{task['name']}: {card['counts']}")
