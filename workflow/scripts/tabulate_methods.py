"""Compare the methods by their best purchase within each budget and price, as CSV and for LaTeX."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import average_rows
    from elicitation.analysis.captions import unaveraged_sentence
    from elicitation.analysis.resampling import read_resamples
    from elicitation.analysis.tables import methods_latex, methods_table
    from elicitation.files import replacing, write_table

    params = snakemake.params
    points, deviations = read_resamples(snakemake.input.resamples)
    missing = pd.read_csv(snakemake.input.missing)
    table = methods_table(average_rows(points), deviations, params.prices, params.budgets)
    write_table(snakemake.output.csv, table)
    with replacing(snakemake.output.tex) as temporary:
        left_out = unaveraged_sentence(points, params.titles)
        temporary.write_text(methods_latex(table, missing, params.titles, left_out))
    print(table.to_string())
