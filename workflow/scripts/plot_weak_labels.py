"""Draw how reliable the weak labels are and how good, on the test sets, and on all gold labels of users' tables."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.captions import precision_sentence
    from elicitation.analysis.label_quality import compare_supervisors
    from elicitation.analysis.names import LABELS
    from elicitation.analysis.posterior import read_posterior
    from elicitation.analysis.run_scores import scores_of
    from elicitation.figures.style import save_figure
    from elicitation.figures.weak_labels import plot_weak_labels
    from elicitation.files import read_json

    params, inputs = snakemake.params, snakemake.input
    tests = dict(zip(params.tasks, map(pd.read_parquet, inputs.tests), strict=True))
    for task, pool in zip(params.tables, map(pd.read_parquet, inputs.pools), strict=True):
        tests[task] = pd.concat([tests[task], pool], ignore_index=True)
    labels = dict(zip(map(tuple, params.labelled), map(pd.read_parquet, inputs.labels), strict=True))
    scores = scores_of(LABELS, read_posterior(inputs.posterior).blocks, "weak_score")
    # Every student that learns from the labels has them; the first one's are shown.
    scores = scores.drop_duplicates(["task", "supervisor"])
    figure = plot_weak_labels(compare_supervisors(tests, labels), scores, params.measure)
    # People's labels and a user's own have no precision.
    precision = precision_sentence(read_json(path).get("precision", "") for path in inputs.records)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision)
