"""Draw which purchases are equally good, and what to buy as the budget grows."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.production import read_production
    from elicitation.figures.isoquants import plot_isoquants
    from elicitation.figures.style import save_figure

    params = snakemake.params
    fits = [
        fit
        for fit in read_production(snakemake.input.production)
        if all(getattr(fit, name) in values for name, values in params.shown.items())
    ]
    figure = plot_isoquants(fits, params.titles, params.budgets, params.weak_prices, params.pool_sizes)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
