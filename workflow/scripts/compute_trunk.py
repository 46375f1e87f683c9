"""Pass the texts of pool and test set through the layers of a student that stay frozen, once for all runs."""

from elicitation.jobs import imports_done, job

with job(snakemake) as record:
    from functools import partial
    from pathlib import Path

    import pandas as pd

    from elicitation.batches import within_memory
    from elicitation.config import check_split
    from elicitation.hardware import Hardware
    from elicitation.models import load_classifier, load_tokenizer, require_hardware, tokenize
    from elicitation.trunk import compute_states, split_trunk, write_trunk

    imports_done()
    params, files = snakemake.params, snakemake.input
    hardware = Hardware(**params.hardware)
    require_hardware(hardware)
    examples = pd.concat([pd.read_parquet(files.pool), pd.read_parquet(files.test)])
    tokenizer = load_tokenizer(files.student)
    classifier = load_classifier(files.student, hardware, tokenizer.pad_token_id)
    layers = classifier.config.num_hidden_layers
    name = snakemake.wildcards.student
    check_split(f"Model {name!r}", classifier.config.model_type, layers, params.adapt_layers)
    trunk = split_trunk(classifier, params.adapt_layers)
    texts = tokenize(tokenizer, examples.text.tolist())
    compute = partial(compute_states, trunk, texts, last_only=params.adapt_layers == 0)
    states, _ = within_memory(compute, params.micro_batch_tokens, max(map(len, texts)))
    write_trunk(Path(snakemake.output.trunk), examples.id.tolist(), states)
    record |= {"texts": len(texts), "tokens": sum(map(len, texts)), "layers": layers - params.adapt_layers}
    print(f"{record['layers']} of {layers} layers computed once for {len(texts)} texts, {record['tokens']} tokens")
