"""Compare the methods by their best purchase within each budget and price, as CSV and for LaTeX."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.averages import average_rows
    from elicitation.analysis.captions import unaveraged_sentence
    from elicitation.analysis.evidence import read_evidence
    from elicitation.analysis.method_comparison import methods_latex, methods_table
    from elicitation.files import replacing, write_table

    params = snakemake.params
    evidence = read_evidence(snakemake.input.resamples)
    missing = pd.read_csv(snakemake.input.missing)
    table = methods_table(evidence.on(average_rows(evidence.points)), params.prices, params.budgets)
    write_table(snakemake.output.csv, table)
    with replacing(snakemake.output.tex) as temporary:
        left_out = unaveraged_sentence(evidence.points, params.titles)
        temporary.write_text(methods_latex(table, missing, params.titles, left_out))
    print(table.to_string())
