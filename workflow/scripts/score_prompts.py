"""Ask a student for the test labels with bought examples in the prompt, every number of them by one engine."""

from elicitation.jobs import job

with job(snakemake) as record:
    import numpy as np
    import pandas as pd

    from elicitation.engines import label
    from elicitation.files import hash_ids, write_table
    from elicitation.hardware import Hardware
    from elicitation.methods import method_from
    from elicitation.models import load_tokenizer, require_hardware, tokenize
    from elicitation.prompts import PromptFormat, label_token_ids, write_prompt
    from elicitation.purchases import buy
    from elicitation.runs import labelled_shots

    params, names, hardware = snakemake.params, snakemake.wildcards, Hardware(**snakemake.params.hardware)
    require_hardware(hardware)
    method, style = method_from(params.method), PromptFormat(**params.prompt)
    pool = pd.read_parquet(snakemake.input.pool).merge(pd.read_parquet(snakemake.input.weak_labels), on="id")
    test = pd.read_parquet(snakemake.input.test)
    ordering = pd.read_parquet(snakemake.input.ordering).id.tolist()
    purchases = {pair: buy(ordering, *pair, names.task) for pair in map(tuple, params.purchases)}
    texts = []
    for purchase in purchases.values():
        shots = labelled_shots(method.shots, purchase, pool)
        texts += [write_prompt(shots, text, style) for text in test.text]
    tokenizer = load_tokenizer(snakemake.input.student)
    label_ids = label_token_ids(tokenizer, style, names.student)
    token_ids = tokenize(tokenizer, texts)
    labels, made_by = label(snakemake.input.student, token_ids, params.labelling, hardware, label_ids)
    tables, runs = [], []
    for (pair, purchase), log_odds in zip(purchases.items(), np.split(labels.log_odds, len(purchases)), strict=True):
        run = dict(zip(("n_weak", "n_gold"), pair, strict=True)) | {"seed": int(names.seed)}
        tables.append(pd.DataFrame({**run, "id": test.id, "log_odds": log_odds}))
        runs.append(run | {"weak_ids": hash_ids(purchase.weak), "gold_ids": hash_ids(purchase.gold), "stages": {}})
    write_table(snakemake.output.predictions, pd.concat(tables))
    record |= {"runs": runs} | made_by
    print(made_by)
