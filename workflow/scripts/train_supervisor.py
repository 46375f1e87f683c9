"""Finetune a supervisor on the supervision set and merge its adapters."""

from elicitation.jobs.script import imports_done, job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.buying.methods import Stage
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import load_tokenizer, require_hardware, save_merged
    from elicitation.training.runs import Student
    from elicitation.training.training import supervisor_protocol

    imports_done()
    params = snakemake.params
    hardware = Hardware(**params.hardware)
    require_hardware(hardware)
    examples = pd.read_parquet(snakemake.input.supervision)
    protocol = supervisor_protocol(
        params.learning_rate, params.epochs, len(examples), params.micro_batch_tokens, params.validation_size
    )
    trainee = Student(snakemake.input.model, hardware, examples, 0, protocol, params.adapt_layers)
    model = trainee.fresh()
    record["stage"] = trainee.train(model, Stage("supervision"), examples.set_index("id").gold, print)
    save_merged(model, load_tokenizer(snakemake.input.model), snakemake.output.model, trainee.trunk)
