"""Pretrain, cut, download or link a model into results/models."""

from elicitation.jobs import job

with job(snakemake):
    from pathlib import Path

    from elicitation.config import check_model_folder, local_model_folder

    model, sources = snakemake.params.model, snakemake.params.sources
    target = Path(snakemake.output[0])
    if "sandbox" in model:
        from elicitation.pretraining import pretrain, save_model

        save_model(*pretrain(**model["sandbox"], seed=0), target)
    elif "truncate" in model:
        from elicitation.models import truncate_model

        truncate_model(snakemake.input.original, model["truncate"]["layers"], target)
    elif sources == "hub":
        from huggingface_hub import snapshot_download

        # Weights as safetensors only: nothing from the repository is executed.
        snapshot_download(
            model["hub"]["id"],
            revision=model["hub"]["revision"],
            local_dir=target,
            allow_patterns=["*.json", "*.safetensors", "*.model", "*.txt"],
        )
        check_model_folder(target, model["name"])
    else:
        target.mkdir(parents=True)
        for file in local_model_folder(model["local"], model["name"]).iterdir():
            if file.is_file():
                (target / file.name).symlink_to(file.resolve())
