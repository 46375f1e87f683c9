"""Ask a student for the test labels with bought examples in the prompt, every number of them by one engine."""

from elicitation.jobs.script import imports_done, job

with job(snakemake, whole_gpu=snakemake.params.labelling["engine"] == "vllm") as record:
    import numpy as np
    import pandas as pd

    from elicitation.buying.market import read_market
    from elicitation.buying.methods import method_from
    from elicitation.buying.purchases import buy
    from elicitation.data.prompts import PromptFormat, label_token_ids
    from elicitation.files import hash_ids, write_table
    from elicitation.models.engines import label
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import load_tokenizer, require_hardware
    from elicitation.training.runs import labelled_shots, tokenize_prompts

    imports_done()
    params, names, hardware = snakemake.params, snakemake.wildcards, Hardware(**snakemake.params.hardware)
    require_hardware(hardware)
    method, style = method_from(params.method), PromptFormat(**params.prompt)
    files = snakemake.input
    pool, ordering, supply = read_market(files.pool, files.weak_labels or None, files.ordering)
    test = pd.read_parquet(files.test)
    purchases = {pair: buy(ordering, *pair, names.task, supply) for pair in map(tuple, params.purchases)}
    tokenizer = load_tokenizer(files.student)
    label_ids = label_token_ids(tokenizer.backend_tokenizer, style, names.student)
    shots = {pair: labelled_shots(method.shots, purchase, pool) for pair, purchase in purchases.items()}
    prompts = tokenize_prompts(tokenizer, shots, test.text.tolist(), style, params.beyond_context)
    token_ids = [ids for texts in prompts.values() for ids in texts]
    labels, made_by = label(files.student, token_ids, params.labelling, hardware, label_ids)
    tables, runs = [], []
    for pair, log_odds in zip(prompts, np.split(labels.log_odds, len(prompts)), strict=True):
        purchase, run = purchases[pair], dict(zip(("n_weak", "n_gold"), pair, strict=True)) | {"seed": int(names.seed)}
        tables.append(pd.DataFrame({**run, "id": test.id, "log_odds": log_odds}))
        runs.append(run | {"weak_ids": hash_ids(purchase.weak), "gold_ids": hash_ids(purchase.gold), "stages": {}})
    write_table(snakemake.output.predictions, pd.concat(tables))
    record |= {"runs": runs, "left_out": [pair for pair in purchases if pair not in prompts]} | made_by
    print(made_by)
