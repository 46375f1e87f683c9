"""Draw what students say where their supervisor's labels are wrong."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import average_rows
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.figures.errors import plot_errors
    from elicitation.figures.style import save_figure

    inputs, params = snakemake.input, snakemake.params
    points, missing = average_rows(pd.read_parquet(inputs.summary)), pd.read_csv(inputs.missing)
    figure = plot_errors(points, missing, params.method, params.titles)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(inputs.metrics))
