"""Let a supervisor label pool and test set, and describe the labels."""

from elicitation.jobs.script import imports_done, job

with job(snakemake, whole_gpu=snakemake.params.labelling["engine"] == "vllm") as record:
    import pandas as pd

    from elicitation.analysis.label_quality import quality_by_set
    from elicitation.data.prompts import PromptFormat, label_token_ids, write_prompt
    from elicitation.files import write_table
    from elicitation.models.engines import label
    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import load_tokenizer, require_hardware, tokenize

    imports_done()
    params, hardware = snakemake.params, Hardware(**snakemake.params.hardware)
    require_hardware(hardware)
    folder, n_shots = snakemake.input.supervisor, params.supervisor["prompted_shots"]
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    # Ids are hashes and the sets are shuffled: the first rows are a sample.
    examples = pd.concat(sets.values(), ignore_index=True)
    tokenizer, texts, label_ids = load_tokenizer(folder), examples.text.tolist(), None
    if n_shots is not None:
        style = PromptFormat(**params.prompt)
        label_ids = label_token_ids(tokenizer.backend_tokenizer, style, params.supervisor["model"])
        shots = pd.read_parquet(snakemake.input.supervision).iloc[:n_shots]
        texts = [write_prompt(list(zip(shots.text, shots.gold, strict=True)), text, style) for text in texts]
    labels, made_by = label(folder, tokenize(tokenizer, texts), params.labelling, hardware, label_ids)
    table = pd.DataFrame({"id": examples.id, "p_weak": labels.p})
    write_table(snakemake.output.labels, table)
    quality = quality_by_set(table, sets)
    record |= made_by | {"quality": quality}
    print(f"accuracy {quality['test']['accuracy']:.3f} on the test set; engine and parity: {made_by}")
