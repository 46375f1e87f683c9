"""Get a model's tokenizer and config, which suffice to count tokens."""

from elicitation.jobs.script import job

with job(snakemake, forked=False) as record:
    from pathlib import Path

    from elicitation.data.sandbox import CONTEXT, word_tokenizer
    from elicitation.files import write_json
    from elicitation.models.folder import TOKENIZER_FILES, check_model_folder
    from elicitation.models.hub import fetch_files, model_source

    model, sources, target = snakemake.params.model, snakemake.params.sources, Path(snakemake.output.tokenizer)
    record["source"] = model_source(model, sources)
    if "sandbox" in model:
        target.mkdir(parents=True)
        word_tokenizer().save(str(target / "tokenizer.json"))
        write_json(target / "config.json", {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": CONTEXT})
    elif "gguf" in model:
        from elicitation.models.conversion import write_tokenizer

        write_tokenizer(Path(snakemake.input.gguf), model["name"], target)
    else:
        fetch_files(model, sources, target, TOKENIZER_FILES)
        check_model_folder(target, model["name"], TOKENIZER_FILES)
