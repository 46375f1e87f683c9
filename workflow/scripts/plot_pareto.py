"""Draw the frontier of cost and score, a panel a price, and say in words what it shows."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.captions import pareto_caption, precision_of_runs
    from elicitation.analysis.posterior import read_posterior
    from elicitation.analysis.run_scores import with_free_scores
    from elicitation.buying.amounts import Money
    from elicitation.figures.pareto import plot_pareto
    from elicitation.figures.style import save_figure
    from elicitation.files import replacing

    inputs = snakemake.input
    frontier, regimes, missing = map(pd.read_csv, (inputs.frontier, inputs.regimes, inputs.missing))
    params = snakemake.params
    money, titles, measure = Money(**params.get("money", {})), params.titles, params.measure
    precision = precision_of_runs(inputs.metrics)
    points = with_free_scores(frontier, read_posterior(inputs.posterior).blocks)
    figure = plot_pareto(points, missing, titles, measure, money)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision)
    with replacing(snakemake.output.caption) as temporary:
        caption = pareto_caption(frontier, regimes, missing, titles, measure, params.verdict, precision, money)
        temporary.write_text(caption)
