"""Draw reliability and accuracy of the weak labels on the test sets."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.captions import precision_sentence
    from elicitation.analysis.label_quality import compare_supervisors
    from elicitation.figures.style import save_figure
    from elicitation.figures.weak_labels import plot_weak_labels
    from elicitation.files import read_json

    params, inputs = snakemake.params, snakemake.input
    tests = dict(zip(params.tasks, map(pd.read_parquet, inputs.tests), strict=True))
    labels = dict(zip(map(tuple, params.labelled), map(pd.read_parquet, inputs.labels), strict=True))
    figure = plot_weak_labels(compare_supervisors(tests, labels))
    # People's labels and a user's own have no precision.
    precision = precision_sentence(read_json(path).get("precision", "") for path in inputs.records)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision)
