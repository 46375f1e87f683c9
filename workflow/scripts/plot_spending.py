"""Draw the score against the share of the budget that is spent on weak labels."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import average_rows, select, task_rows
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.posterior import read_posterior
    from elicitation.analysis.run_scores import with_scores
    from elicitation.buying.amounts import Money
    from elicitation.figures.spending import plot_spending
    from elicitation.figures.style import save_figure

    params = snakemake.params
    points = select(pd.read_parquet(snakemake.input.summary), params.shown)
    points = task_rows(points) if params.panel == "task" else average_rows(points)
    points = with_scores(points, read_posterior(snakemake.input.posterior).blocks)
    missing = pd.read_csv(snakemake.input.missing)
    price, measure, money = params.weak_price, params.measure, Money(**params.get("money", {}))
    figure = plot_spending(points, missing, params.titles, params.panel, params.budgets, price, measure, money)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
