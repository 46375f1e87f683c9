"""Let a supervisor label pool and test set, and describe the labels."""

from elicitation.jobs import job

with job(snakemake):
    import time
    from dataclasses import asdict

    import pandas as pd

    from elicitation.engines import ENGINES, check_parity, label_with_transformers
    from elicitation.evaluation import label_quality
    from elicitation.files import provenance, write_json, write_table
    from elicitation.models import load_tokenizer, require_device, tokenize

    started = time.perf_counter()
    params = snakemake.params
    require_device(params.device)
    folder, settings = snakemake.input.supervisor, params.labelling
    sets = {part: pd.read_parquet(snakemake.input[part]) for part in ("pool", "test")}
    examples = pd.concat(sets.values(), ignore_index=True)
    token_ids = tokenize(load_tokenizer(folder), examples.text.tolist())
    labels = ENGINES[settings["engine"]](folder, token_ids, params.device)
    # Ids are hashes and the sets are shuffled: the first rows are a sample.
    sample = token_ids[: settings["parity_rows"]]
    reference = label_with_transformers(folder, sample, params.device).p
    difference = check_parity(labels.p[: len(sample)], reference, settings["parity_tolerance"], labels.engine)
    table = pd.DataFrame({"id": examples.id, "p_weak": labels.p})
    write_table(snakemake.output.labels, table)
    engine = asdict(labels)
    del engine["p"]
    p = table.set_index("id").p_weak
    quality = {part: label_quality(s.gold.to_numpy(), p.loc[s.id].to_numpy()) for part, s in sets.items()}
    record = {
        "engine": engine,
        "parity": {"rows": len(sample), "largest_difference": difference},
        "quality": quality,
        **provenance(params.study, dict(snakemake.input.items()), started, params.device),
    }
    write_json(snakemake.output.record, record)
    print(f"accuracy {quality['test']['accuracy']:.3f} on the test set; parity within {difference:.1e}")
