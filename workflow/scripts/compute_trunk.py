"""Pass the texts of pool and test set through the layers of a student that stay frozen, once for all runs."""

from elicitation.jobs.script import imports_done, job

with job(snakemake) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.models.loading import require_hardware
    from elicitation.training.student import compute_trunk

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = require_hardware(params.hardware)
    examples = pd.concat([pd.read_parquet(files.pool), pd.read_parquet(files.test)])
    target = Path(snakemake.output.trunk)
    record |= compute_trunk(files.student, hardware, examples, params.adapt_layers, params.micro_batch_tokens, target)
    print(f"{record['layers']} layers computed once for {record['texts']} texts, {record['tokens']} tokens")
