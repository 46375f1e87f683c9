"""Finetune a block's stages through an API, and have its models answer the test set."""

from elicitation.jobs.script import block_arguments, job

with job(snakemake) as record:
    from functools import partial
    from pathlib import Path

    import pandas as pd

    from elicitation.api.block import elicit_block
    from elicitation.api.client import ApiSettings, Client
    from elicitation.api.costs import cost_of_block
    from elicitation.api.ledger import Ledger
    from elicitation.buying.block import predictions_table, read_blocks
    from elicitation.files import write_table

    params, files = snakemake.params, snakemake.input
    settings, test = ApiSettings(**params.api), pd.read_parquet(files.test)
    (block,) = read_blocks(pairs=params.purchases, **block_arguments(snakemake))
    # Flushed, so that the log of a job that waits for hours shows where it is.
    ledger = Ledger(Client(settings, partial(print, flush=True)), Path(params.ledger))
    runs = elicit_block(ledger, block, test)
    records = [run.record for run in runs]
    cost = cost_of_block(records, settings)
    print(f"cost of the block in US dollars: {cost}")
    write_table(snakemake.output.predictions, predictions_table(runs, test.id))
    record |= {"runs": records, "dollars": cost}
