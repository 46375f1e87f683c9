"""Draw what labels achieve in the prompt and in finetuning."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import average_rows, select
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.posterior import read_posterior
    from elicitation.analysis.run_scores import with_scores
    from elicitation.buying.amounts import Money
    from elicitation.figures.prompting import plot_prompting
    from elicitation.figures.style import save_figure

    params = snakemake.params
    points = average_rows(select(pd.read_parquet(snakemake.input.summary), params.shown))
    points = with_scores(points, read_posterior(snakemake.input.posterior).blocks)
    missing = pd.read_csv(snakemake.input.missing)
    price, measure, money = params.weak_price, params.measure, Money(**params.get("money", {}))
    figure = plot_prompting(points, missing, params.titles, price, measure, money)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
