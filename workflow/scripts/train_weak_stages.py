"""Train the weak stages of a block and save their adapters, one folder for each number of weak labels."""

from elicitation.jobs import imports_done, job

with job(snakemake) as record:
    from pathlib import Path

    from elicitation.files import hash_ids
    from elicitation.hardware import Hardware
    from elicitation.market import read_market
    from elicitation.methods import method_from
    from elicitation.models import require_hardware
    from elicitation.prompts import PromptFormat
    from elicitation.purchases import buy, set_shots_apart
    from elicitation.runs import Student, prompted
    from elicitation.training import Protocol

    imports_done()
    params, names, seed = snakemake.params, snakemake.wildcards, int(snakemake.wildcards.seed)
    hardware = Hardware(**params.hardware)
    require_hardware(hardware)
    method = method_from(params.method)
    files = snakemake.input
    pool, ordering, supply = read_market(files.pool, files.weak_labels, files.ordering)
    bought = {}
    _, gold_shots = method.shots_bought
    for n_weak in params.n_weak:
        shots, purchase = set_shots_apart(buy(ordering, n_weak, gold_shots, names.task, supply), *method.shots_bought)
        bought[len(purchase.weak)] = purchase.weak
    bought.pop(0, None)
    protocol = Protocol(learning_rate=params.learning_rate, **(params.training | method.training))
    used = pool[pool.id.isin(bought[max(bought)])]
    texts = prompted(used, method.shots, shots, pool, PromptFormat(**params.prompt), seed)
    trunk = Path(str(files.trunk)) if files.trunk else None
    student = Student(files.student, hardware, texts, seed, protocol, params.adapt_layers, trunk)
    p_weak = pool.set_index("id").p_weak
    stages = []
    for n, ids in sorted(bought.items()):
        model = student.fresh()
        stage = student.train(model, method.stages[0], p_weak[ids], print)
        model.save_pretrained(Path(snakemake.output.adapters) / f"w{n}")
        stages.append({"n_weak": n, "ids": hash_ids(ids), "stage": stage})
        print(f"{n} weak labels: {stage}")
    # Whether the adapters are to go is no setting: it must not train them anew.
    kept = snakemake.config.get("keep_weak_stages", True)
    record |= {"stages": stages, "protocol": vars(protocol), "temporary": not kept}
