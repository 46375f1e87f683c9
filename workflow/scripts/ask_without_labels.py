"""Ask a student for the test labels without any labelled example."""

from elicitation.jobs.script import imports_done, job

with job(snakemake, whole_gpu=snakemake.params.labelling["engine"] == "vllm") as record:
    import pandas as pd

    from elicitation.data.prompts import PromptFormat, label_token_ids, write_prompt
    from elicitation.files import hash_ids, write_table
    from elicitation.models.engines import label
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import load_tokenizer, require_hardware, tokenize
    from elicitation.study.grid import NO_SEED

    imports_done()
    params, files, hardware = snakemake.params, snakemake.input, Hardware(**snakemake.params.hardware)
    require_hardware(hardware)
    style, test = PromptFormat(**params.prompt), pd.read_parquet(files.test)
    tokenizer = load_tokenizer(files.student)
    label_ids = label_token_ids(tokenizer.backend_tokenizer, style, snakemake.wildcards.student)
    token_ids = tokenize(tokenizer, [write_prompt([], text, style) for text in test.text])
    labels, made_by = label(files.student, token_ids, params.labelling, hardware, label_ids)
    run = {"n_weak": 0, "n_gold": 0, "seed": NO_SEED}
    write_table(snakemake.output.predictions, pd.DataFrame({**run, "id": test.id, "log_odds": labels.log_odds}))
    nothing = {"weak_ids": hash_ids([]), "gold_ids": hash_ids([]), "stages": {}}
    record |= {"runs": [run | nothing]} | made_by
    print(made_by)
