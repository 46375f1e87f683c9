"""Train a student on one number of weak labels and save its adapters, from which runs of several budgets start."""

from elicitation.jobs.script import block_arguments, imports_done, job

with job(snakemake) as record:
    from elicitation.analysis.learning_rates import read_best_rate
    from elicitation.buying.block import read_block, weak_purchase
    from elicitation.data.prompts import PromptFormat
    from elicitation.files import hash_ids
    from elicitation.models.loading import require_hardware
    from elicitation.training.runs import texts_of_weak_stage, train_weak_stage
    from elicitation.training.schedule import student_protocol
    from elicitation.training.student import Student

    imports_done()
    params, names, files = snakemake.params, snakemake.wildcards, snakemake.input
    hardware = require_hardware(params.hardware)
    pairs = [weak_purchase(params.method, int(names.n_weak))]
    block = read_block(pairs=pairs, **block_arguments(snakemake))
    texts = texts_of_weak_stage(block, PromptFormat(**params.prompt))
    rate = read_best_rate(files.rates) if files.rates else params.learning_rate
    protocol = student_protocol(rate, params.training, block.method)
    student = Student(files.student, hardware, texts, block.seed, protocol, params.adapt_layers, files.trunk or None)
    ids, stage = train_weak_stage(block, student, print)
    student.model.save_pretrained(snakemake.output.adapter)
    print(f"{len(ids)} weak labels: {stage}")
    # Whether the adapters are to go is no setting, since it must not train them again.
    record |= {"n_weak": int(names.n_weak), "ids": hash_ids(ids), "stage": stage}
    record |= {"protocol": vars(protocol), "temporary": not snakemake.config["keep_weak_stages"]}
