"""Draw what each way of spending achieves with each student."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import average_rows, select
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.resampling import read_resamples, with_weak_accuracy
    from elicitation.figures.scaling import plot_scaling
    from elicitation.figures.style import save_figure

    params = snakemake.params
    points, deviations = read_resamples(snakemake.input.resamples)
    points = with_weak_accuracy(points, pd.read_parquet(snakemake.input.summary))
    points, missing = average_rows(select(points, params.shown)), pd.read_csv(snakemake.input.missing)
    figure = plot_scaling(points, deviations, missing, params.titles, params.budgets, params.weak_price)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
