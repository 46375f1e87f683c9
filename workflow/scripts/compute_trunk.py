"""Pass the texts of pool and test set through the layers of a student that stay frozen, once for all runs."""

from elicitation.jobs.script import imports_done, job

with job(snakemake) as record:
    from pathlib import Path

    import pandas as pd

    from elicitation.models.hardware import Hardware
    from elicitation.models.loading import load_classifier, load_tokenizer, require_hardware, tokenize
    from elicitation.models.trunk import compute_states, split_trunk, write_trunk

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = Hardware(**params.hardware)
    require_hardware(hardware)
    examples = pd.concat([pd.read_parquet(files.pool), pd.read_parquet(files.test)])
    tokenizer = load_tokenizer(files.student)
    classifier = load_classifier(files.student, hardware, tokenizer.pad_token_id)
    layers = classifier.config.num_hidden_layers
    trunk = split_trunk(classifier, params.adapt_layers)
    texts = tokenize(tokenizer, examples.text.tolist())
    states = compute_states(trunk, texts, params.micro_batch_tokens, last_only=params.adapt_layers == 0)
    write_trunk(Path(snakemake.output.trunk), examples.id.tolist(), states)
    record |= {"texts": len(texts), "tokens": sum(map(len, texts)), "layers": layers - params.adapt_layers}
    print(f"{record['layers']} of {layers} layers computed once for {len(texts)} texts, {record['tokens']} tokens")
