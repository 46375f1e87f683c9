"""Let a supervisor label pool and test set, and describe the labels."""

from elicitation.jobs.script import imports_done, job

with job(snakemake, whole_gpu=snakemake.params.labelling["engine"] == "vllm") as record:
    import pandas as pd

    from elicitation.analysis.label_quality import quality_by_set
    from elicitation.data.prompts import PromptFormat
    from elicitation.data.supervisor_texts import as_supervisors_read
    from elicitation.files import write_table
    from elicitation.models.engines import Labelling
    from elicitation.models.loading import require_hardware
    from elicitation.training.supervision import label_by_supervisor

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = require_hardware(params.hardware)
    sets = {part: pd.read_parquet(files[part]) for part in ("pool", "test")}
    examples = as_supervisors_read(pd.concat(sets.values(), ignore_index=True))
    labels, made_by = label_by_supervisor(
        folder=files.supervisor,
        supervisor=params.supervisor,
        texts=examples.text.tolist(),
        supervision=as_supervisors_read(pd.read_parquet(files.supervision)),
        style=PromptFormat(**params.prompt),
        labelling=Labelling(**params.labelling),
        hardware=hardware,
    )
    table = pd.DataFrame({"id": examples.id, "p_weak": labels.p})
    write_table(snakemake.output.labels, table)
    quality = quality_by_set(table, sets)
    record |= made_by | {"quality": quality}
    print(f"accuracy {quality['test']['accuracy']:.3f} on the test set; engine and parity: {made_by}")
