"""Search for the labels that a model finds most coherent, label pool and test set by them, and describe the labels."""

from elicitation.jobs.script import imports_done, job

with job(snakemake, whole_gpu=snakemake.params.labelling["engine"] == "vllm") as record:
    import pandas as pd

    from elicitation.analysis.label_quality import quality_by_set
    from elicitation.data.prompts import PromptFormat
    from elicitation.data.supervisor_texts import as_supervisors_read
    from elicitation.files import write_table
    from elicitation.models.engines import Labelling
    from elicitation.models.loading import require_hardware
    from elicitation.training.coherence import label_by_coherence

    imports_done()
    params, files = snakemake.params, snakemake.input
    sets = {part: as_supervisors_read(pd.read_parquet(files[part])) for part in ("pool", "test")}
    table, made_by = label_by_coherence(
        folder=files.supervisor,
        supervisor=params.supervisor,
        pool=sets["pool"],
        test=sets["test"],
        style=PromptFormat(**params.prompt),
        labelling=Labelling(**params.labelling),
        hardware=require_hardware(params.hardware),
    )
    write_table(snakemake.output.labels, table)
    quality = quality_by_set(table, sets)
    record |= made_by | {"quality": quality}
    print(f"accuracy {quality['test']['accuracy']:.3f} on the test set; search, engine and parity: {made_by}")
