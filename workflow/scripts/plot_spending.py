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
    settings = (params[name] for name in ("titles", "panel", "budgets", "weak_price", "own_prices", "measure"))
    figure = plot_spending(points, missing, *settings, Money(**params.get("money", {})))
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
