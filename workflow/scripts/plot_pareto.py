"""Draw the frontier of cost and accuracy, a panel a price, and say in words what it shows."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.captions import pareto_caption, precision_of_runs
    from elicitation.figures.pareto import plot_pareto
    from elicitation.figures.style import save_figure
    from elicitation.files import replacing

    inputs = snakemake.input
    frontier, regimes, missing = map(pd.read_csv, (inputs.frontier, inputs.regimes, inputs.missing))
    titles, verdict = snakemake.params.titles, snakemake.params.verdict
    precision = precision_of_runs(inputs.metrics)
    figure = plot_pareto(frontier, missing, titles)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision)
    with replacing(snakemake.output.caption) as temporary:
        temporary.write_text(pareto_caption(frontier, regimes, missing, titles, verdict, precision))
