"""Finetune a block's stages through an API, and have its models answer the test set."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from functools import partial
    from pathlib import Path

    import pandas as pd

    from elicitation.api import Api, check_api_context, cost_of_block, finetune_block
    from elicitation.buying.market import read_market
    from elicitation.buying.methods import method_from
    from elicitation.buying.purchases import buy
    from elicitation.files import hash_ids, write_table

    params, names = snakemake.params, snakemake.wildcards
    files, seed = snakemake.input, int(names.seed)
    pool, ordering, supply = read_market(files.pool, files.weak_labels or None, files.ordering)
    pool, test = pool.set_index("id"), pd.read_parquet(files.test)
    purchases = {pair: buy(ordering, *pair, names.task, supply) for pair in map(tuple, params.purchases)}
    texts = pd.concat([pool.text, test.set_index("id").text])
    check_api_context(names.student, params.api["context"], texts.to_dict(), names.task)
    # Flushed, so that the log of a job that waits for hours shows where it is.
    api = Api(params.api, Path(params.ledger), partial(print, flush=True))
    labels = {"weak": pool.p_weak, "gold": pool.gold}
    method = method_from(params.method)
    stages = finetune_block(api, method, purchases, pool.text, labels, seed, names.task)
    tables, runs = [], []
    for (n_weak, n_gold), purchase in purchases.items():
        run = {"n_weak": n_weak, "n_gold": n_gold, "seed": seed}
        last = list(stages[n_weak, n_gold].values())[-1]
        log_odds, evaluation = api.predict(last, test.id.tolist(), test.text.tolist())
        tables.append(pd.DataFrame({**run, "id": test.id, "log_odds": log_odds}))
        bought = {"weak_ids": hash_ids(purchase.weak), "gold_ids": hash_ids(purchase.gold)}
        runs.append(run | bought | {"stages": stages[n_weak, n_gold], "evaluation": evaluation})
    cost = cost_of_block(api, runs)
    print(f"cost of the block in US dollars: {cost}")
    write_table(snakemake.output.predictions, pd.concat(tables))
    record |= {"runs": runs, "dollars": cost}
