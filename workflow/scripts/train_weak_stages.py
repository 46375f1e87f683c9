"""Train the weak stages of a block and save their adapters, one folder for each number of weak labels."""

from elicitation.jobs import job

with job(snakemake):
    import time
    from pathlib import Path

    import pandas as pd

    from elicitation.files import hash_ids, provenance, write_json
    from elicitation.models import require_device
    from elicitation.purchases import buy
    from elicitation.runs import Student
    from elicitation.training import Protocol

    started = time.perf_counter()
    params, names = snakemake.params, snakemake.wildcards
    require_device(params.device)
    pool = pd.read_parquet(snakemake.input.pool)
    ordering = pd.read_parquet(snakemake.input.ordering).id.tolist()
    p_weak = pd.read_parquet(snakemake.input.weak_labels).set_index("id").p_weak
    amounts = sorted({n_weak for n_weak, _ in params.purchases if n_weak})
    bought = {n: buy(ordering, n, 0, names.task).weak for n in amounts}
    protocol = Protocol(learning_rate=params.learning_rate, **params.training)
    used = pool[pool.id.isin(bought[amounts[-1]])]
    student = Student(snakemake.input.student, params.device, used, int(names.seed), protocol)
    records = {}
    for n, ids in bought.items():
        model = student.fresh()
        stage = student.train(model, "weak", ids, p_weak, print)
        model.save_pretrained(Path(snakemake.output[0]) / f"w{n}")
        records[n] = {"n_weak": n, "ids": hash_ids(ids), "stage": stage}
        print(f"{n} weak labels: {stage}")
    settings = {"protocol": vars(protocol), "seed": int(names.seed)}
    made = provenance(params.study, dict(snakemake.input.items()), started, params.device)
    write_json(Path(snakemake.output[0]) / "record.json", {"stages": list(records.values()), **settings, **made})
