"""Draw which purchases are equally good, and what to buy as the budget grows."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.advice import of_group
    from elicitation.analysis.captions import group_words, precision_of_runs
    from elicitation.analysis.posterior import read_posterior
    from elicitation.buying.amounts import Money
    from elicitation.figures.isoquants import plot_isoquants
    from elicitation.figures.style import save_figure

    params = snakemake.params
    blocks = of_group(read_posterior(snakemake.input.posterior).blocks, **params.shown)
    where = group_words(**params.shown, titles=params.titles)
    money, pools = Money(**params.get("money", {})), params.pool_sizes
    figure = plot_isoquants(blocks, where, params.budgets, params.weak_prices, pools, params.measure, money)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
