"""How good each column of the user's own weak labels and each drawn rating is, and what joins them, and who agrees."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.label_quality import tabulate_sources
    from elicitation.analysis.source_comparison import tabulate_agreement
    from elicitation.buying.amounts import Money
    from elicitation.files import read_json, write_table

    inputs, params = snakemake.input, snakemake.params
    comparisons = [read_json(path) for path in inputs.comparisons]
    records, money = map(read_json, inputs.records), Money(**params.get("money", {}))
    table = tabulate_sources(records, comparisons, params.prices, params.column_prices, params.gold_noise, money)
    write_table(snakemake.output.quality, table)
    print(table.to_string())
    names = [tuple(record["wildcards"][kind] for kind in ("task", "supervisor")) for record in comparisons]
    labels = dict(zip(names, map(pd.read_parquet, inputs.labels), strict=True))
    write_table(snakemake.output.agreement, tabulate_agreement(comparisons, labels))
