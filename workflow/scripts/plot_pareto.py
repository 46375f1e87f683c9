"""Draw the frontier of cost and accuracy, a panel a price, and say in words what it shows."""

from elicitation.jobs import job

with job(snakemake):
    import pandas as pd

    from elicitation.captions import pareto_caption
    from elicitation.figures import plot_pareto, save_figure
    from elicitation.files import replacing

    frontier, regimes = pd.read_csv(snakemake.input.frontier), pd.read_csv(snakemake.input.regimes)
    save_figure(plot_pareto(frontier), [snakemake.output.pdf, snakemake.output.png])
    with replacing(snakemake.output.caption) as temporary:
        temporary.write_text(pareto_caption(frontier, regimes))
