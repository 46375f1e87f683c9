"""Finetune a supervisor on the supervision set and merge its adapters."""

from elicitation.jobs import job

with job(snakemake):
    import time

    import pandas as pd

    from elicitation.files import provenance, write_json
    from elicitation.models import load_tokenizer, require_device, save_merged
    from elicitation.runs import Student
    from elicitation.training import supervisor_protocol

    started = time.perf_counter()
    params = snakemake.params
    require_device(params.device)
    examples = pd.read_parquet(snakemake.input.supervision)
    protocol = supervisor_protocol(params.learning_rate, params.epochs, len(examples), params.micro_batch_tokens)
    trainee = Student(snakemake.input.model, params.device, examples, seed=0, protocol=protocol)
    model = trainee.fresh()
    stage = trainee.train(model, "supervision", examples.id.tolist(), examples.set_index("id").gold, print)
    save_merged(model, load_tokenizer(snakemake.input.model), snakemake.output.model)
    inputs = {name: snakemake.input[name] for name in ("model", "supervision")}
    write_json(snakemake.output.record, {"stage": stage, **provenance(params.study, inputs, started, params.device)})
