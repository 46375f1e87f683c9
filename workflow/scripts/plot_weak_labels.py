"""Draw reliability and accuracy of the weak labels on the test sets."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.captions import precision_sentence
    from elicitation.analysis.scoring import label_quality, reliability
    from elicitation.figures.style import save_figure
    from elicitation.figures.weak_labels import comparable_tasks, plot_weak_labels
    from elicitation.files import read_json

    params = snakemake.params
    tests = dict(zip(params.tasks, map(pd.read_parquet, snakemake.input.tests), strict=True))
    tables = []
    for (task, supervisor), path in zip(params.labelled, snakemake.input.labels, strict=True):
        tables.append(tests[task].merge(pd.read_parquet(path), on="id").assign(task=task, supervisor=supervisor))
    # One's own labels may have gaps.
    labels = pd.concat(tables).dropna(subset=["p_weak"])
    pooled = comparable_tasks(params.labelled)
    bins = [
        reliability(group.gold.to_numpy(), group.p_weak.to_numpy()).assign(supervisor=supervisor)
        for supervisor, group in labels[labels.task.isin(pooled)].groupby("supervisor", sort=False)
    ]
    quality = [
        {"task": task, "supervisor": supervisor} | label_quality(group.gold.to_numpy(), group.p_weak.to_numpy())
        for (task, supervisor), group in labels.groupby(["task", "supervisor"], sort=False)
    ]
    figure = plot_weak_labels(pd.concat(bins), pd.DataFrame(quality), pooled)
    # People's labels and a user's own have no precision.
    precision = precision_sentence(read_json(path).get("precision", "") for path in snakemake.input.records)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision)
