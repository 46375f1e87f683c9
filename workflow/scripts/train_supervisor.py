"""Finetune a supervisor on the supervision set and merge its adapters."""

from elicitation.jobs.script import imports_done, job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.data.supervisor_texts import as_supervisors_read
    from elicitation.models.loading import require_hardware
    from elicitation.training.schedule import supervisor_protocol
    from elicitation.training.supervision import finetune_supervisor

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = require_hardware(params.hardware)
    examples = as_supervisors_read(pd.read_parquet(files.supervision))
    protocol = supervisor_protocol(
        params.learning_rate, params.epochs, len(examples), params.micro_batch_tokens, params.validation_size
    )
    record["stage"] = finetune_supervisor(
        files.model, examples, protocol, hardware, params.adapt_layers, snakemake.output.model
    )
