"""Train a student on one number of weak labels and save its adapters, from which runs of several budgets start."""

from pathlib import Path

from elicitation.jobs.script import block_arguments, imports_done, job

with job(snakemake) as record:
    from elicitation.analysis.learning_rates import read_best_rate
    from elicitation.buying.block import read_blocks, weak_purchase
    from elicitation.data.prompts import PromptFormat
    from elicitation.files import hash_ids
    from elicitation.models.loading import require_hardware
    from elicitation.training.runs import texts_of_weak_stage, train_weak_stages
    from elicitation.training.schedule import student_protocol
    from elicitation.training.student import load_students

    imports_done()
    params, names, files = snakemake.params, snakemake.wildcards, snakemake.input
    hardware = require_hardware(params.hardware)
    pairs = [weak_purchase(params.method, int(names.n_weak))]
    blocks = read_blocks(pairs=pairs, **block_arguments(snakemake))
    texts = [texts_of_weak_stage(block, PromptFormat(**params.prompt)) for block in blocks]
    rate = read_best_rate(files.rates) if files.rates else params.learning_rate
    protocol = student_protocol(rate, params.training, blocks[0].method)
    seeds, trunk = [block.seed for block in blocks], files.trunk or None
    students = load_students(files.student, hardware, texts, seeds, protocol, params.adapt_layers, trunk)
    made = []
    for student, (ids, stage) in zip(students, train_weak_stages(blocks, students, print), strict=True):
        adapter = str(student.seed)
        student.model.save_pretrained(Path(snakemake.output.adapter) / adapter)
        print(f"seed {student.seed}, {len(ids)} weak labels: {stage}")
        made.append({"seed": student.seed, "adapter": adapter, "ids": hash_ids(ids), "stage": stage})
    # Whether the adapters are to go is no setting, since it must not train them again.
    record |= {"n_weak": int(names.n_weak), "stages": made}
    record |= {"protocol": vars(protocol), "temporary": not snakemake.config["keep_weak_stages"]}
