"""Compare the methods by their best purchase within each budget and price, as CSV and for LaTeX."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import average_rows
    from elicitation.analysis.captions import unaveraged_sentence
    from elicitation.analysis.method_comparison import methods_latex, methods_table
    from elicitation.analysis.posterior import read_posterior
    from elicitation.files import replacing, write_table

    params = snakemake.params
    missing = pd.read_csv(snakemake.input.missing)
    blocks = read_posterior(snakemake.input.posterior).blocks
    every = methods_table(blocks, params.prices, params.budgets, params.pool_sizes)
    table = average_rows(every)
    write_table(snakemake.output.csv, table)
    with replacing(snakemake.output.tex) as temporary:
        left_out = unaveraged_sentence(every, params.titles)
        temporary.write_text(methods_latex(table, missing, params.titles, params.measure, left_out))
    print(table.to_string())
