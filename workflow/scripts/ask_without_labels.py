"""Ask a student for the test labels without any labelled example."""

from elicitation.jobs.script import imports_done, job

with job(snakemake, whole_gpu=snakemake.params.labelling["engine"] == "vllm") as record:
    import pandas as pd

    from elicitation.buying.block import Run, predictions_table
    from elicitation.data.prompts import PromptFormat
    from elicitation.files import write_table
    from elicitation.models.engines import Labelling
    from elicitation.models.loading import require_hardware
    from elicitation.study.grid import NO_SEED
    from elicitation.training.prompting import ask_without_labels

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = require_hardware(params.hardware)
    style, labelling = PromptFormat(**params.prompt), Labelling(**params.labelling)
    test = pd.read_parquet(files.test)
    labels, made_by = ask_without_labels(
        files.student, snakemake.wildcards.student, test.text.tolist(), style, labelling, hardware
    )
    run = Run(n_weak=0, n_gold=0, seed=NO_SEED, log_odds=labels.log_odds)
    write_table(snakemake.output.predictions, predictions_table([run], test.id))
    record |= {"runs": [run.record]} | made_by
    print(made_by)
