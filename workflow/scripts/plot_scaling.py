"""Draw what each way of spending achieves with each student."""

from elicitation.jobs.script import job

with job(snakemake):
    from elicitation.analysis.advice import advise_students
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.posterior import read_posterior
    from elicitation.buying.amounts import Money
    from elicitation.figures.scaling import plot_scaling
    from elicitation.figures.style import save_figure

    params, blocks = snakemake.params, read_posterior(snakemake.input.posterior).blocks
    shown, budgets, price = params.shown, params.budgets, params.weak_price
    rows = advise_students(blocks, shown, budgets, price, params.pool_sizes, params.verdict)
    [supervisor], [method] = shown["supervisor"], shown["method"]
    where = f"{', '.join(shown['task'])}, weak labels of {supervisor}, {params.titles[method]}"
    figure = plot_scaling(rows, where, budgets, price, params.measure, Money(**params.get("money", {})))
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
