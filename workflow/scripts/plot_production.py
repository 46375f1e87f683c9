"""Draw what the production functions predict of budgets that they have not seen, against what was observed."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import select
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.figures.production import plot_production
    from elicitation.figures.style import save_figure

    params, tables = snakemake.params, (snakemake.input.forms, snakemake.input.predictions)
    forms, predictions = (select(pd.read_csv(path), params.shown) for path in tables)
    figure = plot_production(forms, predictions, params.titles)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
