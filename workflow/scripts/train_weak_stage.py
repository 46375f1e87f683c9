"""Train a student on one number of weak labels and save its adapters, from which runs of several budgets start."""

from elicitation.jobs.script import imports_done, job

with job(snakemake) as record:
    from pathlib import Path

    from elicitation.buying.market import read_market
    from elicitation.buying.methods import method_from
    from elicitation.buying.purchases import buy, set_shots_apart
    from elicitation.data.prompts import PromptFormat
    from elicitation.files import hash_ids
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import require_hardware
    from elicitation.training.runs import Student, prompted
    from elicitation.training.training import Protocol

    imports_done()
    params, names = snakemake.params, snakemake.wildcards
    n_weak, seed = int(names.n_weak), int(names.seed)
    hardware = Hardware(**params.hardware)
    require_hardware(hardware)
    method = method_from(params.method)
    files = snakemake.input
    pool, ordering, supply = read_market(files.pool, files.weak_labels, files.ordering)
    _, gold_shots = method.shots_bought
    shots, purchase = set_shots_apart(buy(ordering, n_weak, gold_shots, names.task, supply), *method.shots_bought)
    protocol = Protocol(learning_rate=params.learning_rate, **(params.training | method.training))
    used = pool[pool.id.isin(purchase.weak)]
    texts = prompted(used, method.shots, shots, pool, PromptFormat(**params.prompt), seed)
    trunk = Path(str(files.trunk)) if files.trunk else None
    student = Student(files.student, hardware, texts, seed, protocol, params.adapt_layers, trunk)
    model = student.fresh()
    stage = student.train(model, method.stages[0], pool.set_index("id").p_weak[purchase.weak], print)
    model.save_pretrained(snakemake.output.adapter)
    print(f"{len(purchase.weak)} weak labels: {stage}")
    # Whether the adapters are to go is no setting: it must not train them again.
    kept = snakemake.config.get("keep_weak_stages", True)
    record |= {"n_weak": n_weak, "ids": hash_ids(purchase.weak), "stage": stage}
    record |= {"protocol": vars(protocol), "temporary": not kept}
