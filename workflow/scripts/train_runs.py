"""Finish the runs of a block: gold stages on top of the weak ones, then predictions on the test set."""

from elicitation.jobs.script import imports_done, job

with job(snakemake) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.buying.market import plan_runs, read_market
    from elicitation.buying.methods import method_from
    from elicitation.data.prompts import PromptFormat
    from elicitation.files import hash_ids, read_json, write_table
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import require_hardware
    from elicitation.training.runs import Student, prompted, run_stages
    from elicitation.training.training import Protocol

    imports_done()
    params, names, seed = snakemake.params, snakemake.wildcards, int(snakemake.wildcards.seed)
    hardware = Hardware(**params.hardware)
    require_hardware(hardware)
    method = method_from(params.method)
    files = snakemake.input
    pool, ordering, supply = read_market(files.pool, files.weak_labels or None, files.ordering)
    test = pd.read_parquet(files.test)
    shots, purchases, candidates = plan_runs(method, params.purchases, ordering, supply, names.task)
    # Where the weak stages come from disk, their labels are not trained on here.
    trained = {i for p in purchases.values() for i in (p.gold if method.starts_weak else p.weak + p.gold)}
    used = pool[pool.id.isin(trained.union(*candidates.values()))]
    texts = prompted(pd.concat([used, test]), method.shots, shots, pool, PromptFormat(**params.prompt), seed)
    protocol = Protocol(learning_rate=params.learning_rate, **(params.training | method.training))
    trunk = Path(str(files.trunk)) if files.trunk else None
    student = Student(files.student, hardware, texts, seed, protocol, params.adapt_layers, trunk)
    weak_records = [read_json(path) for path in map(str, files.stages_records)]
    made = zip(weak_records, map(Path, files.stages), strict=True)
    # By the number of weak labels bought.
    weak_stages = {of_stage["n_weak"]: (of_stage["stage"], adapter) for of_stage, adapter in made}
    tables, runs = [], []
    for (n_weak, n_gold), purchase in purchases.items():
        run = {"n_weak": n_weak, "n_gold": n_gold, "seed": seed}
        print(f"run {len(runs) + 1} of {len(purchases)}: {run}")
        starts_weak = method.starts_weak and purchase.weak
        weak_stage, adapter = weak_stages[n_weak] if starts_weak else (None, None)
        log_odds, made_of, gold_ids = run_stages(
            student,
            method,
            purchase,
            pool.set_index("id"),
            adapter,
            candidates[n_weak, n_gold],
            test.id.tolist(),
            print,
        )
        tables.append(pd.DataFrame({**run, "id": test.id, "log_odds": log_odds}))
        weak = {"weak": weak_stage} if starts_weak else {}
        bought = {"weak_ids": hash_ids(shots.weak + purchase.weak), "gold_ids": hash_ids(shots.gold + gold_ids)}
        runs.append(run | bought | {"stages": weak | made_of})
    write_table(snakemake.output.predictions, pd.concat(tables))
    record |= {"runs": runs, "protocol": vars(protocol)}
