"""Finish the runs of a block: gold stages on top of the weak ones, then predictions on the test set."""

from elicitation.jobs import job

with job(snakemake):
    import time
    from pathlib import Path

    import pandas as pd

    from elicitation.files import hash_ids, provenance, read_json, write_json, write_table
    from elicitation.methods import METHODS
    from elicitation.models import require_device
    from elicitation.purchases import buy
    from elicitation.runs import Student, run_stages
    from elicitation.training import Protocol

    started = time.perf_counter()
    params, names = snakemake.params, snakemake.wildcards
    require_device(params.device)
    pool, test = pd.read_parquet(snakemake.input.pool), pd.read_parquet(snakemake.input.test)
    ordering = pd.read_parquet(snakemake.input.ordering).id.tolist()
    p_weak = pd.read_parquet(snakemake.input.weak_labels).set_index("id").p_weak
    method, seed = METHODS[names.method], int(names.seed)
    purchases = {pair: buy(ordering, *pair, names.task) for pair in map(tuple, params.purchases)}
    protocol = Protocol(learning_rate=params.learning_rate, **params.training)
    # Weak labels are not trained on here: their stages are read from disk.
    gold_ids = {i for purchase in purchases.values() for i in purchase.gold}
    examples = pd.concat([pool[pool.id.isin(gold_ids)], test])
    student = Student(snakemake.input.student, params.device, examples, seed, protocol)
    adapters = Path(str(snakemake.input.stages))
    weak_records = (
        {s["n_weak"]: s["stage"] for s in read_json(adapters / "record.json")["stages"]}
        if snakemake.input.stages
        else {}
    )
    tables, records = [], []
    for (n_weak, n_gold), purchase in purchases.items():
        run = {"n_weak": n_weak, "n_gold": n_gold, "seed": seed}
        print(f"run {len(records) + 1} of {len(purchases)}: {run}")
        log_odds, stages = run_stages(
            student,
            method.stages,
            purchase,
            p_weak,
            pool.set_index("id").gold,
            adapters / f"w{n_weak}" if n_weak else None,
            test.id.tolist(),
            print,
        )
        tables.append(pd.DataFrame({**run, "id": test.id, "log_odds": log_odds}))
        weak = {"weak": weak_records[n_weak]} if n_weak else {}
        bought = {"weak_ids": hash_ids(purchase.weak), "gold_ids": hash_ids(purchase.gold)}
        records.append(run | bought | {"stages": weak | stages})
    write_table(snakemake.output.predictions, pd.concat(tables))
    inputs = {name: path for name, path in snakemake.input.items() if path}
    made = provenance(params.study, inputs, started, params.device)
    settings = {**dict(names.items()), "protocol": vars(protocol)}
    write_json(snakemake.output.records, {"runs": records, "settings": settings, **made})
