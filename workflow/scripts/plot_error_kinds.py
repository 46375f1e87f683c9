"""Draw how often students say what wrong weak labels say, by the kind of error."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.captions import precision_of_runs
    from elicitation.figures.error_kinds import plot_error_kinds
    from elicitation.figures.style import save_figure

    inputs, output = snakemake.input, snakemake.output
    figure = plot_error_kinds(pd.read_parquet(inputs.imitation))
    save_figure(figure, [output.pdf, output.png], precision_of_runs(inputs.metrics))
