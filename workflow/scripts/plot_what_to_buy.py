"""Draw what to buy as the budget grows, a column a price, and say it in words."""

from elicitation.jobs.script import job

with job(snakemake):
    import numpy as np

    from elicitation.analysis.advice import advise, budget_row, prices_shown
    from elicitation.analysis.advice_text import Panel, advice_caption, labels_of_all, ready_labels
    from elicitation.analysis.captions import precision_of_runs
    from elicitation.analysis.findings import with_own
    from elicitation.analysis.names import ASKING
    from elicitation.analysis.posterior import read_posterior
    from elicitation.buying.amounts import Money
    from elicitation.figures.style import save_figure
    from elicitation.figures.what_to_buy import BUDGETS, plot_what_to_buy
    from elicitation.files import replacing

    params = snakemake.params
    money = Money(**params.get("money", {}))
    # The average over tasks, or the first one.
    block = next(b for b in read_posterior(snakemake.input.posterior).blocks if b.student == params.student)
    prices = prices_shown({surface.supervisor: params.prices[surface.supervisor] for surface in block.surfaces})
    own_budget = money.in_gold(params.budget) if params.get("budget") else None
    named = with_own(params.budgets, own_budget)
    budgets = np.union1d(budget_row(block, prices, BUDGETS, own_budget), named)
    pool = params.pool_sizes.get(block.task)
    advised = [(listed, advise(block, budgets, listed, pool, params.verdict)) for listed in prices]
    n_texts = params.get("texts_to_label")
    panels = [
        Panel(listed, rows, ready_labels(block, listed, rows), labels_of_all(block, listed, n_texts))
        for listed, rows in advised
    ]
    asking = next((free.scores.mean[0] for free in block.free if free.kind == ASKING), None)
    where = f"{block.task}, student {block.student}"
    figure = plot_what_to_buy(panels, where, params.measure, params.verdict, money, named, asking)
    precision = precision_of_runs(snakemake.input.metrics)
    save_figure(figure, [snakemake.output.pdf, snakemake.output.png], precision)
    with replacing(snakemake.output.caption) as temporary:
        temporary.write_text(advice_caption(where, panels, named, params.titles, precision, money))
