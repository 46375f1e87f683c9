"""Draw what each way of spending achieves with each student."""

from elicitation.jobs import job

with job(snakemake):
    import pandas as pd

    from elicitation.averages import average_rows, select
    from elicitation.figures.scaling import plot_scaling
    from elicitation.figures.style import save_figure

    params = snakemake.params
    points = average_rows(select(pd.read_parquet(snakemake.input.summary), params.shown))
    missing = pd.read_csv(snakemake.input.missing)
    figure = plot_scaling(points, missing, params.titles, params.budgets, params.weak_price)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png])
