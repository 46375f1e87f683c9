"""Score every run of one task, supervisor, student and method, and resample what each purchase achieves."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.resampling import resample
    from elicitation.analysis.scoring import performance_gap_recovered, score_run
    from elicitation.buying.methods import method_from
    from elicitation.files import read_json, write_table
    from elicitation.seeds import stream

    names, shots = dict(snakemake.wildcards.items()), method_from(snakemake.params.method).shots
    test = pd.read_parquet(snakemake.input.test).merge(pd.read_parquet(snakemake.input.weak_labels), on="id")
    run_columns = ["n_weak", "n_gold", "seed"]
    # What answers behind an API does not say in which precision it computes.
    precisions = [read_json(path).get("precision", "") for path in snakemake.input.records]
    made = zip(map(pd.read_parquet, snakemake.input.predictions), precisions, strict=True)
    predictions = pd.concat(table.assign(precision=precision) for table, precision in made)
    predictions = predictions.drop_duplicates([*run_columns, "id"])
    # Runs without weak labels are stored for all supervisors together, who may not all buy as many gold ones.
    predictions = predictions.merge(pd.DataFrame(snakemake.params.purchases, columns=run_columns), on=run_columns)
    rows = []
    for (n_weak, n_gold, seed), run in predictions.groupby(run_columns):
        log_odds = run.set_index("id").log_odds.loc[test.id].to_numpy()
        scores = score_run(test, log_odds, stream(seed, "bootstrap", *names.values(), n_weak, n_gold))
        # A method that only prompts shows all that it buys.
        prompt = {"shots": (shots.k or n_weak + n_gold) if shots else 0, "shot_quality": shots.quality if shots else ""}
        computed = {"precision": run.precision.iloc[0]}
        rows.append(names | {"n_weak": n_weak, "n_gold": n_gold, "seed": seed} | prompt | computed | scores)
    metrics = pd.DataFrame(rows)
    metrics["pgr"] = performance_gap_recovered(metrics)
    write_table(snakemake.output.metrics, metrics)
    resamples = resample(predictions, test.set_index("id").gold, snakemake.params.replicates, names["task"])
    resamples = resamples.assign(**names, **metrics[["weak_accuracy", "commoner_accuracy"]].iloc[0])
    write_table(snakemake.output.resamples, resamples)
    print(metrics.groupby(["n_weak", "n_gold"]).accuracy.agg(["mean", "min", "max"]).to_string())
