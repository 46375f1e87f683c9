"""Ask a student for the test labels with bought examples in the prompt, every number of them by one engine."""

from elicitation.jobs.script import block_arguments, imports_done, job

with job(snakemake, whole_gpu=snakemake.params.labelling["engine"] == "vllm") as record:
    import pandas as pd

    from elicitation.buying.block import predictions_table, read_blocks
    from elicitation.data.prompts import PromptFormat
    from elicitation.files import write_table
    from elicitation.models.engines import Labelling
    from elicitation.models.loading import require_hardware
    from elicitation.training.prompting import score_block

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = require_hardware(params.hardware)
    style, labelling = PromptFormat(**params.prompt), Labelling(**params.labelling)
    (block,) = read_blocks(pairs=params.purchases, **block_arguments(snakemake))
    test = pd.read_parquet(files.test)
    runs, made_by = score_block(
        block, files.student, test.text.tolist(), style, labelling, hardware, params.beyond_context
    )
    write_table(snakemake.output.predictions, predictions_table(runs, test.id))
    record |= {"runs": [run.record for run in runs]} | made_by
    print(made_by)
