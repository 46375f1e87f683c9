"""Have a model behind an API label pool and test set, and describe the labels."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from functools import partial
    from pathlib import Path

    import pandas as pd

    from elicitation.analysis.label_quality import describe_label, quality_by_set
    from elicitation.api.labelling import label_by_api
    from elicitation.data.prompts import PromptFormat
    from elicitation.data.supervisor_texts import as_supervisors_read
    from elicitation.files import write_table

    params, files = snakemake.params, snakemake.input
    sets = {part: pd.read_parquet(files[part]) for part in ("pool", "test")}
    examples = as_supervisors_read(pd.concat(sets.values(), ignore_index=True))
    p, made_by = label_by_api(
        supervisor=params.supervisor,
        task=snakemake.wildcards.task,
        examples=examples,
        supervision=as_supervisors_read(pd.read_parquet(files.supervision)),
        style=PromptFormat(**params.prompt),
        folder=Path(params.ledger),
        # Flushed, so that the log of a job that waits shows where it is.
        log=partial(print, flush=True),
    )
    table = pd.DataFrame({"id": examples.id, "p_weak": p})
    write_table(snakemake.output.labels, table)
    source = {"column": params.supervisor["api"]["model"], "aggregate": ""}
    record |= made_by | {"quality": quality_by_set(table, sets)}
    record["sources"] = [source | describe_label(examples.gold.astype(float), table.p_weak)]
    print(made_by)
