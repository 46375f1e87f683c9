"""Draw accuracy against the share of the budget that is spent on weak labels."""

from elicitation.jobs import job

with job(snakemake):
    import pandas as pd

    from elicitation.evaluation import summarise
    from elicitation.figures import plot_spending, save_figure

    points = summarise(pd.read_parquet(snakemake.input.metrics))
    figure = plot_spending(points, snakemake.params.budgets, snakemake.params.weak_price)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png])
