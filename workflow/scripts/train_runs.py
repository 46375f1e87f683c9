"""Finish the runs of a block: gold stages on top of the weak ones, then predictions on the test set."""

from elicitation.jobs.script import block_arguments, imports_done, job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.learning_rates import read_best_rate
    from elicitation.buying.block import predictions_table, read_block
    from elicitation.data.prompts import PromptFormat
    from elicitation.files import write_table
    from elicitation.models.loading import require_hardware
    from elicitation.training.runs import read_weak_stages, texts_of_runs, train_block
    from elicitation.training.schedule import student_protocol
    from elicitation.training.student import Student

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = require_hardware(params.hardware)
    block = read_block(pairs=params.purchases, **block_arguments(snakemake))
    test = pd.read_parquet(files.test)
    texts = texts_of_runs(block, PromptFormat(**params.prompt), test)
    rate = read_best_rate(files.rates) if files.rates else params.learning_rate
    protocol = student_protocol(rate, params.training, block.method)
    student = Student(files.student, hardware, texts, block.seed, protocol, params.adapt_layers, files.trunk or None)
    weak_stages = read_weak_stages(files.stages, files.stages_records)
    together = params.get("runs_together", False)
    runs = train_block(block, student, test.id.tolist(), weak_stages, print, together)
    write_table(snakemake.output.predictions, predictions_table(runs, test.id))
    record |= {"runs": [run.record for run in runs], "protocol": vars(protocol)}
