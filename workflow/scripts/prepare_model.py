"""Pretrain, cut, convert, download or link a model into results/models."""

from elicitation.jobs.script import job

with job(snakemake) as record:
    from pathlib import Path

    from elicitation.models.hub import model_source

    model, sources, target = snakemake.params.model, snakemake.params.sources, Path(snakemake.output.model)
    record["source"] = model_source(model, sources)
    if "sandbox" in model:
        from elicitation.models.pretraining import pretrain, save_model

        save_model(*pretrain(**model["sandbox"], seed=0), target)
    elif "truncate" in model:
        from elicitation.models.loading import truncate_model

        truncate_model(snakemake.input.original, model["truncate"]["layers"], target)
    elif "gguf" in model:
        from elicitation.models.conversion import convert_gguf

        record["gguf"] = convert_gguf(Path(snakemake.input.gguf), model["name"], target)
    else:
        from elicitation.models.checkpoints import check_checkpoint
        from elicitation.models.hub import fetch_model

        fetch_model(model, sources, target)
        check_checkpoint(target, model["name"])
