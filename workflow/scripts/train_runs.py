"""Finish the runs of a block: gold stages on top of the weak ones, then predictions on the test set."""

from elicitation.jobs.script import block_arguments, imports_done, job

with job(snakemake) as record:
    import pandas as pd

    from elicitation.analysis.learning_rates import read_best_rate
    from elicitation.buying.block import predictions_table, read_blocks
    from elicitation.data.prompts import PromptFormat
    from elicitation.files import write_table
    from elicitation.models.loading import require_hardware
    from elicitation.training.runs import read_weak_stages, texts_of_runs, train_blocks
    from elicitation.training.schedule import student_protocol
    from elicitation.training.student import load_students

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = require_hardware(params.hardware)
    blocks = read_blocks(pairs=params.purchases, **block_arguments(snakemake))
    style, test = PromptFormat(**params.prompt), pd.read_parquet(files.test)
    texts = [texts_of_runs(block, style, test) for block in blocks]
    rate = read_best_rate(files.rates) if files.rates else params.learning_rate
    protocol = student_protocol(rate, params.training, blocks[0].method)
    seeds, trunk = [block.seed for block in blocks], files.trunk or None
    students = load_students(files.student, hardware, texts, seeds, protocol, params.adapt_layers, trunk)
    weak_stages = read_weak_stages(files.stages, files.stages_records)
    together = params.get("runs_together", False)
    runs = train_blocks(blocks, students, test.id.tolist(), weak_stages, print, together)
    write_table(snakemake.output.predictions, predictions_table(runs, test.id))
    record |= {"runs": [run.record for run in runs], "protocol": vars(protocol)}
