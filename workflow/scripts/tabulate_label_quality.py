"""How good each column of the user's own weak labels, each drawn rating and each model behind an API is; what joins
them, who agrees, and what a label cost."""

from elicitation.jobs.script import job

with job(snakemake):
    import pandas as pd

    from elicitation.analysis.label_quality import tabulate_sources
    from elicitation.analysis.source_comparison import tabulate_agreement
    from elicitation.api.costs import label_dollars
    from elicitation.buying.amounts import Money
    from elicitation.files import read_json, write_table

    inputs, params = snakemake.input, snakemake.params
    comparisons = [read_json(path) for path in inputs.comparisons]
    records, money = list(map(read_json, inputs.records)), Money(**params.get("money", {}))
    asked = params.prices, params.column_prices, params.gold_noise, money, params.get("not_asked", ())
    table = tabulate_sources(records, comparisons, *asked)
    names = [tuple(record["wildcards"][kind] for kind in ("task", "supervisor")) for record in comparisons]
    if params.token_prices:
        paid = {
            pair: label_dollars(record, params.token_prices[pair[1]])
            for pair, record in zip(names, records, strict=True)
            if pair[1] in params.token_prices
        }
        table["dollars"] = [paid.get(pair) for pair in zip(table.task, table.supervisor, strict=True)]
    write_table(snakemake.output.quality, table)
    print(table.to_string())
    labels = dict(zip(names, map(pd.read_parquet, inputs.labels), strict=True))
    write_table(snakemake.output.agreement, tabulate_agreement(comparisons, labels))
