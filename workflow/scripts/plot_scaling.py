"""Draw what each way of spending achieves with each student."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.advice import advise, of_group
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.names import LABELS
    from elicitation.analysis.posterior import read_posterior
    from elicitation.analysis.run_scores import scores_of
    from elicitation.figures.scaling import plot_scaling
    from elicitation.figures.style import save_figure

    params, every = snakemake.params, read_posterior(snakemake.input.posterior).blocks
    [supervisor], [method], tasks = (params.shown[kind] for kind in ("supervisor", "method", "task"))
    shown = [
        block
        for student in dict.fromkeys(block.student for block in every)
        for block in of_group(every, supervisor, student, method)
        if block.task in tasks
    ]
    rows = pd.concat(
        advise(
            block, params.budgets, {supervisor: params.weak_price}, params.pool_sizes.get(block.task), params.verdict
        ).assign(task=block.task, student=block.student)
        for block in shown
    )
    labels = scores_of(LABELS, shown, "weak_score")
    rows = rows.merge(labels[labels.supervisor == supervisor].drop(columns="supervisor"), on=["task", "student"])
    where = f"{', '.join(tasks)}, weak labels of {supervisor}, {params.titles[method]}"
    figure = plot_scaling(rows, where, params.budgets, params.weak_price, params.measure)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision_of_runs(snakemake.input.metrics))
