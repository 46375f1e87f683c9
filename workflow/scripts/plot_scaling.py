"""Draw what each way of spending achieves with each student."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import average_rows, select
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.evidence import read_evidence
    from elicitation.analysis.resampling import with_weak_accuracy
    from elicitation.figures.scaling import plot_scaling
    from elicitation.figures.style import save_figure

    params = snakemake.params
    evidence = read_evidence(snakemake.input.resamples)
    evidence = with_weak_accuracy(evidence, pd.read_parquet(snakemake.input.summary))
    shown = evidence.on(average_rows(select(evidence.points, params.shown)))
    missing = pd.read_csv(snakemake.input.missing)
    figure = plot_scaling(shown, missing, params.titles, params.budgets, params.weak_price)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
