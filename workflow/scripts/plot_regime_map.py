"""Draw which way of spending wins over a grid of budgets and prices."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.averages import select
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.evidence import read_evidence
    from elicitation.analysis.regimes import find_regimes
    from elicitation.figures.regime_map import map_axes, plot_regime_map
    from elicitation.figures.style import save_figure

    params = snakemake.params
    evidence = read_evidence(snakemake.input.resamples)
    shown = evidence.on(select(evidence.points, params.shown))
    budgets, prices = map_axes(params.budgets, params.weak_prices)
    every = dict.fromkeys(shown.points.supervisor.unique(), prices)
    cells = find_regimes(shown, every, budgets, params.verdict)
    figure = plot_regime_map(cells, params.titles, params.budgets, params.weak_prices, params.verdict)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
