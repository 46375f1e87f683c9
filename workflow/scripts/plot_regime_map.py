"""Draw what to buy over a grid of budgets and prices."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.advice import of_group
    from elicitation.analysis.captions import group_words, precision_of_runs
    from elicitation.analysis.posterior import read_posterior
    from elicitation.buying.amounts import Money
    from elicitation.figures.regime_map import map_cells, plot_regime_map
    from elicitation.figures.style import save_figure

    params = snakemake.params
    budgets, prices, verdict = params.budgets, params.weak_prices, params.verdict
    maps = {
        block.task: map_cells(block, budgets, prices, params.pool_sizes.get(block.task), verdict)
        for block in of_group(read_posterior(snakemake.input.posterior).blocks, **params.shown)
    }
    where = group_words(**params.shown, titles=params.titles)
    figure = plot_regime_map(maps, where, budgets, prices, verdict, Money(**params.get("money", {})))
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
