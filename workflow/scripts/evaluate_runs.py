"""Score every run of one task, supervisor, student and method, and note how uncertain each purchase's score is."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.names import ABSTAINED, NOT_ASKED
    from elicitation.analysis.scoring import evaluate_runs
    from elicitation.buying.methods import method_from
    from elicitation.files import read_json, write_table

    inputs, params, names = snakemake.input, snakemake.params, dict(snakemake.wildcards.items())
    labels = pd.read_parquet(inputs.weak_labels)
    test, further = pd.read_parquet(inputs.test).merge(labels, on="id"), None
    if inputs.pool:
        known = pd.read_parquet(inputs.pool).dropna(subset="gold")
        # Supervisors may have learned what is in the supervision set by heart.
        apart = ~known.id.isin(pd.read_parquet(inputs.supervision).id)
        further = known[apart].merge(labels, on="id", how="left")
    # What answers behind an API does not say in which precision it computes.
    precisions = [read_json(path).get("precision", "") for path in inputs.records]
    made = zip(map(pd.read_parquet, inputs.predictions), precisions, strict=True)
    predictions = pd.concat(table.assign(precision=precision) for table, precision in made)
    shots = method_from(params.method).shots
    gaps = NOT_ASKED if names["supervisor"] in params.get("not_asked", ()) else ABSTAINED
    tuned = names["supervisor"] in params.get("thresholded", ())
    asked = params.purchases, params.measure, params.gold_noise, gaps, further, tuned
    metrics, evidence = evaluate_runs(names, shots, test, predictions, *asked)
    write_table(snakemake.output.metrics, metrics)
    write_table(snakemake.output.evidence, evidence)
    print(metrics.groupby(["n_weak", "n_gold"]).accuracy.agg(["mean", "min", "max"]).to_string())
